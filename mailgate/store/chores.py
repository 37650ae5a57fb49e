"""What the worker, the clock and a fresh start ask of the store beside the effects of a mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Select, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from mailgate.errors import Transient, Unavailable
from mailgate.model import Status, Team, Ticket
from mailgate.store.engine import batch_of
from mailgate.store.loading import load_tickets
from mailgate.store.schema import ENDED, marks, outbox, teams, tickets

TROUBLE = (OperationalError, Transient, Unavailable)  # of the database, no fault of what is being written
AT_ONCE = 200  # tickets in one transaction


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


def resolved_before(conn: Connection, instant: datetime, limit: int = AT_ONCE) -> tuple[int, ...]:
    """Numbers of the tickets that have been `resolved` since before an instant, the longest first.

    While writing, on PostgreSQL, they are locked, and those that another node has in hand are left out.
    """
    statement = select(tickets.c.id).where(text(ENDED), tickets.c.resolved_at < instant)
    return _in_hand(conn, statement.order_by(tickets.c.resolved_at).limit(limit))


def due_tickets(conn: Connection, now: datetime, limit: int = AT_ONCE) -> tuple[int, ...]:
    """Numbers of the tickets that the clock must look at by now, the longest due first; locked as above."""
    statement = select(tickets.c.id).where(tickets.c.due_at <= now)
    return _in_hand(conn, statement.order_by(tickets.c.due_at).limit(limit))


def _in_hand(conn: Connection, statement: Select[tuple[int]]) -> tuple[int, ...]:
    if conn.dialect.name == "postgresql" and batch_of(conn).writing:
        statement = statement.with_for_update(skip_locked=True, key_share=True)
    return tuple(conn.scalars(statement))


def look_again_at(conn: Connection, number: int, when: datetime | None) -> None:
    """Have the clock look at a ticket at another time, or no more (None)."""
    conn.execute(update(tickets).where(tickets.c.id == number).values(due_at=when))


def calendars(conn: Connection) -> tuple[Team, ...]:
    """The teams in their order, as far as the waits of their tickets depend on them: name, hours, zone, holidays."""
    statement = select(teams.c.name, teams.c.hours, teams.c.timezone, teams.c.holidays)
    rows = conn.execute(statement.where(teams.c.active).order_by(teams.c.position, teams.c.id))
    return tuple(
        Team(r.name, "", (), hours=r.hours, timezone=r.timezone, holidays=_texts(r.holidays)) for r in rows
    )


def _texts(found: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if found is None else tuple(found)


def mark(conn: Connection, name: str) -> str:
    """What a mark says, "" where there is none."""
    return conn.scalar(select(marks.c.value).where(marks.c.name == name)) or ""


def set_mark(conn: Connection, name: str, value: str) -> None:
    """Set a mark; of two nodes the later one has the last word."""
    made = (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(marks)
    statement = made.values(name=name, value=value)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def reckon(
    conn: Connection, beyond: int, next_look: Callable[[Ticket], datetime | None], *, unanswered: bool
) -> int:
    """Work out anew when the clock must look at tickets with numbers beyond one, some of them; the last one's number,
    0 when there are no more. Only those that a wait can concern: escalated, pending, due until now, and, where the
    first answer has a limit, `unanswered`."""
    concerned = [tickets.c.escalation_level > 0, tickets.c.status == Status.PENDING.value]
    concerned += [tickets.c.due_at.is_not(None), *([~tickets.c.agent_answered] if unanswered else ())]
    # no word of the status: SQLite would go by its index, and sort all that is open for each part
    wanted = select(tickets.c.id).where(tickets.c.id > beyond, or_(*concerned))
    numbers = list(conn.scalars(wanted.order_by(tickets.c.id).limit(AT_ONCE)))
    found = load_tickets(conn, numbers, lock=True)
    rows = conn.execute(select(tickets.c.id, tickets.c.due_at).where(tickets.c.id.in_(numbers)))
    for number, due_at in rows.all():
        if (when := next_look(found[number])) != due_at:
            look_again_at(conn, number, when)
    return numbers[-1] if numbers else 0


def release_claims(conn: Connection, now: datetime) -> int:
    """Make mails due whose courier has died with them in hand, before their lease ends; how many.

    Only for one who knows that no other courier lives (on SQLite the lock `writer` says so). The attempt counts.
    """
    statement = (
        update(outbox).where(outbox.c.state == "sending").values(state="waiting", due=now, lease_until=None)
    )
    return conn.execute(statement).rowcount
