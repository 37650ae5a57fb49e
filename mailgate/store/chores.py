"""What the worker, the clock and a fresh start ask of the store beside the effects of a mail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, select, update

from mailgate.errors import Transient
from mailgate.model import Status
from mailgate.store.schema import outbox, tickets


@contextmanager
def savepoint(conn: Connection) -> Iterator[None]:
    """One mail's part of a batch: undone by any exception, and the batch goes on. Not to be nested.

    Raises Transient when the transaction itself is gone. It speaks to the driver, since `begin_nested` costs as much
    as two statements, for every mail.
    """
    cursor = conn.connection.cursor()
    try:
        cursor.execute("SAVEPOINT mail")
        try:
            yield
        except BaseException as e:
            try:
                cursor.execute("ROLLBACK TO SAVEPOINT mail")
                cursor.execute("RELEASE SAVEPOINT mail")
            except Exception as gone:
                # a full disk or a lost connection ends the whole transaction: what came next would stand outside it
                raise Transient(f"the transaction is gone: {e}") from gone
            raise
        cursor.execute("RELEASE SAVEPOINT mail")
    finally:
        cursor.close()


def resolved_before(conn: Connection, instant: datetime, limit: int = 200) -> tuple[int, ...]:
    """Numbers of the tickets that have been `resolved` since before an instant, the longest first."""
    statement = (
        select(tickets.c.id)
        .where(tickets.c.status == Status.RESOLVED.value, tickets.c.resolved_at < instant)
        .order_by(tickets.c.resolved_at)
        .limit(limit)
    )
    return tuple(conn.scalars(statement))


def release_claims(conn: Connection, now: datetime) -> int:
    """Make mails due whose courier has died with them in hand, before their lease ends; how many.

    Only for one who knows that no other courier lives (on SQLite the lock `writer` says so). The attempt counts.
    """
    statement = (
        update(outbox).where(outbox.c.state == "sending").values(state="waiting", due=now, lease_until=None)
    )
    return conn.execute(statement).rowcount
