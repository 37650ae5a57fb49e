"""A whole DNS out of a file: for tests, for trials, and for `explain` without a network.

The file is TOML: a name, and the list of its records in the order in which they are answered.

    "example.com" = [{ MX = [10, "mail.example.com"] }, { TXT = "v=spf1 mx -all" }]
    "mail.example.com" = [{ A = "192.0.2.1" }, { AAAA = "2001:db8::1" }]
    "s1._domainkey.example.com" = [{ TXT = ["v=DKIM1; p=MIIBIjANBgk", "qhkiG9w0B"] }]
    "www.example.com" = [{ CNAME = "mail.example.com" }]
    "slow.example.com" = ["TIMEOUT"]

A list of texts is one TXT of several strings. "TIMEOUT" answers for every kind that the list does not name. Names that
are not in the file do not exist. SPF stands for TXT where the name has no TXT of its own: the convention of the public
test suite for SPF, whose format this is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mailgate.authenticate.resolver import LATER, NOWHERE, Answer, Kind, Outcome, plain_name
from mailgate.errors import ConfigError

MAX_CHAIN = 10  # CNAMEs
TTL = 300.0  # seconds
_KINDS = frozenset({"TXT", "SPF", "A", "AAAA", "MX", "PTR", "CNAME"})

Zone = Mapping[str, Sequence[Mapping[str, Any] | str]]


class ZoneResolver:
    """Answers from records at hand. Raises ValueError for a zone of another form."""

    def __init__(self, zone: Zone) -> None:
        self._names: dict[str, dict[str, list[str]]] = {}
        self._slow: set[str] = set()
        for name, entries in zone.items():
            self._add(name.removesuffix(".").lower(), entries)
        self._parents = {parent for name in self._names for parent in _parents(name)}

    def _add(self, name: str, entries: Sequence[Mapping[str, Any] | str]) -> None:
        if isinstance(entries, str):
            raise ValueError(f"{name}: a list of records is needed")
        records = self._names.setdefault(name, {})
        for entry in entries:
            if entry == "TIMEOUT":
                self._slow.add(name)
                continue
            if isinstance(entry, str) or not _KINDS.issuperset(entry):
                raise ValueError(f'{name}: {entry!r} is neither {{ KIND = value }} nor "TIMEOUT"')
            for kind, value in entry.items():
                records.setdefault(kind, []).append(_text(name, kind, value))
        if "SPF" in records:
            records.setdefault("TXT", records["SPF"])
        records["TXT"] = [text for text in records.get("TXT", []) if text != "NONE"]
        if "MX" in records:
            records["MX"] = [host for _, host in sorted(_preference(text) for text in records["MX"])]

    def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
        for _ in range(MAX_CHAIN):
            records = self._names.get(name)
            if records is None:
                return Answer(Outcome.NODATA, ttl=TTL) if name in self._parents else NOWHERE
            if found := records.get(kind):
                return Answer(Outcome.FOUND, tuple(found), TTL)
            if name in self._slow:
                return LATER
            if not (target := records.get("CNAME")):
                return Answer(Outcome.NODATA, ttl=TTL)
            name = plain_name(target[0])
        return Answer(Outcome.NODATA, ttl=TTL)


def load_zone(path: Path) -> ZoneResolver:
    """Reads a zone file. Raises ConfigError with what is wrong in it."""
    try:
        return ZoneResolver(tomllib.loads(path.read_text("utf-8")))
    except OSError as e:
        raise ConfigError([f"{path}: cannot be read: {e.strerror}"]) from e
    except (ValueError, TypeError) as e:  # of TOML, of UTF-8, of ours
        raise ConfigError([f"{path}: not a zone file: {e}"]) from e


def _text(name: str, kind: str, value: Any) -> str:
    """One record as the resolver gives it. Text is UTF-8 on the wire and one character an octet here."""
    if kind == "MX" and isinstance(value, list | tuple) and len(value) == 2:
        return f"{int(value[0])} {str(value[1]).removesuffix('.').lower()}"
    if kind in ("TXT", "SPF") and isinstance(value, list | tuple):
        value = "".join(value)
    if not isinstance(value, str):
        raise ValueError(f"{name}: {kind} = {value!r} is no text")
    return value.encode().decode("latin-1") if kind in ("TXT", "SPF") else value.removesuffix(".")


def _preference(text: str) -> tuple[int, str]:
    number, _, host = text.rpartition(" ")
    return int(number or 0), host


def _parents(name: str) -> list[str]:
    labels = name.split(".")
    return [".".join(labels[n:]) for n in range(1, len(labels))]
