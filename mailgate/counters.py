"""What this process counts of itself: numbers for `/metrics`, and when each role was last alive. No I/O.

Laws: a name is in `FAMILIES` or it is a bug; a label is a word of ours or of the settings, never of a mail or a peer
(Prometheus keeps each value for ever, and what a stranger can write there is an attack); counting never raises for
its circumstances and costs less than a microsecond or two.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: `kind` is counter or gauge; a counter's exported name ends in `_total`."""

    kind: str
    help: str
    labels: tuple[str, ...] = ()


FAMILIES: dict[str, Family] = {
    "accepted": Family("counter", "Mails accepted into the spool", ("door",)),
    "refused": Family("counter", "Mails, recipients or requests refused at a door", ("door", "reason")),
    "outcomes": Family("counter", "Mails that got their outcome", ("outcome",)),
    "mail_failures": Family("counter", "Attempts of the worker at one mail that failed"),
    "parsers_replaced": Family("counter", "Parser processes that died or were ended over a mail"),
    "relay_replies": Family("counter", "Answers of the relay to one mail, by their type", ("kind",)),
    "relay_down_since": Family("gauge", "Since when the relay takes no mail, in Unix time; 0 while it does"),
    "outbox_held": Family("counter", "Mails held because a template could not be rendered"),
    "imap_connected": Family("gauge", "1 while the connection to a mailbox stands", ("account",)),
    "imap_token_expires": Family(
        "gauge", "When the OAuth token of an account ends, in Unix time; 0 without one", ("account",)
    ),
    "relay_token_expires": Family("gauge", "When the OAuth token of the relay ends; 0 without one"),
    "tls_cert_expires": Family("gauge", "When our own TLS certificate (smtp.tls_cert) ends, in Unix time"),
    "imap_fetched": Family("counter", "Mails fetched from a mailbox", ("account",)),
    "imap_failures": Family("counter", "Connections to a mailbox that failed or broke", ("account",)),
}

_Key = tuple[str, tuple[str, ...]]
_lock = threading.Lock()
_counts: dict[_Key, float] = {}
_gauges: dict[_Key, float] = {}
_beats: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of one process at one moment; `beats` are Unix times by role."""

    counts: Mapping[_Key, float]
    gauges: Mapping[_Key, float]
    beats: Mapping[str, float]


def count(name: str, *labels: str, by: float = 1) -> None:
    """Add to a counter. `labels` in the order of its family."""
    key = _key(name, labels, "counter")
    with _lock:
        _counts[key] = _counts.get(key, 0) + by


def gauge(name: str, value: float, *labels: str) -> None:
    """Set a gauge."""
    key = _key(name, labels, "gauge")
    with _lock:
        _gauges[key] = value


def beat(role: str) -> None:
    """This role goes round its loop."""
    _beats[role] = time.time()


def numbers() -> Numbers:
    """What was counted so far, with what `resume` brought."""
    with _lock:
        return Numbers(dict(_counts), dict(_gauges), dict(_beats))


def resume(counts: Mapping[_Key, float]) -> None:
    """Go on from what the process before this one had counted."""
    with _lock:
        for key, value in counts.items():
            _counts[key] = _counts.get(key, 0) + value


def clear() -> None:
    """Forget everything, for tests."""
    with _lock:
        for numbers_ in (_counts, _gauges, _beats):
            numbers_.clear()


def _key(name: str, labels: tuple[str, ...], kind: str) -> _Key:
    family = FAMILIES[name]
    if family.kind != kind or len(labels) != len(family.labels):
        raise ValueError(f"{name} is a {family.kind} with the labels {family.labels}")
    return name, labels
