"""uvicorn around the application: one socket, bounded heads and connections, an end in order.

Laws: uvicorn's own words go into our log, one object a line; a client that sends nothing, or its head byte by byte, is cut
off like any slow peer; SIGTERM takes nothing new and answers what is under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from mailgate.config import Config
from mailgate.errors import Unavailable
from mailgate.web.limits import Lines

HEAD_SECONDS = 10.0  # for a request's line and headers; also for what follows a refused body
MAX_HEAD = 32_768
KEEP_ALIVE_SECONDS = 5
DRAIN_SECONDS = 15


class Protocol(H11Protocol):
    """A connection that has no request under way for `HEAD_SECONDS` ends: uvicorn itself only times keep-alive."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._hurry()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self._hurry()

    def on_response_complete(self) -> None:
        self._wait()
        super().on_response_complete()

    def _wait(self) -> None:
        self._hurry()
        self._patience = self.loop.call_later(HEAD_SECONDS, self._end)

    def _hurry(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _end(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


class Server(uvicorn.Server):
    """`ready` is called once requests are taken. Signals are the caller's."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _ToOurLog(logging.Handler):
    """What uvicorn says, as our own lines; most of it is of requests that anybody may send."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._lines = Lines()

    def emit(self, record: logging.LogRecord) -> None:
        if (more := self._lines.of(str(record.msg))) is None:
            return
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger("mailgate.web").warning(
            "uvicorn", said=record.getMessage(), **more, **({"exc_info": error} if error else {})
        )


def bind(config: Config) -> socket.socket:
    """The listening socket. Raises Unavailable."""
    web = config.web
    try:
        family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
        return socket.create_server((web.host, web.port), family=family, backlog=512)
    except OSError as e:
        raise Unavailable(
            f"web.host, web.port: cannot listen on {web.host}:{web.port}: {e.strerror or e}; is another program on this port?"
        ) from e


def make(app: Starlette, config: Config, ready: Callable[[], None] = lambda: None) -> Server:
    """A server for the application."""
    said = logging.getLogger("uvicorn")
    said.propagate = False
    said.handlers = [_ToOurLog(logging.WARNING)]
    settings: dict[str, Any] = {
        "http": Protocol,
        "ws": "none",
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "proxy_headers": False,  # nobody's word on who a client is counts here
        "server_header": False,
        "limit_concurrency": config.web.max_connections,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": DRAIN_SECONDS,
        "h11_max_incomplete_event_size": MAX_HEAD,
    }
    return Server(uvicorn.Config(app, **settings), ready)


async def run(app: Starlette, config: Config, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Until SIGTERM or SIGINT; then what is under way is finished."""
    server = make(app, config, ready)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, setattr, server, "should_exit", True)
    await server.serve(sockets=[sock])
