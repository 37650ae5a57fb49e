"""Which held comments a mail told of, and what the assignee has been told (4.3, 4.5)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailgate.store import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tickets", sa.Column("waits", types.Clean(), server_default="", nullable=False))
    op.add_column("tickets", sa.Column("asked", types.Utc(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("held", types.Json(), nullable=True))
