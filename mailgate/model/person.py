"""Who writes and who is written to: people, their accounts and teams."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

Language = Literal["en", "fr", "de", "es", "it", "nl", "pt"]
LANGUAGES: tuple[str, ...] = get_args(Language)  # those that `templates/` speaks (6.2)


class Role(StrEnum):
    """What a sender is to one ticket; `has a part` = all but STRANGER (BEHAVIOUR §0)."""

    ASSIGNEE = "assignee"
    COLLEAGUE = "colleague"  # same account: customer side
    RECIPIENT = "recipient"  # an active recipient from outside the account
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an address. `id` is None for an address that nobody has on record yet."""

    address: str
    id: int | None = None
    name: str = ""
    language: str = ""  # own setting, "" when none
    account: str = ""  # name of the account, "" for nobody's
    agent: bool = False
    supervisor: bool = False
    teams: tuple[str, ...] = ()
    authenticated_before: bool = False
    dead: bool = False  # mail to this address bounced for good


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    eu_support: str = ""  # data centre, "" for none
    language: str = ""


@dataclass(frozen=True, slots=True)
class Team:
    name: str
    address: str
    categories: tuple[str, ...]
    region: str = ""  # "eu" or ""
    agents: tuple[Person, ...] = ()
    person: int = 0  # the people-row that stands for the team's address (tokens are issued to it)
    language: str = ""
    hours: str = ""  # of work, as `mailgate.hours` reads them; "" and None: as the settings say
    timezone: str = ""
    holidays: tuple[str, ...] | None = None
