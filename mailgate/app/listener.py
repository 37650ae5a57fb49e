"""The role `listen`: SMTP and LMTP on an event loop, in front of the spool."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from mailgate import meter
from mailgate.app.roles import DRAIN_SECONDS, LISTEN, held
from mailgate.config import Config
from mailgate.errors import Unavailable
from mailgate.supervisor import tell_ready

if TYPE_CHECKING:
    from mailgate.spool import Spool

log = structlog.get_logger("mailgate.app")


def listen(config: Config) -> int:
    """Until SIGTERM or SIGINT. Raises Unavailable where the spool can be written no longer."""
    from mailgate.spool import Spool

    with held(config, LISTEN), meter.keeping(config.data_dir, LISTEN):
        fatal: list[str] = []

        def broken(why: str) -> None:
            fatal.append(why)
            os.kill(os.getpid(), signal.SIGTERM)

        spool = Spool(config.data_dir / "spool.db", config.spool, on_fatal=broken)
        try:
            _loop_runner()(_take_mail(config, spool))
        finally:
            spool.close()
        if fatal:
            raise Unavailable(fatal[0])
    return 0


async def _take_mail(config: Config, spool: Spool) -> None:
    from mailgate.intake.accept import Acceptor
    from mailgate.intake.lmtp_server import serve_lmtp
    from mailgate.intake.smtp import serve_smtp

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    accept = Acceptor(spool)
    server = await serve_smtp(config, accept)
    lmtp = await serve_lmtp(config, accept, server.door.gate)
    host, port = server.sockets[0].getsockname()[:2]
    tell_ready(f"{host}:{port}")
    log.info("listening", host=host, port=port)
    for sock in lmtp.sockets:
        name = sock.getsockname()
        log.info("listening for LMTP", where=name if isinstance(name, str) else f"{name[0]}:{name[1]}")
    await stop.wait()
    await asyncio.gather(server.drain(DRAIN_SECONDS), lmtp.drain(DRAIN_SECONDS))


def _loop_runner() -> Callable[..., None]:
    try:
        import uvloop
    except ImportError:  # not on every Python; slower, and just as right
        return asyncio.run
    return uvloop.run
