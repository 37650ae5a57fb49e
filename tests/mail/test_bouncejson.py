"""Notifications of Amazon's mail service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.bouncejson import read

BOUNCE = {
    "notificationType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bouncedRecipients": [
            {
                "emailAddress": "Bob@example.org", "action": "failed", "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 unknown",
            },
            {"emailAddress": "eva@example.org"},
        ],
    },
    "mail": {"messageId": "amazon's own", "headers": [{"name": "Message-ID", "value": "<one@example.com>"}]},
}  # fmt: skip


def wrapped(message: dict[str, Any]) -> str:
    return (
        "Notification\n"
        + json.dumps({"Type": "Notification", "Message": json.dumps(message)})
        + "\n\n--\nbye\n"
    )


@pytest.mark.parametrize("text", [wrapped(BOUNCE), json.dumps(BOUNCE), json.dumps({"Message": BOUNCE})])
def test_a_bounce(text: str) -> None:
    got = read(text)
    assert got is not None
    assert (got.kind, got.message_id) == ("bounce", "<one@example.com>")
    assert [(one.recipient, one.action, one.status, one.diagnostic) for one in got.failures] == [
        ("bob@example.org", "failed", "5.1.1", "550 5.1.1 unknown"),
        ("eva@example.org", "failed", "", ""),
    ]


def test_a_line_that_sendmail_broke() -> None:
    text = wrapped(BOUNCE)
    at = text.index("bouncedRecipients") + 5
    got = read(text[:at] + "!\n " + text[at:])
    assert got is not None
    assert len(got.failures) == 2


def test_a_transient_bounce_without_a_code_is_of_class_4() -> None:
    bounce = {"bounceType": "Transient", "bouncedRecipients": [{"emailAddress": "bob@example.org"}]}
    got = read(json.dumps({"notificationType": "Bounce", "bounce": bounce}))
    assert got is not None
    assert [one.status for one in got.failures] == ["4.0.0"]


@pytest.mark.parametrize(
    ("kind", "expected"), [("Complaint", "complaint"), ("Delivery", ""), ("Received", "")]
)
def test_other_notifications(kind: str, expected: str) -> None:
    got = read(wrapped({"notificationType": kind, "complaint": {}}))
    assert got is not None
    assert got.kind == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "notificationType",
        "{ notificationType", '{"notificationType": ' + "[" * 50_000, '{"notificationType": 1' + "0" * 9000 + "}",
    ],
)  # fmt: skip
def test_no_notification(text: str) -> None:
    got = read(text)
    assert got is None or got.kind == ""


@pytest.mark.parametrize("value", [None, 1, "x", [], [1], {"a": 1}])
def test_values_of_wrong_types(value: Any) -> None:
    for key in ("bounce", "mail"):
        got = read(json.dumps({**BOUNCE, key: value}))
        assert got is not None
        assert got.kind == "bounce"
    got = read(json.dumps({**BOUNCE, "bounce": {"bouncedRecipients": value}}))
    assert got is not None


@given(st.text(max_size=300))
def test_never_raises(text: str) -> None:
    read("notificationType {" + text)
