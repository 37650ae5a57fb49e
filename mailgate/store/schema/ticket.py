"""Tables of a ticket and of what stands on it."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from mailgate.store.columns import count, flag, message_ref, metadata, ref, text_column, time
from mailgate.store.types import Clean, Id, Json

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
