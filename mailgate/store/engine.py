"""The database: one way to read, one way to write, on SQLite or PostgreSQL.

Laws: on SQLite this process has one writing connection, behind a lock (several writers starve each other); readers
see one snapshot and cannot write. On PostgreSQL both come from a pool; readers are REPEATABLE READ and READ ONLY.
What the driver calls an operational error leaves here as one of our own errors.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, StaticPool, create_engine, inspect, make_url, text
from sqlalchemy.exc import ArgumentError

from mailgate.errors import ConfigError, NewerDatabase, Unavailable
from mailgate.store import sqlite_driver
from mailgate.store.columns import metadata
from mailgate.store.schema import HEAD
from mailgate.store.trouble import translated

MIGRATIONS = Path(__file__).parent / "migrations"
_OPTION = "mailgate_batch"


@dataclass(slots=True)
class Batch:
    """What lives as long as one `reading()` or `writing()`: whether it writes, and what is read once for it."""

    writing: bool
    directory: Any = None  # store.directory.Directory
    waiting: Any = None  # store.later.Waiting, while it keeps rows back
    people: dict[str, Any] = field(
        default_factory=dict
    )  # rows by address, while rows are kept back; None: no row


def batch_of(conn: Connection) -> Batch:
    """The batch of a connection from `Store`; for any other a new one, so nothing is cached."""
    found: Batch | None = conn.get_execution_options().get(_OPTION)
    return found or Batch(writing=conn.dialect.name == "sqlite")


class Store:
    """One database. `url` is SQLAlchemy's; `sqlite://` is an empty store in memory, ready for use.

    `readonly` never creates a file and refuses to write. Raises Unavailable when the database cannot be used and
    ConfigError when the URL is wrong.
    """

    def __init__(self, url: str, *, readonly: bool = False) -> None:
        try:
            self._url = make_url(url)
        except ArgumentError as e:
            raise ConfigError(
                [f"database.url: not a database URL; sqlite:///path or postgresql+psycopg://… ({e})"]
            ) from e
        self.dialect = self._url.get_backend_name()
        self.readonly = readonly
        self.memory = self.dialect == "sqlite" and self._url.database in (None, "", ":memory:")
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._file: Path | None = None
        if self.dialect == "sqlite":
            self._writer, self._reader = self._sqlite()
        elif self.dialect == "postgresql":
            self._writer = self._reader = self._postgres()
        else:
            raise ConfigError(
                [f"database.url: found {self.dialect!r}; sqlite and postgresql+psycopg are allowed"]
            )
        if self.memory:
            self.upgrade()

    # -- SQLite

    def _sqlite(self) -> tuple[Engine, Engine]:
        dbapi = sqlite_driver.driver()
        if self.memory:
            engine = sqlite_driver.engine(dbapi, "file::memory:", StaticPool, "IMMEDIATE", query_only=False)
            return engine, engine
        self._file = path = Path(str(self._url.database)).absolute()
        if self.readonly:
            self._require_file()
            only = sqlite_driver.engine(
                dbapi, sqlite_driver.looking(path), QueuePool, "DEFERRED", query_only=True
            )
            return only, only
        if not path.parent.is_dir():
            raise Unavailable(f"{path.parent}: no such folder for the database; make it or mend database.url")
        self._make_file(path)
        uri = f"{path.as_uri()}?mode="
        return (
            sqlite_driver.engine(dbapi, uri + "rwc", StaticPool, "IMMEDIATE", query_only=False),
            sqlite_driver.engine(dbapi, uri + "rw", QueuePool, "DEFERRED", query_only=True),
        )

    def _make_file(self, path: Path) -> None:
        """An empty file that only we may read: the keys of all tokens will lie in it. What cannot be made is said when it is used."""
        with suppress(OSError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))

    def _require_file(self) -> None:
        if self._file is not None and not self._file.exists():
            raise Unavailable(
                f"{self._file}: there is no database yet; `mailgate serve` or `mailgate db upgrade` makes it"
            )

    # -- PostgreSQL

    def _postgres(self) -> Engine:
        try:
            return create_engine(
                self._url.set(drivername="postgresql+psycopg"),
                pool_pre_ping=True,
                pool_size=8,
                max_overflow=24,
                connect_args={"connect_timeout": 10},
            )
        except ImportError as e:
            raise Unavailable("PostgreSQL needs psycopg: pip install 'mailgate[postgres]'") from e

    # -- the two ways in

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot that cannot be written to. Raises Transient or Unavailable for the database's own trouble."""
        if self.memory:
            with self.writing() as conn:
                yield conn
            return
        self._require_file()
        with translated(self._where), self._reader.connect() as conn:
            if self.dialect == "postgresql":
                conn = conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with conn.begin():
                yield conn.execution_options(**{_OPTION: Batch(writing=False)})

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, committed at the end, rolled back on any exception. Savepoints: `conn.begin_nested()`.

        Raises Unavailable for a read-only store, Transient or Unavailable for the database's own trouble, and
        RuntimeError when one thread opens a second one on SQLite (it would wait for itself).
        """
        if self.readonly and not self.memory:
            raise Unavailable("the store was opened for reading only")
        if self.dialect == "postgresql":
            with translated(self._where), self._writer.begin() as conn:
                yield conn.execution_options(**{_OPTION: Batch(writing=True)})
            return
        if self._owner == threading.get_ident():
            raise RuntimeError("writing() inside writing() on one thread")
        with self._lock:
            self._owner = threading.get_ident()
            try:
                with translated(self._where), self._writer.begin() as conn:
                    yield conn.execution_options(**{_OPTION: Batch(writing=True)})
            finally:
                self._owner = None

    # -- versions

    def version(self) -> str | None:
        """The revision of the database, None when it has no tables. Raises NewerDatabase for one we do not know."""
        if self._file is not None and not self._file.exists():
            return None
        with self.reading() as conn:
            return self._version(conn)

    def _version(self, conn: Connection) -> str | None:
        if not inspect(conn).has_table("alembic_version"):
            return None
        found: str | None = conn.scalar(text("SELECT version_num FROM alembic_version"))
        known = {file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")}
        if found is not None and found not in known:
            raise NewerDatabase(
                f"{self._where}: the database has revision {found}, this mailgate knows up to {HEAD}; "
                "install the newer mailgate again (nothing was changed)"
            )
        return found

    def require_current(self) -> None:
        """Raises Unavailable or NewerDatabase unless the database is at this program's revision."""
        found = self.version()
        if found != HEAD:
            raise Unavailable(
                f"{self._where}: the database has revision {found or 'none'}, {HEAD} is needed; "
                "run `mailgate db upgrade`"
            )

    def upgrade(self) -> None:
        """Bring the database to HEAD, in one transaction; nothing to do costs one SELECT and no import of Alembic.

        Raises NewerDatabase, and Unavailable where nothing can be written.
        """
        with self.writing() as conn:
            if self.dialect == "postgresql":
                # Several nodes may start at once.
                conn.execute(text("SELECT pg_advisory_xact_lock(7243392)"))
            if self._version(conn) == HEAD:
                return
            if self.memory:
                metadata.create_all(conn)
                conn.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
                conn.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
                return
            from alembic import command
            from alembic.config import Config

            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = conn
            command.upgrade(config, "head")

    def empty_log(self) -> bool:
        """Move SQLite's write-ahead log into the file and cut it off, with all that it still holds of older pages.

        False where a reader of another process kept it; nothing to do elsewhere. Not inside `writing()`.
        """
        return not self._alone("PRAGMA wal_checkpoint(TRUNCATE)")

    def compact(self) -> bool:
        """Write SQLite's file anew, without what was deleted and replaced; as `empty_log`. Others wait to write meanwhile.

        It needs as much room on the disk as the file has. Nothing to do elsewhere.
        """
        self._alone("VACUUM")
        return self.empty_log()

    def _alone(self, sql: str) -> int:
        """A statement of SQLite's that stands in no transaction; the first value it gives, or 0."""
        if self.dialect != "sqlite" or self.memory:
            return 0
        with self._lock, translated(self._where):
            conn = self._writer.raw_connection()
            try:
                found = conn.cursor().execute(sql).fetchone()
            finally:
                conn.close()
        return int(found[0]) if found else 0

    @property
    def _where(self) -> str:
        return self._url.render_as_string(hide_password=True)

    def close(self) -> None:
        for engine in {self._reader, self._writer}:
            engine.dispose()
