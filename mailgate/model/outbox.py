"""Mail that is owed: the row that is claimed, the mail made of it, what the relay answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailgate.model.message import Address


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One mail owed, as claimed by the courier."""

    id: int
    ticket: int | None
    address: str
    person: int | None
    audience: str
    template: str
    language: str
    context: Mapping[str, Any]
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    reply_to: str
    return_path: str
    leave_address: str  # "" where nobody may leave (assignee, staff)
    date: datetime
    attempts: int  # this one included
    inside: bool = False
    mail: bytes | None = None  # the rendered bytes, from the first claim on
    idle: int = 0  # attempts that only met a dead relay

    @property
    def tries(self) -> int:
        """Attempts at which the relay took the mail in hand, this one included."""
        return self.attempts - self.idle


@dataclass(frozen=True, slots=True)
class Mail:
    """What compose makes bytes of. Every string is a value; compose alone knows how a header is written."""

    sender: Address
    to: Address
    subject: str
    text: str
    html: str
    date: datetime
    message_id: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_to: Address | None = None
    auto_submitted: str = "auto-generated"
    leave_address: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a relay answered, as a type."""

    # sent | retry | failed; doubtful: the answer to the final dot was lost; down: the relay itself, no fault of this
    # mail; denied: it refuses what every mail of ours has in common (our sender, relaying for us)
    kind: str
    code: int  # SMTP code, 0 where there was none
    text: str
