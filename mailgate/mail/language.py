"""Which language a text is in, by its script, its commonest words, and its letters (rule 6.2: only when sure).

Laws: "" when unsure; linear, at most `LIMIT` characters are looked at. Dependable from some twenty words on.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence

from mailgate.mail import commonwords

LIMIT = 600  # characters; more change nothing
MIN_LETTERS = 12  # where the script decides; MIN_ASIAN of Chinese, Japanese, Korean
MIN_ASIAN = 4
MIN_WORDS = 4
MIN_SCORE = 2.0  # points; a word of one language only is worth one
MIN_SHARE = 0.13  # points a word
LEAD = 1.5  # the best must be so much better than the next
SISTERLY = 1.0  # points by which it must lead a language that shares most of its words
LETTER = 0.5  # points of a letter that few languages have
LETTERS = 12  # of a text that count

_NAMES = "en fr de es it pt nl pl da sv nb fi cs hu ro tr vi"
_SPOKEN = frozenset(_NAMES.split())
_SISTERS = {
    language: frozenset(sisters.split())
    for language, sisters in {
        "da": "nb sv", "nb": "da sv", "sv": "da nb", "cs": "sk pl", "pl": "cs sk hr sl", "es": "ca pt it", "pt": "es ca", "it": "es ca",
        "nl": "de af", "fi": "et", "fr": "ca",
    }.items()
}  # fmt: skip
_LANGUAGES = tuple(commonwords.WORDS)
_LANE = 16  # bits of one language in a packed sum; 300 words of ONE point stay far below its end
_ONE = 20  # a point in a lane


def _packed(languages: Iterable[str], worth: float) -> int:
    """That many points for each of the languages, each in its lane of one number."""
    return sum(int(worth * _ONE) << (_LANE * _LANGUAGES.index(language)) for language in languages)


def _points() -> dict[str, int]:
    """What each common word says for which languages: the fewer have it, the more. Sums of numbers are sums in all lanes."""
    owners: dict[str, list[str]] = {}
    for language, words in commonwords.WORDS.items():
        for word in dict.fromkeys(words.split()):
            owners.setdefault(word, []).append(language)
    worth = {1: 1.0, 2: 0.7, 3: 0.5, 4: 0.4}
    return {word: _packed(found, worth.get(len(found), 0.25)) for word, found in owners.items()}


_POINTS = _points()
# How one of them spells what the others spell otherwise.
_TRAITS = {
    "da": re.compile(r"æ(?!r)|\w{3}(?:ede|hed|heder|tion)\b|\b(?:ud|op|ind|af)\w|øg|øv|eg\w|\bder\b"),
    "nb": re.compile(r"gj|kj|øy|\w{3}(?:het|heter|sjon)\b|\b(?:ut|opp|inn|av)\w|ikk|øk"),
    "sv": re.compile(r"[äö]|ck|\w{3}(?:ning|het|tion)\b|\b(?:ut|upp|in|av)\w"),
}
_OF_LETTER = {
    letter: _packed(languages.split(), LETTER if " " not in languages else LETTER / 1.5)
    for letter, languages in commonwords.LETTERS.items()
} | {chr(code): _packed(("vi",), LETTER) for code in range(0x1EA0, 0x1EFA)}
_UNPACK = struct.Struct(f"<{len(_LANGUAGES)}H")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SPECIAL = re.compile(r"[^\x00-\x7f]")
_FOREIGN = re.compile(r"[\u0370-\u1dff\u1f00-\u1fff\u3040-\ud7ff]")
_SCRIPTS = {
    "latin": re.compile(r"[a-zA-Z\xc0-\u024f\u1e00-\u1eff]"),
    "greek": re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"),
    "cyrillic": re.compile(r"[\u0400-\u04ff]"),
    "hebrew": re.compile(r"[\u05d0-\u05ea]"),
    "arabic": re.compile(r"[\u0620-\u064a\u0671-\u06d3]"),
    "kana": re.compile(r"[\u3041-\u30ff]"),
    "han": re.compile(r"[\u3400-\u9fff]"),
    "hangul": re.compile(r"[\uac00-\ud7a3]"),
    "other": re.compile(r"[\u0500-\u058f\u0700-\u1dff]"),
}
_PERSIAN = re.compile(r"[پچژگکیٹڈڑںے]")
_RUSSIAN = (
    "и в не на что я это как с по но мы из у за вы так для от же если когда нет есть или у нас при мне "
    "его до "
)
_RUSSIAN_WORDS = frozenset(_RUSSIAN.split())
_UKRAINIAN = (
    "і в не на що я це як з по але ми із у за ви так для від же якщо коли немає є або та й при мені його до "
)
_UKRAINIAN_WORDS = frozenset(_UKRAINIAN.split())
_NEIGHBOUR_LETTERS = re.compile(r"[ђћџјљњќѓѕқғүұәөўңҳҷ]")


def guess(text: str) -> str:
    """One of en fr de es it pt nl pl da sv nb fi cs hu ro tr vi ru uk el he ar zh ja ko, or "" when unsure."""
    text = text[: 2 * LIMIT]
    if "@" in text or "://" in text or "www." in text:
        text = " ".join(w for w in text.split() if "@" not in w and "://" not in w and "www." not in w)
    text = text[:LIMIT]
    if text.isascii() or _FOREIGN.search(text) is None:
        return _latin(text.casefold())
    counts = {script: len(letters.findall(text)) for script, letters in _SCRIPTS.items()}
    total = sum(counts.values())
    script = max(counts, key=lambda name: counts[name])
    if script in ("han", "kana", "hangul"):
        return _east_asian(counts, total)
    if total < MIN_LETTERS or counts[script] < total * 0.6:
        return ""
    if script == "latin":
        return _latin(text.casefold())
    if script == "cyrillic":
        return _cyrillic(text.casefold())
    if script == "arabic":
        return "" if _PERSIAN.search(text) else "ar"
    return {"greek": "el", "hebrew": "he"}.get(script, "")


def _east_asian(counts: dict[str, int], letters: int) -> str:
    """Kana is Japanese however much Han stands beside it."""
    asian = counts["han"] + counts["kana"] + counts["hangul"]
    if asian < MIN_ASIAN or asian * 3 < letters:
        return ""
    if counts["kana"] * 8 >= asian:
        return "ja"
    if counts["hangul"] * 2 >= asian:
        return "ko"
    return "zh" if counts["kana"] == 0 else ""


def _cyrillic(text: str) -> str:
    """Letters that only one of the two has, and words; other Cyrillic languages have letters that neither has."""
    if _NEIGHBOUR_LETTERS.search(text):
        return ""
    words = _WORD.findall(text)
    russian = sum(map(text.count, "ыэё")) + sum(word in _RUSSIAN_WORDS for word in words) / 4
    ukrainian = sum(map(text.count, "іїєґ")) + sum(word in _UKRAINIAN_WORDS for word in words) / 4
    if text.count("ъ") > 1 + text.count("ы") or len(words) < 3 or "ў" in text:
        return ""  # Bulgarian, Belarusian
    if russian >= 1 and russian > 2 * ukrainian and any(letter in text for letter in "ыэё"):
        return "ru"
    return (
        "uk"
        if ukrainian >= 1 and ukrainian > 2 * russian and any(letter in text for letter in "іїєґ")
        else ""
    )


def _latin(text: str) -> str:
    if "’" in text:
        text = text.replace("’", "'")
    words = _WORD.findall(text)
    if len(words) < MIN_WORDS:
        return ""
    total = sum(filter(None, map(_POINTS.get, words)))
    if not text.isascii():
        total += sum([_OF_LETTER.get(letter, 0) for letter in _SPECIAL.findall(text)[:LETTERS]])
    scores: Sequence[int] = _UNPACK.unpack(total.to_bytes(_UNPACK.size, "little"))
    second, first = sorted(scores)[-2:]
    best = _LANGUAGES[scores.index(first)]
    if best not in _SPOKEN or first < MIN_SCORE * _ONE or first < len(words) * MIN_SHARE * _ONE:
        return ""
    if best in _TRAITS:
        scores = _by_spelling(text, scores)
        second, first = sorted(scores)[-2:]
        best = _LANGUAGES[scores.index(first)]
    if first >= second * LEAD:
        return best
    rivals = {_LANGUAGES[i] for i, score in enumerate(scores) if score * LEAD > first}
    sisters = rivals <= _SISTERS.get(best, frozenset()) | {best}
    return best if sisters and first - second >= SISTERLY * _ONE else ""


def _by_spelling(text: str, scores: Sequence[int]) -> list[int]:
    """The scores with what the spelling says of languages that share most of their words."""
    return [
        score + len(_TRAITS[language].findall(text)) * _ONE // 2 if language in _TRAITS else score
        for language, score in zip(_LANGUAGES, scores, strict=True)
    ]
