"""Tags of the subject (3.6) and the block of commands at the top of the text (3.7, 3.8), read but not carried out.

Laws: a block counts only with a known key in it; header blocks of forwarded mail are never commands; a line that
means `Private` and cannot be read fails closed. English and French, whatever the case and the accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from mailgate.config import Config
from mailgate.mail.subject import Bracket, brackets, is_reply
from mailgate.model import Severity, Status

MAX_LINES = 50
MAX_LINE = 1000  # characters; a longer line is prose
MAX_ITEMS = 100  # of a comma-separated value

ASSIGN, SEVERITY, CATEGORY, DEVICE, RECIPIENT = "Assign", "Severity", "Category", "Device", "Recipient"
NOTIFY, EU_SUPPORT, STATUS, ESCALATE, PRIVATE = "Notify", "EU-Support", "Status", "Escalate", "Private"
KEYS = (ASSIGN, SEVERITY, CATEGORY, DEVICE, RECIPIENT, NOTIFY, EU_SUPPORT, STATUS, ESCALATE, PRIVATE)

_KEYS = {
    "assign": ASSIGN, "affecter": ASSIGN,
    "severity": SEVERITY, "gravite": SEVERITY,
    "category": CATEGORY, "categorie": CATEGORY, "objet": CATEGORY,
    "device": DEVICE, "unite": DEVICE,
    "recipient": RECIPIENT, "destinataire": RECIPIENT,
    "notify": NOTIFY, "notifier": NOTIFY,
    "eu-support": EU_SUPPORT, "support-ue": EU_SUPPORT,
    "status": STATUS, "statut": STATUS,
    "escalate": ESCALATE, "escalader": ESCALATE,
    "private": PRIVATE, "prive": PRIVATE,
}  # fmt: skip
# Plurals and the words without their hyphen: nobody means anything else by them.
_KEYS |= {f"{word}s": _KEYS[word] for word in ("device", "unite", "recipient", "destinataire")}
_KEYS |= {word.replace("-", " "): _KEYS[word] for word in ("eu-support", "support-ue")}

_SEVERITIES = {
    "outage": Severity.OUTAGE, "panne": Severity.OUTAGE,
    "degraded": Severity.DEGRADED, "degradation": Severity.DEGRADED, "degrade": Severity.DEGRADED,
    "question": Severity.QUESTION,
}  # fmt: skip
_STATUSES = {
    "open": Status.OPEN, "ouvert": Status.OPEN,
    "pending": Status.PENDING, "en attente": Status.PENDING,
    "resolved": Status.RESOLVED, "resolu": Status.RESOLVED,
    "closed": Status.CLOSED, "ferme": Status.CLOSED, "clos": Status.CLOSED,
}  # fmt: skip
_YES = frozenset({"yes", "y", "on", "true", "oui", "o", "1"})
_NO = frozenset({"no", "n", "off", "false", "non", "0"})
_NONE = frozenset({"none", "aucun", "aucune"}) | _NO
_ESCALATE = frozenset({"escalate", "escalade"})
_QUERY = frozenset({"status", "statut"})
_NEW = frozenset({"new", "nouveau"})

# Keys of the header block that mail programs put over a forwarded or quoted mail ("Objet" is one in French).
_HEADERS = frozenset({
    "from", "sent", "date", "to", "cc", "bcc", "subject", "reply-to",
    "de", "envoye", "a", "pour", "objet", "sujet", "copie", "cci",
    "von", "gesendet", "an", "betreff", "datum", "para", "asunto", "enviado", "da", "oggetto", "inviato",
    "van", "verzonden", "aan", "onderwerp",
})  # fmt: skip
_SHAPE = re.compile(r"[\s*_]*([^\W\d_][^\W\d_’'-]*(?:[- ][^\W\d_]+)?)[\s*_]*[:\uff1a][*_]*(?!//)(.*)")
_MEANS_PRIVATE = re.compile(
    r"[\s*_•#<\[({-]*(?:note[ -])?(?:privates?|priv[eé]e?s?|privat|internal|internes?)(?:[ -](?:note|comment))?"
    r"[\s*_\])}>]*([:=;\uff1a-]?)(.*)",
    re.IGNORECASE,
)
_TOP = 15  # lines of an agent's text in which a doubtful one counts as meant
_MARKUP = re.compile(r"</?[a-zA-Z]{1,10}>")
_LEADING = re.compile(r"\s*(?:\[[^\[\]]{1,200}\]\s*)+")


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


@dataclass(frozen=True, slots=True)
class Tags:
    """What the subject's tags say; `spans` are the recognised brackets, which leave the title (3.1)."""

    severity: Severity | None = None
    category: str = ""
    escalate: bool = False
    query: bool = False  # [status]; what it answers is rule 3.9
    before_reply: frozenset[str] = frozenset()  # action tags that stand before the reply prefix
    spans: tuple[tuple[int, int], ...] = ()


NO_TAGS = Tags()


