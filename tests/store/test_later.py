"""What a batch keeps back: few statements at its end, ids ahead of their rows, and nobody who reads notices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from mailgate.model import Change, Escalation, Event
from mailgate.store import later, people
from mailgate.store import prepared as room
from mailgate.store.engine import Store, batch_of
from mailgate.store.schema import comments, history, images, tickets
from mailgate.store.schema import people as persons

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def image(n: int) -> dict[str, Any]:
    return {"sender": "joe@acme.example", "sha256": f"{n:064}", "first_seen": NOW}


def event(ticket: int | None, message: str | None = None) -> dict[str, Any]:
    return {
        "ticket_id": ticket, "at": NOW, "code": "opened", "params": {}, "private": False, "by": "", "message_id": message,
    }  # fmt: skip


def person(id: int, address: str) -> dict[str, Any]:
    return {
        "id": id, "address": address, "name": "", "language": "", "account_id": None, "agent": False, "supervisor": False,
        "authenticated_before": False, "dead": False,
    }  # fmt: skip


def count(conn: Any, table: Any = images) -> int:
    return int(conn.scalar(select(func.count()).select_from(table)))


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The prepared statements that went to a database, from now on."""
    seen: list[str] = []
    original = room._cursor

    def cursor(conn: Any, sql: str) -> Any:
        seen.append(sql)
        return original(conn, sql)

    monkeypatch.setattr(room, "_cursor", cursor)
    return seen


def test_many_inserts_become_one_statement(store: Store, statements: list[str]) -> None:
    with store.writing() as conn:
        with later.deferring(conn):
            for n in range(20):
                later.insert_rows(conn, images, [image(n)])
            assert statements == []
        assert [sql.split(" (")[0] for sql in statements] == ["INSERT INTO images"]
        assert count(conn) == 20


def test_changes_of_one_row_become_one_and_the_last_word_counts(desk: Any, statements: list[str]) -> None:
    number = desk.land(desk.opening()).ticket
    other = desk.land(desk.opening()).ticket
    statements.clear()
    with desk.store.writing() as conn, later.deferring(conn):
        for title in ("first", "second"):
            later.change(conn, tickets, number, {"title": title})
        later.change(conn, tickets, other, {"title": "third"})
        later.change(conn, tickets, number, {"category": "x"})
    assert len(statements) == 2, "one for each set of columns"
    assert [(t.title, t.category) for t in (desk.ticket(number), desk.ticket(other))] == [
        ("second", "x"),
        ("third", "general"),
    ]


def test_a_row_that_waits_is_changed_in_place(store: Store, statements: list[str]) -> None:
    with store.writing() as conn, later.deferring(conn):
        later.insert_rows(conn, persons, [person(7001, "a@x.example")])
        later.change(conn, persons, 7001, {"name": "Ann"})
        assert later.waiting_row(conn, persons, 7001) == person(7001, "a@x.example") | {"name": "Ann"}
        assert later.waiting_row(conn, persons, 7002) is None
    assert [sql.split()[0] for sql in statements] == ["INSERT"]
    with store.reading() as conn:
        assert people.by_address(conn, ["a@x.example"])["a@x.example"].name == "Ann"


