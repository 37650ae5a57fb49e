"""What `mailgate check` says of the name under which the door greets: whether its certificate is for it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailgate.checks import WARNING, Finding

if TYPE_CHECKING:
    from mailgate.config import Config

SHOWN = 10  # names of a certificate that are listed


def certificate_name(config: Config) -> Iterator[Finding]:
    """Nothing where the certificate cannot be used or is out of its time, which another check tells."""
    from mailgate.intake import validity

    smtp = config.smtp
    if not smtp.tls_cert or not smtp.tls_key:
        return
    hostname = smtp.hostname or config.gateway.message_domain
    try:
        if validity.covers(smtp.tls_cert, smtp.tls_key, hostname):
            return
        known = ", ".join(sorted(validity.names(smtp.tls_cert, smtp.tls_key))[:SHOWN]) or "no name of a host"
    except (OSError, ssl.SSLError, ValueError):
        return
    greeting = "smtp.hostname is" if smtp.hostname else "smtp.hostname is not set, so we greet as"
    yield Finding(
        WARNING, "smtp", f"{greeting} {hostname}, and the certificate {smtp.tls_cert} is for {known}: who checks it does not deliver",
        "set smtp.hostname to a name of the certificate that stands in MX, or get one for it",
    )  # fmt: skip
