"""Each mail of the files that were found, with the envelope and the time that it had."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mailgate import deliver
from mailgate.handover import canonical
from mailgate.importing import mbox
from mailgate.importing.sources import Found, Unreadable
from mailgate.mail import date
from mailgate.mail.token import is_own

_RECIPIENTS = (b"delivered-to", b"x-original-to", b"envelope-to", b"to", b"cc")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"]{1,64}@[A-Za-z0-9.\-]{1,255}")
_MAX_VALUE = 20_000
TOO_LARGE = "it is larger than smtp.max_size"


@dataclass(frozen=True, slots=True)
class Item:
    """One mail, its lines with CRLF. `done`: bytes of its file up to its end."""

    name: str
    raw: bytes
    sender: str
    recipients: tuple[str, ...]
    received: datetime | None
    done: int


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of every envelope; None: as its header says."""

    sender: str | None
    recipients: tuple[str, ...]
    own: tuple[str, ...]  # our addresses, the gateway's first
    limit: int  # bytes of a mail


def items(found: Found, given: Given) -> Iterator[Item | Unreadable]:
    """The mails of one file."""
    try:
        with found.path.open("rb") as file:
            if found.kind == "mbox":
                for number, boxed in enumerate(mbox.messages(file, given.limit), 1):
                    name = f"{found.path}: mail {number}"
                    if boxed.raw is None:
                        yield Unreadable(name, TOO_LARGE)
                    elif boxed.raw.strip():
                        when = mbox.written(boxed.line)
                        yield _item(name, boxed.raw, boxed.line, when, given, boxed.offset)
                return
            raw = file.read(given.limit + 1)
    except OSError as e:
        yield Unreadable(str(found.path), e.strerror or str(e))
        return
    if len(raw) > given.limit:
        yield Unreadable(str(found.path), TOO_LARGE)
    elif not raw.strip():
        yield Unreadable(str(found.path), "it is empty")
    else:
        line, raw = deliver.without_from_line(raw)
        when = datetime.fromtimestamp(found.delivered, UTC) if found.delivered is not None else None
        yield _item(str(found.path), raw, line, when, given, found.size)


def _item(name: str, raw: bytes, line: bytes, when: datetime | None, given: Given, done: int) -> Item:
    raw = canonical(raw)
    fields = deliver.envelope_fields(raw, (b"return-path", b"from", b"date", *_RECIPIENTS))
    sender = given.sender if given.sender is not None else deliver.sender_of(fields, line, {})
    if when is None:
        when = date.parse(next((value[:200] for key, value in fields if key == b"date"), ""))
    recipients = given.recipients or (_recipient(fields, given.own),)
    return Item(name, raw, sender, recipients, when, done)


def _recipient(fields: Sequence[tuple[bytes, str]], own: tuple[str, ...]) -> str:
    """The first of our addresses, in the order in which headers are sure of it; else the gateway's."""
    for name in _RECIPIENTS:
        for key, value in fields:
            if key == name:
                for address in _ADDRESS.findall(value[:_MAX_VALUE]):
                    if is_own(address.lower(), own):
                        return str(address)
    return own[0]
