"""What programs write over an earlier mail: dividers ("Original Message"), forward markers, header blocks (rule 3.2).

Laws: each looks at a few plain lines of bounded length, so a whole text costs linear time; a block that could be a person's
own list of "From" and "To" is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailgate.mail import attribution, locales
from mailgate.mail.quoting import is_rule, unquoted

LIMIT = 600  # characters of a line
LABEL = 48  # characters within which a label ends with its colon
BLOCK = 40  # lines of a header block; long To lists wrap
FOLDED = 12  # lines of one value

_LEAD = " \t>"
_DASHES = "-_=*~#>\u2013\u2014\u2015\u2500 \t"
_DASHED = ("--", "__", "==", "\u2014", "\u2013\u2013", "**", "~~", "\u2500", "- -", "##")
_SPLIT = re.compile(r"\s?(?:[-_=\u2013\u2014\u2500]{2,}|- - )")  # "-----Original Message----- From: Ann"
_FIELD = re.compile(r"[>\s*_|]*([^\W\d_][^:\n]{0,30}?)[\s*_]*:[\s*_|]*(.*)", re.DOTALL)
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]{1,64}@[\w.-]{1,190}\w|/[oO][uU]?=|\(mailto:")
_DATED = re.compile(r"(?<!\d)(?:19|20|25)\d\d(?!\d)|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d\s?[年月日년월일]")
_ORIGINAL = frozenset(locales.ORIGINAL)
_FORWARDED = frozenset(locales.FORWARDED)
# A name follows: "Forwarded by Ann Lee on 02.11.2026" (Notes), "Forwarded message from Ann" (mutt).
_BY = tuple(
    word + " "
    for word in locales.FORWARDED
    if word.endswith((" by", " von", " par", " da", " por", " door", " message"))
)
_FROM = ("original message from ", "original message on ", "message from ")
_MAIL = frozenset({"from", "date", "to", "subject"})


@dataclass(frozen=True, slots=True)
class Block:
    """A header block: lines [start, end) and what its fields say, as written. `certain`: only a mail has such fields."""

    start: int
    end: int
    fields: dict[str, str]
    certain: bool

    @property
    def full(self) -> bool:
        """Whether it stands for a mail by itself: sender, two of date, receiver, subject, and a sign of a mail."""
        return self.certain and "from" in self.fields and len(_MAIL & self.fields.keys()) >= 3


def marker(line: str) -> str:
    """ "original" or "forward" for a plain line that announces an earlier mail, "" otherwise."""
    if not 2 < len(line) <= 200:
        return ""
    bare = line.strip(_DASHES)
    dashed = line.lstrip(_LEAD).startswith(_DASHED)
    colon = bare.endswith(":")
    if not dashed and not colon:
        return ""
    words = bare.rstrip(" :").casefold()
    if dashed and words not in _ORIGINAL and words not in _FORWARDED:
        words = _SPLIT.split(words, maxsplit=1)[0].rstrip(" :")
    if words in _FORWARDED or (dashed and words.startswith(_BY)):
        return "forward"
    if dashed and (words in _ORIGINAL or words.startswith(_FROM)):
        return "original"
    return "original" if dashed and _is_above(words) else ""


def _is_above(words: str) -> bool:
    """ "Please type your reply above this line" of a helpdesk."""
    return len(words) <= 120 and any(phrase in words for phrase in locales.ABOVE)


def role(line: str) -> tuple[str, str]:
    """What a field line says (from, sent, date, to, subject, cc, other) and its value; ("", "") for any other line."""
    colon = line.find(":", 0, LABEL)
    if colon < 0:
        return "", ""
    found = _FIELD.match(line[:LIMIT])
    if found is None:
        return "", ""
    meaning = locales.ROLES.get(found.group(1).strip().casefold(), "")
    return (meaning, found.group(2).strip(" \t*|")) if meaning else ("", "")


def block(lines: Sequence[str], at: int) -> Block | None:
    """The From/Sent/To/Subject block that begins at `at` with a sender, a date, a receiver or a subject, and names the
    sender and one of the others; folded values and single blank lines between fields are read."""
    if role(lines[at])[0] not in ("from", "sent", "date", "to", "subject"):
        return None
    reader = _Reader(lines, at)
    while reader.at < min(len(lines), at + BLOCK) and reader.step():
        reader.at += 1
    fields = reader.fields
    if "from" not in fields or len(_MAIL & fields.keys()) < 2:
        return None
    return Block(at, reader.end, fields, reader.certain())


class _Reader:
    """Reads a block field by field."""

    def __init__(self, lines: Sequence[str], at: int) -> None:
        self.lines = lines
        self.at = self.end = at
        self.fields: dict[str, str] = {}
        self._last = ""
        self._blanks = self._folded = 0
        self._sent = False

    def step(self) -> bool:
        """Take the line at `at` into the block; whether it belongs there."""
        line = self.lines[self.at]
        meaning, value = role(line)
        if meaning == "sent":
            self._sent, meaning = True, "date"
        if meaning and (meaning not in self.fields or meaning == "other"):
            self.fields.setdefault(meaning, value)
            self._last = meaning
            self._blanks = self._folded = 0
            self.end = self.at + 1
            return True
        text = unquoted(line).strip()
        if not text:
            self._blanks += 1
            return self._blanks == 1 and not self._complete()
        if self._blanks or self._folded >= FOLDED or len(line) > LIMIT or meaning or not self._last:
            return False
        if self._more() or self._last == "to" or not self.fields[self._last]:
            self.fields[self._last] = f"{self.fields[self._last]} {text}".strip()
            self._folded += 1
            self.end = self.at + 1
            return True
        return False

    def _complete(self) -> bool:
        return {"from", "subject"} <= self.fields.keys() and len(self.fields) >= 3

    def _more(self) -> bool:
        """Whether another field comes within two lines, which makes this line a folded value."""
        return any(role(line)[0] for line in self.lines[self.at + 1 : self.at + 3])

    def certain(self) -> bool:
        fields = self.fields
        if self._sent or any(_ADDRESS.search(fields.get(name, "")[:LIMIT]) for name in ("from", "to", "cc")):
            return True
        return "subject" in fields and _DATED.search(fields.get("date", "")[:LIMIT]) is not None


def below_rule(lines: Sequence[str], at: int) -> bool:
    """Whether a header block, perhaps in a language that we do not know, begins right below the rule at `at`."""
    below = at + 1
    while below < len(lines) and below < at + 3 and not lines[below].strip():
        below += 1
    if below >= len(lines):
        return False
    line = lines[below][:LIMIT]
    if role(line)[0] == "from" and _ADDRESS.search(line):
        return True
    found = block(lines, below)
    return (found is not None and len(_MAIL & found.fields.keys()) >= 3) or _unknown(lines, below)


def _unknown(lines: Sequence[str], at: int) -> bool:
    """Three `Name: value` lines, an address in the first: Outlook's block in a language we do not know."""
    named = [_FIELD.match(line) if len(line) <= LIMIT else None for line in lines[at : at + 3]]
    return len(named) == 3 and all(named) and bool(_ADDRESS.search(lines[at])) and "://" not in lines[at]


def top(lines: Sequence[str], at: int, floor: int) -> int:
    """Where what announces the quote at `at` begins: rules and Notes' own line right above it belong to it."""
    i = at
    while i > floor and (
        not lines[i - 1].strip() or is_rule(lines[i - 1]) or attribution.is_notes(lines[i - 1])
    ):
        i -= 1
    while i < at and not lines[i].strip():
        i += 1
    return i
