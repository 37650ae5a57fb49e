"""Where the LMTP door listens: a TCP port, and a unix socket in the data folder for our own commands."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from pathlib import Path

from mailgate.config import Config
from mailgate.errors import Unavailable
from mailgate.handover import MAX_PATH, short_path
from mailgate.intake import listening
from mailgate.intake.gate import Gate
from mailgate.intake.lmtp import LmtpPolicy, LmtpSession
from mailgate.intake.mails import Accept, Door
from mailgate.intake.smtp import SmtpServer

_BACKLOG = 1024


async def serve_lmtp(
    config: Config, accept: Accept, gate: Gate, *, sock: socket.socket | None = None
) -> SmtpServer:
    """Listen on the unix socket, and on lmtp.host and lmtp.port where lmtp.enabled says so; or on `sock` alone.

    `gate`: the counters of the SMTP door, so that the bounds on memory hold for both together. Raises Unavailable.
    """
    loop = asyncio.get_running_loop()
    door = Door(policy=LmtpPolicy(config), gate=gate, accept=accept, loop=loop)
    sockets = [sock] if sock is not None else _sockets(config)
    return SmtpServer([await _listen(loop, door, each) for each in sockets], door)


async def _listen(loop: asyncio.AbstractEventLoop, door: Door, sock: socket.socket) -> asyncio.AbstractServer:
    if sock.family == socket.AF_UNIX:
        return await loop.create_unix_server(lambda: LmtpSession(door), sock=sock, backlog=_BACKLOG)
    return await loop.create_server(lambda: LmtpSession(door), sock=sock, backlog=_BACKLOG)


def _sockets(config: Config) -> list[socket.socket]:
    lmtp = config.lmtp
    found = [unix_socket(config.lmtp_socket, int(lmtp.socket_mode, 8))]
    given = [each.sock for each in listening.activated(listening.LMTP)]
    found.extend(given)
    if lmtp.enabled and not given:
        try:
            family = socket.AF_INET6 if ":" in lmtp.host else socket.AF_INET
            found.append(socket.create_server((lmtp.host, lmtp.port), family=family, backlog=_BACKLOG))
        except OSError as e:
            found[0].close()
            raise Unavailable(
                f"lmtp.host, lmtp.port: cannot listen on {lmtp.host}:{lmtp.port}: {e.strerror or e}; "
                "is another program on this port, or is it below 1024, for which a privilege is needed?"
            ) from e
    return found


def unix_socket(path: Path, mode: int) -> socket.socket:
    """A bound unix socket at `path`; one that a dead listener left behind is taken away. Raises Unavailable."""
    if len(os.fsencode(path.name)) > MAX_PATH // 2:
        raise Unavailable(f"lmtp.socket: {path.name!r} is too long a name for a socket; take a shorter one")
    sock = socket.socket(socket.AF_UNIX)
    mask = 0
    try:
        with short_path(path) as name:
            _clear(path, name)
            mask = os.umask(0o777 & ~mode)  # so that nobody is let in for an instant before its mode is set
            try:
                sock.bind(name)
            finally:
                os.umask(mask)
    except OSError as e:
        sock.close()
        raise Unavailable(
            f"lmtp.socket: cannot listen on {path}: {e.strerror or e}; its folder must be one that mailgate may "
            f"write, and {MAX_PATH} bytes are the limit for the path of a socket where /proc is not mounted"
        ) from e
    except Unavailable:
        sock.close()
        raise
    return sock


def _clear(path: Path, name: str) -> None:
    """Take away what a listener left behind; what is no socket, or still answers, is not ours to take away."""
    try:
        found = os.lstat(name)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise Unavailable(f"lmtp.socket: {path} is no socket; move it away, or name another path")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(name)
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            return
        except OSError as e:
            raise Unavailable(f"lmtp.socket: {path} cannot be looked at: {e.strerror or e}") from e
    raise Unavailable(f"lmtp.socket: another program listens on {path}; end it, or name another path")
