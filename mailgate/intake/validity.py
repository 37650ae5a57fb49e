"""Until when the door's own certificate is good, and for which names: a handshake with ourselves, in memory, tells what any
client would find."""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

_ROUNDS = 10  # a handshake takes two


def until(chain: str, key: str) -> datetime:
    """When the certificate ends. Raises OSError, ValueError and ssl.SSLError for files that cannot be used, of which
    ssl.SSLCertVerificationError is a certificate that is out of its time or not for servers. Who signed it, and for which
    name, is not looked at."""
    ends = _found(chain, key).get("notAfter", "")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC)


def covers(chain: str, key: str, hostname: str) -> bool:
    """Whether a client that asks for `hostname` finds it there (RFC 9525 section 6.3): in the alternative names, of which the
    first label may be a star. Raises as `until`."""
    wanted, _, rest = hostname.lower().rstrip(".").partition(".")
    return bool({f"{wanted}.{rest}", f"*.{rest}"} & {name.lower() for name in names(chain, key)})


def names(chain: str, key: str) -> list[str]:
    """The names of hosts that it is for. Raises as `until`."""
    found: Any = _found(chain, key).get("subjectAltName", ())
    return [str(value) for kind, value in found if kind == "DNS"]


def _found(chain: str, key: str) -> dict[str, Any]:
    """The certificate as a client sees it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, key or None, password=lambda: b"")  # nobody is asked for a passphrase
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(chain)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # ours is believed as it is, whoever signed it
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    we, they = server.wrap_bio(there, back, server_side=True), client.wrap_bio(back, there)
    for _ in range(_ROUNDS):
        for side in (they, we):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return dict(they.getpeercert() or {})
