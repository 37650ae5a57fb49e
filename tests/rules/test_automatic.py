"""BEHAVIOUR §8.1: the tables and limits of rules/automatic."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail import machinewords
from mailgate.rules.automatic import answer, challenge, first_word, generated, receipt


@pytest.mark.parametrize("word", machinewords.AUTOMATIC)
def test_each_phrase_of_an_automatic_answer(word: str) -> None:
    assert answer({}, f"{word}: printer", False)
    assert answer({}, f"[external] {word}", False)
    assert not answer({}, f"re: {word}: printer", False)
    assert not answer({}, f"{word} does not work", False)


@pytest.mark.parametrize("word", machinewords.AWAY)
def test_each_phrase_of_an_absence_needs_a_program(word: str) -> None:
    assert answer({}, word, True)
    assert not answer({}, word, False) or word in machinewords.AUTOMATIC


@pytest.mark.parametrize("word", machinewords.READ)
@pytest.mark.parametrize("said", ["was read on monday", "прочитано"])
def test_each_prefix_of_a_receipt(word: str, said: str) -> None:
    assert receipt(f"{word}: printer", f"Your message\n\n{said}")
    assert not receipt(word, f"Your message\n\n{said}")
    assert not receipt(f"{word} printer", f"Your message\n\n{said}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("auto-replied", "auto-replied"),
        ("Auto-Replied (vacation)", "auto-replied"),
        ("auto-replied; owner=a", "auto-replied"),
        ("", ""),
        (" ; ", ""),
    ],
)
def test_first_word(value: str, expected: str) -> None:
    assert first_word(value) == expected


def test_suppressing_answers_alone_is_no_answer() -> None:
    assert not answer({"x-auto-response-suppress": ["All"]}, "printer", False)
    assert generated({"x-auto-response-suppress": ["DR, OOF"]})
    assert not generated({"x-auto-response-suppress": ["DR, RN"]})


@pytest.mark.parametrize(
    "subject",
    [
        "please confirm your message", "please verify your e-mail to bob", "your email to bob@example.org awaits confirmation",
        "printer [spam arrest]", "message from bob awaiting verification",
    ],
)  # fmt: skip
def test_challenges(subject: str) -> None:
    assert challenge({}, subject, ())


@pytest.mark.parametrize(
    "subject", ["please confirm", "please confirm your email is bob@example.org?", "confirm the order"]
)
def test_no_challenges(subject: str) -> None:
    assert not challenge({}, subject, ("ann@example.com",))


@given(
    st.dictionaries(
        st.sampled_from(["auto-submitted", "precedence", "x-autoreply", "subject"]), st.lists(st.text())
    )
)
def test_never_raises(headers: dict[str, list[str]]) -> None:
    answer(headers, "out of office", False)
    generated(headers)


@pytest.mark.parametrize("piece", ["[", "away ", "please confirm your message to ", "a: "])
def test_linear(piece: str, linear: Any) -> None:
    def work(n: int) -> None:
        answer({"precedence": [piece * n]}, piece * n, True)
        challenge({}, piece * n, (piece * n,))
        receipt(piece * n, "x")

    linear(work, 65_000 // len(piece))


def test_an_absence_as_notes_tells_it() -> None:
    subject = "auto: ann example is out of the office (returning 30.11.2026)"
    assert answer({"auto-submitted": ["auto-generated"]}, subject, False)
    assert not answer({}, "auto: the red one does not start", False)
