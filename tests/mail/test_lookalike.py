"""mailgate.mail.lookalike: what the eye takes for the same (threat T9)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.lookalike import MAX, mixes_scripts, name_skeleton, skeleton

TWINS = {
    "cyrillic_i": ("adm\u0456n@example.com", "admin@example.com"),
    "cyrillic_word": ("\u0441\u043e\u043c", "com"),
    "greek_omicron": ("supp\u03bfrt", "support"),
    "armenian_o": ("supp\u0585rt", "support"),
    "dotless_i": ("adm\u0131n", "admin"),
    "script_g": ("\u0261oogle", "google"),
    "full_width": ("\uff45xample.com", "example.com"),
    "mathematical_letters": ("\U0001d41e\U0001d431ample", "example"),
    "digit_for_letter": ("examp1e", "example"),
    "zero_for_o": ("supp0rt", "support"),
    "capital_i_for_l": ("exampIe", "example"),
    "two_letters_for_one": ("exarnple", "example"),
    "two_v_for_w": ("vvorld", "world"),
    "accents": ("exámplé", "example"),
    "stroke": ("Łukasz", "Lukasz"),
    "zero_width_space": ("exa\u200bmple", "example"),
    "soft_hyphen": ("exa\u00admple", "example"),
    "combining_dot": ("exa\u0307mple", "example"),
    "capitals": ("EXAMPLE", "example"),
    "one_dot_leader": ("example\u2024com", "example.com"),
}


@pytest.mark.parametrize(("one", "other"), TWINS.values(), ids=TWINS)
def test_twins(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


APART = [
    ("example", "examples"), ("anna", "ana"), ("jan", "ian"), ("max", "mex"), ("acme", "acne"), ("bob", "rob"), ("eva", "ева"),
    ("u", "v"), ("c", "o"), ("b", "8"), ("3", "e"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), APART)
def test_others(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(
    "name",
    ["Example, Ann", "ann  example", "Ann (Example)", "Änn Example", '"Ann" Example', "\u0410nn Example"],
)
def test_a_name_is_its_words(name: str) -> None:
    assert name_skeleton(name) == name_skeleton("Ann Example")


MIXED = {
    "latin with cyrillic": ("Ex\u0430mple", True),
    "latin with greek": ("supp\u03bfrt", True),
    "one word each": ("Ann Анна", False),
    "cyrillic": ("Анна Иванова", False),
    "greek": ("Άννα", False),
    "japanese": ("東京タワー と カフェ", False),
    "accents": ("Jürgen Ångström", False),
    "arabic": ("عمر", False),
    "digits": ("Отдел2", False),
    "ascii": ("plain", False),
    "empty": ("", False),
}


@pytest.mark.parametrize(("text", "mixed"), MIXED.values(), ids=MIXED)
def test_two_alphabets_in_a_word(text: str, mixed: bool) -> None:
    assert mixes_scripts(text) is mixed


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    assert isinstance(mixes_scripts(text), bool)
    assert "\u200b" not in skeleton(text)
    name_skeleton(text)


def test_control_characters_are_nothing_to_see() -> None:
    assert skeleton("b\x07o\x7fb\tby") == skeleton("bobby")


def test_only_the_beginning_is_looked_at(linear: Any) -> None:
    assert skeleton("a" * 10_000) == "a" * MAX
    linear(lambda n: (skeleton("é" * n), mixes_scripts("аa" * n)), 1_000_000)
