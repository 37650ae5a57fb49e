"""All mailboxes of the settings: a thread each, over one ledger and one way to the listener."""

from __future__ import annotations

import time

from mailgate.config import Config
from mailgate.intake.imap.account import Reader, Shared
from mailgate.intake.imap.hands import Accept
from mailgate.intake.imap.ledger import Ledger
from mailgate.intake.imap.oauth import tokens_of
from mailgate.intake.imap.stop import Stop
from mailgate.intake.imap.wire import Watchdog

LEDGER = "imap.db"


class ImapDoor:
    """Started once; `stop` and `close` end it. Raises Unavailable when imap.db cannot be used."""

    def __init__(self, config: Config, accept: Accept) -> None:
        ledger = Ledger(config.data_dir / LEDGER)
        ledger.forget_old()
        self.stop = Stop()
        tokens = {a.name: found for a in config.imap if (found := tokens_of(a, config.data_dir)) is not None}
        self._shared = Shared(config, ledger, accept, self.stop, Watchdog(), tokens)
        self._readers = [
            Reader(self._shared, account, mailbox) for account in config.imap for mailbox in account.mailbox
        ]

    def start(self) -> None:
        for reader in self._readers:
            reader.start()

    def close(self, seconds: float) -> bool:
        """Let each thread finish the batch that it has in hand. False when one did not in time; it goes on where it
        was at the next start."""
        self.stop.set()
        deadline = time.monotonic() + seconds
        for reader in self._readers:
            reader.join(max(0.0, deadline - time.monotonic()))
        if any(reader.is_alive() for reader in self._readers):
            return False
        self._shared.watchdog.close()
        self._shared.ledger.close()
        self.stop.close()
        return True
