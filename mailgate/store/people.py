"""Who is on record: loading the people file into the store, and making rows for those who write.

Laws: loading the same file twice changes nothing; nobody is ever deleted, because tickets and tokens name him.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql

from mailgate.model import PersonUpdate
from mailgate.people_file import AgentEntry, PeopleFile, TeamEntry
from mailgate.store import later
from mailgate.store.directory import Directory, PersonRow, directory, forget
from mailgate.store.engine import batch_of
from mailgate.store.prepared import Lookup
from mailgate.store.schema import (
    account_addresses,
    account_domains,
    accounts,
    people,
    team_categories,
    team_members,
    teams,
    tickets,
)
from mailgate.store.types import clean

_BY_ADDRESS = Lookup(people.c.address, lambda among: select(people).where(among), PersonRow)
_MAKE = postgresql.insert(people).on_conflict_do_nothing().returning(*people.c)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What `sync` changed: names and addresses, sorted."""

    teams_added: tuple[str, ...] = ()
    teams_removed: tuple[str, ...] = ()
    agents_added: tuple[str, ...] = ()
    agents_removed: tuple[str, ...] = ()
    accounts_added: tuple[str, ...] = ()
    accounts_removed: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()  # people whose account changed


def by_address(conn: Connection, addresses: Collection[str]) -> dict[str, PersonRow]:
    """The rows of those addresses that are on record."""
    batch = batch_of(conn)
    if batch.waiting is None:
        return {row.address: row for row in _BY_ADDRESS.rows(conn, addresses)}
    missing = [address for address in addresses if address not in batch.people]
    if missing:
        batch.people.update(dict.fromkeys(missing))
        batch.people.update((row.address, row) for row in _BY_ADDRESS.rows(conn, missing))
    return {address: row for address in addresses if (row := batch.people[address]) is not None}


def ensure(
    conn: Connection,
    names: Mapping[str, str],
    book: Directory,
    free_mail: Collection[str],
    learnt: Iterable[PersonUpdate] = (),
) -> tuple[dict[str, PersonRow], set[str]]:
    """Rows for all of these addresses (→ name, used for a new row only), and which of them are new.

    `learnt` goes into new rows at once. Safe beside other workers that make the same people at the same moment.
    """
    found = by_address(conn, names)
    missing = sorted(names.keys() - found.keys())
    if not missing:
        return found, set()
    known = {update.address: update for update in learnt}
    values = [
        _newcomer(address, names[address], book.account_id(address, free_mail), known.get(address))
        for address in missing
    ]
    made = _make_later(conn, values) if conn.dialect.name == "sqlite" else _make_now(conn, values)
    if batch_of(conn).waiting is not None:
        batch_of(conn).people.update(made)
    lost = [address for address in missing if address not in made]
    for address in lost:
        batch_of(conn).people.pop(address, None)
    return found | made | (by_address(conn, lost) if lost else {}), set(made)


def _make_later(conn: Connection, values: Iterable[dict[str, Any]]) -> dict[str, PersonRow]:
    """Where nobody else writes, nobody else can make the same people meanwhile."""
    with later.deferring(conn):
        rows = [{"id": later.next_id(conn, people), **each} for each in values]
        later.insert_rows(conn, people, rows)
    return {row["address"]: PersonRow(**row) for row in rows}


def _make_now(conn: Connection, values: list[dict[str, Any]]) -> dict[str, PersonRow]:
    """Without those that another worker has made since we looked."""
    return {row.address: PersonRow(*row) for row in conn.execute(_MAKE, values)}


def _newcomer(address: str, name: str, account: int | None, known: PersonUpdate | None) -> dict[str, Any]:
    return {
        "address": address,
        "name": clean((known and known.name) or name),
        "language": known.language if known else "",
        "account_id": account,
        "agent": False,
        "supervisor": False,
        "authenticated_before": known is not None and known.authenticated,
        "dead": known is not None and bool(known.dead),
    }


def sync(conn: Connection, file: PeopleFile, free_mail: Collection[str] = ()) -> SyncReport:
    """Make the store say what the file says. Agents who are gone become ordinary people; teams and accounts that
    are gone keep their tickets and get no new ones. One transaction of the caller's."""
    added, removed = _accounts(conn, file)
    forget(conn)
    book = directory(conn)
    names = {team.address: team.name for team in file.teams} | {a.address: a.name for a in file.agents}
    rows, _ = ensure(conn, names, book, free_mail)
    teams_added, teams_removed = _teams(conn, file.teams, rows)
    agents_added, agents_removed = _agents(conn, file.agents, rows)
    moved = _regroup(conn, book, free_mail)
    forget(conn)
    return SyncReport(teams_added, teams_removed, agents_added, agents_removed, added, removed, moved)


