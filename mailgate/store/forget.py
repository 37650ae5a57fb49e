"""A person's data removed (`mailgate people forget`): what there is, and the steps that take it out.

Laws: the ledger keeps its rows and outcomes, so the audit balances (1.4); other people's words stay; every step is a
transaction of bounded size and may be repeated; the person's row comes last, so that what was interrupted is found again.
A mail that is in a courier's hand is left to him, and counted.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Text,
    func,
    or_,
    select,
    type_coerce,
    union,
    update,
)

from mailgate.store import forget_steps as steps
from mailgate.store.engine import Store
from mailgate.store.schema import (
    account_addresses,
    accounts,
    comments,
    escalation_steps,
    history,
    messages,
    outbox,
    people,
    raw,
    recipients,
    teams,
    tickets,
)
from mailgate.store.scrub import Scrub

MESSAGES, TICKETS, MAILS = 200, 25, 200  # in one transaction
NOWHERE = "@invalid"  # no mail ever goes there (RFC 6761 section 6.4)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Survey:
    """What is on record of one address."""

    address: str
    person: int | None
    names: frozenset[str]
    mine: tuple[str, ...]  # mails of this person's
    others: tuple[str, ...]  # mails of others that name the address
    tickets: tuple[int, ...]
    mails: tuple[int, ...]  # rows of the outbox that go or went to the address
    about: tuple[int, ...] = ()  # rows of the outbox, of no ticket, that tell others of the address
    ids: frozenset[str] = frozenset()  # Message-IDs of his mails that hold the address
    open_tickets: tuple[int, ...] = ()  # not closed, with this person as the assignee

    @property
    def empty(self) -> bool:
        return self.person is None and not (
            self.mine or self.others or self.tickets or self.mails or self.about
        )


@dataclass(slots=True)
class Report:
    """What was done: counts by name, and the address that stands in the person's place."""

    placeholder: str
    removed: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)


def refusal(conn: Connection, address: str) -> str:
    """Why the data of this address cannot be removed: the people file names it, and would bring it back; else ""."""
    if conn.scalar(select(people.c.id).where(people.c.address == address, people.c.agent)) is not None:
        return f"{address} is an agent"
    team = conn.scalar(select(teams.c.name).where(teams.c.address == address, teams.c.active))
    if team is not None:
        return f"{address} is the address of team {team}"
    of = select(accounts.c.name).join(account_addresses).where(account_addresses.c.address == address)
    account = conn.scalar(of)
    return "" if account is None else f"{address} is one of the addresses of account {account}"


def survey(conn: Connection, address: str) -> Survey:
    """Everything that names an address (in normal form). It reads the ledger from end to end."""
    person = conn.scalar(select(people.c.id).where(people.c.address == address))
    mine = list(conn.scalars(select(messages.c.id).where(messages.c.sender == address)))
    others: list[str] = []
    names_it = _naming(
        address, messages, "participants", "decision", "envelope", "reasons", "error", "subject"
    )
    for row in conn.execute(
        select(messages.c.id, messages.c.sender, messages.c.envelope).where(
            names_it, messages.c.sender != address
        )
    ):
        unread = not row.sender and str(row.envelope.get("mail_from", "")).lower() == address
        (mine if unread else others).append(row.id)
    ids = select(messages.c.rfc_id).where(
        messages.c.sender == address, messages.c.rfc_id.icontains(address, autoescape=True)
    )
    about = select(outbox.c.id).where(
        outbox.c.ticket_id.is_(None), outbox.c.address != address, _naming(address, outbox, "context", "tags")
    )
    mails = select(outbox.c.id).where(outbox.c.address == address).order_by(outbox.c.id)
    numbers = _tickets(conn, address, person)
    waiting = select(tickets.c.id).where(tickets.c.assignee_id == person, tickets.c.status != "closed")
    return Survey(
        address,
        person,
        _names(conn, address, person),
        tuple(sorted(mine)),
        tuple(sorted(others)),
        numbers,
        tuple(conn.scalars(mails)),
        tuple(conn.scalars(about)),
        frozenset(conn.scalars(ids)),
        () if person is None else tuple(conn.scalars(waiting.order_by(tickets.c.id))),
    )


def _naming(address: str, table: Any, *columns: str) -> ColumnElement[bool]:
    """Any of these columns holds the address, in any case; more than it may match, never less."""
    return or_(*(type_coerce(table.c[name], Text).icontains(address, autoescape=True) for name in columns))


def _names(conn: Connection, address: str, person: int | None) -> frozenset[str]:
    """The names that this person bore, but for those that somebody of the staff bears."""
    asked = [
        select(messages.c.sender_name).where(messages.c.sender == address),
        select(people.c.name).where(people.c.id == person),
        select(comments.c.author_name).where(comments.c.author_id == person),
    ]
    staff = {name.casefold() for name in conn.scalars(select(people.c.name).where(people.c.agent))}
    return frozenset(n for n in conn.scalars(union(*asked)) if n and n.casefold() not in staff)


