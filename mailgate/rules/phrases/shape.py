"""How the phrases of one language are written down: templates over words, compiled once.

A template is a regular expression over a sentence as `asking.words_of` gives it: folded words with one space between
them, "," for every break of a clause, "?" for a question. `<name>` stands for a word list of the table, `<g3>` for up to
three words of which none is a stop word.

Laws: every repetition in a template is bounded, and a sentence is short, so that the whole is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

_MACRO = re.compile(r"<([a-z]+)(\d*)>")
_DEPTH = 6  # lists within lists
TOLD = "(?![^?]{0,500}[?])"  # the sentence is no question
START = "(?:(?<=^ )|(?<=, ))"  # the head of a clause
_WORD_ENDS = "(?:(?= )|(?<= ))"


@dataclass(frozen=True)
class Phrases:
    """How one language asks to escalate, and how it speaks of escalating without asking.

    Compiled when first asked for: few processes ever meet each language. `words` holds `stop`: what no gap may cross.
    """

    language: str  # ISO 639-1
    words: Mapping[str, str]
    stem: str  # without one of these a sentence cannot ask: plain words, "|" between them, " " where a word begins or ends
    forms_of_courtesy: str
    requests: tuple[str, ...]
    imperatives: tuple[str, ...]
    taken_back_before: tuple[str, ...]
    taken_back_after: tuple[str, ...]
    joint: str  # what a condition may stand behind
    conditions: str
    therefore: str

    @cached_property
    def stems(self) -> re.Pattern[str]:
        return re.compile(self.stem)

    @cached_property
    def courtesy(self) -> re.Pattern[str]:
        """Conditions that are only polite: taken out before anything is looked for."""
        return re.compile(rf" (?:{self._expand(self.forms_of_courtesy)})(?= )")

    @cached_property
    def asks(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(rf"(?<= ){self._expand(each)}{_WORD_ENDS}") for each in self.requests)

    @cached_property
    def orders(self) -> tuple[re.Pattern[str], ...]:
        """Bare imperatives at the head of a sentence; in a list they instruct somebody."""
        return tuple(re.compile(rf"^ {self._expand(each)}{_WORD_ENDS}") for each in self.imperatives)

    @cached_property
    def not_after(self) -> re.Pattern[str]:
        """What stands before a request and takes it back: searched for in what precedes, at its end."""
        return re.compile(rf" (?:{'|'.join(map(self._expand, self.taken_back_before))})$")

    @cached_property
    def not_before(self) -> re.Pattern[str]:
        """The same, matched at the beginning of what follows."""
        return re.compile(rf" (?:{'|'.join(map(self._expand, self.taken_back_after))})(?: |$)")

    @cached_property
    def condition(self) -> re.Pattern[str]:
        """Before a request, at the head of a clause: it is none yet."""
        return re.compile(rf"(?:^| ,| (?:{self.joint})) (?:{self.conditions}) (?!,)")

    @cached_property
    def hence(self) -> re.Pattern[str]:
        """Right before a request: what stood before is its reason, not its condition."""
        return re.compile(rf" (?:{self.therefore}) (?:, )?$")

    def _expand(self, template: str) -> str:
        for _ in range(_DEPTH):
            template = _MACRO.sub(self._list, template)
        return template

    def _list(self, match: re.Match[str]) -> str:
        name, count = match.groups()
        if name == "g":
            return rf"(?:(?!(?:{self.words['stop']}) )[^ ,?]+ ){{0,{count}}}"
        return f"(?:{self.words[name]})"


def any_of(words: Iterable[str]) -> str:
    """A pattern for where one of these plain words begins. What several of them begin with is compared once: `re` tries
    the branches of "|" one after the other at each place."""
    branches = []
    for head, group in groupby(sorted(set(words)), key=lambda word: word[:1]):
        if not head:
            return ""  # one of them ends here, and that is enough
        branches.append(re.escape(head) + any_of(word[1:] for word in group))
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
