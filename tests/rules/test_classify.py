"""BEHAVIOUR §8: what sort of mail it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailgate.config import Config
from mailgate.model import Address, Attachment, BounceReport, Envelope, Kind, ParsedMessage
from mailgate.rules.classify import classify

CONFIG = Config.model_validate(
    {
        "gateway": {
            "address": "support@example.com",
            "addresses": {"billing@example.com": "general"},
            "max_hops": 5,
        },
        "trust": {"upstreams": ["192.0.2.0/24"], "block": ["spammer@bad.example", "@worse.example"]},
    }
)
ENVELOPE = Envelope(
    "1",
    datetime(2026, 11, 2, tzinfo=UTC),
    "smtp",
    "ann@acme.example",
    ("support@example.com",),
    peer="198.51.100.7",
)
PERSON = ParsedMessage(
    size=1,
    sha256="",
    content_key="",
    subject="Printer",
    from_=(Address("ann@acme.example", "Ann"),),
    sender=Address("ann@acme.example", "Ann"),
)
REPORT = BounceReport("bob@example.org", "failed", "5.1.1", "", permanent=True, dead=True)


def kind(parsed: ParsedMessage, envelope: Envelope = ENVELOPE) -> Kind:
    got, reason = classify(envelope, parsed, CONFIG)
    assert reason
    return got


def headers(*pairs: tuple[str, str], subject: str = "Printer") -> ParsedMessage:
    return replace(PERSON, headers=pairs, subject=subject)


def part(declared_type: str) -> Attachment:
    return Attachment("2", "a", declared_type, declared_type, 1, "", "")


def test_a_person() -> None:
    assert kind(PERSON) is Kind.PERSON


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        # 8.1 automatic answers: RFC 3834 and what mailers send
        ("auto-submitted", "auto-replied", Kind.AUTO_REPLY),
        ("auto-submitted", "Auto-Replied (vacation)", Kind.AUTO_REPLY),
        ("auto-submitted", "auto-replied; owner-email=a@b", Kind.AUTO_REPLY),
        ("x-autoreply", "yes", Kind.AUTO_REPLY),
        ("x-autoreply", "no", Kind.PERSON),
        ("x-autorespond", "Away", Kind.AUTO_REPLY),
        ("precedence", "auto_reply", Kind.AUTO_REPLY),
        ("x-post-messageclass", "9; Autoresponder", Kind.AUTO_REPLY),
        ("x-delivery-agent", "TMDA/1.1.12", Kind.AUTO_REPLY),
        # 8.1 other machines
        ("auto-submitted", "auto-generated", Kind.AUTO_GENERATED),
        ("auto-submitted", "auto-notified", Kind.AUTO_GENERATED),
        ("auto-submitted", "no", Kind.PERSON),
        ("x-auto-response-suppress", "DR, OOF, AutoReply", Kind.AUTO_GENERATED),
        ("x-auto-response-suppress", "DR", Kind.PERSON),
        # 8.1 lists
        ("list-id", "Users <users.example.org>", Kind.LIST),
        ("precedence", "bulk", Kind.LIST),
        ("precedence", "List", Kind.LIST),
        ("precedence", "junk", Kind.LIST),
        ("precedence", "first-class", Kind.PERSON),
        # 8.3
        ("x-mailgate-loop", "support@example.com", Kind.LOOP),
        ("x-mailgate-loop", "desk@elsewhere.example", Kind.PERSON),
    ],
)
def test_headers(name: str, value: str, expected: Kind) -> None:
    assert kind(headers((name, value))) is expected


def test_the_second_of_two_headers_counts_too() -> None:
    assert kind(headers(("precedence", "first-class"), ("precedence", "bulk"))) is Kind.LIST


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Printer",
        "AUTOMATIC REPLY: Printer",
        "Auto-Reply: Printer",
        "Out of Office: Printer",
        "Out of Office AutoReply: Printer",
        "Out of office until Monday",
        "[External] Automatic reply: Printer",
        "Réponse automatique : Imprimante",
        "Message d’absence",
        "Automatische Antwort: Drucker",
        "Abwesenheitsnotiz: Drucker",
        "Respuesta automática: Impresora",
        "Risposta automatica: Stampante",
        "Resposta automática: Impressora",
        "Automatisch antwoord: Printer",
        "Autosvar: Printer",
        "Automatiskt svar: Skrivare",
        "Automaattinen vastaus: Tulostin",
        "Odpowiedź automatyczna: Drukarka",
        "Автоответ: Принтер",
        "自动回复: 打印机",
        "自動応答: プリンター",
        "Please confirm your message to Bob",
        "Your email to bob@example.org awaits confirmation",
    ],
)
def test_subjects_of_automatic_answers(subject: str) -> None:
    assert kind(headers(subject=subject)) is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Automatic reply: Printer",
        "Out of office printer is broken",
        "Automatic replies do not work",
        "Vacation request form fails",
        "How to set an out of office message",
        "Abwesenheitsnotizen einrichten",
        "Auto: Versicherung",
        "Outage",
        "Ooops",
    ],
)
def test_subjects_of_people(subject: str) -> None:
    assert kind(headers(subject=subject)) is Kind.PERSON


@pytest.mark.parametrize(
    "local", ["noreply", "no-reply", "do-not-reply", "no_reply+123", "nagios", "cron", "postmaster"]
)
def test_nobody_reads_these_addresses(local: str) -> None:
    assert kind(replace(PERSON, sender=Address(f"{local}@acme.example"))) is Kind.AUTO_GENERATED


def test_no_reply_is_not_found_inside_names() -> None:
    assert kind(replace(PERSON, sender=Address("cronin@acme.example"))) is Kind.PERSON


@pytest.mark.parametrize(
    ("door", "expected"),
    [
        ("smtp", Kind.AUTO_GENERATED),
        ("lmtp", Kind.AUTO_GENERATED),
        ("pipe", Kind.PERSON),
        ("import", Kind.PERSON),
    ],
)
def test_the_null_sender_is_a_machine_where_the_door_knows_the_envelope(door: str, expected: Kind) -> None:
    assert kind(PERSON, replace(ENVELOPE, door=door, mail_from="")) is expected


# 8.2


def test_bounces() -> None:
    assert kind(replace(PERSON, bounces=(REPORT,))) is Kind.BOUNCE
    delayed = replace(REPORT, action="delayed", permanent=False, dead=False)
    assert kind(replace(PERSON, bounces=(delayed,))) is Kind.BOUNCE


def test_a_report_from_the_null_sender() -> None:
    parsed = replace(PERSON, top_type="multipart/report", report_type="delivery-status")
    assert kind(parsed, replace(ENVELOPE, mail_from="<>")) is Kind.BOUNCE
    assert kind(parsed) is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    ("report_type", "declared", "expected"),
    [
        ("feedback-report", "", Kind.FEEDBACK_REPORT),
        ("disposition-notification", "", Kind.DISPOSITION_NOTIFICATION),
        ("", "message/feedback-report", Kind.FEEDBACK_REPORT),
        ("", "message/disposition-notification", Kind.DISPOSITION_NOTIFICATION),
    ],
)
def test_reports(report_type: str, declared: str, expected: Kind) -> None:
    parts = (part(declared),) if declared else ()
    assert (
        kind(replace(PERSON, top_type="multipart/report", report_type=report_type, attachments=parts))
        is expected
    )


def test_complaints_of_hotmail() -> None:
    parsed = replace(
        PERSON, subject="complaint about message from 192.0.2.1", from_=(Address("staff@hotmail.com"),)
    )
    assert kind(parsed) is Kind.FEEDBACK_REPORT
    assert kind(replace(parsed, from_=PERSON.from_)) is Kind.PERSON


def test_a_read_receipt_without_a_report() -> None:
    parsed = replace(PERSON, subject="Gelesen: Drucker", full_text="Ihre Nachricht wurde am Montag gelesen.")
    assert kind(parsed) is Kind.DISPOSITION_NOTIFICATION
    assert kind(replace(parsed, full_text="Das habe ich so verstanden.")) is Kind.PERSON


# 8.3


@pytest.mark.parametrize("address", ["support@example.com", "billing@example.com", "support+abc@example.com"])
def test_our_own_mail_coming_back(address: str) -> None:
    assert kind(replace(PERSON, from_=(Address("ann@acme.example"), Address(address)))) is Kind.LOOP


def test_hops() -> None:
    assert kind(headers(*[("received", "by x")] * 5)) is Kind.PERSON
    assert kind(headers(*[("received", "by x")] * 6)) is Kind.LOOP


# 8.4


@pytest.mark.parametrize("name", ["x-spam-flag", "x-spam-status"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"peer": "192.0.2.9"}, Kind.SPAM),
        ({"peer": "::ffff:192.0.2.9"}, Kind.SPAM),
        ({"door": "lmtp"}, Kind.SPAM),
        ({"door": "pipe", "peer": ""}, Kind.SPAM),
        ({"door": "imap", "peer": ""}, Kind.SPAM),
        ({}, Kind.PERSON),
        ({"peer": "nonsense"}, Kind.PERSON),
        ({"door": "import", "peer": ""}, Kind.PERSON),
    ],
)
def test_spam_marks_are_believed_from_upstreams_only(
    name: str, change: dict[str, str], expected: Kind
) -> None:
    assert kind(headers((name, "Yes, score=12.3")), replace(ENVELOPE, **change)) is expected
    assert kind(headers((name, "No, score=0.1")), replace(ENVELOPE, **change)) is Kind.PERSON


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("spammer@bad.example", Kind.SPAM),
        ("ann@worse.example", Kind.SPAM),
        ("ann@bad.example", Kind.PERSON),
        ("ann@notworse.example", Kind.PERSON),
    ],
)
def test_block_list(address: str, expected: Kind) -> None:
    assert kind(replace(PERSON, from_=(Address(address),))) is expected
    assert kind(PERSON, replace(ENVELOPE, mail_from=address.upper())) is expected


# the order


def test_what_goes_first() -> None:
    bounce = replace(headers(("auto-submitted", "auto-replied"), ("x-spam-flag", "YES")), bounces=(REPORT,))
    assert kind(bounce, replace(ENVELOPE, door="lmtp")) is Kind.BOUNCE
    assert kind(replace(bounce, from_=(Address("support@example.com"),))) is Kind.LOOP
    assert kind(headers(("precedence", "bulk"), ("auto-submitted", "auto-replied"))) is Kind.AUTO_REPLY
    assert kind(headers(("precedence", "bulk"), ("auto-submitted", "auto-generated"))) is Kind.AUTO_GENERATED
