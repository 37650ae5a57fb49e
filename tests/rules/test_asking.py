"""Requests to escalate in words (7.2): the table of sentences, what is never looked at, and how long it takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailgate.rules.asking import MAX_SENTENCE, MAX_TEXT, Asked, _may_ask, asks, words_of
from mailgate.rules.phrases import LANGUAGES
from mailgate.rules.phrases.shape import any_of

NUMBER = 12  # this ticket's
PROSE = """Hello Ana,

the printer on the third floor stops after two pages, and the display shows error 49.
We changed the cable, cleaned the rollers and restarted it twice without success.

"""


def table() -> dict[str, list[str]]:
    """Heading: its sentences."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in Path(__file__).with_name("asking.txt").read_text("utf-8").splitlines()[1:]:
        if line.startswith("# "):
            heading = line[2:]
            found[heading] = []
        elif line:
            found[heading].append(line)
    return found


TABLE = table()
ASKING = [(head.removeprefix("asks: "), s) for head in TABLE if head.startswith("asks") for s in TABLE[head]]
SILENT = [
    (head.removeprefix("silent: "), s) for head in TABLE if head.startswith("silent") for s in TABLE[head]
]
EACH = {language: [s for lang, s in ASKING if lang == language] for language, _ in ASKING}
REQUESTS = [sentence for _, sentence in ASKING]


def ids(cases: list[tuple[str, str]]) -> list[str]:
    return [f"{head}: {n}: {sentence[:40]}" for n, (head, sentence) in enumerate(cases)]


def test_the_table_is_large_enough_and_holds_every_language() -> None:
    assert len(ASKING) >= 120
    assert len(SILENT) >= 120
    assert {p.language for p in LANGUAGES} == set(EACH) == {"en", "fr", "de", "es", "it", "pt", "nl"}
    assert all(len(sentences) >= 9 for sentences in EACH.values())


@pytest.mark.parametrize(("language", "sentence"), ASKING, ids=ids(ASKING))
def test_asks(language: str, sentence: str) -> None:
    for text in (sentence, f"{PROSE}{sentence}\n\nKind regards"):
        asked = asks(text, NUMBER)
        assert asked is not None
        assert asked.language == language


@pytest.mark.parametrize(("why", "sentence"), SILENT, ids=ids(SILENT))
def test_does_not_ask(why: str, sentence: str) -> None:
    assert asks(sentence, NUMBER) is None
    assert asks(f"{PROSE}{sentence}\n\nKind regards", NUMBER) is None


WRITTEN: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "small": str.lower,
    "titles": str.title,
    "typographic": lambda s: s.replace("'", "’"),
    "no accents": lambda s: s.translate(str.maketrans("éèêàçüöäñóíáã", "eeeacuoanoiaa")),
    "broken lines": lambda s: s.lower().replace(" ", "\n"),
    "spaces": lambda s: "  " + s.replace(" ", " \u00a0 "),
    "soft hyphens": lambda s: s.replace("a", "a\u00ad"),
}


@pytest.mark.parametrize("sentence", [s[0] for s in EACH.values()], ids=list(EACH))
@pytest.mark.parametrize("how", WRITTEN)
def test_however_it_is_written(sentence: str, how: str) -> None:
    assert asks(WRITTEN[how](sentence), NUMBER) is not None


def test_the_sentence_is_given_back_as_written_on_one_line() -> None:
    text = "It is down since Monday.  Two hundred people cannot work, so please\nescalate   this ticket\nto your manager! Bob"
    said = "Two hundred people cannot work, so please escalate this ticket to your manager!"
    assert asks(text) == Asked("en", said)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("The alarm went off and did not stop before we switched the\nmachine off. Please\nescalate this ticket.", True),
        ("thanks, we will wait and see what comes out of the long test\nand then we will not\nescalate this ticket.", False),
        ("Thanks\nPlease escalate", True),
        ("* Please escalate this ticket", True),
        ("```\nplease escalate\n```\nThis is what the log says.", False),
        ("```\nlog\n```\nplease escalate", True),
        ("    please escalate this ticket", False),
        ("\tplease escalate this ticket", False),
        ("He wrote \"We are waiting.\n\nPlease escalate this ticket.", True),
        ("The 5\" disk and the 7\" disk fail, please escalate this ticket", True),
        ("The users' screens and the clients' screens are black, please escalate this ticket", True),
        ("Please *escalate* this _ticket_", True),
        ("Ticket no. 12: please escalate.", True),
        ("Please escalate tickets 12 and 99.", True),
        ("Please escalate, case INC-4711 of ours depends on it.", True),
        ("Please escalate " + "very " * MAX_SENTENCE + "much", False),
        ("x " * (MAX_TEXT // 2) + "\nPlease escalate", False),
        ("", False),
    ],
)  # fmt: skip
def test_lines_lists_and_limits(text: str, counts: bool) -> None:
    assert (asks(text, NUMBER) is not None) is counts


