"""What a server says of mails, FETCH response by FETCH response (RFC 3501 section 7.4.2).

Laws: a response counts for the UID that stands in it, and for none without one; a mail that a response tells of is never
passed over because something in that response cannot be read. IMAPClient reads all but the two usual forms: its lexer goes
byte by byte, and would take a third of the time of the whole door.
"""

from __future__ import annotations

import imaplib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

Piece = bytes | tuple[bytes, bytes]  # of imaplib: a line, or a line that ends with a literal, and the literal

_FLAGS = rb"FLAGS \([^()]*\)"
_USUAL_HEAD = re.compile(
    rb"\d{1,10} \((?:(?:UID (?P<uid>\d{1,10})|RFC822\.SIZE (?P<size>\d{1,18})|INTERNALDATE (?P<came>\"[^\"]{1,40}\")|"
    + _FLAGS
    + rb")[ )]){1,9}"
)
_USUAL_BODY = re.compile(
    rb"\d{1,10} \((?:UID (?P<uid>\d{1,10}) |" + _FLAGS + rb" ){0,4}BODY\[\] \{\d{1,12}\}"
)
_USUAL_END = re.compile(rb"(?: UID (?P<uid>\d{1,10})| " + _FLAGS + rb"){0,4}\)")
_UID = re.compile(rb"[ (]UID (\d{1,10})[ )]")


@dataclass(frozen=True, slots=True)
class Head:
    """What is asked before a mail is fetched."""

    uid: int
    size: int  # RFC822.SIZE; 0 where that could not be read
    came: float  # INTERNALDATE, seconds since 1970; 0 where there is none


def heads(data: Sequence[Piece | None]) -> Iterator[Head]:
    """Of an answer to FETCH (RFC822.SIZE INTERNALDATE). Raises ValueError where not even the UID can be read."""
    for response in _responses(data):
        usual = _USUAL_HEAD.fullmatch(response[0]) if isinstance(response[0], bytes) else None
        if usual and usual["uid"] and usual["size"]:
            yield Head(int(usual["uid"]), int(usual["size"]), _date(usual["came"]))
            continue
        try:
            item = _parsed(response)
        except ValueError:
            uid = _UID.search(
                b" ".join(piece if isinstance(piece, bytes) else piece[0] for piece in response)
            )
            if uid is None:
                raise
            yield Head(int(uid[1]), 0, 0.0)
            continue
        uid_, size, came = item.get(b"UID"), item.get(b"RFC822.SIZE"), item.get(b"INTERNALDATE")
        if isinstance(uid_, int):
            yield Head(uid_, max(size, 0) if isinstance(size, int) else 0, _seconds(came))


def parts(data: Sequence[Piece | None], name: bytes) -> Iterator[tuple[int, bytes]]:
    """UID and bytes of each response to FETCH that holds a part of this name (`BODY[]`). Raises ValueError."""
    for response in _responses(data):
        if name == b"BODY[]" and (usual := _usual_body(response)) is not None:
            yield usual
            continue
        item = _parsed(response)
        uid = item.get(b"UID")
        for key, value in item.items():
            # BODY[]<0> is a part of a mail, and must not be taken for all of it
            named = key == name or (name != b"BODY[]" and key.startswith(name))
            if isinstance(uid, int) and named and isinstance(value, bytes):
                yield uid, value


def _responses(data: Sequence[Piece | None]) -> Iterator[list[Piece]]:
    """The pieces of each response: it ends with the first line that no literal follows."""
    response: list[Piece] = []
    for piece in data:
        if piece is None:
            continue
        response.append(piece)
        if isinstance(piece, bytes):
            yield response
            response = []
    if response:
        yield response


def _usual_body(response: Sequence[Piece]) -> tuple[int, bytes] | None:
    first, end = response[0], response[-1]
    if len(response) != 2 or not isinstance(first, tuple) or not isinstance(end, bytes):
        return None
    before, behind = _USUAL_BODY.fullmatch(first[0]), _USUAL_END.fullmatch(end)
    if before is None or behind is None:
        return None
    uid = before["uid"] or behind["uid"]
    return (int(uid), first[1]) if uid else None


def _parsed(response: Sequence[Piece]) -> Mapping[bytes, object]:
    """One response, as IMAPClient reads it."""
    from imapclient.response_parser import parse_fetch_response

    try:
        found = parse_fetch_response(list(response), False, False)
    except (imaplib.IMAP4.error, AssertionError, TypeError, LookupError, OverflowError, RecursionError) as e:
        raise ValueError(f"{type(e).__name__}: {e}") from e
    items: list[Mapping[bytes, object]] = list(found.values())
    return items[0] if len(items) == 1 else {}


def _date(quoted: bytes | None) -> float:
    """Seconds since 1970 of an INTERNALDATE as RFC 3501 section 9 writes it; 0 for what is none."""
    if quoted is None:
        return 0.0
    try:
        local = imaplib.Internaldate2tuple(b"INTERNALDATE " + quoted)
        return time.mktime(local) if local is not None else 0.0
    except (ValueError, OverflowError, KeyError, OSError):
        return 0.0


def _seconds(came: object) -> float:
    if not isinstance(came, datetime):
        return 0.0
    try:
        return (came if came.tzinfo else came.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return 0.0
