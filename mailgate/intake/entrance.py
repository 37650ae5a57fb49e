"""Where connections of proxies say whom they bring (`smtp.proxies`), before a word of SMTP or TLS.

Laws: a connection from a proxy starts with a PROXY header or ends; a header from anywhere else is no more than junk to
the SMTP behind; whoever a header names is the peer for every count and every decision, and where it names nobody the
peer is a stranger, whatever the proxy itself may do (threat T14). Not a byte behind the header is taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import structlog

from mailgate.intake import proxy
from mailgate.intake.mails import Door
from mailgate.intake.policy import Peer

HEADER_SECONDS = 10.0  # proxies send it at once, in their first packet
_log = structlog.get_logger("mailgate.intake")


class Entrance(asyncio.BufferedProtocol):
    """The first protocol of a connection; then `session(peer)` takes its place. None: the peer is who it is."""

    def __init__(self, door: Door, session: Callable[[Peer | None], asyncio.Protocol]) -> None:
        self._door = door
        self._session = session
        self._since = door.loop.time()
        self._host = ""
        self._head = bytearray()
        self._room = bytearray()
        self.transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        name = transport.get_extra_info("peername")
        self._host = str(name[0]) if isinstance(name, tuple) else ""
        if not self._door.policy.is_proxy(self._host):
            self._hand_over(None)
        elif self._door.draining:
            self._end()
        else:
            self._door.sessions.add(self)

    def get_buffer(self, _hint: int) -> bytearray:
        self._room = bytearray(proxy.missing(bytes(self._head)))
        return self._room

    def buffer_updated(self, count: int) -> None:
        self._head += self._room[:count]
        header = bytes(self._head)
        try:
            if proxy.missing(header):
                return
            client = proxy.client(header)
        except ValueError as e:
            _log.warning("connection of a proxy ended", proxy=self._host, why=str(e))
            self._end()
            return
        self._door.sessions.discard(self)
        self._hand_over(self._door.policy.behind(self._host, client))

    def connection_lost(self, error: Exception | None) -> None:
        self._door.sessions.discard(self)
        self.transport = None

    def sweep(self, now: float) -> None:
        """Called every few seconds: a header that does not come, or drips in."""
        if now - self._since > min(HEADER_SECONDS, self._door.policy.smtp.timeout):
            _log.warning("connection of a proxy ended", proxy=self._host, why="no PROXY header in time")
            self._end()

    def drain(self) -> None:
        """Nothing has begun here."""
        self._end()

    def _hand_over(self, peer: Peer | None) -> None:
        wire = cast(asyncio.Transport, self.transport)
        session = self._session(peer)
        wire.set_protocol(session)
        session.connection_made(wire)

    def _end(self) -> None:
        if self.transport is not None:
            cast(asyncio.Transport, self.transport).abort()
