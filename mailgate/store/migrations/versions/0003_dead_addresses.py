"""Since when and why an address gets no mail, and when it was switched on again (8.2)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailgate.store import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dead_addresses",
        sa.Column("person_id", types.Id, nullable=False),
        sa.Column("since", types.Utc(timezone=True), nullable=False),
        sa.Column("why", types.Clean(), server_default="", nullable=False),
        sa.Column("revived", types.Utc(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_dead_addresses_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_dead_addresses")),
    )
    op.create_index(op.f("ix_recipients_person_id"), "recipients", ["person_id"], unique=False)
    op.create_index(op.f("ix_bounces_at"), "bounces", ["at"], unique=False)
