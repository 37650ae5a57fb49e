"""A ticket on record, and the closed lists of the states that its parts have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from mailgate.model.person import Person


class Severity(IntEnum):
    """The number is the order of work lists."""

    OUTAGE = 1
    DEGRADED = 2
    QUESTION = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Severity:
        return cls[word.upper()]


class Status(StrEnum):
    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class CommentState(StrEnum):
    SHOWN = "shown"
    HELD = "held"  # only agents see it, until confirmed
    PRIVATE = "private"  # only agents, for good


class RecipientState(StrEnum):
    ACTIVE = "active"
    HELD = "held"  # named by an unverified sender: no mail until confirmed (3.5)
    LEFT = "left"  # by himself; CC never adds him again
    REMOVED = "removed"  # by another; CC never adds him again
    DEAD = "dead"  # his address bounced (8.2)
    LEFT_OUT = "left_out"  # over the cap: only in a Decision, never a row


class AttachmentState(StrEnum):
    KEPT = "kept"
    LEFT_OUT = "left_out"  # over the cap; stays in the raw message
    INLINE = "inline"  # a picture shown inside the HTML by cid:
    IGNORED = "ignored"  # signature part, calendar reply, repeated logo, winmail.dat wrapper


@dataclass(frozen=True, slots=True)
class Recipient:
    person: Person
    state: RecipientState


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket as the rules see it."""

    number: int
    title: str
    category: str
    severity: Severity
    status: Status
    assignee: Person
    team: str = ""  # "" when no team may be told (5.2)
    account: str = ""
    language: str = ""
    recipients: tuple[Recipient, ...] = ()
    devices: tuple[str, ...] = ()
    notify: bool = True
    eu_support: str = ""
    escalation_level: int = 0
    agent_answered: bool = False
    files_kept: int = 0
    created: datetime | None = None
    updated: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    last_step: datetime | None = None  # of the escalation
    last_progress: datetime | None = None
    status_since: datetime | None = None
    reminded: datetime | None = None  # of being pending, since it is
    waits: str = ""  # who a held comment came from that the assignee has not been told of, "" for none (4.3)
    asked: datetime | None = (
        None  # when he was asked about a third party's, as long as he has not answered (4.5)
    )
