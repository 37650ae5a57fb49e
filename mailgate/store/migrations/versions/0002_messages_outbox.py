"""The ledger, what is said on tickets, the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailgate.store import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "images",
        sa.Column("sender", types.Clean(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("first_seen", types.Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sender", "sha256", name=op.f("pk_images")),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("spool", types.Clean(), server_default="", nullable=False),
        sa.Column("received", types.Utc(timezone=True), nullable=False),
        sa.Column("decided", types.Utc(timezone=True), nullable=False),
        sa.Column("door", sa.String(length=10), nullable=False),
        sa.Column("envelope", types.Json(), nullable=False),
        sa.Column("rfc_id", types.Clean(), server_default="", nullable=False),
        sa.Column("content_key", types.Clean(), server_default="", nullable=False),
        sa.Column("sender", types.Clean(), server_default="", nullable=False),
        sa.Column("sender_name", types.Clean(), server_default="", nullable=False),
        sa.Column("subject", types.Clean(), server_default="", nullable=False),
        sa.Column("participants", types.Json(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=30), server_default="", nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reasons", types.Json(), nullable=False),
        sa.Column("decision", types.Json(), nullable=False),
        sa.Column("error", types.Clean(), server_default="", nullable=False),
        sa.Column("duplicate_of", types.Clean(), server_default="", nullable=False),
        sa.Column("private", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ticket_id", types.Id, nullable=True),
        sa.Column("comment_id", types.Id, nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_messages_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_content_key"), "messages", ["content_key"], unique=False)
    op.create_index(op.f("ix_messages_outcome_received"), "messages", ["outcome", "received"], unique=False)
    op.create_index(op.f("ix_messages_rfc_id"), "messages", ["rfc_id"], unique=False)
    op.create_index(op.f("ix_messages_spool_outcome"), "messages", ["spool", "outcome"], unique=False)
    op.create_index(op.f("ix_messages_ticket_id"), "messages", ["ticket_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", types.Id, autoincrement=False, nullable=False),
        sa.Column("ticket_id", types.Id, nullable=True),
        sa.Column("person_id", types.Id, nullable=True),
        sa.Column("address", types.Clean(), nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=10), server_default="", nullable=False),
        sa.Column("context", types.Json(), nullable=False),
        sa.Column("inside", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("private", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("joinable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("tags", types.Json(), nullable=False),
        sa.Column("message_id", types.Clean(), nullable=False),
        sa.Column("in_reply_to", types.Clean(), server_default="", nullable=False),
        sa.Column("references", types.Json(), nullable=False),
        sa.Column("reply_to", types.Clean(), server_default="", nullable=False),
        sa.Column("return_path", types.Clean(), server_default="", nullable=False),
        sa.Column("leave_address", types.Clean(), server_default="", nullable=False),
        sa.Column("created", types.Utc(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due", types.Utc(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", types.Utc(timezone=True), nullable=True),
        sa.Column("next_attempt", types.Utc(timezone=True), nullable=True),
        sa.Column("finished", types.Utc(timezone=True), nullable=True),
        sa.Column("last_code", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", types.Clean(), server_default="", nullable=False),
        sa.Column("mail", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_outbox_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_outbox_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index(op.f("ix_outbox_address_created"), "outbox", ["address", "created"], unique=False)
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["due"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'sending')"),
        sqlite_where=sa.text("state IN ('waiting', 'sending')"),
    )
    op.create_index(op.f("ix_outbox_state"), "outbox", ["state"], unique=False)
    op.create_index(
        op.f("ix_outbox_ticket_id_person_id_id"), "outbox", ["ticket_id", "person_id", "id"], unique=False
    )
    op.create_table(
        "bounces",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("outbox_id", types.Id, nullable=True),
        sa.Column("ticket_id", types.Id, nullable=True),
        sa.Column("person_id", types.Id, nullable=True),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.Column("recipient", types.Clean(), server_default="", nullable=False),
        sa.Column("action", types.Clean(), server_default="", nullable=False),
        sa.Column("status", types.Clean(), server_default="", nullable=False),
        sa.Column("diagnostic", types.Clean(), server_default="", nullable=False),
        sa.Column("permanent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("dead", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("at", types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_bounces_message_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_bounces_outbox_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_bounces_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_bounces_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
    )
    op.create_index(op.f("ix_bounces_outbox_id"), "bounces", ["outbox_id"], unique=False)
    op.create_index(op.f("ix_bounces_person_id_at"), "bounces", ["person_id", "at"], unique=False)
    op.create_table(
        "comments",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("ticket_id", types.Id, nullable=False),
        sa.Column("author_id", types.Id, nullable=True),
        sa.Column("author_name", types.Clean(), server_default="", nullable=False),
        sa.Column("text", types.Clean(), server_default="", nullable=False),
        sa.Column("quoted", types.Clean(), server_default="", nullable=False),
        sa.Column("signature", types.Clean(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("unverified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("why_held", sa.String(length=20), server_default="", nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.Column("created", types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_comments_author_id")),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_comments_message_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_comments_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_message_id"), "comments", ["message_id"], unique=False)
    op.create_index(op.f("ix_comments_ticket_id_id"), "comments", ["ticket_id", "id"], unique=False)
    op.create_table(
        "escalation_steps",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("ticket_id", types.Id, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("asked_by", types.Clean(), server_default="", nullable=False),
        sa.Column("reason", types.Clean(), server_default="", nullable=False),
        sa.Column("at", types.Utc(timezone=True), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_escalation_steps_message_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_escalation_steps_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_steps")),
        sa.UniqueConstraint("ticket_id", "step", name=op.f("uq_escalation_steps_ticket_id_step")),
    )
    op.create_table(
        "history",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("ticket_id", types.Id, nullable=False),
        sa.Column("at", types.Utc(timezone=True), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("params", types.Json(), nullable=False),
        sa.Column("private", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("by", types.Clean(), server_default="", nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_history_message_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_history_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    op.create_index(op.f("ix_history_ticket_id_id"), "history", ["ticket_id", "id"], unique=False)
    op.create_table(
        "raw",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("codec", sa.String(length=10), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("location", types.Clean(), server_default="", nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_raw_message_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_raw")),
    )
    op.create_table(
        "attachments",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("ticket_id", types.Id, nullable=True),
        sa.Column("comment_id", types.Id, nullable=True),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.Column("part", types.Clean(), nullable=False),
        sa.Column("filename", types.Clean(), server_default="", nullable=False),
        sa.Column("content_type", types.Clean(), server_default="", nullable=False),
        sa.Column("declared_type", types.Clean(), server_default="", nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("md5", sa.String(length=32), nullable=False),
        sa.Column("content_id", types.Clean(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", types.Clean(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_attachments_comment_id")),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_attachments_message_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_attachments_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("message_id", "part", name=op.f("uq_attachments_message_id_part")),
    )
    op.create_index(op.f("ix_attachments_comment_id"), "attachments", ["comment_id"], unique=False)
    op.create_index(op.f("ix_attachments_ticket_id"), "attachments", ["ticket_id"], unique=False)
