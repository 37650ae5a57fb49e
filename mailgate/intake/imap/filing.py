"""Where a mail goes that is done: moved, marked or removed, only once the spool has it and the ledger knows.

Law: what a server refuses stays where it is, is not taken twice, is told, and keeps no other mail from being moved.
"""

from __future__ import annotations

import imaplib
from collections.abc import Sequence

import structlog

from mailgate.failpoint import failpoint, register
from mailgate.imap_settings import ImapAccount
from mailgate.intake.imap import trouble
from mailgate.intake.imap.ledger import DONE, FAILED, Page
from mailgate.intake.imap.mailbox import Mailbox

REFUSALS = 20  # of one round; then the rest waits for the next one

register("imap.filed")
_log = structlog.get_logger("mailgate.imap")


class Filing:
    """Moves the mails of one mailbox. A server that refuses is asked again in the next round."""

    def __init__(self, account: ImapAccount, page: Page) -> None:
        self._account, self._page = account, page
        self._log = _log.bind(account=account.name, mailbox=page.mailbox)
        self._refused: dict[int, int] = {}  # by folder: refusals in this round
        self._told: dict[int, str] = {}
        self._free: set[int] = set()  # folders of which the ledger knows that they take mails

    def begin(self) -> None:
        """A new round."""
        self._refused.clear()

    def move(self, box: Mailbox) -> None:
        """All that is done. Raises what ends the connection."""
        for folder in (DONE, FAILED):
            last = 0
            while not self._refused.get(folder) and (uids := self._page.unfiled(folder, after=last)):
                self._move(box, folder, uids)
                last = uids[-1]

    def _move(self, box: Mailbox, folder: int, uids: Sequence[int]) -> None:
        """These; where the server refuses, by halves, so that one bad mail holds up no other."""
        try:
            self._once(box, folder, uids)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as e:
            self._refused[folder] = self._refused.get(folder, 0) + 1
            self._tell(folder, trouble.said(e))
            if len(uids) > 1:
                for half in (uids[: len(uids) // 2], uids[len(uids) // 2 :]):
                    if self._refused[folder] < REFUSALS:
                        self._move(box, folder, half)
            return
        failpoint("imap.filed")
        self._page.filed(uids)
        if folder not in self._refused and folder not in self._free:
            self._page.moves_again(folder)
            self._free.add(folder)
            self._told.pop(folder, None)

    def _once(self, box: Mailbox, folder: int, uids: Sequence[int]) -> None:
        account = self._account
        if folder == FAILED:
            box.file(uids, account.failed_folder, seen=False)
        elif account.after == "seen":
            box.mark_seen(uids)
        else:
            box.file(uids, account.done_folder if account.after == "move" else "")

    def _tell(self, folder: int, why: str) -> None:
        """Once in the log, and in the ledger for `mailgate check`."""
        if self._told.get(folder) == why:
            return
        self._told[folder] = why
        self._free.discard(folder)
        name = self._account.failed_folder if folder == FAILED else self._account.done_folder
        self._page.is_stuck(folder, why)
        self._log.warning("mails are taken and could not be moved", folder=name, why=why)
