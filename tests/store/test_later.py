"""Rows kept back to the end of a batch: fewer statements, and nobody who reads notices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select
from sqlalchemy.exc import IntegrityError

from mailgate.store import later, people
from mailgate.store.engine import Store, batch_of
from mailgate.store.schema import history, images, tickets

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
IMAGE = insert(images)


def image(n: int) -> dict[str, Any]:
    return {"sender": "joe@acme.example", "sha256": f"{n:064}", "first_seen": NOW}


def count(conn: Any) -> int:
    return int(conn.scalar(select(func.count()).select_from(images)))


def test_many_inserts_become_one_statement(store: Store) -> None:
    seen: list[str] = []
    with store.writing() as conn:
        event.listen(conn.engine, "before_cursor_execute", lambda c, cur, sql, *rest: seen.append(sql))
        with later.deferring(conn):
            for n in range(20):
                later.insert(conn, IMAGE, [image(n)])
            assert not [sql for sql in seen if sql.startswith("INSERT")]
        assert len([sql for sql in seen if sql.startswith("INSERT INTO images")]) == 1
        assert count(conn) == 20


def test_outside_of_it_an_insert_happens_at_once(store: Store) -> None:
    with store.writing() as conn:
        later.insert(conn, IMAGE, [image(1)])
        assert count(conn) == 1


def test_who_reads_a_tickets_rows_finds_those_kept_back(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    row = {
        "ticket_id": number,
        "at": NOW,
        "code": "opened",
        "params": {},
        "private": False,
        "by": "",
        "message_id": None,
    }
    with desk.store.writing() as conn, later.deferring(conn):
        before = conn.scalar(select(func.count()).select_from(history))
        later.insert(conn, insert(history), [row])
        later.before_reading(conn, number + 1, "history")
        later.before_reading(conn, number, "outbox")
        assert conn.scalar(select(func.count()).select_from(history)) == before
        later.before_reading(conn, number, "history")
        assert conn.scalar(select(func.count()).select_from(history)) == before + 1


def test_a_fault_at_the_end_takes_the_whole_batch_back(store: Store) -> None:
    with pytest.raises(IntegrityError), store.writing() as conn, later.deferring(conn):
        later.insert(conn, IMAGE, [image(1)])
        later.insert(conn, IMAGE, [image(1)])
    with store.reading() as conn:
        assert count(conn) == 0


def test_a_fault_within_writes_nothing_more(store: Store) -> None:
    with store.writing() as conn:
        with pytest.raises(ValueError, match="mine"), later.deferring(conn):
            later.insert(conn, IMAGE, [image(1)])
            raise ValueError("mine")
        assert batch_of(conn).later is None
        assert count(conn) == 0


def test_people_asked_for_twice_are_read_once_and_newcomers_are_known(store: Store) -> None:
    with store.writing() as conn, later.deferring(conn):
        assert people.by_address(conn, ["new@x.example"]) == {}
        book = people.directory(conn)
        made, new = people.ensure(conn, {"new@x.example": "New"}, book, ())
        assert new == {"new@x.example"}
        seen: list[str] = []
        event.listen(conn.engine, "before_cursor_execute", lambda c, cur, sql, *rest: seen.append(sql))
        assert people.by_address(conn, ["new@x.example"]) == made
        assert seen == []


def test_a_message_may_be_named_before_its_row_is_there_but_not_forever(desk: Any) -> None:
    """The constraint is deferred to the commit, and still holds."""
    number = desk.land(desk.opening()).ticket
    row = {
        "ticket_id": number,
        "at": NOW,
        "code": "opened",
        "params": {},
        "private": False,
        "by": "",
        "message_id": "none",
    }
    with pytest.raises(IntegrityError), desk.store.writing() as conn:
        conn.execute(insert(history), [row])
        assert conn.scalar(select(func.count()).select_from(tickets)) == 1
