"""Whether a text asks in words to escalate its ticket (rule 7.2), in seven languages.

Laws: a request needs a phrase that asks; a word alone is none. Whatever is quoted, negated, past, reported, a condition, a question about
the way, or of another ticket is no request: a missed one can be sent again, a false one goes to management. Linear in the text, whose
beginning alone is read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from mailgate.rules.phrases import LANGUAGES
from mailgate.rules.phrases.shape import Phrases, any_of

MAX_TEXT = 20_000  # characters; what stands further down asks for nothing
MAX_SENTENCE = 500  # characters; a longer one asks for nothing
MAX_LOOKED_AT = (
    5000  # characters of the sentences that hold a stem; a text with more of them is about something else
)
_FULL_LINE = 40  # characters: a mail program may have broken a line that is longer


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the language of its words (ISO 639-1), and its sentence as written, on one line."""

    language: str
    sentence: str


def asks(text: str, number: int = 0) -> Asked | None:
    """The first sentence that asks to escalate, None where none does. `number` is this ticket's (0: not opened yet); a sentence that
    names only other tickets asks nothing of this one. Never raises."""
    text = text[:MAX_TEXT]
    if not _may_ask(text):
        return None
    looked_at = 0
    for sentence, listed in _sentences(text):
        words = words_of(sentence)
        languages = [phrases for phrases in LANGUAGES if phrases.stems.search(words)]
        if not languages or _of_another(words, number):
            continue
        if (looked_at := looked_at + len(words)) > MAX_LOOKED_AT:
            return None
        for phrases in languages:
            if _asks(phrases, words, listed):
                return Asked(phrases.language, sentence)
    return None


_STEMS = frozenset(stem for phrases in LANGUAGES for stem in phrases.stem.split("|"))
_WORD = re.compile(any_of(stem for stem in _STEMS if stem.startswith(" ")))
_INSIDE = tuple(sorted(stem for stem in _STEMS if not stem.startswith(" ")))
_WORDS_ONLY = str.maketrans({n: chr(n).lower() if chr(n).isalnum() else " " for n in range(128)})


def _may_ask(text: str) -> bool:
    """Whether any stem occurs at all: most mail is done with here."""
    bare = text if text.isascii() else unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = f" {bare.translate(_WORDS_ONLY)} "
    while "  " in words:  # half of a run of spaces each time
        words = words.replace("  ", " ")
    return _WORD.search(words) is not None or any(stem in words for stem in _INSIDE)


def _asks(phrases: Phrases, words: str, listed: bool) -> bool:
    words = phrases.courtesy.sub("", words)
    for ask in phrases.asks if listed else (*phrases.asks, *phrases.orders):
        for match in ask.finditer(words):
            before, after = words[: match.start()], f" {words[match.end() :].lstrip()}"
            if phrases.not_before.match(after) or phrases.not_after.search(before.rstrip()):
                continue
            if phrases.hence.search(before) or not phrases.condition.search(before):
                return True
    return False


# ---------------------------------------------------------------- from text to sentences

_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_FOREIGN_LINE = re.compile(
    r"\s*[>|]|\t| {4}|\s*(?:subject|objet|sujet|betreff|asunto|oggetto|assunto|onderwerp|re|fwd?|aw|wg|tr|rv)\s?:",
    re.I,
)
_ITEM = re.compile(r"\s*(?:[-*•·–+]|\d{1,2}[.)]|[a-z][.)])\s+")
_QUOTES = re.compile(
    r"[“„”«»‹›‟〝][^“”«»‹›]{1,400}[“”«»‹›]"
    r'|(?<![\w"])"(?=\S)[^"]{1,400}"'
    r"|(?<![\w‘])‘[^‘’]{1,300}’(?!\w)|(?<![\w'’])'(?=[^\s'])[^']{1,300}'(?!\w)"
    r"|`[^`]{1,300}`"
)
_ABBREVIATED = re.compile(r"(?<![\w.])(\w)\.[ ]?(\w)\.(?:[ ]?([^\W\d])\.)?(?!\w)")
_SHORTENED = re.compile(
    r"\b(?:(n[ro]|num|núm)\.(?= ?[\d#])|(mrs?|dr|sra?|bzw|evt|bijv|ref|approx|incl|inkl)\.)", re.I
)
_END = re.compile(r"[.!?…]+(?=[\s)]|$)")


