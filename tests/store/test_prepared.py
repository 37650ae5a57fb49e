"""Prepared statements: the same values in, the same rows out and the same errors as through Core, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from sqlalchemy import bindparam, case, delete, func, insert, null, select, text, union_all, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from mailgate.errors import Transient, Unavailable
from mailgate.store.engine import Store
from mailgate.store.prepared import SIZES, Lookup, Prepared, fixed
from mailgate.store.schema import images, keys, outbox, people

NOW = datetime(2026, 11, 23, 9, 30, 0, 5, tzinfo=UTC)
BY_ID = select(outbox).where(outbox.c.id == bindparam("id"))


def owed(id: int = 1, **more: Any) -> dict[str, Any]:
    values = {
        "id": id, "address": "joe@acme.example", "audience": "assignee", "template": "update", "context": {"a": [1, None]},
        "inside": True, "private": False, "joinable": True, "tags": [], "message_id": f"<{id}@x>", "references": ["<é@x>"],
        "created": NOW, "state": "waiting", "due": NOW, "mail": b"\0\xff",
    }  # fmt: skip
    return values | more


def rows_of(store: Store, statement: Any = BY_ID, **values: Any) -> tuple[Any, Any]:
    """What Core reads, and what a prepared statement reads."""
    with store.reading() as conn:
        return conn.execute(statement, values).one(), Prepared(statement).rows(conn, values)[0]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("context", {"text": "a\0b", "é": ["ü", {"n": 1}], "none": None}),
        ("context", []),
        ("tags", ["outage"]),
        ("inside", False),
        ("due", NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))),
        ("due", NOW.replace(microsecond=0)),
        ("lease_until", None),
        ("address", "a\0b\ud800c"),
        ("address", "größe@x.example"),
        ("mail", None),
        ("mail", bytes(range(256))),
        ("language", "fr"),
        ("id", 2**62),
    ],
    ids=str,
)
def test_a_value_comes_back_as_through_core(store: Store, column: str, value: Any) -> None:
    with store.writing() as conn:
        Prepared(insert(outbox)).many(conn, [owed(**{column: value})])
    id = value if column == "id" else 1
    core, prepared = rows_of(store, id=id)
    assert tuple(core) == tuple(prepared)
    assert prepared._fields == tuple(core._fields)


def test_core_and_prepared_write_the_same(store: Store) -> None:
    row = owed(lease_until=NOW, address="a\0b", context={"z": "ü"})
    with store.writing() as conn:
        conn.execute(insert(outbox), [row])
        Prepared(insert(outbox)).run(conn, row | {"id": 2, "message_id": "<2@x>"})
        one, two = conn.execute(text("SELECT * FROM outbox ORDER BY id")).all()
    differing = {name for name, a, b in zip(one._fields, one, two, strict=True) if a != b}
    assert differing == {"id", "message_id"}


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with store.writing() as conn, pytest.raises(ValueError, match="zone"):
        Prepared(insert(outbox)).many(conn, [owed(due=datetime(2026, 1, 1))])


def test_an_insert_sets_the_columns_of_its_first_row(store: Store) -> None:
    statement = Prepared(insert(people))
    with store.writing() as conn:
        statement.many(conn, [{"address": f"{n}@x.example"} for n in range(3)])
        statement.many(conn, [{"address": "9@x.example", "name": "Nine"}])
        with pytest.raises(KeyError):
            statement.many(conn, [{"address": "a@x.example", "name": "A"}, {"address": "b@x.example"}])
        found = conn.execute(select(people.c.address, people.c.name).order_by(people.c.address)).all()
    assert [tuple(row) for row in found] == [(f"{n}@x.example", "") for n in range(3)] + [
        ("9@x.example", "Nine")
    ]


def test_an_update_says_how_many_rows_it_met(store: Store) -> None:
    statement = Prepared(
        update(people).where(people.c.name == bindparam("was")).values(name=bindparam("name"), dead=True)
    )
    with store.writing() as conn:
        Prepared(insert(people)).many(conn, [{"address": f"{n}@x.example", "name": "old"} for n in range(3)])
        assert statement.run(conn, {"was": "old", "name": "new"}) == 3
        assert statement.run(conn, {"was": "old", "name": "new"}) == 0
        assert conn.scalars(select(people.c.dead)).all() == [True] * 3


def test_one_statement_for_each_dialect(store: Store) -> None:
    statement = Prepared({"sqlite": select(fixed(1).label("n")), "postgresql": select(fixed(2).label("n"))})
    with store.reading() as conn:
        assert statement.rows(conn)[0].n == {"sqlite": 1, "postgresql": 2}[store.dialect]


def test_rows_become_what_is_asked_for(store: Store) -> None:
    class Who(NamedTuple):
        address: str
        dead: bool

    with store.writing() as conn:
        Prepared(insert(people)).many(conn, [{"address": "a@x.example", "dead": True}])
        assert Prepared(select(people.c.address, people.c.dead), Who).rows(conn) == [Who("a@x.example", True)]
        assert Prepared(select(people.c.address).where(people.c.dead.is_(False))).rows(conn) == []


def test_expressions_and_constants(store: Store) -> None:
    is_open = outbox.c.joinable & (outbox.c.state == "waiting")
    telling = case((outbox.c.inside, outbox.c.context), else_=null()).label("telling")
    part = select(outbox.c.id, is_open.label("open"), telling).where(outbox.c.id == bindparam("a"))
    other = select(outbox.c.id, is_open.label("open"), telling).where(outbox.c.id == bindparam("b"))
    statement = Prepared(union_all(part, other))
    with store.writing() as conn:
        Prepared(insert(outbox)).many(conn, [owed(1), owed(2, state="sent", inside=False)])
        rows = statement.rows(conn, {"a": 1, "b": 2})
    assert sorted(tuple(row) for row in rows) == [(1, True, {"a": [1, None]}), (2, False, None)]


def test_a_list_inside_a_statement_is_refused(store: Store) -> None:
    """Its length would be part of the SQL: a Lookup is for that."""
    with store.reading() as conn, pytest.raises(AssertionError, match="list"):
        Prepared(select(people.c.id).where(people.c.id.in_([1, 2]))).rows(conn)


@pytest.mark.parametrize("many", [0, 1, 2, 4, 5, 63, 64, 65, SIZES[-1], SIZES[-1] + 1, 3 * SIZES[-1]])
def test_a_lookup_finds_the_rows_of_any_number_of_keys(store: Store, many: int) -> None:
    lookup = Lookup(
        people.c.address,
        lambda among: select(people.c.address).where(among, people.c.name == bindparam("name")),
    )
    names = [f"{n:04}@x.example" for n in range(many)]
    with store.writing() as conn:
        rows = [{"address": name, "name": "N"} for name in [*names, "else@x.example"]]
        Prepared(insert(people)).many(conn, rows)
        found = [row.address for row in lookup.rows(conn, {*names, "nobody@x.example"}, {"name": "N"})]
        assert sorted(found) == names
        assert list(lookup.rows(conn, names, {"name": "M"})) == []


# ---------------------------------------------------------------- errors


def test_a_constraint_is_the_same_error_without_the_values(store: Store) -> None:
    row = {"sender": "joe@acme.example", "sha256": "0" * 64, "first_seen": NOW}
    with pytest.raises(IntegrityError) as caught, store.writing() as conn:
        Prepared(insert(images)).many(conn, [row, row])
    assert caught.value.params is None
    with store.reading() as conn:
        assert Prepared(select(func.count().label("n")).select_from(images)).rows(conn)[0].n == 0


def test_a_table_that_is_not_there_is_our_trouble(store: Store) -> None:
    with store.writing() as conn:
        conn.execute(text("DROP TABLE keys"))
        with pytest.raises(DBAPIError):
            Prepared(select(keys)).rows(conn)
        conn.rollback()


def test_a_connection_that_was_lost_is_transient_and_a_new_one_is_made(
    postgres: Any, postgres_url: str, open_store: Any
) -> None:
    store = open_store(postgres_url)
    store.upgrade()
    counting = Prepared(select(func.count().label("n")).select_from(people))
    with pytest.raises(Transient), store.writing() as conn:
        assert counting.rows(conn)[0].n == 0
        pid = conn.scalar(text("SELECT pg_backend_pid()"))
        postgres._run(f"SELECT pg_terminate_backend({pid})")
        with pytest.raises(OperationalError) as lost:
            counting.rows(conn)
        assert lost.value.connection_invalidated
        raise lost.value
    with store.writing() as conn:
        assert counting.rows(conn)[0].n == 0


def test_a_database_without_tables_says_what_to_do(open_store: Any, tmp_path: Any) -> None:
    store = open_store(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(Unavailable, match="db upgrade"), store.writing() as conn:
        Prepared(select(keys)).rows(conn)


def test_threads_may_meet_a_statement_for_the_first_time(store: Store) -> None:
    statement = Lookup(people.c.address, lambda among: select(people.c.address).where(among))
    start, found = threading.Barrier(4), list[int]()

    def look() -> None:
        start.wait(10)
        with store.reading() as conn:
            found.append(len(list(statement.rows(conn, [f"{n}@x.example" for n in range(30)]))))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [0] * 4


def test_a_limit_stands_in_the_sql() -> None:
    assert str(select(people.c.id).limit(fixed(20))).split()[-2:] == ["LIMIT", "20"]


def test_delete_runs_too(store: Store) -> None:
    with store.writing() as conn:
        Prepared(insert(people)).many(conn, [{"address": "a@x.example"}])
        assert (
            Prepared(delete(people).where(people.c.address == bindparam("who"))).run(
                conn, {"who": "a@x.example"}
            )
            == 1
        )
