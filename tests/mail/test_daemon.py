"""Rule 8.2: what is a mail system's, and what is a person's."""

from __future__ import annotations

import pytest

from mailgate.mail import bouncewords
from mailgate.mail.daemon import hinted, is_failure, is_machine, opens
from mailgate.mail.fields import Fields

DSN = "This is the mail system at host mx.example.\n\n<bob@example.org>: unknown\n"
PLAIN = "bob@example.org: 550 unknown\n"


def headers(sender: str, subject: str = "Printer", **more: str) -> Fields:
    pairs = {"from": sender, "subject": subject}
    return Fields({**pairs, **{name.replace("_", "-"): value for name, value in more.items()}}.items())


@pytest.mark.parametrize(
    "given_",
    [
        headers("MAILER-DAEMON@mx.example"),
        headers("Mail Delivery Subsystem <x@mx.example>"),
        headers("mailer-daemon"),
        headers("Ann <ann@example.com>", x_failed_recipients="bob@example.org"),
        headers("postmaster@mx.example", "Undeliverable: Printer"),
        headers("System Administrator <postmaster@mx.example>", "Non remis : Imprimante"),
        headers("postmaster@mx.example", "unknown words", return_path="<>"),
        headers("", "Undelivered mail"),
        headers("<>", "failure notice"),
    ],
)
def test_mail_systems(given_: Fields) -> None:
    assert is_machine(given_, "text/plain", PLAIN)


@pytest.mark.parametrize(
    ("given_", "top_type", "text"),
    [
        (headers("postmaster@mx.example"), "text/plain", DSN),
        (headers("no-reply@mx.example"), "text/plain", DSN),
        (headers("x@mx.example", "Undeliverable", auto_submitted="auto-generated"), "text/plain", DSN),
        (headers("x@mx.example", "Undeliverable", precedence="bulk"), "text/plain", DSN),
        (headers("x@mx.example", "Undeliverable"), "multipart/report", PLAIN),
        (headers("postmaster@mx.example", "other"), "multipart/report", PLAIN),
    ],
)
def test_two_signs_make_one(given_: Fields, top_type: str, text: str) -> None:
    assert is_machine(given_, top_type, text)


@pytest.mark.parametrize(
    ("given_", "text"),
    [
        (headers("Ann <ann@example.com>", "Undelivered Mail Returned to Sender"), DSN),
        (headers("Ann <ann@example.com>", "Undeliverable", auto_submitted="auto-generated"), PLAIN),
        (headers("Backup <backup@example.com>", "Delivery failed", auto_submitted="auto-generated"), PLAIN),
        (headers("no-reply@shop.example", "Delivery failed"), PLAIN),
        (headers("postmaster@example.com"), PLAIN),
        (headers("postmaster@example.com", "Re: Undeliverable: Printer"), PLAIN),
        (headers("postmaster@example.com", "Mail delivery fails"), "Hello,\n\n" + PLAIN),
        (headers("postmaster@example.com", "Mail delivery fails"), PLAIN + "Can you help?\n"),
        (headers("postmaster@example.com", "Mail delivery fails"), PLAIN + "Best regards,\nAnn\n"),
        (headers("Microsoft Outlook <ann@example.com>", "Printer"), PLAIN),
    ],
)
def test_people_and_other_programs(given_: Fields, text: str) -> None:
    assert not is_machine(given_, "text/plain", text)


@pytest.mark.parametrize(
    "subject",
    [
        "Undelivered Mail Returned to Sender", "failure notice", "DELIVERY FAILURE: User bob",
        "Mail delivery failed: returning message to sender", "Returned mail: see transcript for details",
        "Undeliverable: Update", "Non remis : Mise à jour", "Unzustellbar: Update",
        "No se puede entregar: Update", "Mancato recapito: Update", "Não entregue: Update",
        "Onbestelbaar: Update", "Nie można dostarczyć: Update", "Kan ikke leveres: Update",
        "Det går inte att leverera: Update", "Nedoručitelné: Update", "Kézbesíthetetlen: Update",
        "Не удалось доставить: Update", "Teslim Edilemedi: Update", "系统退信", "配信不能: Update",
        "배달되지 않음: Update", "[BOUNCE]",
    ],
)  # fmt: skip
def test_subjects_of_failures(subject: str) -> None:
    assert is_failure(subject)
    assert hinted("text/plain", (), "", "x@example.com", subject, (), "")


@pytest.mark.parametrize(
    "subject",
    ["Printer", "Re: failure notice", "Fwd: Undelivered Mail", "AW: Unzustellbar", "[x] Re: failure notice"],
)
def test_other_subjects(subject: str) -> None:
    assert not is_failure(subject)


@pytest.mark.parametrize(
    "text",
    [
        "Hi. This is the qmail-send program at mx.example.\n",
        "\n\n  ----- The following addresses had errors -----\n", "****** Message from InterScan ******\n",
        "This report relates to a message you sent with\n", "К сожалению, Ваше письмо\n",
    ],
)  # fmt: skip
def test_how_bounces_begin(text: str) -> None:
    assert opens(text)
    assert not opens("Ann says:\n" + text)


@pytest.mark.parametrize(
    "change",
    [
        {"top_type": "multipart/report"},
        {"fields": ("x-failed-recipients",)},
        {"return_path": "<>"},
        {"return_path": "<MAILER-DAEMON@mx.example>"},
        {"sender": "Postmaster <postmaster@mx.example>"},
        {"sender": ""},
        {"sender": "no-reply@mx.example", "text": DSN},
        {"types": ("message/delivery-status",)},
    ],
)
def test_hints(change: dict[str, str]) -> None:
    ordinary = {
        "top_type": "text/plain", "fields": ("from", "to"), "return_path": "<ann@example.com>",
        "sender": "Ann <ann@gmail.example>",
        "subject": "Re: the mail about the printer", "types": ("application/pdf",), "text": "Hello",
    }  # fmt: skip
    assert not hinted(**ordinary)  # type: ignore[arg-type]
    assert hinted(**{**ordinary, **change})  # type: ignore[arg-type]


def test_the_quick_look_misses_nothing() -> None:
    plain = [word for word in bouncewords.SUBJECTS if word.isascii()]
    assert [word for word in plain if not any(stem in word for stem in bouncewords.SUBJECT_STEMS)] == []
    senders = bouncewords.SURE_DAEMONS + bouncewords.DAEMONS
    assert [word for word in senders if not any(stem in word for stem in bouncewords.DAEMON_STEMS)] == []


@pytest.mark.parametrize(
    "table", ["SURE_DAEMONS", "DAEMONS", "SUBJECTS", "OPENINGS", "FAILURES", "GREETINGS"]
)
def test_the_words_are_folded_as_the_texts_are(table: str) -> None:
    words = getattr(bouncewords, table)
    assert [word for word in words if word != word.casefold().replace("’", "'") or not word.strip()] == []
    assert len(set(words)) == len(words)
