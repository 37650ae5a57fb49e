"""`explain --html`: every line once and in its colour, every word of a mail data, nothing on the page that runs or loads."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.render import explanation, marks

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}{% raw %}\u202eevil\x1b[31m'


def explained(**changes: Any) -> dict[str, Any]:
    """An explanation with every key of DESIGN §6."""
    return {
        "file": "mail.eml", "kind": "person", "outcome": "ticket", "reasons": ["a person's mail"], "ticket": None, "threaded_by": "none",
        "sender": {"address": "a@x.example", "name": "Ann", "trust": "proof", "auth": "a token"}, "title": "It is broken",
        "text": "", "quoted": "", "signature": "", "full_text": "", "forwarded": None, "language": "", "recipients": [],
        "attachments": [], "commands": [], "severity": "question", "category": "general", "escalation": None, "bounce": None,
        "message": {"subject": "It is broken", "date": None, "message_id": ""}, "defects": [], "would_send": [],
    } | changes  # fmt: skip


def page(*explanations: dict[str, Any]) -> str:
    pages = explanation.Pages()
    return pages.head() + "".join(map(pages.mail, explanations)) + pages.foot()


# ---------------------------------------------------------------- which line went where

FATES = {
    "all kept": (("one\ntwo", "", "", 0), [("kept", "one\ntwo")]),
    "quote below": (("one\n\n> two", "> two", "", 0), [("kept", "one\n"), ("quoted", "> two")]),
    "signature between": (
        ("one\n-- \nAnn\n\nOn Monday you wrote:\n> two", "On Monday you wrote:\n> two", "-- \nAnn", 0),
        [("kept", "one"), ("signature", "-- \nAnn\n"), ("quoted", "On Monday you wrote:\n> two")],
    ),
    "the same line in both": (
        ("Thanks\n> a\nThanks", "> a\nThanks", "", 0),
        [("kept", "Thanks"), ("quoted", "> a\nThanks")],
    ),
    "commands on top": (
        ("Severity: outage\nNope: x\n\nHelp", "", "", 2),
        [("command", "Severity: outage\nNope: x"), ("kept", "\nHelp")],
    ),
    "blank lines first": (("\n\none", "", "", 0), [("kept", "\n\none")]),
    "any line ends": (("one\r\n> two\rthree", "> two", "", 0), [("kept", "one"), ("quoted", "> two"), ("kept", "three")]),
}  # fmt: skip


@pytest.mark.parametrize(("given_", "wanted"), FATES.values(), ids=FATES)
def test_each_line_has_its_fate(given_: tuple[str, str, str, int], wanted: list[tuple[str, str]]) -> None:
    full, quoted, signature, commands = given_
    lines = full.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cut = set(quoted.split("\n")) | set(signature.split("\n"))
    text = "\n".join(line for n, line in enumerate(lines) if line not in cut or n == 0)
    found = marks.passages(
        explained(
            full_text=full, text=text, quoted=quoted, signature=signature,
            commands=[{"key": "Severity", "value": "", "state": "done", "why": ""}] * commands,
        )
    )  # fmt: skip
    assert [(each.fate, "\n".join(each.lines)) for each in found] == wanted


def test_a_line_that_nobody_kept_is_still_shown() -> None:
    found = marks.passages(explained(full_text="a\nb", text="a"))
    assert [(each.fate, each.lines) for each in found] == [("kept", ("a",)), ("plain", ("b",))]


LINES = st.lists(st.sampled_from(["a", "b", "", "> a", "-- ", " a"]), max_size=12)


@given(LINES, LINES, LINES, LINES, st.integers(0, 3))
def test_every_line_comes_out_once_and_in_order(
    full: list[str], text: list[str], quoted: list[str], signature: list[str], commands: int
) -> None:
    given_ = explained(
        full_text="\n".join(full), text="\n".join(text), quoted="\n".join(quoted), signature="\n".join(signature),
        commands=[{"key": "x", "value": "", "state": "done", "why": ""}] * commands,
    )  # fmt: skip
    out = [line for passage in marks.passages(given_) for line in passage.lines]
    assert out == ("\n".join(full).split("\n") if "\n".join(full) else [])


# ---------------------------------------------------------------- every word is data


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def everywhere(word: str) -> dict[str, Any]:
    """An explanation with `word` wherever a stranger's words may stand."""
    return explained(
        file=word, reasons=[word], sender={"address": word, "name": word, "trust": "proof", "auth": word}, title=word, text=word,
        full_text=f"{word}\n{word}", quoted=word, forwarded={"from": word, "to": word, "subject": word, "date": word, "text": word},
        recipients=[{"address": word, "state": "left_out", "why": word}],
        attachments=[{"filename": word, "content_type": word, "size": 12345, "state": "kept", "why": word}],
        commands=[{"key": word, "value": word, "state": "refused", "why": word}], severity="outage", category=word,
        escalation={"level": 1, "asked_by": word}, defects=[word],
        bounce=[{"recipient": word, "action": "failed", "status": "5.1.1", "diagnostic": word}],
        message={"subject": word, "date": word, "message_id": word}, would_send=[{"to": word, "template": "update", "language": "en"}],
    )  # fmt: skip


def test_a_hostile_word_stays_a_word_wherever_it_stands() -> None:
    plain, hostile = Elements(), Elements()
    plain.feed(page(everywhere("word")))
    hostile.feed(page(everywhere(HOSTILE)))
    odd = [element for element in hostile.found if element == ("b", {"class": "odd"})]
    assert odd
    assert [element for element in hostile.found if element not in odd] == plain.found
    assert "49" not in page(everywhere("{{7*7}}"))


@given(st.text(max_size=60))
def test_no_word_makes_an_element(word: str) -> None:
    assert re.sub(r'<b class="odd">U\+[0-9A-F]{4,6}</b>', "", str(explanation.shown(word))).count("<") == 0


def test_characters_that_hide_are_shown_by_number() -> None:
    assert str(explanation.shown("a\u202eb\x1b\u200bc\td\ne")) == (
        'a<b class="odd">U+202E</b>b<b class="odd">U+001B</b><b class="odd">U+200B</b>c\td\ne'
    )


def test_nothing_runs_and_nothing_is_loaded() -> None:
    made = page(everywhere("word"))
    assert "default-src 'none'" in made
    elements = Elements()
    elements.feed(made)
    assert not {tag for tag, _ in elements.found} & {"script", "img", "iframe", "object", "link", "a", "form"}
    assert not [
        name for _, attributes in elements.found for name in attributes if name in ("src", "href", "onclick")
    ]


# ---------------------------------------------------------------- the page


def test_a_mail_that_could_not_be_read_says_why() -> None:
    made = page({"file": "gone.eml", "error": "cannot be read: no such file"}, explained())
    assert "cannot be read: no such file" in made
    assert made.count("<article>") == 2
    assert made.startswith("<!DOCTYPE html>\n")
    assert made.rstrip().endswith("</html>")


def test_a_long_text_is_cut_and_says_by_how_much() -> None:
    text = "word\n" * 100_000
    made = page(explained(full_text=text, text=text))
    assert "300,000 more characters are not shown here" in made
    assert len(made) < 250_000


def test_the_first_line_of_a_passage_keeps_its_blank_line() -> None:
    """HTML drops one line break after <pre>; the template spends one of its own."""
    made = page(explained(full_text="Severity: outage\n\nHelp", text="Severity: outage\n\nHelp",
                          commands=[{"key": "Severity", "value": "outage", "state": "done", "why": ""}]))  # fmt: skip
    assert "<pre>\n\nHelp</pre>" in made
