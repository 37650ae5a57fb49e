"""The block of commands at the top of the text (3.7, 3.8), read but not carried out.

Laws: a block counts only with a known key in it; header blocks of forwarded mail are never commands; a line that
means `Private` and cannot be read fails closed. The words are those of `mailgate/vocabulary`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailgate import vocabulary
from mailgate.rules.values import yes
from mailgate.vocabulary import HEADERS, SHIPPED, Vocabulary, bare, fold

MAX_LINES = 50
MAX_LINE = 1000  # characters; a longer line is prose

KEYS = vocabulary.KEYS
ASSIGN, SEVERITY, CATEGORY, DEVICE, RECIPIENT, NOTIFY, EU_SUPPORT, STATUS, ESCALATE, PRIVATE = KEYS
_LISTS = frozenset({DEVICE, RECIPIENT})  # whose values may go on in the next line, behind a comma

_SHAPE = re.compile(
    r"[\s*_`•·‣◦–-]*([^\W\d_][^\W\d_’'-]*(?:[- ][^\W\d_]+)?)[\s*_`]*[:\uff1a][*_`]*(?!//)(.*)"
)
_MEANS_PRIVATE = re.compile(
    r"[\s*_•#<\[({-]*(?:note[ -])?(?:privates?|priv[eé]e?s?|privat|internal|internes?)(?:[ -](?:note|comment))?"
    r"[\s*_\])}>]*([:=;\uff1a-]?)(.*)",
    re.IGNORECASE,
)
_TOP = 15  # lines of an agent's text in which a doubtful one counts as meant
_MARKUP = re.compile(r"</?[a-zA-Z]{1,10}>")
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", " "))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the block. `key` is the canonical English one, "" for an unknown key."""

    key: str
    value: str
    text: str  # as written


@dataclass(frozen=True, slots=True)
class Block:
    """The commands of a text and what follows them; without commands `rest` is the whole text."""

    lines: tuple[Line, ...]
    rest: str


def unseen(text: str) -> str:
    """The text without what nobody sees: direction marks, zero-width characters (Unicode category Cf)."""
    return text if text.isascii() else "".join(c for c in text if unicodedata.category(c) != "Cf")


def read(text: str, words: Vocabulary = SHIPPED) -> Block:
    """The block of commands at the very top of the new text (3.7). Blank lines may stand between known keys."""
    lines = text.lstrip("\r\n \t").split("\n", MAX_LINES + 1)
    found: list[Line] = []
    ends: list[int] = []  # where each of them ends
    for at, written in enumerate(lines[:MAX_LINES]):
        line = _line(written.strip("\r"), words)
        if line is None and not written.strip():
            continue
        if line is None and found and at == ends[-1] and _goes_on(found[-1], written):
            found[-1], ends[-1] = _joined(found[-1], written), at + 1
            continue
        gap = found and at > ends[-1]
        if line is None or (gap and not line.key):
            break
        found.append(line)
        ends.append(at + 1)
    found = found[: _forwarded_header(found)]
    if not any(line.key for line in found):
        return Block((), text)
    return Block(tuple(found), "\n".join(lines[ends[len(found) - 1] :]).lstrip("\r\n"))


def _goes_on(line: Line, written: str) -> bool:
    """Whether a list of devices or addresses goes on: mail programs break long lines behind a comma."""
    return line.key in _LISTS and line.value.endswith((",", ";")) and len(written) <= MAX_LINE


def _joined(line: Line, written: str) -> Line:
    more = unseen(written).strip()
    return Line(line.key, f"{line.value} {more}", f"{line.text} {more}")


def visible(block: Block, refused: Iterable[str]) -> str:
    """The text that stays: lines that were not obeyed, as written, above the rest (3.8)."""
    left = "\n".join(refused)
    if left and block.rest:
        return f"{left}\n\n{block.rest}"
    return left or block.rest


def _line(written: str, words: Vocabulary) -> Line | None:
    if len(written) > MAX_LINE:
        return None
    written = unseen(written)
    match = _SHAPE.match(written.translate(_SPACES))
    if match is None:
        return None
    key = words.key(match.group(1))
    if not key and " " in match.group(1):  # two words that are no key: "Dear all: …" is prose
        return None
    return Line(key, match.group(2).strip(" \t*_`"), written.strip())


def _forwarded_header(lines: Sequence[Line]) -> int:
    """Where a mail's header block begins among the lines: two of its keys make one."""
    at = [n for n, line in enumerate(lines) if _word(line) in HEADERS]
    return at[0] if len(at) > 1 else len(lines)


def _word(line: Line) -> str:
    match = _SHAPE.match(line.text)
    return fold(match.group(1)) if match else ""


def means_private(text: str, commands: Sequence[Line], words: Vocabulary = SHIPPED) -> bool:
    """Whether an agent's text holds a line that asks for privacy in a way that cannot be obeyed: misspelt, without
    its colon, or below other text. Such a comment is held (3.8). `commands` are the lines that were understood."""
    understood = {
        line.text for line in commands if line.key == PRIVATE and yes(line.value, words) is not None
    }
    for at, written in enumerate(text[:20_000].lstrip().splitlines()):
        if written.startswith(">"):
            continue
        line = _MARKUP.sub("", unseen(written)).strip()
        match = _MEANS_PRIVATE.match(line) if len(line) <= 80 and line not in understood else None
        if match is not None:
            value = bare(match.group(2))
            answer = yes(value, words)
            if answer:
                return True
            # Further down, and behind a dash, other words are prose: "Private-network settings".
            doubtful = not value or (match.group(1) in (":", "=", "\uff1a") and answer is not False)
            if at < _TOP and doubtful:
                return True
        shape = _SHAPE.match(line) if match is None and len(line) <= 40 else None
        if shape is not None and _near(fold(shape.group(1)), "private") and yes(shape.group(2), words):
            return True
    return False


def _near(word: str, other: str) -> bool:
    """Whether two words differ by one letter (one more, one less, one other) or by two neighbours swapped."""
    if abs(len(word) - len(other)) > 1 or word == other:
        return False
    head = 0
    while head < min(len(word), len(other)) and word[head] == other[head]:
        head += 1
    a, b = word[head:], other[head:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
