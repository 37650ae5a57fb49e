"""Mails out of an mbox file, one at a time (RFC 4155, and the mboxrd and mboxo that programs really write)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from mailgate.mail import date

_CHUNK = 65_536
# "From sender Thu Jan  1 00:00:00 1970" (RFC 4155), with a zone that programs add, or with a date as in mail; a sentence
# has no such time.
_FROM = re.compile(
    rb"From \S{0,998} {1,9}(?:\w{3},? {1,9})?(?:"
    rb"[A-Z][a-z]{2} {1,9}\d{1,2} {1,9}\d\d?:\d\d(?::\d\d)? [^\r\n]{0,40}(?:19|20)\d\d"
    rb"|\d{1,2} [A-Z][a-z]{2} (?:19|20)\d\d {1,9}\d\d?:\d\d)"
)
_ESCAPED = re.compile(rb">+From ")
_TIME = re.compile(rb"(\w{3}) +(\d\d?) +(\d\d:\d\d(?::\d\d)?) +(?:[+\-\w]+ +)?(\d{4})(?: +([+\-]\d{4}))?")


@dataclass(frozen=True, slots=True)
class Boxed:
    """One mail of a file: its "From " line, its bytes (None: larger than the limit), and where the file was left."""

    line: bytes
    raw: bytes | None
    offset: int


def messages(file: BinaryIO, limit: int) -> Iterator[Boxed]:
    """The mails of a file that begins with a "From " line; `limit`: bytes of one mail that are held at most.

    A mail begins at such a line with a time in it, behind an empty line. One ">" of each ">From " is what the writer put
    in front, and is taken off; what stands in a line behind another word is never touched.
    """
    line, raw, size = b"", bytearray(), 0
    at_start, after_empty, offset = True, True, 0
    while chunk := file.readline(_CHUNK):
        if at_start and after_empty and (not offset or _FROM.match(chunk)):
            if offset:
                yield _boxed(line, raw, size, limit, offset)
            line, raw, size = chunk, bytearray(), 0
            after_empty = False
        else:
            if at_start and chunk[:1] == b">" and _ESCAPED.match(chunk):
                chunk = chunk[1:]
                offset += 1
            size += len(chunk)
            if size <= limit + 2:
                raw += chunk
            after_empty = at_start and chunk in (b"\n", b"\r\n")
        offset += len(chunk)
        at_start = chunk.endswith(b"\n")
    if offset:
        yield _boxed(line, raw, size, limit, offset)


def _boxed(line: bytes, raw: bytearray, size: int, limit: int, offset: int) -> Boxed:
    if size > limit + 2:
        return Boxed(line, None, offset)
    for end in (b"\r\n\r\n", b"\n\n"):  # the empty line belongs to the file
        if raw.endswith(end):
            del raw[-len(end) // 2 :]
            break
    return Boxed(line, bytes(raw), offset)


def written(line: bytes) -> datetime | None:
    """When the mail came, by its "From " line; None where it does not say. Without a zone it is UTC (RFC 4155)."""
    found = _TIME.search(line[:1200])
    if found is None:
        return None
    month, day, time, year, zone = (
        each.decode("ascii", "replace") if each else "" for each in found.groups()
    )
    when = date.parse(f"{day} {month} {year} {time} {zone or '+0000'}")
    return when.astimezone(UTC) if when else None
