"""Tickets read whole, as the rules see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, select

from mailgate.model import Recipient, RecipientState, Severity, Status, Ticket
from mailgate.store.directory import Directory, PersonRow, directory
from mailgate.store.engine import batch_of
from mailgate.store.prepared import Lookup
from mailgate.store.schema import devices, people, recipients, tickets

_LOCK = Lookup(
    tickets.c.id,
    lambda among: select(tickets.c.id).where(among).order_by(tickets.c.id).with_for_update(key_share=True),
)
_TICKETS = Lookup(
    tickets.c.id,
    lambda among: (
        select(tickets, *(c.label(f"person_{c.name}") for c in people.c))
        .join(people, tickets.c.assignee_id == people.c.id)
        .where(among)
    ),
)
_RECIPIENTS = Lookup(
    recipients.c.ticket_id,
    lambda among: (
        select(recipients.c.ticket_id, recipients.c.state, *people.c)
        .join(people, recipients.c.person_id == people.c.id)
        .where(among)
        .order_by(recipients.c.joined, people.c.id)
    ),
)
_DEVICES = Lookup(
    devices.c.ticket_id,
    lambda among: (
        select(devices.c.ticket_id, devices.c.name)
        .where(among)
        .order_by(devices.c.ticket_id, devices.c.position)
    ),
)


def load_tickets(conn: Connection, numbers: Collection[int], *, lock: bool = False) -> dict[int, Ticket]:
    """Tickets by number; those that do not exist are left out."""
    numbers = {n for n in numbers if 0 < n < 2**63}
    if not numbers:
        return {}
    if lock and conn.dialect.name == "postgresql" and batch_of(conn).writing:
        for _ in _LOCK.rows(conn, numbers):
            pass
    book = directory(conn)
    rows = list(_TICKETS.rows(conn, numbers))
    present = {row.id for row in rows}
    named: dict[int, list[Recipient]] = defaultdict(list)
    machines: dict[int, list[str]] = defaultdict(list)
    if present:
        for row in _RECIPIENTS.rows(conn, present):
            person = book.person(PersonRow(*row[2:]))
            named[row.ticket_id].append(Recipient(person, RecipientState(row.state)))
        for row in _DEVICES.rows(conn, present):
            machines[row.ticket_id].append(row.name)
    return {row.id: _ticket(row, book, named[row.id], machines[row.id]) for row in rows}


def _ticket(row: Any, book: Directory, named: Iterable[Recipient], machines: Iterable[str]) -> Ticket:
    return Ticket(
        number=row.id,
        title=row.title,
        category=row.category,
        severity=Severity(row.severity),
        status=Status(row.status),
        assignee=book.person(PersonRow(*row[-len(PersonRow._fields) :])),
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
        status_since=row.status_since,
        reminded=row.reminded,
        waits=row.waits,
        asked=row.asked,
    )
