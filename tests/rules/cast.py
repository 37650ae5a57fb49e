"""Who there is in the stories of `test_state_machine`, what they write, and one step of a story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mailgate.config import Config
from mailgate.model import Account, BounceReport, CommentState, Decision, Delivery, Person, Ticket

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SUPPORT, ESCALATE, OPERATOR = "support@example.com", "escalate@example.com", "operator@example.com"
TEAM, EU_TEAM, MONEY = "team@example.com", "eu@example.com", "money@example.com"
LIST, EU_LIST = "management@example.com", "eu-management@example.com"
ANA, SAM, ERIK, ELSA = "ana@example.com", "sam@example.com", "erik@example.com", "elsa@example.com"
BOB, CAROL, DAN, DEAD = "bob@acme.example", "carol@acme.example", "dan@acme.example", "dead@acme.example"
PAT, UMA, FAY, EVE = "pat@other.example", "uma@eu.example", "fay@fr.example", "eve@evil.example"
AGENTS, SUPERVISORS, IN_EU = {ANA, SAM, ERIK, ELSA}, {SAM, ERIK}, {ERIK, ELSA, EU_TEAM, LIST, EU_LIST}
STAFF = AGENTS | {TEAM, EU_TEAM, MONEY, LIST, EU_LIST}
ACCOUNTS = {a.name: a for a in (Account("Acme"), Account("Bleu", language="fr"), Account("Europa", "AMS01"))}
DOMAINS = {"acme.example": "Acme", "fr.example": "Bleu", "eu.example": "Europa"}
ANSWERS = {"acknowledgement", "problem", "ticket_view", "ticket_list", "help"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PEOPLE = (
    Person(BOB, 1, "Bob", account="Acme", authenticated_before=True),
    Person(CAROL, 2, "Carol", account="Acme", authenticated_before=True),
    Person(DAN, 4, "Dan", account="Acme"),
    Person(FAY, 5, "Fay", account="Bleu"),
    Person(DEAD, 7, "Dead", account="Acme", dead=True),
    Person(ANA, 10, "Ana", agent=True, teams=("support",)),
    Person(SAM, 11, "Sam", agent=True, supervisor=True, teams=("support",)),
    Person(ERIK, 12, "Erik", agent=True, supervisor=True, teams=("eu",)),
    Person(ELSA, 13, "Elsa", agent=True, teams=("eu",)),
)


@dataclass(slots=True)
class Said:
    """One comment, as the desk keeps it."""

    id: int
    author: str
    state: CommentState
    why: str


@dataclass(slots=True)
class Sent:
    """One mail of ours, with what came back of it."""

    delivery: Delivery
    at: datetime
    message_id: str
    reply_to: str
    return_path: str
    inside: bool


@dataclass(slots=True)
class Mail:
    """What somebody writes. `word` is this mail's own: it stands in its text and in its files' names."""

    sender: str
    word: str = ""
    subject: str = "It is broken"
    commands: tuple[str, ...] = ()
    text: str = ""
    authenticated: bool = True
    fails_dmarc: bool = False
    to: tuple[str, ...] = (SUPPORT,)
    cc: tuple[str, ...] = ()
    rcpt: tuple[str, ...] = ()
    in_reply_to: tuple[str, ...] = ()
    files: int = 0
    null: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    bounces: tuple[BounceReport, ...] | None = None
    issued: tuple[int, ...] = ()  # whose signed addresses and ids it bears
    skeleton: str = ""
    tags: tuple[str, ...] = ()  # in English
    asks: bool = False  # to escalate


@dataclass(frozen=True, slots=True)
class Step:
    """One decision with the state of things before and after it; `mail` None: the shell's or the clock's."""

    by: str  # address, "shell" or "clock"
    decision: Decision
    before: Mapping[int, Ticket]
    after: Mapping[int, Ticket]
    people: Mapping[str, Person]  # before
    now: datetime
    number: int  # of the ticket, 0 for none
    mail: Mail | None = None
    secret: bool = False  # it asked to be private
    asks: bool = False  # somebody asks to escalate
    config: Config = field(default_factory=Config)

    @property
    def old(self) -> Ticket | None:
        return self.before.get(self.number)

    @property
    def new(self) -> Ticket | None:
        return self.after.get(self.number)


def configured(**sections: dict[str, Any]) -> Config:
    gateway = {"categories": ["general", "billing"], "escalate_address": ESCALATE, "operator": OPERATOR}
    escalation = {"notify_list": LIST}
    return Config(
        gateway=gateway | sections.get("gateway", {}),
        escalation=escalation | sections.get("escalation", {}),
        trust=sections.get("trust", {}),
    )
