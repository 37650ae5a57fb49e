"""The sockets of the doors: bound as the settings say, or handed over by systemd (sd_listen_fds(3))."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mailgate.config import Smtp
from mailgate.errors import Unavailable

SMTP, SMTPS, LMTP = "smtp", "smtps", "lmtp"
_FIRST = 3  # SD_LISTEN_FDS_START
_MOST = 64
_EVERY_ADDRESS = ("", "::", "*")
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class Bound(NamedTuple):
    """A bound socket, and which door it is of: smtp, smtps (TLS from the first byte on) or lmtp."""

    sock: socket.socket
    door: str


def passed_on(environment: Mapping[str, str] = os.environ) -> tuple[int, ...]:
    """The descriptors that systemd handed to this process or, through `serve`, to its parent; the environment tells."""
    pid, count = environment.get("LISTEN_PID", ""), environment.get("LISTEN_FDS", "")
    if not (pid.isdecimal() and count.isdecimal()) or int(pid) not in (os.getpid(), os.getppid()):
        return ()
    return tuple(range(_FIRST, _FIRST + min(int(count), _MOST)))


def activated(*doors: str, environment: Mapping[str, str] = os.environ) -> list[Bound]:
    """The listening sockets that systemd made for these doors, told by FileDescriptorName: `smtps`, `lmtp`; all others
    are `smtp`. Raises Unavailable for what is no listening socket."""
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    found = []
    for place, number in enumerate(passed_on(environment)):
        name = names[place] if place < len(names) else ""
        door = name if name in (SMTPS, LMTP) else SMTP
        if door not in doors:
            continue
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                raise OSError(errno.ENOTSOCK, os.strerror(errno.ENOTSOCK))
            sock = socket.socket(fileno=number)
            listens = sock.type == socket.SOCK_STREAM and sock.getsockopt(
                socket.SOL_SOCKET, socket.SO_ACCEPTCONN
            )
        except OSError as e:
            raise Unavailable(f"descriptor {number} of systemd cannot be used: {e.strerror}") from e
        if not listens:
            raise Unavailable(
                f"descriptor {number} of systemd is no listening stream socket: use ListenStream="
            )
        os.set_inheritable(number, False)
        found.append(Bound(sock, door))
    return found


def places(smtp: Smtp) -> list[Bound]:
    """The sockets of SMTP: those of systemd where it made any, else those of the settings. Raises Unavailable."""
    if given := activated(SMTP, SMTPS):
        return given
    found: list[Bound] = []
    try:
        found.extend(bound(smtp))
    except BaseException:
        for each in found:
            each.sock.close()
        raise
    return found


def bound(smtp: Smtp) -> Iterator[Bound]:
    """The sockets of smtp.host, port and tls_port, one after another. Raises Unavailable."""
    first = 0
    for host in smtp.hosts:
        port = smtp.port or first  # a free port is the same one for every host
        for sock in bind(host, port, "smtp.port"):
            first = first or int(sock.getsockname()[1])
            yield Bound(sock, SMTP)
        if smtp.tls_port:
            for sock in bind(host, smtp.tls_port, "smtp.tls_port"):
                yield Bound(sock, SMTPS)


def bind(host: str, port: int, key: str) -> list[socket.socket]:
    """Sockets on every address that `host` means, IPv4 and IPv6; `key` is the setting to blame. Raises Unavailable."""
    places = addresses(host, port)
    found: list[socket.socket] = []
    fault: OSError | None = None
    for family, place in places:
        try:
            found.append(_socket(family, place, both=host in _EVERY_ADDRESS))
        except OSError as e:
            fault = e
            if e.errno not in _NOT_HERE or len(places) == 1:
                break
    if not found or (fault is not None and fault.errno not in _NOT_HERE):
        for sock in found:
            sock.close()
        why = (fault.strerror or str(fault)) if fault else "no such name"
        raise Unavailable(
            f"smtp.host, {key}: cannot listen on {host or '*'}:{port}: {why}; "
            "is another program on this port, or is it below 1024, for which a privilege is needed?"
        ) from fault
    return found


def addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    """(family, address to bind) for a host of the settings; for every address of the machine one socket that takes IPv4
    and IPv6, where the system has both. Empty for a name that nobody knows."""
    if host in _EVERY_ADDRESS:
        return [(socket.AF_INET6, ("::", port))] if _has_ipv6() else [(socket.AF_INET, ("0.0.0.0", port))]  # noqa: S104
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys((int(family), place) for family, _, _, _, place in found))


def _has_ipv6() -> bool:
    if not socket.has_dualstack_ipv6():
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
            sock.bind(("::", 0))
    except OSError:  # built in, and switched off
        return False
    return True


def _socket(family: int, place: tuple[Any, ...], *, both: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if both else 1)
        sock.bind(place)
    except BaseException:
        sock.close()
        raise
    return sock
