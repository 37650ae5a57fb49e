"""The mails we owe: claimed with a lease, settled under the number of the attempt.

Laws: attempts and the next attempt are written before sending; a claimed row belongs to its claimer until the lease
ends, and a late claimer's `save_mail` and `settle` change nothing (fenced by the attempt's number).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from mailgate.model import OutboxRow, Reply
from mailgate.store.schema import history, outbox

STATES = ("waiting", "sending", "sent", "failed", "held", "withdrawn")
ERROR_LIMIT = 500
STAFF = ("team", "agent", "supervisor", "notify_list")
DOWN_PAUSE = timedelta(minutes=15)  # for a mail past its last attempt that only a dead relay stopped

_DUE = (
    select(outbox)
    .where(outbox.c.state.in_(["waiting", "sending"]), outbox.c.due <= bindparam("now"))
    .order_by(outbox.c.due, outbox.c.id)
    .limit(bindparam("many"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(outbox)
    .where(outbox.c.id == bindparam("key"))
    .values(
        state="sending",
        attempts=bindparam("attempt"),
        due=bindparam("until"),
        lease_until=bindparam("until"),
        next_attempt=bindparam("next"),
        doubtful=outbox.c.doubtful + bindparam("lost"),
    )
)
_MINE = (
    outbox.c.id == bindparam("key"),
    outbox.c.attempts == bindparam("attempt"),
    outbox.c.state == "sending",
)
_SAVE = update(outbox).where(*_MINE).values(mail=bindparam("bytes"))
_SETTLE = (
    update(outbox)
    .where(*_MINE)
    .values(
        state=bindparam("new_state"),
        due=bindparam("new_due"),
        next_attempt=bindparam("next"),
        lease_until=None,
        finished=bindparam("end"),
        last_code=bindparam("code"),
        last_error=bindparam("error"),
        doubtful=outbox.c.doubtful + bindparam("lost"),
        idle=outbox.c.idle + bindparam("met_nobody"),
    )
)


def claim(
    conn: Connection,
    now: datetime,
    limit: int,
    lease: timedelta,
    retry: Callable[[int, datetime], datetime | None],
) -> list[OutboxRow]:
    """Up to `limit` mails that are due, the oldest first, and those whose lease ended: nobody knows whether they went out.

    `retry(tries, created)` says when the next attempt would be, None for never again.
    """
    rows = conn.execute(_DUE, {"now": now, "many": limit}).all()
    if not rows:
        return []
    until = now + lease
    conn.execute(
        _CLAIM,
        [
            {
                "key": r.id,
                "attempt": r.attempts + 1,
                "until": until,
                "next": retry(r.attempts + 1 - r.idle, r.created),
                "lost": int(r.state == "sending"),
            }
            for r in rows
        ],
    )
    return [_row(row, row.attempts + 1) for row in rows]


def _row(row: Row[Any], attempts: int) -> OutboxRow:
    return OutboxRow(
        id=row.id,
        ticket=row.ticket_id,
        address=row.address,
        person=row.person_id,
        audience=row.audience,
        template=row.template,
        language=row.language,
        context=row.context,
        message_id=row.message_id,
        in_reply_to=row.in_reply_to,
        references=tuple(row.references),
        reply_to=row.reply_to,
        return_path=row.return_path,
        leave_address=row.leave_address,
        date=row.created,
        attempts=attempts,
        inside=row.inside,
        mail=None if row.mail is None else bytes(row.mail),
        idle=row.idle,
    )


def save_mail(conn: Connection, id: int, attempt: int, mail: bytes) -> bool:
    """Keep the rendered bytes for every later attempt. False when the claim is no longer the caller's."""
    return conn.execute(_SAVE, {"key": id, "attempt": attempt, "bytes": mail}).rowcount == 1


def settle(
    conn: Connection, id: int, attempt: int, reply: Reply, now: datetime, next_attempt: datetime | None
) -> bool:
    """What the relay answered. A retry without a next attempt has failed for good; a relay that is down fails no
    mail; a doubtful delivery is counted, and tried again: better twice than not at all. False when the claim is no longer
    the caller's: then nothing is changed."""
    if reply.kind == "sent":
        state, due = "sent", None
    elif reply.kind == "down":
        state, due = "waiting", next_attempt or now + DOWN_PAUSE
    elif reply.kind in ("retry", "doubtful") and next_attempt is not None:
        state, due = "waiting", next_attempt
    else:
        state, due = "failed", None
    error = "" if state == "sent" else one_line(f"{reply.code or ''} {reply.text}")
    done = conn.execute(
        _SETTLE,
        {
            "key": id,
            "attempt": attempt,
            "new_state": state,
            "new_due": due or now,
            "next": due,
            "end": None if due else now,
            "code": reply.code,
            "error": error,
            "lost": int(reply.kind == "doubtful"),
            "met_nobody": int(reply.kind == "down"),
        },
    )
    if done.rowcount != 1:
        return False
    if state == "failed":
        _tell(conn, id, error, now)
    return True


def _tell(conn: Connection, id: int, error: str, now: datetime) -> None:
    row = conn.execute(
        select(outbox.c.ticket_id, outbox.c.address, outbox.c.audience).where(outbox.c.id == id)
    ).one()
    if row.ticket_id is None:
        return
    conn.execute(
        insert(history),
        {
            "ticket_id": row.ticket_id,
            "at": now,
            "code": "delivery_failed",
            "params": {"address": row.address, "error": error},
            "private": row.audience in STAFF,
            "by": "",
        },
    )


def hold(conn: Connection, id: int, error: str) -> bool:
    """Keep a claimed row from going out (a broken template) until somebody calls `retry`. False when not claimed."""
    statement = update(outbox).where(outbox.c.id == id, outbox.c.state == "sending")
    values = {"state": "held", "lease_until": None, "next_attempt": None, "last_error": one_line(error)}
    return conn.execute(statement.values(**values)).rowcount == 1


def retry(conn: Connection, id: int, now: datetime) -> bool:
    """Make a waiting, held or failed row due at once. False for one that is sent, being sent, or unknown."""
    statement = update(outbox).where(outbox.c.id == id, outbox.c.state.in_(["waiting", "held", "failed"]))
    values = {"state": "waiting", "due": now, "next_attempt": now, "finished": None}
    return conn.execute(statement.values(**values)).rowcount == 1


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
    oldest: datetime | None  # when the first of them was written
    errors: tuple[tuple[str, int], ...]  # what was said, the most frequent first


def delayed(conn: Connection, shown: int = 3) -> Delayed:
    """The mails that the relay did not take at first."""
    tried = (outbox.c.state == "waiting", outbox.c.attempts > 0)
    mails, oldest = conn.execute(select(func.count(), func.min(outbox.c.created)).where(*tried)).one()
    number = func.count().label("n")
    errors = conn.execute(
        select(outbox.c.last_error, number)
        .where(*tried)
        .group_by(outbox.c.last_error)
        .order_by(number.desc(), outbox.c.last_error)
        .limit(shown)
    )
    return Delayed(mails, oldest, tuple((row.last_error, row.n) for row in errors))


def next_due(conn: Connection) -> datetime | None:
    """When the next row may be claimed, None when nothing is owed."""
    found: datetime | None = conn.scalar(
        select(outbox.c.due).where(outbox.c.state.in_(["waiting", "sending"])).order_by(outbox.c.due).limit(1)
    )
    return found


def one_line(error: str) -> str:
    return " ".join(error.split())[:ERROR_LIMIT]
