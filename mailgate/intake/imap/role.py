"""The role `imap` as a process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

import structlog

from mailgate import counters
from mailgate.config import Config
from mailgate.intake.imap.door import ImapDoor
from mailgate.intake.imap.hands import Hands

ROLE = "imap"
DRAIN_SECONDS = 15.0
_BEAT_SECONDS = 10.0

_log = structlog.get_logger("mailgate.imap")


def serve_imap(config: Config, ready: Callable[[], None]) -> None:
    """Read all mailboxes until SIGTERM or SIGINT. Raises Unavailable.

    It counts as started before any server has answered: one that is down must not keep the others, or mailgate, from
    working.
    """
    hands = Hands(config.lmtp_socket)
    door = ImapDoor(config, hands)

    def end(_number: int, _frame: FrameType | None) -> None:
        door.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    door.start()
    ready()
    _log.info("started", roles=ROLE, accounts=len(config.imap))
    while not door.stop.wait(_BEAT_SECONDS):
        counters.beat(ROLE)
    if not door.close(DRAIN_SECONDS):
        _log.warning("a server takes too long; what was in hand is taken up at the next start")
        os._exit(0)
    hands.close()
