"""What a batch writes, kept back and written all at once; and the ids of rows that are not written yet.

One statement costs as much as ten rows of it, so a batch of 50 mails is written in about fifteen statements.

Laws: only inside `deferring`; whoever reads what may have been kept back flushes first; a fault shows at the flush and
cannot be laid at one mail's door, so the caller rolls the whole batch back and works it again, each mail with a
savepoint and a `deferring` of its own. An id that is given out here is given to nobody else: on SQLite nobody else
writes until this transaction ends, on PostgreSQL the table's sequence gives it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Integer, String, Table, bindparam, case, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import ClauseElement

from mailgate.store.engine import batch_of
from mailgate.store.prepared import Prepared
from mailgate.store.schema import (
    attachments,
    bounces,
    comments,
    devices,
    escalation_steps,
    history,
    images,
    messages,
    outbox,
    people,
    raw,
    recipients,
    tickets,
)

T = TypeVar("T")
Values = dict[str, Any]
Work = Callable[[Connection, list[Any]], None]

# A table before those that refer to it.
_ORDER = (
    people, tickets, devices, escalation_steps, messages, raw, comments, attachments, recipients, history, images,
    outbox, bounces,
)  # fmt: skip
_BLOCK = {
    "comments": 20
}  # ids taken from PostgreSQL's sequence at once; of tickets one, or their numbers had gaps


def _recipient(dialect: str) -> ClauseElement:
    made: Any = (postgresql if dialect == "postgresql" else sqlite).insert(recipients)
    becomes_active = (made.excluded.state == "active") & (recipients.c.state != "active")
    upsert: ClauseElement = made.on_conflict_do_update(
        index_elements=["ticket_id", "person_id"],
        set_={
            "state": made.excluded.state,
            "named_by": made.excluded.named_by,
            "joined": case((becomes_active, made.excluded.joined), else_=recipients.c.joined),
        },
    )
    return upsert


_INSERTS = {table.name: Prepared(insert(table)) for table in _ORDER}
_INSERTS["recipients"] = Prepared({dialect: _recipient(dialect) for dialect in ("sqlite", "postgresql")})
_INSERTS["images"] = Prepared(
    {
        "sqlite": sqlite.insert(images).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(images).on_conflict_do_nothing(),
    }
)


_LAST = {
    table.name: Prepared(select(func.max(table.c.id).label("id"))) for table in (people, tickets, comments)
}
_SEQUENCE = Prepared(
    select(
        func.nextval(func.pg_get_serial_sequence(bindparam("name", type_=String), "id")).label("id")
    ).select_from(func.generate_series(1, bindparam("many", type_=Integer)).alias("n"))
)


@dataclass(slots=True)
class Waiting:
    """What is kept back."""

    rows: dict[str, list[Values]] = field(default_factory=dict)  # to be inserted, by table
    changes: dict[str, dict[int, Values]] = field(default_factory=dict)  # of rows that are there: table, id
    work: dict[Work, list[Any]] = field(
        default_factory=dict
    )  # done first at the flush, with all that it was given
    ids: dict[str, Iterator[int]] = field(default_factory=dict)  # by table


@contextmanager
def deferring(conn: Connection) -> Iterator[None]:
    """Inside, rows are kept back; at the end of the outermost one they are written.

    Raises what the database says of them.
    """
    batch = batch_of(conn)
    if batch.waiting is not None:
        yield
        return
    batch.waiting = Waiting()
    try:
        yield
        flush(conn)
    finally:
        batch.waiting = None
        batch.people.clear()


def insert_rows(conn: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows into one of our tables, all with the same columns."""
    waiting = batch_of(conn).waiting
    if waiting is None:
        _INSERTS[table.name].many(conn, rows)
    else:
        waiting.rows.setdefault(table.name, []).extend(rows)


def change(conn: Connection, table: Table, id: int, values: Values) -> None:
    """Set columns of one row of `people` or `tickets`; what comes later has the last word."""
    waiting = batch_of(conn).waiting
    if waiting is None:
        _update(table, tuple(values)).run(conn, {"key": id, **values})
    elif (row := waiting_row(conn, table, id)) is not None:
        row.update(values)
    else:
        waiting.changes.setdefault(table.name, {}).setdefault(id, {}).update(values)


def waiting_row(conn: Connection, table: Table, id: int | str) -> Values | None:
    """A row that is still to be inserted, and may be changed until then."""
    waiting = batch_of(conn).waiting
    rows = waiting.rows.get(table.name, ()) if waiting is not None else ()
    return next((row for row in reversed(rows) if row["id"] == id), None)


def put_off(conn: Connection, work: Callable[[Connection, list[T]], None], item: T) -> None:
    """Have `work` done at the flush, once, with all items that were put off for it, in their order."""
    waiting = batch_of(conn).waiting
    if waiting is None:
        work(conn, [item])
    else:
        waiting.work.setdefault(work, []).append(item)


def next_id(conn: Connection, table: Table) -> int:
    """The id of a row that is inserted later."""
    waiting = batch_of(conn).waiting
    ids = waiting.ids.get(table.name) if waiting is not None else None
    if ids is None:
        ids = _from_last(conn, table) if conn.dialect.name == "sqlite" else _from_sequence(conn, table)
        if waiting is not None:
            waiting.ids[table.name] = ids
    return next(ids)


def _from_last(conn: Connection, table: Table) -> Iterator[int]:
    (last,) = _LAST[table.name].rows(conn)
    return itertools.count((last.id or 0) + 1)


def _from_sequence(conn: Connection, table: Table) -> Iterator[int]:
    while True:
        for row in _SEQUENCE.rows(conn, {"name": table.name, "many": _BLOCK.get(table.name, 1)}):
            yield row.id


def flush(conn: Connection) -> None:
    """Write what was kept back."""
    waiting = batch_of(conn).waiting
    if waiting is None:
        return
    for work in list(waiting.work):
        work(conn, waiting.work.pop(work))
    for table in _ORDER:
        if rows := waiting.rows.pop(table.name, None):
            _INSERTS[table.name].many(conn, rows)
        if changes := waiting.changes.pop(table.name, None):
            _write_changes(conn, table, changes)
    assert not waiting.rows, f"no order is known for {sorted(waiting.rows)}"


def _write_changes(conn: Connection, table: Table, changes: dict[int, Values]) -> None:
    by_columns: dict[tuple[str, ...], list[Values]] = {}
    for id, values in sorted(changes.items()):  # many workers lock rows in one order
        by_columns.setdefault(tuple(sorted(values)), []).append({"key": id, **values})
    for names, rows in by_columns.items():
        _update(table, names).many(conn, rows)


@lru_cache(maxsize=256)
def _update(table: Table, names: tuple[str, ...]) -> Prepared:
    changed = update(table).where(table.c.id == bindparam("key"))
    return Prepared(changed.values({name: bindparam(name) for name in names}))