@pytest.mark.parametrize(("number", "counts"), [(0, False), (12, True), (99, False)])
def test_a_sentence_that_names_another_ticket(number: int, counts: bool) -> None:
    assert (asks("Please escalate ticket #12.", number) is not None) is counts


def test_another_ticket_in_another_sentence_changes_nothing() -> None:
    assert asks("It is like #99. Please escalate this ticket.", NUMBER) is not None


def test_words_of_a_sentence() -> None:
    assert (
        words_of("Can’t you, s'il vous plaît, l'escalader?")
        == " can not you , s il vous plait , l escalader ? "
    )
    assert words_of("I'd ask bob@acme.example – see https://x.example/a") == " i would ask link , see link "


@given(st.text(max_size=2000))
@example("\ud800 please escalate")
@example("please escalate\x00 this")
@example("İ" * 50 + " please escalate ﬁ")
@example("#" + "9" * 50 + " ticket ٣٣٣")
def test_no_text_fails(text: str) -> None:
    found = asks(text, NUMBER)
    assert found is None or (0 < len(found.sentence) <= MAX_SENTENCE and "\n" not in found.sentence)


STEMS = [(p.language, stem) for p in LANGUAGES for stem in p.stem.split("|")]


@pytest.mark.parametrize(("language", "stem"), STEMS, ids=[f"{language}:{stem}" for language, stem in STEMS])
def test_every_stem_is_found_and_is_plain_words(language: str, stem: str) -> None:
    """`stem` is a pattern too: what is no plain word would be searched for in two ways that differ."""
    assert re.fullmatch("[a-z0-9 ]+", stem)
    for text in (f"x{stem}x", f"-{stem.upper().replace(' ', ' . ')}-", f"é\u00a0{stem} "):
        assert _may_ask(text), text


@given(st.lists(st.text("ab ", min_size=1, max_size=4), min_size=1, max_size=8), st.text("ab ", max_size=12))
@example(["ab", "abc", "a.c", ""], "xab")
def test_any_of_finds_what_one_of_the_words_is_in(words: list[str], text: str) -> None:
    assert (re.search(any_of(words), text) is not None) is any(word in text for word in words)


VOCABULARY = (
    "please", "escalate", "this", "ticket", "to", "your", "manager", "not", "if", "escalated", "escalation", "bitte", "eskalieren",
    "nicht", "merci", "d'", "escalader", "ne", "pas", "el", "caso", "no", ",", ".", "?", ">", '"', "\n",
)  # fmt: skip
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=60)


@given(WORDS)
def test_no_order_of_their_words_fails(words: list[str]) -> None:
    asks(" ".join(words), NUMBER)


NEUTRAL = st.sampled_from(
    [
        "The printer is broken.",
        "It stopped at nine.",
        "Nous attendons.",
        "Das Netz ist weg.",
        "Thanks!",
        "Hello Ana,",
        "Is it known?",
    ]
)


@given(st.lists(NEUTRAL, max_size=5), st.sampled_from(REQUESTS), st.lists(NEUTRAL, max_size=5))
def test_a_request_between_other_paragraphs_counts(before: list[str], request: str, after: list[str]) -> None:
    assert asks("\n\n".join([*before, request, *after]), NUMBER) is not None


QUOTED = st.sampled_from(
    [
        "“{}”",
        "„{}“",
        "«{}»",
        "« {} »",
        '"{}"',
        "‘{}’",
        "`{}`",
        "\n> {}\n",
        "\n>> {}\n",
        "\n```\n{}\n```\n",
        "\n| {}\n",
    ]
)


@given(NEUTRAL, st.sampled_from([r for r in REQUESTS if not set(r) & set("'’\"«»“”")]), QUOTED)
def test_a_quoted_request_never_counts(before: str, request: str, quote: str) -> None:
    assert asks(f"{before} Your page: {quote.format(request)} That is all.", NUMBER) is None


@pytest.mark.parametrize(
    "piece",
    [
        "please ", "please pass this to your ", "please escalate any issue if\n", '"a ', "'a ", "` ", "a@", "n't", "a.", ", ",
        "je vous demande donc aussi vraiment , escalade\n", "ich bitte das dies den eskalieren nicht.\n", "“", "> ", "```\n",
        "i want you to please also just now escalate tickets.\n", "por favor pasen este este este este manager.\n", "#1 ", "ticket ",
    ],
)  # fmt: skip
def test_it_is_linear(piece: str, linear: Callable[[Callable[[int], object], int], None]) -> None:
    linear(lambda n: asks(piece * (n // len(piece)), NUMBER), MAX_TEXT)
