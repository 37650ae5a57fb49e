"""Rule 8.2: delivery reports, RFC 3464 and the forms in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.bounce import BounceInput, read, report

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


def test_rfc_3464_each_recipient() -> None:
    got = read(
        dsn(
            "Reporting-MTA: dns; mx.example.net\n\n"
            "Final-Recipient: rfc822; Bob@example.org\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp; 550 5.1.1 <bob@example.org>:\n user unknown\n\n"
            "Final-Recipient: rfc822;eva@example.org\nAction: delayed (retrying)\nStatus: 4.4.1 (no "
            "answer)\n"
        )
    )
    assert got is not None
    assert [(r.recipient, r.action, r.status, r.permanent, r.dead) for r in got] == [
        ("bob@example.org", "failed", "5.1.1", True, True),
        ("eva@example.org", "delayed", "4.4.1", False, False),
    ]
    assert got[0].diagnostic == "550 5.1.1 <bob@example.org>: user unknown"
    assert {r.original_message_id for r in got} == {"<one@example.com>"}


def test_a_report_of_success_is_no_bounce() -> None:
    assert read(dsn("Final-Recipient: rfc822; bob@example.org\nAction: delivered\nStatus: 2.0.0\n")) is None


@pytest.mark.parametrize("kind", ["feedback-report", "disposition-notification"])
def test_other_reports_are_no_bounces(kind: str) -> None:
    given_ = BounceInput("multipart/report", kind, DAEMON, "failed <bob@example.org>", (), "")
    assert read(given_) is None


@pytest.mark.parametrize(
    ("status", "diagnostic", "permanent", "dead"),
    [
        ("5.1.1", "550 unknown", True, True),
        ("5.1.2", "no such host", True, True),
        ("5.1.10", "recipient not found", True, True),
        ("5.2.1", "mailbox disabled", True, True),
        ("5.1.1", "550 5.1.1 blocked as spam", True, False),
        ("5.0.0", "550 no such user here", True, True),
        ("", "550 5.1.1 <b@example.org> user unknown", True, True),
        ("", "host not found, try again", True, False),
        ("5.2.2", "mailbox full", True, False),
        ("5.7.1", "relaying denied, user unknown", True, False),
        ("5.1.8", "sender address rejected", True, False),
        ("4.1.1", "450 user unknown", False, False),
        ("", "421 try later", False, False),
        ("", "it failed", True, False),
    ],
)
def test_dead_means_that_the_address_does_not_exist(
    status: str, diagnostic: str, permanent: bool, dead: bool
) -> None:
    got = report("b@example.org", "failed", status, diagnostic, "")
    assert (got.permanent, got.dead) == (permanent, dead)


FORMS = {
    "qmail": "Hi. This is the qmail-send program at mx.example.net.\n"
    "I'm afraid I wasn't able to deliver your message to the following addresses.\n\n"
    "<bob@example.org>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user\n\n"
    "--- Below this line is a copy of the message.\n\nMessage-ID: <one@example.com>\nTo: "
    "eva@example.org\n",
    "exim": "A message that you sent could not be delivered to one or more of its\nrecipients. The following address(es) failed:\n\n"
    "  bob@example.org\n    host mx.example.org [192.0.2.1]: 550 5.1.1 <bob@example.org>... User "
    "Unknown\n\n"
    "------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: "
    "<one@example.com>\n",
    "postfix": "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n"
    "<bob@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1 User unknown (in reply to "
    "RCPT TO command)\n\n"
    "Received: by mx\nMessage-ID: <one@example.com>\n",
    "gmail": "Delivery to the following recipient failed permanently:\n\n     bob@example.org\n\n"
    "The error was: 550 5.1.1 no such user\n\n----- Original message -----\n\nMessage-ID: "
    "<one@example.com>\n",
    "sendmail": "   ----- The following addresses had permanent fatal errors -----\n"
    "<bob@example.org>\n    (reason: 550 5.1.1 User unknown)\n\n"
    ""
    "   ----- Original message follows -----\n\nMessage-ID: <one@example.com>\n",
    "in a sentence": "Unable to deliver message to: <bob@example.org>\nServer mx failed with: 550 5.1.1 No such user here\n\n"
    "Message-ID: <one@example.com>\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_forms_in_words(text: str) -> None:
    got = read(words(text))
    assert got is not None
    assert [(r.recipient, r.action, r.status, r.permanent, r.dead) for r in got] == [
        ("bob@example.org", "failed", "5.1.1", True, True)
    ]
    assert got[0].original_message_id == "<one@example.com>"


def test_x_failed_recipients() -> None:
    got = read(
        words(
            "It failed: 550 5.7.1 denied",
            extra=(("x-failed-recipients", "bob@example.org,\n eva@example.org"),),
        )
    )
    assert got is not None
    assert [(r.recipient, r.status) for r in got] == [
        ("bob@example.org", "5.7.1"),
        ("eva@example.org", "5.7.1"),
    ]


def test_a_warning_is_a_delay() -> None:
    text = (
        "Your message to bob@example.org has been delayed.\n"
        "It will be retried for 4 more days.\n\n<bob@example.org>: connection timed out\n"
    )
    got = read(words(text, subject="Warning: message delayed 24 hours"))
    assert got is not None
    assert [(r.recipient, r.action, r.dead) for r in got] == [("bob@example.org", "delayed", False)]


def test_exchange_names_the_receiver_of_the_message_too() -> None:
    text = (
        "Your message\n\n  To:      list@example.org\n  Subject: Update\n  Sent:    Monday\n\n"
        "did not reach the following recipient(s):\n\nbob@example.org on Monday\n    The recipient "
        "name is not recognized\n"
    )
    got = read(
        words(text, subject="Undeliverable: Update", sender="System Administrator <postmaster@example.org>")
    )
    assert got is not None
    assert [(r.recipient, r.dead) for r in got] == [("bob@example.org", True)]


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
    "a daemon without failure": (
        "All is well at bob@example.org.",
        "Statistics",
        "MAILER-DAEMON@example.com",
    ),
    "monitoring": ("CRITICAL: disk failed on db@example.com", "PROBLEM: disk", "Nagios <nagios@example.com>"),
}


@pytest.mark.parametrize(("text", "subject", "sender"), ORDINARY.values(), ids=ORDINARY.keys())
def test_ordinary_mail_is_none(text: str, subject: str, sender: str) -> None:
    assert read(words(text, subject=subject, sender=sender)) is None


@given(st.text(max_size=300), st.text(max_size=200), st.text(max_size=60))
def test_never_raises(text: str, status: str, subject: str) -> None:
    for given_ in (words(text, subject=subject), dsn(status, text, text)):
        got = read(given_)
        assert got is None or (got and all(r.action in ("failed", "delayed") for r in got))


@pytest.mark.parametrize(
    "piece",
    [
        "<a@b.c>: failed 550\n",
        "a b c d ",
        "a@",
        '"a a a ',
        "x.",
        "a: ",
        "rcpt to:<a@b.c ",
        "delayed ",
        "mailbox ",
        "Final-Recipient: rfc822; a@b\n\n",
    ],
)
def test_linear(piece: str, linear: Any) -> None:
    def work(n: int) -> None:
        text = "delivery failed\n" + piece * n
        read(words(text))
        read(dsn(text, text, text))

    linear(work, 65_000 // len(piece))
