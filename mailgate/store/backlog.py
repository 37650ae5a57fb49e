"""How much mail we owe, since when, and why it waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from mailgate.store.outbox import STATES
from mailgate.store.schema import outbox


def counts(conn: Connection) -> dict[str, int]:
    """How many rows are in which state; every state has an entry."""
    rows = conn.execute(select(outbox.c.state, func.count().label("n")).group_by(outbox.c.state))
    return dict.fromkeys(STATES, 0) | {row.state: row.n for row in rows}


@dataclass(frozen=True, slots=True)
class Owed:
    """The mail that we owe: how much (counted up to a limit), since when, and when the next one is due."""

    waiting: int
    oldest: datetime | None
    due: datetime | None


def owed(conn: Connection, most: int) -> Owed:
    """By the index of states, so that it costs the same however much was sent before; beyond `most` rows the times are
    those of the rows that were looked at, on SQLite the oldest ones."""
    first = (
        select(outbox.c.created, outbox.c.due)
        .where(outbox.c.state.in_(["waiting", "sending"]))
        .limit(most)
        .subquery()
    )
    found = conn.execute(select(func.count(), func.min(first.c.created), func.min(first.c.due))).one()
    return Owed(*found)


@dataclass(frozen=True, slots=True)
class Delayed:
    """What waits after an attempt that did not succeed."""

    mails: int
    untried: int  # others that wait: for their time, or for the relay
    oldest: datetime | None  # when the first of those that were tried was written
    errors: tuple[tuple[str, int], ...]  # what was said, the most frequent first


def delayed(conn: Connection, shown: int = 3) -> Delayed:
    """The mails that the relay did not take at first."""
    tried = (outbox.c.state == "waiting", outbox.c.attempts > 0)
    mails, oldest = conn.execute(select(func.count(), func.min(outbox.c.created)).where(*tried)).one()
    number = func.count().label("n")
    waiting = conn.scalar(select(func.count()).where(outbox.c.state == "waiting")) or 0
    errors = conn.execute(
        select(outbox.c.last_error, number)
        .where(*tried)
        .group_by(outbox.c.last_error)
        .order_by(number.desc(), outbox.c.last_error)
        .limit(shown)
    )
    return Delayed(mails, waiting - mails, oldest, tuple((row.last_error, row.n) for row in errors))
