"""A text as runs of own lines, quotes, and at most one rest: the structure that mail/reply decides upon (rule 3.2).

Laws: the runs cover the text, in order, without overlap; linear, for each notable line is asked a bounded number of times
what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from mailgate.mail import attribution, heading
from mailgate.mail.attribution import Kind
from mailgate.mail.quoting import Sheet, has_words, is_quoted, is_rule, marked_end

MAX_PEEK = 50  # lines above a quote in which the writer's words are looked for


class Sort(Enum):
    OWN = auto()
    QUOTE = auto()  # marked, ends where the marks end
    REST = auto()  # an earlier mail without marks: to the end of the text


@dataclass(slots=True)
class Run:
    """Lines [start, end) of one sort; `body` is where the quote begins, below its attribution if it has one."""

    sort: Sort
    start: int
    end: int
    body: int

    @property
    def announced(self) -> bool:
        return self.body > self.start


@dataclass(frozen=True, slots=True)
class Earlier:
    """The first line that announces an earlier mail, and how: forward, original, block, quote, "" for none."""

    at: int
    how: str


class Reader:
    """Reads a text as runs of own lines, quotes, and at most one rest; only notable lines are asked what they are."""

    def __init__(self, page: Sheet) -> None:
        self._page = page
        self._plain = page.plain
        self._runs: list[Run] = []
        self._own = 0  # where the own lines begin that no run holds yet
        self._tried = 0  # lines above this one begin no attribution
        self._spoke = False  # the writer said something in the runs so far
        self._earlier: Earlier | None = None

    def read(self) -> tuple[list[Run], Earlier]:
        for at in self._page.notable:
            if at < self._own:
                continue
            run = self._quote_at(at)
            if run is not None:
                self._take(run)
        count = len(self._plain)
        if self._own < count:
            self._runs.append(Run(Sort.OWN, self._own, count, self._own))
        return self._runs, self._earlier or Earlier(count, "")

    def _take(self, run: Run) -> None:
        start = heading.top(self._plain, run.start, self._own)
        if start > self._own:
            self._spoke = self._spoke or has_words(self._plain, self._own, start)
            self._runs.append(Run(Sort.OWN, self._own, start, self._own))
        if run.body == run.start and start < run.start:
            run.body = start  # a rule announces nobody
        run.start = start
        self._runs.append(run)
        self._own = self._tried = run.end

    def _saw(self, at: int, how: str) -> None:
        if self._earlier is None:
            self._earlier = Earlier(at, how)

    def _rest(self, at: int, body: int) -> Run | None:
        """An earlier mail down to the end, where the writer said something above it."""
        if self._spoke or any(
            not line.isspace() and line != "" for line in self._plain[max(self._own, at - MAX_PEEK) : at]
        ):
            return Run(Sort.REST, at, len(self._plain), body)
        return None

    def _quote_at(self, at: int) -> Run | None:
        line = self._plain[at]
        if is_quoted(line) and not _closes_address(self._plain, at) and not attribution.is_groupwise(line):
            return self._marked(at)
        how = heading.marker(line)
        if how:
            self._saw(at, how)
            return self._rest(at, at + 1)
        if is_rule(line):
            if heading.below_rule(self._plain, at):
                self._saw(at, "block")
                return self._rest(at, at + 1)
            return None
        if ":" in line[: heading.LABEL]:
            block = heading.block(self._plain, at)
            if block is not None and block.full:
                self._saw(at, "block")
                return self._rest(at, block.end)
        return self._attributed(at)

    def _marked(self, at: int) -> Run:
        """A run of '>' lines, with the attribution above it that is none without them."""
        end = marked_end(self._plain, at)
        start = self._weak_above(at)
        how = "quote" if start < at else self._how_marked(at)
        self._saw(start, how)
        return Run(Sort.QUOTE, start, end, at if start < at else at + (how != ""))

    def _weak_above(self, at: int) -> int:
        """Where an attribution begins that ends right above line `at`, perhaps over a blank line; `at` when there is none."""
        above = at - 1
        while above >= self._own and above > at - 4 and not self._plain[above].strip():
            above -= 1
        if above < self._own or not attribution.may_end(self._plain[above]):
            return at
        for first in range(max(self._own, above - attribution.WRAP + 1), above + 1):
            count, kind = attribution.find(self._plain, first)
            if kind and first + count == above + 1:
                return first
        return at

    def _how_marked(self, at: int) -> str:
        """What the first line of a marked quote announces."""
        how = heading.marker(self._plain[at])
        if how:
            return how
        block = heading.block(self._plain, at)
        if block is not None and block.full:
            return "block"
        return "quote" if attribution.find(self._plain, at)[1] else ""

    def _attributed(self, at: int) -> Run | None:
        """A quote whose attribution ends at line `at`."""
        plain = self._plain
        ends = attribution.may_end(plain[at]) or attribution.is_groupwise(plain[at])
        if not ends and not ("@" in plain[at] and at + 1 < len(plain) and attribution.may_end(plain[at + 1])):
            return None
        for first in range(max(self._own, self._tried, at - attribution.WRAP + 1), at + 1):
            if first < at and not attribution.may_begin(plain[first]):
                continue
            count, kind = attribution.find(plain, first)
            if not kind:
                continue
            body = first + count
            while body < len(plain) and not plain[body].strip():
                body += 1
            if body < len(plain) and is_quoted(plain[body]):
                self._saw(first, "quote")
                return Run(Sort.QUOTE, first, marked_end(plain, body), body)
            if kind is Kind.SURE:
                self._saw(first, "quote")
                return self._rest(first, body)
        self._tried = at + 1
        return None


def _closes_address(lines: Sequence[str], at: int) -> bool:
    """A line ">:" that a program wrapped off the address above it."""
    return lines[at].strip() == ">:" and at > 0 and lines[at - 1].rfind("<") > lines[at - 1].rfind(">")
