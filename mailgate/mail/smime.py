"""S/MIME (RFC 8551) as far as it can be read without keys: the content of an opaque signature, and that something is encrypted.

Laws: a walk over the DER or BER of CMS (RFC 5652), no cryptography: nothing is verified and nobody may say so; linear, every
length checked against the bytes that are left, never raises.
"""

from __future__ import annotations

from collections.abc import Iterator

MAX_SEGMENTS = 100_000  # of an octet string that is written in pieces
MAX_STEPS = 10_000  # elements that are stepped over

_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SEQUENCE, _SET, _OID, _INTEGER, _OCTETS, _PIECES, _EXPLICIT = 0x30, 0x31, 0x06, 0x02, 0x04, 0x24, 0xA0
_OPEN = -1  # an element whose end is marked, not counted (X.690 §8.1.3.6)
_SIGNED = bytes.fromhex("2a864886f70d010702")
_DATA = bytes.fromhex("2a864886f70d010701")
_KINDS = {
    _SIGNED: "signed",
    bytes.fromhex("2a864886f70d010703"): "encrypted",  # enveloped data
    bytes.fromhex("2a864886f70d0109100117"): "encrypted",  # authenticated enveloped data
    bytes.fromhex("2a864886f70d0109100109"): "compressed",
}


def is_wrapper(media_type: str, filename: str) -> bool:
    """Whether a part wraps a whole entity, by its type, or by its name where a relay forgot the type (RFC 8551 §3.2.1)."""
    return media_type in _TYPES or filename.lower() == "smime.p7m"


def kind(data: bytes) -> str:
    """ "signed", "encrypted", "compressed", or "" for what is no CMS of mail."""
    try:
        position = _enter(data, 0, _SEQUENCE)
        return _KINDS.get(_value(data, position, _OID)[0], "")
    except (ValueError, IndexError):
        return ""


def content(data: bytes) -> bytes | None:
    """What was signed, a MIME entity; None where `data` is not signed data or holds none (certificates, a signature alone).

    Of a damaged one as much as is left.
    """
    try:
        position = _enter(data, 0, _SEQUENCE)
        name, position = _value(data, position, _OID)
        if name != _SIGNED:
            return None
        for tag in (_EXPLICIT, _SEQUENCE):
            position = _enter(data, position, tag)
        position = _past(data, position, _INTEGER)
        position = _past(data, position, _SET)
        position = _enter(data, position, _SEQUENCE)
        name, position = _value(data, position, _OID)
        if name != _DATA:
            return None
        return _octets(data, _enter(data, position, _EXPLICIT))
    except (ValueError, IndexError):
        return None


def _head(data: bytes, position: int) -> tuple[int, int, int]:
    """(tag, length or `_OPEN`, where the content begins) of the element at `position`. ValueError past the limits."""
    tag, length = data[position], data[position + 1]
    position += 2
    if length == 0x80:
        return tag, _OPEN, position
    if length > 0x80:
        size = length & 0x7F
        if size > 4:
            raise ValueError("a length of more than four bytes")
        length = int.from_bytes(data[position : position + size], "big")
        position += size
    return tag, length, position


def _enter(data: bytes, position: int, wanted: int) -> int:
    tag, _, start = _head(data, position)
    if tag != wanted:
        raise ValueError("another element than CMS has here")
    return start


def _value(data: bytes, position: int, wanted: int) -> tuple[bytes, int]:
    tag, length, start = _head(data, position)
    if tag != wanted or length < 0:
        raise ValueError("another element than CMS has here")
    return data[start : start + length], start + length


def _past(data: bytes, position: int, wanted: int) -> int:
    """Where the element at `position` ends, whatever it holds."""
    tag, length, start = _head(data, position)
    if tag != wanted:
        raise ValueError("another element than CMS has here")
    if length >= 0:
        return start + length
    depth, position = 1, start
    for _ in range(MAX_STEPS):
        tag, length, position = _head(data, position)
        if length < 0:
            depth += 1
        elif tag == 0 and length == 0:
            depth -= 1
            if not depth:
                return position
        else:
            position += length
    raise ValueError("too many elements")


def _octets(data: bytes, position: int) -> bytes:
    tag, length, start = _head(data, position)
    if tag == _OCTETS and length >= 0:
        return data[start : start + length]
    if tag != _PIECES:
        raise ValueError("no octet string")
    end = len(data) if length < 0 else min(start + length, len(data))
    return b"".join(_pieces(data, start, end))


def _pieces(data: bytes, position: int, end: int) -> Iterator[bytes]:
    for _ in range(MAX_SEGMENTS):
        if position + 2 > end:
            return
        tag, length, start = _head(data, position)
        if tag != _OCTETS or length < 0:
            return
        yield data[start : min(start + length, end)]
        position = start + length
