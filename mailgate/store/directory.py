"""What hardly changes and every mail needs: accounts, teams, supervisors. Read once for a batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from mailgate.model import Account, Person, Team
from mailgate.store.engine import batch_of
from mailgate.store.schema import (
    account_addresses,
    account_domains,
    accounts,
    people,
    team_categories,
    team_members,
    teams,
)

_ACCOUNTS = select(accounts).where(accounts.c.active).order_by(accounts.c.id)
_DOMAINS = select(account_domains)
_ADDRESSES = select(account_addresses)
_TEAMS = select(teams).order_by(teams.c.position, teams.c.id)
_CATEGORIES = select(team_categories).order_by(team_categories.c.position)
_STAFF = select(people).where(people.c.agent).order_by(people.c.id)
_MEMBERS = select(team_members)


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

    def account_id(self, address: str, free_mail: Collection[str]) -> int | None:
        """Whose an address is: by the address itself, else by its whole domain (BEHAVIOUR §0)."""
        if (found := self.addresses.get(address)) is not None:
            return found
        domain = address.rpartition("@")[2]
        return None if domain in free_mail else self.domains.get(domain)

    def account_name(self, id: int | None) -> str:
        return self.account_names.get(id, "") if id is not None else ""

    def person(self, row: Row[Any]) -> Person:
        """A row of `people` as the rules see it."""
        return _person(row, self.account_names, self.staff_teams)

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
    account_rows = conn.execute(_ACCOUNTS).all()
    team_rows = conn.execute(_TEAMS).all()
    staff = conn.execute(_STAFF).all()
    names = {row.id: row.name for row in account_rows}
    team_names = {row.id: row.name for row in team_rows}
    members: dict[int, set[int]] = {}
    for row in conn.execute(_MEMBERS):
        members.setdefault(row.person_id, set()).add(row.team_id)
    active = [row for row in team_rows if row.active]
    staff_teams = {
        person: tuple(row.name for row in active if row.id in of) for person, of in members.items()
    }
    known = [_person(row, names, staff_teams) for row in staff]
    categories: dict[int, list[str]] = {}
    for row in conn.execute(_CATEGORIES):
        categories.setdefault(row.team_id, []).append(row.category)
    return Directory(
        accounts={row.name: Account(row.name, row.eu_support, row.language) for row in account_rows},
        account_ids={row.name: row.id for row in account_rows},
        account_names=names,
        domains={row.domain: row.account_id for row in conn.execute(_DOMAINS)},
        addresses={row.address: row.account_id for row in conn.execute(_ADDRESSES)},
        teams=tuple(
            Team(
                name=row.name,
                address=row.address,
                categories=tuple(categories.get(row.id, ())),
                region=row.region,
                agents=tuple(p for p in known if row.name in p.teams),
                person=row.person_id,
                language=row.language,
            )
            for row in active
        ),
        team_ids={row.name: row.id for row in team_rows},
        team_names=team_names,
        staff_teams=staff_teams,
        supervisors=tuple(p for p in known if p.supervisor),
    )


def _person(row: Row[Any], names: Mapping[int, str], staff_teams: Mapping[int, tuple[str, ...]]) -> Person:
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
