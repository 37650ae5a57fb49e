"""The two ways into the database, its versions, and its own trouble."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from mailgate.errors import ConfigError, MailgateError, NewerDatabase, Transient, Unavailable
from mailgate.store import sqlite_driver
from mailgate.store.columns import metadata
from mailgate.store.engine import MIGRATIONS, Store
from mailgate.store.schema import HEAD, accounts
from mailgate.store.trouble import translated

Open = Callable[..., Store]


def names(store: Store) -> list[str]:
    with store.reading() as conn:
        return list(conn.scalars(select(accounts.c.name).order_by(accounts.c.name)))


def add(store: Store, name: str) -> None:
    with store.writing() as conn:
        conn.execute(insert(accounts).values(name=name))


def test_committed_is_read(store: Store) -> None:
    add(store, "Acme")
    assert names(store) == ["Acme"]


def test_an_exception_undoes_everything(store: Store) -> None:
    def work() -> None:
        with store.writing() as conn:
            conn.execute(insert(accounts).values(name="Acme"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert names(store) == []


def test_a_savepoint_undoes_its_part_only(store: Store) -> None:
    with store.writing() as conn:
        conn.execute(insert(accounts).values(name="kept"))
        savepoint = conn.begin_nested()
        conn.execute(insert(accounts).values(name="undone"))
        savepoint.rollback()
        with conn.begin_nested():
            conn.execute(insert(accounts).values(name="kept too"))
    assert names(store) == ["kept", "kept too"]


def test_reading_cannot_write(store: Store) -> None:
    with pytest.raises(MailgateError), store.reading() as conn:
        conn.execute(insert(accounts).values(name="Acme"))
    assert names(store) == []


def test_reading_is_one_snapshot(store: Store) -> None:
    with store.reading() as conn:
        before = conn.scalar(text("SELECT count(*) FROM accounts"))
        add(store, "Acme")
        assert conn.scalar(text("SELECT count(*) FROM accounts")) == before == 0
    assert names(store) == ["Acme"]


def test_writers_of_one_process_take_turns(store: Store) -> None:
    def work(n: int) -> None:
        for i in range(20):
            add(store, f"{n}-{i}")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(store)) == 80


def test_writing_inside_writing_is_refused_on_sqlite() -> None:
    store = Store("sqlite://")
    with store.writing(), pytest.raises(RuntimeError), store.writing():
        pass
    with store.writing():
        pass  # the lock is free again


def test_two_processes_on_one_sqlite_file_take_turns(tmp_path: Path, open_store: Open) -> None:
    one, other = (open_store(f"sqlite:///{tmp_path / 'm.db'}") for _ in range(2))
    one.upgrade()
    threads = [
        threading.Thread(target=lambda s=s, n=n: [add(s, f"{n}{i}") for i in range(20)])
        for n, s in enumerate((one, other))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(one)) == 40


@pytest.mark.usefixtures("as_shipped")
def test_sqlite_is_durable_and_checks_references(tmp_path: Path, open_store: Open) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'm.db'}")
    with store.writing() as conn:
        pragmas = {
            p: conn.scalar(text(f"PRAGMA {p}")) for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 51, 2)], ids=str)
def test_a_lossy_sqlite_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(Unavailable, match="can lose commits"):
        sqlite_driver.refuse_lossy(version)


@pytest.mark.parametrize("version", [(3, 6, 23), (3, 51, 3), (3, 53, 4)], ids=str)
def test_a_safe_sqlite_is_taken(version: tuple[int, ...]) -> None:
    sqlite_driver.refuse_lossy(version)


# -- reading only


def test_readonly_never_creates(tmp_path: Path, open_store: Open) -> None:
    with pytest.raises(Unavailable, match="no database yet"):
        open_store(f"sqlite:///{tmp_path / 'none.db'}", readonly=True)
    assert list(tmp_path.iterdir()) == []


def test_readonly_reads_and_refuses_to_write(store_url: str, open_store: Open) -> None:
    add(open_store(store_url), "Acme")
    store = open_store(store_url, readonly=True)
    assert names(store) == ["Acme"]
    with pytest.raises(Unavailable), store.writing():
        pass
    store.require_current()


@pytest.mark.parametrize("may_write", [True, False], ids=["own folder", "folder of another"])
def test_readonly_leaves_nothing_behind(
    may_write: bool, tmp_path: Path, open_store: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'm.db'}"
    writer = Store(url)
    writer.upgrade()
    writer.close()
    monkeypatch.setattr("os.access", lambda path, mode: may_write)
    store = Store(url, readonly=True)
    assert names(store) == []
    store.close()
    assert [f.name for f in tmp_path.iterdir()] == ["m.db"]


# -- versions


def test_an_empty_database_is_upgraded(postgres_url: str, tmp_path: Path, open_store: Open) -> None:
    for url in (postgres_url, f"sqlite:///{tmp_path / 'm.db'}"):
        store = open_store(url)
        assert store.version() is None
        with pytest.raises(Unavailable, match="db upgrade"):
            store.require_current()
        store.upgrade()
        assert store.version() == HEAD
        store.upgrade()
        store.require_current()
        assert names(store) == []


def test_nodes_that_start_at_once_upgrade_once(postgres_url: str, open_store: Open) -> None:
    faults: list[Exception] = []

    def start() -> None:
        try:
            open_store(postgres_url).upgrade()
        except Exception as e:
            faults.append(e)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert open_store(postgres_url).version() == HEAD


def test_migrations_make_what_the_schema_says(store: Store) -> None:
    with store.writing() as conn:
        context = MigrationContext.configure(
            conn, opts={"compare_type": True, "compare_server_default": False}
        )
        assert compare_metadata(context, metadata) == []


def test_memory_equals_the_migrations(tmp_path: Path, open_store: Open) -> None:
    migrated = open_store(f"sqlite:///{tmp_path / 'm.db'}")
    migrated.upgrade()

    def tables(store: Store) -> dict[str, object]:
        with store.writing() as conn:
            found = inspect(conn)
            return {
                t: (
                    sorted(
                        (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in found.get_columns(t)
                    ),
                    sorted((i["name"], tuple(i["column_names"]), i["unique"]) for i in found.get_indexes(t)),
                    sorted((u["name"], tuple(u["column_names"])) for u in found.get_unique_constraints(t)),
                    sorted((c["name"], c["sqltext"]) for c in found.get_check_constraints(t)),
                    sorted(tuple(f["constrained_columns"]) for f in found.get_foreign_keys(t)),
                )
                for t in found.get_table_names()
                if t != "alembic_version"
            }

    assert tables(migrated) == tables(open_store("sqlite://"))


def test_head_is_the_newest_revision() -> None:
    assert sorted(f.name.partition("_")[0] for f in (MIGRATIONS / "versions").glob("[0-9]*.py"))[-1] == HEAD


def test_a_newer_database_is_left_alone(store: Store) -> None:
    with store.writing() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for call in (store.upgrade, store.version, store.require_current):
        with pytest.raises(NewerDatabase, match=r"9999.*nothing was changed"):
            call()
    with store.reading() as conn:
        assert conn.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


# -- trouble


def test_a_missing_table_names_the_cure(postgres_url: str, tmp_path: Path, open_store: Open) -> None:
    for url in (postgres_url, f"sqlite:///{tmp_path / 'm.db'}"):
        with pytest.raises(Unavailable, match="db upgrade"):
            names(open_store(url))


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "oracle+oracledb://x"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"database\.url"):
        Store(url)


def test_no_server_is_transient() -> None:
    store = Store("postgresql+psycopg://postgres:secret@127.0.0.1:1/none")
    with pytest.raises(Transient) as caught, store.reading():
        pass
    assert "secret" not in str(caught.value)
    store.close()


def test_a_missing_folder_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no such folder"):
        Store(f"sqlite:///{tmp_path / 'gone' / 'm.db'}")


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("attempt to write a readonly database", Unavailable),
        ("unable to open database file", Unavailable),
        ('database "mailgate" does not exist', Unavailable),
        ("password authentication failed for user", Unavailable),
        ('relation "tickets" does not exist', Unavailable),
        ("no such table: tickets", Unavailable),
        ("database is locked", Transient),
        ("database or disk is full", Transient),
        ("deadlock detected", Transient),
        ("server closed the connection unexpectedly", Transient),
    ],
)
def test_the_drivers_trouble_is_ours(message: str, error: type[MailgateError]) -> None:
    with pytest.raises(error, match="there"), translated("there"):
        raise OperationalError("SELECT 1", {}, Exception(message))


def test_an_integrity_error_is_the_callers(store: Store) -> None:
    add(store, "Acme")
    with pytest.raises(IntegrityError):
        add(store, "Acme")


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path, open_store: Open) -> None:
    file = tmp_path / "m.db"
    file.write_bytes(b"this is a letter and no database" * 100)
    with pytest.raises(Unavailable):
        open_store(f"sqlite:///{file}").upgrade()
    assert file.read_bytes().startswith(b"this is a letter")


def test_a_folder_instead_of_a_file_is_unavailable(tmp_path: Path, open_store: Open) -> None:
    with pytest.raises(Unavailable):
        open_store(f"sqlite:///{tmp_path}").upgrade()


def test_a_deadlock_can_be_tried_again(postgres_url: str, open_store: Open) -> None:
    store = open_store(postgres_url)
    store.upgrade()
    add(store, "a")
    add(store, "b")
    first, second = threading.Barrier(2), []

    def work(order: tuple[str, str]) -> None:
        try:
            with store.writing() as conn:
                conn.execute(text("UPDATE accounts SET language='x' WHERE name=:n"), {"n": order[0]})
                first.wait(10)
                conn.execute(text("UPDATE accounts SET language='x' WHERE name=:n"), {"n": order[1]})
        except Transient as e:
            second.append(e)

    threads = [threading.Thread(target=work, args=(order,)) for order in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(second) == 1


def test_a_new_database_is_for_its_owner_alone(open_store: Any, tmp_path: Any) -> None:
    """The keys of all tokens lie in it (T7)."""
    path = tmp_path / "new.db"
    open_store(f"sqlite:///{path}").upgrade()
    assert path.stat().st_mode & 0o077 == 0
