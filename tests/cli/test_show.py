"""What reaches a terminal: a stranger's words without control characters, JSON that stays JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.cli import show


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain", "plain", id="ascii"),
        pytest.param("l'imprimante du deuxième étage", "l'imprimante du deuxième étage", id="french"),
        pytest.param("red \x1b[31malert\x1b[0m", "red [31malert[0m", id="terminal escape"),
        pytest.param("a\x9b31mb", "a31mb", id="C1 control sequence introducer"),
        pytest.param("fdp.\u202eexe", "fdp.exe", id="right-to-left override"),
        pytest.param("a\u2066b\u2069", "ab", id="bidi isolates"),
        pytest.param("pay\u200bpal", "paypal", id="zero-width space"),
        pytest.param("two\nlines", "two lines", id="line break"),
        pytest.param("a\u2028b", "ab", id="line separator"),
        pytest.param("\ud800x", "x", id="lone surrogate"),
        pytest.param("[bold]no markup[/bold]", "[bold]no markup[/bold]", id="markup stays text"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert show.plain(text) == expected


def test_block_keeps_line_breaks_and_nothing_else() -> None:
    assert show.block("one\r\ntwo\x1b[2J\n\nthree") == "one\ntwo[2J\n\nthree"


@given(st.text())
def test_json_is_read_back_as_it_was_and_holds_nothing_unsafe(text: str) -> None:
    for indent in (None, 2):
        out = show.dumps({"text": text, text: 1}, indent=indent)
        assert json.loads(out) == {"text": text, text: 1}
        assert all(show.plain(line) == line for line in out.split("\n"))


@pytest.mark.parametrize("text", ["\ud800", "\U000e0041", "\x7f", "\x00"])
def test_json_of_what_cannot_be_encoded(text: str) -> None:
    out = show.dumps([text])
    out.encode("utf-8")
    assert json.loads(out) == [text]


def test_one_line_json_has_no_line_break() -> None:
    assert "\n" not in show.dumps({"text": "a\nb\r\n\u2028c"})


def test_a_table_shows_markup_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    show.table(["Title"], [["[red]alert[/red] :smile: \x1b[31m"]], none="nothing")
    assert "[red]alert[/red] :smile: [31m" in capsys.readouterr().out


def test_an_empty_table_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    show.table(["Title"], [], none="No tickets.")
    assert capsys.readouterr().out == "No tickets.\n"


def test_an_empty_list_is_an_empty_array(capsys: pytest.CaptureFixture[str]) -> None:
    show.listing([], True, {"a": "A"}, none="nothing")
    assert json.loads(capsys.readouterr().out) == []


def test_listing_shows_lists_and_flags_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    show.listing([{"a": ["x", "y"], "b": True, "c": None}], False, {"a": "A", "b": "B", "c": "C"}, none="")
    assert capsys.readouterr().out.split() == ["A", "B", "C", "x,", "y", "yes"]


def test_fields_leave_out_what_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    show.fields([("Status", "open"), ("Devices", []), ("Team", None), ("Level", 0)])
    assert capsys.readouterr().out == "Status  open\nLevel   0\n"
