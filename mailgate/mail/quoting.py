"""A text as lines, their quote marks and rules, and the same lines made plain for recognisers of phrases (rule 3.2).

Laws: a line here and its plain form have the same number; linear; most lines are never looked at twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Characters that stand inside phrases unseen (direction marks, joiners) or in place of plainer ones.
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\u061c\ufeff\xad"
_PLAINER = {
    "\xa0": " ", "\u202f": " ", "\u2009": " ", "\u3000": " ", "：": ":", "＞": ">", "＠": "@", "’": "'",
    "İ": "I",  # str.casefold would make two characters of it
}  # fmt: skip
# What a line begins with that may open or belong to a quote.
_FIRST = frozenset(">-_=*~#\u2013\u2014\u2015\u2500")
_OPENING = _FIRST | {" "}
_RULES = frozenset("-_=*~#\u2013\u2014\u2015\u2500 \t>")

LONG = 60  # characters of a quoted line that a program may have broken
WRAPPED = 40  # characters of what it broke off


@dataclass(frozen=True, slots=True)
class Sheet:
    lines: Sequence[str]  # as written
    plain: Sequence[str]  # without unseen characters, with plain spaces, colons, apostrophes
    notable: Sequence[int]  # the lines that a quote or its announcement may begin or end at


def sheet(text: str) -> Sheet:
    """The lines of `text` (any line ends)."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    plain = lines if text.isascii() else _plain(text).split("\n")
    notable = [
        i
        for i, line in enumerate(plain)
        if (line[:1] in _OPENING and (line[0] != " " or line.lstrip()[:1] in _FIRST))
        or ":" in line
        or "@" in line
    ]
    return Sheet(lines, plain, notable)


def _plain(text: str) -> str:
    for unseen in _UNSEEN:
        if unseen in text:
            text = text.replace(unseen, "")
    for odd, plainer in _PLAINER.items():
        if odd in text:
            text = text.replace(odd, plainer)
    return text


def is_quoted(line: str) -> bool:
    """Whether the line carries a '>' mark (RFC 3676 §4.5), perhaps indented by one or two blanks."""
    if line[:1] != ">":
        line = line[:3].lstrip(" \xa0") if line[:1] in " \xa0" else ""
    return line[:1] == ">" and line[:3] != ">= "


def unquoted(line: str) -> str:
    """The line without its '>' marks."""
    return line.lstrip("> \t\xa0") if is_quoted(line) else line


def is_rule(line: str) -> bool:
    """A line of three or more dashes, underscores or the like and nothing else."""
    return line.lstrip()[:1] in _FIRST and 3 <= len(line.strip(" \t>")) <= 200 and set(line) <= _RULES


def has_words(lines: Sequence[str], start: int, end: int) -> bool:
    """Whether any of lines [start, end) says something: not blank, and not a mere rule."""
    return any(line != "" and not line.isspace() and not is_rule(line) for line in lines[start:end])


def trimmed(lines: Sequence[str]) -> str:
    """The lines as text, without the blank ones at both ends."""
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return "\n".join(lines[start:end]).rstrip()


def marked_end(lines: Sequence[str], start: int) -> int:
    """Where a '>' quote ends that begins at `start`. A short unmarked line inside it is one that some program wrapped."""
    end = i = start
    count = len(lines)
    while i < count:
        if lines[i][:1] == ">" or is_quoted(lines[i]):
            i += 1
            end = i
        elif i + 1 < count and is_quoted(lines[i + 1]) and (not lines[i].strip() or _wrapped(lines, i)):
            i += 1
        else:
            break
    return end


def _wrapped(lines: Sequence[str], i: int) -> bool:
    """The tail of a quoted line that a program broke without a mark: short, lower case, below a long line that goes on."""
    line, above = lines[i], lines[i - 1] if i else ""
    return (
        len(line) <= WRAPPED
        and line[0].islower()
        and is_quoted(above)
        and len(above) >= LONG
        and above.rstrip()[-1] not in ".?!:;"
    )
