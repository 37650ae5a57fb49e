"""Rule 3.2: header blocks, dividers, and forward markers, by mail program and language."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail.headings import BLOCKS, DIVIDERS, FORWARDS, TRAPS

from mailgate.mail import heading, locales
from mailgate.mail.quoting import sheet
from mailgate.mail.reply import split

LATER = "Which version?\nYours, Ann"


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
def test_a_header_block_begins_the_earlier_mail(block: str) -> None:
    mark = "> " if block.startswith(">") else ""
    later = "\n".join(f"{mark}{line}" for line in ["", *LATER.split("\n")])
    got = split(f"It is 3.2.\n\n{block}\n{later}\n", "Re: help")
    assert got.text == "It is 3.2."
    assert [line for line in got.quoted.split("\n") if line.strip()] == [
        line for line in f"{block}\n{later}".split("\n") if line.strip()
    ]
    assert not got.is_forward


@pytest.mark.parametrize("line", DIVIDERS)
def test_dividers(line: str) -> None:
    got = split(f"It is 3.2.\n\n{line}\n\n{LATER}\n", "Re: help")
    assert (got.text, got.is_forward) == ("It is 3.2.", False)
    assert got.quoted == f"{line}\n\n{LATER}"


@pytest.mark.parametrize("subject", ["help", "Re: help"])
@pytest.mark.parametrize("line", FORWARDS)
def test_a_forward_is_content(line: str, subject: str) -> None:
    text = f"Please look.\n\n{line}\nFrom: Ann <ann@example.com>\nDate: 2 Nov 2026\nSubject: help\nTo: Bob\n\nIt fails."
    got = split(text, subject)
    assert (got.text, got.quoted, got.signature, got.is_forward) == (text, "", "", True)
    assert got.forwarded is not None
    assert (got.forwarded.from_, got.forwarded.subject, got.forwarded.text) == (
        "Ann <ann@example.com>",
        "help",
        "It fails.",
    )


@pytest.mark.parametrize("subject", ["help", "Re: help"])
@pytest.mark.parametrize("lines", TRAPS.values(), ids=TRAPS.keys())
def test_a_persons_own_lines_stay(lines: str, subject: str) -> None:
    text = f"Here it is:\n\n{lines}\n\nWhat is wrong with it?"
    got = split(text, subject)
    assert (got.text, got.quoted, got.signature, got.is_forward) == (text, "", "", False)


@pytest.mark.parametrize(
    "locale", [each for each in locales.LOCALES if each.code], ids=lambda locale: locale.code
)
def test_each_language_has_its_phrases(locale: locales.Locale) -> None:
    for name in ("wrote", "original", "forwarded", "sender", "sent", "to", "subject", "devices", "closings"):
        assert getattr(locale, name), (locale.code, name)


def test_all_languages_of_the_contract_are_there() -> None:
    codes = {locale.code for locale in locales.LOCALES}
    promised = "en fr de es it pt nl pl da sv nb fi cs hu ro ru uk tr el he ar zh ja ko vi"
    assert set(promised.split()) <= codes


def test_a_lone_sender_is_no_block() -> None:
    plain = sheet("From: Ann <ann@example.com>\n\nHello").plain
    assert heading.block(plain, 0) is None


def test_what_a_block_says() -> None:
    plain = sheet(
        "From: Ann\n  <ann@example.com>\nSent: Monday\nTo: Bob,\n Eva\n\nSubject: two\n words\nReply-To: x\n\nHello"
    ).plain
    block = heading.block(plain, 0)
    assert block is not None
    assert block.full
    assert block.fields["from"] == "Ann <ann@example.com>"
    assert block.fields["to"] == "Bob, Eva"
    assert block.fields["subject"] == "two words"


FIELDS = st.sampled_from(
    [
        "From: a@b.example",
        "Sent: x",
        "To: y",
        "Subject: z",
        "Reply-To: q",
        "",
        "more",
        "> From: a",
        "____",
        "Date: 2026",
    ]
)


@given(st.lists(FIELDS | st.text(max_size=20), max_size=12))
def test_any_lines(lines: list[str]) -> None:
    plain = sheet("\n".join(lines)).plain
    for at in range(len(plain)):
        assert heading.marker(plain[at]) in ("", "original", "forward")
        block = heading.block(plain, at)
        assert block is None or at < block.end <= len(plain)
        assert heading.below_rule(plain, at) in (True, False)


@pytest.mark.parametrize(
    "piece",
    [
        "From: a@b.c\n\n",
        "*From:*\n",
        "*From:* ",
        "To: x\nReply-To: y\n",
        "Subject: x\nTo: y\n",
        "To: a@b.c,\n",
        "___\nFrom: a@b.c\n",
        "- - ",
        "Fwd:\n",
        "====",
    ],
)
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: split("hello\n" + piece * n, "Re: help"), 50_000 // len(piece))
