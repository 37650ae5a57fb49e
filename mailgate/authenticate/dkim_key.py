"""Public keys of DKIM: the record in DNS (RFC 6376 §3.6.1) and what a signature is checked with (RFC 8301, RFC 8463)."""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from dkim.crypto import EMSA_PKCS1_v1_5_encode, UnparsableKeyError, parse_public_key
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from mailgate.authenticate import tags

MIN_BITS = 1024  # RFC 8301 §3.2: a shorter RSA key signs nothing
MAX_BITS = 8192  # §3.2 asks for 4096; the cost of a check grows with the square
MAX_EXPONENT = 1 << 33
MAX_RECORD = 16_384  # characters; an RSA key of 8192 bits takes 1,500

_WHITE = re.compile(r"[ \t\r\n]+")

Check = Callable[[bytes, bytes], bool]  # (what was signed, the signature)


class Unusable(Exception):
    """A key record that cannot be used, or base64 that is none; the text says why, `result` is that of RFC 8601."""

    def __init__(self, why: str, result: str = "permerror") -> None:
        super().__init__(why)
        self.result = result


@dataclass(frozen=True, slots=True)
class PublicKey:
    algorithm: str  # rsa | ed25519
    check: Check
    strict: bool = False  # t=s: i= and d= must be the same domain


@lru_cache(maxsize=256)
def parse_key(record: str) -> PublicKey:
    """Reads a record. Raises Unusable where it is malformed, withdrawn, for something else than mail, or too weak."""
    pairs = tags.parse(record) if len(record) <= MAX_RECORD else None
    if pairs is None:
        raise Unusable("the key record is malformed")
    values = dict(pairs)
    if "v" in values and (values["v"] != "DKIM1" or pairs[0][0] != "v"):
        raise Unusable("the key record is of another version")
    if not {"*", "email"} & _words(values.get("s", "*")):
        raise Unusable("the key is not for mail")
    if "h" in values and "sha256" not in _words(values["h"]):
        raise Unusable("the key is not for SHA-256")
    if not (packed := values.get("p")):
        raise Unusable("the key was withdrawn" if packed == "" else "the key record holds no key")
    algorithm = values.get("k", "rsa")
    if algorithm not in _READERS:
        raise Unusable("the key is of an unknown sort")
    check = _READERS[algorithm](decode(packed))
    return PublicKey(algorithm, check, strict="s" in _words(values.get("t", "")))


def _words(text: str) -> set[str]:
    return {word.strip(tags.WHITE) for word in text.split(":")}


def decode(text: str) -> bytes:
    """Base64 with white space anywhere (§2.10); the padding may be missing. Raises Unusable."""
    text = _WHITE.sub("", text).rstrip("=")
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as e:
        raise Unusable("not base64") from e


def _rsa(packed: bytes) -> Check:
    try:
        key = parse_public_key(packed)
    # dkimpy's reader of ASN.1 meets a stranger's bytes with these
    except (UnparsableKeyError, AssertionError, IndexError, KeyError, TypeError, ValueError) as e:
        raise Unusable("the RSA key cannot be read") from e
    modulus, exponent = key["modulus"], key["publicExponent"]
    if modulus.bit_length() < MIN_BITS:
        raise Unusable(f"an RSA key of {modulus.bit_length()} bits is too short", "fail")
    if modulus.bit_length() > MAX_BITS or not modulus & 1:
        raise Unusable("the RSA key is no plain one")
    if not 3 <= exponent < MAX_EXPONENT or not exponent & 1:
        raise Unusable("the exponent of the RSA key is no plain one")
    size = (modulus.bit_length() + 7) // 8

    def check(signed: bytes, signature: bytes) -> bool:
        """RFC 8017 §8.2.2: what the signature opens to is compared as a whole with what it must open to."""
        number = int.from_bytes(signature, "big")
        if len(signature) != size or number >= modulus:
            return False
        expected = EMSA_PKCS1_v1_5_encode(hashlib.sha256(signed), size)
        return bool(pow(number, exponent, modulus) == int.from_bytes(expected, "big"))

    return check


def _ed25519(packed: bytes) -> Check:
    """RFC 8463 §3: the signature is over the SHA-256 of what is signed."""
    try:
        key = VerifyKey(packed)
    except (CryptoError, TypeError, ValueError) as e:
        raise Unusable("the Ed25519 key cannot be read") from e

    def check(signed: bytes, signature: bytes) -> bool:
        try:
            key.verify(hashlib.sha256(signed).digest(), signature)
        except (CryptoError, TypeError, ValueError):
            return False
        return True

    return check


_READERS: dict[str, Callable[[bytes], Check]] = {"rsa": _rsa, "ed25519": _ed25519}
