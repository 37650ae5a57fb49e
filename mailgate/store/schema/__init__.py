"""Every table. One version of the database is one revision in `migrations/versions`; HEAD names the newest.

Laws: names only, no queries; what many workers must not do twice is a uniqueness constraint here; times are `Utc`,
text from outside is `Clean`, so that SQLite and PostgreSQL behave alike. Duplicates of content are decided by the
rules (2.7), therefore no constraint on `content_key`.
"""

from __future__ import annotations

from mailgate.store.columns import metadata
from mailgate.store.schema.delivery import ANSWERED, OWED, bounces, dead_addresses, outbox
from mailgate.store.schema.directory import (
    account_addresses,
    account_domains,
    accounts,
    people,
    team_categories,
    team_members,
    teams,
)
from mailgate.store.schema.ledger import images, messages, raw
from mailgate.store.schema.system import keys, marks
from mailgate.store.schema.ticket import (
    DUE,
    ENDED,
    attachments,
    comments,
    devices,
    escalation_steps,
    history,
    recipients,
    tickets,
)

__all__ = [
    "ANSWERED",
    "DUE",
    "ENDED",
    "HEAD",
    "OWED",
    "account_addresses",
    "account_domains",
    "accounts",
    "attachments",
    "bounces",
    "comments",
    "dead_addresses",
    "devices",
    "escalation_steps",
    "history",
    "images",
    "keys",
    "marks",
    "messages",
    "metadata",
    "outbox",
    "people",
    "raw",
    "recipients",
    "team_categories",
    "team_members",
    "teams",
    "tickets",
]

HEAD = "0007"
