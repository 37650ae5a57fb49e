"""The listener's side of the spool: one writer thread, group commit, the only checkpointer.

Law: whatever is queued when a commit ends goes into the next one, with no artificial delay.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import structlog
import uuid_utils
from pysqlite3 import dbapi2 as sqlite

from mailgate.config import Spool as SpoolSettings
from mailgate.counters import count
from mailgate.errors import Full, Transient
from mailgate.failpoint import failpoint, register
from mailgate.model import Envelope
from mailgate.spool import envelopes, file

Done = Callable[[str | Exception], None]

BATCH_ROWS = 256
BATCH_BYTES = 4 * 1024 * 1024
# 8 kB mails take about 1.5 times their size in the WAL. A checkpoint of 32 MiB stays well under 250 ms of reply time.
_CHECKPOINT_BYTES = 32 * 1024 * 1024
_ROW_OVERHEAD = 4096
_BUSY_COMMITS = (
    16  # one behind the other, with no idle second between: one sender that brings mail after mail
)
# Settling writes to the WAL too, so an idle listener goes on looking; with nothing to move a checkpoint costs 20 µs.
_IDLE_SECONDS = 1.0
# One INSERT for many rows gives the interpreter lock away once, not once a row; few sizes keep the statements prepared.
_CHUNKS = (64, 16, 4, 1)
_INSERTS = {n: "INSERT INTO mail VALUES " + ",".join(["(?,?,?,?,?)"] * n) for n in _CHUNKS}  # noqa: S608
_CLOSED = "the spool is closed"

register("spool.before_insert", "spool.before_commit", "spool.after_commit")
_log = structlog.get_logger("mailgate.spool")


@dataclass(slots=True)
class Line:
    """Mails whose order matters, of one sender who does not wait for the answers: once one of them is not taken those
    behind it are not taken either, until he begins a new line."""

    broken: str = ""  # why


@dataclass(slots=True)
class _Queued:
    envelope: Envelope
    raw: bytes
    done: Done
    line: Line | None


class Spool:
    """The listener's side: one writer thread, group commit, the only checkpointer."""

    def __init__(
        self, path: Path, settings: SpoolSettings, *, on_fatal: Callable[[str], None] | None = None
    ) -> None:
        """Open or make the spool at `path`. Raises Unavailable and NewerDatabase.

        `on_fatal` is called once, in the writer's thread, after an I/O error: the process must end and start anew;
        until then every mail is answered Transient.
        """
        self._path = path
        self._settings = settings
        self._on_fatal = on_fatal
        self._connection = file.connect(path, "FULL")
        self.id = file.spool_id(self._connection)
        self._queue: SimpleQueue[_Queued | None] = SimpleQueue()
        self._refusal = ""  # why nothing more is taken: closed, or dead
        self._grown = False
        self._in_a_row = 0  # commits since the last idle second
        self._dead = False  # an I/O error: see _die
        self._written = 0  # bytes in the WAL since the last checkpoint, estimated
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def submit(self, envelope: Envelope, raw: bytes, done: Done, line: Line | None = None) -> None:
        """Queue one mail; thread-safe, never blocks. `done` gets the new id after the fsync, or Full or Transient.

        It is called in the writer's thread (in this one where the spool is closed) and must not block.
        """
        if self._refusal:
            done(Transient(self._refusal))
            return
        self._queue.put(_Queued(envelope, raw, done, line))

    def close(self) -> None:
        """Commit what is queued, checkpoint and close the file. A second call does nothing."""
        if not self._refusal:
            self._refusal = _CLOSED
        self._queue.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        stop = False
        while not stop:
            try:
                first = self._queue.get(timeout=_IDLE_SECONDS)
            except Empty:
                self._in_a_row = 0
                self._checkpoint()
                continue
            batch, stop = self._gather(first)
            if batch:
                self._settle_batch(batch)
        self._refuse_rest()
        self._checkpoint()
        if not self._dead:  # closing would checkpoint, and so write from pages that nobody can vouch for
            self._connection.close()

    def _grow_wal(self) -> None:
        """Bring the WAL to its working size once it is busy here: a sync of a file that grows takes twice as long.

        A transaction too large for the page cache writes itself to the WAL, and is then rolled back: the blocks stay.
        """
        self._grown = True
        try:
            wal = Path(f"{self._path}-wal")
            if self._free() < 64 * _CHECKPOINT_BYTES or (
                wal.exists() and wal.stat().st_size >= _CHECKPOINT_BYTES
            ):
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(
                "INSERT INTO mail VALUES (0, '', '', 0, zeroblob(?))", (_CHECKPOINT_BYTES,)
            )
            self._connection.execute("ROLLBACK")
            self._connection.execute(
                "UPDATE spool SET accepted = accepted"
            )  # its commit syncs what was written
        except Exception as e:  # noqa: BLE001 - it goes on without, only slower
            _log.info("the WAL could not be grown", error=str(e)[:256])
            if not self._abandon(e):
                self._die()

    def _gather(self, first: _Queued | None) -> tuple[list[_Queued], bool]:
        """All that is queued at this moment, up to the caps of one commit; True: the last batch."""
        batch: list[_Queued] = []
        size = 0
        item = first
        while item is not None:
            batch.append(item)
            size += len(item.raw)
            if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
                return batch, False
            try:
                item = self._queue.get_nowait()
            except Empty:
                return batch, False
        return batch, True

    def _settle_batch(self, batch: list[_Queued]) -> None:
        """Commit a batch and tell everybody in it."""
        answers: Sequence[str | Exception]
        fatal = False
        if self._dead:
            answers = [Transient(self._refusal)] * len(batch)
        else:
            try:
                answers = self._commit(batch)
            except Exception as e:  # noqa: BLE001 - whatever it is, it is ours, and the peer tries again (1.1)
                fatal = not self._abandon(e)
                answers = [file.translated(e)] * len(batch)
        for item, answer in zip(batch, answers, strict=True):
            _count(item.envelope.door, answer)
            if item.line is not None and isinstance(answer, Exception):
                item.line.broken = str(answer)
            try:
                item.done(answer)
            except Exception:  # noqa: BLE001 - one door's bug must not cost the others their answers
                _log.exception("a waiting door failed")
        if fatal:
            self._die()
        elif self._written > _CHECKPOINT_BYTES:
            self._checkpoint()
        elif not self._grown:
            self._in_a_row += 1
            if len(batch) > 1 or self._in_a_row >= _BUSY_COMMITS:
                self._grow_wal()

    def _commit(self, batch: list[_Queued]) -> list[str | Exception]:
        """One transaction: the rows that fit the limits, and the counters. Returns an answer for each."""
        failpoint("spool.before_insert")
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        accepted, waiting, size = connection.execute("SELECT accepted, waiting, bytes FROM spool").fetchone()
        free = self._free()
        answers: list[str | Exception] = []
        values: list[Any] = []
        for item in batch:
            length = len(item.raw)
            refusal = item.line.broken if item.line is not None else ""
            refusal = refusal or self._no_room(waiting + 1, size + length, free - length)
            if refusal:
                if item.line is not None:
                    item.line.broken = refusal
                answers.append(Full(refusal))
                continue
            accepted, waiting, size, free = accepted + 1, waiting + 1, size + length, free - length
            id = str(uuid_utils.uuid7())
            values += accepted, id, envelopes.dump(item.envelope), length, item.raw
            answers.append(id)
        rows = len(values) // 5
        start = 0
        while start < rows:
            count = next(n for n in _CHUNKS if n <= rows - start)
            connection.execute(_INSERTS[count], values[start * 5 : (start + count) * 5])
            start += count
        if rows:
            connection.execute(
                "UPDATE spool SET accepted = ?, waiting = ?, bytes = ?", (accepted, waiting, size)
            )
        failpoint("spool.before_commit")
        connection.execute("COMMIT")
        failpoint("spool.after_commit")
        self._written += sum(len(item.raw) + _ROW_OVERHEAD for item in batch)
        return answers

    def _no_room(self, waiting: int, size: int, free: int) -> str:
        if waiting > self._settings.max_messages:
            return f"spool.max_messages ({self._settings.max_messages}) is reached"
        if size > self._settings.max_bytes:
            return f"spool.max_bytes ({self._settings.max_bytes}) is reached"
        if free < self._settings.min_free:
            return f"the disk of the spool has less than spool.min_free ({self._settings.min_free}) left"
        return ""

    def _free(self) -> int:
        disk = os.statvfs(self._path)
        return disk.f_bavail * disk.f_frsize

    def _abandon(self, error: Exception) -> bool:
        """Roll back after a failed commit; False: the file cannot be trusted any more."""
        expected = isinstance(error, (Transient, OSError, sqlite.Error))
        _log.error(
            "a batch could not be committed", error=str(error)[:256], exc_info=None if expected else error
        )
        if file.io_failed(error):
            return False
        try:
            file.rollback(self._connection)
        except Exception:  # noqa: BLE001 - whatever it is, the connection is of no more use
            _log.exception("a failed batch could not be rolled back")
            return False
        return True

    def _die(self) -> None:
        """After a failed fsync only a new process, reading the file anew, knows what is on the disk."""
        self._dead = True
        self._refusal = "the disk of the spool failed; mailgate must be started anew"
        _log.critical("the disk failed", spool=str(self._path))
        if self._on_fatal is not None:
            self._on_fatal(self._refusal)

    def _checkpoint(self) -> None:
        """Move the WAL into the file; a reader that is in the way only puts it off."""
        if self._dead:
            return
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except Exception as e:  # noqa: BLE001 - the WAL holds everything; the next one tries again
            _log.warning("checkpoint failed", error=str(e)[:256])
            if file.io_failed(e):
                self._die()
        self._written = 0

    def _refuse_rest(self) -> None:
        """Those who came while the spool was closing."""
        while True:
            try:
                item = self._queue.get_nowait()
            except Empty:
                return
            if item is not None:
                item.done(Transient(self._refusal))


def _count(door: str, answer: str | Exception) -> None:
    """In the metrics: accepted, or why not."""
    if isinstance(answer, str):
        count("accepted", door)
    else:
        count("refused", door, "full" if isinstance(answer, Full) else "trouble")
