"""Addresses that get no mail (8.2): what their bounces came to, since when and why, and switching them on again.

Laws: nothing is decided here; switching on is one verb, whether a mail or an operator asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update

from mailgate.config import Config
from mailgate.model import Event, RecipientState, Returned, Status, Ticket
from mailgate.rules import limits
from mailgate.rules.bounces import FAILED
from mailgate.store import later
from mailgate.store.directory import PersonRow, directory, forget
from mailgate.store.loading import load_tickets
from mailgate.store.prepared import Lookup
from mailgate.store.schema import bounces, dead_addresses, history, outbox, people, recipients, tickets

STAFF = ("team", "agent", "supervisor", "notify_list", "operator")
_PERSON = slice(1, 1 + len(PersonRow._fields))
# The deliveries that came back, their readers, and whatever was reported of these lately.
_RETURNED = Lookup(
    outbox.c.id,
    lambda among: (
        select(
            outbox.c.id.label("serial"),
            *people.c,
            outbox.c.created.label("sent"),
            dead_addresses.c.revived,
            bounces.c.outbox_id.label("other"),
            bounces.c.action,
            bounces.c.at,
        )
        .join(people, outbox.c.person_id == people.c.id)
        .outerjoin(dead_addresses, dead_addresses.c.person_id == people.c.id)
        .outerjoin(
            bounces,
            or_(
                bounces.c.outbox_id == outbox.c.id,
                and_(bounces.c.person_id == people.c.id, bounces.c.at > bindparam("since")),
            ),
        )
        .where(among)
    ),
)


def returned(
    conn: Connection, serials: Collection[int], now: datetime, config: Config
) -> dict[int, Returned]:
    """Of each of these deliveries its reader, and by delivery whether it failed: his within `bounces.days` and since
    he was last switched on again."""
    if not serials:
        return {}
    book, found = directory(conn), dict[int, Returned]()
    reports: dict[int, dict[int, bool]] = {}
    since = now - timedelta(days=config.bounces.days)
    for row in _RETURNED.rows(conn, {s for s in serials if 0 < s < 2**63}, {"since": since}):
        said = reports.setdefault(row.serial, {})
        if row.serial not in found:
            person = book.person(PersonRow(*row[_PERSON]))
            found[row.serial] = Returned(person, row.sent, row.revived, said)
        if row.other is not None and (row.other == row.serial or not row.revived or row.at > row.revived):
            said[row.other] = said.get(row.other, False) or row.action in FAILED
    return found


def switched_off(conn: Connection, person: int, at: datetime, why: str) -> None:
    """Keep since when and why; the flag in `people` is the caller's."""
    _put(conn, person, {"since": at, "why": why})


def switched_on(
    conn: Connection, person: int, at: datetime, config: Config, event: Event, message: str | None = None
) -> tuple[list[int], list[int]]:
    """Make somebody a recipient again wherever he was switched off and there is room, and tell it on these tickets and
    on those whose assignee he is; their numbers, and those of the tickets that are full. The flag in `people` is the
    caller's."""
    _put(conn, person, {"revived": at}, {"since": at})
    mine = (recipients.c.person_id == person, recipients.c.state == RecipientState.DEAD.value)
    off = set(conn.scalars(select(recipients.c.ticket_id).where(*mine)))
    of = tickets.c.assignee_id == person, tickets.c.status != Status.CLOSED.value
    assigned = set(conn.scalars(select(tickets.c.id).where(*of)))
    found = load_tickets(conn, off | assigned, lock=True)
    full = sorted(number for number in off if number in found and not _room(found[number], config))
    back = off & found.keys() - set(full)
    for number in sorted(back):
        row = update(recipients).where(*mine, recipients.c.ticket_id == number)
        conn.execute(row.values(state=RecipientState.ACTIVE.value, joined=at))
    told = sorted(back | (assigned & found.keys()))
    if told:
        later.insert_rows(conn, history, [_sentence(number, at, event, message) for number in told])
    return told, full


def revive(
    conn: Connection, person: PersonRow, at: datetime, config: Config, who: str
) -> tuple[list[int], list[int]]:
    """What `mailgate people revive` does: mail goes to this person again; nothing for one to whom it goes already."""
    if not person.dead:
        return [], []
    conn.execute(update(people).where(people.c.id == person.id).values(dead=False))
    forget(conn)
    event = Event("address_revived", {"address": person.address, "who": who})
    return switched_on(conn, person.id, at, config, event)


def failures(conn: Connection, since: datetime, audiences: Iterable[str] = ()) -> dict[int, int]:
    """By person how many mails failed since then; of these audiences only, where some are named."""
    statement = (
        select(bounces.c.person_id, func.count(bounces.c.outbox_id.distinct()).label("n"))
        .where(bounces.c.at > since, bounces.c.action.in_(FAILED), bounces.c.person_id.is_not(None))
        .group_by(bounces.c.person_id)
    )
    if audiences:
        statement = statement.join(outbox, bounces.c.outbox_id == outbox.c.id)
        statement = statement.where(outbox.c.audience.in_(list(audiences)))
    return {row.person_id: row.n for row in conn.execute(statement)}


def staff_that_bounced(conn: Connection, since: datetime) -> list[tuple[str, int]]:
    """Addresses of agents, teams and the notify list whose mail failed since then, and how often, for the operator."""
    found = failures(conn, since, STAFF)
    rows = conn.execute(select(people.c.id, people.c.address).where(people.c.id.in_(found)))
    return sorted((row.address, found[row.id]) for row in rows)


def _room(ticket: Ticket, config: Config) -> int:
    return limits.room([r.state for r in ticket.recipients], RecipientState.ACTIVE, config)


def _put(
    conn: Connection, person: int, values: dict[str, Any], when_new: dict[str, Any] | None = None
) -> None:
    later.flush(conn)
    known = update(dead_addresses).where(dead_addresses.c.person_id == person)
    if conn.execute(known.values(**values)).rowcount == 0:
        conn.execute(insert(dead_addresses).values(person_id=person, **(when_new or {}), **values))


def _sentence(number: int, at: datetime, event: Event, message: str | None) -> dict[str, Any]:
    by = str(event.params.get("who", ""))
    return {
        "ticket_id": number, "at": at, "code": event.code, "params": dict(event.params), "private": event.private,
        "by": by, "message_id": message,
    }  # fmt: skip
