"""What the rules ask of the records about one message, and what they are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailgate.model.person import Account, Person, Team
from mailgate.model.ticket import Ticket


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message that became part of a ticket (2.4)."""

    message_id: str
    ticket: int
    participants: frozenset[str]  # addresses in its To and Cc
    private: bool = False  # an internal note
    # Its sender was believed and it is shown: those in its To and Cc may comment (2.4, 4.3)
    vouched: bool = False


@dataclass(frozen=True, slots=True)
class Questions:
    """What the store must look up before one message can be decided. Pure: made from the message alone."""

    addresses: frozenset[str]  # From, To, Cc, addresses in commands
    message_ids: tuple[str, ...]  # foreign ids in In-Reply-To and References
    tickets: frozenset[int]  # from tokens, own Message-IDs and tags
    serials: frozenset[int]  # outbox ids from MESSAGE and BOUNCE tokens
    content_key: str
    sender: str  # normal form, "" when there is none
    skeleton: str = ""
    image_hashes: frozenset[str] = frozenset()  # of pictures, for the repeated logo (3.4)
    returned: frozenset[int] = frozenset()  # outbox ids from the return paths that a bounce came to (8.2)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail of ours, as the rules need it."""

    serial: int
    ticket: int
    address: str
    template: str
    escalation: bool = False
    private: bool = False  # it showed a private note
    held: tuple[int, ...] = ()  # the held comments that it told of: a reply to it confirms these (4.3, 4.5)
    severity_tag: str = ""
    tags: tuple[str, ...] = ()  # action tags of the mail that it answered (3.6)
    sent: datetime | None = None  # or due, as long as it waits


@dataclass(frozen=True, slots=True)
class Returned:
    """The reader of one mail of ours that came back, and what is on record of his other ones (8.2)."""

    person: Person
    sent: datetime | None = None  # when the mail was written
    revived: datetime | None = None  # when his address was last switched on again
    reports: Mapping[int, bool] = field(default_factory=dict)  # by delivery, lately: whether it failed


@dataclass(frozen=True, slots=True)
class Turn:
    """A mail that came to a ticket within the last hour. `sign`: what it was in a loop (rules/loops, 8.3)."""

    at: datetime  # when it was decided
    sender: str
    skeleton: str
    sign: str = ""  # alike | quick | stopped | still, "" for none


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is on record about one message's questions."""

    people: Mapping[str, Person] = field(default_factory=dict)  # by address; every asked address has an entry
    tickets: Mapping[int, Ticket] = field(default_factory=dict)
    threads: tuple[KnownMessage, ...] = ()
    deliveries: Mapping[int, Delivery] = field(default_factory=dict)
    duplicate_of: str = ""  # id of the message with the same content key, "" when none
    acknowledged: int = 0  # acknowledgements to the sender within the last hour
    acknowledged_today: int = 0  # within the last day
    answered_in_all: int = 0  # acknowledgements and problem mails to anybody within the last hour
    alike: int = 0  # mails of the sender in the same words that were acknowledged within the last hour
    turns: Mapping[int, tuple[Turn, ...]] = field(
        default_factory=dict
    )  # by ticket: its mail of the last hour
    mailed: Mapping[int, datetime] = field(
        default_factory=dict
    )  # by ticket: when the sender last had our mail
    accounts: Mapping[str, Account] = field(default_factory=dict)  # by name
    teams: tuple[Team, ...] = ()  # in the order of the people file
    supervisors: tuple[Person, ...] = ()
    repeated_images: frozenset[str] = frozenset()  # of image_hashes: seen in earlier mail of this sender
    returned: Mapping[int, Returned] = field(default_factory=dict)  # by outbox id, for bounces only
