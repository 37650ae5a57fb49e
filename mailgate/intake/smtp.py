"""The SMTP door: its listening sockets, and the sweep over its connections."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from mailgate.config import Config
from mailgate.errors import ConfigError, Unavailable
from mailgate.intake import listening
from mailgate.intake.entrance import Entrance
from mailgate.intake.gate import Gate
from mailgate.intake.mails import Accept, Door
from mailgate.intake.policy import Policy
from mailgate.intake.session import SmtpSession

_MAX_SWEEP = 5.0
_BACKLOG = 1024
_OTHER_FILES = 64  # descriptors for the spool, the log, the loop
_log = structlog.get_logger("mailgate.intake")


class SmtpServer(asyncio.AbstractServer):
    """A server like asyncio's, which also ends silent connections and drains."""

    def __init__(self, servers: Sequence[asyncio.AbstractServer], door: Door) -> None:
        self._servers = servers
        self.door = door
        self._period = min(_MAX_SWEEP, door.policy.smtp.timeout / 4)
        self._timer = door.loop.call_later(self._period, self._sweep)

    @property
    def sockets(self) -> tuple[Any, ...]:
        return tuple(sock for server in self._servers for sock in getattr(server, "sockets", ()))

    def close(self) -> None:
        """Take no new connections; those that are open go on."""
        for server in self._servers:
            server.close()

    async def wait_closed(self) -> None:
        for server in self._servers:
            await server.wait_closed()

    async def drain(self, seconds: float = 30.0) -> None:
        """Stop listening, let every mail under way be answered, end the rest with 421. At most `seconds`."""
        self.close()
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
        return any(server.is_serving() for server in self._servers)

    async def start_serving(self) -> None:
        for server in self._servers:
            await server.start_serving()

    async def serve_forever(self) -> None:
        await asyncio.gather(*(server.serve_forever() for server in self._servers))

    def _sweep(self) -> None:
        now = self.door.loop.time()
        for session in list(self.door.sessions):
            try:
                session.sweep(now)
            except Exception:  # noqa: BLE001 - the clock of all others goes on
                _log.exception("a sweep failed")
        if self.door.policy.certificate is not None:
            self.door.policy.certificate.look()
        if self.is_serving() or self.door.sessions:
            self._timer = self.door.loop.call_later(self._period, self._sweep)


async def serve_smtp(config: Config, accept: Accept, *, sock: socket.socket | None = None) -> SmtpServer:
    """Listen where systemd says, or on smtp.host, port and tls_port, or on `sock` (bound already). `accept` returns the
    id of a mail on disk.

    Raises Unavailable when a port cannot be had and ConfigError when the certificate cannot be used.
    """
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_trouble)
    smtp = config.smtp
    door = Door(
        policy=Policy(config),
        gate=Gate(smtp, _connections(smtp.max_connections)),
        accept=accept,
        loop=loop,
    )
    places = [listening.Bound(sock, listening.SMTP)] if sock is not None else listening.places(smtp)
    servers: list[asyncio.AbstractServer] = []
    try:
        for place in places:
            factory = _factory(door, tls_first=place.door == listening.SMTPS)
            servers.append(await loop.create_server(factory, sock=place.sock, backlog=_BACKLOG))
    except OSError as e:
        for server in servers:
            server.close()
        raise Unavailable(f"smtp.host, smtp.port: cannot listen: {e.strerror or e}") from e
    return SmtpServer(servers, door)


def _factory(door: Door, *, tls_first: bool) -> Callable[[], asyncio.BaseProtocol]:
    """What makes the protocol of a new connection. Raises ConfigError for TLS without a certificate."""
    if tls_first and door.policy.tls is None:
        raise ConfigError(["smtp.tls_cert, smtp.tls_key: not set; the socket named smtps needs them"])
    if not door.policy.smtp.proxies:
        return lambda: SmtpSession(door, tls_first=tls_first)
    return lambda: Entrance(door, lambda peer: SmtpSession(door, tls_first=tls_first, peer=peer))


def _connections(wanted: int) -> int:
    """As many connections as wanted, or as there are file descriptors for; the limit is raised as far as it goes."""
    need = wanted + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < need + _BACKLOG:  # a wave of newcomers is taken in before it is refused
        more = need + _BACKLOG if hard == unlimited else min(need + _BACKLOG, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
            soft = more
    if soft == unlimited or soft >= need:
        return wanted
    few = max(soft - _OTHER_FILES, 1)
    _log.warning(
        "fewer connections than smtp.max_connections: raise the limit of open files",
        limit=soft,
        connections=few,
    )
    return few


def _trouble(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What the loop has to say goes into the log like all else, as one line."""
    _log.warning("event loop", what=context.get("message"), exc_info=context.get("exception"))
