"""What hardly changes and every mail needs: accounts, teams, supervisors. Read once for a batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, select

from mailgate.model import Account, Person, Team
from mailgate.store.engine import batch_of
from mailgate.store.prepared import Prepared
from mailgate.store.schema import (
    account_addresses,
    account_domains,
    accounts,
    people,
    team_categories,
    team_members,
    teams,
)


class PersonRow(NamedTuple):
    """A row of `people`."""

    id: int
    address: str
    name: str
    language: str
    account_id: int | None
    agent: bool
    supervisor: bool
    authenticated_before: bool
    dead: bool


_ACCOUNTS = Prepared(select(accounts).where(accounts.c.active).order_by(accounts.c.id))
_DOMAINS = Prepared(select(account_domains))
_ADDRESSES = Prepared(select(account_addresses))
_TEAMS = Prepared(select(teams).order_by(teams.c.position, teams.c.id))
_CATEGORIES = Prepared(select(team_categories).order_by(team_categories.c.position))
_STAFF = Prepared(select(people).where(people.c.agent).order_by(people.c.id), PersonRow)
_MEMBERS = Prepared(select(team_members))


@dataclass(frozen=True, slots=True)
class Directory:
    accounts: Mapping[str, Account]  # by name
    account_ids: Mapping[str, int]
    account_names: Mapping[int, str]
    domains: Mapping[str, int]
    addresses: Mapping[str, int]
    teams: tuple[Team, ...]  # the active ones, in the order of the people file
    team_ids: Mapping[str, int]  # of all, the removed ones too
    team_names: Mapping[int, str]
    staff_teams: Mapping[int, tuple[str, ...]]  # by person
    supervisors: tuple[Person, ...]
    known: dict[PersonRow, Person] = field(default_factory=dict)  # who was asked for before

    def account_id(self, address: str, free_mail: Collection[str]) -> int | None:
        """Whose an address is: by the address itself, else by its whole domain (BEHAVIOUR §0)."""
        if (found := self.addresses.get(address)) is not None:
            return found
        domain = address.rpartition("@")[2]
        return None if domain in free_mail else self.domains.get(domain)

    def account_name(self, id: int | None) -> str:
        return self.account_names.get(id, "") if id is not None else ""

    def person(self, row: PersonRow) -> Person:
        """A row of `people` as the rules see it."""
        known = self.known.get(row)
        if known is None:
            known = self.known[row] = _person(row, self.account_names, self.staff_teams)
        return known

    def stranger(self, address: str, free_mail: Collection[str]) -> Person:
        """An address that nobody has on record yet."""
        return Person(address=address, account=self.account_name(self.account_id(address, free_mail)))

    def team(self, name: str) -> Team | None:
        return next((team for team in self.teams if team.name == name), None)


def directory(conn: Connection) -> Directory:
    """The directory of this batch."""
    batch = batch_of(conn)
    if batch.directory is None:
        batch.directory = _read(conn)
    found: Directory = batch.directory
    return found


def forget(conn: Connection) -> None:
    """After a change to what the directory holds."""
    batch_of(conn).directory = None


def _read(conn: Connection) -> Directory:
    account_rows = _ACCOUNTS.rows(conn)
    team_rows = _TEAMS.rows(conn)
    staff = _STAFF.rows(conn)
    names = {row.id: row.name for row in account_rows}
    team_names = {row.id: row.name for row in team_rows}
    members: dict[int, set[int]] = {}
    for row in _MEMBERS.rows(conn):
        members.setdefault(row.person_id, set()).add(row.team_id)
    active = [row for row in team_rows if row.active]
    staff_teams = {
        person: tuple(row.name for row in active if row.id in of) for person, of in members.items()
    }
    known = [_person(row, names, staff_teams) for row in staff]
    categories: dict[int, list[str]] = {}
    for row in _CATEGORIES.rows(conn):
        categories.setdefault(row.team_id, []).append(row.category)
    return Directory(
        accounts={row.name: Account(row.name, row.eu_support, row.language) for row in account_rows},
        account_ids={row.name: row.id for row in account_rows},
        account_names=names,
        domains={row.domain: row.account_id for row in _DOMAINS.rows(conn)},
        addresses={row.address: row.account_id for row in _ADDRESSES.rows(conn)},
        teams=tuple(
            Team(
                name=row.name,
                address=row.address,
                categories=tuple(categories.get(row.id, ())),
                region=row.region,
                agents=tuple(p for p in known if row.name in p.teams),
                person=row.person_id,
                language=row.language,
                hours=row.hours,
                timezone=row.timezone,
                holidays=None if row.holidays is None else tuple(row.holidays),
            )
            for row in active
        ),
        team_ids={row.name: row.id for row in team_rows},
        team_names=team_names,
        staff_teams=staff_teams,
        supervisors=tuple(p for p in known if p.supervisor),
    )


def _person(row: PersonRow, names: Mapping[int, str], staff_teams: Mapping[int, tuple[str, ...]]) -> Person:
    return Person(
        address=row.address,
        id=row.id,
        name=row.name,
        language=row.language,
        account=names.get(row.account_id, "") if row.account_id is not None else "",
        agent=row.agent,
        supervisor=row.supervisor,
        teams=staff_teams.get(row.id, ()) if row.agent else (),
        authenticated_before=row.authenticated_before,
        dead=row.dead,
    )
