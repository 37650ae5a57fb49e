"""The thread of one mailbox: connect, go round, wait, and begin again after whatever went wrong.

Laws: trouble of one mailbox never reaches another; a pause grows with each failure and is never the same for two; a wrong
password is not tried every second, since servers lock out who does that.
"""

from __future__ import annotations

import imaplib
import random
import threading
import time
from dataclasses import dataclass, field

import structlog

from mailgate import counters
from mailgate.config import Config
from mailgate.errors import MailgateError, Transient, Unavailable
from mailgate.imap_settings import ImapAccount
from mailgate.intake.imap import trouble
from mailgate.intake.imap.hands import Accept
from mailgate.intake.imap.ledger import Ledger, Page
from mailgate.intake.imap.login import open_account
from mailgate.intake.imap.mailbox import Mailbox
from mailgate.intake.imap.rounds import Round
from mailgate.intake.imap.stop import Stop
from mailgate.intake.imap.trouble import ImapTrouble
from mailgate.intake.imap.wire import Watchdog, Wire, close
from mailgate.oauth.tokens import Tokens

RENEW_SECONDS = 540.0  # IDLE is ended and begun anew; servers may log out after 30 minutes (RFC 2177)
# A first, short IDLE: a mail that comes between the last look and IDLE is told of at its end by servers (Dovecot) that do not
# look again at its beginning.
SETTLE_SECONDS = 2.0
# After so many rounds in a row there is a pause before each further one: some servers announce news with every answer, or number
# a mailbox anew each time.
HASTY_ROUNDS = 10
HASTE_SECONDS = 1.0
HEALTHY_SECONDS = 60.0  # a connection that lived this long is no part of a row of failures
REMIND_SECONDS = 3600.0  # the same trouble is in the log once so often

# the first and the longest pause after a failure, by what people have to do about it
_PAUSES = {True: (60.0, 1800.0), False: (1.0, 300.0)}

_log = structlog.get_logger("mailgate.imap")


@dataclass(slots=True)
class Backoff:
    """The pause after each of a row of failures: it doubles, and is drawn from its upper half."""

    last: float = 0.0

    def next(self, *, people: bool) -> float:
        first, longest = _PAUSES[people]
        self.last = min(max(self.last * 2, first), longest)
        return self.last * random.uniform(0.5, 1.0)  # noqa: S311 - no secret

    def reset(self) -> None:
        self.last = 0.0


@dataclass(slots=True)
class Shared:
    """What the threads of all mailboxes have in common."""

    config: Config
    ledger: Ledger
    accept: Accept
    stop: Stop
    watchdog: Watchdog
    tokens: dict[str, Tokens] = field(default_factory=dict)  # by account


class Reader(threading.Thread):
    """Reads one mailbox until it is stopped."""

    def __init__(self, shared: Shared, account: ImapAccount, mailbox: str) -> None:
        super().__init__(name=f"imap-{account.name}-{mailbox}"[:60], daemon=True)
        self._shared, self._account, self._mailbox = shared, account, mailbox
        self._tokens = shared.tokens.get(account.name)
        page = Page(shared.ledger, account.name, mailbox)
        self._round = Round(shared.config, account, page, shared.accept, shared.stop.is_set)
        self._backoff = Backoff()
        self._told, self._told_at = "", 0.0
        self._log = _log.bind(account=account.name, mailbox=mailbox)

    def run(self) -> None:
        while not self._shared.stop.is_set():
            begun = time.monotonic()
            try:
                self._session()
            except ImapTrouble as e:
                self._failed(e, begun)
            except (imaplib.IMAP4.error, OSError, EOFError) as e:
                self._failed(trouble.of_session(self._account, e), begun)
            except MailgateError as e:
                self._failed(ImapTrouble(trouble.LOST, str(e), "mailgate tries again by itself"), begun)
            except Exception as e:  # noqa: BLE001 - a server's answer that nobody foresaw must not end the thread
                self._log.error("a mailbox failed", exc_info=e)
                self._failed(ImapTrouble(trouble.PROTOCOL, f"{type(e).__name__}: {e}", "report it"), begun)

    def _session(self) -> None:
        """One connection, until it ends, its token does, or we are stopped."""
        stop, name = self._shared.stop, self._account.name
        wire = open_account(self._account, self._tokens)
        self._shared.watchdog.add(wire)
        counters.gauge("imap_connected", 1, name)
        polite = False
        try:
            self._log.info("connected", idle=self._account.idle and wire.has_capability("IDLE"))
            self._rounds(wire)
            polite = True
        finally:
            counters.gauge("imap_connected", 0, name)
            self._shared.watchdog.remove(wire)
            close(wire, politely=polite and not stop.is_set())

    def _rounds(self, wire: Wire) -> None:
        stop, account = self._shared.stop, self._account
        box = Mailbox(wire, account, self._mailbox)
        hasty = 0
        while not stop.is_set():
            begun, rounds = time.monotonic(), 0
            try:
                while self._round.run(box) and not stop.is_set():
                    rounds += 1  # what came meanwhile; IDLE would not tell of it
                    self._calm(wire, rounds)
            except (Transient, Unavailable) as e:  # the spool takes nothing: the connection is sound
                self._tell(str(e), "the mails stay in the mailbox, and are taken when there is room again")
                pause = self._backoff.next(people=False)
            else:
                self._went_well()
                pause = min(account.poll_seconds, RENEW_SECONDS)
            if self._tokens is not None and self._tokens.ends_soon:
                self._log.info("the access token ends soon: a new one, and a new connection")
                return
            if self._tokens is not None:
                pause = min(pause, max(1.0, self._tokens.seconds_left))
            # IDLE only while all is well: news would cut a pause short
            if self._backoff.last:
                box.wait(pause, stop.fileno(), idle=False)
            elif not box.wait(min(pause, SETTLE_SECONDS), stop.fileno()) and pause > SETTLE_SECONDS:
                box.wait(pause - SETTLE_SECONDS, stop.fileno())
            hasty = 0 if rounds or time.monotonic() - begun > HASTE_SECONDS else hasty + 1
            self._calm(wire, hasty)

    def _calm(self, wire: Wire, rounds: int) -> None:
        """A pause, where a row of rounds has become long."""
        if rounds > HASTY_ROUNDS:
            wire.rest()
            self._shared.stop.wait(HASTE_SECONDS)

    def _went_well(self) -> None:
        self._backoff.reset()
        if self._told:
            self._log.info("the mailbox is read again")
        self._told = ""
        self._shared.ledger.is_good(self._account.name, self._mailbox)

    def _failed(self, error: ImapTrouble, begun: float) -> None:
        counters.count("imap_failures", self._account.name)
        if time.monotonic() - begun > HEALTHY_SECONDS:
            self._backoff.reset()
        self._tell(str(error), error.mend)
        people = error.kind in trouble.FOR_PEOPLE
        self._shared.stop.wait(self._backoff.next(people=people))

    def _tell(self, why: str, mend: str) -> None:
        now = time.monotonic()
        if why != self._told or now - self._told_at > REMIND_SECONDS:
            self._told, self._told_at = why, now
            self._log.warning("a mailbox cannot be read", why=why, mend=mend)
        try:
            self._shared.ledger.is_bad(self._account.name, self._mailbox, why, mend)
        except MailgateError as e:
            self._log.warning("imap.db cannot be written", why=str(e))
