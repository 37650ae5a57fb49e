"""Rule 3.2: the line above a quote, by mail program and language."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail.attributions import PROSE, SURE, WEAK

from mailgate.mail import attribution
from mailgate.mail.quoting import sheet
from mailgate.mail.reply import split

MARKED = "> Which version?\n> Yours, Ann"
UNMARKED = "Which version?\nYours, Ann"
LINES = [(program, line) for program, lines in SURE.items() for line in lines]
WEAK_LINES = [(program, line) for program, lines in WEAK.items() for line in lines]


def new_text(attribution_line: str, quote: str) -> str:
    return split(f"It is 3.2.\n\n{attribution_line}\n\n{quote}\n", "Re: help").text


@pytest.mark.parametrize("quote", [MARKED, UNMARKED], ids=["marked", "unmarked"])
@pytest.mark.parametrize(("program", "line"), LINES)
def test_an_attribution_is_cut_with_its_quote(program: str, line: str, quote: str) -> None:
    assert new_text(line, quote) == "It is 3.2."


@pytest.mark.parametrize(("program", "line"), [pair for pair in LINES if pair[0] != "GroupWise"])
def test_a_wrapped_attribution_is_one(program: str, line: str) -> None:
    for width in (36, 52, 64, 72):
        at = line.rfind(" ", 0, width)
        if 8 <= at < len(line) - 2:
            wrapped = f"{line[:at]}\n{line[at + 1 :]}"
            assert new_text(wrapped, MARKED) == "It is 3.2.", wrapped
            assert new_text(wrapped, UNMARKED) == "It is 3.2.", wrapped


def test_three_lines() -> None:
    line = "On Monday, November 2, 2026 at 10:00 AM,\nAnn Lee from the Accounting Department\n<ann.lee@example.com> wrote:"
    assert new_text(line, UNMARKED) == "It is 3.2."


def test_an_address_that_a_program_broke_before_its_bracket() -> None:
    line = "man. 2. nov. 2026 kl. 10:00 skrev Ann <ann@example.com\n>:"
    assert new_text(line, MARKED) == "It is 3.2."


def test_the_line_above_belongs_to_the_writer() -> None:
    got = split(
        "See you at 10:00\nOn 2 Nov 2026, at 9:00, Ann <ann@example.com> wrote:\n> When?\n", "Re: help"
    )
    assert got.text == "See you at 10:00"


@pytest.mark.parametrize(("program", "line"), WEAK_LINES)
def test_what_is_not_beyond_doubt_needs_a_marked_quote(program: str, line: str) -> None:
    assert new_text(line, MARKED) == "It is 3.2."
    assert line in new_text(line, UNMARKED)


@pytest.mark.parametrize("line", PROSE)
def test_a_sentence_is_none(line: str) -> None:
    assert line in new_text(line, UNMARKED)
    inline = split(f"{line}\n\n> quoted words\n\nAnd so on.\n", "Re: help")
    assert "And so on." in inline.text


@pytest.mark.parametrize("line", PROSE[:-1])
def test_a_sentence_above_a_quote_stays(line: str) -> None:
    assert line in split(f"{line}\n> quoted words\n", "Re: help").text


def test_quotes_inside_quotes_are_not_looked_at() -> None:
    got = split(
        "Yes.\n\nOn 2 Nov 2026, at 10:00, Ann <ann@example.com> wrote:\n\n> On 1 Nov 2026, Bob <bob@example.com> wrote:\n>> Is it?\n",
        "Re: help",
    )
    assert got.text == "Yes."


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Ann Lee ---02.11.2026 10:00:00---Hello Bob", True),
        ('"Ann Lee" ---11/02/2026 10:00:00 AM---Hello', True),
        ("I saw it --- twice --- yesterday", False),
    ],
)
def test_the_line_of_lotus_notes(line: str, kind: bool) -> None:
    assert attribution.is_notes(line) is kind


@given(
    st.lists(
        st.sampled_from(["On 2 Nov 2026", "<a@b.example>", "wrote:", "> x", "", "schrieb", ":"])
        | st.text(max_size=20),
        max_size=8,
    )
)
def test_any_lines(lines: list[str]) -> None:
    plain = sheet("\n".join(lines)).plain
    for at in range(len(plain)):
        count, kind = attribution.find(plain, at)
        assert 0 <= count <= min(attribution.WRAP, len(plain) - at)
        assert bool(count) == bool(kind)


@pytest.mark.parametrize(
    "piece",
    [
        "On ",
        "Am 1. Mai 2026 schrieb\n",
        "On 2 Nov 2026, Ann <a@b.example>\n",
        "wrote:\n",
        "<a@b",
        "1:00 ",
        "Quoting A:\n> x\ny\n",
        "\u202b>\n",
        "@",
    ],
)
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: split("hello\n" + piece * n, "Re: help"), 50_000 // len(piece))
