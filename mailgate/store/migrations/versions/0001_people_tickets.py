"""Accounts, people, teams, tickets, recipients, devices, keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailgate.store import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("name", types.Clean(), nullable=False),
        sa.Column("eu_support", types.Clean(), server_default="", nullable=False),
        sa.Column("language", types.Clean(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created", types.Utc(timezone=True), nullable=False),
        sa.Column("retired", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
    )
    op.create_table(
        "account_addresses",
        sa.Column("address", types.Clean(), nullable=False),
        sa.Column("account_id", types.Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_addresses_account_id")
        ),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_account_addresses")),
    )
    op.create_table(
        "account_domains",
        sa.Column("domain", types.Clean(), nullable=False),
        sa.Column("account_id", types.Id, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_account_domains_account_id")),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_account_domains")),
    )
    op.create_table(
        "people",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("address", types.Clean(), nullable=False),
        sa.Column("name", types.Clean(), server_default="", nullable=False),
        sa.Column("language", types.Clean(), server_default="", nullable=False),
        sa.Column("account_id", types.Id, nullable=True),
        sa.Column("agent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("supervisor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("authenticated_before", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("dead", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_people_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("address", name=op.f("uq_people_address")),
    )
    op.create_index(op.f("ix_people_account_id"), "people", ["account_id"], unique=False)
    op.create_table(
        "teams",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("name", types.Clean(), nullable=False),
        sa.Column("address", types.Clean(), nullable=False),
        sa.Column("region", types.Clean(), server_default="", nullable=False),
        sa.Column("language", types.Clean(), server_default="", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("person_id", types.Id, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_teams_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("name", name=op.f("uq_teams_name")),
    )
    op.create_table(
        "team_categories",
        sa.Column("team_id", types.Id, nullable=False),
        sa.Column("category", types.Clean(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_categories_team_id")),
        sa.PrimaryKeyConstraint("team_id", "category", name=op.f("pk_team_categories")),
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", types.Id, nullable=False),
        sa.Column("person_id", types.Id, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_team_members_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_members_team_id")),
        sa.PrimaryKeyConstraint("team_id", "person_id", name=op.f("pk_team_members")),
    )
    op.create_table(
        "tickets",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("title", types.Clean(), server_default="", nullable=False),
        sa.Column("category", types.Clean(), server_default="", nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("assignee_id", types.Id, nullable=False),
        sa.Column("team_id", types.Id, nullable=True),
        sa.Column("account_id", types.Id, nullable=True),
        sa.Column("language", types.Clean(), server_default="", nullable=False),
        sa.Column("notify", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("eu_support", types.Clean(), server_default="", nullable=False),
        sa.Column("escalation_level", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("escalation_steps", sa.Integer(), server_default="0", nullable=False),
        sa.Column("agent_answered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("files_kept", sa.Integer(), server_default="0", nullable=False),
        sa.Column("follows_id", types.Id, nullable=True),
        sa.Column("created", types.Utc(timezone=True), nullable=False),
        sa.Column("updated", types.Utc(timezone=True), nullable=False),
        sa.Column("resolved_at", types.Utc(timezone=True), nullable=True),
        sa.Column("closed_at", types.Utc(timezone=True), nullable=True),
        sa.Column("last_step", types.Utc(timezone=True), nullable=True),
        sa.Column("last_progress", types.Utc(timezone=True), nullable=True),
        sa.CheckConstraint("escalation_level BETWEEN 0 AND 3", name=op.f("ck_tickets_escalation_level")),
        sa.CheckConstraint("severity BETWEEN 1 AND 3", name=op.f("ck_tickets_severity")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_tickets_account_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["people.id"], name=op.f("fk_tickets_assignee_id")),
        sa.ForeignKeyConstraint(["follows_id"], ["tickets.id"], name=op.f("fk_tickets_follows_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_tickets_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
    )
    op.create_index(op.f("ix_tickets_account_id"), "tickets", ["account_id"], unique=False)
    op.create_index(op.f("ix_tickets_assignee_id"), "tickets", ["assignee_id"], unique=False)
    op.create_index(
        op.f("ix_tickets_status_severity_created"), "tickets", ["status", "severity", "created"], unique=False
    )
    op.create_index(op.f("ix_tickets_team_id"), "tickets", ["team_id"], unique=False)
    op.create_table(
        "devices",
        sa.Column("ticket_id", types.Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", types.Clean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_devices_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "position", name=op.f("pk_devices")),
        sa.UniqueConstraint("ticket_id", "name", name=op.f("uq_devices_ticket_id_name")),
    )
    op.create_table(
        "recipients",
        sa.Column("ticket_id", types.Id, nullable=False),
        sa.Column("person_id", types.Id, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("named_by", types.Id, nullable=True),
        sa.Column("joined", types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["named_by"], ["people.id"], name=op.f("fk_recipients_named_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recipients_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_recipients_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "person_id", name=op.f("pk_recipients")),
    )
