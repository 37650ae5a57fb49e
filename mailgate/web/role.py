"""The role `web`: the HTTP door in a process of its own. It writes neither spool nor database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from mailgate.config import Config
from mailgate.web import door, server
from mailgate.web.hand import Hand
from mailgate.web.health import Health

log = structlog.get_logger("mailgate.web")


def serve_web(config: Config, ready: Callable[[], None]) -> None:
    """Until SIGTERM or SIGINT. Raises Unavailable where the port is taken, ConfigError for keys that cannot be used."""
    health, hand = Health(config), Hand(config.lmtp_socket)
    try:
        app = door.make(config, hand, health)
        sock = server.bind(config)
        host, port = sock.getsockname()[:2]
        log.info("listening", host=host, port=port, role="web")
        asyncio.run(server.run(app, config, sock, ready))
    finally:
        hand.close()
        health.close()
