"""How the tables' columns are made: one way for each sort, so that both databases mean the same."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Integer, MetaData, String, text

from mailgate.store.types import Clean, Id, Utc

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def text_column(name: str, **more: Any) -> Column[str]:
    return Column(name, Clean, nullable=False, server_default="", **more)


def flag(name: str, *, on: bool = False) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("true" if on else "false"))


def count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


def time(name: str, *, needed: bool = False) -> Column[Any]:
    return Column(name, Utc, nullable=not needed)


def ref(
    name: str, target: str, *, needed: bool = False, key: bool = False, index: bool = False
) -> Column[int]:
    return Column(name, Id, ForeignKey(target), nullable=not needed, primary_key=key, index=index)


def message_ref(*, index: bool = False) -> Column[str]:
    # A batch writes its ledger rows last, all at once; the commit sees to it that they are there.
    target = ForeignKey("messages.id", deferrable=True, initially="DEFERRED")
    return Column("message_id", String(36), target, index=index)
