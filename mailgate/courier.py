"""Sends what the outbox owes: claim, render once, keep the bytes, send, settle.

Laws: attempt and next attempt are on disk before a mail leaves (claim), and so are its bytes (keep): every attempt sends
the same ones. A mail can go out twice only between the relay's "yes" and the record of it. A broken template holds its row
and nothing else. A relay that is down costs no mail an attempt's long wait, and is asked by one mail at a time whether it is
back. What it refuses of every mail of ours counts as down, unless others go through.

One transaction a turn: it records the answers that came, keeps the bytes that were rendered, and claims the next mails,
which are rendered while the others are sent.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from mailgate import counters
from mailgate.authenticate import Signer, sign
from mailgate.config import Config
from mailgate.errors import Transient, Unavailable
from mailgate.failpoint import failpoint, register
from mailgate.mail.compose import compose
from mailgate.model import Address, Mail, OutboxRow, Reply
from mailgate.render import Renderer, TemplateError
from mailgate.rules.pace import FIRST_PAUSE, LONGEST_PAUSE, Batch, Breaker, Pace
from mailgate.rules.retry import next_attempt
from mailgate.senders import HAND_SECONDS, Senders, latest
from mailgate.store import outbox
from mailgate.store.engine import Store

IDLE_SECONDS = 0.25
TOKEN_SECONDS = 240.0  # a few tokens, each of which may wait for a slow provider
PROOF_SECONDS = 600.0  # a relay that took a mail so lately works for us, whatever it says of another one

register(
    "courier.claimed", "courier.rendered", "courier.before_send", "courier.after_send", "courier.settled"
)  # fmt: skip
log = structlog.get_logger("mailgate.courier")


class Relay(Protocol):
    """The way out (mailgate.relay): never raises for what a peer does, safe in several threads."""

    def send(self, mail: bytes, return_path: str, to: str) -> Reply: ...


def utc() -> datetime:
    return datetime.now(UTC)


class Courier:
    """One for a process. `step` is called by one thread; the sending threads are its own."""

    def __init__(
        self,
        config: Config,
        store: Store,
        renderer: Renderer,
        relay: Relay,
        *,
        signer: Signer | None = None,
        now: Callable[[], datetime] = utc,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._config, self._store, self._renderer, self._relay = config, store, renderer, relay
        self._signer, self._now, self._jitter = signer, now, jitter
        settings = config.relay
        self._senders = Senders(self._send, settings.threads)
        self._fresh: list[tuple[OutboxRow, bytes]] = []  # rendered, and not yet kept
        self._broken: list[tuple[OutboxRow, str]] = []  # could not be rendered, and not yet held
        self._results: list[tuple[OutboxRow, Reply | None]] = []  # answered, and not yet recorded
        self._until = 0.0  # when the mails claimed last must be under way
        self._more = False  # as many were due as were asked for
        self._threads = settings.threads
        self._batch = Batch(2 * settings.threads)
        self._breaker = Breaker(FIRST_PAUSE, LONGEST_PAUSE)
        self._pace = Pace(settings.per_minute)
        self._proof: float | None = None  # when the relay last took a mail
        # the slowest dialogue that still ends well: MAIL over a connection that then is found dead, a new one (connect, greeting,
        # EHLO, STARTTLS, handshake, EHLO, AUTH in three), MAIL, RCPT, DATA, RSET; the mail and its answer; QUIT
        self._dialogue = settings.timeout * 14 + max(settings.timeout, settings.timeout_after_data) * 2 + 5
        self._dialogue += TOKEN_SECONDS * settings.by_token
        self._lease = timedelta(seconds=HAND_SECONDS + self._dialogue)

    @property
    def busy(self) -> bool:
        """Whether mails are in hand: claimed and not settled."""
        return bool(self._senders.in_hand or self._fresh or self._broken or self._results)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`, then finish what is in hand. Raises what is not Transient or Unavailable."""
        pause = 0.0
        while not stop.is_set():
            counters.beat("send")
            try:
                moved = self.step(IDLE_SECONDS)
            except (Transient, Unavailable) as e:
                pause = min(LONGEST_PAUSE, pause * 2 or FIRST_PAUSE)
                log.warning("outbox waits", error=e, pause=pause)
                stop.wait(pause)
                continue
            pause = 0.0
            if not moved:
                stop.wait(0 if self.busy else IDLE_SECONDS)
        self.close()

    def step(self, patience: float = 0.0) -> int:
        """One turn; where there is nothing to do, up to `patience` seconds are waited for an answer. How many mails moved."""
        self._collect(0.0)
        limit = self._room()
        if not (limit or self._unwritten()):
            self._collect(patience)
            limit = self._room() if self._unwritten() else 0
        return self._turn(limit) if limit or self._unwritten() else 0

    def close(self) -> None:
        """Wait for the dialogues that are open, record them, hand the rest back, end the threads."""
        self._senders.close(self._dialogue)
        self._collect(0.0)
        self._results += [(row, None) for row, _ in self._fresh]
        self._fresh = []
        if self._unwritten():
            self._turn(0)

    # ------------------------------------------------------------ a turn

    def _unwritten(self) -> bool:
        return bool(self._results or self._fresh or self._broken)

    def _room(self) -> int:
        """How many mails may be claimed now; 0 also where none is due."""
        in_care = self._senders.in_hand + len(self._fresh)
        if in_care > self._batch.size + self._threads or (self._senders.down and not self._breaker.pause):
            return 0  # enough in hand, or a fault that is not noticed yet
        now, wanted = time.monotonic(), self._batch.size
        limit = min(self._pace.room(now, wanted), self._breaker.room(now, in_care, wanted))
        if not limit or self._more or self._unwritten():
            return limit
        with self._store.reading() as conn:  # most looks find nothing, and need not wait for the writer
            due = outbox.next_due(conn)
        return 0 if due is None or due > self._now() else limit

    def _turn(self, limit: int) -> int:
        """Everything that is to be written, in one transaction; then what was kept is sent, and what was claimed rendered."""
        now, until, asks = self._now(), latest(), bool(self._breaker.pause)
        outcomes = [
            outbox.Outcome(row.id, row.attempts, reply, self._next(row, reply, now))
            for row, reply in self._results
        ]
        claimed: list[OutboxRow] = []
        with self._store.writing() as conn:
            outbox.settle(conn, outcomes, now)
            for row, error in self._broken:
                outbox.hold(conn, row.id, error)
            ours = outbox.keep(conn, self._fresh)
            if limit:
                claimed = outbox.claim(conn, now, limit, self._lease, self._again)
        # only now: a database that is away must not lose what was sent
        kept = [(row, mail, self._until) for row, mail in self._fresh if row.id in ours]
        self._told(self._broken)
        self._results, self._fresh, self._broken, self._until = [], [], [], until
        self._more = bool(limit) and len(claimed) == limit
        self._reached(settled=bool(outcomes), claimed=bool(claimed), kept=bool(kept))
        if claimed:
            self._pace.took(len(claimed))
            if asks:
                self._senders.down = ""  # who was let go may ask
        known = [(row, row.mail, until) for row in claimed if row.mail is not None]
        for row, mail, latest_start in kept + known:
            self._senders.give(row, mail, latest_start)
        self._prepare([row for row in claimed if row.mail is None])
        return len(outcomes) + len(claimed) + len(kept)

    @staticmethod
    def _reached(*, settled: bool, claimed: bool, kept: bool) -> None:
        if settled:
            failpoint("courier.settled")
        if claimed:
            failpoint("courier.claimed")
        if kept:
            failpoint("courier.rendered")

    @staticmethod
    def _told(broken: Sequence[tuple[OutboxRow, str]]) -> None:
        for row, error in broken:
            counters.count("outbox_held")
            log.error("mail held: it cannot be rendered", outbox=row.id, template=row.template, error=error)

    def _again(self, tries: int, created: datetime) -> datetime | None:
        return next_attempt(tries, created, self._now(), self._config.relay, self._jitter())

    # ------------------------------------------------------------ render

    def _prepare(self, rows: Sequence[OutboxRow]) -> None:
        """The bytes of each mail, to be kept by the next turn before any of them is sent."""
        for row in rows:
            try:
                self._fresh.append((row, self._render(row)))
            except (TemplateError, ValueError) as e:
                self._broken.append((row, str(e)))
            except Exception as e:  # noqa: BLE001 - our own bug costs this mail alone, and is seen
                self._broken.append((row, f"{type(e).__name__}: {e}"))

    def _render(self, row: OutboxRow) -> bytes:
        gateway = self._config.gateway
        told = {"audience": row.audience, "inside": row.inside, "leave_address": row.leave_address}
        rendered = self._renderer.render(row.template, row.language, {**row.context, **told})
        mail = compose(
            Mail(
                sender=Address(gateway.address, gateway.name),
                to=Address(row.address),
                subject=rendered.subject,
                text=rendered.text,
                html=rendered.html,
                date=row.date,
                message_id=row.message_id,
                in_reply_to=row.in_reply_to,
                references=row.references,
                reply_to=Address(row.reply_to, gateway.name) if row.reply_to else None,
                leave_address=row.leave_address,
                language=row.language,
            )
        )
        return sign(mail, self._signer) if self._signer else mail

    # ------------------------------------------------------------ send and record

    def _send(self, row: OutboxRow, mail: bytes) -> Reply:
        """In the senders' threads."""
        failpoint("courier.before_send")
        reply = self._judged(self._relay.send(mail, row.return_path, row.address))
        failpoint("courier.after_send")
        return reply

    def _judged(self, reply: Reply) -> Reply:
        """A refusal of what all our mails have in common is the relay's, while nothing else goes through."""
        now = time.monotonic()
        if reply.kind == "sent":
            self._proof = now
        if reply.kind != "denied":
            return reply
        works = self._proof is not None and now - self._proof < PROOF_SECONDS
        return replace(reply, kind="retry" if works else "down")

    def _collect(self, patience: float) -> None:
        """The answers that came, to be recorded by the next turn."""
        answers = self._senders.answers(patience)
        for answer in answers:
            self._results.append((answer.row, answer.reply))
            if answer.reply is not None:
                self._notice(answer.row, answer.reply)
                counters.count("relay_replies", answer.reply.kind)
        if answers:
            self._batch.came_back(max(answer.seconds for answer in answers), more=self._more)

    def _next(self, row: OutboxRow, reply: Reply | None, now: datetime) -> datetime | None:
        if reply is None or reply.kind not in ("retry", "doubtful", "down"):
            return None
        again = next_attempt(row.tries, row.date, now, self._config.relay, self._jitter())
        if again is None or reply.kind != "down":
            return again
        return min(again, now + timedelta(seconds=max(self._breaker.pause, FIRST_PAUSE)))

    def _notice(self, row: OutboxRow, reply: Reply) -> None:
        now, breaker = time.monotonic(), self._breaker
        if reply.kind == "down":
            if breaker.failed(now):
                counters.gauge("relay_down_since", self._now().timestamp() - (now - breaker.since))
                log.warning("relay down", reply=reply.text, code=reply.code, pause=breaker.pause)
            return
        self._senders.down = ""
        if breaker.worked():
            counters.gauge("relay_down_since", 0)
            log.info("relay is back", seconds_down=round(now - breaker.since))
        level = log.info if reply.kind == "sent" else log.warning
        level(
            reply.kind,
            outbox=row.id,
            ticket=row.ticket,
            attempt=row.attempts,
            code=reply.code,
            reply=reply.text,
        )
