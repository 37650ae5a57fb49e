"""Facts: all questions of a batch of messages answered in a few queries.

Laws: reads only. In a `writing()` transaction on PostgreSQL the tickets are locked first, in the order of their ids,
and so are the content keys, so that what the rules decide on stays true until the commit.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, case, func, null, select, text

from mailgate.config import Config
from mailgate.model import (
    CommentState,
    Delivery,
    Facts,
    KnownMessage,
    Outcome,
    Person,
    Questions,
    Recipient,
    RecipientState,
    Severity,
    Status,
    Ticket,
)
from mailgate.store import later
from mailgate.store import people as people_store
from mailgate.store.directory import Directory, directory
from mailgate.store.engine import batch_of, rows_in
from mailgate.store.schema import devices, images, messages, outbox, people, recipients, tickets
from mailgate.store.types import clean

ID_LIMIT = 900  # bytes of an indexed id; PostgreSQL refuses index entries over 2,704
THREAD_LIMIT = 1000  # known messages a batch: a hostile sender may reuse one Message-ID for ever
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)

_THREADS = (
    select(messages.c.rfc_id, messages.c.ticket_id, messages.c.participants, messages.c.private)
    .where(messages.c.rfc_id.in_(_KEYS), messages.c.ticket_id.is_not(None))
    .order_by(messages.c.id)
    .limit(THREAD_LIMIT)
)
# Only staff see held comments, and a question names what it asks: only such mails are looked into.
_DELIVERIES = select(
    outbox.c.id,
    outbox.c.ticket_id,
    outbox.c.address,
    outbox.c.template,
    outbox.c.private,
    outbox.c.tags,
    case((outbox.c.inside | (outbox.c.template == "problem"), outbox.c.context), else_=null()).label(
        "telling"
    ),
).where(outbox.c.id.in_(_KEYS))
_LOCK = (
    select(tickets.c.id).where(tickets.c.id.in_(_KEYS)).order_by(tickets.c.id).with_for_update(key_share=True)
)
_TICKETS = (
    select(tickets, *(c.label(f"person_{c.name}") for c in people.c))
    .join(people, tickets.c.assignee_id == people.c.id)
    .where(tickets.c.id.in_(_KEYS))
)
_RECIPIENTS = (
    select(recipients.c.ticket_id, recipients.c.state, *people.c)
    .join(people, recipients.c.person_id == people.c.id)
    .where(recipients.c.ticket_id.in_(_KEYS))
    .order_by(recipients.c.joined, people.c.id)
)
_DEVICES = (
    select(devices.c.ticket_id, devices.c.name)
    .where(devices.c.ticket_id.in_(_KEYS))
    .order_by(devices.c.ticket_id, devices.c.position)
)
_DUPLICATES = (
    select(messages.c.content_key, func.min(messages.c.id).label("id"))
    .where(
        messages.c.content_key.in_(_KEYS),
        # What ended without an effect does not make its second sending a duplicate.
        messages.c.outcome.not_in([Outcome.QUARANTINED.value, Outcome.DUPLICATE.value]),
    )
    .group_by(messages.c.content_key)
)
_ACKNOWLEDGED = (
    select(
        outbox.c.address,
        func.count().label("today"),
        func.sum(case((outbox.c.created > bindparam("hour"), 1), else_=0)).label("lately"),
    )
    .where(outbox.c.address.in_(_KEYS), outbox.c.created > bindparam("day"))
    .where(outbox.c.template == "acknowledgement")
    .group_by(outbox.c.address)
)
_IMAGES = select(images.c.sender, images.c.sha256).where(
    images.c.sender.in_(bindparam("senders", expanding=True)), images.c.sha256.in_(_KEYS)
)
_ADVISORY = text(
    "SELECT pg_advisory_xact_lock(k) FROM unnest(CAST(:locks AS bigint[])) WITH ORDINALITY AS l(k, n)"
)


def short(id: str) -> str:
    """An id from a mail as it is indexed: itself, or its hash where it is too long for an index."""
    id = clean(id)
    if len(id) * 4 <= ID_LIMIT or len(id.encode()) <= ID_LIMIT:
        return id
    return "sha256:" + hashlib.sha256(id.encode()).hexdigest()


def facts(conn: Connection, questions: Sequence[Questions], now: datetime, config: Config) -> list[Facts]:
    """One answer for each of the questions, in their order, as the transaction sees the store at this moment."""
    later.flush(conn)
    book = directory(conn)
    free_mail = config.people.free_mail
    _lock_content(conn, {q.content_key for q in questions if q.content_key})
    threads = _threads(conn, {short(id) for q in questions for id in q.message_ids})
    deliveries = _deliveries(conn, {serial for q in questions for serial in q.serials})
    numbers = {number for q in questions for number in q.tickets}
    numbers |= {known.ticket for many in threads.values() for known in many}
    numbers |= {delivery.ticket for delivery in deliveries.values()}
    known_tickets = load_tickets(conn, numbers, lock=True)
    asked = {a for q in questions for a in q.addresses} | {q.sender for q in questions if q.sender}
    persons = {a: book.stranger(a, free_mail) for a in asked}
    persons |= {a: book.person(row) for a, row in people_store.by_address(conn, asked).items()}
    duplicates = {
        row.content_key: row.id
        for row in rows_in(conn, _DUPLICATES, {short(q.content_key) for q in questions if q.content_key})
    }
    senders = {q.sender for q in questions if q.sender}
    acknowledged = _acknowledged(conn, senders, now)
    repeated = _images(conn, senders, {h for q in questions for h in q.image_hashes})
    return [
        _answer(q, book, persons, known_tickets, threads, deliveries, duplicates, acknowledged, repeated)
        for q in questions
    ]


def _answer(
    q: Questions,
    book: Directory,
    persons: dict[str, Person],
    known: dict[int, Ticket],
    threads: dict[str, list[KnownMessage]],
    deliveries: dict[int, Delivery],
    duplicates: dict[str, str],
    acknowledged: dict[str, tuple[int, int]],
    repeated: set[tuple[str, str]],
) -> Facts:
    mine = tuple(found for id in q.message_ids for found in threads.get(short(id), ()))
    sent = {serial: deliveries[serial] for serial in q.serials if serial in deliveries}
    numbers = {*q.tickets, *(found.ticket for found in mine), *(d.ticket for d in sent.values())}
    return Facts(
        people={a: persons[a] for a in (*q.addresses, *((q.sender,) if q.sender else ()))},
        tickets={number: known[number] for number in numbers if number in known},
        threads=mine,
        deliveries=sent,
        duplicate_of=duplicates.get(short(q.content_key), "") if q.content_key else "",
        acknowledged=acknowledged.get(q.sender, (0, 0))[0],
        acknowledged_today=acknowledged.get(q.sender, (0, 0))[1],
        accounts=book.accounts,
        teams=book.teams,
        supervisors=book.supervisors,
        repeated_images=frozenset(h for h in q.image_hashes if (q.sender, h) in repeated),
    )


def load_tickets(conn: Connection, numbers: Collection[int], *, lock: bool = False) -> dict[int, Ticket]:
    """Tickets by number; those that do not exist are left out."""
    numbers = {n for n in numbers if 0 < n < 2**63}
    if not numbers:
        return {}
    if lock and conn.dialect.name == "postgresql" and batch_of(conn).writing:
        for _ in rows_in(conn, _LOCK, numbers):
            pass
    book = directory(conn)
    rows = list(rows_in(conn, _TICKETS, numbers))
    present = {row.id for row in rows}
    named: dict[int, list[Recipient]] = defaultdict(list)
    machines: dict[int, list[str]] = defaultdict(list)
    if present:
        for row in rows_in(conn, _RECIPIENTS, present):
            named[row.ticket_id].append(Recipient(book.person(row), RecipientState(row.state)))
        for row in rows_in(conn, _DEVICES, present):
            machines[row.ticket_id].append(row.name)
    return {row.id: _ticket(row, book, named[row.id], machines[row.id]) for row in rows}


def _ticket(row: Row[Any], book: Directory, named: Iterable[Recipient], machines: Iterable[str]) -> Ticket:
    assignee = Person(
        address=row.person_address,
        id=row.person_id,
        name=row.person_name,
        language=row.person_language,
        account=book.account_name(row.person_account_id),
        agent=row.person_agent,
        supervisor=row.person_supervisor,
        teams=book.staff_teams.get(row.person_id, ()) if row.person_agent else (),
        authenticated_before=row.person_authenticated_before,
        dead=row.person_dead,
    )
    return Ticket(
        number=row.id,
        title=row.title,
        category=row.category,
        severity=Severity(row.severity),
        status=Status(row.status),
        assignee=assignee,
        team=book.team_names.get(row.team_id, ""),
        account=book.account_name(row.account_id),
        language=row.language,
        recipients=tuple(named),
        devices=tuple(machines),
        notify=row.notify,
        eu_support=row.eu_support,
        escalation_level=row.escalation_level,
        agent_answered=row.agent_answered,
        files_kept=row.files_kept,
        created=row.created,
        updated=row.updated,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        last_step=row.last_step,
        last_progress=row.last_progress,
    )


def _lock_content(conn: Connection, content_keys: Collection[str]) -> None:
    """Two nodes that hold the same mail decide one after the other, or both would see no duplicate (2.7)."""
    if not content_keys or conn.dialect.name != "postgresql" or not batch_of(conn).writing:
        return
    digests = (hashlib.sha256(clean(key).encode()).digest()[:8] for key in content_keys)
    locks = sorted(int.from_bytes(digest, "big", signed=True) for digest in digests)
    conn.execute(_ADVISORY, {"locks": locks})


def _threads(conn: Connection, ids: Collection[str]) -> dict[str, list[KnownMessage]]:
    found: dict[str, list[KnownMessage]] = defaultdict(list)
    for row in rows_in(conn, _THREADS, ids):
        found[row.rfc_id].append(
            KnownMessage(row.rfc_id, row.ticket_id, frozenset(row.participants), row.private)
        )
    return found


def _deliveries(conn: Connection, serials: Collection[int]) -> dict[int, Delivery]:
    known = {word.name.lower(): word for word in Severity}
    found = {}
    for row in rows_in(conn, _DELIVERIES, {s for s in serials if 0 < s < 2**63}):
        found[row.id] = Delivery(
            serial=row.id,
            ticket=row.ticket_id or 0,
            address=row.address,
            template=row.template,
            escalation=row.template == "escalation",
            private=row.private,
            severity_tag=next((tag for tag in row.tags if tag in known), ""),
            tags=tuple(row.tags),
            held=_tells_of_held(row.telling),
        )
    return found


def _tells_of_held(context: Mapping[str, Any] | None) -> bool:
    if not context:
        return False
    if any(problem.get("code") in ("third_party", "held") for problem in context.get("problems") or ()):
        return True
    return any(comment.get("state") == CommentState.HELD for comment in context.get("comments") or ())


def _acknowledged(conn: Connection, senders: Collection[str], now: datetime) -> dict[str, tuple[int, int]]:
    """How many within the last hour and within the last day, by address (4.4, 8.3)."""
    statement = _ACKNOWLEDGED.params(hour=now - timedelta(hours=1), day=now - timedelta(days=1))
    return {row.address: (int(row.lately), row.today) for row in rows_in(conn, statement, senders)}


def _images(conn: Connection, senders: Collection[str], hashes: Collection[str]) -> set[tuple[str, str]]:
    if not hashes or not senders:
        return set()
    found = set()
    wanted = sorted(senders)
    for start in range(0, len(wanted), 500):
        statement = _IMAGES.params(senders=wanted[start : start + 500])
        found |= {(row.sender, row.sha256) for row in rows_in(conn, statement, hashes)}
    return found
