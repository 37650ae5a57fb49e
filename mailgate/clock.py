"""What happens because time passes: escalated tickets climb (7.5), pending ones are reminded of and end, resolved ones
close, raw messages past their retention go.

Laws: every step is a Decision like a mail's, landed in one transaction; a step that was taken is never taken twice,
because what it looks for is gone afterwards, and because a ticket that one node has in hand no other one takes. What is
due is asked for by index: a tick costs what is due, not what is open.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from mailgate.config import Config
from mailgate.counters import beat
from mailgate.errors import Transient, Unavailable
from mailgate.failpoint import failpoint
from mailgate.mail.token import Minter
from mailgate.model import Change, Decision, Event, Facts, Questions, Status, Ticket
from mailgate.rules import timing
from mailgate.store import chores, keys, later, raw, tickets
from mailgate.store.engine import Store

TICK_SECONDS = 30.0
EXPIRE_AT_ONCE = 1000  # raw messages in one transaction
STEPS_AT_ONCE = 50  # tickets in one transaction
FAULT_PAUSE = timedelta(minutes=10)  # before a ticket whose step failed is looked at again
MARK = "clock"

log = structlog.get_logger("mailgate.clock")


def utc() -> datetime:
    return datetime.now(UTC)


class Clock:
    """One for a store; any number of nodes may run one."""

    def __init__(
        self,
        config: Config,
        store: Store,
        new_id: Callable[[], int],
        *,
        now: Callable[[], datetime] = utc,
    ) -> None:
        self._config, self._store, self._new_id, self._now = config, store, new_id, now
        self._stop = threading.Event()
        self._reckoned = ""  # the digest of settings that all tickets' moments go by

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop`. Raises what is not Transient or Unavailable."""
        self._stop = stop
        while not stop.is_set():
            beat("tick")
            try:
                self.tick()
            except (Transient, Unavailable) as e:
                log.warning("tick put off", error=e)
            stop.wait(TICK_SECONDS)

    def tick(self) -> int:
        """Everything that is due now; how many things were done."""
        self.reckon()
        return self.take_steps() + self.close_resolved() + self.forget_raw() + self.forget_keys()

    def reckon(self) -> None:
        """After a change of settings or hours, work out anew when each ticket is due: some tickets a transaction,
        beside all other work. At the next tick it goes on where it was broken off, from the beginning."""

        def look(ticket: Ticket) -> datetime | None:
            return timing.next_look(ticket, teams, self._config)

        with self._store.reading() as conn:
            teams = chores.calendars(conn)
            digest = timing.digest(teams, self._config)
            known = self._reckoned or chores.mark(conn, MARK)
        if digest != known:
            log.info("the waits of all tickets are worked out anew")
            unanswered, last = bool(self._config.escalation.first_response), -1
            while last and not self._stop.is_set():
                with self._store.writing() as conn:
                    last = chores.reckon(conn, max(last, 0), look, unanswered=unanswered)
            if last:
                return
            with self._store.writing() as conn:
                chores.set_mark(conn, MARK, digest)
        self._reckoned = digest

    def take_steps(self) -> int:
        """What is due on tickets that wait: steps of an escalation, reminders, ends."""
        done = 0
        while not self._stop.is_set():
            now = self._now()
            with self._store.reading() as conn:  # nothing due is the rule, and needs no writer
                if not chores.due_tickets(conn, now, 1):
                    break
            with self._store.writing() as conn:
                numbers = chores.due_tickets(conn, now, STEPS_AT_ONCE)
                done += self._some(conn, numbers, now)
                failpoint("clock.before_commit")
            failpoint("clock.after_commit")
            if len(numbers) < STEPS_AT_ONCE:
                break
        if done:
            log.info("steps taken", tickets=done)
        return done

    def _some(self, conn: Any, numbers: tuple[int, ...], now: datetime) -> int:
        if not numbers:
            return 0
        minter = self._minter(conn)
        asked = [_about(number) for number in numbers]
        found = tickets.facts(conn, asked, now, self._config)
        return sum(
            self._one(conn, facts.tickets[number], facts, now, minter)
            for number, facts in zip(numbers, found, strict=True)
        )

    def _one(self, conn: Any, ticket: Ticket, facts: Facts, now: datetime, minter: Minter) -> bool:
        """One ticket's step; what fails is put off, so that the others go on."""
        try:
            decision = timing.decide(ticket, facts, now, self._config)
            if decision is not None:
                with chores.savepoint(conn):
                    self._apply(conn, decision, now, minter)
                return True
            when = timing.next_look(ticket, facts.teams, self._config)
        except chores.TROUBLE:
            raise
        except Exception as e:  # noqa: BLE001 - one ticket's trouble is its own
            log.error("step failed", ticket=ticket.number, error=e)
            when = now + FAULT_PAUSE
        chores.look_again_at(conn, ticket.number, when)
        return False

    def _apply(self, conn: Any, decision: Decision, now: datetime, minter: Minter) -> None:
        with later.deferring(conn):
            tickets.apply(
                conn,
                decision,
                message=None,
                at=now,
                minter=minter,
                config=self._config,
                parsed=None,
                new_id=self._new_id,
            )

    def _minter(self, conn: Any) -> Minter:
        gateway = self._config.gateway
        return Minter(keys.minting(conn), gateway.address, gateway.message_domain)

    def close_resolved(self) -> int:
        """Close tickets `gateway.close_days` after they were resolved."""
        days = self._config.gateway.close_days
        now = self._now()
        before = now - timedelta(days=days)
        with self._store.reading() as conn:
            if not chores.resolved_before(conn, before, 1):
                return 0
        with self._store.writing() as conn:
            numbers = chores.resolved_before(conn, before)
            minter = self._minter(conn)
            for number in sorted(numbers):
                self._apply(conn, _closing(number, days), now, minter)
            failpoint("clock.before_commit")
        log.info("tickets closed", tickets=len(numbers))
        return len(numbers)

    def forget_keys(self) -> int:
        """Delete retired keys none of whose tokens is valid any more."""
        now, days = self._now(), self._config.gateway.token_days
        with self._store.reading() as conn:  # nothing to do is the rule, and needs no writer
            if not keys.outlived(conn, now, days):
                return 0
        with self._store.writing() as conn:
            return keys.expire(conn, now, days)

    def forget_raw(self) -> int:
        """Delete raw messages older than `raw.keep_days` (0: keep for ever)."""
        days = self._config.raw.keep_days
        if not days:
            return 0
        count = 0
        while True:
            with self._store.writing() as conn:
                gone = raw.expire(conn, self._now() - timedelta(days=days), EXPIRE_AT_ONCE)
            count += gone
            if gone < EXPIRE_AT_ONCE:
                break
        if count:
            log.info("raw messages deleted", messages=count)
        return count


def _about(number: int) -> Questions:
    nobody: frozenset[str] = frozenset()
    return Questions(nobody, (), frozenset({number}), frozenset(), content_key="", sender="")


def _closing(number: int, days: int) -> Decision:
    change = {"old": Status.RESOLVED.value, "new": Status.CLOSED.value, "who": "clock"}
    return Decision(
        outcome=None,
        kind=None,
        reasons=(f"resolved for {days} days",),
        ticket=number,
        changes=(Change("status", Status.CLOSED.value),),
        history=(Event("status", change),),
    )
