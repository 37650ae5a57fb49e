"""Rule 6.2: the language of a mail, only when sure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail.sentences import SENTENCES, UNSURE

from mailgate.mail import commonwords
from mailgate.mail.language import guess

PROMISED = "en fr de es it pt nl pl da sv nb fi cs hu ro ru uk tr el he ar zh ja ko vi"
PAIRS = [(code, text) for code, texts in SENTENCES.items() for text in texts]
SILENT = {("nb", "Jeg har")}  # too much like Danish to be sure


@pytest.mark.parametrize(("code", "text"), PAIRS, ids=[f"{code}-{text[:12]}" for code, text in PAIRS])
def test_twenty_words_are_enough(code: str, text: str) -> None:
    assert guess(text) == ("" if (code, text[:7]) in SILENT else code)


def test_all_languages_of_the_contract_are_there() -> None:
    assert set(SENTENCES) == set(PROMISED.split())
    assert all(len(texts) >= 5 for texts in SENTENCES.values())


@pytest.mark.parametrize(("code", "text"), PAIRS, ids=[f"{code}-{text[:12]}" for code, text in PAIRS])
def test_half_of_it_is_never_wrong(code: str, text: str) -> None:
    words = text.split()
    for half in (words[: len(words) // 2], words[len(words) // 2 :]):
        assert guess(" ".join(half)) in (code, "")


@pytest.mark.parametrize("text", UNSURE.values(), ids=UNSURE.keys())
def test_unsure(text: str) -> None:
    assert guess(text) == ""


def test_addresses_and_case_and_apostrophes_do_not_count() -> None:
    text = SENTENCES["fr"][1]
    assert guess(text.upper()) == "fr"
    assert guess(f"https://the.example/and/of/is/you {text} the.and@of.is.example") == "fr"
    assert guess("Je n’ai pas reçu l’accord qu’il m’a promis, c’est très dommage pour nous") == "fr"


def test_only_the_beginning_is_looked_at() -> None:
    assert guess(SENTENCES["de"][0] * 10 + SENTENCES["en"][0] * 1000) == "de"


def test_no_sum_leaves_its_lane() -> None:
    """Points are summed in lanes of one number; the worst text that fits fills none of them."""
    for code in commonwords.WORDS:
        word = min(commonwords.WORDS[code].split(), key=len)
        assert guess(f"{word} " * 600) in (code, "")


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    assert guess(text) in {"", *PROMISED.split()}


@pytest.mark.parametrize("piece", ["the ", "a@", "x", "é", "的", "ы", "://", "www.", "’", "\n", "і "])
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: guess(piece * n), 200_000)