def _tickets(conn: Connection, address: str, person: int | None) -> tuple[int, ...]:
    asked = [
        select(messages.c.ticket_id).where(messages.c.sender == address),
        select(outbox.c.ticket_id).where(
            or_(outbox.c.address == address, _naming(address, outbox, "context"))
        ),
        select(history.c.ticket_id).where(_naming(address, history, "params", "by")),
        select(escalation_steps.c.ticket_id).where(_naming(address, escalation_steps, "asked_by")),
        select(tickets.c.id).where(tickets.c.assignee_id == person),
        select(comments.c.ticket_id).where(comments.c.author_id == person),
        select(recipients.c.ticket_id).where(recipients.c.person_id == person),
    ]
    return tuple(sorted(number for number in conn.scalars(union(*asked)) if number is not None))


def forget(
    store: Store,
    found: Survey,
    at: datetime,
    by: str,
    progress: Callable[[int, int], None] = lambda done, all: None,
) -> Report:
    """Remove the data of one person. `progress` hears how many of the mails and tickets are done.

    Raises Transient and Unavailable, between two steps: call it again on a new survey.
    """
    placeholder = f"forgotten-{secrets.token_hex(8)}{NOWHERE}"
    report = Report(placeholder)
    who = steps.Who(
        Scrub(found.address, found.names, placeholder, found.ids), found.person, at, by, report.removed
    )
    done, whole = (
        0,
        len(found.mine) + len(found.others) + len(found.tickets) + len(found.mails) + len(found.about),
    )
    with store.reading() as conn:
        report.kept += _kept(conn, found)
    for step, batch in _work(found):
        with store.writing() as conn:
            _overwrite(conn)
            step(conn, who, batch)
        done += len(batch)
        progress(done, whole)
    with store.writing() as conn:
        _overwrite(conn)
        _lock(conn, found.person)
        late = survey(conn, found.address)  # what came in meanwhile, and what a courier gave back
        news = set(late.tickets) - set(found.tickets) | set(_tickets_of(conn, late.mine))
        for step, batch in _work(late, sorted(news)):
            step(conn, who, batch)
        report.kept["sending"] = _in_flight(conn, found.address)
        _person(conn, who)
    return report


Step = Callable[[Connection, steps.Who, Sequence[Any]], None]


def _work(found: Survey, numbers: Sequence[int] | None = None) -> Iterator[tuple[Step, Sequence[Any]]]:
    of: Sequence[tuple[Step, Sequence[Any], int]] = (
        # tickets first: what was his there is known by his mails
        (steps.on_tickets, found.tickets if numbers is None else numbers, TICKETS),
        (steps.his_mails, found.mine, MESSAGES),
        (steps.others_mails, found.others, MESSAGES),
        (steps.about, found.about, MAILS),
        (steps.outgoing, found.mails, MAILS),
    )
    return ((step, batch) for step, all, size in of for batch in _batches(all, size))


def _batches(all: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (all[start : start + size] for start in range(0, len(all), size))


def _overwrite(conn: Connection) -> None:
    """SQLite leaves what is deleted in free pages unless it is told to overwrite it; as long as this connection lives."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("PRAGMA secure_delete=ON").close()


def _lock(conn: Connection, person: int | None) -> None:
    """Nobody else makes a comment or a mail of this person's until we are done (their rows refer to his)."""
    conn.execute(select(people.c.id).where(people.c.id == person).with_for_update())


def _tickets_of(conn: Connection, ids: Sequence[str]) -> Iterator[int]:
    for batch in _batches(ids, MESSAGES):
        numbers = conn.scalars(select(messages.c.ticket_id).where(messages.c.id.in_(batch)))
        yield from (number for number in numbers if number is not None)


def _in_flight(conn: Connection, address: str) -> int:
    rows = select(func.count()).where(outbox.c.address == address, outbox.c.state == "sending")
    return conn.scalar(rows) or 0


def _kept(conn: Connection, found: Survey) -> Counter[str]:
    """What is looked at and left: other people's mails and words."""
    kept: Counter[str] = Counter({"messages": len(found.mine), "tickets": len(found.tickets)})
    for ids in _batches(found.others, MESSAGES):
        rows = select(func.count()).select_from(raw.join(messages)).where(raw.c.message_id.in_(ids))
        written_to = _naming(found.address, messages, "participants")
        kept["others_raw"] += conn.scalar(rows.where(written_to, messages.c.kind != "bounce")) or 0
    for numbers in _batches(found.tickets, TICKETS):
        mine = comments.c.author_id.is_not_distinct_from(found.person)
        theirs = comments.c.ticket_id.in_(numbers) & ~mine & (func.length(comments.c.quoted) > 0)
        kept["others_comments"] += conn.scalar(select(func.count()).where(theirs)) or 0
    return kept


def _person(conn: Connection, who: steps.Who) -> None:
    """Recipients, bounces, pictures, and last of all the row itself: everything but its number becomes nothing."""
    steps.traces(conn, who)
    if who.person is None:
        return
    values = {c.name: _nothing(c) for c in people.c if c.name not in ("id", "address", "dead")}
    values |= {"address": who.scrub.placeholder, "dead": True}  # nobody writes to it (8.2)
    gone = update(people).where(people.c.id == who.person).values(values)
    who.removed["people"] += conn.execute(gone).rowcount


def _nothing(column: Column[Any]) -> Any:
    if column.nullable:
        return None
    return False if isinstance(column.type, Boolean) else 0 if isinstance(column.type, Integer) else ""
