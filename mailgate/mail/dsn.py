"""The fields of a delivery status notification (RFC 3464 §2), in every wrong form that programs write them.

Laws: linear; never raises; a group without a recipient still tells that something failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mailgate.mail import bouncestatus
from mailgate.mail.failure import ADDRESS, Failure, clean, message_id

LIMIT = 65_536  # characters a text
RECIPIENTS = 500
MAX_VALUE = 4000  # characters of a field

_RECIPIENT_FIELDS = ("final-recipient", "original-recipient", "x-actual-recipient", "x-original-recipient")
_KNOWN = frozenset({*_RECIPIENT_FIELDS, "action", "status", "diagnostic-code"})
_IDS = ("original-message-id", "x-original-message-id")
_TYPE = re.compile(r"\s*[\w.-]{1,40}\s*;")
_ADDRESS = re.compile(ADDRESS)
_LOCAL = re.compile(r"[\w.+=/-]{1,64}")
_ACTIONS = {
    "failed": "failed", "failure": "failed", "fail": "failed", "bounced": "failed", "undeliverable": "failed",
    "rejected": "failed", "expired": "expired", "delayed": "delayed", "delay": "delayed", "deferred": "delayed",
    "delivered": "delivered", "relayed": "delivered", "expanded": "delivered", "success": "delivered",
}  # fmt: skip


@dataclass(slots=True)
class Told:
    """What the fields say: failures and delays one a recipient, and how many deliveries succeeded."""

    failures: list[Failure] = field(default_factory=list)
    successes: int = 0
    message_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.failures or self.successes)


def read(texts: Iterable[str]) -> Told:
    """All groups of the texts. Without an Action the class of the status decides, else it failed (RFC 3464 §2.3.3)."""
    told = Told()
    known: dict[str, Failure] = {}
    for text in texts:
        for group in _groups(text[:LIMIT]):
            told.message_id = told.message_id or next(
                (message_id(group[key]) for key in _IDS if key in group), ""
            )
            recipient = _recipient(group)
            words = group.get("action", "").lower().replace("(", " ").split()
            action = _ACTIONS.get(words[0].strip(".,;"), "") if words else ""
            status = bouncestatus.field(group.get("status", ""))
            if not (recipient or action) or not (action or status or "diagnostic-code" in group):
                continue
            if action == "delivered" or (not action and status.startswith("2")):
                told.successes += 1
            elif recipient not in known and len(known) < RECIPIENTS:
                known[recipient] = Failure(
                    recipient, action, status, _untyped(group.get("diagnostic-code", ""))
                )
    told.failures = list(known.values())
    return told


def _groups(text: str) -> Iterator[dict[str, str]]:
    """The fields of each recipient. A field that comes again begins the next one, where the blank line is missing; and a
    blank line ends none that has no action and status yet, since some programs put one below each field."""
    group: dict[str, list[str]] = {}
    last = ""
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.strip():
            last = ""
            if _complete(group):
                yield {key: " ".join(values) for key, values in group.items()}
                group = {}
            continue
        name, colon, value = line.partition(":")
        key = name.strip().lower()
        if colon and (key in _KNOWN or key in _IDS):
            if key in group:
                yield {known: " ".join(values) for known, values in group.items()}
                group = {}
            group[key] = [value.strip()[:MAX_VALUE]]
            last = key
        elif last and (line[0] in " \t" or not colon):
            if len(group[last]) < 100:
                group[last].append(line.strip()[:MAX_VALUE])
        else:
            last = ""
    if group:
        yield {key: " ".join(values) for key, values in group.items()}


def _complete(group: dict[str, list[str]]) -> bool:
    return "action" in group and "status" in group and any(key in group for key in _RECIPIENT_FIELDS)


def _recipient(group: dict[str, str]) -> str:
    """The first field with a whole address, of a real domain if there is one; else the first local part ("LOCAL; bob")."""
    values = [_untyped(group[key]) for key in _RECIPIENT_FIELDS if key in group]
    whole = [clean(found.group()) for value in values if (found := _ADDRESS.search(value))]
    local = [found.group().lower() for value in values if (found := _LOCAL.fullmatch(value.strip("<> ")))]
    real = [one for one in whole if "." in one.rpartition("@")[2]]
    return next(iter(real + whole + local), "")


def _untyped(value: str) -> str:
    """The value without its type ("rfc822;", "smtp;"), which some programs leave out or invent."""
    found = _TYPE.match(value)
    return value[found.end() :].strip() if found else value.strip()
