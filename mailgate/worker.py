"""Brings accepted mails from the spool to their landing, in the order of acceptance.

Laws: the spool forgets a mail only after its effects are committed, so a mail that was in hand at a crash is met again
and known by its id; a mail that fails is tried alone, and after `worker.attempts` quarantined with its error (8.5);
our own trouble (a database that is away) is no mail's fault and counts for none.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Protocol

import structlog

from mailgate.config import Config
from mailgate.counters import beat, count
from mailgate.errors import Transient, Unavailable
from mailgate.failpoint import failpoint, register
from mailgate.landing import Failed, Job, Landing
from mailgate.model import AuthResult, Envelope, ParsedMessage
from mailgate.own_checks import OwnChecks, Wait
from mailgate.spool import SpoolReader, SpoolRow
from mailgate.store import raw
from mailgate.store.engine import Store

MAX_DEATHS = 10  # of the process, with one mail alone in hand
MAX_TRANSIENT = 20  # of one mail alone, in a row: then it is the mail after all
FROM_TOP_SECONDS = 2.0  # so often the spool is read from its start again, for mails that were put off
RETRY_SECONDS = (5, 30, 120, 600)
IDLE_SECONDS = (0.02, 0.25)
LONGEST_PAUSE = 30.0

register("worker.taken", "worker.parsed", "worker.settled")
log = structlog.get_logger("mailgate.worker")


class Parser(Protocol):
    def parse(self, raws: Sequence[bytes]) -> list[ParsedMessage]: ...


def utc() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _Batch:
    """Mails that were taken and read; `packed` are their bytes as the store keeps them, `auths` what is known of
    their senders."""

    rows: list[SpoolRow]
    parsed: list[ParsedMessage]
    packed: list[bytes]
    auths: list[AuthResult | None]

    @property
    def jobs(self) -> list[Job]:
        return [
            Job(row.envelope, row.raw, parsed, row.attempts, row.error, packed, auth)
            for row, parsed, packed, auth in zip(self.rows, self.parsed, self.packed, self.auths, strict=True)
        ]


class Worker:
    """One for a spool. `died`: the process before this one ended with mails in hand."""

    def __init__(
        self,
        config: Config,
        store: Store,
        spool: SpoolReader,
        parser: Parser,
        landing: Landing,
        *,
        checks: OwnChecks | None = None,
        died: bool = False,
        now: Callable[[], datetime] = utc,
        landed: Callable[[], None] = lambda: None,
    ) -> None:
        """`landed` is called after each commit that may have left mail to send. Without `checks` no sender is checked
        by ourselves."""
        self._config, self._store, self._spool, self._parser = config, store, spool, parser
        self._landing, self._checks, self._now, self._landed = landing, checks, now, landed
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="parse")
        self._ahead: Future[_Batch | None] | None = None
        self._from_top = 0.0
        # the batch that was decided and the one that was parsed ahead of it
        self._suspects = 2 * config.worker.batch_messages if died else 0
        self._transient: Counter[str] = Counter()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`; then the batch in hand is finished. Raises what is not Transient or Unavailable."""
        idle, pause = IDLE_SECONDS[0], 0.0
        while not stop.is_set():
            beat("work")
            try:
                moved = self.step()
            except (Transient, Unavailable) as e:
                pause = min(LONGEST_PAUSE, pause * 2 or 0.25)
                log.warning("mail waits", error=e, pause=pause)
                stop.wait(pause)
                continue
            pause = 0.0
            idle = IDLE_SECONDS[0] if moved else min(IDLE_SECONDS[1], idle * 1.2)
            if not moved:
                stop.wait(idle)
        self.close()

    def close(self) -> None:
        if self._checks is not None:
            self._checks.close()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def step(self) -> int:
        """One batch; how many mails were taken. Raises Transient or Unavailable when none could land for our trouble."""
        ahead, self._ahead = self._ahead, None
        batch = (ahead and ahead.result()) or self._executor.submit(self._fetch, None).result()
        if batch is None:
            return 0
        failpoint("worker.parsed")
        self._ahead = self._executor.submit(self._fetch, batch)
        jobs = batch.jobs
        try:
            for suspect, group in groupby(jobs, self._is_suspect):
                if suspect:
                    for job in group:
                        self._alone(job)
                else:
                    self._several(list(group))
        except BaseException:
            self._ahead = None  # what is left of this batch is still in the spool, before it
            raise
        self._suspects = max(0, self._suspects - len(jobs))
        return len(jobs)

    def _fetch(self, current: _Batch | None) -> _Batch | None:
        """The next mails after those in hand, and all that needs no ticket database: done in another thread, while
        those in hand are decided and committed."""
        after, held = 0, set()
        if current is not None and time.monotonic() - self._from_top < FROM_TOP_SECONDS:
            after = current.rows[-1].seq
        elif current is not None:
            held = {row.envelope.id for row in current.rows}  # met a second time, and left out
        if after == 0:
            self._from_top = time.monotonic()
        while rows := self._due(after, held):
            failpoint("worker.taken")
            batch = self._checked(rows, self._parser.parse([row.raw for row in rows]))
            if batch.rows:
                return batch
            if self._checks is None or self._checks.closed:
                break
            after = rows[-1].seq  # all of them wait for DNS; others go on
        return None

    def _checked(self, rows: list[SpoolRow], parsed: list[ParsedMessage]) -> _Batch:
        """Those of the mails whose senders need no check of ours, or have got it (4.1). The others stay in the spool,
        which counts as no attempt."""
        auths: list[AuthResult | Wait | None] = [None] * len(rows)
        if self._checks is not None:
            mails = [(row.envelope, row.raw, each) for row, each in zip(rows, parsed, strict=True)]
            auths = self._checks.results(mails, self._age)
        batch = _Batch([], [], [], [])
        for row, each, auth in zip(rows, parsed, auths, strict=True):
            if not isinstance(auth, Wait):
                batch.rows.append(row)
                batch.parsed.append(each)
                batch.packed.append(raw.pack(row.raw))
                batch.auths.append(auth)
            elif auth.seconds:
                until = self._now() + timedelta(seconds=auth.seconds)
                self._spool.postpone(row.envelope.id, row.error, until)
        return batch

    def _age(self, envelope: Envelope) -> timedelta:
        return self._now() - envelope.received

    def _due(self, after: int, held: Collection[str]) -> list[SpoolRow]:
        """The oldest mails behind `after` whose time has come."""
        settings, now = self._config.worker, self._now()
        while rows := self._spool.take(after, settings.batch_messages, settings.batch_bytes, now):
            due = [
                row
                for row in rows
                if row.envelope.id not in held and not (self._checks and self._checks.waits(row.envelope.id))
            ]
            if due:
                return due
            after = rows[-1].seq
        return []

    def _is_suspect(self, job: Job) -> bool:
        return self._suspects > 0 or job.begun > 0

    def _several(self, jobs: list[Job]) -> None:
        """Many mails in one transaction. Those that fail are worked alone afterwards."""
        try:
            failed = self._landing.land(jobs)
        except (Transient, Unavailable) as e:
            self._transient["several"] += 1
            if self._transient["several"] % 4:
                raise
            failed = [Failed(job, e) for job in jobs]  # one of them may be the cause
        except Exception as e:  # a fault outside the savepoints: find whose it is
            log.warning("batch failed, its mails are worked alone", mails=len(jobs), exc_info=e)
            failed = [Failed(job, e) for job in jobs]
        else:
            self._transient.pop("several", None)
        left_out = {each.job.id for each in failed}
        self._settle([job for job in jobs if job.id not in left_out])
        for each in failed:
            self._alone(each.job)

    def _alone(self, job: Job) -> None:
        """One mail in a transaction of its own, marked as begun before, so that what it kills us with counts."""
        with self._store.reading():
            pass  # a database that is away is noticed before the mail is marked
        begun = job.begun - self._transient[job.id]
        if begun >= MAX_DEATHS:
            self._give_up(job, job.error or f"mailgate ended {begun} times while working on this mail")
            return
        self._spool.start([job.id])
        error: Exception | None
        try:
            failed = self._landing.land([job])
            error = failed[0].error if failed else None
        except (Transient, Unavailable) as e:
            self._transient[job.id] += 1
            if self._transient[job.id] < MAX_TRANSIENT:
                raise
            error = e
        except Exception as e:  # noqa: BLE001 - whatever it is, it is this mail's
            error = e
        self._transient.pop(job.id, None)
        if error is None:
            self._settle([job])
        else:
            self._failed(job, begun + 1, error)

    def _failed(self, job: Job, attempt: int, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        count("mail_failures")
        log.error("mail failed", message=job.id, attempt=attempt, exc_info=error)
        if attempt >= self._config.worker.attempts:
            self._give_up(job, text)
            return
        pause = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS)) - 1]
        self._spool.postpone(job.id, text[:1000], self._now() + timedelta(seconds=pause))

    def _give_up(self, job: Job, error: str) -> None:
        self._landing.quarantine(job, error)
        self._settle([job])

    def _settle(self, jobs: Sequence[Job]) -> None:
        self._spool.settle([job.id for job in jobs])
        failpoint("worker.settled")
        self._landed()
