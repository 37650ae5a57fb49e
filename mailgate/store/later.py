"""Rows that nobody reads before the end of a batch, kept back and inserted all at once.

One statement costs as much as ten rows of it: with 50 mails a batch this is half of the worker's time.

Laws: only inside `deferring`; what a later mail of the batch may ask for is flushed first (`before_reading`); a fault
shows at the flush and cannot be laid at one mail's door, so the caller rolls the whole batch back and works it again
with a savepoint a mail.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Insert, func, select, text

from mailgate.store.engine import batch_of
from mailgate.store.schema import comments

_STATEMENTS: dict[str, Insert] = {}
# A table before those that refer to it.
_ORDER = ("messages", "raw", "comments", "attachments", "recipients", "history", "images", "outbox")
_LAST_COMMENT = select(func.coalesce(func.max(comments.c.id), 0))
_COMMENT_IDS = text("SELECT nextval(pg_get_serial_sequence('comments', 'id')) FROM generate_series(1, :many)")
_BLOCK = 20


@contextmanager
def deferring(conn: Connection) -> Iterator[None]:
    """Inside, `insert` keeps rows back; at the end they are written. Raises what the database says of them."""
    batch = batch_of(conn)
    batch.later = {}
    try:
        yield
        flush(conn)
    finally:
        batch.later = batch.comment_ids = None
        batch.people.clear()


def insert(conn: Connection, statement: Insert, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows into one of our tables now, or, while deferring, with the others of the batch."""
    batch = batch_of(conn)
    if batch.later is None:
        conn.execute(statement, rows)
        return
    name = statement.table.name
    _STATEMENTS[name] = statement
    batch.later.setdefault(name, []).extend(rows)


def comment_id(conn: Connection) -> int | None:
    """An id for a comment whose row comes later; None where the row is inserted at once and gets its own.

    On SQLite nobody else writes until this transaction ends; on PostgreSQL the sequence gives a block.
    """
    batch = batch_of(conn)
    if batch.later is None:
        return None
    if batch.comment_ids is None:
        if conn.dialect.name == "sqlite":
            batch.comment_ids = itertools.count((conn.scalar(_LAST_COMMENT) or 0) + 1)
        else:
            batch.comment_ids = _from_sequence(conn)
    return next(batch.comment_ids)


def _from_sequence(conn: Connection) -> Iterator[int]:
    while True:
        yield from conn.scalars(_COMMENT_IDS, {"many": _BLOCK}).all()


def flush(conn: Connection) -> None:
    """Write what was kept back."""
    waiting = batch_of(conn).later
    if not waiting:
        return
    for name in _ORDER:
        if rows := waiting.pop(name, None):
            conn.execute(_STATEMENTS[name], rows)
    assert not waiting, f"no order is known for {sorted(waiting)}"


def before_reading(conn: Connection, ticket: int, table: str) -> None:
    """Call it before reading what may have been kept back for a ticket."""
    waiting = batch_of(conn).later
    if waiting and any(row["ticket_id"] == ticket for row in waiting.get(table, ())):
        flush(conn)