def fold(text: str) -> str:
    """For comparing words: no case, no accents, single spaces."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def unseen(text: str) -> str:
    """The text without what nobody sees: direction marks, zero-width characters (Unicode category Cf)."""
    return text if text.isascii() else "".join(c for c in text if unicodedata.category(c) != "Cf")


def key(word: str) -> str:
    """The canonical key of a word, English or French; "" for none."""
    return _KEYS.get(fold(word), "")


def read(text: str) -> Block:
    """The block of commands at the very top of the new text (3.7). Blank lines may stand between known keys."""
    found: list[Line] = []
    lines = text.lstrip("\r\n \t").split("\n", MAX_LINES + 1)
    used = 0
    for at, written in enumerate(lines[:MAX_LINES]):
        line = _line(written.strip("\r"))
        if line is None and not written.strip():
            continue
        gap = at > used and found
        if line is None or (gap and not line.key):
            break
        found.append(line)
        used = at + 1
    found = found[: _forwarded_header(found)]
    if not any(line.key for line in found):
        return Block((), text)
    kept = 0
    taken = 0
    for written in lines:
        if taken == len(found):
            break
        taken += bool(written.strip())
        kept += 1
    return Block(tuple(found), "\n".join(lines[kept:]).lstrip("\r\n"))


def visible(block: Block, refused: Iterable[str]) -> str:
    """The text that stays: lines that were not obeyed, as written, above the rest (3.8)."""
    left = "\n".join(refused)
    if left and block.rest:
        return f"{left}\n\n{block.rest}"
    return left or block.rest


def _line(written: str) -> Line | None:
    if len(written) > MAX_LINE:
        return None
    written = unseen(written)
    match = _SHAPE.match(written)
    if match is None:
        return None
    word = fold(match.group(1))
    key = _KEYS.get(word, "")
    if not key and " " in word:  # two words that are no key: "Dear all: …" is prose
        return None
    return Line(key, match.group(2).strip(" \t\u00a0*_"), written.strip())


def _forwarded_header(lines: Sequence[Line]) -> int:
    """Where a mail's header block begins among the lines: two of its keys make one."""
    at = [n for n, line in enumerate(lines) if _word(line) in _HEADERS]
    return at[0] if len(at) > 1 else len(lines)


def _word(line: Line) -> str:
    match = _SHAPE.match(line.text)
    return fold(match.group(1)) if match else ""


def means_private(text: str, commands: Sequence[Line]) -> bool:
    """Whether an agent's text holds a line that asks for privacy in a way that cannot be obeyed: misspelt, without
    its colon, or below other text. Such a comment is held (3.8). `commands` are the lines that were understood."""
    understood = {line.text for line in commands if line.key == PRIVATE and yes(line.value) is not None}
    for at, written in enumerate(text[:20_000].lstrip().splitlines()):
        if written.startswith(">"):
            continue
        line = _MARKUP.sub("", unseen(written)).strip()
        match = _MEANS_PRIVATE.match(line) if len(line) <= 80 and line not in understood else None
        if match is not None:
            value = fold(match.group(2)).strip("*_ .!")
            if value in _YES:
                return True
            # Further down, and behind a dash, other words are prose: "Private-network settings".
            doubtful = not value or (match.group(1) in (":", "=", "\uff1a") and value not in _NO)
            if at < _TOP and doubtful:
                return True
        shape = _SHAPE.match(line) if match is None and len(line) <= 40 else None
        if shape is not None and _near(fold(shape.group(1)), "private") and fold(shape.group(2)) in _YES:
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


def severity(value: str) -> Severity | None:
    """Severity by its English or French word."""
    return _SEVERITIES.get(fold(value))


def status(value: str) -> Status | None:
    """Status by its English or French word; French participles in either gender. `new` cannot be asked for."""
    word = fold(value)
    return _STATUSES.get(word) or _STATUSES.get(
        word.removesuffix("e") if word.endswith(("te", "ue", "ee", "se")) else ""
    )


def yes(value: str) -> bool | None:
    """yes/on/oui and no/off/non; None for anything else."""
    word = fold(value).rstrip(".!")
    return True if word in _YES else False if word in _NO else None


def none(value: str) -> bool:
    """Whether a value says "none"."""
    return fold(value) in _NONE


def category(value: str, config: Config) -> str:
    """The configured category of that name, as the config spells it; "" when there is none."""
    word = fold(value)
    return next((c for c in config.gateway.categories if fold(c) == word), "")


def items(value: str) -> tuple[str, ...]:
    """The parts of a comma-separated value."""
    parts = value.replace(";", ",").replace("\uff0c", ",").split(",", MAX_ITEMS)
    return tuple(p for part in parts[:MAX_ITEMS] if (p := " ".join(part.split())))


def tags(subject: str, numbered: Collection[int], config: Config) -> Tags:
    """The tags of a subject. `numbered` holds the start of every bracket with one of our ticket numbers."""
    spans: list[tuple[int, int]] = []
    said: dict[str, str | Severity] = {}
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
    severity, category = said.get("severity"), said.get("category")
    return Tags(
        severity=severity if isinstance(severity, Severity) else None,
        category=category if isinstance(category, str) else "",
        escalate="escalate" in said,
        query="query" in said,
        before_reply=frozenset(before),
        spans=tuple(spans),
    )


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


def _said(words: Sequence[str], config: Config) -> dict[str, str | Severity] | None:
    """What the words of one bracket ask for; None when one of them is not ours. Severity goes before a category."""
    said: dict[str, str | Severity] = {}
    for at, word in enumerate(words):
        folded = fold(word)
        if level := _SEVERITIES.get(folded):
            said["severity"] = level
        elif folded in _ESCALATE:
            said["escalate"] = folded
        elif folded in _QUERY:
            rest = " ".join(words[at + 1 :])
            known = not rest or status(rest) is not None or fold(rest) in _NEW
            return {**said, "query": folded} if known else None
        elif name := category(" ".join(words[at:]), config):
            return {**said, "category": name}
        elif name := category(word, config):
            said["category"] = name
        else:
            return None
    return said or None
