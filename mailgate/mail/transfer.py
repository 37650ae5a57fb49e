"""Content-Transfer-Encoding → bytes (RFC 2045 §6), in every broken form; never raises, linear.

An unknown encoding means the bytes as they are.
"""

from __future__ import annotations

import binascii
import re

import pybase64

MAX_PIECES = 10_000  # of base64, each with its own padding, that are joined
MAX_UU_FILES = 100  # in one text

_NAME = re.compile(r"[a-z0-9-]+")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_MORE_BASE64 = re.compile(rb"[A-Za-z0-9+/=]*+[ \t]*+\r*+(?:\n[A-Za-z0-9+/=]*+[ \t]*+\r*+(?=\n|\Z))*")
_SOFT_BREAK = re.compile(rb"=[ \t]++\r*+(?:\n|\Z)|=\r++(?=[^\n])")
_BEGIN = re.compile(rb"^begin[ \t]+[0-7]{3,4}[ \t]+([^\r\n]{0,400})\r*\n", re.MULTILINE)
_UU_LINE = re.compile(rb"[!-M`][ -`]{1,84}\r?\n")
_UU_END = re.compile(rb"\nend[ \t]*+\r?+(?:\n|\Z)")
_KNOWN = {
    "base64": "base64", "base-64": "base64", "x-base64": "base64", "b": "base64", "bas64": "base64",
    "quoted-printable": "quoted-printable", "quotedprintable": "quoted-printable", "quoted-printeable": "quoted-printable",
    "quoted": "quoted-printable", "qp": "quoted-printable", "q": "quoted-printable", "x-quoted-printable": "quoted-printable",
    "uuencode": "uuencode", "x-uuencode": "uuencode", "x-uue": "uuencode", "uue": "uuencode",
    "7bit": "", "8bit": "", "binary": "", "7-bit": "", "8-bit": "",
}  # fmt: skip


def encoding(value: str) -> tuple[str, bool]:
    """(canonical name, whether it is known) of a header value; "" for the bytes as they are."""
    match = _NAME.search(value.lower())
    if match is None:
        return "", not value.strip()
    name = match[0]
    return (_KNOWN[name], True) if name in _KNOWN else ("", False)


def decode(source: bytes, name: str, start: int = 0, end: int | None = None) -> bytes:
    """The bytes that `source[start:end]` stands for; `name` is what `encoding` gave."""
    end = len(source) if end is None else end
    if name == "base64":
        return _base64(source, start, end)
    data = source[start:end]
    if name == "quoted-printable":
        return _quoted_printable(data)
    return uudecode(data)[1] if name == "uuencode" else data


def _base64(source: bytes, start: int, end: int) -> bytes:
    """Junk is skipped, missing padding added; padding in the middle starts a new piece."""
    pad = source.find(b"=", start, end)
    if pad < 0 or not source[pad:end].strip(b"= \t\r\n"):
        try:
            return pybase64.b64decode(memoryview(source)[start:end])
        except binascii.Error:
            return _piece(source[start:end].translate(None, _NOT_BASE64))
    first = _piece(source[start:pad].translate(None, _NOT_BASE64))
    # whole lines of it go on: programs that encode line by line. Anything else is a footer that a relay wrote below.
    rest = _MORE_BASE64.match(source, pad, end)[0].translate(None, b"\r\n\t ")  # type: ignore[index]
    pieces = (piece.replace(b"=", b"") for piece in rest.split(b"=", MAX_PIECES))
    return b"".join((first, *(_piece(piece) for piece in pieces)))


def is_base64(data: bytes) -> bool:
    """Whether nothing but the alphabet, padding and white space stands in it."""
    return not data.translate(None, _BASE64 + b"= \t\r\n")


def _piece(clean: bytes) -> bytes:
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"==") if clean else b""


def _quoted_printable(data: bytes) -> bytes:
    # a2b_qp knows no blanks behind a soft break, and skips a whole line for a bare CR behind "="
    if b"= " in data or b"=\t" in data or data.count(b"=\r") != data.count(b"=\r\n"):
        data = _SOFT_BREAK.sub(b"=\n", data)
    return binascii.a2b_qp(data)


def uudecode(data: bytes) -> tuple[bytes, bytes]:
    """(file name, bytes) of the first uuencoded file; (b"", data) where there is none."""
    begin = _BEGIN.search(data)
    if begin is None:
        return b"", data
    out = []
    for line in data[begin.end() :].splitlines():
        if line.strip() == b"end":
            break
        if not line or line[0] in b"` ":
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # trailing junk, or trailing blanks cut off: the length in the first character holds
            wanted = (((line[0] - 32) & 63) * 4 + 5) // 3 if 32 <= line[0] <= 96 else 0
            try:
                out.append(binascii.a2b_uu(line[: wanted + 1].ljust(wanted + 1)) if wanted else b"")
            except binascii.Error:
                continue
    return begin[1].strip(), b"".join(out)


def uuencoded(raw: bytes, start: int, end: int) -> list[tuple[int, int, bytes]]:
    """(start, end, file name) of each uuencoded file that stands in a text, as programs older than MIME send them."""
    found: list[tuple[int, int, bytes]] = []
    at = start if raw.startswith(b"begin ", start) else raw.find(b"\nbegin ", start, end) + 1
    while at and len(found) < MAX_UU_FILES and (begin := _BEGIN.match(raw, at, end)):
        close = _UU_END.search(raw, begin.end(), end) if _UU_LINE.match(raw, begin.end(), end) else None
        if close is None:
            break
        found.append((at, close.end(), begin[1].strip()))
        at = raw.find(b"\nbegin ", close.end() - 1, end) + 1
    return found
