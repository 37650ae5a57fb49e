"""Signatures with public keys: ECDSA of SendGrid, RSA of Amazon SNS. The one place that uses `cryptography`.

It is no dependency of everybody's: `pip install 'mailgate[webhooks]'` brings it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime

from mailgate.errors import ConfigError, Permanent

Verify = Callable[[bytes, bytes], bool]
_NEEDED = "this signature cannot be checked without `cryptography`: pip install 'mailgate[webhooks]'"


def require(what: str) -> None:
    """Raises ConfigError, for the setting `what`, where the library is not installed."""
    try:
        import cryptography  # noqa: F401
    except ImportError as e:
        raise ConfigError([f"{what}: {_NEEDED}"]) from e


def ecdsa_verifier(what: str, public_key: str) -> Verify:
    """Of ECDSA with SHA-256 on P-256, by the base64 of a DER public key. Raises ConfigError."""
    require(what)
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(base64.b64decode(public_key, validate=True))
    except (binascii.Error, ValueError, TypeError) as e:
        raise ConfigError([f"{what}: this is no public key in base64"]) from e
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ConfigError([f"{what}: an elliptic curve key is needed"])
    elliptic = key

    def verify(data: bytes, signature: bytes) -> bool:
        try:
            elliptic.verify(signature, data, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True

    return verify


def rsa_verifier(
    certificate: bytes, version: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Verify:
    """Of RSASSA-PKCS1-v1_5 by a PEM certificate that is valid now; `version` "1" is SHA-1, "2" SHA-256.

    Raises Permanent for a certificate that cannot be used.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    try:
        found = x509.load_pem_x509_certificate(certificate)
        key = found.public_key()
    except Exception as e:
        raise Permanent("the certificate cannot be read") from e
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
        raise Permanent("the certificate has no RSA key of 2048 bits")
    if not found.not_valid_before_utc <= now() <= found.not_valid_after_utc:
        raise Permanent("the certificate is not valid now")
    rsa_key, digest = key, SHA256() if version == "2" else SHA1()  # noqa: S303 - SNS's version 1

    def verify(data: bytes, signature: bytes) -> bool:
        try:
            rsa_key.verify(signature, data, padding.PKCS1v15(), digest)
        except InvalidSignature:
            return False
        return True

    return verify
