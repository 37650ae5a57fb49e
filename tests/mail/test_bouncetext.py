"""Rule 8.2: bounces in words, by the programs that write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.bouncetext import diagnostic_of, is_delay, part, read
from mailgate.mail.fields import Fields

RETURNED = "Message-ID: <one@example.com>\nTo: bob@example.org\nFrom: support@example.com\n"


def headers(subject: str = "failure notice", **more: str) -> Fields:
    pairs = {"from": "MAILER-DAEMON@mx.example.net", "to": "support@example.com", "subject": subject}
    return Fields({**pairs, **{name.replace("_", "-"): value for name, value in more.items()}}.items())


def failures(text: str, given_: Fields | None = None) -> list[tuple[str, str, str]]:
    found = read(given_ or headers(), text, "")
    return [(one.recipient, one.action, one.status) for one in found.failures] if found else []


FORMS = {
    "qmail": "Hi. This is the qmail-send program at mx.example.net.\n\n"
    "<bob@example.org>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user\n\n"
    "--- Below this line is a copy of the message.\n\n" + RETURNED,
    "exim": "The following address(es) failed:\n\n"
    "  bob@example.org\n    host mx.example.org [192.0.2.1]: 550 5.1.1 <bob@example.org>... User Unknown\n\n"
    "------ This is a copy of the message, including all the headers. ------\n\n" + RETURNED,
    "postfix": "your message could not\nbe delivered to one or more recipients.\n\n"
    "<bob@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)\n\n"
    + RETURNED,
    "gmail": "Delivery to the following recipient failed permanently:\n\n     bob@example.org\n\n"
    "The error was: 550 5.1.1 no such user\n\n----- Original message -----\n\n" + RETURNED,
    "sendmail": "   ----- The following addresses had permanent fatal errors -----\n"
    "<bob@example.org>\n    (reason: 550 5.1.1 User unknown)\n\n"
    "   ----- Original message follows -----\n\n" + RETURNED,
    "sendmail 5": "   ----- Transcript of session follows -----\n550 5.1.1 <bob@example.org>... User unknown\n\n"
    "   ----- Unsent message follows -----\n" + RETURNED,
    "the list above, the reply below": "Failed:\n<bob@example.org>\n\nTranscript:\n>>> RCPT TO:<bob@example.org>\n"
    "<<< 550 5.1.1 unknown\n\n" + RETURNED,
    "in a sentence": "Unable to deliver message to: <bob@example.org>\nServer mx failed with: 550 5.1.1 No such user here\n\n"
    + RETURNED,
    "only in a command": "Sent <<< RCPT TO:<bob@example.org>\nReceived >>> 550 5.1.1 unknown\n\n" + RETURNED,
    "labelled": "Failed Recipient: bob@example.org\nReason: 550 5.1.1 unknown\n\n" + RETURNED,
    "in brackets": "\tRecipient: [SMTP:bob@example.org]\n\tReason: 550 5.1.1 unknown\n\n" + RETURNED,
    "in quotes": '"bob@example.org":\n5.1.1 User Unknown\n\n' + RETURNED,
    "in Chinese": "无法发送到 bob@example.org\n退信原因：收件人不存在\n\n" + RETURNED,
    "the reason above": "User not listed in Address Book\nbob@example.org\n\n------- Returned Message --------\n" + RETURNED,
    "X.400": "c=US;a= ;p=ACME;dda:SMTP=bob@example.org; on Friday\n    The recipient name is not recognized\n\n" + RETURNED,
    "only the returned mail names it": "Your mail was rejected: 550 5.1.1 unknown\n\nOriginal message follows.\n\n" + RETURNED,
}  # fmt: skip


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_forms(text: str) -> None:
    assert failures(text) == [("bob@example.org", "failed", "5.1.1")]
    found = read(headers(), text, "")
    assert found is not None
    assert found.message_id == "<one@example.com>"


def test_each_recipient_has_its_own_diagnostic() -> None:
    text = (
        "<bob@example.org>:\nRemote host said: 550 5.1.1 <bob@example.org> unknown\nGiving up.\n\n"
        "<eva@example.org>:\nRemote host said: 552 5.2.2 <eva@example.org> full\nGiving up.\n"
    )
    assert failures(text) == [("bob@example.org", "failed", "5.1.1"), ("eva@example.org", "failed", "5.2.2")]


def test_the_addresses_of_the_sender_and_of_helpers_are_no_recipients() -> None:
    text = (
        "Your message\n  From: support@example.com\n  To: list@example.org\ndid not reach:\n\nbob@example.org on Monday\n"
        "    unknown user\n\nFor assistance contact\npostmaster@example.net\n"
    )
    assert failures(text) == [("bob@example.org", "failed", "5.1.1")]


def test_a_mail_to_oneself_counts_with_a_code_only() -> None:
    assert failures("<support@example.com>:\n550 5.1.1 unknown\n") == [
        ("support@example.com", "failed", "5.1.1")
    ]
    assert failures("Hello support@example.com,\n\n<bob@example.org>: 550 5.1.1\n") == [
        ("bob@example.org", "failed", "5.1.1")
    ]


def test_a_site_names_its_users_without_its_domain() -> None:
    text = "Your mail to the following recipients could not be delivered:\n\tbob\n"
    assert failures(text) == [("bob@mx.example.net", "failed", "")]
    assert failures(text + "\n" + RETURNED) == [("bob@example.org", "failed", "")]


def test_sentences_name_whom_the_returned_mail_was_for() -> None:
    text = (
        "Addresses look like name@example.org. The address that\nyour mail was sent to, bob@example.org, is unknown.\n\n"
        + RETURNED
    )
    assert [recipient for recipient, _, _ in failures(text)] == ["bob@example.org"]


def test_x_failed_recipients() -> None:
    listed = headers(x_failed_recipients="bob@example.org,\n eva@example.org")
    assert failures("It failed: 550 5.7.1 denied", listed) == [
        ("bob@example.org", "failed", "5.7.1"),
        ("eva@example.org", "failed", "5.7.1"),
    ]
    greeting = "Hello support@example.net,\n\nthe group does not exist.\n"
    assert [one for one, _, _ in failures(greeting, headers(x_failed_recipients="g@example.org"))] == [
        "g@example.org"
    ]


def test_the_words_win_over_the_list_where_they_name_others_with_a_code() -> None:
    text = "  bob@inner.example.org\n    550 5.1.1 unknown\n"
    assert failures(text, headers(x_failed_recipients="bob@example.org")) == [
        ("bob@inner.example.org", "failed", "5.1.1")
    ]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Warning: message 1 delayed 24 hours", "<bob@example.org>: connection timed out\n"),
        ("Delivery Status Notification (Delay)", "Delivery has been delayed:\n\n  bob@example.org\n"),
        (
            "Mail",
            "Your mail to bob@example.org has been postponed.\nWe will continue to try to deliver it.\n",
        ),
        ("Mail", "Die Zustellung an\nbob@example.org\nist verzögert.\n"),
    ],
)
def test_a_warning_is_a_delay(subject: str, text: str) -> None:
    assert [(one, action) for one, action, _ in failures(text, headers(subject))] == [
        ("bob@example.org", "delayed")
    ]


def test_a_failure_that_mentions_a_former_delay_is_none() -> None:
    assert not is_delay("failure notice", "The mail was in the queue for a long time. I gave up.")


@pytest.mark.parametrize(
    "text",
    ["", "All is well.\n", "Statistics for bob@example.org: 12 mails.\n", "Welcome!\n\nbob@example.org\n"],
)
def test_no_failure_no_bounce(text: str) -> None:
    assert read(headers("Statistics"), text, "") is None


@pytest.mark.parametrize(
    "line",
    [
        "--- Below this line is a copy of the message.",
        "------ This is a copy of the message, including all the headers. ------",
        "----- Original message -----", "   ----- Unsent message follows -----", "Received: from mx by mx",
        "--- Mensaje original adjunto.",
        "-------- Ursprüngliche Nachricht --------", "---- START OF RETURNED MESSAGE ----", "原始邮件：",
    ],
)  # fmt: skip
def test_where_the_returned_mail_begins(line: str) -> None:
    words, below = part(f"It failed.\n\n{line}\n\nSubject: one\n")
    assert words.strip() == "It failed."
    assert "Subject: one" in below


@pytest.mark.parametrize(
    "line", ["The original message was received at noon", "原邮件信息：", "Message of the day"]
)
def test_where_it_does_not(line: str) -> None:
    assert part(f"It failed.\n{line}\nbob@example.org\n")[1] == ""


def test_the_diagnostic_of_one_recipient() -> None:
    text = "<eva@example.org>: full\n\n<bob@example.org>: host said:\n    550 unknown\n\nBye\n"
    assert diagnostic_of("bob@example.org", text) == "<bob@example.org>: host said: 550 unknown"
    assert diagnostic_of("joe@example.org", text) == ""


@given(st.text(max_size=400))
def test_never_raises(text: str) -> None:
    found = read(headers("undelivered"), text, text)
    assert found is None or found.failures


@pytest.mark.parametrize("piece", ["a@b.c: ", "550 to ", "<a@b.c>\n", "\n", "((", "to: to: ", "- "])
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: read(headers(), "failed\n" + piece * n, piece * n), 65_000 // len(piece))
