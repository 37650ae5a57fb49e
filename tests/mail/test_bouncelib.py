"""flufl.bounce behind its gate (rule 8.2)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail import bouncelib
from mailgate.mail.bouncelib import read

HEADERS = (("from", "MAILER-DAEMON@mx.example"), ("to", "support@example.com"), ("subject", "failure notice"))


def found(text: str, top_type: str = "text/plain") -> list[tuple[str, str]]:
    return [(one.recipient, one.action) for one in read(HEADERS, top_type, (("text/plain", text),))]


def test_a_form_that_it_knows() -> None:
    text = "Your message could not be delivered to\nBob@example.org\n"
    assert found(text) == [("bob@example.org", "failed")]
    assert found(text, "multipart/mixed") == [("bob@example.org", "failed")]


def test_a_delay() -> None:
    text = (
        "This is a warning message only.\n\nDelivery to the following recipient has been delayed:\n\n"
        "     bob@example.org\n\nMessage will be retried for 2 more day(s)\n"
    )
    assert found(text) == [("bob@example.org", "delayed")]


@pytest.mark.parametrize("text", ["", "Hello\n", "bob@example.org\n"])
def test_nothing(text: str) -> None:
    assert found(text) == []


def test_what_it_takes_for_an_address_must_be_one() -> None:
    assert found('Your message could not be delivered to\n"mail":{"a":1}@x\n') == []


def test_what_it_raises_stays_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Any) -> None:
        raise ValueError("hostile")

    monkeypatch.setattr("flufl.bounce.all_failures", broken)
    assert found("Your message could not be delivered to\nbob@example.org\n") == []


def test_it_is_given_little() -> None:
    bounded = bouncelib._bounded("a" * 1000 + " b\n" * 5000, bouncelib.LIMIT)
    assert max(len(word) for word in bounded.split()) == bouncelib.RUN
    assert len(bounded.split("\n")) == bouncelib.LINES
    assert bouncelib._bounded("ab", 1) == "a"


@given(st.text(max_size=300))
def test_never_raises(text: str) -> None:
    assert all("@" in one for one, _ in found(text))


@pytest.mark.parametrize(
    "piece", ["\n", "a", "Your message could not be delivered to a", "<", " @", "x@", " \n"]
)
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: found("Your message could not be delivered to\n" + piece * n), 65_000 // len(piece))
