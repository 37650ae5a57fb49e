"""What is to happen with one message: its kind, its outcome and all its effects."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailgate.model.authentication import Trust
from mailgate.model.effects import (
    Alarm,
    AttachmentChoice,
    Change,
    CommandResult,
    Escalation,
    Event,
    NewComment,
    NewTicket,
    Notice,
    PersonUpdate,
    RecipientChoice,
)
from mailgate.model.message import Address, BounceReport
from mailgate.model.ticket import Severity, Ticket


class Kind(StrEnum):
    """What sort of mail it is (BEHAVIOUR §8)."""

    PERSON = "person"
    LIST = "list"
    AUTO_GENERATED = "auto_generated"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LOOP = "loop"
    SPAM = "spam"
    FEEDBACK_REPORT = "feedback_report"
    DISPOSITION_NOTIFICATION = "disposition_notification"


class Outcome(StrEnum):
    """How an accepted message ends: exactly one of these (rule 1.4)."""

    TICKET = "ticket"
    COMMENT = "comment"
    QUERY = "query"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to happen with one message (or one action from the shell), and why. A value, never carried out here."""

    outcome: Outcome | None  # None: not a message (an agent's action from the shell, a step of the clock)
    kind: Kind | None
    reasons: tuple[str, ...]  # in order, in words
    sender: Address | None = None
    trust: Trust = Trust.UNVERIFIED
    auth: str = ""  # how, in words
    threaded_by: str = "none"  # token | message-id | tag | known-thread | none
    ticket: int | None = None  # the existing ticket it concerns
    after: Ticket | None = None  # that ticket as it stands when all of this is done; None: not worked out
    new_ticket: NewTicket | None = None
    refers_to: int | None = None  # a tag that gave no access (2.5): goes to the new ticket's history only
    follows: int | None = None  # an older, closed ticket that the new one links back to (2.6)
    title: str = ""
    severity: Severity | None = None
    category: str = ""
    comment: NewComment | None = None
    attachments: tuple[AttachmentChoice, ...] = ()
    recipients: tuple[RecipientChoice, ...] = ()
    devices: tuple[str, ...] | None = None  # the whole new list, None when unchanged
    commands: tuple[CommandResult, ...] = ()
    changes: tuple[Change, ...] = ()
    remembered: tuple[Change, ...] = ()  # of what the assignee was told (4.3, 4.5): nothing that anybody sees
    history: tuple[Event, ...] = ()
    notices: tuple[Notice, ...] = ()
    escalation: Escalation | None = None
    people: tuple[PersonUpdate, ...] = ()
    confirms: tuple[str, ...] = ()  # "held_comments" when this message confirms what is held on the ticket
    confirms_only: tuple[int, ...] | None = None  # which; () = those that its sender was told of, None = all
    duplicate_of: str = ""
    bounce_serial: int = 0  # the delivery that a bounce answers
    reports: tuple[BounceReport, ...] = ()  # what a bounce says that is new, to be kept
    error: str = ""  # why it is quarantined, for the operator
    turn: str = ""  # what it is in a loop: Turn.sign
    alarms: tuple[Alarm, ...] = ()
