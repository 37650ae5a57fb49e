"""Complaints that do not come in the form of RFC 5965."""

from __future__ import annotations

from typing import Any

import pytest

from mailgate.mail.arf import complaint

FIELDS = "Feedback-Type: abuse\nUser-Agent: Loop/1\nVersion: 0.1\n\nFrom: support@example.com\n"


@pytest.mark.parametrize(
    ("subject", "sender", "headers", "text"),
    [
        ("complaint about message from 192.0.2.1", "staff@hotmail.com", (), ""),
        ("complaint about message from 2001:db8::1", "staff@hotmail.com", (), ""),
        ("email feedback report for ip 192.0.2.1", "scomp@aol.net", (), ""),
        ("fw: printer", "staff@hotmail.com", (), "X-HmXmrOriginalRecipient: bob@example.org\n"),
        ("[spamcop (192.0.2.1) id:1] printer", "1@reports.spamcop.net", (), ""),
        ("printer", "abuse@example.org", ("x-xarf",), ""),
        ("fw: printer", "fbl@example.org", (), FIELDS),
        ("fw: printer", "feedback@example.org", (), "This is a report.\n\n" + FIELDS.upper()),
    ],
)
def test_complaints(subject: str, sender: str, headers: tuple[str, ...], text: str) -> None:
    assert complaint(subject, (sender,), headers, text)


@pytest.mark.parametrize(
    ("subject", "sender", "text"),
    [
        ("complaint about message from 192.0.2.1", "ann@example.com", ""),
        ("complaint about the printer", "staff@hotmail.com", "It is slow."),
        ("what is this?", "ann@example.com", FIELDS),
        ("what is this?", "fbl@example.org", "> " + FIELDS.replace("\n", "\n> ")),
        ("feedback", "feedback@example.org", "Feedback-Type: I like it\nVersion: 1\n"),
        ("feedback", "feedback@example.org", "Feedback-Type: abuse\n"),
    ],
)
def test_people(subject: str, sender: str, text: str) -> None:
    assert not complaint(subject, (sender,), (), text)


def test_linear(linear: Any) -> None:
    linear(lambda n: complaint("x", ("fbl@example.org",), (), "feedback-type: " * n), 4000)
