"""The people file (TOML): teams, agents and accounts, as frozen values, every fault at once.

Laws: reads one file and touches no store; addresses and domains come out in normal form.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mailgate import hours as calendar
from mailgate import model
from mailgate.config import read_toml
from mailgate.errors import ConfigError

T = TypeVar("T")

REGIONS = ("", "eu")
LANGUAGES = ("", *model.LANGUAGES)
_MAX_ADDRESS = 254  # RFC 5321 §4.5.3.1.3


@dataclass(frozen=True, slots=True)
class TeamEntry:
    name: str
    address: str
    categories: tuple[str, ...]
    region: str = ""
    language: str = ""
    hours: str = ""  # this and the next two left out: as `escalation` in the settings says
    timezone: str = ""
    holidays: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AgentEntry:
    address: str
    name: str
    teams: tuple[str, ...]
    supervisor: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    name: str
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    eu_support: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class PeopleFile:
    teams: tuple[TeamEntry, ...] = ()
    agents: tuple[AgentEntry, ...] = ()
    accounts: tuple[AccountEntry, ...] = ()


def load(path: Path, free_mail: Collection[str] = (), categories: Collection[str] = ()) -> PeopleFile:
    """Read and check the file. `free_mail` domains may not belong to an account; `categories`, when given, are
    the only ones a team may serve. Raises ConfigError with one line for each fault."""
    return check(read_toml(path, "; people.file names it"), str(path), free_mail, categories)


def check(
    values: Mapping[str, Any], file: str, free_mail: Collection[str] = (), categories: Collection[str] = ()
) -> PeopleFile:
    """The same for values that were read already. `file` names them in the faults."""
    faults: list[str] = []
    for key in sorted(values.keys() - {"teams", "agents", "accounts"}):
        faults.append(f"{file}: {key}: no such key; teams, agents and accounts are allowed")
    teams = [_team(t, set(categories)) for t in _tables(values, "teams", file, faults)]
    names = [team.name for team in teams]
    agents = [_agent(t, names) for t in _tables(values, "agents", file, faults)]
    accounts = [_account(t, frozenset(free_mail)) for t in _tables(values, "accounts", file, faults)]
    _unique(file, faults, "teams", "name", names)
    _unique(file, faults, "agents", "address", [a.address for a in agents])
    _unique(file, faults, "accounts", "name", [a.name for a in accounts])
    _unique(file, faults, "accounts", "domains", [d for a in accounts for d in a.domains])
    _unique(file, faults, "accounts", "addresses", [d for a in accounts for d in a.addresses])
    if faults:
        raise ConfigError(faults)
    return PeopleFile(tuple(teams), tuple(agents), tuple(accounts))


class _Table:
    """One [[table]] being read: takes keys out, one at a time, and notes what is wrong with them."""

    def __init__(self, where: str, values: Mapping[str, Any], faults: list[str]) -> None:
        self.where, self.values, self.faults, self.known = where, values, faults, set[str]()

    def fault(self, key: str, found: Any, allowed: str) -> None:
        self.faults.append(f"{self.where}.{key}: found {str(found)[:80]!r}; {allowed}")

    def text(self, key: str, *, needed: bool = False, among: Collection[str] = ()) -> str:
        self.known.add(key)
        found = self.values.get(key, "")
        if not isinstance(found, str) or not found.isprintable():
            self.fault(key, found, "a text of one line is needed")
            return ""
        value: str = found.strip()
        if needed and not value:
            self.fault(key, value, "it may not be empty or left out")
        elif among and value not in among:
            self.fault(key, value, f"one of {', '.join(repr(a) for a in among)} is allowed")
        return value

    def flag(self, key: str) -> bool:
        self.known.add(key)
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            self.fault(key, value, "true or false is allowed")
        return bool(value)

    def texts(self, key: str, read: Callable[[str], str], *, needed: bool = False) -> tuple[str, ...]:
        self.known.add(key)
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self.fault(key, value, "a list of texts is needed")
            return ()
        if needed and not value:
            self.fault(key, value, "at least one is needed")
        return tuple(dict.fromkeys(good for v in value if (good := self._read(key, v, read))))

    def address(self, key: str) -> str:
        value = self.text(key, needed=True)
        return self._read(key, value, _address) if value else ""

    def value(self, key: str, read: Callable[[Any], T], missing: T) -> T:
        """What another room reads; its ValueError says what is allowed."""
        self.known.add(key)
        if key not in self.values:
            return missing
        try:
            return read(self.values[key])
        except ValueError as e:
            self.fault(key, self.values[key], str(e))
            return missing

    def _read(self, key: str, value: str, read: Callable[[str], str]) -> str:
        try:
            return read(value)
        except ValueError as e:
            self.fault(key, value, str(e))
            return ""

    def done(self) -> None:
        for key in sorted(self.values.keys() - self.known):
            self.faults.append(
                f"{self.where}.{key}: no such key; {', '.join(sorted(self.known))} are allowed"
            )


def _tables(values: Mapping[str, Any], name: str, file: str, faults: list[str]) -> list[_Table]:
    found = values.get(name, [])
    if not isinstance(found, list) or not all(isinstance(v, dict) for v in found):
        faults.append(f"{file}: {name}: found {str(found)[:80]!r}; write it as [[{name}]] tables")
        return []
    return [_Table(f"{file}: {name}[{i}]", table, faults) for i, table in enumerate(found, 1)]


def _team(table: _Table, categories: Collection[str]) -> TeamEntry:
    def category(value: str) -> str:
        if categories and value not in categories:
            raise ValueError(f"gateway.categories has only {', '.join(sorted(categories))}")
        return value

    team = TeamEntry(
        name=table.text("name", needed=True),
        address=table.address("address"),
        categories=table.texts("categories", category),
        region=table.text("region", among=REGIONS),
        language=table.text("language", among=LANGUAGES),
        hours=table.value("hours", calendar.text, ""),
        timezone=table.value("timezone", _timezone, ""),
        holidays=table.value("holidays", calendar.dates, None),
    )
    table.done()
    return team


def _agent(table: _Table, teams: Collection[str]) -> AgentEntry:
    def team(value: str) -> str:
        if value not in teams:
            raise ValueError(f"no such team; [[teams]] has {', '.join(teams) or 'none'}")
        return value

    agent = AgentEntry(
        address=table.address("address"),
        name=table.text("name"),
        teams=table.texts("teams", team, needed=True),
        supervisor=table.flag("supervisor"),
        language=table.text("language", among=LANGUAGES),
    )
    table.done()
    return agent


def _account(table: _Table, free_mail: Collection[str]) -> AccountEntry:
    def domain(value: str) -> str:
        if (good := _domain(value)) in free_mail:
            raise ValueError("it is in people.free_mail, nobody's account; name single addresses instead")
        return good

    account = AccountEntry(
        name=table.text("name", needed=True),
        domains=table.texts("domains", domain),
        addresses=table.texts("addresses", _address),
        eu_support=table.text("eu_support"),
        language=table.text("language", among=LANGUAGES),
    )
    table.done()
    return account


def _unique(file: str, faults: list[str], table: str, key: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value and value in seen:
            faults.append(f"{file}: {table}.{key}: found {value!r} twice; once is allowed")
        seen.add(value)


def _address(value: str) -> str:
    local, at, domain = value.strip().rpartition("@")
    if (
        not at
        or not local
        or any(c.isspace() or not c.isprintable() for c in local)
        or len(value) > _MAX_ADDRESS
    ):
        raise ValueError("an address like ana@example.com is needed")
    return f"{local.lower()}@{_domain(domain)}"


def _timezone(value: object) -> str:
    calendar.zone(str(value))
    return str(value)


def _domain(value: str) -> str:
    domain = value.strip().lower().rstrip(".")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError as e:
        raise ValueError("a domain like example.com is needed") from e
    labels = domain.split(".")
    if not all(0 < len(label) <= 63 and label.replace("-", "").isalnum() for label in labels):
        raise ValueError("a domain like example.com is needed")
    return domain
