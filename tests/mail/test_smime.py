"""mailgate.mail.smime: what an opaque signature wraps, found by a walk over DER and BER (RFC 5652, RFC 8551)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail import smime

SIGNED, DATA = "2a864886f70d010702", "2a864886f70d010701"
ENVELOPED, AUTH_ENVELOPED, COMPRESSED = (
    "2a864886f70d010703",
    "2a864886f70d0109100117",
    "2a864886f70d0109100109",
)


def tlv(tag: int, content: bytes, open_: bool = False) -> bytes:
    """One element; `open_`: its end is marked instead of counted."""
    if open_:
        return bytes([tag, 0x80]) + content + b"\0\0"
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def oid(name: str) -> bytes:
    return tlv(6, bytes.fromhex(name))


def signed(octets: bytes | None, kind: str = DATA, open_: bool = False) -> bytes:
    """Signed data around the octet string `octets`; None: a detached signature."""
    content = oid(kind) + (b"" if octets is None else tlv(0xA0, octets, open_))
    algorithms = tlv(0x31, tlv(0x30, oid("608648016503040201") + tlv(5, b""), open_), open_)
    inner = tlv(2, b"\1") + algorithms + tlv(0x30, content, open_) + tlv(0x31, b"")
    return tlv(0x30, oid(SIGNED) + tlv(0xA0, tlv(0x30, inner, open_), open_), open_)


def pieces(*found: bytes, open_: bool = True) -> bytes:
    return tlv(0x24, b"".join(tlv(4, each) for each in found), open_)


LONG = b"Subject: x\r\n\r\n" + b"words " * 100
CONTENT = {
    "der": (signed(tlv(4, b"words")), b"words"),
    "der_with_long_lengths": (signed(tlv(4, LONG)), LONG),
    "der_in_pieces": (signed(pieces(b"wo", b"rds", open_=False)), b"words"),
    "ber": (signed(tlv(4, b"words"), open_=True), b"words"),
    "ber_in_pieces": (signed(pieces(b"wo", b"", b"rds"), open_=True), b"words"),
    "empty": (signed(tlv(4, b"")), b""),
    "cut_within": (signed(tlv(4, LONG))[:200], None),
    "detached": (signed(None), None),
    "of_another_kind": (signed(tlv(4, b"words"), kind=SIGNED), None),
    "encrypted": (tlv(0x30, oid(ENVELOPED) + tlv(0xA0, b"x")), None),
    "not_a_sequence": (tlv(0x31, oid(SIGNED)), None),
    "length_of_five_bytes": (b"\x30\x85\1\1\1\1\1", None),
    "nothing": (b"", None),
    "words": (b"words, no DER", None),
}


@pytest.mark.parametrize(("data", "found"), CONTENT.values(), ids=CONTENT)
def test_content(data: bytes, found: bytes | None) -> None:
    if found is None and data == CONTENT["cut_within"][0]:
        assert LONG.startswith(smime.content(data) or b"?")
    else:
        assert smime.content(data) == found


KINDS = {
    "signed": (signed(tlv(4, b"x")), "signed"),
    "enveloped": (tlv(0x30, oid(ENVELOPED)), "encrypted"),
    "authenticated_enveloped": (tlv(0x30, oid(AUTH_ENVELOPED)), "encrypted"),
    "compressed": (tlv(0x30, oid(COMPRESSED)), "compressed"),
    "data": (tlv(0x30, oid(DATA)), ""),
    "words": (b"words", ""),
    "nothing": (b"", ""),
}


@pytest.mark.parametrize(("data", "kind"), KINDS.values(), ids=KINDS)
def test_kind(data: bytes, kind: str) -> None:
    assert smime.kind(data) == kind


WRAPPERS = [
    ("application/pkcs7-mime", "", True),
    ("application/x-pkcs7-mime", "a.p7m", True),
    ("application/octet-stream", "SMIME.P7M", True),
    ("application/pkcs7-signature", "smime.p7s", False),
    ("application/octet-stream", "plan.p7m", False),
]


@pytest.mark.parametrize(("media_type", "filename", "wraps"), WRAPPERS)
def test_wrappers(media_type: str, filename: str, wraps: bool) -> None:
    assert smime.is_wrapper(media_type, filename) is wraps


@pytest.mark.parametrize("name", ["der", "ber_in_pieces", "der_in_pieces"])
def test_cut_anywhere_gives_a_beginning_or_nothing(name: str) -> None:
    data, whole = CONTENT[name]
    assert whole is not None
    for end in range(len(data)):
        found = smime.content(data[:end])
        assert found is None or whole.startswith(found)


@given(st.binary(max_size=200), st.integers(0, 300), st.integers(0, 255))
def test_any_bytes(data: bytes, at: int, value: int) -> None:
    smime.content(data)
    smime.kind(data)
    changed = bytearray(signed(pieces(LONG), open_=True))
    changed[at % len(changed)] = value
    found = smime.content(bytes(changed))
    assert found is None or len(found) <= len(changed)


HOSTILE: dict[str, tuple[Any, int]] = {
    "elements_within_elements": (lambda n: b"\x30\x80" * n, 500_000),
    "a_set_that_never_ends": (lambda n: signed(tlv(4, b"x"), open_=True)[:26] + b"\x31\x80" + b"\5\0" * n, 500_000),
    "many_pieces": (lambda n: signed(pieces(*[b"x"] * n)), 100_000),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_linear(name: str, linear: Any) -> None:
    build, size = HOSTILE[name]
    linear(lambda n: smime.content(build(n)), size)
