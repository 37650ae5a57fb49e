"""Answers of relays as types, and the back-off (RFC 5321 4.2, RFC 3463)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config import Relay
from mailgate.rules.retry import next_attempt, read, read_mail_from

NOW = datetime(2026, 3, 2, tzinfo=UTC)
RELAY = Relay()

ANSWERS = [
    (250, "2.0.0 Ok: queued", "sent"),
    (251, "will forward", "sent"),
    (450, "4.2.1 greylisted", "retry"),
    (451, "4.3.0 local error", "retry"),
    (452, "4.5.3 too many recipients", "retry"),
    (552, "5.5.3 Too many recipients", "retry"),  # RFC 5321 4.5.3.1.10
    (552, "5.2.2 mailbox full", "failed"),
    (550, "5.1.1 no such user", "failed"),
    (554, "5.7.1 rejected by policy", "failed"),
    (421, "4.3.2 shutting down", "down"),
    (0, "connection refused", "down"),
    (535, "5.7.8 authentication failed", "denied"),
    (530, "5.7.0 must issue STARTTLS", "denied"),
    (554, "5.7.1 <bob@b.example>: Relay access denied", "denied"),  # Postfix
    (454, "4.7.1 <bob@b.example>: Relay access denied", "denied"),  # Postfix with defer_unauth_destination
    (550, "relay not permitted", "denied"),  # Exim
    (550, "5.7.1 bob@b.example... Relaying denied", "denied"),  # Sendmail
    (550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "denied"),  # Exchange
    (550, "Invalid recipient <bob@b.example>", "failed"),  # OpenSMTPD
    (
        550,
        "5.7.1 <a@example.com>: Sender address rejected: not here",
        "denied",
    ),  # Postfix, which says it at RCPT
    (554, "5.7.1 <gate[192.0.2.1]>: Client host rejected: Access denied", "denied"),
    (450, "4.7.1 <gate[192.0.2.1]>: Client host rejected: greylisted", "retry"),
    (550, "5.1.1 <bob@b.example>: Recipient address rejected: User unknown", "failed"),
    (354, "odd", "down"),
    (999, "no SMTP", "down"),
]


@pytest.mark.parametrize(("code", "text", "kind"), ANSWERS)
def test_an_answer_becomes_a_type(code: int, text: str, kind: str) -> None:
    assert read(code, text) == kind


TO_MAIL = [
    (550, "5.7.1 sender rejected", "denied"),
    (553, "5.7.1 sender address rejected: not owned by user", "denied"),
    (530, "5.7.0 authentication required", "denied"),
    (451, "4.3.0 queue file write error", "denied"),
    (452, "4.3.1 insufficient system storage", "denied"),
    (552, "5.3.4 message size exceeds fixed limit", "failed"),
    (550, "5.3.4 too large", "failed"),
    (555, "5.5.4 unsupported option", "failed"),
    (553, "5.6.7 no SMTPUTF8 there", "failed"),
    (421, "4.3.2 closing", "down"),
    (354, "odd", "down"),
    (250, "ok", "sent"),
]


@pytest.mark.parametrize(("code", "text", "kind"), TO_MAIL)
def test_an_answer_to_mail_is_about_the_sender(code: int, text: str, kind: str) -> None:
    assert read_mail_from(code, text) == kind


@given(st.integers(0, 999), st.text(max_size=3000))
def test_any_answer_has_a_type(code: int, text: str) -> None:
    kinds = {"sent", "retry", "failed", "denied", "down"}
    assert {read(code, text), read_mail_from(code, text)} <= kinds
    assert read(code, text) != "sent" or 200 <= code < 300


def test_a_long_answer_costs_no_more(linear: Callable[[Callable[[int], object], int], None]) -> None:
    linear(lambda n: read(550, "sender " * n), 400_000)


DELAYS = [
    (1, 60),
    (2, 120),
    (3, 240),
    (8, 7680),
    (9, 14_400),  # max_retry
    (5000, 14_400),
]


@pytest.mark.parametrize(("attempt", "seconds"), DELAYS)
def test_the_delay_doubles_up_to_the_most(attempt: int, seconds: int) -> None:
    assert next_attempt(attempt, NOW, NOW, RELAY, 0.5) == NOW + timedelta(seconds=seconds)


def test_jitter_spreads_by_a_quarter_each_way() -> None:
    low, high = next_attempt(1, NOW, NOW, RELAY, 0.0), next_attempt(1, NOW, NOW, RELAY, 1.0)
    assert (low, high) == (NOW + timedelta(seconds=45), NOW + timedelta(seconds=75))


def test_the_last_attempt_falls_on_the_deadline_and_then_it_is_given_up() -> None:
    deadline = NOW + timedelta(days=RELAY.give_up_days)
    assert next_attempt(40, NOW, deadline - timedelta(minutes=1), RELAY, 0.5) == deadline
    assert next_attempt(40, NOW, deadline, RELAY, 0.5) is None


@given(st.integers(1, 10_000), st.floats(0, 1), st.integers(0, 6 * 86_400))
def test_it_always_moves_forward(attempt: int, jitter: float, age: int) -> None:
    now = NOW + timedelta(seconds=age)
    at = next_attempt(attempt, NOW, now, RELAY, jitter)
    assert at is None or now < at <= NOW + timedelta(days=RELAY.give_up_days)
