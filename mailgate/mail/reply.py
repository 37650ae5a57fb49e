"""Splits a mail's text into what is new, what is quoted, and the signature (rule 3.2).

Laws: no word is lost: every line ends in exactly one of the three; structure goes before phrases; when in doubt a line is
text. Linear in the text: each line is looked at a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from mailgate.mail import quoting, signature
from mailgate.mail.subject import is_forward, is_reply
from mailgate.model import Forwarded


@dataclass(frozen=True, slots=True)
class Split:
    text: str  # the new text; with inline answers also the quotes they answer
    quoted: str
    signature: str
    forwarded: Forwarded | None  # the first header block of a forward
    is_forward: bool  # the mail as a whole is a forward: content, nothing is cut


class _Sort(Enum):
    OWN = auto()
    QUOTE = auto()  # marked, ends where the marks end
    REST = auto()  # an earlier mail without marks: to the end of the text


@dataclass(slots=True)
class _Run:
    """Lines [start, end) of one sort; `body` is where the quote begins, below its attribution if it has one."""

    sort: _Sort
    start: int
    end: int
    body: int
    attribution: int = -1


def split(text: str, subject: str) -> Split:
    """Split `text` (any line ends); `subject` says whether the mail is a forward. Never raises."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    runs = _runs(lines)
    at, kind = _earlier(lines, runs)
    if _forwards(lines, at, kind, subject):
        return Split(text.strip("\r\n"), "", "", _forwarded(lines, at), True)
    own = [run for run in runs if run.sort is _Sort.OWN and _words(lines, run.start, run.end)]
    if not own:
        # nothing new in an answer; in a first mail the quote is all that the desk has
        whole = _trim(lines)
        return Split("", whole, "", None, False) if is_reply(subject) else Split(whole, "", "", None, False)
    last = own[-1]
    cut = signature.start(lines, last.start, last.end, alone=len(own) == 1)
    if not _words(lines, last.start, cut) and len(own) > 1:
        # all that stands below the last quote is a signature: the words above are the last ones
        tail = last
        last = own[-2]
        above = signature.start(lines, last.start, last.end, alone=len(own) == 2)
        return _assemble(lines, runs, last, above, tail)
    return _assemble(lines, runs, last, cut, None)


def _assemble(lines: Sequence[str], runs: list[_Run], last: _Run, cut: int, tail: _Run | None) -> Split:
    """Who keeps which run: `last` is the last run of own words, cut at `cut`; `tail` is all signature."""
    before = [run for run in runs if run.end <= last.start]
    quotes = [run for run in before if run.sort is not _Sort.OWN]
    answered = [run for run in before if run.sort is _Sort.OWN and _words(lines, run.start, run.end)]
    signed = [(cut, last.end)] + ([(tail.start, tail.end)] if tail else [])
    if not quotes:
        kept = [(last.start, cut)]
    elif not answered and len(quotes) == 1:
        kept = [(last.start, cut)]  # one answer below the whole quote
    else:
        # inline answers keep what they answer; an attribution above everything is no loss
        head = quotes[0].body if not _words(lines, 0, quotes[0].start) else 0
        kept = [(head, cut)]
    inside: set[int] = set()
    for start, end in kept + signed:
        inside.update(range(start, end))
    quoted = [line for i, line in enumerate(lines) if i not in inside]
    return Split(_join(lines, kept), _trim(quoted), _join(lines, signed), None, False)


def _join(lines: Sequence[str], spans: Sequence[tuple[int, int]]) -> str:
    return "\n\n".join(part for start, end in spans if (part := _trim(lines[start:end])))


def _trim(lines: Sequence[str]) -> str:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return "\n".join(lines[start:end]).rstrip()


def _words(lines: Sequence[str], start: int, end: int) -> bool:
    return any(not line.isspace() and line != "" and not quoting.is_rule(line) for line in lines[start:end])


# ---------------------------------------------------------------- structure


def _runs(lines: Sequence[str]) -> list[_Run]:
    """The text as runs of own lines, quotes, and at most one rest."""
    runs: list[_Run] = []
    own = i = 0
    while i < len(lines):
        found = _quote_at(lines, i, own, runs)
        if found is None:
            i += 1
            continue
        above = _rule_above(lines, own, found.start)
        if above > own:
            runs.append(_Run(_Sort.OWN, own, above, above))
        found.start = above
        runs.append(found)
        own = i = found.end
    if own < len(lines):
        runs.append(_Run(_Sort.OWN, own, len(lines), own))
    return runs


def _any_words(lines: Sequence[str], own: int, i: int, runs: list[_Run]) -> bool:
    """Whether the writer said anything above line `i`; the quotes above do not count."""
    if any(
        run.sort is _Sort.OWN and _words(lines, run.start, min(run.end, run.start + 50)) for run in runs[:3]
    ):
        return True
    return any(not line.isspace() and line != "" for line in lines[max(own, i - 50) : i])


