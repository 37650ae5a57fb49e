"""What follows from a decision, one value for each thing that `store.apply` does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mailgate.model.message import Attachment
from mailgate.model.ticket import AttachmentState, CommentState, RecipientState, Severity


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a ticket, for the history and for the mails that tell of it.

    `code` is a key of mailgate.words.SENTENCES; the sentence is filled with `params` and translated where shown.
    """

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    private: bool = False  # only agents see it


@dataclass(frozen=True, slots=True)
class NewTicket:
    title: str
    category: str
    severity: Severity
    assignee: str  # address
    team: str = ""
    account: str = ""
    eu_support: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class NewComment:
    author: str  # address; "" for an unusable sender
    author_name: str
    text: str
    quoted: str = ""
    signature: str = ""
    state: CommentState = CommentState.SHOWN
    unverified: bool = False
    why_held: str = ""  # "unverified" | "staff" | "third_party" | "private_refused" | ""


@dataclass(frozen=True, slots=True)
class AttachmentChoice:
    attachment: Attachment
    state: AttachmentState
    why: str = ""


@dataclass(frozen=True, slots=True)
class RecipientChoice:
    """What becomes of one address: a row to set, or (LEFT_OUT) only a word to the sender."""

    address: str
    name: str
    state: RecipientState
    why: str = ""


@dataclass(frozen=True, slots=True)
class CommandResult:
    key: str  # canonical English key
    value: str
    state: str  # done | refused | unknown
    why: str = ""
    line: str = ""  # as written


@dataclass(frozen=True, slots=True)
class Change:
    """One column of a ticket gets a value. `field` is a name of Ticket; an address stands for the assignee."""

    # title category severity status assignee team notify eu_support escalation_level language devices
    # last_step last_progress agent_answered reminded; only remembered: waits asked
    field: str
    value: Any


@dataclass(frozen=True, slots=True)
class Escalation:
    level: int
    asked_by: str  # address, or "clock"
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One mail that we owe. `apply` adds the ticket as it stands afterwards, fixes Message-ID and Date, and
    joins it to a waiting update of the same person and ticket where `coalesce` says so (6.4)."""

    to: str  # address
    audience: str  # assignee | recipient | team | agent | supervisor | notify_list | sender
    template: str  # new_ticket | acknowledgement | update | escalation | problem
    language: str
    context: Mapping[str, Any]  # JSON values only; what templates see beside `ticket`
    inside: bool = False  # staff: may see private words
    coalesce: bool = False
    urgent: bool = False  # no batch_seconds
    tells: str = (
        ""  # of held comments, so that a reply confirms them: "this" mail's, "all" that may be confirmed
    )
    answers: str = ""  # Message-ID of the mail this answers, for In-Reply-To (only to that mail's own sender)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the operator is told, without any words of a mail; `code` is a key of the problems in render/phrases. Once an
    hour for each `key`, which is code and ticket where it is ""; the store adds the ticket's number to `params`."""

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, slots=True)
class PersonUpdate:
    """What a message taught us of a person (name, that he authenticated); "" leaves a field alone."""

    address: str
    name: str = ""
    language: str = ""
    authenticated: bool = False
    dead: bool | None = None  # False: mail goes to him again, on every ticket that he was switched off on
    why: str = ""  # he is dead, in words
