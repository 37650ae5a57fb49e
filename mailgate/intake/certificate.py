"""The door's certificate, read again when its files change: whoever renews it has nobody to tell."""

from __future__ import annotations

import os
import ssl

import structlog

from mailgate import counters
from mailgate.errors import ConfigError
from mailgate.intake import validity

_log = structlog.get_logger("mailgate.intake")
_Stamp = tuple[tuple[int, int, int], ...]


class Certificate:
    """A chain and its key, as a context for new connections; those that are open keep what they began with."""

    def __init__(self, chain: str, key: str) -> None:
        """Paths of PEM files; the key may stand in the chain's file. Raises ConfigError when they cannot be used."""
        self._files = (chain, key)
        self._seen = self._stamp()
        self.context = _context(chain, key)
        self._tell()

    def look(self) -> bool:
        """Read the files again if they changed; True when the new ones are in use. A pair that cannot be used, or is only
        half written, changes nothing but the log, and is tried again at its next change."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            self.context = _context(*self._files)
        except ConfigError as e:
            _log.error("new certificate not usable, the old one stays in use", why=str(e))
            return False
        self._tell()
        _log.info("new certificate in use", path=self._files[0])
        return True

    def _tell(self) -> None:
        """When it ends; 0 where it is out of its time already."""
        try:
            ends = validity.until(*self._files).timestamp()
        except (OSError, ssl.SSLError, ValueError):
            ends = 0.0
        counters.gauge("tls_cert_expires", ends)

    def _stamp(self) -> _Stamp:
        """What tells one version of the files from the next, also when a link is set to another file."""
        stamps = []
        for path in filter(None, self._files):
            try:
                found = os.stat(path)
                stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
            except OSError:
                stamps.append((0, 0, 0))
        return tuple(stamps)


def _context(chain: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # a handshake costs us more than the peer (CVE-2011-1473)
    try:
        # a key with a passphrase must not make a server ask its terminal for it
        context.load_cert_chain(chain, key or None, password=lambda: b"")
    except (OSError, ssl.SSLError, ValueError) as e:
        text = f"smtp.tls_cert, smtp.tls_key: found {chain!r}, {key!r}; a PEM certificate and its key are needed: {e}"
        raise ConfigError([text]) from e
    return context