def _quote_at(lines: Sequence[str], i: int, own: int, runs: list[_Run]) -> _Run | None:
    line = lines[i]
    if not line.strip():
        return None
    if quoting.is_quoted(line):
        end = _marked_end(lines, i)
        return _Run(_Sort.QUOTE, i, end, i)
    if quoting.marker(line) or _is_block(lines, i):
        return _Run(_Sort.REST, i, len(lines), i) if _any_words(lines, own, i, runs) else None
    count, sure = quoting.attribution(lines, i)
    if not count:
        return None
    body = i + count
    while body < len(lines) and not lines[body].strip():
        body += 1
    if body < len(lines) and quoting.is_quoted(lines[body]):
        return _Run(_Sort.QUOTE, i, _marked_end(lines, body), body, attribution=i)
    if sure and _any_words(lines, own, i, runs):
        return _Run(_Sort.REST, i, len(lines), body, attribution=i)
    return None


def _is_block(lines: Sequence[str], i: int) -> bool:
    if quoting.is_rule(lines[i]):
        below = i + 1
        while below < len(lines) and below < i + 3 and not lines[below].strip():
            below += 1
        return below < len(lines) and (
            quoting.is_from_line(lines[below]) or quoting.unknown_block(lines, below)
        )
    return quoting.is_full(quoting.header_block(lines, i))


def _marked_end(lines: Sequence[str], start: int) -> int:
    """Where a '>' quote ends. A short unmarked line inside it is a line that some program wrapped."""
    end = start
    i = start
    while i < len(lines):
        if quoting.is_quoted(lines[i]):
            i += 1
            end = i
        elif (not lines[i].strip() and i + 1 < len(lines) and quoting.is_quoted(lines[i + 1])) or _wrapped(
            lines, i
        ):
            i += 1
        else:
            break
    return end


def _wrapped(lines: Sequence[str], i: int) -> bool:
    """The tail of a quoted line that a program broke without a mark: short, lower case, between long quoted lines."""
    line = lines[i]
    if not line.strip() or len(line) > 40 or not line[0].islower() or i == 0 or i + 1 >= len(lines):
        return False
    above, below = lines[i - 1], lines[i + 1]
    return quoting.is_quoted(above) and len(above) >= 60 and quoting.is_quoted(below)


def _rule_above(lines: Sequence[str], floor: int, start: int) -> int:
    """A rule right above a quote belongs to it."""
    i = start
    while i > floor and (not lines[i - 1].strip() or quoting.is_rule(lines[i - 1])):
        i -= 1
    while i < start and not lines[i].strip():
        i += 1
    return i


# ---------------------------------------------------------------- forwards


def _earlier(lines: Sequence[str], runs: Sequence[_Run]) -> tuple[int, str]:
    """The first line that announces an earlier mail, and its kind: forward, original, block, quote, "" for none."""
    earlier = next((run for run in runs if run.sort is not _Sort.OWN), None)
    first = (
        len(lines) if earlier is None else earlier.body if earlier.attribution < 0 else earlier.attribution
    )
    for i, line in enumerate(lines):
        if not line.strip():
            continue
        if earlier is not None and i == earlier.attribution:
            return i, "quote"
        kind = quoting.marker(line)
        if kind:
            return i, kind
        if quoting.is_quoted(line) and quoting.attribution(lines, i)[0]:
            return i, "quote"
        if quoting.is_full(quoting.header_block(lines, i)):
            return i, "block"
        if i == first:
            return i, "quote"
    return len(lines), ""


def _forwards(lines: Sequence[str], at: int, kind: str, subject: str) -> bool:
    """By the subject, by a forward's own marker above all other quotes, or by a mail that begins with the earlier one."""
    if is_forward(subject) or kind == "forward":
        return True
    return kind in ("original", "block") and not _words(lines, 0, at)


def _forwarded(lines: Sequence[str], at: int) -> Forwarded | None:
    if at >= len(lines):
        return None
    marked = bool(quoting.marker(lines[at]))
    start = at + 1 if marked else at
    while start < len(lines) and start < at + 6 and not quoting.unquoted(lines[start]).strip():
        start += 1
    block = quoting.header_block(lines, start) if start < len(lines) else None
    if block is None:
        return Forwarded("", "", "", "", _body(lines, start)) if marked else None
    get = block.fields.get
    return Forwarded(
        get("from", ""), get("to", ""), get("subject", ""), get("date", ""), _body(lines, block.end)
    )


def _body(lines: Sequence[str], start: int) -> str:
    """The forwarded words; where the block is marked with '>', they end with the marks."""
    if start > 0 and quoting.is_quoted(lines[start - 1]):
        end = _marked_end(lines, start)
        return "\n".join(
            line.lstrip(" ").removeprefix(">").removeprefix(" ") for line in lines[start:end]
        ).strip()
    return "\n".join(lines[start:]).strip()
