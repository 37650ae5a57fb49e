"""Recognisers for the lines that stand above a quoted mail: attributions, header blocks, markers (rule 3.2).

Laws: each looks at a few lines of bounded length, so a whole text costs linear time; languages live in mail/phrases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailgate.mail import phrases

LINE_LIMIT = 600  # characters; a longer line is prose
WRAP_LIMIT = 4  # lines over which programs wrap an attribution
BLOCK_LIMIT = 40  # lines of a header block; long To lists wrap

_LEAD = " \t\u00a0\u200e\u200f\u202a\u202c\ufeff"
_DASHES = "-_=*#~>\u2013\u2014\u2015\u2500" + _LEAD


def _alternation(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


_WROTE = re.compile(rf"(?<!\w)(?:{_alternation([w for w in phrases.WROTE if w.isascii()])})(?!\w)|(?:{_alternation([w for w in phrases.WROTE if not w.isascii()])})")  # fmt: skip  # noqa: E501
_OPENER = re.compile(rf"(?:{_alternation(phrases.OPENERS)})(?:[\s,.]|(?=\d))|(?:於|于|在|ב-|ב)(?=\d)")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(
    r"\d{1,2}[:.hH\u0589]\d{2}|(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d[年月日년월일时時시点]|\d{1,2}\s?(?:am|pm)\b"
)
_EMAIL = re.compile(r"[^\s<>()\[\]\"',;:]{1,64}@[\w.-]{1,190}\w")
_DELIMITED_EMAIL = re.compile(r"[<(\[]\s{0,3}(?:mailto:)?[^\s<>()\[\]]{1,64}@[\w.-]{1,190}")
# After a date these words make prose of "On 3 May at 10:15 the server wrote:".
_PROSE = re.compile(r"\b(?:the|it|we|i|our|my|this|that|which|server|service|log|system|user|they|he|she)\b")
_FIELD = re.compile(
    r"[>\s*_\u00a0\u200e\u200f]*([^\W\d_][^:：\n]{0,30}?)[\s*_\u00a0]*[:：][\s*_\u00a0]*(.*)", re.DOTALL
)
_ROLES = {name: role for role, names in phrases.FIELDS.items() for name in names}
_ORIGINAL = frozenset(phrases.ORIGINAL)
_FORWARDED = frozenset(phrases.FORWARDED)
_RULE_CHARACTERS = frozenset("-_=*\u2013\u2014\u2015\u2500 \t>")


@dataclass(frozen=True, slots=True)
class Block:
    """A header block found in a text: lines [start, end) and what the fields say, as written."""

    start: int
    end: int
    fields: dict[str, str]

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.fields) - {"cc", "other"}


def unquoted(line: str) -> str:
    """The line without its '>' marks."""
    return line.lstrip("> \t\u00a0") if is_quoted(line) else line


def is_quoted(line: str) -> bool:
    """Whether the line carries a '>' mark (RFC 3676 §4.5), perhaps indented by one or two blanks."""
    return line[:3].lstrip(" \u00a0").startswith(">")


def is_rule(line: str) -> bool:
    """A line of three or more dashes, underscores or the like and nothing else."""
    return 3 <= len(line.strip(" \t>")) <= 200 and set(line) <= _RULE_CHARACTERS


def marker(line: str) -> str:
    """ "original" or "forward" for a line that announces an earlier mail, "" otherwise."""
    if not 5 < len(line) <= 160:
        return ""
    bare = line.strip(_DASHES)
    dashed = line.strip(_LEAD + ">").startswith(("--", "__", "==", "\u2014", "\u2013\u2013", "**", "~~"))
    colon = bare.endswith((":", "："))
    words = bare.rstrip(" :：\u00a0").casefold()
    if words in _FORWARDED and (dashed or colon):
        return "forward"
    if dashed and words.startswith("forwarded by "):
        return "forward"
    return "original" if dashed and words in _ORIGINAL else ""


def attribution(lines: Sequence[str], at: int) -> tuple[int, bool]:
    """How many lines from `at` on are an attribution ("On … wrote:"), 0 for none; and whether it is beyond doubt.

    One that is not beyond doubt counts only where '>' lines follow.
    """
    first = lines[at]
    if not first.strip() or len(first) > LINE_LIMIT:
        return 0, False
    start = _bare(first)
    digits = bool(_DIGIT.search(start))
    if not digits and "@" not in start and not start.endswith((":", "：")):
        return 0, False
    opener = digits and bool(_OPENER.match(start))
    dated = bool(_DATE.search(start[:32]))
    addressed = bool(_DELIMITED_EMAIL.search(start)) and len(start) <= 300
    joined = ""
    for count in range(1, WRAP_LIMIT + 1):
        if at + count > len(lines):
            break
        line = lines[at + count - 1]
        if not line.strip() or len(joined) + len(line) > LINE_LIMIT:
            break
        if count > 1 and not (opener or dated or addressed):
            break
        # a program may wrap right before the ">:" that ends an address
        if (
            count > 1
            and is_quoted(line) != is_quoted(first)
            and not (line.strip() in (">:", ">：") and "<" in joined)
        ):
            break
        if count > 1 and _begins_anew(_bare(line)):
            break
        joined = f"{joined} {_bare(line)}".strip()
        verdict = _attributes(joined, opener, dated or addressed)
        if verdict:
            return count, verdict == 2
    return 0, False


def _bare(line: str) -> str:
    return unquoted(line).strip(_DASHES).casefold()


def _begins_anew(line: str) -> bool:
    """Whether a line is itself the start of an attribution, so that nothing above it belongs to it."""
    return bool(_OPENER.match(line)) and bool(_DATE.search(line)) and not line.startswith("at ")


def _attributes(text: str, opener: bool, started: bool) -> int:
    """0: no attribution; 1: one, where a quote follows; 2: beyond doubt."""
    colon = text.endswith((":", "："))
    if not colon and not _WROTE.search(text, max(len(text) - 20, 0)):
        return 0
    wrote = _WROTE.search(text)
    date = bool(_DATE.search(text))
    email = bool(_EMAIL.search(text))
    if wrote and date and (opener or started):
        if email:
            return 2
        return 2 if opener and colon and len(text) <= 160 and not _PROSE.search(text) else 1
    if colon and date and email and (started or opener) and bool(_DELIMITED_EMAIL.search(text)):
        return 2
    return 1 if wrote and colon and len(text) <= 160 else 0


def header_block(lines: Sequence[str], at: int) -> Block | None:
    """The From/Sent/To/Subject block that begins at `at`: a From or date and two more roles (in all mail programs'
    languages); folded values and single blank lines between fields are read."""
    if _role(lines[at])[0] in ("", "other", "cc"):
        return None
    fields: dict[str, str] = {}
    order: list[str] = []
    end = at
    i = at
    blanks = folded = 0
    while i < min(len(lines), at + BLOCK_LIMIT):
        role, value = _role(lines[i])
        if role and (role not in fields or role == "other"):
            fields.setdefault(role, value)
            order.append(role)
            blanks = folded = 0
            end = i + 1
        elif not unquoted(lines[i]).strip():
            blanks += 1
            if blanks > 1 or _complete(fields):
                break
        elif blanks or folded >= 12 or len(lines[i]) > LINE_LIMIT or not order or role:
            break
        elif _more_fields(lines, i) or order[-1] == "to" or not fields[order[-1]]:
            fields[order[-1]] = f"{fields[order[-1]]} {unquoted(lines[i]).strip()}".strip()
            folded += 1
            end = i + 1
        else:
            break
        i += 1
    block = Block(at, end, fields)
    return block if "from" in block.roles and len(block.roles) >= 2 else None


def is_full(block: Block | None) -> bool:
    """Whether a block stands for a mail by itself: sender and two of date, receiver, subject."""
    return block is not None and len(block.roles) >= 3


def unknown_block(lines: Sequence[str], at: int) -> bool:
    """Three `Name: value` lines below a rule, an address in the first: Outlook's block in a language we do not know."""
    named = [_FIELD.match(line) if len(line) <= LINE_LIMIT else None for line in lines[at : at + 3]]
    return len(named) == 3 and all(named) and bool(_EMAIL.search(lines[at])) and "://" not in lines[at]


def is_from_line(line: str) -> bool:
    """A lone From line with an address in it."""
    return _role(line)[0] == "from" and bool(_EMAIL.search(line[:LINE_LIMIT]))


def _complete(fields: dict[str, str]) -> bool:
    return {"from", "subject"} <= fields.keys() and len(fields) >= 3


def _more_fields(lines: Sequence[str], i: int) -> bool:
    """Whether another field comes within the next two lines, which makes line `i` a folded value."""
    return any(_role(line)[0] for line in lines[i + 1 : i + 3])


def _role(line: str) -> tuple[str, str]:
    """The role of a field line and its value, ("", "") for any other line."""
    line = line[:LINE_LIMIT]
    match = _FIELD.match(line) if ":" in line or "：" in line else None
    if match is None:
        return "", ""
    role = _ROLES.get(match.group(1).strip().casefold(), "")
    return (role, match.group(2).strip(" \t*\u00a0")) if role else ("", "")
