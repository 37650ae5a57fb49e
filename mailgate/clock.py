"""What happens because time passes: resolved tickets close, raw messages past their retention go.

Laws: every step is a Decision like a mail's, landed in one transaction; a step that was taken is never taken twice,
because what it looks for is gone afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from mailgate.config import Config
from mailgate.errors import Transient, Unavailable
from mailgate.mail.token import Minter
from mailgate.model import Change, Decision, Event, Status
from mailgate.store import chores, keys, raw, tickets
from mailgate.store.engine import Store

TICK_SECONDS = 30.0
EXPIRE_AT_ONCE = 1000  # raw messages in one transaction

log = structlog.get_logger("mailgate.clock")


def utc() -> datetime:
    return datetime.now(UTC)


class Clock:
    """One for a store."""

    def __init__(
        self,
        config: Config,
        store: Store,
        new_id: Callable[[], int],
        *,
        now: Callable[[], datetime] = utc,
    ) -> None:
        self._config, self._store, self._new_id, self._now = config, store, new_id, now

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop`. Raises what is not Transient or Unavailable."""
        while not stop.is_set():
            try:
                self.tick()
            except (Transient, Unavailable) as e:
                log.warning("tick put off", error=e)
            stop.wait(TICK_SECONDS)

    def tick(self) -> int:
        """Everything that is due now; how many things were done."""
        return self.close_resolved() + self.forget_raw()

    def close_resolved(self) -> int:
        """Close tickets `gateway.close_days` after they were resolved."""
        now = self._now()
        with self._store.writing() as conn:
            numbers = chores.resolved_before(conn, now - timedelta(days=self._config.gateway.close_days))
            if not numbers:
                return 0
            gateway = self._config.gateway
            minter = Minter(keys.minting(conn), gateway.address, gateway.message_domain)
            for number in sorted(numbers):
                tickets.apply(
                    conn,
                    _closing(number, gateway.close_days),
                    message=None,
                    at=now,
                    minter=minter,
                    config=self._config,
                    parsed=None,
                    new_id=self._new_id,
                )
        log.info("tickets closed", tickets=len(numbers))
        return len(numbers)

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
