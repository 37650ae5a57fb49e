"""Header sections as bytes: where they end, and the fields in them (RFC 5322 §2.2, and what mailers make of it).

Laws: every limit is checked before the work it bounds; what is past a limit is not read and a defect says so; linear.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

MAX_BLOCK = 256 * 1024  # bytes
MAX_HEADERS = 1000
MAX_HEADER = 32 * 1024  # bytes of one
MAX_NAME = 80  # bytes of a field name that is looked up

Field = tuple[
    str, bytes
]  # lower-case name, value on one line, outer white space gone; bare CRs and NULs are still in it
Defect = Callable[[str], None]

_FOLD = re.compile(rb"\n[ \t\n]*+")
_FOLDS = re.compile(rb"\n[ \t]++(?:\n[ \t]++)*")
_FIELD_NAME = re.compile(rb"([!-9;-~]++)[ \t]*+")
_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*)\n?")
_BLANK = re.compile(rb"\n([ \t\r]*+)\n")
_BLANKS = re.compile(rb"[\r\n]*+")
_FIRST_BLANK = re.compile(rb"\r*\n")
_HEADER_LIKE = re.compile(rb"[!-9;-~]++[ \t]*+:|[ \t]+[^\s]")
_FAMILIAR = re.compile(
    rb"(?i)(from|to|cc|subject|date|message-id|content-[a-z-]+|mime-version|received|return-path|reply-to|x-[a-z0-9-]+)[ \t]*:"
)


def read(raw: bytes, start: int, end: int, defect: Defect, *, top: bool = False) -> tuple[list[Field], int]:
    """(the fields of the section that begins at `start`, where the body begins).

    `top` is the section of the whole message: an mbox line and blank lines before it are skipped, and its end is
    looked for behind the limit, too.
    """
    if top:
        start = _first_header(raw)
    if first := _FIRST_BLANK.match(raw, start, end):
        return [], first.end()
    limit = min(end, start + MAX_BLOCK)
    block, body = _blank_line(raw, start, end if top else limit, limit)
    if body < 0:
        block = body = limit  # nothing but header: what is not read of it is shown as text
    if block > limit or limit == body < end:
        defect(f"header section over {MAX_BLOCK // 1024} KiB: the rest was not read")
    end_of_fields = min(block, limit)
    if (plain := _plain_fields(raw[start:end_of_fields])) is not None:
        return plain, body
    fields, stopped = _fields(raw, start, end_of_fields, defect)
    if stopped >= 0:
        defect("no blank line between header and body")
    return fields, body if stopped < 0 else stopped


def fields_of(data: bytes) -> list[Field]:
    """The fields of a message within a message."""
    return read(data, 0, len(data), lambda _: None, top=True)[0]


def _first_header(raw: bytes) -> int:
    """Past blank lines that somebody put before the header, and the mbox line."""
    start = _BLANKS.match(raw).end()  # type: ignore[union-attr]
    if _FAMILIAR.match(raw, start):
        return start
    if raw[start : start + 6].lstrip(b">").startswith(b"From "):
        return raw.find(b"\n", start) + 1 or len(raw)
    return 0


def _blank_line(raw: bytes, start: int, end: int, limit: int) -> tuple[int, int]:
    """(end of the header block, start of the body), -1 where there is none. A line of blanks separates if no header
    follows it."""
    position = start
    while blank := _BLANK.search(raw, position, end):
        if (
            not blank[1].strip(b"\r")
            or blank.start() > limit
            or not _HEADER_LIKE.match(raw, blank.end(), end)
        ):
            return blank.start() + 1, blank.end()
        position = blank.end() - 1
    return -1, -1


def unfold(value: bytes) -> bytes:
    """One line, a single space where it was folded, outer white space gone (RFC 5322 §2.2.3)."""
    if b"\n" in value or b"\r" in value:
        value = value.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")
        value = _FOLD.sub(b" ", value)
    return value.strip()


def _plain_fields(block: bytes) -> list[Field] | None:
    """The fields of a section in which every line is a field or folded, None for any other: nearly all mail, read at once."""
    if len(block) > MAX_HEADER or block.count(b"\n") > MAX_HEADERS:
        return None
    if b"\r" in block:
        block = (block.replace(b"\r\r\n", b"\n") if b"\r\r" in block else block).replace(b"\r\n", b"\n")
    if b"\n " in block or b"\n\t" in block:
        block = _FOLDS.sub(b" ", block)
    fields = []
    for line in block.removesuffix(b"\n").split(b"\n"):
        name, _, value = line.partition(b":")
        if len(name) > MAX_NAME or len(name) == len(line) or not (known := _field_name(name)):
            return None
        fields.append((known, value.strip()))
    return fields


@lru_cache(maxsize=1024)
def _field_name(name: bytes) -> str:
    """A field name in lower case, "" for what is none. Blanks before the colon were allowed once (RFC 5322 §4.5)."""
    match = _FIELD_NAME.fullmatch(name)
    return match[1].lower().decode("ascii") if match else ""


def _fields(raw: bytes, position: int, end: int, defect: Defect) -> tuple[list[Field], int]:
    """(fields up to `end`, the offset where the section stops without a blank line, else -1)."""
    fields: list[Field] = []
    while position < end:
        match = _FIELD.match(raw, position, end)
        if match is None:
            line_end = raw.find(b"\n", position, end) + 1 or end
            if not _FAMILIAR.match(raw, line_end, end):
                return fields, position
            defect("a line that is no header stands among the headers")
            position = line_end
            continue
        position = match.end()
        if len(fields) >= MAX_HEADERS:
            defect(f"more than {MAX_HEADERS} headers: the rest was not read")
            break
        name, value = match.groups()
        if len(value) > MAX_HEADER:
            defect(f"a header over {MAX_HEADER // 1024} KiB was cut: {name[:40].decode('ascii')}")
            value = value[:MAX_HEADER]
        fields.append((name.lower().decode("ascii"), unfold(value)))
    return fields, -1
