"""Sends what the outbox owes: claim, render once, send, settle.

Laws: attempt and next attempt are on disk before a mail leaves (claim), and so are its bytes (save_mail): every
attempt sends the same ones. A mail can go out twice only between the relay's "yes" and the record of it. A broken
template holds its row and nothing else. A relay that is down costs no mail an attempt's long wait, and is asked by one mail
at a time whether it is back. What it refuses of every mail of ours counts as down, unless others go through.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
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
from mailgate.rules.pace import FIRST_PAUSE, LONGEST_PAUSE, Breaker, Pace
from mailgate.rules.retry import next_attempt
from mailgate.store import outbox
from mailgate.store.engine import Store

IDLE_SECONDS = 0.25
GATHER_SECONDS = 0.005  # results that come within this time are recorded together
CLAIM_A_THREAD = 4
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
        self._threads = config.relay.threads
        self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="send")
        self._flying: dict[Future[Reply], OutboxRow] = {}
        self._results: list[tuple[OutboxRow, Reply]] = []  # sent, and not yet recorded
        settings = config.relay
        self._breaker = Breaker(FIRST_PAUSE, LONGEST_PAUSE)
        self._pace = Pace(settings.per_minute)
        self._down = ""  # what the sending threads know of a relay that is down
        self._proof: float | None = None  # when the relay last took a mail
        # long enough for the slowest dialogue that still ends well
        self._lease = timedelta(seconds=settings.timeout * 4 + settings.timeout_after_data * 2 + 5)

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
                stop.wait(0 if self._flying else IDLE_SECONDS)
        self.close()

    def step(self, patience: float = 0.0) -> int:
        """Claim what is due, wait up to `patience` seconds for a result, record results; how many mails moved."""
        moved = self._send_due()
        if self._flying:
            done, _ = wait(self._flying, timeout=patience, return_when=FIRST_COMPLETED)
            if done and len(done) < len(self._flying):
                wait(self._flying, timeout=GATHER_SECONDS)
        return moved + self._record()

    def close(self) -> None:
        """Wait for the dialogues that are open, record them, end the threads."""
        wait(self._flying, timeout=self._lease.total_seconds())
        self._record()
        self._executor.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------ claim and render

    def _send_due(self) -> int:
        if len(self._flying) > self._threads or (self._down and not self._breaker.pause):
            return 0  # enough in hand, or a fault that is not recorded yet
        now, wanted = time.monotonic(), self._threads * CLAIM_A_THREAD
        limit = min(self._pace.room(now, wanted), self._breaker.room(now, len(self._flying), wanted))
        if not limit:
            return 0
        with self._store.reading() as conn:  # most looks find nothing, and need not wait for the writer
            due = outbox.next_due(conn)
        if due is None or due > self._now():
            return 0
        with self._store.writing() as conn:
            rows = outbox.claim(conn, self._now(), limit, self._lease, self._again)
        if not rows:
            return 0
        failpoint("courier.claimed")
        self._pace.took(len(rows))
        self._down = ""  # who was let go may ask
        for row, mail in self._mails(rows):
            self._flying[self._executor.submit(self._send, row, mail)] = row
        return len(rows)

    def _again(self, tries: int, created: datetime) -> datetime | None:
        return next_attempt(tries, created, self._now(), self._config.relay, self._jitter())

    def _mails(self, rows: Sequence[OutboxRow]) -> list[tuple[OutboxRow, bytes]]:
        """The bytes of each row; first renderings are saved, all in one transaction, before any is sent."""
        ready = [(row, row.mail) for row in rows if row.mail is not None]
        fresh, held = [], []
        for row in rows:
            if row.mail is None:
                try:
                    fresh.append((row, self._render(row)))
                except (TemplateError, ValueError) as e:
                    held.append((row, str(e)))
                except Exception as e:  # noqa: BLE001 - our own bug costs this mail alone, and is seen
                    held.append((row, f"{type(e).__name__}: {e}"))
        if fresh or held:
            with self._store.writing() as conn:
                # a claim that is no longer ours is somebody else's to send
                fresh = [
                    (row, mail) for row, mail in fresh if outbox.save_mail(conn, row.id, row.attempts, mail)
                ]
                for row, error in held:
                    outbox.hold(conn, row.id, error)
        for row, error in held:
            counters.count("outbox_held")
            log.error("mail held: it cannot be rendered", outbox=row.id, template=row.template, error=error)
        failpoint("courier.rendered")
        return ready + fresh

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
        if self._down:  # another mail has just found out: no need to knock again
            return Reply("down", 0, self._down)
        failpoint("courier.before_send")
        reply = self._judged(self._relay.send(mail, row.return_path, row.address))
        failpoint("courier.after_send")
        if reply.kind == "down":
            self._down = reply.text or "the relay is down"
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

    def _record(self) -> int:
        for future in [future for future in self._flying if future.done()]:
            row = self._flying.pop(future)
            error = future.exception()
            reply = Reply("retry", 0, f"{type(error).__name__}: {error}") if error else future.result()
            self._results.append((row, reply))
            self._notice(row, reply)
            counters.count("relay_replies", reply.kind)
        if not self._results:
            return 0
        now = self._now()
        with self._store.writing() as conn:
            for row, reply in self._results:
                outbox.settle(conn, row.id, row.attempts, reply, now, self._next(row, reply, now))
        count = len(self._results)
        self._results.clear()  # only now: a database that is away must not lose what was sent
        failpoint("courier.settled")
        return count

    def _next(self, row: OutboxRow, reply: Reply, now: datetime) -> datetime | None:
        if reply.kind not in ("retry", "doubtful", "down"):
            return None
        again = next_attempt(row.tries, row.date, now, self._config.relay, self._jitter())
        if again is None or reply.kind != "down":
            return again
        return min(again, now + timedelta(seconds=max(self._breaker.pause, FIRST_PAUSE)))

    def _notice(self, row: OutboxRow, reply: Reply) -> None:
        now, breaker = time.monotonic(), self._breaker
        if reply.kind == "down":
            if breaker.failed(now):
                log.warning("relay down", reply=reply.text, code=reply.code, pause=breaker.pause)
            return
        self._down = ""
        if breaker.worked():
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
