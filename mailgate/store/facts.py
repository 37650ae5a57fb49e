"""Facts: all questions of a batch of messages answered in a few queries.

Laws: reads only. In a `writing()` transaction on PostgreSQL the tickets are locked first, in the order of their ids,
and so are the content keys, so that what the rules decide on stays true until the commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, case, func, or_, select, text

from mailgate.config import Config
from mailgate.model import CommentState, Delivery, Facts, KnownMessage, Outcome, Questions, Severity
from mailgate.rules.loops import ANSWERS
from mailgate.store import later, turns, unreachable
from mailgate.store import people as people_store
from mailgate.store.directory import directory
from mailgate.store.engine import batch_of
from mailgate.store.known import APART, THREAD_LIMIT, Known, groups, short
from mailgate.store.loading import load_tickets
from mailgate.store.prepared import Lookup, fixed
from mailgate.store.schema import comments, images, messages, outbox
from mailgate.store.types import clean

IN_LIMIT = 500  # keys in one IN list; SQLite and PostgreSQL both bound the number of parameters
_SEVERITIES = frozenset(word.name.lower() for word in Severity)

_THREADS = Lookup(
    messages.c.rfc_id,
    lambda among: (
        select(messages.c.rfc_id, messages.c.ticket_id, messages.c.participants, messages.c.private)
        .add_columns(comments.c.state, comments.c.unverified)
        .outerjoin(comments, messages.c.comment_id == comments.c.id)
        .where(among, messages.c.ticket_id.is_not(None))
        .where(*(messages.c.outcome != each.value for each in APART))
        .order_by(messages.c.id)
        .limit(fixed(THREAD_LIMIT))
    ),
)
_DELIVERIES = Lookup(
    outbox.c.id,
    lambda among: select(
        outbox.c.id,
        outbox.c.ticket_id,
        outbox.c.address,
        outbox.c.template,
        outbox.c.private,
        outbox.c.tags,
        outbox.c.held,
        turns.SENT.label("sent"),
    ).where(among),
)
_DUPLICATES = Lookup(
    messages.c.content_key,
    lambda among: (
        select(messages.c.content_key, func.min(messages.c.id).label("id"))
        # What ended without an effect does not make its second sending a duplicate.
        .where(
            among, *(messages.c.outcome != each.value for each in (Outcome.QUARANTINED, Outcome.DUPLICATE))
        )
        .group_by(messages.c.content_key)
    ),
)
_ACKNOWLEDGED = Lookup(
    outbox.c.address,
    lambda among: (
        select(
            outbox.c.address,
            func.count().label("today"),
            func.sum(case((outbox.c.created > bindparam("hour"), 1), else_=0)).label("lately"),
        )
        .where(
            among, outbox.c.created > bindparam("day"), or_(*(outbox.c.template == each for each in ANSWERS))
        )
        .group_by(outbox.c.address)
    ),
)
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_IMAGES = select(images.c.sender, images.c.sha256).where(
    images.c.sender.in_(bindparam("senders", expanding=True)), images.c.sha256.in_(_KEYS)
)
_ADVISORY = text(
    "SELECT pg_advisory_xact_lock(k) FROM unnest(CAST(:locks AS bigint[])) WITH ORDINALITY AS l(k, n)"
)


def facts(conn: Connection, questions: Sequence[Questions], now: datetime, config: Config) -> list[Facts]:
    """One answer for each of the questions, in their order, as the transaction sees the store at this moment."""
    known = ask(conn, questions, now, config)
    return [known.facts(conn, q) for q in questions]


def ask(conn: Connection, questions: Sequence[Questions], now: datetime, config: Config) -> Known:
    """All that is on record about these questions."""
    later.flush(conn)
    book = directory(conn)
    _lock_content(conn, {q.content_key for q in questions if q.content_key})
    threads = groups(_threads(conn, {short(id) for q in questions for id in q.message_ids}))
    deliveries = _deliveries(conn, {serial for q in questions for serial in q.serials})
    numbers = {number for q in questions for number in q.tickets}
    numbers |= {known.ticket for many in threads.values() for known in many}
    numbers |= {delivery.ticket for delivery in deliveries.values()}
    tickets = load_tickets(conn, numbers, lock=True)
    asked = {a for q in questions for a in q.addresses} | {q.sender for q in questions if q.sender}
    on_record = people_store.by_address(conn, asked)
    senders = {q.sender for q in questions if q.sender}
    persons = {
        a: book.person(row) if (row := on_record.get(a)) else book.stranger(a, config.people.free_mail)
        for a in asked
    }
    acknowledged = _acknowledged(conn, senders, now)
    lately = turns.on_tickets(conn, tickets.keys(), now)
    return Known(
        persons=persons,
        tickets=tickets,
        threads=threads,
        deliveries=deliveries,
        duplicates={
            row.content_key: row.id
            for row in _DUPLICATES.rows(conn, {short(q.content_key) for q in questions if q.content_key})
        },
        acknowledged=acknowledged,
        images=_images(conn, senders, {h for q in questions for h in q.image_hashes}),
        turns=lately,
        mailed=turns.mailed(conn, questions, persons, lately, now),
        alike=turns.alike(conn, {a for a, (hour, _) in acknowledged.items() if hour}, now),
        answered=turns.in_all(conn, now, config.gateway.ack_limit_total),
        returned=unreachable.returned(conn, {s for q in questions for s in q.returned}, now, config),
    )


def _lock_content(conn: Connection, content_keys: Collection[str]) -> None:
    """Two nodes that hold the same mail decide one after the other, or both would see no duplicate (2.7)."""
    if not content_keys or conn.dialect.name != "postgresql" or not batch_of(conn).writing:
        return
    digests = (hashlib.sha256(clean(key).encode()).digest()[:8] for key in content_keys)
    locks = sorted(int.from_bytes(digest, "big", signed=True) for digest in digests)
    conn.execute(_ADVISORY, {"locks": locks})


def _threads(conn: Connection, ids: Collection[str]) -> list[KnownMessage]:
    return [
        KnownMessage(
            row.rfc_id,
            row.ticket_id,
            frozenset(row.participants),
            row.private,
            row.state == CommentState.SHOWN.value and not row.unverified,
        )
        for row in _THREADS.rows(conn, ids)
    ]


def _deliveries(conn: Connection, serials: Collection[int]) -> dict[int, Delivery]:
    found = {}
    for row in _DELIVERIES.rows(conn, {s for s in serials if 0 < s < 2**63}):
        found[row.id] = Delivery(
            serial=row.id,
            ticket=row.ticket_id or 0,
            address=row.address,
            template=row.template,
            escalation=row.template == "escalation",
            private=row.private,
            severity_tag=next((tag for tag in row.tags if tag in _SEVERITIES), ""),
            tags=tuple(row.tags),
            held=tuple(row.held or ()),
            sent=row.sent,
        )
    return found


def _acknowledged(conn: Connection, senders: Collection[str], now: datetime) -> dict[str, tuple[int, int]]:
    """How many within the last hour and within the last day, by address (4.4, 8.3)."""
    since = {"hour": now - timedelta(hours=1), "day": now - timedelta(days=1)}
    return {row.address: (int(row.lately), row.today) for row in _ACKNOWLEDGED.rows(conn, senders, since)}


def _images(conn: Connection, senders: Collection[str], hashes: Collection[str]) -> set[tuple[str, str]]:
    if not hashes or not senders:
        return set()
    found = set()
    for some in _parts(senders):
        for keys in _parts(hashes):
            rows = conn.execute(_IMAGES, {"senders": some, "keys": keys})
            found |= {(row.sender, row.sha256) for row in rows}
    return found


def _parts(keys: Collection[str]) -> list[list[str]]:
    wanted = sorted(keys)
    return [wanted[start : start + IN_LIMIT] for start in range(0, len(wanted), IN_LIMIT)]
