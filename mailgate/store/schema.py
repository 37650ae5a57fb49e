"""Every table. One version of the database is one revision in `migrations/versions`; HEAD names the newest.

Laws: names only, no queries; what many workers must not do twice is a uniqueness constraint here; times are `Utc`,
text from outside is `Clean`, so that SQLite and PostgreSQL behave alike. Duplicates of content are decided by the
rules (2.7), therefore no constraint on `content_key`.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from mailgate.store.columns import count, flag, message_ref, metadata, ref, text_column, time
from mailgate.store.types import Clean, Id, Json

HEAD = "0007"

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Clean, nullable=False, unique=True),
    text_column("eu_support"),
    text_column("language"),
    flag("active", on=True),
)


def _of_account(table: str, what: str) -> Table:
    return Table(
        table, metadata, Column(what, Clean, primary_key=True), ref("account_id", "accounts.id", needed=True)
    )


account_domains = _of_account("account_domains", "domain")
account_addresses = _of_account("account_addresses", "address")
people = Table(
    "people",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", Clean, nullable=False, unique=True),
    text_column("name"),
    text_column("language"),
    ref("account_id", "accounts.id", index=True),
    flag("agent"),
    flag("supervisor"),
    flag("authenticated_before"),
    flag("dead"),
)
teams = Table(
    "teams",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Clean, nullable=False, unique=True),
    Column("address", Clean, nullable=False),
    text_column("region"),
    text_column("language"),
    count("position"),
    flag("active", on=True),
    ref("person_id", "people.id", needed=True),
    text_column("hours"),
    text_column("timezone"),
    Column("holidays", Json),  # NULL: as the settings say
)
team_categories = Table(
    "team_categories",
    metadata,
    ref("team_id", "teams.id", needed=True, key=True),
    Column("category", Clean, primary_key=True),
    count("position"),
)
team_members = Table(
    "team_members",
    metadata,
    ref("team_id", "teams.id", needed=True, key=True),
    ref("person_id", "people.id", needed=True, key=True),
)

DUE = "due_at IS NOT NULL"
ENDED = "status = 'resolved'"
tickets = Table(
    "tickets",
    metadata,
    Column("id", Id, primary_key=True),
    text_column("title"),
    text_column("category"),
    Column("severity", SmallInteger, nullable=False),
    Column("status", String(10), nullable=False),
    ref("assignee_id", "people.id", needed=True, index=True),
    ref("team_id", "teams.id", index=True),
    ref("account_id", "accounts.id", index=True),
    text_column("language"),
    flag("notify", on=True),
    text_column("eu_support"),
    Column("escalation_level", SmallInteger, nullable=False, server_default="0"),
    count("escalation_steps"),
    flag("agent_answered"),
    count("files_kept"),
    ref("follows_id", "tickets.id"),
    time("created", needed=True),
    time("updated", needed=True),
    time("resolved_at"),
    time("closed_at"),
    time("last_step"),
    time("last_progress"),
    text_column("waits"),
    time("asked"),
    time("status_since"),
    time("reminded"),
    time("due_at"),  # when the clock must look at it, by the settings that `marks` names
    CheckConstraint("severity BETWEEN 1 AND 3", name="severity"),
    CheckConstraint("escalation_level BETWEEN 0 AND 3", name="escalation_level"),
    Index(None, "status", "severity", "created"),
    Index("ix_tickets_due_at", "due_at", postgresql_where=text(DUE), sqlite_where=text(DUE)),
    # `status` in front, or SQLite takes the index above and sorts
    Index(
        "ix_tickets_resolved_at",
        "status",
        "resolved_at",
        postgresql_where=text(ENDED),
        sqlite_where=text(ENDED),
    ),
)

# The ledger (1.4, 1.5): one row for each accepted message, written with its effects.
messages = Table(
    "messages",
    metadata,
    Column("id", String(36), primary_key=True),
    text_column("spool"),
    time("received", needed=True),
    time("decided", needed=True),
    Column("door", String(10), nullable=False),
    Column("envelope", Json, nullable=False),
    text_column("rfc_id"),
    text_column("content_key"),
    text_column("sender"),
    text_column("sender_name"),
    text_column("subject"),
    Column("participants", Json, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("kind", String(30), nullable=False, server_default=""),
    Column("outcome", String(20), nullable=False),
    Column("reasons", Json, nullable=False),
    Column("decision", Json, nullable=False),
    text_column("error"),
    text_column("duplicate_of"),
    flag("private"),
    ref("ticket_id", "tickets.id"),
    Column("comment_id", Id),
    Column("skeleton", String(32), nullable=False, server_default=""),
    Column("turn", String(10), nullable=False, server_default=""),
    Index(None, "ticket_id", "decided"),
    Index(None, "rfc_id"),
    Index(None, "content_key"),
    Index(None, "spool", "outcome"),
    Index(None, "outcome", "received"),
)
raw = Table(
    "raw",
    metadata,
    Column("message_id", String(36), ForeignKey("messages.id"), primary_key=True),
    Column("codec", String(10), nullable=False),
    Column("size", Integer, nullable=False),
    text_column("location"),
    Column("data", LargeBinary),
)
images = Table(
    "images",
    metadata,
    Column("sender", Clean, primary_key=True),
    Column("sha256", String(64), primary_key=True),
    time("first_seen", needed=True),
)

comments = Table(
    "comments",
    metadata,
    Column("id", Id, primary_key=True),
    ref("ticket_id", "tickets.id", needed=True),
    ref("author_id", "people.id"),
    text_column("author_name"),
    text_column("text"),
    text_column("quoted"),
    text_column("signature"),
    Column("state", String(10), nullable=False),
    flag("unverified"),
    Column("why_held", String(20), nullable=False, server_default=""),
    message_ref(index=True),
    time("created", needed=True),
    Index(None, "ticket_id", "id"),
)
attachments = Table(
    "attachments",
    metadata,
    Column("id", Id, primary_key=True),
    ref("ticket_id", "tickets.id", index=True),
    ref("comment_id", "comments.id", index=True),
    message_ref(),
    Column("part", Clean, nullable=False),
    text_column("filename"),
    text_column("content_type"),
    text_column("declared_type"),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("md5", String(32), nullable=False),
    text_column("content_id"),
    Column("state", String(10), nullable=False),
    text_column("why"),
    UniqueConstraint("message_id", "part"),
)
recipients = Table(
    "recipients",
    metadata,
    ref("ticket_id", "tickets.id", needed=True, key=True),
    ref("person_id", "people.id", needed=True, key=True),
    Column("state", String(10), nullable=False),
    ref("named_by", "people.id"),
    time("joined", needed=True),
    Index(None, "person_id"),
)
devices = Table(
    "devices",
    metadata,
    ref("ticket_id", "tickets.id", needed=True, key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Clean, nullable=False),
    UniqueConstraint("ticket_id", "name"),
)
history = Table(
    "history",
    metadata,
    Column("id", Id, primary_key=True),
    ref("ticket_id", "tickets.id", needed=True),
    time("at", needed=True),
    Column("code", String(40), nullable=False),
    Column("params", Json, nullable=False),
    flag("private"),
    text_column("by"),
    message_ref(),
    Index(None, "ticket_id", "id"),
)
# One step sends once: two workers that take the same step meet in the constraint.
escalation_steps = Table(
    "escalation_steps",
    metadata,
    Column("id", Id, primary_key=True),
    ref("ticket_id", "tickets.id", needed=True),
    Column("step", Integer, nullable=False),
    Column("level", SmallInteger, nullable=False),
    text_column("asked_by"),
    text_column("reason"),
    time("at", needed=True),
    message_ref(),
    UniqueConstraint("ticket_id", "step"),
)

OWED = "state IN ('waiting', 'sending')"
# Counted in all against `ack_limit_total` (8.3): the templates of `rules.loops.ANSWERS`.
ANSWERED = "template IN ('acknowledgement', 'problem', 'ticket_view', 'ticket_list', 'help')"
# `due` is when a row may be claimed: the next attempt while it waits, the end of the lease while it is sent.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    ref("ticket_id", "tickets.id"),
    ref("person_id", "people.id"),
    Column("address", Clean, nullable=False),
    Column("audience", String(20), nullable=False),
    Column("template", String(40), nullable=False),
    Column("language", String(10), nullable=False, server_default=""),
    Column("context", Json, nullable=False),
    flag("inside"),
    flag("private"),
    flag("joinable"),
    Column("tags", Json, nullable=False),
    Column("held", Json),  # ids of the held comments that it tells of
    Column("message_id", Clean, nullable=False, unique=True),
    text_column("in_reply_to"),
    Column("references", Json, nullable=False),
    text_column("reply_to"),
    text_column("return_path"),
    text_column("leave_address"),
    time("created", needed=True),
    Column("state", String(10), nullable=False),
    time("due", needed=True),
    count("attempts"),
    time("lease_until"),
    time("next_attempt"),
    time("finished"),
    count("last_code"),
    text_column("last_error"),
    count("doubtful"),  # attempts whose answer was lost: it may have arrived
    count("idle"),  # attempts that only met a dead relay
    Column("mail", LargeBinary),
    Index("ix_outbox_answered", "created", postgresql_where=text(ANSWERED), sqlite_where=text(ANSWERED)),
    Index("ix_outbox_due", "due", postgresql_where=text(OWED), sqlite_where=text(OWED)),
    Index(None, "state"),
    Index(None, "ticket_id", "person_id", "id"),
    Index(None, "address", "created"),
)
bounces = Table(
    "bounces",
    metadata,
    Column("id", Id, primary_key=True),
    Column("outbox_id", Id, ForeignKey("outbox.id"), index=True),
    ref("ticket_id", "tickets.id"),
    ref("person_id", "people.id"),
    message_ref(),
    text_column("recipient"),
    text_column("action"),
    text_column("status"),
    text_column("diagnostic"),
    flag("permanent"),
    flag("dead"),
    time("at", needed=True),
    Index(None, "person_id", "at"),
    Index(None, "at"),
)
# Of everybody whose mail was ever switched off; `people.dead` says whether it still is.
dead_addresses = Table(
    "dead_addresses",
    metadata,
    ref("person_id", "people.id", needed=True, key=True),
    time("since", needed=True),
    text_column("why"),
    time("revived"),
)
# What the database was last worked through for: a name and a digest of the settings then.
marks = Table(
    "marks",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Clean, nullable=False),
)
keys = Table(
    "keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("secret", LargeBinary, nullable=False),
    time("created", needed=True),
    flag("retired"),
)
