"""Column types that mean the same on SQLite and PostgreSQL.

Laws: a time is aware and comes back in UTC; text never holds a NUL or half a surrogate pair, which PostgreSQL
refuses; JSON is plain text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
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


def _clean(value: str | None) -> str | None:
    """`clean`, for a column: nearly all values are ASCII."""
    if value is None or (value.isascii() and "\0" not in value):
        return value
    return clean(value)


class Clean(TypeDecorator[str]):
    """Text of any length that went through `clean`."""

    impl = Text
    cache_ok = True

    @staticmethod
    def convert_all(values: list[str | None]) -> Iterable[str | None]:
        """A whole column: nearly always there is nothing to clean, and one look at all of it tells."""
        whole = "".join(filter(None, values))
        return values if whole.isascii() and "\0" not in whole else map(_clean, values)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        return _clean


class Json(TypeDecorator[Any]):
    """A JSON value as text."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        return lambda value: None if value is None else _encode(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        return lambda value: None if value is None else json.loads(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_encode_all = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode


def _encode(value: Any) -> str:
    """JSON text. orjson takes a tenth of the standard library's time, which was a tenth of the worker's; what it
    refuses (half a surrogate pair, a number over 64 bits) the other one writes."""
    try:
        return orjson.dumps(value, _plain, _OPTIONS).decode()
    except TypeError:
        return clean(_encode_all(value))


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


@lru_cache(maxsize=64)  # nearly all times of a batch are the same one
def _text(value: datetime) -> str:
    return _utc(value).isoformat(timespec="microseconds")


class Utc(TypeDecorator[datetime]):
    """An instant. PostgreSQL: timestamptz; SQLite: ISO 8601 text of one width, so that text order is time order.

    Raises ValueError for a naive time.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(32) if dialect.name == "sqlite" else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        if dialect.name == "sqlite":
            return lambda value: None if value is None else _text(value)
        return lambda value: None if value is None else _utc(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        def load(value: Any) -> datetime | None:
            if value is None:
                return None
            return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)

        return load
