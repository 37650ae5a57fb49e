"""RFC 3464 §2 in the forms that programs write."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.dsn import read


def told(text: str) -> list[tuple[str, str, str, str]]:
    return [(one.recipient, one.action, one.status, one.diagnostic) for one in read([text]).failures]


def test_each_recipient() -> None:
    got = told(
        "Reporting-MTA: dns; mx.example.net\n\n"
        "Final-Recipient: rfc822; Bob@example.org\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <bob@example.org>:\n user unknown; try eva\n\n"
        "Final-Recipient: rfc822;eva@example.org\nAction: delayed (retrying)\nStatus: 4.4.1 (no answer)\n"
    )
    assert got == [
        ("bob@example.org", "failed", "5.1.1", "550 5.1.1 <bob@example.org>: user unknown; try eva"),
        ("eva@example.org", "delayed", "4.4.1", ""),
    ]


@pytest.mark.parametrize(
    ("fields", "recipient"),
    [
        ("Final-Recipient: rfc822; bob@example.org", "bob@example.org"),
        ("Final-Recipient: RFC822;<Bob@Example.org>", "bob@example.org"),
        ("Final-Recipient : rfc822 ; bob@example.org", "bob@example.org"),
        ('Final-Recipient: rfc822; "Bob" <bob@example.org>', "bob@example.org"),
        ("Final-Recipient: rfc822; bob@example.org (Bob)", "bob@example.org"),
        ("Final-Recipient: bob@example.org", "bob@example.org"),
        ("Final-Recipient: smtp; bob@example.org", "bob@example.org"),
        ("Final-Recipient: x-unknown; bob@example.org", "bob@example.org"),
        ("Final-Recipient: rfc822;\n bob@example.org", "bob@example.org"),
        ('Final-Recipient: rfc822; "bob..b"@example.org', '"bob..b"@example.org'),
        ("Final-Recipient: rfc822; bob@[192.0.2.1]", "bob@[192.0.2.1]"),
        ("Final-Recipient: rfc822; iné@example.org", "iné@example.org"),
        ("Original-Recipient: rfc822;bob@example.org", "bob@example.org"),
        (
            "Original-Recipient: rfc822;alias@example.org\nFinal-Recipient: rfc822; bob@example.org",
            "bob@example.org",
        ),
        (
            "Final-Recipient: rfc822; bob@inside\nOriginal-Recipient: rfc822;bob@example.org",
            "bob@example.org",
        ),
        (
            "Final-Recipient: x400; /S=bob/C=US/\nOriginal-Recipient: rfc822;bob@example.org",
            "bob@example.org",
        ),
        ("Final-Recipient: LOCAL; bob\nX-Actual-Recipient: rfc822; bob@example.org", "bob@example.org"),
        ("Final-Recipient: LOCAL; bob", "bob"),
    ],
)
def test_recipients(fields: str, recipient: str) -> None:
    assert told(f"{fields}\nAction: failed\nStatus: 5.1.1\n") == [(recipient, "failed", "5.1.1", "")]


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ("failed", "failed"), ("Failed", "failed"), ("failure", "failed"), ("failed (user unknown)",
        "failed"), ("expired", "expired"),
        ("delayed", "delayed"), ("deferred", "delayed"), ("delayed (will retry)", "delayed"), ("", ""),
        ("strange", ""),
    ],
)  # fmt: skip
def test_actions(written: str, action: str) -> None:
    assert told(f"Final-Recipient: rfc822;b@example.org\nAction: {written}\nStatus: 5.1.1\n")[0][1] == action


@pytest.mark.parametrize(
    "action", ["delivered", "relayed", "expanded (to multi-recipient alias)", "Delivered."]
)
def test_successes_are_counted_only(action: str) -> None:
    got = read([f"Final-Recipient: rfc822;b@example.org\nAction: {action}\nStatus: 2.0.0\n"])
    assert (got.failures, got.successes) == ([], 1)
    assert read(["Final-Recipient: rfc822;b@example.org\nStatus: 2.1.5\n"]).successes == 1


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("5.1.1", "5.1.1"), ("5.1.1 (bad destination mailbox)", "5.1.1"), ("5.1.1; unknown", "5.1.1"),
        ("550 5.1.1", "5.1.1"), ("5.1.351", "5.1.351"),
        ("0.0.0", ""), ("", ""), ("550", "5.0.0"), ("192.0.2.1", ""), ("none", ""),
    ],
)  # fmt: skip
def test_statuses(written: str, status: str) -> None:
    assert told(f"Final-Recipient: rfc822;b@example.org\nAction: failed\nStatus: {written}\n")[0][2] == status


def test_recipients_without_blank_lines_between_them() -> None:
    one = "Final-Recipient: rfc822; {}@example.org\nAction: failed\nStatus: 5.1.{}\n"
    got = told("Reporting-MTA: dns; mx\n" + one.format("bob", 1) + one.format("eva", 2))
    assert [(recipient, status) for recipient, _, status, _ in got] == [
        ("bob@example.org", "5.1.1"),
        ("eva@example.org", "5.1.2"),
    ]


def test_blank_lines_between_the_fields() -> None:
    one = "Final-Recipient: rfc822; {}@example.org\n\nAction: failed\n\nStatus: 5.1.1\n\n"
    got = told(one.format("bob") + one.format("eva"))
    assert [(recipient, action) for recipient, action, _, _ in got] == [
        ("bob@example.org", "failed"),
        ("eva@example.org", "failed"),
    ]


def test_a_broken_diagnostic_goes_on_in_the_next_line() -> None:
    got = told(
        "Final-Recipient: rfc822;b@example.org\nAction: failed\nDiagnostic-Code: smtp; 550\nno such user\n"
    )
    assert got[0][3] == "550 no such user"


def test_the_same_recipient_twice_is_one() -> None:
    one = "Final-Recipient: rfc822;b@example.org\nAction: failed\nStatus: 5.1.1\n\n"
    assert len(told(one * 3)) == 1


def test_a_group_without_a_recipient_still_failed() -> None:
    assert told("Reporting-MTA: dns; mx\n\nAction: failed\nStatus: 5.7.1\n") == [("", "failed", "5.7.1", "")]


@pytest.mark.parametrize("text", ["", "Reporting-MTA: dns; mx\n", "Hello\nStatus: all is well\n", "Action\n"])
def test_nothing_told(text: str) -> None:
    assert not read([text])


def test_the_id_of_the_message() -> None:
    assert read(["Original-Message-ID: <a@example.com>\n"]).message_id == "<a@example.com>"


def test_recipients_are_bounded() -> None:
    text = "".join(f"Final-Recipient: rfc822;b{i}@example.org\nAction: failed\n" for i in range(1000))
    assert len(told(text)) == 500


@given(st.text(alphabet=st.sampled_from("Final-Recpt: Action:\n;@.5 "), max_size=400))
def test_never_raises(text: str) -> None:
    assert len(read([text, text]).failures) <= 500


@pytest.mark.parametrize(
    "piece", ["Action: failed\n", "Diagnostic-Code: x\n y\n", " y\n", "Status: 5.", "a@b;"]
)
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: read(["Diagnostic-Code: x\n" + piece * n]), 65_000 // len(piece))
