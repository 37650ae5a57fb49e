"""One decision being carried out: what all of `apply`'s parts share, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from mailgate.config import Config
from mailgate.model import Decision, ParsedMessage, Person, Ticket
from mailgate.store.directory import Directory, PersonRow


@dataclass(slots=True)
class Task:
    """One decision being carried out."""

    conn: Connection
    decision: Decision
    message: str | None
    at: datetime
    config: Config
    parsed: ParsedMessage | None
    book: Directory
    rows: dict[str, PersonRow]  # of everybody named, by address
    number: int = 0  # of the ticket, 0 for none
    made: Ticket | None = None  # a ticket that this decision opened, as it now stands
    altered: bool = False  # more of an existing ticket than the time of its last update
    comment: int | None = None
    confirmed: list[dict[str, Any]] = field(default_factory=list)  # comments, as `Notice.context` holds them

    def id_of(self, address: str) -> int | None:
        row = self.rows.get(address)
        return row.id if row is not None else None

    @property
    def by(self) -> str:
        sender = self.decision.sender
        if sender is not None and (sender.address or sender.name):
            return sender.address or sender.name
        return self.decision.escalation.asked_by if self.decision.escalation else ""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one decision."""

    ticket: int | None
    comment: int | None
    at: datetime
    made: Ticket | None = None  # the ticket that it opened, as it now stands
    altered: bool = False  # more of an existing ticket than its last update
    people: dict[str, Person] = field(default_factory=dict)  # who is new or has changed
    learnt: frozenset[str] = frozenset()  # who of them has changed
