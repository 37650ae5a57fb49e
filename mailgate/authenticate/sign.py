"""DKIM signatures of our own mail (RFC 6376 §5, RFC 8301, RFC 8463), made by dkimpy.

Laws: relaxed/relaxed, SHA-256; From and Subject are named once more than they are there, so that nobody adds another
(§8.15); the private key is read once and never shown.
"""

from __future__ import annotations

import base64
import binascii
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

import dkim
from dkim.crypto import UnparsableKeyError, parse_pem_private_key

from mailgate.authenticate.dkim_key import MIN_BITS
from mailgate.authenticate.resolver import plain_name
from mailgate.errors import ConfigError

# Signed where they are there: what a reader sees or a mailer acts on (RFC 6376 §5.4.1, RFC 8058 §4).
SIGNED = (
    "From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "References", "In-Reply-To",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted",
    "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
OVERSIGNED = ("From", "Subject")

_PEM = re.compile(rb"-----BEGIN ([A-Z ]{0,20}PRIVATE KEY)-----\r?\n([A-Za-z0-9+/=\s]+)-----END \1-----")
_SEED = 32  # octets of an Ed25519 key
_PKCS8_ED25519 = bytes.fromhex(
    "302e020100300506032b657004220420"
)  # RFC 8410 §7: all that stands before the seed


@dataclass(frozen=True, slots=True)
class Signer:
    """A domain, a selector and the private key for them. Made by `load_signer`."""

    domain: str
    selector: str
    algorithm: str  # rsa-sha256 | ed25519-sha256
    key: bytes = field(repr=False)  # as dkimpy wants it: PEM for RSA, the seed in base64 for Ed25519


def load_signer(domain: str, selector: str, key_file: Path) -> Signer:
    """Reads the key. Raises ConfigError where the file cannot be read, others can read it, or it holds no usable key."""
    try:
        if key_file.stat().st_mode & stat.S_IROTH:
            raise ConfigError(
                [f"dkim.key_file: everybody on this machine can read {key_file}; chmod o-rwx {key_file}"]
            )
        data = key_file.read_bytes()
    except OSError as e:
        raise ConfigError([f"dkim.key_file: {key_file}: cannot be read: {e.strerror}"]) from e
    try:
        return make_signer(domain, selector, data)
    except ValueError as e:
        raise ConfigError([f"dkim.key_file: {key_file}: {e}"]) from e


def make_signer(domain: str, selector: str, data: bytes) -> Signer:
    """A signer from the contents of a key file: RSA or Ed25519 as PEM, or the bare base64 of an Ed25519 seed.

    Raises ValueError for anything else, and for RSA keys under 1024 bits (RFC 8301 §3.2).
    """
    domain, selector = plain_name(domain), plain_name(selector)
    if not domain or not selector:
        raise ValueError("dkim.domain and dkim.selector must be names like example.com and mail")
    data = data.replace(b"\r\n", b"\n")
    if (seed := _seed(data)) is not None:
        return Signer(domain, selector, "ed25519-sha256", base64.b64encode(seed))
    try:
        bits = parse_pem_private_key(data)["modulus"].bit_length()
    # dkimpy's reader of ASN.1 meets any file with these
    except (UnparsableKeyError, AssertionError, IndexError, KeyError, TypeError, ValueError) as e:
        raise ValueError("an RSA or Ed25519 private key in PEM, without a password, is needed") from e
    if bits < MIN_BITS:
        raise ValueError(f"an RSA key of {bits} bits is too short, 2048 are needed")
    return Signer(domain, selector, "rsa-sha256", data)


def _seed(data: bytes) -> bytes | None:
    """The seed of an Ed25519 key, None for what is none."""
    pem = _PEM.search(data)
    try:
        packed = base64.b64decode(pem[2] if pem else data.strip(), validate=not pem)
    except (binascii.Error, ValueError):
        return None
    if pem is None:
        return packed if len(packed) == _SEED else None
    return packed[-_SEED:] if packed[:-_SEED] == _PKCS8_ED25519 else None


def sign(raw: bytes, signer: Signer) -> bytes:
    """The mail with a DKIM-Signature on top. Lines of `raw` end in CRLF, as compose writes them.

    Raises ValueError for a mail that cannot be signed: one without From, or with a broken header.
    """
    try:
        mail = dkim.DKIM(raw)
        there = {name.lower() for name, _ in mail.headers}
        if b"from" not in there:
            raise ValueError("the mail cannot be signed: it has no From")
        names = [name.encode() for name in SIGNED if name.lower().encode() in there]
        header: bytes = mail.sign(
            signer.selector.encode(),
            signer.domain.encode(),
            signer.key,
            signature_algorithm=signer.algorithm.encode(),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=names + [name.encode() for name in OVERSIGNED],
        )
    except dkim.DKIMException as e:
        raise ValueError(f"the mail cannot be signed: {e}") from e
    return header + raw
