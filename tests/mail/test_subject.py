"""Rules 3.1 and 3.6: prefixes and brackets of subjects."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail import subject


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Re: printer", "printer"),
        ("RE: AW: Rép : printer", "printer"),
        ("Re[2]: printer", "printer"),
        ("Re(3): printer", "printer"),
        ("Re^2: printer", "printer"),
        ("TR : printer", "printer"),
        ("WG: SV: VS: Odp: ENC: printer", "printer"),
        ("Vá: printer", "printer"),
        ("回复：printer", "printer"),
        ("转发: 答复: printer", "printer"),
        ("R: printer", "printer"),
        ("Re:Re:Re:printer", "printer"),
        ("[#12] Re: printer", "[#12] printer"),
        ("Re: [List] Fwd: [EXT] printer", "[List] [EXT] printer"),
        ("Re*2: printer", "printer"),
        ("RE : TR : printer", "printer"),
        ("Antw.: Doorst: printer", "printer"),
        ("R: I: printer", "printer"),
        ("RES: ENC: printer", "printer"),
        ("RV: Rif: printer", "printer"),
        ("Odp: PD: printer", "printer"),
        ("VL: VB: printer", "printer"),
        ("YNT: İLT: printer", "printer"),
        ("ΑΠ: ΠΡΘ: printer", "printer"),
        ("Ответ: printer", "printer"),
        ("HA: printer", "printer"),
        ("НА: printer", "printer"),
        ("Відп: printer", "printer"),
        ("Odg: printer", "printer"),
        ("転送: 返信: printer", "printer"),
        ("轉寄： 回覆： printer", "printer"),
        ("전달: 회신: printer", "printer"),
        ("Trả lời: Chuyển tiếp: printer", "printer"),
        ("\u202bתגובה: printer", "printer"),
        ("\u200fرد: printer", "printer"),
        ("إعادة توجيه: printer", "printer"),
        ("Ｒｅ：printer", "printer"),
        ("Re: [Fwd: printer]", "printer"),
        ("[Fwd: Re: printer]", "printer"),
        ("printer (fwd)", "printer"),
        ("  Re:   two \t words ", "two words"),
        ("Fwd: ", ""),
        ("", ""),
    ],
)
def test_prefixes_go(written: str, title: str) -> None:
    assert subject.title(written) == title


@pytest.mark.parametrize(
    "written",
    [
        "Note: printer",
        "URL: printer",
        "i: am lower case",
        "Re",
        "Return: label",
        "Ref: 4711",
        "ReFresh: all",
        "[a] [b]",
        "Réf : 4711",
        "Betr: printer",
        "Ha: funny",
        "er: lower case",
        "res: publica",
        "10:15 printer",
        "Perl: a question",
        "[note: printer]",
        "[fw: a] b",
        "printer (fwd) again",
    ],
)
def test_other_words_stay(written: str) -> None:
    assert subject.title(written) == written


@pytest.mark.parametrize(
    ("written", "reply", "forward"),
    [
        ("Re: x", True, False),
        ("[#1] AW: x", True, False),
        ("Fwd: x", False, True),
        ("WG: Re: x", False, True),
        ("Re: Fwd: x", True, False),
        ("RV: x", False, True),
        ("x", False, False),
        ("[Fwd: x]", False, True),
        ("x (fwd)", False, True),
        ("Re: x (fwd)", True, False),
        ("VS: x", True, False),
        ("転送: x", False, True),
        ("", False, False),
    ],
)
def test_outermost_prefix_says_what_it_is(written: str, reply: bool, forward: bool) -> None:
    assert (subject.is_reply(written), subject.is_forward(written)) == (reply, forward)


@pytest.mark.parametrize(
    ("written", "either"), [("VS: x", True), ("[a] vs: x", True), ("Re: VS: x", False), ("x", False)]
)
def test_one_prefix_has_two_meanings(written: str, either: bool) -> None:
    assert subject.is_either(written) is either


def test_brackets_are_found_with_their_places() -> None:
    written = "Re[2]: [#123 escalate] help [EU, outage] []"
    found = subject.brackets(written)
    assert [group.words for group in found] == [("#123", "escalate"), ("EU", "outage")]
    assert [written[group.start : group.end] for group in found] == ["[#123 escalate]", "[EU, outage]"]


def test_an_unclosed_bracket_is_none() -> None:
    assert subject.brackets("[#12 and [#13] and ]") == (subject.Bracket(9, 14, ("#13",)),)


@given(st.text(max_size=200))
def test_title_is_stable_and_words_come_from_the_subject(written: str) -> None:
    title = subject.title(written)
    assert (
        subject.title(title) == title or subject.is_reply(title) or subject.is_forward(title) or "[" in title
    )
    assert set(title.split()) <= set(written.split()) | {part for w in written.split() for part in _tails(w)}


def _tails(word: str) -> set[str]:
    return {word[i:j] for i in range(len(word)) for j in range(i + 1, len(word) + 1)}


@pytest.mark.parametrize(
    "piece",
    ["Re: ", "[a] ", "[", " ", "Re[2]", "：", "[a] Re: ", "[Fwd: ", "(fwd)", "\u200f", "Re ", "aaaaaaaa "],
)
def test_linear(piece: str, linear: Any) -> None:
    for work in (subject.title, subject.brackets, subject.is_reply):
        linear(lambda n, work=work: work(piece * n), 100_000)
