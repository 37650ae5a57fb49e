"""The values of commands (3.7), read kindly: quotes, dots, brackets, links and blanks around them change nothing.

Laws: pure and linear; what is not understood is "" or None, never guessed.
"""

from __future__ import annotations

import re

from mailgate.config import Config
from mailgate.mail.address import normalise, parse_list
from mailgate.model import Severity, Status
from mailgate.vocabulary import NO, NONE, SEVERITIES, SHIPPED, STATUSES, YES, Vocabulary, bare, fold

MAX_ITEMS = 100  # of a comma-separated value
MAX_ADDRESS = 1000  # characters of one written address
_SEPARATORS = str.maketrans({";": ",", "\uff0c": ",", "\u3001": ",", "\uff1b": ","})
_LINK = re.compile(r"[<(\[]\s?mailto:([^<>()\[\]\s]{1,300})\s?[>)\]]|\bmailto:(?=\S)", re.IGNORECASE)
_QUOTES = "\"'“”‘’„«»`*\u00a0 "
_NUMBERS = {str(int(severity)): severity for severity in Severity}
_AROUND = re.compile(r"[\s<>\"'(),;:\[\]]+")
_PAIRS = frozenset({'""', "''", "“”", "‘’", "„“", "«»", "``", "**", "__", "<>"})


def severity(value: str, words: Vocabulary = SHIPPED) -> Severity | None:
    """Severity by any word for it, or by its number."""
    if (number := bare(value)) in _NUMBERS:
        return _NUMBERS[number]
    found = words.value(value, SEVERITIES)
    return Severity.of(found) if found else None


def status(value: str, words: Vocabulary = SHIPPED) -> Status | None:
    """Status by any word for it. `new` cannot be asked for."""
    found = words.value(value, STATUSES)
    return Status(found) if found else None


def yes(value: str, words: Vocabulary = SHIPPED) -> bool | None:
    """yes/on/oui and no/off/non; None for anything else."""
    found = words.value(value, (YES, NO))
    return found == YES if found else None


def none(value: str, words: Vocabulary = SHIPPED) -> bool:
    """Whether a value says "none"."""
    return bool(words.value(value, (NONE, NO)))


def category(value: str, config: Config) -> str:
    """The configured category of that name, as the config spells it; "" when there is none."""
    whole, word = fold(value), bare(value)
    return next((c for c in config.gateway.categories if fold(c) in (whole, word)), "")


def items(value: str) -> tuple[str, ...]:
    """The parts of a comma-separated value."""
    parts = value.translate(_SEPARATORS).split(",", MAX_ITEMS)
    return tuple(p for part in parts[:MAX_ITEMS] if (p := " ".join(part.split())))


def name(value: str) -> str:
    """A name without the quotes, bold marks and closing dot around it; a "-" before it stays."""
    sign = "-" if value.startswith("-") else ""
    return sign + value.removeprefix("-").strip(_QUOTES).rstrip(".").strip(_QUOTES)


def address(text: str) -> str:
    """The address of one value of Assign or Recipient: bare, as `Name <address>`, or as the link that mail programs
    make of it (`bob@acme.example<mailto:bob@acme.example>`); "" when it is none, or more than one."""
    text = text[:MAX_ADDRESS].strip().removeprefix("-").strip()
    if found := normalise(text):
        return found
    linked = {normalise(m.group(1).partition("?")[0]) for m in _LINK.finditer(text) if m.group(1)}
    plain = _LINK.sub(" ", text).strip()
    for candidate in (plain, _unwrapped(plain)):
        named = {a.address for a in parse_list(candidate)}
        if linked and "" not in linked:
            named |= linked  # the words and the link must say the same address
        others = {normalise(word) for word in _AROUND.split(candidate) if "@" in word}
        if len(named) == 1 and len((named | others) - {""}) == 1:
            return named.pop()
    return ""


def _unwrapped(text: str) -> str:
    """Without a pair of quotes or bold marks, and the marks of a sentence; a letter of the address is never taken."""
    text = text.rstrip(".;:!) ]").lstrip("([ ")
    while len(text) > 1 and text[0] + text[-1] in _PAIRS:
        text = text[1:-1].strip()
    return text
