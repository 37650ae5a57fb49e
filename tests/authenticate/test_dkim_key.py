"""Key records and what they may hold."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from authenticate.world import Keys, b64
from dkim.crypto import RSASSA_PKCS1_v1_5_sign, parse_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from mailgate.authenticate.dkim_key import MAX_RECORD, Unusable, decode, parse_key


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def rsa_record(modulus: int, exponent: int) -> str:
    numbers = [n.to_bytes(n.bit_length() // 8 + 1, "big") for n in (modulus, exponent)]
    return "p=" + b64(der(0x30, b"".join(der(2, n) for n in numbers)))


ODD = (1 << 2047) + 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda r: r, None),
        (lambda r: r.replace("v=DKIM1; ", ""), None),
        (lambda r: r + ";", None),
        (lambda r: r + "; n=a note; unknown=x", None),
        (lambda r: r.replace("v=DKIM1", "v=DKIM1; k=rsa; h=sha1:sha256; s=email"), None),
        (lambda r: r.replace("v=DKIM1", "v=DKIM1; s=tlsrpt : *"), None),
        (lambda r: r.replace("; p=", "; p= ").replace("AQ", " A\tQ"), None),
        (lambda r: r.replace("v=DKIM1", "v=DKIM2"), "version"),
        (lambda r: r.replace("v=DKIM1; ", "k=rsa; v=DKIM1; "), "version"),
        (lambda r: r.replace("v=DKIM1", "v=DKIM1; s=tlsrpt"), "not for mail"),
        (lambda r: r.replace("v=DKIM1", "v=DKIM1; h=sha1"), "SHA-256"),
        (lambda r: r.replace("v=DKIM1", "v=DKIM1; k=dsa"), "unknown sort"),
        (lambda r: "v=DKIM1; p=", "withdrawn"),
        (lambda r: "v=DKIM1", "no key"),
        (lambda r: "v=DKIM1; p=!!!", "base64"),
        (lambda r: "v=DKIM1; p=AAAA", "cannot be read"),
        (lambda r: "v=DKIM1; k=ed25519; p=AAAA", "cannot be read"),
        (lambda r: r + "; p=x", "malformed"),
        (lambda r: "some other text", "malformed"),
        (lambda r: "", "no key"),
        (lambda r: r + "; n=" + "x" * MAX_RECORD, "malformed"),
    ],
)
def test_records(keys: Keys, change: Any, why: str | None) -> None:
    record = change(keys.record(keys.rsa))
    if why is None:
        assert parse_key(record).algorithm == "rsa"
        return
    with pytest.raises(Unusable, match=why):
        parse_key(record)


@pytest.mark.parametrize(
    ("modulus", "exponent", "why"),
    [
        (ODD, 65537, None),
        (ODD, 3, None),
        ((1 << 1023) + 1, 65537, None),
        ((1 << 1022) + 1, 65537, "1023 bits is too short"),
        ((1 << 9000) + 1, 65537, "no plain one"),
        (1 << 2047, 65537, "no plain one"),
        (ODD, 1, "exponent"),
        (ODD, 65536, "exponent"),
        (ODD, (1 << 2040) + 1, "exponent"),
    ],
)
def test_numbers_of_an_rsa_key(modulus: int, exponent: int, why: str | None) -> None:
    """RFC 8301 §3.2; the upper bounds keep a stranger's numbers from costing seconds."""
    record = rsa_record(modulus, exponent)
    if why is None:
        check = parse_key(record).check
        size = (modulus.bit_length() + 7) // 8
        assert not check(b"x", b"\1" * size)
        assert not check(b"x", b"\xff" * size)  # larger than the modulus
        assert not check(b"x", b"\1" * (size - 1))
        assert not check(b"x", b"")
        return
    with pytest.raises(Unusable, match=why):
        parse_key(record)


def test_there_is_one_signature_for_a_text(keys: Keys) -> None:
    """The same number written longer, or with the modulus added, opens to the same and is none (RFC 8017 §8.2.2)."""
    key = parse_pem_private_key(keys.rsa)
    check = parse_key(keys.record(keys.rsa)).check
    other = 0
    for text in (b"%d" % n for n in range(200)):
        signature = bytes(RSASSA_PKCS1_v1_5_sign(hashlib.sha256(text), key))
        assert check(text, signature)
        assert not check(text, b"\0" + signature)
        larger = int.from_bytes(signature, "big") + key["modulus"]
        if larger < 1 << 2048:
            other += 1
            assert not check(text, larger.to_bytes(256, "big"))
        if other and text >= b"5":
            return


def test_exponent_one_proves_nothing() -> None:
    """With it anybody could write a "signature" that opens to what is wanted."""
    with pytest.raises(Unusable):
        parse_key(rsa_record(ODD, 1))


def test_an_ed25519_signature_of_the_wrong_length(keys: Keys) -> None:
    check = parse_key(keys.record(keys.ed25519)).check
    assert not any(check(b"x", b"\0" * n) for n in (0, 1, 63, 64, 65, 1000))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("YWI=", b"ab"),
        ("YWI", b"ab"),
        (" Y\tW\r\n I = ", b"ab"),
        ("", b""),
        ("YWJj", b"abc"),
        ("+/+/", b"\xfb\xff\xbf"),
    ],
)
def test_base64(text: str, data: bytes) -> None:
    assert decode(text) == data


@pytest.mark.parametrize("text", ["Y", "YW-_", "YW=I", "ÿÿÿÿ", "Y\0WI"])
def test_not_base64(text: str) -> None:
    with pytest.raises(Unusable):
        decode(text)


@given(st.binary(max_size=80), st.sampled_from(["rsa", "ed25519"]))
def test_any_octets_as_a_key(data: bytes, algorithm: str) -> None:
    try:
        parse_key(f"v=DKIM1; k={algorithm}; p={base64.b64encode(data).decode()}")
    except Unusable:
        return
    assert algorithm == "ed25519"
    assert len(data) == 32


@pytest.mark.parametrize("piece", [" ", ":", "\t:", ";", "A", "A=", "a:"])
@pytest.mark.parametrize("tag", ["p", "s", "h", "t", "n"])
def test_linear(tag: str, piece: str, linear: Any) -> None:
    def work(n: int) -> None:
        try:
            parse_key(f"{tag}=x{piece * n}x; p=AAAA")
        except Unusable:
            parse_key.cache_clear()

    linear(work, MAX_RECORD // len(piece) - 40)
