"""Tables of the mail that came in."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from mailgate.store.columns import flag, metadata, ref, text_column, time
from mailgate.store.types import Clean, Id, Json

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
