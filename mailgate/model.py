"""The words of the house: every value that passes from one room to another.

Laws: names only, no behaviour beyond a lookup; frozen and slotted; times are aware and UTC; addresses are in
normal form (lower case, domain as A-labels) wherever a field is called `address`, as written where it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Literal, get_args

# ---------------------------------------------------------------- closed lists


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


Language = Literal["en", "fr", "de", "es", "it", "nl", "pt"]
LANGUAGES: tuple[str, ...] = get_args(Language)  # those that `templates/` speaks (6.2)


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


class Trust(StrEnum):
    AUTHENTICATED = "authenticated"
    PROOF = "proof"
    UNVERIFIED = "unverified"


class Role(StrEnum):
    """What a sender is to one ticket; `has a part` = all but STRANGER (BEHAVIOUR §0)."""

    ASSIGNEE = "assignee"
    COLLEAGUE = "colleague"  # same account: customer side
    RECIPIENT = "recipient"  # an active recipient from outside the account
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    STRANGER = "stranger"


class Purpose(StrEnum):
    """What a signed token is for; the value is its letter inside the token."""

    REPLY = "r"  # Reply-To address of one person on one ticket
    MESSAGE = "m"  # Message-ID of one notification
    BOUNCE = "b"  # return path of one delivery
    TEAM = "t"  # reply address issued to a team or to the notify list: serves agents (4.5)
    LEAVE = "l"  # unsubscribe address of one recipient


class AttachmentState(StrEnum):
    KEPT = "kept"
    LEFT_OUT = "left_out"  # over the cap; stays in the raw message
    INLINE = "inline"  # a picture shown inside the HTML by cid:
    IGNORED = "ignored"  # signature part, calendar reply, repeated logo, winmail.dat wrapper


# ---------------------------------------------------------------- 1. what a door hands over


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who said what to which door, beside the raw bytes. `mail_from` "" is the null sender."""

    id: str  # uuid7, minted by the spool: the exactly-once key all the way
    received: datetime
    door: str  # smtp | lmtp | pipe | imap | import | http
    mail_from: str  # as written
    rcpt_to: tuple[str, ...]  # as written, in order
    peer: str = ""  # IP address of the client, "" where there is none
    helo: str = ""
    tls: bool = False
    auth_user: str = ""  # SMTP AUTH login, "" when none
    auth_addresses: tuple[str, ...] = ()  # the From addresses this login may use
    smtputf8: bool = False
    quiet: bool = False  # old mail: it makes tickets and comments, and nobody is told of them


