"""Deliveries whose answer was lost, and attempts that only met a dead relay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("doubtful", sa.Integer(), server_default="0", nullable=False))
    op.add_column("outbox", sa.Column("idle", sa.Integer(), server_default="0", nullable=False))
