"""The worker's side of the spool, in its own process: what waits, and what has got its outcome.

Laws: it never checkpoints; its commits need no fsync of their own (synchronous=NORMAL), since a settle that a power cut
takes back only means a second run over the same id, which the ledger recognises.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from pysqlite3 import dbapi2 as sqlite

from mailgate.model import Envelope
from mailgate.spool import envelopes, file

T = TypeVar("T")

_TAKE = """
    SELECT mail.seq, mail.id, mail.envelope, mail.raw, attempt.attempts, attempt.error, attempt.next_try
    FROM mail LEFT JOIN attempt ON attempt.id = mail.id
    WHERE mail.seq > ? AND (attempt.next_try IS NULL OR attempt.next_try <= ?)
    ORDER BY mail.seq LIMIT ?"""
_EVER = "9999"
_REMOVE_MAILS = "DELETE FROM mail WHERE id IN (SELECT value FROM json_each(?)) RETURNING size"
_REMOVE_ATTEMPTS = "DELETE FROM attempt WHERE id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class SpoolRow:
    """One accepted mail that has no outcome yet. `attempts` counts the times it was begun alone."""

    seq: int
    envelope: Envelope
    raw: bytes
    attempts: int = 0
    error: str = ""
    next_try: datetime | None = None


@dataclass(frozen=True, slots=True)
class SpoolCounts:
    """Accepted since the spool was made (its own counter), and the rows that really stand in it, counted one by one."""

    accepted: int
    waiting: int
    bytes: int
    waiting_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpoolGlance:
    """The spool's own counters, which cost no look at its mails, and when the oldest of them was accepted."""

    accepted: int
    waiting: int
    bytes: int
    oldest: datetime | None


class SpoolReader:
    """Reads in the order of acceptance, counts attempts, settles. Thread-safe. Raises Transient when the file fails."""

    def __init__(self, path: Path) -> None:
        """Open the spool at `path`, made where there is none. Raises Unavailable and NewerDatabase."""
        self._lock = threading.Lock()
        self._connection = file.connect(path, "NORMAL")
        self.id = file.spool_id(self._connection)

    def take(self, after: int, messages: int, size: int, due: datetime | None = None) -> list[SpoolRow]:
        """The oldest mails with a sequence number above `after`: `messages` and `size` bytes at most, but one at least.

        With `due` only those that are not put off beyond that moment: thousands that wait cost no read of their bytes.
        """
        until = due.astimezone(UTC).isoformat() if due else _EVER

        def read(connection: Any) -> list[SpoolRow]:
            rows: list[SpoolRow] = []
            left = size
            cursor = connection.execute(_TAKE, (after, until, messages))
            try:
                for seq, id, envelope, raw, attempts, error, next_try in cursor:
                    left -= len(raw)
                    if rows and left < 0:
                        break
                    when = datetime.fromisoformat(next_try) if next_try else None
                    rows.append(
                        SpoolRow(seq, envelopes.load(id, envelope), raw, attempts or 0, error or "", when)
                    )
            finally:
                cursor.close()
            return rows

        return self._do(read)

    def start(self, ids: Sequence[str]) -> None:
        """Count one more attempt for each, before the work on it begins: a mail that kills us is known by it."""

        def write(connection: Any) -> None:
            connection.executemany(
                "INSERT INTO attempt (id, attempts) VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET attempts = attempts + 1",
                [(id,) for id in ids],
            )

        self._write(write)

    def settle(self, ids: Sequence[str]) -> None:
        """Remove mails that have got their outcome; ids that are not here (any more) are no error."""
        these = (json.dumps(list(ids)),)

        def write(connection: Any) -> None:
            sizes = connection.execute(_REMOVE_MAILS, these).fetchall()
            connection.execute(_REMOVE_ATTEMPTS, these)
            connection.execute(
                "UPDATE spool SET waiting = waiting - ?, bytes = bytes - ?",
                (len(sizes), sum(row[0] for row in sizes)),
            )

        if ids:
            self._write(write)

    def postpone(self, id: str, error: str, until: datetime) -> None:
        """Leave a mail for later, with the error that it met."""

        def write(connection: Any) -> None:
            connection.execute(
                "INSERT INTO attempt (id, error, next_try) VALUES (?1, ?2, ?3)"
                " ON CONFLICT (id) DO UPDATE SET error = ?2, next_try = ?3",
                (id, error, until.astimezone(UTC).isoformat()),
            )

        self._write(write)

    def counts(self) -> SpoolCounts:
        """The counter and the rows, of one instant."""

        def read(connection: Any) -> SpoolCounts:
            connection.execute("BEGIN")
            try:
                accepted = connection.execute("SELECT accepted FROM spool").fetchone()[0]
                rows = connection.execute("SELECT id, size FROM mail ORDER BY seq").fetchall()
            finally:
                connection.execute("ROLLBACK")
            return SpoolCounts(
                accepted, len(rows), sum(row[1] for row in rows), tuple(row[0] for row in rows)
            )

        return self._do(read)

    def glance(self) -> SpoolGlance:
        """What is waiting, at the same cost for one mail and for a million."""

        def read(connection: Any) -> SpoolGlance:
            accepted, waiting, size = connection.execute(
                "SELECT accepted, waiting, bytes FROM spool"
            ).fetchone()
            first = connection.execute("SELECT id FROM mail ORDER BY seq LIMIT 1").fetchone()
            return SpoolGlance(accepted, waiting, size, _minted(first[0]) if first else None)

        return self._do(read)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _write(self, change: Callable[[Any], None]) -> None:
        def transaction(connection: Any) -> None:
            connection.execute("BEGIN IMMEDIATE")
            try:
                change(connection)
                connection.execute("COMMIT")
            except BaseException:
                file.rollback(connection)
                raise

        self._do(transaction)

    def _do(self, work: Callable[[Any], T]) -> T:
        with self._lock:
            try:
                return work(self._connection)
            except sqlite.Error as e:
                raise file.translated(e) from e


def _minted(id: str) -> datetime:
    """When an id was given out: the first 48 bits of a UUID of version 7 (RFC 9562 section 5.7)."""
    return datetime.fromtimestamp(int(id.replace("-", "")[:12], 16) / 1000, UTC)
