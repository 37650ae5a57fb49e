"""Who may hand mail in: bearer keys (RFC 6750), basic authentication (RFC 7617), and the secrets behind signatures.

Laws: compared in constant time, whatever was sent; read once at the start; never in a repr, a log or an answer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

from mailgate.config import WebKey
from mailgate.errors import ConfigError

SHORTEST = 16
_LONGEST_FILE = 4096


class Key:
    """One bearer key: its name, and the From addresses that it vouches for."""

    def __init__(self, name: str, secret: bytes, addresses: tuple[str, ...]) -> None:
        self.name, self.addresses = name, addresses
        self.digest = hashlib.sha256(secret).digest()


def secret(what: str, value: str, file: str = "", shortest: int = SHORTEST) -> bytes:
    """A secret from the settings or from its file, b"" where neither is set. Raises ConfigError."""
    if file:
        try:
            with Path(file).open("rb") as opened:
                found = opened.read(_LONGEST_FILE).strip()
        except OSError as e:
            raise ConfigError([f"{what}_file: {file} cannot be read: {e.strerror}"]) from e
    else:
        found = value.encode()
    if (file or found) and len(found) < shortest:
        raise ConfigError([f"{what}: too short: {shortest} characters are needed"])
    return found


def load(settings: Sequence[WebKey]) -> tuple[Key, ...]:
    """The bearer keys of the settings. Raises ConfigError."""
    return tuple(
        Key(each.name, secret(f"web.keys ({each.name}) key", each.key, each.key_file), tuple(each.addresses))
        for each in settings
    )


def bearer(header: str, keys: Sequence[Key]) -> Key | None:
    """The key that an Authorization header shows. Every key is looked at, so that time tells nothing."""
    scheme, _, given = header.partition(" ")
    digest = hashlib.sha256(given.strip(" ").encode("utf-8", "surrogateescape")).digest()
    found = None
    for key in keys:
        if hmac.compare_digest(key.digest, digest):
            found = key
    return found if scheme.lower() == "bearer" else None


def basic(header: str, user: str, password: bytes) -> bool:
    """Whether an Authorization header shows this user and password."""
    scheme, _, given = header.partition(" ")
    try:
        shown = base64.b64decode(given.strip(" "), validate=True)
    except (binascii.Error, ValueError):
        shown = b""
    wanted = hashlib.sha256(user.encode() + b":" + password).digest()
    same = hmac.compare_digest(wanted, hashlib.sha256(shown).digest())
    return same and scheme.lower() == "basic" and bool(user and password)


def signed(key: bytes, text: bytes, signature: str) -> bool:
    """Whether a hexadecimal HMAC-SHA256 of this text was made with this key."""
    wanted = hmac.new(key, text, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.lower().encode("utf-8", "surrogateescape"))
