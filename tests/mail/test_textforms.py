"""Forms of text that are undone before a reader sees it: format=flowed, clear signatures, text/enriched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail import enriched, flowed, pgp

FLOWED = {
    "soft_break": ("one \ntwo\nthree", "one two\nthree"),
    "two_soft_breaks": ("a \nb \nc", "a b c"),
    "nothing_soft": ("a\nb\n\nc", "a\nb\n\nc"),
    "blank_line_ends_a_paragraph": ("a \n\nb", "a\n\nb"),
    "signature_mark_is_hard": ("a\n-- \nAnn", "a\n-- \nAnn"),
    "signature_mark_ends_a_paragraph": ("a \n-- \nAnn", "a\n-- \nAnn"),
    "stuffing": (" From me\n  indented", "From me\n indented"),
    "stuffed_quote_mark": (" > not quoted", " > not quoted"),
    "quote": ("> a \n> b\nc", "> a b\nc"),
    "quote_without_blank": (">a \n>b", ">a b"),
    "another_depth_ends_a_paragraph": ("> a \n>> b \n> c", "> a\n>> b\n> c"),
    "quoted_blank_line": ("> a \n>\n> b", "> a\n>\n> b"),
    "soft_at_the_end": ("a ", "a "),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("text", "joined"), FLOWED.values(), ids=FLOWED)
def test_flowed(text: str, joined: str) -> None:
    assert flowed.unflow(text, delete_space=False) == joined


def test_deleted_spaces() -> None:
    assert flowed.unflow("Donau \ndampf \nschiff", delete_space=True) == "Donaudampfschiff"
    assert flowed.unflow("> 日 \n> 本", delete_space=True) == "> 日本"


@given(st.text(alphabet=">- ab\n", max_size=80), st.booleans())
def test_no_word_is_lost_in_flowed_text(text: str, delete: bool) -> None:
    found = flowed.unflow(text, delete)
    assert [c for c in found if c in "ab"] == [c for c in text if c in "ab"]


def armored(*lines: str, hash_: str = "Hash: SHA256\n") -> str:
    body = "\n".join(lines)
    return f"-----BEGIN PGP SIGNED MESSAGE-----\n{hash_}\n{body}\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----"


CLEAR = {
    "signed": (armored("Hello", "there"), "Hello\nthere"),
    "no_hash": (armored("Hello", hash_=""), "Hello"),
    "dashes": (armored("- -- ", "- - a", "-"), "-- \n- a\n-"),
    "words_around": ("before\n" + armored("in") + "\nbehind", "before\nin\nbehind"),
    "two": (armored("one") + "\n" + armored("two"), "one\ntwo"),
    "no_signature": ("-----BEGIN PGP SIGNED MESSAGE-----\n\nHello", None),
    "no_end": (armored("Hello").removesuffix("-----END PGP SIGNATURE-----"), None),
    "no_blank_line": ("-----BEGIN PGP SIGNED MESSAGE-----\nHello\n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----", None),
    "quoted": ("> " + armored("Hello").replace("\n", "\n> "), None),
    "plain": ("Hello", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "clear"), CLEAR.values(), ids=CLEAR)
def test_clear_signatures(text: str, clear: str | None) -> None:
    assert pgp.clear(text) == (text if clear is None else clear)


def test_encrypted_text() -> None:
    assert pgp.is_encrypted("\n-----BEGIN PGP MESSAGE-----\n\nabc")
    assert not pgp.is_encrypted("My key:\n-----BEGIN PGP MESSAGE-----")


ENRICHED = {
    "commands": ("<bold>Now</bold> is <smaller>the</smaller> time", "Now is the time"),
    "parameters": ("<color><param>red</param>word</color>", "word"),
    "one_break_is_a_blank": ("a\nb", "a b"),
    "two_breaks_are_one": ("a\n\nb", "a\nb"),
    "three_breaks_are_two": ("a\n\n\nb", "a\n\nb"),
    "literal": ("a << b <c", "a < b <c"),
    "no_fill": ("<nofill>a\n b\n</nofill>c\nd", "a\n b\nc d"),
    "excerpt": ("<excerpt>old</excerpt>new", "> old\nnew"),
    "excerpts": ("<excerpt>a<excerpt>b</excerpt></excerpt>", "> a\n> > b"),
    "centre": ("a<center>b</center>c", "a\nb\nc"),
    "unclosed": ("<bold>a<param>b", "a"),
    "empty": ("", ""),
}  # fmt: skip
RICH = {
    "breaks": ("a\nb<nl>c", "a b\nc"),
    "literal": ("a <lt> b", "a < b"),
    "comment": ("a<comment>x</comment>b", "ab"),
    "paragraph": ("<paragraph>a</paragraph>b", "a\nb"),
    "excerpt": ("<excerpt>a</excerpt>b", "> a\nb"),
}


@pytest.mark.parametrize(("source", "text"), ENRICHED.values(), ids=ENRICHED)
def test_enriched(source: str, text: str) -> None:
    assert enriched.to_text(source, rich=False) == text


@pytest.mark.parametrize(("source", "text"), RICH.values(), ids=RICH)
def test_richtext(source: str, text: str) -> None:
    assert enriched.to_text(source, rich=True) == text


HOSTILE: dict[str, Any] = {
    "soft_lines": lambda n: flowed.unflow("a \n" * n, False),
    "quote_marks": lambda n: flowed.unflow(">" * n, False),
    "beginnings_of_signatures": lambda n: pgp.clear("-----BEGIN PGP SIGNED MESSAGE-----\n" * n),
    "signatures": lambda n: pgp.clear((armored("x") + "\n") * (n // 200)),
    "less_thans": lambda n: enriched.to_text("<" * n, False),
    "excerpts": lambda n: enriched.to_text("<excerpt>a" * (n // 10), False),
    "comments": lambda n: enriched.to_text("<comment>" * (n // 10), True),
}


@pytest.mark.parametrize("work", HOSTILE.values(), ids=HOSTILE)
def test_linear(work: Any, linear: Any) -> None:
    linear(work, 500_000)


@given(st.text(alphabet="<>/ab \nexcrptnofil", max_size=100), st.booleans())
def test_enriched_never_raises(source: str, rich: bool) -> None:
    enriched.to_text(source, rich)
