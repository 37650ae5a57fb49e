"""Subjects: reply and forward prefixes in the languages of mail programs, and bracket groups (rules 3.1, 3.6).

Laws: linear in the subject, of which at most `LIMIT` characters are looked at; nothing here decides what a bracket means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LIMIT = 2000  # characters; RFC 5322 §2.1.1 allows 998 octets a line, and encoded words unfold to less

# What mail programs put before a subject. RFC 5322 §3.6.5 knows "Re: " only; the others are what they really send.
REPLY = (
    "re", "aw", "antw", "antwort", "antwoord", "rép", "rep", "r", "ris", "rif", "sv", "vs", "vast", "svar", "odp",
    "vá", "ynt", "yan", "cevap", "απ", "σχετ", "atb", "ats", "res", "bls", "bl",
    "отв", "ответ", "відп", "відповідь", "תגובה", "השב", "رد", "回复", "回覆", "答复", "答覆", "返信", "회신", "답장", "trả lời",
)  # fmt: skip
FORWARD = (
    "fwd", "fw", "tr", "wg", "vb", "vl", "i", "doorst", "rv", "enc", "pd", "vid", "vbs",
    "továbbítás", "tov", "trs", "i̇lt", "ilt", "πρθ", "переслано",
    "הועבר", "إعادة توجيه", "转发", "轉寄", "轉發", "転送", "전달", "chuyển tiếp",
)  # fmt: skip
# One capital letter alone is a word of the sender's more often than a prefix, so "R:" and "I:" (Italian) count only as such.
_NEED_CAPITAL = frozenset({"r", "i", "bl", "res", "vid", "pd", "ats", "rep"})

_PREFIX = re.compile(
    r"\s*([^\W\d_][^\W\d_ ]{0,11}(?: [^\W\d_]{1,10})?)\s?(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s?[:：]\s*"
)
_BRACKET = re.compile(r"\[([^\[\]]{1,200})\]")
_REPLIES = frozenset(REPLY)
_FORWARDS = frozenset(FORWARD)


@dataclass(frozen=True, slots=True)
class Bracket:
    """One [group] of a subject: `subject[start:end]` is the whole group, `words` what stands inside, as written."""

    start: int
    end: int
    words: tuple[str, ...]


def title(subject: str) -> str:
    """The subject without reply and forward prefixes, those behind leading brackets too (rule 3.1)."""
    text = " ".join(subject[:LIMIT].split())
    kept = ""
    while text:
        stripped = _cut_prefixes(text)
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
    return _first_kind(subject) == "reply"


def is_forward(subject: str) -> bool:
    """Whether the outermost prefix says that this is a forward ("Re: Fwd: x" answers one, and is none)."""
    return _first_kind(subject) == "forward"


def _first_kind(subject: str) -> str:
    text = subject[:LIMIT].lstrip()
    while group := _BRACKET.match(text):
        text = text[group.end() :].lstrip()
    found = _prefix(text)
    if found is None:
        return ""
    return "reply" if found[0] in _REPLIES else "forward"


def _prefix(text: str) -> tuple[str, int] | None:
    """The known prefix at the start of `text` (lower case) and where it ends."""
    match = _PREFIX.match(text)
    if match is None:
        return None
    written = match.group(1)
    word = written.casefold()
    if word not in _REPLIES and word not in _FORWARDS:
        return None
    if word in _NEED_CAPITAL and not written[0].isupper():
        return None
    return word, match.end()


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
