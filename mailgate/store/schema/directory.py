"""Tables of the people: accounts, teams, and everybody with an address."""

from __future__ import annotations

from sqlalchemy import Column, Table

from mailgate.store.columns import count, flag, metadata, ref, text_column
from mailgate.store.types import Clean, Id, Json

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Clean, nullable=False, unique=True),
    text_column("eu_support"),
    text_column("language"),
    flag("active", on=True),
)


def _of_account(table: str, what: str) -> Table:
    return Table(
        table, metadata, Column(what, Clean, primary_key=True), ref("account_id", "accounts.id", needed=True)
    )


account_domains = _of_account("account_domains", "domain")
account_addresses = _of_account("account_addresses", "address")
people = Table(
    "people",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", Clean, nullable=False, unique=True),
    text_column("name"),
    text_column("language"),
    ref("account_id", "accounts.id", index=True),
    flag("agent"),
    flag("supervisor"),
    flag("authenticated_before"),
    flag("dead"),
)
teams = Table(
    "teams",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Clean, nullable=False, unique=True),
    Column("address", Clean, nullable=False),
    text_column("region"),
    text_column("language"),
    count("position"),
    flag("active", on=True),
    ref("person_id", "people.id", needed=True),
    text_column("hours"),
    text_column("timezone"),
    Column("holidays", Json),  # NULL: as the settings say
)
team_categories = Table(
    "team_categories",
    metadata,
    ref("team_id", "teams.id", needed=True, key=True),
    Column("category", Clean, primary_key=True),
    count("position"),
)
team_members = Table(
    "team_members",
    metadata,
    ref("team_id", "teams.id", needed=True, key=True),
    ref("person_id", "people.id", needed=True, key=True),
)
