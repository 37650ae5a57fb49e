"""A desk with the example's people, at which the store's tests carry out decisions made by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from mailgate import people_file
from mailgate.config import Config
from mailgate.mail.token import Minter
from mailgate.model import (
    Address,
    Decision,
    Envelope,
    Facts,
    Key,
    Kind,
    NewComment,
    NewTicket,
    Notice,
    Outcome,
    ParsedMessage,
    Questions,
    Severity,
    Trust,
)
from mailgate.store import later, messages, people, tickets
from mailgate.store.engine import Store

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
KEY = Key(3, b"k" * 32, NOW)
PEOPLE = {
    "teams": [
        {"name": "support", "address": "team@example.com", "categories": ["general"], "language": "en"},
        {"name": "support-eu", "address": "team-eu@example.com", "categories": ["general"], "region": "eu"},
    ],
    "agents": [
        {"address": "ana@example.com", "name": "Ana", "teams": ["support", "support-eu"], "supervisor": True},
        {"address": "ben@example.com", "name": "Ben", "teams": ["support"]},
    ],
    "accounts": [
        {
            "name": "Acme",
            "domains": ["acme.example"],
            "addresses": ["bob@freemail.example"],
            "language": "en",
        },
        {"name": "Globex France", "domains": ["globex.example"], "language": "fr", "eu_support": "PAR01"},
    ],
}


@dataclass
class Desk:
    store: Store
    config: Config = field(default_factory=Config)
    now: datetime = NOW
    key: Key = KEY
    numbers: Any = field(default_factory=lambda: itertools.count((int(NOW.timestamp() * 1000) << 22) + 1))

    @property
    def minter(self) -> Minter:
        return Minter(self.key, self.config.gateway.address, self.config.gateway.message_domain)

    def parsed(self, **values: Any) -> ParsedMessage:
        values.setdefault("content_key", f"content-{next(self.numbers)}")
        return ParsedMessage(**{"size": 3, "sha256": "0" * 64, "subject": "Disk full", **values})

    def envelope(self, id: str = "", at: datetime | None = None) -> Envelope:
        id = id or f"0193-{next(self.numbers)}"
        return Envelope(
            id, at or self.now, "smtp", "joe@acme.example", ("support@example.com",), peer="127.0.0.1"
        )

    def opening(self, assignee: str = "joe@acme.example", **more: Any) -> Decision:
        """A decision that opens a ticket."""
        account = "Acme" if assignee.endswith("acme.example") else ""
        values: dict[str, Any] = {
            "outcome": Outcome.TICKET,
            "kind": Kind.PERSON,
            "reasons": ("no ticket is named", "new ticket"),
            "sender": Address(assignee, "Joe"),
            "trust": Trust.AUTHENTICATED,
            "new_ticket": NewTicket("Disk full", "general", Severity.QUESTION, assignee, "support", account),
            "comment": NewComment(assignee, "Joe", "The disk is full."),
        }
        return Decision(**values | more)

    def commenting(
        self, ticket: int, author: str = "joe@acme.example", text: str = "More.", **more: Any
    ) -> Decision:
        values: dict[str, Any] = {
            "outcome": Outcome.COMMENT,
            "kind": Kind.PERSON,
            "reasons": ("token",),
            "sender": Address(author, "Joe"),
            "ticket": ticket,
            "comment": NewComment(author, "Joe", text),
        }
        return Decision(**values | more)

    def notice(self, to: str = "joe@acme.example", **more: Any) -> Notice:
        values: dict[str, Any] = {
            "audience": "assignee",
            "template": "update",
            "language": "en",
            "context": {"author": None, "comments": [], "events": []},
        }
        return Notice(to, **values | more)

    def land(
        self,
        decision: Decision,
        parsed: ParsedMessage | None = None,
        *,
        id: str = "",
        raw: bytes = b"raw",
        at: datetime | None = None,
        spool: str = "spool-1",
    ) -> tickets.Applied:
        """Record, apply and settle one message, as the worker does."""
        parsed = parsed or self.parsed()
        envelope = self.envelope(id, at)
        with self.store.writing() as conn, conn.begin_nested():
            messages.record(conn, envelope, parsed, decision, raw, spool, at or self.now)
            applied = self.apply(conn, decision, envelope.id, parsed, at)
            messages.settle(conn, envelope.id, applied.ticket, applied.comment)
        return applied

    def batch(self, *decisions: Decision) -> list[tickets.Applied]:
        """Several messages in one transaction, written at its end."""
        found = []
        with self.store.writing() as conn, later.deferring(conn):
            for decision in decisions:
                envelope, parsed = self.envelope(), self.parsed()
                messages.record(conn, envelope, parsed, decision, b"raw", "spool-1", self.now)
                found.append(self.apply(conn, decision, envelope.id, parsed))
                messages.settle(conn, envelope.id, found[-1].ticket, found[-1].comment)
        return found

    def act(self, decision: Decision, at: datetime | None = None) -> tickets.Applied:
        """An action from the shell."""
        with self.store.writing() as conn:
            return self.apply(conn, decision, at=at)

    def apply(
        self, conn: Any, decision: Decision, message: str | None = None, parsed: Any = None, at: Any = None
    ) -> tickets.Applied:
        return tickets.apply(
            conn,
            decision,
            message=message,
            at=at or self.now,
            minter=self.minter,
            config=self.config,
            parsed=parsed,
            new_id=lambda: next(self.numbers),
        )

    def ask(self, **values: Any) -> Facts:
        asked = Questions(
            **{
                "addresses": frozenset(),
                "message_ids": (),
                "tickets": frozenset(),
                "serials": frozenset(),
                "content_key": "",
                "sender": "",
            }
            | values
        )
        with self.store.reading() as conn:
            return tickets.facts(conn, [asked], self.now, self.config)[0]

    def ticket(self, number: int) -> Any:
        return self.ask(tickets=frozenset({number})).tickets[number]

    def rows(self, sql: str, **values: Any) -> list[Any]:
        with self.store.reading() as conn:
            return list(conn.execute(text(sql), values))


@pytest.fixture
def desk(store: Store) -> Desk:
    with store.writing() as conn:
        people.sync(conn, people_file.check(PEOPLE, "people.toml"))
    return Desk(store)


@pytest.fixture
def make_desk() -> Callable[[Store], Desk]:
    return Desk
