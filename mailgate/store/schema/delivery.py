"""Tables of the mail that goes out, and of what became of it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, text

from mailgate.store.columns import count, flag, message_ref, metadata, ref, text_column, time
from mailgate.store.types import Clean, Id, Json

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
