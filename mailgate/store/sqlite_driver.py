"""SQLite as we use it: a driver with a safe version, WAL, FULL, and every BEGIN our own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine

from mailgate.errors import Unavailable

BUSY_SECONDS = 30
SYNCHRONOUS = "FULL"  # what is committed has reached the disk
PAGE_SIZE = 8192  # of a new file: a third less work at each commit than with pages half as large
CHECKPOINT_PAGES = 2000  # 16 MB in the WAL: pages that many commits write are moved to the file once


def driver() -> Any:
    """The driver with a SQLite that keeps its commits. Raises Unavailable where it is missing or has the WAL-reset bug."""
    try:
        from pysqlite3 import dbapi2
    except ImportError as e:
        raise Unavailable("the SQLite driver is missing: pip install pysqlite3") from e
    refuse_lossy(tuple(dbapi2.sqlite_version_info))
    return dbapi2


def refuse_lossy(version: Sequence[int]) -> None:
    """SQLite 3.7.0 to 3.51.2 can lose a commit when two connections write and checkpoint at once."""
    if (3, 7, 0) <= tuple(version) <= (3, 51, 2):
        shown = ".".join(map(str, version))
        raise Unavailable(
            f"SQLite {shown} can lose commits (3.7.0 to 3.51.2 do); pip install 'pysqlite3>=0.6.1'"
        )


def looking(path: Path) -> str:
    """The URI for a look that leaves nothing behind. SQLite needs its -wal and -shm files beside a database in WAL
    mode; who may write makes and removes them, who may not reads those of the gateway, or the file alone."""
    uri = path.as_uri()
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return f"{uri}?mode=rw"
    if path.with_name(path.name + "-wal").exists():
        return f"{uri}?mode=ro"
    return f"{uri}?mode=ro&immutable=1"


def engine(dbapi: Any, uri: str, pool: Any, begin: str, *, query_only: bool) -> Engine:
    def connect() -> Any:
        conn = dbapi.connect(
            uri,
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        try:
            if query_only:
                conn.execute("PRAGMA query_only=ON")
            else:
                conn.execute(f"PRAGMA page_size={PAGE_SIZE}")  # before the first page is written
                conn.execute("PRAGMA journal_mode=WAL").fetchall()
                conn.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
                conn.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
            conn.execute("PRAGMA foreign_keys=ON")
            conn.execute("PRAGMA cache_size=-32768")
        except BaseException:
            conn.close()
            raise
        return conn

    made = create_engine("sqlite://", module=dbapi, creator=connect, poolclass=pool)

    # The driver stays in its own autocommit; every BEGIN is ours, so SAVEPOINT works and readers never lock. Not an
    # event: with a listener SQLAlchemy pays for events at each statement.
    def do_begin(connection: Any) -> None:
        connection.execute(f"BEGIN {begin}").close()

    made.dialect.do_begin = do_begin  # type: ignore[assignment, method-assign]
    return made