# ---------------------------------------------------------------- 2. what a mail says


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of a header. `address` in normal form, `name` decoded and safe to show."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a message. Its bytes stay in the raw message, under `part`."""

    part: str  # stable part path: "2", "2.1", "2/winmail/1" for a file inside winmail.dat
    filename: str  # decoded and safe, unique in its message
    content_type: str  # sniffed, not believed
    declared_type: str
    size: int  # decoded bytes
    sha256: str
    md5: str
    content_id: str = ""  # without the angle brackets
    inline: bool = False  # referred to by cid: from an HTML body
    ignored: str = ""  # why it never counts ("signature part", "calendar reply", …), "" when it does


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The header block of a forward inside the text."""

    from_: str
    to: str
    subject: str
    date: str
    text: str


@dataclass(frozen=True, slots=True)
class BounceReport:
    """One recipient of a delivery status notification (RFC 3464)."""

    recipient: str
    action: str  # failed (refused) | expired (nobody refused, the time ran out) | delayed
    status: str  # enhanced status code (RFC 3463), "" when unknown
    diagnostic: str
    permanent: bool
    dead: bool  # the address does not exist (8.2)
    original_message_id: str = ""


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """All that the rules may know of a message. Made by mail/parse; whatever the bytes, one of these comes out."""

    size: int
    sha256: str  # of the raw bytes
    content_key: str  # equal for "the same mail twice" (2.7)
    message_id: str = ""  # with angle brackets, "" when missing or unusable
    in_reply_to: tuple[str, ...] = ()  # with angle brackets
    references: tuple[str, ...] = ()
    date: datetime | None = None  # aware, in the offset the sender wrote
    subject: str = ""  # decoded, unfolded, as the sender wrote it
    from_: tuple[Address, ...] = ()  # every mailbox of every From header
    sender: Address | None = None  # the one strict From (T8); None when it is ambiguous or unusable
    sender_defect: str = ""  # why `sender` is None
    from_raw: str = ""  # the From header as it came, decoded only for display
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()  # (lower-case name, unfolded value), in order
    full_text: str = ""  # the whole readable text, before anything is cut
    text: str = ""  # the new text
    quoted: str = ""
    signature: str = ""
    forwarded: Forwarded | None = None
    is_forward: bool = False  # the mail as a whole is a forward: content, never cut
    language: str = ""  # of the new text, "" when unsure
    attachments: tuple[Attachment, ...] = ()
    top_type: str = "text/plain"  # content type of the whole message
    report_type: str = ""  # report-type parameter of multipart/report
    bounces: tuple[BounceReport, ...] | None = None  # None: not a bounce
    defects: tuple[str, ...] = ()  # what was malformed, in words
    skeleton: str = ""  # equal for new texts that are alike but for numbers, ids and dates (8.3)

    def header(self, name: str) -> str:
        """The first value of a header ("" when missing); `name` in lower case."""
        return next((value for key, value in self.headers if key == name), "")

    def all_headers(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One result of an Authentication-Results header (RFC 8601 §2.3) or of our own check."""

    method: str  # spf | dkim | dmarc | auth | …
    result: str  # pass | fail | none | temperror | …
    domain: str = ""  # the domain it speaks of (header.d, header.from, smtp.mailfrom)
    policy: str = ""  # for dmarc: none | quarantine | reject, where it is said
    helo: bool = False  # for spf: the domain is that of HELO, which counts for the null sender only


@dataclass(frozen=True, slots=True)
class AuthResult:
    """Whether the sender is who he says (4.1), before any proof is looked at."""

    authenticated: bool
    how: str  # in words, for the reasons: "the client 127.0.0.1 is in trust.networks"
    results: tuple[MethodResult, ...] = ()
    dmarc_fail: bool = False  # DMARC failed where the domain asks for reject or quarantine (4.6)


# ---------------------------------------------------------------- 3. what is on record


@dataclass(frozen=True, slots=True)
class Key:
    """One signing key. The newest that is not retired mints, all verify until they expire."""

    id: int  # 0..255
    secret: bytes = field(repr=False)
    created: datetime
    retired: bool = False


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """What a token with a good signature says. Expiry is the caller's to judge, from `issued`."""

    purpose: Purpose
    ticket: int  # 0 where the purpose has none
    person: int  # id of the person or team it was issued to, 0 for none
    serial: int  # outbox id for MESSAGE and BOUNCE, else 0
    issued: datetime  # to the hour
    key: int


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an address. `id` is None for an address that nobody has on record yet."""

    address: str
    id: int | None = None
    name: str = ""
    language: str = ""  # own setting, "" when none
    account: str = ""  # name of the account, "" for nobody's
    agent: bool = False
    supervisor: bool = False
    teams: tuple[str, ...] = ()
    authenticated_before: bool = False
    dead: bool = False  # mail to this address bounced for good


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    eu_support: str = ""  # data centre, "" for none
    language: str = ""


@dataclass(frozen=True, slots=True)
class Team:
    name: str
    address: str
    categories: tuple[str, ...]
    region: str = ""  # "eu" or ""
    agents: tuple[Person, ...] = ()
    person: int = 0  # the people-row that stands for the team's address (tokens are issued to it)
    language: str = ""
    hours: str = ""  # of work, as `mailgate.hours` reads them; "" and None: as the settings say
    timezone: str = ""
    holidays: tuple[str, ...] | None = None


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


# ---------------------------------------------------------------- 4. what follows


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


# ---------------------------------------------------------------- 5. what is owed


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
