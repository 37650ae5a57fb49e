"""What `mailgate check` says of the ports of all doors: free, held by the gateway itself, or in use by another program."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from mailgate.checks import ERROR, OK, Finding

if TYPE_CHECKING:
    from mailgate.config import Config

_EVERYWHERE = frozenset({"", "::", "0.0.0.0"})  # noqa: S104


def ports(config: Config) -> Iterator[Finding]:
    """The ports of SMTP are free, or it is our own gateway that holds them; no two doors want the same one."""
    from mailgate.cli.running import listening

    smtp = config.smtp
    for key, port in (("smtp.port", smtp.port), ("smtp.tls_port", smtp.tls_port)):
        if key == "smtp.tls_port" and not port:
            continue
        for host in smtp.hosts:
            yield from look(host, port, "smtp.host", key, lambda: listening(config))
    yield from shared(config)


def look(
    host: str, port: int, host_key: str, port_key: str, running: Callable[[], bool]
) -> Iterator[Finding]:
    """One address and port, named as the settings name them. `running`: whether who holds it is our gateway."""
    from mailgate.errors import Unavailable
    from mailgate.intake import listening

    about, where = port_key.partition(".")[0], f"{host or '*'}:{port}"
    try:
        for sock in listening.bind(host, port, port_key):
            sock.close()
    except Unavailable as e:
        cause = e.__cause__ if isinstance(e.__cause__, OSError) else OSError(0, "no such host")
        if cause.errno == errno.EADDRINUSE and running():
            yield Finding(OK, about, f"the gateway is running and answers on {where}")
        else:
            yield Finding(ERROR, about, *_taken(where, host_key, port_key, cause))
    else:
        yield Finding(OK, about, f"{where} is free; the gateway is not running")


def _taken(where: str, host_key: str, port_key: str, error: OSError) -> tuple[str, str]:
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use by another program", f"stop that program, or set {port_key}"
    if error.errno == errno.EACCES:
        why = f"{where} needs a privilege that this user does not have"
        return why, f"set {port_key} above 1023, or grant CAP_NET_BIND_SERVICE"
    why = f"{where} cannot be used: {error.strerror or error}"
    return why, f"set {host_key} to an address of this machine"


def shared(config: Config) -> Iterator[Finding]:
    """Two doors of ours that want the same port: the second one would never open."""
    smtp, lmtp, web = config.smtp, config.lmtp, config.web
    doors = [("smtp.port", smtp.hosts, smtp.port), ("smtp.tls_port", smtp.hosts, smtp.tls_port)]
    doors += [("lmtp.port", (lmtp.host,), lmtp.port)] * lmtp.enabled
    doors += [("web.port", (web.host,), web.port)] * web.enabled
    for (one, here, port), (other, there, same) in combinations(doors, 2):
        meet = not _EVERYWHERE.isdisjoint((*here, *there)) or not set(here).isdisjoint(there)
        if port and port == same and meet:
            what = f"{one} and {other} are both {port}: only one of these doors can open"
            yield Finding(ERROR, one.partition(".")[0], what, "give each a port of its own")
