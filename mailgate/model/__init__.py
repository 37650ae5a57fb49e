"""The words of the house: every value that passes from one room to another.

Laws: names only, no behaviour beyond a lookup; frozen and slotted; times are aware and UTC; addresses are in
normal form (lower case, domain as A-labels) wherever a field is called `address`, as written where it says so.
"""

from __future__ import annotations

from mailgate.model.authentication import AuthResult, MethodResult, Trust
from mailgate.model.decision import Decision, Kind, Outcome
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
from mailgate.model.facts import Delivery, Facts, KnownMessage, Questions, Returned, Turn
from mailgate.model.message import Address, Attachment, BounceReport, Envelope, Forwarded, ParsedMessage
from mailgate.model.outbox import Mail, OutboxRow, Reply
from mailgate.model.person import LANGUAGES, Account, Language, Person, Role, Team
from mailgate.model.ticket import (
    AttachmentState,
    CommentState,
    Recipient,
    RecipientState,
    Severity,
    Status,
    Ticket,
)
from mailgate.model.token import Key, Purpose, TokenClaim

__all__ = [
    "LANGUAGES",
    "Account",
    "Address",
    "Alarm",
    "Attachment",
    "AttachmentChoice",
    "AttachmentState",
    "AuthResult",
    "BounceReport",
    "Change",
    "CommandResult",
    "CommentState",
    "Decision",
    "Delivery",
    "Envelope",
    "Escalation",
    "Event",
    "Facts",
    "Forwarded",
    "Key",
    "Kind",
    "KnownMessage",
    "Language",
    "Mail",
    "MethodResult",
    "NewComment",
    "NewTicket",
    "Notice",
    "OutboxRow",
    "Outcome",
    "ParsedMessage",
    "Person",
    "PersonUpdate",
    "Purpose",
    "Questions",
    "Recipient",
    "RecipientChoice",
    "RecipientState",
    "Reply",
    "Returned",
    "Role",
    "Severity",
    "Status",
    "Team",
    "Ticket",
    "TokenClaim",
    "Trust",
    "Turn",
]