def _sentences(text: str) -> Iterator[tuple[str, bool]]:
    """Each sentence of bounded length on one line, and whether it is an item of a list."""
    for paragraph, listed in _paragraphs(text):
        whole = _ABBREVIATED.sub(r"\1\2\3", _QUOTES.sub(" quote ", paragraph))
        whole = _SHORTENED.sub(r"\1\2", whole)
        begin = 0
        for end in [m.end() for m in _END.finditer(whole)] + [len(whole)]:
            sentence = " ".join(whole[begin:end].split())
            begin = end
            if 0 < len(sentence) <= MAX_SENTENCE:
                yield sentence, listed


def _paragraphs(text: str) -> Iterator[tuple[str, bool]]:
    """Lines that belong together, joined: a line goes on where a mail program may have broken it."""
    parts: list[str] = []
    listed = fenced = False
    for line in text.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or not line.strip() or _FOREIGN_LINE.match(line) or _FENCE.match(line):
            yield "\n".join(parts), listed
            parts, listed = [], False
            continue
        item = _ITEM.match(line)
        broken = bool(parts) and (len(parts[-1]) >= _FULL_LINE or line.lstrip()[:1].islower())
        if item or not broken:
            yield "\n".join(parts), listed
            parts, listed = [], item is not None
        parts.append(line[item.end() :] if item else line)
    yield "\n".join(parts), listed


# ---------------------------------------------------------------- from a sentence to words

_TOKEN = re.compile(r"#?\w+|'|[,;:()\[\]–—/]|--?(?=\s)|\?")
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "`": "'", "´": "'", "‘": "'", "_": " ", "*": " "})
_SHORT = re.compile(r"\b(?:(ca)n't|(wo)n't|(\w+)n't|(\w+)'(d|m|re|ve|ll)(?!\w))")
_SHORT_WORDS = {"d": "would", "m": "am", "re": "are", "ve": "have", "ll": "will"}
_ELIDED = re.compile(r"'(?=\w)")


def words_of(sentence: str) -> str:
    """The folded words of a sentence with one space around each, "," for each break of a clause, "?" at the end of a question."""
    bare = unicodedata.normalize("NFKD", sentence.translate(_APOSTROPHES).casefold())
    bare = "".join(c for c in bare if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    bare = " ".join("link" if "://" in w or "@" in w or w.startswith("www.") else w for w in bare.split())
    bare = _ELIDED.sub(" ", _SHORT.sub(_long, bare.translate(_APOSTROPHES))).replace("'", "")
    tokens = (t if t[0].isalnum() or t[0] in "#?" else "," for t in _TOKEN.findall(bare))
    return f" {' '.join(tokens)} "


def _long(match: re.Match[str]) -> str:
    can, will, stem, word, end = match.groups()
    if can or will or stem:
        return f"{'can' if can else 'will' if will else stem} not"
    return f"{word} {_SHORT_WORDS[end]}"


_NUMBER = "number|numero|nummer|no|nr|num|n"
_NUMBERED = re.compile(
    r" (?:#(\d{1,9})(?! (?:priority|problem|issue|concern|customer|client|complaint))"
    r"|(?:tickets?|case|dossier|fall|caso|vorgang|incident|zaak|chamado)"
    rf"(?: (?:{_NUMBER}|id))? (\d{{1,9}})|(?:{_NUMBER}) (\d{{1,9}}))(?= )"
)


def _of_another(words: str, number: int) -> bool:
    """Whether the sentence names tickets, and this one is not among them."""
    named = {int(next(filter(None, m.groups()))) for m in _NUMBERED.finditer(words)}
    return bool(named) and number not in named
