"""Column types that mean the same on SQLite and PostgreSQL.

Laws: a time is aware and comes back in UTC; text never holds a NUL or half a surrogate pair, which PostgreSQL
refuses; JSON is plain text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

# SQLite numbers rows by itself only in a column declared INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")


def clean(value: str) -> str:
    """Text as both databases take it: without NUL, lone surrogates as "?"."""
    if "\0" in value:
        value = value.replace("\0", "")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").decode()
    return value


class Clean(TypeDecorator[str]):
    """Text of any length that went through `clean`."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        return lambda value: None if value is None else clean(value)


class Json(TypeDecorator[Any]):
    """A JSON value as text."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        return lambda value: None if value is None else clean(_encode(value))

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        return lambda value: None if value is None else json.loads(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


# One encoder for all: `json.dumps` with options makes one for each call.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode


class Utc(TypeDecorator[datetime]):
    """An instant. PostgreSQL: timestamptz; SQLite: ISO 8601 text of one width, so that text order is time order.

    Raises ValueError for a naive time.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(32) if dialect.name == "sqlite" else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        as_text = dialect.name == "sqlite"

        def store(value: datetime | None) -> Any:
            if value is None:
                return None
            if value.tzinfo is None:
                raise ValueError("a time without a zone cannot be stored")
            if value.tzinfo is not UTC:
                value = value.astimezone(UTC)
            return value.isoformat(timespec="microseconds") if as_text else value

        return store

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        def load(value: Any) -> datetime | None:
            if value is None:
                return None
            return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)

        return load
