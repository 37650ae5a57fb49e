"""Subjects: reply and forward prefixes in the languages of mail programs, and bracket groups (rules 3.1, 3.6).

Laws: linear in the subject, of which at most `LIMIT` characters are looked at; nothing here decides what a bracket means.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LIMIT = 2000  # characters; RFC 5322 §2.1.1 allows 998 octets a line, and encoded words unfold to less

# What mail programs put before a subject. RFC 5322 §3.6.5 knows "Re: " only; the others are what they really send.
REPLY = (
    "re", "ré", "rép", "rep", "r",  # English, French, Italian
    "aw", "antw", "antwort", "antwoord",  # German, Dutch
    "sv", "svar", "vs", "vast",  # Nordic; "VS" forwards in Danish and Norwegian
    "ris", "rif", "res",  # Italian, Portuguese, Spanish
    "odp", "odg", "vá", "válasz", "răsp",  # Polish, Slovak; Croatian, Slovenian; Hungarian; Romanian
    "ynt", "yan", "yanıt", "cvp", "cevap",  # Turkish
    "atb", "ats", "bls", "bl", "er",  # Latvian, Welsh; Lithuanian; Indonesian; Basque
    "απ", "σχετ", "отв", "ответ", "ha", "на", "відп", "відповідь", "отг", "одг",  # "HA" and "НА": Exchange in Russian
    "תגובה", "השב", "תשובה", "رد", "پاسخ",
    "回复", "回覆", "答复", "答覆", "返信", "회신", "답장", "trả lời", "tl", "ตอบกลับ",
)  # fmt: skip
FORWARD = (
    "fwd", "fw", "tr", "transf", "i",  # English, French, Italian
    "wg", "weitergeleitet", "doorst", "doorgestuurd",
    "vb", "vl", "vbs", "fs", "videresendt", "vidarebefordrat", "välitetty",  # Nordic
    "rv", "enc", "pd", "přep", "prosl", "posr", "tov", "továbbítás", "továbbított", "pers",
    "i̇lt", "ilt", "trs", "vid", "yml",  # Turkish; Indonesian; Welsh
    "πρθ", "переслано", "пересл", "перес", "препр",
    "הועבר", "إعادة توجيه", "إعاده توجيه", "ارسال",
    "转发", "转寄", "轉寄", "轉發", "転送", "전달", "chuyển tiếp", "ส่งต่อ",
)  # fmt: skip
# One capital letter alone is a word of the sender's more often than a prefix, so "R:" and "I:" (Italian) count only as such.
_NEED_CAPITAL = frozenset(
    {"r", "i", "bl", "res", "vid", "pd", "ats", "rep", "antwort", "svar", "vast", "transf", "yan"}
)
_NEED_CAPITALS = frozenset({"ha", "на", "er", "fs", "tl", "pers", "posr", "prosl", "yml"})

_UNSEEN = "\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff"
_PREFIX = re.compile(
    rf"[\s{_UNSEEN}]*([^\W\d_][^\W\d_ ]{{0,14}}(?: [^\W\d_]{{1,10}})?)\.?\s?"
    rf"(?:\[\d{{1,3}}\]|\(\d{{1,3}}\)|[\^*]\d{{1,3}})?\s?[{_UNSEEN}]?[:：][\s{_UNSEEN}]*"
)
_WRAPPED = re.compile(r"\[\s?(\w{2,4})\s?:\s*(.*)\]", re.DOTALL)  # "[Fwd: subject]": Mozilla (RFC 5256 §2.1)
_TRAILER = re.compile(r"\s*\((?:fwd|fw)\)$", re.IGNORECASE)  # "subject (fwd)": Pine
_BRACKET = re.compile(r"\[([^\[\]]{1,200})\]")
_REPLIES = frozenset(REPLY)
_FORWARDS = frozenset(FORWARD)
AMBIGUOUS = frozenset({"vs"})  # an answer in Finnish and Estonian, a forward in Danish and Norwegian


@dataclass(frozen=True, slots=True)
class Bracket:
    """One [group] of a subject: `subject[start:end]` is the whole group, `words` what stands inside, as written."""

    start: int
    end: int
    words: tuple[str, ...]


def title(subject: str) -> str:
    """The subject without reply and forward prefixes, those behind leading brackets too (rule 3.1)."""
    text = _TRAILER.sub("", " ".join(subject[:LIMIT].split()))
    kept = ""
    while text:
        stripped = _cut_prefixes(text)
        inner = _unwrapped(stripped)
        if inner is not None:
            text = inner
            continue
        group = _BRACKET.match(stripped)
        if group is None or not _prefix(stripped[group.end() :]):
            return (kept + stripped).strip()
        kept += group.group() + " "
        text = stripped[group.end() :].lstrip()
    return kept.strip()


def brackets(subject: str) -> tuple[Bracket, ...]:
    """Every innermost [group] of the subject, in order; at most 200 characters each. "Re[2]:" is none."""
    text = subject[:LIMIT]
    counters = _counters(text)
    return tuple(
        Bracket(m.start(), m.end(), tuple(m.group(1).replace(",", " ").split()))
        for m in _BRACKET.finditer(text)
        if m.start() not in counters and m.group(1).strip()
    )


def is_reply(subject: str) -> bool:
    """Whether the outermost prefix says that this answers something."""
    return _first_kind(subject) in ("reply", "either")


def is_forward(subject: str) -> bool:
    """Whether the outermost prefix says that this is a forward ("Re: Fwd: x" answers one, and is none)."""
    return _first_kind(subject) == "forward"


def is_either(subject: str) -> bool:
    """Whether the outermost prefix means an answer in one language and a forward in another."""
    return _first_kind(subject) == "either"


def _first_kind(subject: str) -> str:
    text = subject[:LIMIT].lstrip()
    if _unwrapped(text) is not None:
        return "forward"
    while group := _BRACKET.match(text):
        text = text[group.end() :].lstrip()
    found = _prefix(text)
    if found is None:
        return "forward" if _TRAILER.search(subject[-20:]) else ""
    if found[0] in AMBIGUOUS:
        return "either"
    return "reply" if found[0] in _REPLIES else "forward"


def _prefix(text: str) -> tuple[str, int] | None:
    """The known prefix at the start of `text` (lower case) and where it ends."""
    match = _PREFIX.match(text)
    if match is None:
        return None
    written = match.group(1)
    if not written.isascii():
        written = unicodedata.normalize("NFKC", written)
    word = written.casefold()
    if word not in _REPLIES and word not in _FORWARDS:
        return None
    if (word in _NEED_CAPITAL and not written[0].isupper()) or (
        word in _NEED_CAPITALS and not written.isupper()
    ):
        return None
    return word, match.end()


def _unwrapped(text: str) -> str | None:
    """The subject inside "[Fwd: subject]", None where that is none."""
    found = _WRAPPED.fullmatch(text.strip())
    return found.group(2) if found and found.group(1).casefold() in _FORWARDS else None


def _cut_prefixes(text: str) -> str:
    start = 0
    while found := _prefix(text[start : start + 64]):
        start += found[1]
    return text[start:].lstrip()


def _counters(text: str) -> frozenset[int]:
    """Where a bracket is the counter of a prefix, as in "Re[2]:"."""
    starts = set()
    at = 0
    while found := _prefix(text[at : at + 64]):
        inside = text.find("[", at, at + found[1])
        if inside >= 0:
            starts.add(inside)
        at += found[1]
    return frozenset(starts)
