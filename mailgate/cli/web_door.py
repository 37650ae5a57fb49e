"""What `mailgate check` says of the HTTP door: its port, its keys, its providers, and who can reach it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from mailgate.checks import ERROR, OK, WARNING, Finding
from mailgate.cli.ports import look
from mailgate.config import Config
from mailgate.errors import ConfigError


def web(config: Config) -> Iterator[Finding]:
    """Nothing where `web.enabled` is off."""
    if not config.web.enabled:
        return
    yield from _keys(config)
    host, port = config.web.host, config.web.port
    yield from look(host, port, "web.host", "web.port", lambda: _ours(f"{host or 'localhost'}:{port}"))
    if not _loopback(config.web.host):
        yield Finding(
            WARNING, "web", f"web.host is {config.web.host}: keys and mail travel in the clear",
            "let a proxy with TLS stand in front (config/deploy/nginx.conf), and web.host be 127.0.0.1",
        )  # fmt: skip


def _keys(config: Config) -> Iterator[Finding]:
    from mailgate.web import door, keys

    try:
        names = [key.name for key in keys.load(config.web.keys)]
        names += [provider.name for provider in door.providers(config)]
    except ConfigError as e:
        for fault in e.faults:
            yield Finding(ERROR, "web", fault, "correct it: the HTTP door does not start")
        return
    who = (
        f"takes mail of {', '.join(names)}"
        if names
        else "takes no mail: no key and no provider is set up in [web]"
    )
    yield Finding(OK, "web", f"the HTTP door {who}")


def _ours(where: str) -> bool:
    """Whether what answers there is a mailgate."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(where, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().read(100) == b'{"status":"ok"}'
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
