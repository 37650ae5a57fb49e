"""When the clock must look at a ticket, since when it has its status, and the hours of teams (section 7)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailgate.store import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", types.Clean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )
    op.add_column("teams", sa.Column("hours", types.Clean(), server_default="", nullable=False))
    op.add_column("teams", sa.Column("timezone", types.Clean(), server_default="", nullable=False))
    op.add_column("teams", sa.Column("holidays", types.Json(), nullable=True))
    for name in ("status_since", "reminded", "due_at"):
        op.add_column("tickets", sa.Column(name, types.Utc(timezone=True), nullable=True))
    # The last change of a ticket is the best that is known of when it came to its status.
    op.execute("UPDATE tickets SET status_since = COALESCE(resolved_at, closed_at, updated)")
    for columns, where in (
        (["due_at"], "due_at IS NOT NULL"),
        (["status", "resolved_at"], "status = 'resolved'"),
    ):
        op.create_index(
            f"ix_tickets_{columns[-1]}",
            "tickets",
            columns,
            unique=False,
            postgresql_where=sa.text(where),
            sqlite_where=sa.text(where),
        )
