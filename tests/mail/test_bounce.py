"""Rule 8.2: which mail is a bounce, and what it reports."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.bounce import BounceInput, read, report
from mailgate.mail.failure import Failure

DAEMON = (
    ("from", "Mail Delivery System <MAILER-DAEMON@mx.example.net>"),
    ("to", "support@example.com"),
    ("return-path", "<>"),
)
RETURNED = "Message-ID: <one@example.com>\nTo: bob@example.org\nSubject: [#1] Update\n"


def dsn(status_text: str, text: str = "It failed.", original: str = RETURNED) -> BounceInput:
    return BounceInput(
        "multipart/report",
        "delivery-status",
        (*DAEMON, ("subject", "Undelivered Mail Returned to Sender")),
        text,
        (("text/plain", text), ("message/delivery-status", status_text)),
        original,
    )


def words(
    text: str, subject: str = "failure notice", sender: str = "", extra: tuple[tuple[str, str], ...] = ()
) -> BounceInput:
    headers = (("from", sender),) if sender else DAEMON
    return BounceInput(
        "text/plain", "", (*headers, ("subject", subject), *extra), text, (("text/plain", text),), ""
    )


def test_the_fields_come_first_and_the_words_complete_them() -> None:
    got = read(
        dsn(
            "Final-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.0.0\n",
            "<bob@example.org>: host mx said: 550 5.1.1 User unknown\n",
        )
    )
    assert got is not None
    assert [(r.recipient, r.status, r.dead) for r in got] == [("bob@example.org", "5.1.1", True)]
    assert "User unknown" in got[0].diagnostic


def test_a_report_of_success_is_no_bounce() -> None:
    assert read(dsn("Final-Recipient: rfc822; bob@example.org\nAction: delivered\nStatus: 2.0.0\n")) is None


def test_a_success_for_one_and_a_failure_for_another() -> None:
    got = read(
        dsn(
            "Final-Recipient: rfc822; eva@example.org\nAction: delivered\nStatus: 2.0.0\n\n"
            "Final-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.2.2\n"
        )
    )
    assert got is not None
    assert [r.recipient for r in got] == ["bob@example.org"]


def test_fields_without_a_recipient_and_words_without_one_still_report_a_failure() -> None:
    got = read(dsn("Action: failed\nStatus: 5.7.1\n", "It failed.", ""))
    assert got is not None
    assert [(r.recipient, r.action, r.permanent) for r in got] == [("", "failed", True)]


@pytest.mark.parametrize("kind", ["feedback-report", "disposition-notification", "tlsrpt", "x-anything"])
def test_other_reports_are_no_bounces(kind: str) -> None:
    given_ = BounceInput("multipart/report", kind, DAEMON, "failed <bob@example.org>", (), "")
    assert read(given_) is None


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "expected"),
    [
        ("failed", "5.1.1", "", ("failed", "5.1.1", True, True)),
        ("failed", "4.4.7", "", ("expired", "4.4.7", False, False)),
        ("failed", "4.4.7", "450 4.2.2 mailbox full", ("failed", "4.2.2", False, False)),
        ("failed", "4.4.1", "connection timed out", ("expired", "4.4.1", False, False)),
        ("failed", "4.4.1", "connection refused", ("failed", "4.4.1", False, False)),
        ("expired", "", "", ("expired", "", True, False)),
        ("expired", "", "it took too many retries", ("expired", "5.4.7", True, False)),
        ("delayed", "4.4.1", "connection timed out", ("delayed", "4.4.1", False, False)),
        ("delayed", "", "mailbox is full", ("delayed", "4.2.2", False, False)),
        ("", "5.0.0", "", ("failed", "5.0.0", True, False)),
        ("", "4.2.2", "", ("delayed", "4.2.2", False, False)),
        ("", "", "", ("failed", "", True, False)),
    ],
)
def test_what_follows_from_action_and_status(
    action: str, status: str, diagnostic: str, expected: tuple[str, str, bool, bool]
) -> None:
    got = report("b@example.org", action, status, diagnostic, "")
    assert (got.action, got.status, got.permanent, got.dead) == expected


def test_a_diagnostic_is_one_bounded_line() -> None:
    assert report("b@example.org", "failed", "5.1.1", "no\n such  user " * 1000, "").diagnostic.startswith(
        "no such user no"
    )
    assert len(report("b@example.org", "failed", "5.1.1", "x" * 5000, "").diagnostic) == 1000


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (dsn("Final-Recipient: rfc822; bob@example.org\nAction: failed\n"), "<one@example.com>"),
        (
            dsn(
                "Original-Message-ID: <two@example.com>\n\nFinal-Recipient: rfc822; bob@example.org\nAction: failed\n",
                original="",
            ),
            "<two@example.com>",
        ),
        (
            dsn(
                "Final-Recipient: rfc822; bob@example.org\nAction: failed\n",
                original="Message-ID: bare@example.com\n",
            ),
            "<bare@example.com>",
        ),
        (
            words(
                "<bob@example.org>: unknown\n\n--- Below this line is a copy of the message.\n\n" + RETURNED
            ),
            "<one@example.com>",
        ),
        (words("  Message-ID: <three@example.com>\n\n<bob@example.org>: unknown\n"), "<three@example.com>"),
        (
            words("<bob@example.org>: unknown\n", extra=(("in-reply-to", "<four@example.com>"),)),
            "<four@example.com>",
        ),
        (words("<bob@example.org>: unknown\n", extra=(("message-id", "<own@mx.example.net>"),)), ""),
    ],
    ids=[
        "returned header",
        "field",
        "without brackets",
        "below the words",
        "in the words",
        "what it answers",
        "none",
    ],
)
def test_the_id_of_the_mail_that_bounced(given_: BounceInput, expected: str) -> None:
    got = read(given_)
    assert got is not None
    assert [r.original_message_id for r in got] == [expected]


SIEVE = (
    "Final-Recipient: rfc822; bob@example.org\nOriginal-Message-ID: <one@example.com>\n"
    "Disposition: automatic-action/MDN-sent-automatically; deleted\n"
)


def mdn(text: str, disposition: str, subject: str, extra: tuple[tuple[str, str], ...] = ()) -> BounceInput:
    return BounceInput(
        "multipart/report",
        "disposition-notification",
        (("from", "postmaster@example.org"), ("subject", subject), *extra),
        text,
        (("text/plain", text), ("message/disposition-notification", disposition)),
        "",
    )


def test_a_refusal_of_sieve_is_a_bounce() -> None:
    got = read(
        mdn("Your message was automatically rejected:\nwrite to eva", SIEVE, "Automatically rejected mail")
    )
    assert got is not None
    assert [(r.recipient, r.action, r.status, r.dead, r.original_message_id) for r in got] == [
        ("bob@example.org", "failed", "5.7.1", False, "<one@example.com>")
    ]


@pytest.mark.parametrize(
    "given_",
    [
        mdn("Your message was deleted without being read", SIEVE, "Not read: Update"),
        mdn("Your message was displayed", SIEVE.replace("deleted", "displayed"), "Rejected: Update"),
        mdn("Your message was read", SIEVE, "Rejected: Update"),
        mdn("Your message was rejected", "", "Rejected: Update"),
    ],
    ids=["deleted unread", "displayed", "no refusal in the text", "no fields"],
)
def test_a_receipt_is_no_bounce(given_: BounceInput) -> None:
    assert read(given_) is None


ORDINARY = {
    "a person tells of a bounce": (
        "My mail to bob@example.org failed:\n<bob@example.org>: 550 5.1.1 User unknown",
        "Delivery failed",
        "Ann <ann@example.com>",
    ),
    "a person has a failure": (
        "Delivery of parcel to bob@example.org failed.",
        "failure notice",
        "Ann <ann@example.com>",
    ),
    "a postmaster writes": (
        "Dear all,\nthe mail server will be down at 10:00.\nYours",
        "Maintenance",
        "postmaster@example.com",
    ),
    "a postmaster asks about a bounce": (
        "Hello,\n\nmail to bob@example.org fails:\n\nbob@example.org\n  550 5.1.1 unknown\n",
        "Mail delivery problem",
        "postmaster@example.com",
    ),
    "a daemon without failure": (
        "All is well at bob@example.org.",
        "Statistics",
        "MAILER-DAEMON@example.com",
    ),
    "monitoring": ("CRITICAL: disk failed on db@example.com", "PROBLEM: disk", "Nagios <nagios@example.com>"),
    "a shop": (
        "Your order for bob@example.org could not be delivered.",
        "Delivery failed",
        "no-reply@shop.example",
    ),
}


@pytest.mark.parametrize(("text", "subject", "sender"), ORDINARY.values(), ids=ORDINARY.keys())
def test_ordinary_mail_is_none(text: str, subject: str, sender: str) -> None:
    assert read(words(text, subject=subject, sender=sender)) is None


def test_a_person_who_attaches_a_report_sends_no_bounce() -> None:
    fields = "Final-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.1.1\n"
    headers = (("from", "Ann <ann@example.com>"), ("subject", "Fwd: Undelivered Mail Returned to Sender"))
    parts = (("text/plain", "What is this?"), ("message/delivery-status", fields))
    assert read(BounceInput("multipart/mixed", "", headers, "What is this?", parts, "")) is None


@pytest.mark.parametrize(
    ("given_", "asked"),
    [
        (words("Nothing that a rule of ours knows.", "Statistics"), True),
        (words("<bob@example.org>: 550 5.1.1 unknown\n"), False),
        (dsn("Final-Recipient: rfc822; bob@example.org\nAction: delivered\n"), False),
        (words("Nothing.", "Statistics", "Ann <ann@example.com>"), False),
    ],
    ids=["a mail system's, unread", "read by our own rules", "a success", "a person's"],
)
def test_the_library_is_asked_last_and_never_about_people(
    given_: BounceInput, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Failure("eva@example.org", "failed")]
    monkeypatch.setattr("mailgate.mail.bouncelib.read", lambda *_: found)
    got = [one.recipient for one in read(given_) or ()]
    assert (got == ["eva@example.org"]) is asked


@given(st.text(max_size=300), st.text(max_size=200), st.text(max_size=60))
def test_never_raises(text: str, status: str, subject: str) -> None:
    for given_ in (words(text, subject=subject), dsn(status, text, text), mdn(text, status, subject)):
        got = read(given_)
        assert got is None or (got and all(r.action in ("failed", "expired", "delayed") for r in got))


@pytest.mark.parametrize(
    "piece",
    [
        "<a@b.c>: failed 550\n", "a b c d ", "a@", '"a a a ', "x.", "a: ", "rcpt to:<a@b.c ", "delayed ",
        "mailbox ", "550-", "a:b@c ",
        "(expanded from: <", "5.1.1.", "\n\n", "Final-Recipient: rfc822; a@b\n\n", "message-id: ",
        " a@b.c\n", "Received: for <a@b>\n",
    ],
)  # fmt: skip
def test_linear(piece: str, linear: Any) -> None:
    def work(n: int) -> None:
        text = "delivery failed\n" + piece * n
        read(words(text))
        read(dsn(text, text, text))

    linear(work, 65_000 // len(piece))
