"""Tags of the subject (3.6): what stands in its [brackets], read but not carried out.

Laws: a bracket counts only when every word in it is one of ours; the further names that ship for a command's line count
in no subject ("[URGENT]" stays a word of the title), an operator's own words do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from mailgate.config import Config
from mailgate.mail.subject import Bracket, brackets, is_reply
from mailgate.model import Severity, Status
from mailgate.rules.values import category, status
from mailgate.vocabulary import ESCALATE, HELP, SEVERITIES, STATUS, Vocabulary, fold

ALL = "all"  # [status all]: closed ones too
ACTIONS = frozenset({"severity", "category", "escalate", "query"})
_ALL = frozenset({"all", "tous", "toutes", "tout"})
_NEW = frozenset({"new", "nouveau", "nouveaux"})
_LEADING = re.compile(r"\s*(?:\[[^\[\]]{1,200}\]\s*)+")


@dataclass(frozen=True, slots=True)
class Tags:
    """What the subject's tags say; `spans` are the recognised brackets, which leave the title (3.1)."""

    severity: Severity | None = None
    category: str = ""
    escalate: bool = False
    query: bool = False  # [status] (3.9)
    status: str = ""  # that a query names: a status, ALL, or "" for none
    help: bool = False
    word: str = ""  # of a query or of help, as written
    before_reply: frozenset[str] = field(
        default=frozenset()
    )  # action tags that stand before the reply prefix
    spans: tuple[tuple[int, int], ...] = ()


NO_TAGS = Tags()


def read_tags(subject: str, numbered: Collection[int], config: Config) -> Tags:
    """The tags of a subject. `numbered` holds the start of every bracket with one of our ticket numbers."""
    spans: list[tuple[int, int]] = []
    said: dict[str, str] = {}
    before: set[str] = set()
    answer = _leading(subject)
    for bracket in brackets(subject) if "[" in subject else ():
        found = _said(_words(bracket, numbered), config)
        if found is None and bracket.start not in numbered:
            continue
        spans.append((bracket.start, bracket.end))
        if found and bracket.start < answer:
            before.update(found)
        said = {**(found or {}), **said}
    asked = _word_for_help(subject, config)
    return Tags(
        severity=Severity.of(said["severity"]) if "severity" in said else None,
        category=said.get("category", ""),
        escalate="escalate" in said,
        query="query" in said,
        status=said.get("status", ""),
        help=bool(asked),
        word=said.get("query", asked),
        before_reply=frozenset(before & ACTIONS),
        spans=tuple(spans),
    )


def _word_for_help(subject: str, config: Config) -> str:
    """The word of [help], "" where it stands nowhere. It leaves the title alone: in most subjects it is a cry (3.9)."""
    known = config.commands.vocabulary.tags
    alone = (b.words[0] for b in brackets(subject) if len(b.words) == 1)
    return next((word for word in alone if known.get(fold(word)) == HELP), "")


def _leading(subject: str) -> int:
    """Where the brackets end that somebody put before a reply prefix, as in "[escalate] Re: x"; 0 for none."""
    match = _LEADING.match(subject) if is_reply(subject) else None
    return match.end() if match else 0


def _words(bracket: Bracket, numbered: Collection[int]) -> list[str]:
    """The words of a bracket behind its number."""
    words = list(bracket.words)
    if bracket.start in numbered:
        words = words[next((n for n, w in enumerate(words) if w.startswith("#")), 0) + 1 :]
    return words


def _said(words: Sequence[str], config: Config) -> dict[str, str] | None:
    """What the words of one bracket ask for; None when one of them is not ours. Severity goes before a category."""
    said: dict[str, str] = {}
    vocabulary = config.commands.vocabulary
    for at, word in enumerate(words):
        means = vocabulary.tags.get(fold(word), "")
        if means in SEVERITIES:
            said["severity"] = means
        elif means == ESCALATE:
            said["escalate"] = word
        elif means == STATUS:
            wanted = _wanted(" ".join(words[at + 1 :]), vocabulary)
            return None if wanted is None else {**said, "query": word, "status": wanted}
        elif name := category(" ".join(words[at:]), config):
            return {**said, "category": name}
        elif name := category(word, config):
            said["category"] = name
        else:
            return None
    return said or None


def _wanted(rest: str, vocabulary: Vocabulary) -> str | None:
    """Which tickets a [status …] asks for: "" where it does not say, None where it says something else."""
    if not rest or fold(rest) in _ALL:
        return ALL if rest else ""
    if fold(rest) in _NEW:
        return Status.NEW.value
    found = status(rest, vocabulary)
    return found.value if found else None
