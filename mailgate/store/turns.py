"""What is on record about loops: the mail of the last hour on a ticket, whom we mailed meanwhile, and what was answered
in the same words (8.3).

Laws: each question is one statement a batch, over an index, and reads no more than a thousand rows, however many a
storm has left; most batches ask only the first two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, or_, select, text

from mailgate.model import Outcome, Person, Questions, Turn
from mailgate.rules.loops import ANSWERS, SET_ASIDE, WINDOW
from mailgate.store.prepared import Lookup, Prepared, fixed
from mailgate.store.schema import ANSWERED, messages, outbox

ROWS = 1000

_TURNS = Lookup(
    messages.c.ticket_id,
    lambda among: (
        select(messages.c.ticket_id, messages.c.decided, messages.c.sender)
        .add_columns(messages.c.skeleton, messages.c.turn)
        .where(among, messages.c.decided > bindparam("since"))
        .order_by(messages.c.ticket_id.desc(), messages.c.decided.desc())
        .limit(fixed(ROWS))
    ),
)
SENT = func.coalesce(outbox.c.finished, outbox.c.due)
_MAILED = Lookup(
    outbox.c.address,
    lambda among: (
        select(outbox.c.address, outbox.c.ticket_id, SENT.label("sent"))
        .where(among, outbox.c.created > bindparam("since"), outbox.c.ticket_id.is_not(None))
        .order_by(outbox.c.address, outbox.c.created.desc())
        .limit(fixed(ROWS))
    ),
)
_ALIKE = Lookup(
    outbox.c.address,
    lambda among: (
        select(messages.c.id, messages.c.sender, messages.c.skeleton)
        .select_from(outbox)
        .join(
            messages, (messages.c.ticket_id == outbox.c.ticket_id) & (messages.c.sender == outbox.c.address)
        )
        .where(
            among,
            outbox.c.created > bindparam("since"),
            messages.c.decided > bindparam("since"),
            or_(*(outbox.c.template == each for each in ANSWERS)),
        )
        .distinct()
        .limit(fixed(ROWS))
    ),
)

_STOPPED = (
    select(messages.c.sender, messages.c.ticket_id, func.count().label("mails"))
    .where(
        messages.c.outcome == Outcome.QUARANTINED.value,
        messages.c.received > bindparam("since"),
        messages.c.turn.in_(sorted(SET_ASIDE)),
    )
    .group_by(messages.c.sender, messages.c.ticket_id)
    .order_by(func.max(messages.c.received).desc())
    .limit(ROWS)
)


def _answered(limit: int) -> Select[Any]:
    """No more than the limit is counted; the condition is that of the index, word for word."""
    some = select(outbox.c.id).where(
        text(ANSWERED), outbox.c.created > bindparam("since", type_=outbox.c.created.type)
    )
    return select(func.count().label("n")).select_from(some.limit(fixed(limit)).subquery())


_IN_ALL: dict[int, Prepared] = {}


def in_all(conn: Connection, now: datetime, limit: int) -> int:
    """How many acknowledgements and problem mails went to anybody within the last hour; no more than `limit`."""
    if not limit:
        return 0
    counting = _IN_ALL.get(limit)
    if counting is None:
        counting = _IN_ALL[limit] = Prepared(_answered(limit))
    return int(counting.rows(conn, {"since": now - WINDOW})[0].n)


def on_tickets(conn: Connection, numbers: Collection[int], now: datetime) -> dict[int, list[Turn]]:
    """The mail of the last hour on each ticket, the oldest first."""
    found: dict[int, list[Turn]] = {}
    for row in _TURNS.rows(conn, numbers, {"since": now - WINDOW}):
        found.setdefault(row.ticket_id, []).append(Turn(row.decided, row.sender, row.skeleton, row.turn))
    return {number: turns[::-1] for number, turns in found.items()}


def mailed(
    conn: Connection, questions: Iterable[Questions], persons: Mapping[str, Person], turns: Mapping[int, list[Turn]], now: datetime
) -> dict[tuple[str, int], datetime]:  # fmt: skip
    """By sender and ticket: when he last had a mail of ours within the hour. Asked only of those who wrote to one of
    these tickets within the hour, and never of staff, whose mail goes to the team."""
    writing = {turn.sender for many in turns.values() for turn in many}
    asked = {q.sender for q in questions if q.sender and q.sender in writing}
    asked -= {address for address in asked if persons[address].agent or persons[address].supervisor}
    found: dict[tuple[str, int], datetime] = {}
    for row in _MAILED.rows(conn, asked, {"since": now - WINDOW}):
        key = row.address, row.ticket_id
        found[key] = max(row.sent, found.get(key, row.sent))
    return found


def alike(conn: Connection, senders: Collection[str], now: datetime) -> dict[tuple[str, str], int]:
    """By sender and skeleton: how many of his mails of the last hour were acknowledged."""
    found: dict[tuple[str, str], int] = {}
    for row in _ALIKE.rows(conn, senders, {"since": now - WINDOW}):
        key = row.sender, row.skeleton
        found[key] = found.get(key, 0) + 1
    return found


def stopped(conn: Connection, since: datetime) -> list[tuple[str, int, int]]:
    """Who was stopped since then, on which ticket, and how many of his mails stand in quarantine for it; the latest first."""
    rows = conn.execute(_STOPPED, {"since": since})
    return [(row.sender, row.ticket_id, row.mails) for row in rows]