def _accounts(conn: Connection, file: PeopleFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    old = {row.name: row for row in conn.execute(select(accounts))}
    was_active = {name for name, row in old.items() if row.active}
    for entry in file.accounts:
        values = {"eu_support": entry.eu_support, "language": entry.language, "active": True}
        _put(conn, accounts, old.get(entry.name), {"name": entry.name}, values)
    names = {entry.name for entry in file.accounts}
    _retire(conn, accounts, was_active - names)
    ids = {row.name: row.id for row in conn.execute(select(accounts))}
    domains = [{"domain": d, "account_id": ids[a.name]} for a in file.accounts for d in a.domains]
    _replace(conn, account_domains, domains)
    addresses = [{"address": d, "account_id": ids[a.name]} for a in file.accounts for d in a.addresses]
    _replace(conn, account_addresses, addresses)
    return tuple(sorted(names - was_active)), tuple(sorted(was_active - names))


def _teams(
    conn: Connection, entries: tuple[TeamEntry, ...], rows: Mapping[str, PersonRow]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    old = {row.name: row for row in conn.execute(select(teams))}
    was_active = {name for name, row in old.items() if row.active}
    for position, entry in enumerate(entries):
        values = {
            "address": entry.address,
            "region": entry.region,
            "language": entry.language,
            "hours": entry.hours,
            "timezone": entry.timezone,
            "holidays": None if entry.holidays is None else list(entry.holidays),
            "position": position,
            "active": True,
            "person_id": rows[entry.address].id,
        }
        _put(conn, teams, old.get(entry.name), {"name": entry.name}, values)
        if entry.language:
            _set(conn, people, rows[entry.address], {"language": entry.language})
    names = {entry.name for entry in entries}
    _retire(conn, teams, was_active - names)
    ids = {row.name: row.id for row in conn.execute(select(teams))}
    served = [
        {"team_id": ids[e.name], "category": c, "position": n}
        for e in entries
        for n, c in enumerate(e.categories)
    ]
    _replace(conn, team_categories, served)
    return tuple(sorted(names - was_active)), tuple(sorted(was_active - names))


def _agents(
    conn: Connection, entries: tuple[AgentEntry, ...], rows: Mapping[str, PersonRow]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    old = {row.address: row for row in conn.execute(select(people).where(people.c.agent))}
    for entry in entries:
        values: dict[str, Any] = {"agent": True, "supervisor": entry.supervisor}
        values |= {"name": entry.name} if entry.name else {}
        values |= {"language": entry.language} if entry.language else {}
        _set(conn, people, rows[entry.address], values)
    addresses = {entry.address for entry in entries}
    gone = old.keys() - addresses
    if gone:
        conn.execute(update(people).where(people.c.address.in_(gone)).values(agent=False, supervisor=False))
    ids = {row.name: row.id for row in conn.execute(select(teams))}
    members = [{"team_id": ids[t], "person_id": rows[e.address].id} for e in entries for t in e.teams]
    _replace(conn, team_members, members)
    return tuple(sorted(addresses - old.keys())), tuple(sorted(gone))


def _regroup(conn: Connection, book: Directory, free_mail: Collection[str]) -> tuple[str, ...]:
    """The account of everybody on record, after domains or addresses moved."""
    moved = [
        {"key": row.id, "account_id": mine, "address": row.address}
        for row in conn.execute(select(people.c.id, people.c.address, people.c.account_id))
        if (mine := book.account_id(row.address, free_mail)) != row.account_id
    ]
    if moved:
        statement = (
            update(people).where(people.c.id == bindparam("key")).values(account_id=bindparam("account_id"))
        )
        conn.execute(statement, [{"key": m["key"], "account_id": m["account_id"]} for m in moved])
        own = update(tickets).where(tickets.c.assignee_id == bindparam("key"), tickets.c.account_id.is_(None))
        newcomers = [{"key": m["key"], "mine": m["account_id"]} for m in moved if m["account_id"] is not None]
        if newcomers:
            conn.execute(own.values(account_id=bindparam("mine")), newcomers)
    return tuple(sorted(m["address"] for m in moved))


def _put(
    conn: Connection, table: Table, old: Row[Any] | None, key: dict[str, Any], values: dict[str, Any]
) -> None:
    if old is None:
        conn.execute(insert(table).values(**key, **values))
    else:
        _set(conn, table, old, values)


def _set(conn: Connection, table: Table, old: Row[Any] | PersonRow, values: Mapping[str, Any]) -> None:
    if any(getattr(old, name) != value for name, value in values.items()):
        conn.execute(update(table).where(table.c.id == old.id).values(**values))


def _retire(conn: Connection, table: Table, names: Iterable[str]) -> None:
    gone = sorted(names)
    if gone:
        conn.execute(update(table).where(table.c.name.in_(gone)).values(active=False))


def _replace(conn: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """The whole content of a small table, untouched when it is the same already."""
    key = [column.name for column in table.columns]
    old = {tuple(row) for row in conn.execute(select(table))}
    if old == {tuple(row[name] for name in key) for row in rows}:
        return
    conn.execute(delete(table))
    if rows:
        conn.execute(insert(table), rows)
