"""Lists of tag=value pairs (RFC 6376 §3.2), as DKIM and DMARC write them. Linear, never raises."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
WHITE = " \t\r\n"


def parse(text: str) -> list[tuple[str, str]] | None:
    """Names and values in order, white space around them gone; None for what is no such list.

    A name that stands twice makes the whole list invalid (§3.2), as does a piece without "=".
    """
    pairs: list[tuple[str, str]] = []
    pieces = text.split(";")
    if not pieces[-1].strip(WHITE):
        pieces.pop()
    names = set()
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name = name.strip(WHITE)
        if not equals or not _NAME.fullmatch(name) or name in names:
            return None
        names.add(name)
        pairs.append((name, value.strip(WHITE)))
    return pairs


def lenient(text: str) -> list[tuple[str, str]]:
    """The same for DMARC records: broken pieces are left out, the first of a name counts (RFC 9989 §4.7)."""
    pairs: dict[str, str] = {}
    for piece in text.split(";"):
        name, equals, value = piece.partition("=")
        name = name.strip(WHITE).lower()
        if equals and _NAME.fullmatch(name):
            pairs.setdefault(name, value.strip(WHITE))
    return list(pairs.items())
