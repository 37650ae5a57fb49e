"""Lands mails: decide each on what is true at its turn, and commit all effects in one transaction.

Laws: the ledger's row and the effects commit together or not at all (1.2); a decision sees the effects of the mails
before it; a mail that fails is left out and named, and never takes another one with it. A batch is first worked as
one piece; when anything in it fails it is rolled back and worked again with a savepoint a mail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from mailgate.authenticate import organisational
from mailgate.config import Config
from mailgate.counters import count
from mailgate.errors import Transient, Unavailable
from mailgate.failpoint import failpoint, register
from mailgate.mail.token import Minter
from mailgate.model import AuthResult, Decision, Envelope, Key, Outcome, ParsedMessage, Questions
from mailgate.rules.decide import decide
from mailgate.rules.thread import Claimed, claims, questions
from mailgate.rules.trust import authenticate
from mailgate.store import chores, keys, later, messages, tickets
from mailgate.store.engine import Store

register("worker.recorded", "worker.applied", "worker.before_commit", "worker.after_commit")
log = structlog.get_logger("mailgate.worker")


def utc() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Job:
    """One mail in hand. `begun`: how often it was begun alone before; `packed`: its bytes as they are kept; `auth`:
    whether its sender is who he says, our own check included (4.1); without it from what is known without DNS."""

    envelope: Envelope
    raw: bytes
    parsed: ParsedMessage
    begun: int = 0
    error: str = ""  # of its last attempt
    packed: bytes = b""
    auth: AuthResult | None = None
    claims: Sequence[Claimed] = ()
    questions: Questions | None = None

    @property
    def id(self) -> str:
        return self.envelope.id


@dataclass(frozen=True, slots=True)
class Failed:
    job: Job
    error: Exception


class Landing:
    """Where the mails of one spool land."""

    def __init__(
        self,
        config: Config,
        store: Store,
        spool_id: str,
        new_id: Callable[[], int],
        now: Callable[[], datetime] = utc,
    ) -> None:
        self._config, self._store, self._spool_id = config, store, spool_id
        self._new_id, self._now = new_id, now
        self._keys: Sequence[Key] = ()

    def land(self, jobs: Sequence[Job]) -> list[Failed]:
        """One transaction for all of them, in order; those that are in the ledger already are left alone. When it
        returns, all but the failed ones are there. Raises Transient or Unavailable when nothing landed."""
        failed: list[Failed] = []
        try:
            landed = self._together(jobs)
        except (OperationalError, Transient, Unavailable):
            raise  # the connection or the whole transaction is gone
        except Exception as e:  # noqa: BLE001 - whose fault it was shows when they are worked apart
            log.info("batch worked apart", mails=len(jobs), error=e)
            landed = self._apart(jobs, failed)
        failpoint("worker.after_commit")
        for job, decision in landed:
            count("outcomes", str(decision.outcome))
            log.info("landed", message=job.id, outcome=decision.outcome, threaded_by=decision.threaded_by)
            for alarm in decision.alarms:
                log.warning("alarm", message=job.id, code=alarm.code, about=alarm.key, ticket=decision.ticket)
        return failed

    def _together(self, jobs: Sequence[Job]) -> list[tuple[Job, Decision]]:
        """All of them or none; what nobody reads meanwhile is inserted at the end, in few statements."""
        now = self._now()
        landed = []
        with self._store.writing() as conn:
            with later.deferring(conn):
                failed: list[Failed] = []
                fresh, known = self._ask(conn, jobs, now, failed)
                if failed:
                    raise failed[0].error
                minter = self._minter()
                for job in fresh:
                    decision, applied = self._effects(conn, job, known, minter, now)
                    known.follow(job.id, job.parsed, decision, applied)
                    landed.append((job, decision))
            failpoint("worker.before_commit")
        return landed

    def _apart(self, jobs: Sequence[Job], failed: list[Failed]) -> list[tuple[Job, Decision]]:
        """A savepoint each; those that fail are named."""
        now = self._now()
        landed = []
        with self._store.writing() as conn:
            fresh, known = self._ask(conn, jobs, now, failed)
            minter = self._minter()
            for job in fresh:
                try:
                    decision, applied = self._one(conn, job, known, minter, now)
                except (OperationalError, Transient, Unavailable):
                    raise
                except Exception as e:  # noqa: BLE001 - one mail's trouble is its own
                    failed.append(Failed(job, e))
                else:
                    known.follow(job.id, job.parsed, decision, applied)
                    landed.append((job, decision))
            failpoint("worker.before_commit")
        return landed

    def quarantine(self, job: Job, error: str) -> None:
        """8.5: never dropped; the raw message is kept and `mailgate quarantine` shows it."""
        decision = Decision(
            outcome=Outcome.QUARANTINED,
            kind=None,
            reasons=(f"it could not be processed: {error[:500]}",),
            error=error[:2000],
        )
        with self._store.writing() as conn:
            if not messages.seen(conn, [job.id]):
                messages.record(
                    conn, job.envelope, job.parsed, decision, job.raw, self._spool_id, self._now()
                )
        count("outcomes", Outcome.QUARANTINED)
        log.error("mail quarantined", message=job.id, error=error)

    def _ask(
        self, conn: Connection, jobs: Sequence[Job], now: datetime, failed: list[Failed]
    ) -> tuple[list[Job], tickets.Known]:
        """Those that are not in the ledger, and what is known of their questions: few reads for the whole batch."""
        known = messages.seen(conn, [job.id for job in jobs])
        jobs = [job for job in jobs if job.id not in known]
        self._keys = keys.load(conn)
        fresh, asked = [], []
        for job in jobs:
            try:
                job.claims = claims(job.envelope, job.parsed, self._keys, self._config)
                job.questions = questions(job.envelope, job.parsed, job.claims, self._config)
            except Exception as e:  # noqa: BLE001 - one mail's trouble is its own
                failed.append(Failed(job, e))
            else:
                fresh.append(job)
                asked.append(job.questions)
        return fresh, tickets.ask(conn, asked, now, self._config)

    def _one(
        self, conn: Connection, job: Job, known: tickets.Known, minter: Minter, now: datetime
    ) -> tuple[Decision, tickets.Applied]:
        assert job.questions is not None
        for tries_left in (2, 1, 0):
            try:
                with chores.savepoint(conn), later.deferring(conn):
                    return self._effects(conn, job, known, minter, now)
            except IntegrityError as e:  # another worker was first: decide again on what is now true
                if not tries_left:
                    raise
                log.info("decided again", message=job.id, error=e)
                known = tickets.ask(conn, [job.questions], now, self._config)
        raise AssertionError("the last try returns or raises")

    def _effects(
        self, conn: Connection, job: Job, known: tickets.Known, minter: Minter, now: datetime
    ) -> tuple[Decision, tickets.Applied]:
        config, parsed = self._config, job.parsed
        assert job.questions is not None
        facts = known.facts(conn, job.questions)
        auth = job.auth or authenticate(job.envelope, parsed, config, organisational)
        decision = decide(job.envelope, parsed, job.claims, auth, facts, now, config)
        messages.record(conn, job.envelope, parsed, decision, job.raw, self._spool_id, now, packed=job.packed)
        failpoint("worker.recorded")
        applied = tickets.apply(
            conn,
            decision,
            message=job.id,
            at=now,
            minter=minter,
            config=config,
            parsed=parsed,
            new_id=self._new_id,
        )
        messages.settle(conn, job.id, applied.ticket, applied.comment)
        failpoint("worker.applied")
        return decision, applied

    def _minter(self) -> Minter:
        gateway = self._config.gateway
        for key in self._keys:
            if not key.retired:
                return Minter(key, gateway.address, gateway.message_domain)
        raise Unavailable("there is no key for signed addresses; start mailgate anew")
