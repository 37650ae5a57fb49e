"""Checks of the LMTP door: its port, its unix socket, and who may use it. They change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailgate.checks import ERROR, OK, WARNING, Finding
from mailgate.cli.ports import look

if TYPE_CHECKING:
    from mailgate.config import Config


def lmtp(config: Config) -> Iterator[Finding]:
    """Our commands reach the listener; or, while none runs, it could listen."""
    from mailgate.cli.running import listening

    settings, running = config.lmtp, listening(config)
    yield from _reached(config) if running else _placed(config)
    if settings.enabled and not running:
        yield from look(settings.host, settings.port, "lmtp.host", "lmtp.port", lambda: False)
    if settings.socket_mode == "0666":
        yield Finding(
            WARNING,
            "lmtp",
            f"every user who may enter {config.lmtp_socket.parent} hands mail over as your mail server does",
            'set lmtp.socket_mode = "0660" and give the folder the group of the mail server',
        )


def _reached(config: Config) -> Iterator[Finding]:
    from mailgate.handover import Handover, Unanswered

    try:
        Handover(config.lmtp_socket, seconds=5).close()
    except Unanswered as e:
        mend = "start mailgate anew, or run this command as its user"
        yield Finding(ERROR, "lmtp", str(e), mend)
    else:
        yield Finding(OK, "lmtp", f"the gateway takes mail on {config.lmtp_socket}")


def _placed(config: Config) -> Iterator[Finding]:
    path = config.lmtp_socket
    if config.lmtp.socket and not path.parent.is_dir():
        yield Finding(ERROR, "lmtp", f"{path.parent} is no folder", "make it, or correct lmtp.socket")
    elif path.exists() and not path.is_socket():
        mend = "move it away, or name another path in lmtp.socket"
        yield Finding(ERROR, "lmtp", f"{path} is no socket", mend)
