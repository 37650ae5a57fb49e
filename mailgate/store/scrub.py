"""What one person left in stored values, taken out: his address wherever it stands, his name where it is the value.

Laws: pure, linear in the value; keys and shapes stay, so that whoever reads the value finds what he expects; nobody
else's address is touched, though it may end or begin like this one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

WORDS = "[removed with the data of the person who wrote it]"  # stands for a text
TITLE = "[removed]"
LEAST_NAME = 3  # characters of a name that is looked for inside a sentence
# Parameters of an event, and keys of a mail's context, that repeat somebody's own words.
_SAID = frozenset({"line", "reason", "filename", "error"})
_ID = re.compile(r"<[^<>\s]{1,998}>")
_CITED = re.compile(r"""'[^']*'|"[^"]*"|“[^”]*”""")
_OF_THE_LEDGER = frozenset(
    {"kind", "outcome", "ticket", "threaded_by", "language", "severity", "category", "duplicate_of"}
)
_OF_THE_ENVELOPE = frozenset({"id", "received", "door", "rcpt_to", "tls", "smtputf8", "quiet"})


class Scrub:
    """Takes out one person. `names`: those that he bore and nobody of the staff bears; `ids`: Message-IDs of his mails
    that hold the address."""

    def __init__(
        self, address: str, names: Collection[str], placeholder: str, ids: Collection[str] = ()
    ) -> None:
        self.address, self.placeholder, self.ids = address, placeholder, frozenset(ids)
        self.names = frozenset(folded for name in names if (folded := _folded(name)))
        self._address = re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)", re.IGNORECASE)
        long = sorted((re.escape(n) for n in self.names if len(n) >= LEAST_NAME), key=len, reverse=True)
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(long)})(?!\w)", re.IGNORECASE) if long else None

    def is_him(self, *words: object) -> bool:
        """Whether one of them is the address or the name."""
        return any(
            isinstance(word, str) and (word.lower() == self.address or _folded(word) in self.names)
            for word in words
        )

    def line(self, text: str) -> str:
        """A line by anybody: without the address."""
        if self.ids and "<" in text:
            text = _ID.sub(lambda found: self.id(found[0]), text)
        return self._address.sub(self.placeholder, text)

    def id(self, message_id: str) -> str:
        """A Message-ID; one of his that holds the address becomes another (the placeholder)."""
        return f"<{self.placeholder}>" if message_id in self.ids else message_id

    def own(self, value: Any) -> Any:
        """A value that this person's own mail gave: without the address, and without the name inside sentences."""
        if isinstance(value, str):
            shown = self.line(value)
            return self._names.sub(self.placeholder, shown) if self._names else shown
        return _each(value, self.own)

    def value(self, value: Any) -> Any:
        """A value by anybody: without the address, and without the name where it is the whole of a text."""
        if isinstance(value, str):
            return self.placeholder if _folded(value) in self.names else self.line(value)
        return _each(value, self.value)

    # -- the ledger

    def decision(self, decision: Mapping[str, Any]) -> dict[str, Any]:
        """What was decided of this person's own mail: where it went and why, without anything that it said."""
        kept = {key: self.own(value) for key, value in decision.items() if key in _OF_THE_LEDGER}
        emptied = {key: _empty(value) for key, value in decision.items() if key not in _OF_THE_LEDGER}
        sender = decision.get("sender") or {}
        known = {"address": self.placeholder, "name": "", "auth": self.own(sender.get("auth", ""))}
        return {**decision, **kept, **emptied, "sender": {**sender, **known}}

    def reasons(self, reasons: list[str], decision: Mapping[str, Any]) -> list[str]:
        """Why this person's own mail ended where it did: without what his commands said, and what is cited of them."""
        values = (str(command.get("value", "")) for command in decision.get("commands") or ())
        said = sorted({value for value in values if value}, key=len, reverse=True)
        cut = re.compile("|".join(map(re.escape, said))) if said else None
        return [self.own(_CITED.sub("'…'", cut.sub("…", reason) if cut else reason)) for reason in reasons]

    def envelope(self, envelope: Mapping[str, Any]) -> dict[str, Any]:
        """How this person's own mail came in: without his host's address and name."""
        emptied = {
            key: value if key in _OF_THE_ENVELOPE else _empty(value) for key, value in envelope.items()
        }
        return emptied | {"mail_from": self.placeholder if envelope.get("mail_from") else ""}

    # -- tickets

    def event(self, code: str, params: Mapping[str, Any], own: bool, titled: bool) -> dict[str, Any]:
        """The parameters of an event. `own`: his mail caused it; `titled`: the ticket's title was his."""
        found: dict[str, Any] = {
            key: "…" if own and key in _SAID else (self.own if own else self.value)(value)
            for key, value in params.items()
        }
        if code == "title" and (own or titled):
            found = {key: "…" if key in ("old", "new") else value for key, value in found.items()}
        return found

    def context(self, context: Mapping[str, Any], titled: bool) -> dict[str, Any]:
        """What the template of a mail to somebody else saw."""
        found = {key: self._part(value) for key, value in context.items()}
        if self.is_him(context.get("asked_by")) and "reason" in found:
            found["reason"] = WORDS
        if titled and isinstance(found.get("ticket"), dict):
            found["ticket"] = found["ticket"] | {"title": TITLE}
        if isinstance(found.get("understood"), dict) and self._wrote(context):
            found["understood"] = found["understood"] | {
                "refused": [],
                "files_kept": [],
                "files_left_out": [],
            }
        return found

    def _wrote(self, context: Mapping[str, Any]) -> bool:
        people = (context.get("author"), context.get("sender"))
        return any(isinstance(p, Mapping) and self.is_him(p.get("address"), p.get("name")) for p in people)

    def _part(self, part: Any) -> Any:
        if not isinstance(part, Mapping):
            return [self._part(each) for each in part] if isinstance(part, list) else self.value(part)
        if "text" in part and self.is_him(part.get("author_address"), part.get("author_name")):
            told = {"author_name": self.placeholder, "text": WORDS, "files": [], "left_out": []}
            return {**part, **told, "author_address": self.line(part.get("author_address", "").lower())}
        if isinstance(part.get("params"), Mapping):
            own = self.is_him(part.get("by"), part["params"].get("who"))
            return {
                **self.value(part),
                "params": self.event(part.get("code", ""), part["params"], own, False),
            }
        return {key: self._part(value) for key, value in part.items()}


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _each(value: Any, change: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: change(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [change(inner) for inner in value]
    return value


def _empty(value: Any) -> Any:
    """The same shape without content."""
    if isinstance(value, Mapping):
        return {key: _empty(inner) for key, inner in value.items()}
    return [] if isinstance(value, list) else "" if isinstance(value, str) else value
