"""What is wrong with the certificate of a server that we do not believe, so that people hear what to mend."""

from __future__ import annotations

import ssl
from typing import Literal

Fault = Literal["expired", "name", "issuer"]

# OpenSSL's X509_V_ERR_… (openssl-verification-options(1)): not yet valid, expired; another host, another address
_EXPIRED = frozenset({9, 10})
_NAME = frozenset({62, 64})


def of(error: ssl.SSLCertVerificationError) -> Fault:
    """Out of its time, for another name, or (all else) signed by nobody whom we believe."""
    code = getattr(error, "verify_code", 0)
    if code in _EXPIRED:
        return "expired"
    return "name" if code in _NAME else "issuer"
