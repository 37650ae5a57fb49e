"""Tables of what mailgate keeps for itself."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from mailgate.store.columns import flag, metadata, time
from mailgate.store.types import Clean

# What the database was last worked through for: a name and a digest of the settings then.
marks = Table(
    "marks",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Clean, nullable=False),
)
keys = Table(
    "keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("secret", LargeBinary, nullable=False),
    time("created", needed=True),
    flag("retired"),
)
