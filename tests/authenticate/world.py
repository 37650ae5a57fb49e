"""A small world for these tests: keys made on the spot, mails, and signatures of any form.

The signatures are made with dkimpy's canonicalisation and hashing, so that what we check was not made by what checks it.
"""

from __future__ import annotations

import base64
import subprocess
from dataclasses import dataclass
from typing import Any

import dkim
from dkim.canonicalization import CanonicalizationPolicy
from dkim.crypto import HASH_ALGORITHMS, RSASSA_PKCS1_v1_5_sign, parse_pem_private_key
from nacl.signing import SigningKey

from mailgate.authenticate.resolver import LATER, Answer, Kind, Lookups
from mailgate.authenticate.zone import ZoneResolver

NOW = 1_772_445_600.0  # 2 March 2026, 10:00 UTC

MAIL = (
    b"From: Bob <bob@acme.example>\r\n"
    b"To: support@example.com\r\n"
    b"Subject: The printer  is\r\n\tdown\r\n"
    b"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n"
    b"Message-ID: <1@acme.example>\r\n"
    b"\r\n"
    b"It is  down \t again.\r\n"
    b"\r\n"
    b"Bob \r\n"
    b"\r\n"
)


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class SlowResolver:
    """Each question takes so many seconds of the clock; an answer that would come too late does not come."""

    def __init__(self, inner: Any, clock: FakeClock, seconds: float) -> None:
        self.inner, self.clock, self.seconds = inner, clock, seconds
        self.asked: list[tuple[str, Kind]] = []

    def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
        self.asked.append((name, kind))
        self.clock.now += min(self.seconds, seconds)
        return self.inner.lookup(name, kind, seconds) if self.seconds <= seconds else LATER


@dataclass(frozen=True)
class Keys:
    """Private keys as PEM (RSA of 2048, 1024 and 512 bits, PKCS #1 and #8) and the seed of an Ed25519 key."""

    rsa: bytes
    rsa_pkcs1: bytes
    rsa_1024: bytes
    rsa_512: bytes
    ed25519: bytes

    def record(self, key: bytes, **tags: str) -> str:
        """The key record in DNS; further tags stand in front."""
        if key == self.ed25519:
            packed = bytes(SigningKey(key).verify_key)
            tags = {"k": "ed25519"} | tags
        else:
            packed = openssl("rsa", "-pubout", "-outform", "DER", data=key)
        return "; ".join(f"{k}={v}" for k, v in {"v": "DKIM1", **tags}.items()) + "; p=" + b64(packed)


def make_keys() -> Keys:
    rsa, rsa_1024, rsa_512 = (openssl("genrsa", bits) for bits in ("2048", "1024", "512"))
    return Keys(
        rsa, openssl("rsa", "-traditional", data=rsa), rsa_1024, rsa_512, bytes(SigningKey.generate())
    )


def openssl(*words: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True).stdout


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def lookups(zone: Any, seconds: float = 60.0) -> Lookups:
    return Lookups(ZoneResolver(zone), seconds)


def signature(
    raw: bytes,
    key: bytes,
    names: str = "from:to:subject:date:message-id",
    cut: int | None = None,
    **tags: str | None,
) -> bytes:
    """A DKIM-Signature field for `raw`, valid but for what `tags` say; None leaves a tag out. `cut` signs that much of the body."""
    algorithm = "rsa-sha256" if key.startswith(b"-----") else "ed25519-sha256"
    values: dict[str, str | None] = {
        "v": "1", "a": algorithm, "c": "relaxed/relaxed", "d": "acme.example", "s": "mail", "h": names, **tags,
    }  # fmt: skip
    values.pop("b", None)
    headers, body = dkim.rfc822_parse(raw)
    policy = CanonicalizationPolicy.from_c_value(
        {"nowsp": b"simple"}.get(values["c"] or "", (values["c"] or "simple").encode())
    )
    hasher = HASH_ALGORITHMS.get((values["a"] or algorithm).encode(), HASH_ALGORITHMS[b"rsa-sha256"])
    body = policy.canonicalize_body(body)[:cut]
    values.setdefault("bh", b64(hasher(body).digest()))
    text = "; ".join(f"{name}={value}" for name, value in values.items() if value is not None)
    field = (b"DKIM-Signature", f" {text}; b=".encode("latin-1"))
    digest = hasher()
    names_signed = [name.strip().lower().encode() for name in names.split(":")]
    dkim.hash_headers(digest, policy, policy.canonicalize_headers(headers), names_signed, field, {})
    if key.startswith(b"-----"):
        made = bytes(RSASSA_PKCS1_v1_5_sign(digest, parse_pem_private_key(key)))
    else:
        made = SigningKey(key).sign(digest.digest()).signature
    return field[0] + b":" + field[1] + (tags.get("b") or b64(made)).encode() + b"\r\n"
