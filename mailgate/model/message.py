"""A mail as it came and what it says: the envelope of RFC 5321 and the message of RFC 5322, read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
