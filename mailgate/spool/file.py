"""The file of the spool: opening, schema and what its errors mean. Both sides of the spool stand on it.

Laws: WAL; nobody checkpoints but the listener (autocheckpoint is off on every connection); the accept side runs with
synchronous=FULL, since NORMAL loses acknowledged mail in a power cut; a schema newer than ours is left untouched.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Literal

import uuid_utils
from pysqlite3 import dbapi2 as sqlite

from mailgate.errors import Full, NewerDatabase, Transient, Unavailable

APPLICATION_ID = 0x6D677370  # "mgsp"
SCHEMA_VERSION = 1
BUSY_SECONDS = 10.0
_WAL_KEPT = (
    64 * 1024 * 1024
)  # a WAL that is written over anew costs less than one that grows: keep this much of it

# Of these sizes an 8 kB mail costs least with this one; it counts only where the file is made.
_PAGE_SIZE = 8192

# A failed fsync leaves the kernel's pages marked clean: asking again would report a success that never was. The driver
# tells no extended codes, so every I/O error counts as one.
_SQLITE_BUSY, _SQLITE_LOCKED, _SQLITE_IOERR, _SQLITE_FULL = 5, 6, 10, 13

# The counters stand in one row that every accept and every settle writes anyway: limits cost no count(*).
# `attempt` is apart from `mail`, since an UPDATE of a row writes its whole blob anew.
_SCHEMA = (
    """CREATE TABLE spool (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL,
        accepted INTEGER NOT NULL,
        waiting INTEGER NOT NULL,
        bytes INTEGER NOT NULL
    )""",
    """CREATE TABLE mail (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        envelope TEXT NOT NULL,
        size INTEGER NOT NULL,
        raw BLOB NOT NULL
    )""",
    """CREATE TABLE attempt (
        id TEXT PRIMARY KEY,
        attempts INTEGER NOT NULL DEFAULT 0,
        error TEXT NOT NULL DEFAULT '',
        next_try TEXT
    )""",
)


def check_version(version: tuple[int, ...] | None = None) -> None:
    """Raise Unavailable for a SQLite with the WAL-reset bug (3.7.0 to 3.51.2), which can lose a commit."""
    found = tuple(sqlite.sqlite_version_info) if version is None else version
    if (3, 7, 0) <= found <= (3, 51, 2):
        raise Unavailable(
            f"SQLite {'.'.join(map(str, found))} can lose committed mail (its WAL-reset bug, 3.7.0 to 3.51.2): "
            "install pysqlite3 0.6.1 or newer, which brings a mended one"
        )


def connect(path: Path, synchronous: Literal["FULL", "NORMAL"]) -> Any:
    """A connection in autocommit mode to the spool at `path`, which is made (with its folder) where there is none.

    Raises Unavailable (folder or file cannot be written, not a spool, an unsafe SQLite) and NewerDatabase.
    """
    check_version()
    _make_file(path)
    try:
        connection = sqlite.connect(
            str(path),
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=64,
        )
    except sqlite.Error as e:
        raise Unavailable(f"{path}: the spool cannot be opened: {e}") from e
    try:
        _prepare(connection, path, synchronous)
    except sqlite.Error as e:
        connection.close()
        raise Unavailable(f"{path}: the spool cannot be opened: {e}; is the disk full or read-only?") from e
    except BaseException:
        connection.close()
        raise
    return connection


def _make_file(path: Path) -> None:
    """An empty file that only we may read; mail is nobody else's business."""
    try:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # without it a power cut takes the name, and with it every mail inside
        finally:
            os.close(folder)
    except OSError as e:
        raise Unavailable(
            f"{path}: the spool cannot be made: {e.strerror}; data_dir must be a folder we may write"
        ) from e


def _prepare(connection: Any, path: Path, synchronous: str) -> None:
    if not os.access(path, os.W_OK):
        raise Unavailable(f"{path}: the spool may not be written; mend its owner or its mode")
    version, application = (
        _scalar(connection, "PRAGMA user_version"),
        _scalar(connection, "PRAGMA application_id"),
    )
    if application not in (0, APPLICATION_ID) or (version and not application):
        raise Unavailable(f"{path}: this is not a spool of mailgate; move it away")
    if version > SCHEMA_VERSION:
        raise NewerDatabase(
            f"{path}: written by a newer mailgate (spool schema {version}, this one knows {SCHEMA_VERSION}); "
            "run that version; nothing was changed"
        )
    connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
    _enter_wal(connection, path)
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT}")
    if version == 0:
        _create(connection)


def _enter_wal(connection: Any, path: Path) -> None:
    """WAL mode; the lock that a new file needs for it does not go through SQLite's own busy handler."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            mode = _scalar(connection, "PRAGMA journal_mode = WAL")
        except sqlite.OperationalError as e:
            if _primary_code(e) not in (_SQLITE_BUSY, _SQLITE_LOCKED) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
            continue
        if mode != "wal":
            raise Unavailable(f"{path}: SQLite's WAL mode does not work here; put data_dir on a local disk")
        return


def _create(connection: Any) -> None:
    """The schema in one transaction; the other process may have been first."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _scalar(connection, "PRAGMA user_version") == 0:
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO spool VALUES (1, ?, 0, 0, 0)", (str(uuid_utils.uuid7()),))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        rollback(connection)
        raise


def rollback(connection: Any) -> None:
    """End the open transaction, if there is one; SQLite has often ended it by itself."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def io_failed(error: BaseException) -> bool:
    """Whether nothing that this process believes of the disk is sure any more: it must end and start anew."""
    return isinstance(error, sqlite.Error) and _primary_code(error) == _SQLITE_IOERR


def translated(error: BaseException) -> Transient:
    """An error of SQLite as one that may cross a floor: Full where there is no room, else Transient."""
    if isinstance(error, Transient):
        return error
    if isinstance(error, sqlite.Error) and _primary_code(error) == _SQLITE_FULL:
        return Full("the disk of the spool is full")
    return Transient(f"the spool failed: {type(error).__name__}: {error}")


def spool_id(connection: Any) -> str:
    return str(_scalar(connection, "SELECT id FROM spool"))


def _primary_code(error: Any) -> int:
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _scalar(connection: Any, statement: str) -> Any:
    return connection.execute(statement).fetchone()[0]
