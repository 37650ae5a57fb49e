"""The SMTP door: a listening socket, and the sweep over its connections."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from mailgate.config import Config
from mailgate.errors import Unavailable
from mailgate.intake.mails import Accept, Door
from mailgate.intake.policy import Gate, Policy
from mailgate.intake.session import SmtpSession

_MAX_SWEEP = 5.0
_BACKLOG = 1024


class SmtpServer(asyncio.AbstractServer):
    """A server like asyncio's, which also ends silent connections and drains."""

    def __init__(self, server: asyncio.AbstractServer, door: Door) -> None:
        self._server = server
        self.door = door
        self._period = min(_MAX_SWEEP, door.policy.smtp.timeout / 4)
        self._timer = door.loop.call_later(self._period, self._sweep)

    @property
    def sockets(self) -> tuple[Any, ...]:
        return tuple(getattr(self._server, "sockets", ()))

    def close(self) -> None:
        """Take no new connections; those that are open go on."""
        self._server.close()

    async def wait_closed(self) -> None:
        await self._server.wait_closed()

    async def drain(self, seconds: float = 30.0) -> None:
        """Stop listening, let every mail under way be answered, end the rest with 421. At most `seconds`."""
        self._server.close()
        self.door.draining = True
        deadline = self.door.loop.time() + seconds
        for session in list(self.door.sessions):
            session.drain()
        while self.door.sessions and self.door.loop.time() < deadline:
            await asyncio.sleep(0.02)
        self._timer.cancel()
        for session in list(self.door.sessions):
            if session.transport is not None:
                session.transport.abort()  # type: ignore[attr-defined]

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self.door.loop

    def is_serving(self) -> bool:
        return self._server.is_serving()

    async def start_serving(self) -> None:
        await self._server.start_serving()

    async def serve_forever(self) -> None:
        await self._server.serve_forever()

    def _sweep(self) -> None:
        now = self.door.loop.time()
        for session in list(self.door.sessions):
            session.sweep(now)
        if self._server.is_serving() or self.door.sessions:
            self._timer = self.door.loop.call_later(self._period, self._sweep)


async def serve_smtp(config: Config, accept: Accept, *, sock: socket.socket | None = None) -> SmtpServer:
    """Listen on smtp.host and smtp.port, or on `sock` (bound already). `accept` returns the id of a mail on disk.

    Raises Unavailable when the port cannot be had and ConfigError when the certificate cannot be used.
    """
    loop = asyncio.get_running_loop()
    smtp = config.smtp
    door = Door(
        policy=Policy(config),
        gate=Gate(smtp.max_connections, smtp.max_connections_per_client, smtp.max_bytes_in_flight),
        accept=accept,
        loop=loop,
    )
    try:
        if sock is not None:
            server = await loop.create_server(lambda: SmtpSession(door), sock=sock, backlog=_BACKLOG)
        else:
            server = await loop.create_server(
                lambda: SmtpSession(door), smtp.host, smtp.port, backlog=_BACKLOG
            )
    except OSError as e:
        raise Unavailable(
            f"smtp.host, smtp.port: cannot listen on {smtp.host}:{smtp.port}: {e.strerror or e}; "
            "is another program on this port?"
        ) from e
    return SmtpServer(server, door)