def test_outside_of_it_everything_happens_at_once(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    done: list[list[int]] = []
    with desk.store.writing() as conn:
        later.insert_rows(conn, images, [image(1)])
        later.change(conn, tickets, number, {"title": "Other"})
        later.put_off(conn, lambda _, items: done.append(items), 5)
        assert (count(conn), conn.scalar(select(tickets.c.title)), done) == (1, "Other", [[5]])
        assert later.waiting_row(conn, tickets, number) is None
        later.flush(conn)


def test_work_is_put_off_to_the_flush_and_comes_before_the_rows(store: Store) -> None:
    def work(conn: Any, items: list[int]) -> None:
        later.insert_rows(conn, images, [image(n) for n in items])

    with store.writing() as conn, later.deferring(conn):
        for n in range(3):
            later.put_off(conn, work, n)
        assert count(conn) == 0
        later.flush(conn)
        assert count(conn) == 3
        later.put_off(conn, work, 4)
    with store.reading() as conn:
        assert count(conn) == 4


@pytest.mark.parametrize("table", [persons, tickets, comments], ids=lambda table: table.name)
def test_ids_are_given_out_before_their_rows(desk: Any, table: Any) -> None:
    desk.land(desk.opening())
    with desk.store.writing() as conn, later.deferring(conn):
        last = conn.scalar(select(func.max(table.c.id)))
        given = [later.next_id(conn, table) for _ in range(45)]
        assert given == sorted(set(given))
        assert given[0] > last


def test_an_id_that_was_given_out_is_not_given_out_again(desk: Any) -> None:
    """Not even where its row was never written."""
    with desk.store.writing() as conn:
        with later.deferring(conn):
            first = later.next_id(conn, tickets)
        with later.deferring(conn):
            second = later.next_id(conn, tickets)
    made = desk.land(desk.opening()).ticket
    if desk.store.dialect == "postgresql":
        assert first < second < made
    else:
        assert first == second == made, "SQLite's own counting has no gaps: nobody saw the number"


def test_a_scope_inside_another_ends_with_it(store: Store) -> None:
    with store.writing() as conn, later.deferring(conn):
        with later.deferring(conn):
            later.insert_rows(conn, images, [image(1)])
        assert count(conn) == 0
    with store.reading() as conn:
        assert count(conn) == 1


def test_a_fault_at_the_end_takes_the_whole_batch_back(store: Store) -> None:
    with pytest.raises(IntegrityError), store.writing() as conn, later.deferring(conn):
        later.insert_rows(conn, images, [image(1)])
        later.insert_rows(conn, persons, [person(7001, "a@x.example"), person(7002, "a@x.example")])
    with store.reading() as conn:
        assert count(conn) == 0


def test_a_fault_within_writes_nothing_more(store: Store) -> None:
    with store.writing() as conn:
        with pytest.raises(ValueError, match="mine"), later.deferring(conn):
            later.insert_rows(conn, images, [image(1)])
            raise ValueError("mine")
        assert batch_of(conn).waiting is None
        assert count(conn) == 0


def test_people_asked_for_twice_are_read_once_and_newcomers_are_known(
    store: Store, statements: list[str]
) -> None:
    with store.writing() as conn, later.deferring(conn):
        assert people.by_address(conn, ["new@x.example"]) == {}
        made, new = people.ensure(conn, {"new@x.example": "New"}, people.directory(conn), ())
        assert new == {"new@x.example"}
        statements.clear()
        assert people.by_address(conn, ["new@x.example"]) == made
        assert statements == []
    with store.reading() as conn:
        assert people.by_address(conn, ["new@x.example"]) == made


def test_who_reads_what_may_be_kept_back_finds_it(desk: Any) -> None:
    """An escalation mail tells the history, with what the batch has added to it a moment ago."""
    number = desk.land(desk.opening()).ticket
    with desk.store.writing() as conn, later.deferring(conn):
        desk.apply(conn, desk.commenting(number, history=(Event("commented"),)))
        notice = desk.notice(template="escalation")
        step = desk.commenting(number, comment=None, escalation=Escalation(1, "clock", ""), notices=(notice,))
        desk.apply(conn, step)
    (row,) = desk.rows("SELECT context FROM outbox")
    assert '"commented"' in row.context


def test_a_message_may_be_named_before_its_row_is_there_but_not_forever(desk: Any) -> None:
    """The constraint is deferred to the commit, and still holds."""
    number = desk.land(desk.opening()).ticket
    with pytest.raises(IntegrityError), desk.store.writing() as conn:
        later.insert_rows(conn, history, [event(number, "none")])
        assert count(conn, tickets) == 1


def test_every_table_that_rows_wait_for_has_its_place(store: Store) -> None:
    """A table before those that refer to it."""
    order = [table.name for table in later._ORDER]
    for table in later._ORDER:
        for key in table.foreign_keys:
            if key.column.table.name in order and key.column.table is not table and not key.deferrable:
                assert order.index(key.column.table.name) < order.index(table.name), table.name


def test_columns_of_other_kinds_wait_too(desk: Any) -> None:
    """Two mails of one batch on one ticket: columns of both are set, and what the first one set stays."""
    number = desk.land(desk.opening()).ticket
    desk.batch(
        desk.commenting(number, changes=(Change("title", "Other"),)),
        desk.commenting(number, changes=(Change("status", "open"),)),
    )
    found = desk.ticket(number)
    assert (found.title, found.status.value) == ("Other", "open")
