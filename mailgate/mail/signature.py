"""Where the writer's own words end and the signature begins (rule 3.2).

Laws: a signature stands at the end of the new text; when in doubt it is text. Linear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailgate.mail import phrases
from mailgate.mail.quoting import is_rule

MAX_LINES = 30  # non-blank lines below "-- "
MAX_BLOCK = 14  # non-blank lines below a closing or a rule
SHORT = 90  # characters of a line of particulars

_PARTICULARS = re.compile(r"@\w|https?:|www\.|mailing list|unsubscribe|(?:\+|\b)\d[\d ()./-]{6,20}\d")
_DISCLAIMER = re.compile(
    r"confidential|privileged|intended recipient|confidentiel|destinataire|vertraulich|confidencial|riservat|vertrouwelijk|poufn"
    r"|disclaimer|please consider the environment|fortrolig|konfidentiell"
)
_SIGNED = re.compile(r"(?:-{1,4}|/|—|–)\s?[A-ZÀ-ÞА-Я][\w.'’]{1,24}(?: [A-ZÀ-ÞА-Я][\w.'’]{1,24}){0,2}\s*$")
_URL = re.compile(r"\s*[<(\[]\s?(?:https?|mailto)[^\s>)\]]{0,1500}[>)\]]?")
_POSTSCRIPT = re.compile(r"p\.?\s?s\.?[\s:]", re.IGNORECASE)
_CLOSINGS = frozenset(phrases.CLOSINGS)
_FENCE = "```"
_ENDS = "".join((" ,.!*_:;)-", "\u00a0\u2013\u2014", "،、。，！"))


def _sent_from() -> re.Pattern[str]:
    device = r"[^,:?;]{1,60}"
    forms = []
    for phrase in phrases.SENT_FROM:
        before, _, after = phrase.partition("…")
        forms.append(re.escape(before) + device + re.escape(after))
    return re.compile("|".join(sorted(forms, key=len, reverse=True)))


_SENT_FROM = _sent_from()


def start(lines: Sequence[str], first: int, last: int, alone: bool = True) -> int:
    """The line in [first, last) at which the signature begins; `last` when there is none.

    `alone`: these are the writer's only words, so that not all of them may be signature.
    """
    end = _below_dashes(lines, first, last)
    for _ in range(4):  # a closing, a rule, and a device may follow each other
        cut = min(finder(lines, first, end) for finder in (_sent_line, _below_rule, _below_closing, _signed))
        if cut >= end or (alone and not _has_words(lines, first, cut)):
            break
        end = cut
    while end > first and end < last and not lines[end - 1].strip():
        end -= 1
    return end


def is_sent_from(line: str) -> bool:
    """ "Sent from my iPhone" and its kin, alone on its line."""
    text = " ".join(_URL.sub("", line[:2000]).split()).casefold().strip("<>[]()*_ ")
    if not 6 <= len(text) <= 80 or len(text.split()) > 9:
        return False
    if text.endswith(".") and len(text.split()) > 6:
        return False
    return bool(_SENT_FROM.fullmatch(text.rstrip(".!")))


def _has_words(lines: Sequence[str], first: int, last: int) -> bool:
    return any(line.strip() for line in lines[first:last])


def _filled(lines: Sequence[str], first: int, last: int) -> list[str]:
    return [line.strip() for line in lines[first:last] if line.strip()]


def _below_dashes(lines: Sequence[str], first: int, last: int) -> int:
    """ "-- " alone on a line (RFC 3676 §4.3), the first one with a signature's length below it, outside code."""
    below = sum(1 for line in lines[first:last] if line.strip())
    fenced = False
    for i in range(first, last):
        line = lines[i]
        if line.lstrip().startswith(_FENCE):
            fenced = not fenced
        if line.strip():
            below -= 1
        if not fenced and line.rstrip() in ("--", "\u2014", "\u2013") and below <= MAX_LINES:
            return i if below or line.rstrip() == "--" else last
    return last


def _sent_line(lines: Sequence[str], first: int, last: int) -> int:
    """The last lines, when they are "Sent from …"."""
    cut = last
    for i in range(last - 1, first - 1, -1):
        if not lines[i].strip():
            continue
        if not (is_sent_from(lines[i]) or (cut < last and is_rule(lines[i]))):
            break
        cut = i
    return cut


def _below_rule(lines: Sequence[str], first: int, last: int) -> int:
    """A rule with an address, link, or telephone number in the few short lines below it."""
    found = last
    below: list[str] = []
    for i in range(last - 1, first - 1, -1):
        line = lines[i].strip()
        if not line:
            continue
        dashes = line if len(line) <= 200 else ""
        if dashes and (
            (set(dashes) <= {"_"} and len(dashes) > 1) or is_rule(line) or set(dashes) <= {"\u2014", "\u2015"}
        ):
            if _particular(below):
                found = i
            break
        below.append(line)
        if len(below) > MAX_BLOCK or len(line) > SHORT:
            break
    return found


def _particular(below: Sequence[str]) -> bool:
    return bool(below) and any(_PARTICULARS.search(line) for line in below)


def _below_closing(lines: Sequence[str], first: int, last: int) -> int:
    """ "Kind regards" alone on its line, then a name and particulars, perhaps a disclaimer."""
    count = 0
    for i in range(last - 1, first - 1, -1):
        line = lines[i].strip()
        if not line:
            continue
        words = line.casefold().strip(_ENDS)
        if words in _CLOSINGS or words + "." in _CLOSINGS:
            return i
        count += 1
        if count > MAX_BLOCK or "?" in line[:SHORT] or _POSTSCRIPT.match(line):
            return last
        if len(line) > SHORT and not _DISCLAIMER.search(line[:4000].casefold()):
            return last
        if line.endswith((".", "!")) and len(line.split()) > 5 and not _DISCLAIMER.search(line.casefold()):
            return last
    return last


def _signed(lines: Sequence[str], first: int, last: int) -> int:
    """A last line "-John" or "/John" under a blank one."""
    for i in range(last - 1, first, -1):
        if not lines[i].strip():
            continue
        below_blank = not lines[i - 1].strip()
        return i if below_blank and len(lines[i]) <= 60 and _SIGNED.match(lines[i].strip()) else last
    return last
