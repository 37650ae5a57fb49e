"""One decision being carried out: what all of `apply`'s parts share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, Row

from mailgate.config import Config
from mailgate.model import Decision, ParsedMessage, Ticket
from mailgate.store.directory import Directory


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
    rows: Mapping[str, Row[Any]]  # of everybody named, by address
    number: int = 0  # of the ticket, 0 for none
    made: Ticket | None = None  # a ticket that this decision opened, as it now stands
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


def new_key(made: CursorResult[Any]) -> int:
    """The number that the database gave to the row just inserted."""
    key = made.inserted_primary_key
    assert key is not None
    return int(key[0])
