"""A message as DKIM sees it: fields and body, in canonical form (RFC 6376 §3.4).

Laws: linear in the size of the message, each form is made once however many signatures there are; a header section that
could be read in two ways is refused as a whole, so that what was signed is what was read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

MAX_HEADER = 512 * 1024  # octets of the whole section; the parser of the house reads half of it
MAX_FIELDS = 2000

_NAME = re.compile(rb"([!-9;-~]+)[ \t]*\Z")
_MBOX = re.compile(rb">?From [^\r\n]*\r?\n")

Field = tuple[bytes, bytes]  # lower-case name; the whole field as it came, without the last CRLF


@dataclass(frozen=True)
class Message:
    """`fields` is None where the header section is malformed; lines end in CRLF throughout."""

    fields: tuple[Field, ...] | None
    body: bytes

    @cached_property
    def simple_body(self) -> bytes:
        """§3.4.3: no empty lines at the end, and one CRLF there."""
        return _without_empty_lines(self.body) + b"\r\n"

    @cached_property
    def relaxed_body(self) -> bytes:
        """§3.4.4: single blanks, none at the end of a line, no empty lines at the end."""
        body = _single_blanks(self.body).replace(b" \r\n", b"\r\n")
        body = _without_empty_lines(body.removesuffix(b" "))
        return body + b"\r\n" if body else b""

    def body_hash(self, relaxed: bool, length: int | None) -> bytes:
        """SHA-256 of the canonical body or, where `length` is set, of its first octets."""
        key = (relaxed, length)
        if key not in self._hashes:
            body = self.relaxed_body if relaxed else self.simple_body
            self._hashes[key] = sha256(body if length is None else memoryview(body)[:length]).digest()
        return self._hashes[key]

    @cached_property
    def _hashes(self) -> dict[tuple[bool, int | None], bytes]:
        return {}

    def named(self, name: bytes) -> list[bytes]:
        """The fields of one name, from top to bottom."""
        return self._by_name.get(name, [])

    @cached_property
    def _by_name(self) -> dict[bytes, list[bytes]]:
        names: dict[bytes, list[bytes]] = {}
        for name, field in self.fields or ():
            names.setdefault(name, []).append(field)
        return names


def read(raw: bytes) -> Message:
    """Divides a message. An mbox line on top is no part of it, and bare LFs count as line ends (pipes bring such mail)."""
    if mbox := _MBOX.match(raw):
        raw = raw[mbox.end() :]
    if raw.count(b"\n") != raw.count(b"\r\n"):
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if raw.startswith(b"\r\n"):
        return Message((), raw[2:])
    end = raw.find(b"\r\n\r\n", 0, MAX_HEADER)
    if end < 0:
        return Message(_fields(raw.removesuffix(b"\r\n")) if len(raw) <= MAX_HEADER else None, b"")
    return Message(_fields(raw[:end]), raw[end + 4 :])


def _fields(section: bytes) -> tuple[Field, ...] | None:
    """None for a line that is neither a field nor folded, for a folded line of blanks alone, and for NULs and bare CRs:
    readers disagree about where the header ends there."""
    if b"\0" in section or section.count(b"\r") != section.count(b"\r\n"):
        return None
    fields: list[list[bytes]] = []
    for line in section.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            if not fields or not line.strip(b" \t"):
                return None
            fields[-1].append(line)
        elif len(fields) >= MAX_FIELDS:
            return None
        else:
            fields.append([line])
    pairs: list[Field] = []
    for lines in fields:
        name = _NAME.match(lines[0].partition(b":")[0])
        if name is None or b":" not in lines[0]:
            return None
        pairs.append((name[1].lower(), b"\r\n".join(lines)))
    return tuple(pairs)


def relaxed(field: bytes) -> bytes:
    """§3.4.2: lower-case name, one line, single blanks."""
    name, _, value = field.partition(b":")
    value = _single_blanks(value.replace(b"\r\n", b"")).strip(b" ")
    return name.strip(b" \t").lower() + b":" + value


def simple(field: bytes) -> bytes:
    """§3.4.1: as it came."""
    return field


def _single_blanks(text: bytes) -> bytes:
    text = text.replace(b"\t", b" ")
    while b"  " in text:  # each round halves the runs: 25 rounds for the largest mail, two for most
        text = text.replace(b"  ", b" ")
    return text


def _without_empty_lines(body: bytes) -> bytes:
    """The body up to the CRLFs at its end; a lone CR or LF there is no line end."""
    text = len(body.rstrip(b"\r\n"))
    tail = body[text:]
    if not tail.endswith(b"\n"):
        return body
    # the pairs reach back to where two of a kind stand side by side
    start = max(tail.rfind(b"\r\r"), tail.rfind(b"\n\n")) + 1
    return body[: text + start + (tail[start] == 10)]
