"""Rule 3.2: what is new, what is quoted, what is signature."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.html import to_text
from mailgate.mail.reply import split

ATTRIBUTION = "On 2 Nov 2026, at 10:00, Ann <a@example.com> wrote:"


def test_inline_answers_keep_what_they_answer() -> None:
    text = "On 2 Nov 2026, Ann <a@example.com> wrote:\n> Which version?\n\n3.2\n\n> Which system?\n\nLinux\n\n> Yours\n"
    got = split(text, "Re: help")
    assert got.text == "> Which version?\n\n3.2\n\n> Which system?\n\nLinux"
    assert "> Yours" in got.quoted
    assert "wrote:" in got.quoted


def test_one_answer_below_the_whole_quote() -> None:
    got = split("On 2 Nov 2026, Ann <a@example.com> wrote:\n> Which version?\n\n3.2\n", "Re: help")
    assert got.text == "3.2"


def test_a_line_that_a_program_wrapped_stays_in_its_quote() -> None:
    got = split(
        "Yes.\n\n> this is a rather long line that some program has wrapped without care\nfor its "
        "marks\n> and so on\n",
        "Re: help",
    )
    assert got.text == "Yes."


def test_an_answer_below_a_long_quoted_line_is_no_wrapped_part_of_it() -> None:
    text = "> Is it true that the machine in the hall has stopped again since this morning?\nyes\n> And the other one?\nno"
    assert split(text, "Re: help").text == text


def test_points_of_a_whole_quote_above_them() -> None:
    text = f"{ATTRIBUTION}\n> First.\n> Second.\n\nTo begin with:\n\n> Second.\n\nNo.\n"
    got = split(text, "Re: help")
    assert got.text == "To begin with:\n\n> Second.\n\nNo."
    assert got.quoted.startswith(ATTRIBUTION)


def test_what_the_writer_cites_above_the_quoted_mail_is_his() -> None:
    got = split(f"Your page says:\n\n> all is well\n\n{ATTRIBUTION}\n> Which?\n", "Re: help")
    assert got.text == "Your page says:\n\n> all is well"


def test_what_the_writer_cites_in_a_first_mail_is_his() -> None:
    text = "Your page says:\n\n> all is well"
    assert split(text, "help", answers=False).text == text
    assert split(text, "Re: help", answers=False).text == "Your page says:"


def test_less_or_equal_is_no_mark() -> None:
    text = "We need x > 3.\n>= 4 is also fine."
    assert split(text, "help").text == text


def test_nothing_new() -> None:
    assert split(f"{ATTRIBUTION}\n> old\n> words\n", "Re: help").text == ""
    assert split("> old\n> words\n", "help").text == "> old\n> words"


def test_a_quote_of_nobody_may_be_the_answer() -> None:
    """A program that marks every line, the answer too."""
    assert split("> old\n> words\n", "Re: help").text == "> old\n> words"


def test_words_below_a_phones_line_in_an_answer_without_a_quote_are_what_it_quotes() -> None:
    got = split("It is 3.2.\n\nSent from my Phone 7\n\nWhich version?\nYours, Ben\n", "Re: help")
    assert (got.text, got.signature, got.quoted) == (
        "It is 3.2.",
        "Sent from my Phone 7",
        "Which version?\nYours, Ben",
    )
    typed = split(
        f"It is 3.2.\n\nSent from my iPhone\n\nAnd 3.3 at home.\n\n{ATTRIBUTION}\n> Which?\n", "Re: help"
    )
    assert typed.text == "It is 3.2.\n\nSent from my iPhone\n\nAnd 3.3 at home."


def test_initials_and_all_ends_of_lines() -> None:
    for end in ("\n", "\r\n", "\r"):
        got = split(end.join(["Yes.", "", ATTRIBUTION, "> Which?", ""]), "Re: help")
        assert (got.text, got.quoted) == ("Yes.", f"{ATTRIBUTION}\n> Which?")


FORWARDS = {
    "by subject": (
        "Please look.\n\nFrom: Ann <ann@example.com>\nSent: Monday\nTo: Bob\nSubject: help\n\nIt fails.",
        "WG: help",
    ),
    "by gmail's marker": (
        "Please look.\n\n---------- Forwarded message ---------\nFrom: Ann <ann@example.com>\nDate: "
        "Monday\nSubject: help\nTo: Bob\n\nIt fails.",
        "help",
    ),
    "by apple's marker": (
        "Please look.\n\nBegin forwarded message:\n\n> From: Ann <ann@example.com>\n> Date: "
        "Monday\n> To: Bob\n> Subject: help\n>\n> It fails.",
        "Re: help",
    ),
    "in French": (
        "Please look.\n\n-------- Message transféré --------\nSujet : help\nDate : lundi\nDe : Ann "
        "<ann@example.com>\nPour : Bob\n\nIt fails.",
        "help",
    ),
    "from the top": (
        "From: Ann <ann@example.com>\nDate: Monday\nTo: Bob\nSubject: help\n\nIt fails.",
        "help",
    ),
}


@pytest.mark.parametrize(("text", "subject"), FORWARDS.values(), ids=FORWARDS.keys())
def test_forwards_are_content(text: str, subject: str) -> None:
    got = split(text, subject)
    assert got.is_forward
    assert (got.text, got.quoted, got.signature) == (text, "", "")
    assert got.forwarded is not None
    assert (got.forwarded.from_, got.forwarded.to, got.forwarded.subject) == (
        "Ann <ann@example.com>",
        "Bob",
        "help",
    )
    assert got.forwarded.text == "It fails."


def test_an_answer_to_a_forward_is_no_forward() -> None:
    got = split(
        f"Yes.\n\n{ATTRIBUTION}\n> ---------- Forwarded message ---------\n> From: b@example.com\n",
        "Re: Fwd: help",
    )
    assert not got.is_forward
    assert got.text == "Yes."


BLOCK = "From: Ann <ann@example.com>\nSent: Monday\nTo: Bob\nSubject: help\n\nIt fails."


def test_an_earlier_mail_in_a_mail_that_answers_nothing_is_a_forward() -> None:
    text = f"Please look.\n\n{BLOCK}"
    assert split(text, "printer", answers=False).text == text
    assert split(text, "printer", answers=True).text == "Please look."
    assert split(text, "", answers=False).text == "Please look."


@pytest.mark.parametrize(
    ("block", "kept"),
    [(BLOCK.replace("From", "Fra").replace("Sent", "Sendt").replace("To:", "Til:"), True), (BLOCK, False)],
)
def test_a_prefix_of_two_meanings_is_read_by_the_block(block: str, kept: bool) -> None:
    text = f"Se venligst.\n\n{block}"
    assert split(text, "VS: help").is_forward is kept


def test_a_mail_that_begins_with_the_earlier_one_may_be_signed() -> None:
    got = split(f"{BLOCK}\n\nRegards\nAnn\n", "Re: help")
    assert (got.text, got.signature, got.is_forward) == (BLOCK, "Regards\nAnn", True)
    assert split(f"{BLOCK}\n\nRegards\nAnn\n", "Fwd: help").signature == ""


OLD = "<p>Which version?</p><p>Yours, Ben</p>"
BEN = "Ben &lt;ben@example.com&gt;"
LABELS = f"<b>From:</b> {BEN}<br><b>To:</b> Ann<br><b>Date:</b> 2 Nov 2026<br><b>Subject:</b> x<br>"
HTML = {
    "Gmail, unknown language": '<div dir="ltr">NEW</div><br><div class="gmail_quote"><div class="gmail_attr">Mnamo Jum 2 Nov Ben '
    f'ameandika:<br></div><blockquote class="gmail_quote" style="border-left:1px solid">{OLD}</blockquote></div>',
    "Outlook for the web": '<div>NEW</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg" dir="ltr"><b>Xrom:</b> '
    f"{BEN}<br><b>Zent:</b> Monday<br><b>Tu:</b> Ann<br><b>Zubject:</b> x</div>{OLD}",
    "Outlook": '<div><p>NEW</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p><b>From:</b> Ben'
    f"<br><b>Sent:</b> Monday, November 2, 2026<br><b>To:</b> Ann<br><b>Subject:</b> x</p></div>{OLD}</div>",
    "Apple Mail": f'NEW<br><div><br><blockquote type="cite"><div>On 2 Nov 2026, at 10:00, {BEN} wrote:</div><br>{OLD}</blockquote></div>',
    "Yahoo, unknown language": '<div class="ydp1yahoo-style-wrap">NEW</div><div id="ydp3yahoo_quoted_17" class="ydp3yahoo_quoted">'
    f"<div>Mnamo 2 Novemba 2026 Ben:</div><div>{OLD}</div></div>",
    "Thunderbird, unknown language": '<p>NEW</p><div class="moz-cite-prefix">Mnamo 2/11/2026, Ben aliandika:<br></div>'
    f'<blockquote type="cite" cite="mid:x@example.com">{OLD}</blockquote>',
    "Proton": f'<div>NEW</div><div class="protonmail_quote">On Monday, November 2nd, 2026 at 10:00 AM, {BEN} wrote:<br>'
    f'<blockquote class="protonmail_quote" type="cite">{OLD}</blockquote></div>',
    "Zoho": '<div>NEW</div><div class="zmail_extra"><div id="Zm-_Id_-Sgn1">---- On Mon, 02 Nov 2026 10:00:50 +0100 '
    f'<b>{BEN}</b> wrote ----<br></div><blockquote id="blockquote_zmail"><div>{OLD}</div></blockquote></div>',
    "Yandex": f'<div>NEW</div><div>02.11.2026, 10:00, "Ben" &lt;ben@example.com&gt;:</div><blockquote>{OLD}</blockquote>',
    "GMX": '<div>NEW</div><div name="quote" style="border-left:2px solid"><div><b>Gesendet:</b>&nbsp;Montag, 02. November 2026<br/>'
    f"<b>Von:</b>&nbsp;{BEN}<br/><b>An:</b>&nbsp;ann@example.com<br/><b>Betreff:</b>&nbsp;x</div><div>{OLD}</div></div>",
    "Hotmail": '<div>NEW<br><br><hr id="stopSpelling">Date: Mon, 2 Nov 2026 10:00:00 +0100<br>Subject: x<br>From: ben@example.com'
    f"<br>To: ann@example.com<br><br>{OLD}</div>",
    "Tuta": f'<div>NEW</div><div>Nov 2, 2026, 10:00 by ben@example.com:<br></div><blockquote class="tutanota_quote">{OLD}</blockquote>',
    "Zimbra": f'<div>NEW</div><br><hr id="zwchr"><div>{LABELS}</div><br>{OLD}',
    "a table of labels": f"<div>NEW</div><table><tr><td>From:</td><td>{BEN}</td></tr><tr><td>To:</td><td>Ann</td></tr>"
    f"<tr><td>Date:</td><td>2 Nov 2026</td></tr><tr><td>Subject:</td><td>x</td></tr></table>{OLD}",
}


@pytest.mark.parametrize("html", HTML.values(), ids=HTML.keys())
def test_html_of_mail_programs(html: str) -> None:
    got = split(to_text(html), "Re: x")
    assert got.text == "NEW"
    assert "Which version?" in got.quoted


LINES = st.sampled_from(
    [
        "",
        "words",
        "> quote",
        ">> deep",
        "On 2 Nov 2026, Ann <a@example.com> wrote:",
        "-- ",
        "Regards",
        "Sent from my iPhone",
        "From: a@example.com",
        "Sent: Monday",
        "To: Bob",
        "Subject: help",
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "_____",
        "Ann",
        "  > x",
    ]
)


SUBJECTS = st.sampled_from(["help", "Re: help", "Fwd: help", "VS: help", ""])


@given(st.lists(LINES | st.text(max_size=30), max_size=25), SUBJECTS, st.booleans())
def test_every_line_is_in_exactly_one_of_the_three(lines: list[str], subject: str, answers: bool) -> None:
    text = "\n".join(lines)
    got = split(text, subject, "Ann", answers)
    parts = [line.rstrip() for part in (got.text, got.quoted, got.signature) for line in part.split("\n")]
    written = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    assert sorted(line for line in parts if line) == sorted(line for line in written if line)


@given(st.lists(LINES, max_size=25), SUBJECTS)
def test_the_parts_keep_the_order_of_the_lines(lines: list[str], subject: str) -> None:
    numbered = [
        f"{line} {n}" if line and not line.startswith(("On", "--")) else line for n, line in enumerate(lines)
    ]
    got = split("\n".join(numbered), subject)
    for part in (got.text, got.quoted, got.signature):
        kept = [numbered.index(line) for line in part.split("\n") if line in numbered and line[-1:].isdigit()]
        assert kept == sorted(kept)


HOSTILE = [
    "On ",
    "On 1 \n",
    " ",
    "-",
    "\n",
    ">",
    ">\na\n",
    "From: a@b.c\n\n",
    "-----Original Message-----\n",
    "Am 01.01.2026 schrieb ",
    "--\n",
    "Regards\n",
    "Sent from ",
    "To: a@b.c,\n",
    "<a@b\n",
    "wrote:\n",
    "___\nFrom: a@b.c\n",
    "Subject: x\nTo: y\n",
    "<http://",
    "x\n",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: split("hello\n" + piece * n, "Re: help"), 50_000 // len(piece))
