"""A small world for the rules: people, teams, tickets, and mails that are written in one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailgate.config import Config
from mailgate.mail.token import Minter
from mailgate.model import (
    Account,
    Address,
    Attachment,
    AuthResult,
    Decision,
    Delivery,
    Envelope,
    Facts,
    Key,
    KnownMessage,
    ParsedMessage,
    Person,
    Purpose,
    Recipient,
    RecipientState,
    Severity,
    Status,
    Team,
    Ticket,
)
from mailgate.rules import decide as deciding
from mailgate.rules import desk, thread, values

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BOB, CAROL, PAT, STRANGER = "bob@acme.example", "carol@acme.example", "pat@other.example", "eve@evil.example"
ANA, SAM, ERIK, ELSA = "ana@example.com", "sam@example.com", "erik@example.com", "elsa@example.com"
TEAM, EU_TEAM, LIST = "team@example.com", "eu@example.com", "management@example.com"
SUPPORT = "support@example.com"

PEOPLE = (
    Person(BOB, 1, "Bob", account="Acme", authenticated_before=True),
    Person(CAROL, 2, "Carol", account="Acme", authenticated_before=True),
    Person(PAT, 3, "Pat", authenticated_before=True),
    Person("dan@acme.example", 4, "Dan", account="Acme"),
    Person("fay@fr.example", 5, "Fay", account="Bleu"),
    Person("uma@eu.example", 6, "Uma", account="Europa"),
    Person("dead@acme.example", 7, "Dead", account="Acme", dead=True),
    Person(ANA, 10, "Ana", agent=True, teams=("support",)),
    Person(SAM, 11, "Sam", agent=True, supervisor=True, teams=("support",)),
    Person(ERIK, 12, "Erik", agent=True, supervisor=True, teams=("eu",)),
    Person(ELSA, 13, "Elsa", agent=True, teams=("eu",)),
)
ACCOUNTS = {
    a.name: a
    for a in (Account("Acme"), Account("Bleu", language="fr"), Account("Europa", eu_support="AMS01"))
}
CONFIG: dict[str, Any] = {
    "gateway": {
        "categories": ["general", "billing", "data centre"],
        "addresses": {"billing@example.com": "billing"},
        "escalate_address": "escalate@example.com",
    },
    "escalation": {"notify_list": LIST},
}


class World:
    """Everything on record; `mail` writes a mail and gives back the decision on it."""

    now = NOW

    def __init__(self) -> None:
        self.config = Config(**CONFIG)
        self.people = {p.address: p for p in PEOPLE}
        self.teams: tuple[Team, ...] = (
            Team("support", TEAM, ("general",), agents=(self.people[ANA], self.people[SAM]), person=20),
            Team("eu", EU_TEAM, ("general",), "eu", agents=(self.people[ERIK], self.people[ELSA]), person=21),
            Team("money", "money@example.com", ("billing",), person=22),
        )
        self.tickets: dict[int, Ticket] = {}
        self.threads: tuple[KnownMessage, ...] = ()
        self.deliveries: dict[int, Delivery] = {}
        self.key = Key(7, b"s" * 32, NOW - timedelta(days=400))
        self.minter = Minter(self.key, SUPPORT, "example.com")
        self.facts_more: dict[str, Any] = {}
        self.serial = 100

    def configure(self, **sections: dict[str, Any]) -> None:
        whole = {name: dict(values) for name, values in CONFIG.items()}
        for name, section in sections.items():
            whole[name] = {**whole.get(name, {}), **section}
        self.config = Config(**whole)

    def person(self, address: str, **changes: Any) -> None:
        known = self.people.get(address) or Person(address, 500 + len(self.people))
        self.people[address] = replace(known, **changes)

    def ticket(
        self, number: int = 1, assignee: str = BOB, recipients: Sequence[tuple[str, str]] = (), **changes: Any
    ) -> Ticket:
        person = self.people.get(assignee) or Person(assignee, 400)
        base = Ticket(
            number, "It is broken", "general", Severity.QUESTION, Status.OPEN, person, team="support",
            account=person.account, language="en", agent_answered=True, created=NOW - timedelta(hours=2),
        )  # fmt: skip
        rows = tuple(
            Recipient(self.people.get(a) or Person(a, 600 + n), RecipientState(s))
            for n, (a, s) in enumerate(recipients)
        )
        self.tickets[number] = replace(base, recipients=rows, **changes)
        return self.tickets[number]

    def token(
        self, number: int = 1, person: str = BOB, purpose: Purpose = Purpose.REPLY, age: float = 0.05
    ) -> str:
        """A signed reply address; `person` an address on record, or a team's name."""
        ids = {t.name: t.person for t in self.teams} | {a: p.id or 0 for a, p in self.people.items()}
        at = NOW - timedelta(days=age)
        if purpose is Purpose.LEAVE:
            return self.minter.leave_address(number, ids[person], at)
        return self.minter.reply_address(number, ids[person], purpose, at)

    def sent(
        self, number: int = 1, person: str = BOB, template: str = "update", age: float = 0.05, **more: Any
    ) -> str:
        """The Message-ID of a mail of ours that is on record."""
        self.serial += 1
        known = self.people.get(person)
        self.deliveries[self.serial] = Delivery(self.serial, number, person, template, **more)
        return self.minter.message_id(
            number, (known.id if known else 0) or 0, self.serial, NOW - timedelta(days=age)
        )

    def facts(self, questions: Any) -> Facts:
        people = {
            a: self.people.get(a) or Person(a, account=_account(a))
            for a in questions.addresses | {questions.sender}
        }
        return Facts(**{
            "people": people,
            "tickets": self.tickets,
            "threads": tuple(t for t in self.threads if t.message_id in questions.message_ids),
            "deliveries": {s: d for s, d in self.deliveries.items() if s in questions.serials},
            "accounts": ACCOUNTS,
            "teams": self.teams,
            "supervisors": tuple(p for p in self.people.values() if p.supervisor),
            **self.facts_more,
        })  # fmt: skip

    def mail(
        self, from_: str = BOB, subject: str = "It is broken", text: str = "Please help.", *,
        to: Sequence[str] = (SUPPORT,), cc: Sequence[str] = (), rcpt: Sequence[str] | None = None,
        auth: bool = True, files: Sequence[Attachment] = (), mail_from: str | None = None,
        headers: Sequence[tuple[str, str]] = (), result: AuthResult | None = None, **parsed: Any,
    ) -> Decision:  # fmt: skip
        message = ParsedMessage(**{
            "size": 1, "sha256": "0", "content_key": "k", "message_id": "<m@client.example>", "subject": subject,
            "sender": Address(from_) if from_ else None, "from_": (Address(from_),) if from_ else (),
            "to": tuple(Address(a) for a in to), "cc": tuple(Address(a) for a in cc), "text": text, "full_text": text,
            "attachments": tuple(files), "headers": tuple(headers), **parsed,
        })  # fmt: skip
        own = rcpt if rcpt is not None else [a for a in (*to, *cc) if a.endswith("@example.com")]
        envelope = Envelope(
            "id", NOW, "smtp", from_ if mail_from is None else mail_from, tuple(own or [SUPPORT])
        )
        claims = thread.claims(envelope, message, (self.key,), self.config)
        facts = self.facts(thread.questions(envelope, message, claims, self.config))
        how = result or AuthResult(auth, "it is a test" if auth else "nobody vouches")
        return deciding.decide(envelope, message, claims, how, facts, self.now, self.config)

    def act(self, number: int = 1, by: str = "shell", author: str = "", **action: Any) -> Decision:
        named = frozenset(values.address(i) for _, v in action.get("commands", ()) for i in values.items(v))
        asked = replace(_NOTHING, addresses=named - {""} | ({author} if author else set()))
        return desk.act(
            desk.Action(by, author, **action), self.tickets[number], self.facts(asked), self.now, self.config
        )


def _account(address: str) -> str:
    return {"acme.example": "Acme", "fr.example": "Bleu", "eu.example": "Europa"}.get(
        address.rpartition("@")[2], ""
    )


_NOTHING = thread.Questions(frozenset(), (), frozenset(), frozenset(), "", "")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def new_world() -> Callable[[], World]:
    """For Hypothesis, whose examples must not share a world."""
    return World


@pytest.fixture(scope="session")
def a_file() -> Callable[..., Attachment]:
    def make(name: str = "a.pdf", type_: str = "application/pdf", **more: Any) -> Attachment:
        return Attachment(name, name, type_, type_, 10, more.pop("sha256", name), "md5", **more)

    return make


@pytest.fixture(scope="session")
def told() -> Callable[[Decision], dict[str, list[str]]]:
    """Who gets which templates."""

    def read(decision: Decision) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for notice in decision.notices:
            found.setdefault(notice.to, []).append(notice.template)
        return found

    return read


@pytest.fixture(scope="session")
def codes() -> Callable[[Decision], list[str]]:
    """The history, as codes."""
    return lambda decision: [event.code for event in decision.history]
