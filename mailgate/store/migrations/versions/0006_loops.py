"""Which mail said the same words, and which answers went out lately (8.3)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("skeleton", sa.String(length=32), server_default="", nullable=False))
    op.add_column("messages", sa.Column("turn", sa.String(length=10), server_default="", nullable=False))
    op.create_index(op.f("ix_messages_ticket_id_decided"), "messages", ["ticket_id", "decided"], unique=False)
    op.drop_index(op.f("ix_messages_ticket_id"), table_name="messages")
    answered = "template IN ('acknowledgement', 'problem', 'ticket_view', 'ticket_list', 'help')"
    op.create_index(
        "ix_outbox_answered",
        "outbox",
        ["created"],
        unique=False,
        postgresql_where=sa.text(answered),
        sqlite_where=sa.text(answered),
    )
