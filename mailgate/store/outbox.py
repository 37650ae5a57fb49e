"""The mails we owe: claimed with a lease, settled under the number of the attempt.

Laws: attempts and the next attempt are written before sending; a claimed row belongs to its claimer until the lease
ends, and a late claimer's `keep` and `settle` change nothing (fenced by the attempt's number).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    Select,
    bindparam,
    column,
    insert,
    select,
    text,
    update,
)

from mailgate.model import OutboxRow, Reply
from mailgate.store.prepared import Lookup, Prepared, fixed
from mailgate.store.schema import OWED, history, outbox

STATES = ("waiting", "sending", "sent", "failed", "held", "withdrawn")
ERROR_LIMIT = 500
STAFF = ("team", "agent", "supervisor", "notify_list")
DOWN_PAUSE = timedelta(minutes=15)  # for a mail past its last attempt that only a dead relay stopped


_BY = (column("due", outbox.c.due.type), column("id", outbox.c.id.type))


def _owed(shape: Callable[[Select[Any]], Select[Any]], *columns: Column[Any]) -> dict[str, Select[Any]]:
    """By the partial index of what is due, whose condition stands here as it stands there. SQLite is told: left alone it
    reads and sorts all that waits."""
    picked = [column(each.name, each.type) for each in columns]
    sources = {"sqlite": "outbox INDEXED BY ix_outbox_due", "postgresql": "outbox"}
    return {
        dialect: shape(select(*picked).select_from(text(source)).where(text(OWED)))
        for dialect, source in sources.items()
    }


def _row(*values: Any) -> tuple[OutboxRow, str]:
    """A mail as who claims it now has it, and the state in which it was found."""
    *fields, state = values
    row = OutboxRow(*fields)
    return replace(row, attempts=row.attempts + 1, references=tuple(row.references)), state


_NEXT = Prepared(_owed(lambda owed: owed.order_by(_BY[0]).limit(fixed(1)), outbox.c.due))
_DUE = Prepared(
    _owed(
        lambda owed: (
            owed.where(_BY[0] <= bindparam("now"))
            .order_by(*_BY)
            .limit(bindparam("many", type_=Integer))
            .with_for_update(skip_locked=True)
        ),
        # the fields of OutboxRow, in their order
        outbox.c.id, outbox.c.ticket_id, outbox.c.address, outbox.c.person_id, outbox.c.audience, outbox.c.template,
        outbox.c.language, outbox.c.context, outbox.c.message_id, outbox.c.in_reply_to, outbox.c.references,
        outbox.c.reply_to, outbox.c.return_path, outbox.c.leave_address, outbox.c.created, outbox.c.attempts,
        outbox.c.inside, outbox.c.mail, outbox.c.idle, outbox.c.state,
    ),
    _row,
)  # fmt: skip
_CLAIM = Prepared(
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
_HELD_BY = Lookup(outbox.c.id, lambda ids: select(outbox.c.id, outbox.c.attempts, outbox.c.state).where(ids))
_KEEP = Prepared(update(outbox).where(*_MINE).values(mail=bindparam("bytes")))
_SETTLE = Prepared(
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
_GIVE_BACK = Prepared(
    update(outbox)
    .where(*_MINE)
    .values(
        state="waiting",
        due=bindparam("at"),
        next_attempt=bindparam("at"),
        lease_until=None,
        idle=outbox.c.idle + 1,
    )
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one claim."""

    id: int
    attempt: int
    reply: Reply | None  # None: it was not sent
    again: datetime | None = None  # the next attempt, None for never again


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
    rows = _DUE.rows(conn, {"now": now, "many": limit})
    if not rows:
        return []
    until = now + lease
    _CLAIM.many(
        conn,
        [
            {
                "key": row.id,
                "attempt": row.attempts,
                "until": until,
                "next": retry(row.tries, row.date),
                "lost": int(state == "sending"),
            }
            for row, state in rows
        ],
    )
    return [row for row, _ in rows]


def keep(conn: Connection, mails: Sequence[tuple[OutboxRow, bytes]]) -> set[int]:
    """Keep the rendered bytes for every later attempt. The ids of those whose claim is still the caller's: only they may
    be sent."""
    if not mails:
        return set()
    ordered = sorted(mails, key=lambda mail: mail[0].id)  # whoever locks rows does it in this order
    values = [{"key": row.id, "attempt": row.attempts, "bytes": mail} for row, mail in ordered]
    if _KEEP.many(conn, values) == len(mails):
        return {row.id for row, _ in mails}
    wanted = {row.id: row.attempts for row, _ in mails}
    held = _HELD_BY.rows(conn, wanted)
    return {row.id for row in held if row.state == "sending" and row.attempts == wanted[row.id]}


def settle(conn: Connection, outcomes: Sequence[Outcome], now: datetime) -> int:
    """What the relay answered. A retry without a next attempt has failed for good; a relay that is down fails no
    mail; a doubtful delivery is counted, and tried again: better twice than not at all; what was not sent waits as if it
    had not been claimed. How many claims were still the caller's: nothing else is changed."""
    done = 0
    unsent, others = [], []
    for outcome in sorted(outcomes, key=lambda outcome: outcome.id):
        if outcome.reply is None:
            unsent.append({"key": outcome.id, "attempt": outcome.attempt, "at": now})
            continue
        values = _settled(outcome, outcome.reply, now)
        if values["new_state"] != "failed":
            others.append(values)
        elif _SETTLE.run(conn, values) == 1:
            _tell(conn, outcome.id, values["error"], now)
            done += 1
    done += _SETTLE.many(conn, others) if others else 0
    return done + (_GIVE_BACK.many(conn, unsent) if unsent else 0)


def _settled(outcome: Outcome, reply: Reply, now: datetime) -> dict[str, Any]:
    due: datetime | None
    if reply.kind == "sent":
        state, due = "sent", None
    elif reply.kind == "down":
        state, due = "waiting", outcome.again or now + DOWN_PAUSE
    elif reply.kind in ("retry", "doubtful") and outcome.again is not None:
        state, due = "waiting", outcome.again
    else:
        state, due = "failed", None
    return {
        "key": outcome.id,
        "attempt": outcome.attempt,
        "new_state": state,
        "new_due": due or now,
        "next": due,
        "end": None if due else now,
        "code": reply.code,
        "error": "" if state == "sent" else one_line(f"{reply.code or ''} {reply.text}"),
        "lost": int(reply.kind == "doubtful"),
        "met_nobody": int(reply.kind == "down"),
    }


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


def next_due(conn: Connection) -> datetime | None:
    """When the next row may be claimed, None when nothing is owed."""
    rows = _NEXT.rows(conn)
    return rows[0].due if rows else None


def one_line(error: str) -> str:
    return " ".join(error.split())[:ERROR_LIMIT]
