"""The keys of tokens, in the store so that all nodes share them. The newest that is not retired mints."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailgate.errors import NotFound
from mailgate.model import Key
from mailgate.store.prepared import Prepared
from mailgate.store.schema import keys

KEYS = 256  # the key id is one byte of a token
SECRET_BYTES = 32
_ALL = Prepared(select(keys).order_by(keys.c.created.desc(), keys.c.id.desc()))


def load(conn: Connection) -> tuple[Key, ...]:
    """Every key, newest first: all of them verify."""
    return tuple(Key(row.id, bytes(row.secret), row.created, row.retired) for row in _ALL.rows(conn))


def minting(conn: Connection) -> Key:
    """The key that mints. Raises NotFound before the first start."""
    for key in load(conn):
        if not key.retired:
            return key
    raise NotFound("no key for signed addresses yet; `mailgate serve` makes the first")


def ensure(conn: Connection, at: datetime) -> Key:
    """Make the first key unless there is one, also when two nodes start at once; the key that mints."""
    if not load(conn):
        make = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
        values = {"id": 0, "secret": secrets.token_bytes(SECRET_BYTES), "created": at, "retired": False}
        conn.execute(make(keys).values(values).on_conflict_do_nothing())
    return minting(conn)


def rotate(conn: Connection, at: datetime) -> Key:
    """A new key mints from now on; the old ones go on verifying. After 256 the oldest makes room."""
    known = load(conn)
    used = {key.id for key in known}
    id = next((n for n in range(KEYS) if n not in used), None)
    if id is None:
        id = known[-1].id
        conn.execute(delete(keys).where(keys.c.id == id))
    conn.execute(update(keys).values(retired=True))
    conn.execute(
        insert(keys), {"id": id, "secret": secrets.token_bytes(SECRET_BYTES), "created": at, "retired": False}
    )
    return minting(conn)


def outlived(conn: Connection, now: datetime, days: float) -> list[int]:
    """The keys whose every token is older than `days` (`gateway.token_days`): each signed until the next one was made,
    and a day is added for nodes that had not heard of that yet."""
    until = now - timedelta(days=days + 1)
    return [older.id for newer, older in pairwise(load(conn)) if older.retired and newer.created <= until]


def expire(conn: Connection, now: datetime, days: float) -> int:
    """Delete those; how many."""
    gone = outlived(conn, now, days)
    if gone:
        conn.execute(delete(keys).where(keys.c.id.in_(gone)))
    return len(gone)
