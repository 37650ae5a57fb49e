"""What is known of each mailbox: how far it was read, what waits to be moved, what gave trouble. `data_dir/imap.db`.

Laws: a row is written after the spool has accepted and before the mailbox is changed. What is lost with this file is read
again and recognised as a duplicate (2.7), never lost. One process writes, `mailgate check` reads.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite

from mailgate.errors import Unavailable

MAX_ASIDE = 1000  # mails that `check` remembers having been set aside, for each mailbox
KEEP_SECONDS = 400 * 86_400.0  # how long a mail that was taken is known again after a change of UIDVALIDITY

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cursor (account TEXT, mailbox TEXT, uidvalidity INTEGER NOT NULL, last_uid INTEGER NOT NULL,
  since REAL NOT NULL, known_to INTEGER NOT NULL, old INTEGER NOT NULL, PRIMARY KEY (account, mailbox)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS in_hand (account TEXT, mailbox TEXT, uids TEXT NOT NULL, PRIMARY KEY (account, mailbox)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unfiled (account TEXT, mailbox TEXT, uid INTEGER, folder INTEGER NOT NULL,
  PRIMARY KEY (account, mailbox, uid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stuck (account TEXT, mailbox TEXT, folder INTEGER, since REAL NOT NULL, why TEXT NOT NULL,
  PRIMARY KEY (account, mailbox, folder)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trouble (account TEXT, mailbox TEXT, uid INTEGER, attempts INTEGER NOT NULL, why TEXT NOT NULL,
  PRIMARY KEY (account, mailbox, uid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS aside (id INTEGER PRIMARY KEY, account TEXT, mailbox TEXT, uid INTEGER, at REAL, why TEXT);
CREATE TABLE IF NOT EXISTS taken (account TEXT, hash BLOB, at REAL NOT NULL, PRIMARY KEY (account, hash)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (account TEXT, mailbox TEXT, good REAL NOT NULL, bad REAL NOT NULL, why TEXT NOT NULL,
  mend TEXT NOT NULL, PRIMARY KEY (account, mailbox)) WITHOUT ROWID;
"""
_BY_UID = ("in_hand", "unfiled", "stuck", "trouble")
DONE, FAILED = 0, 1  # unfiled.folder: where a mail is to go


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a mailbox was read, under one UIDVALIDITY (RFC 3501 section 2.3.1.1)."""

    uidvalidity: int
    last_uid: int
    since: (
        float  # a mail that came in before this (INTERNALDATE, seconds since 1970) is an old one; 0: none is
    )
    known_to: int = (
        0  # up to this UID the mailbox is read anew, and what was taken before is known by its bytes
    )
    old: int = 0  # mails that lay there at the first connect and were left


@dataclass(frozen=True, slots=True)
class State:
    """How a mailbox fares. Times are seconds since 1970."""

    account: str
    mailbox: str
    good: float  # when it was last read to its end
    bad: float  # since when that fails, 0 when it does not
    why: str
    mend: str


def digest(raw: bytes) -> bytes:
    """A mail's bytes, to be known again."""
    return hashlib.blake2b(raw, digest_size=16).digest()


class Ledger:
    """One file, one connection, used by the threads of all mailboxes in turn."""

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        """Raises Unavailable."""
        self._lock = threading.Lock()
        try:
            uri = f"{path.absolute().as_uri()}?mode={'ro' if readonly else 'rwc'}"
            self._db = sqlite.connect(
                uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False
            )
            if not readonly:
                path.chmod(0o600)
                self._db.execute("PRAGMA journal_mode=WAL").fetchall()
                self._db.execute(
                    "PRAGMA synchronous=NORMAL"
                )  # a row lost with the power is a mail read again
                self._db.executescript(_SCHEMA)
        except (sqlite.Error, OSError) as e:
            raise Unavailable(
                f"{path}: cannot be used: {e}; mend its permissions, or move it away: mails are read again"
            ) from e

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            rows: list[Any] = self._db.execute(sql, values).fetchall()
            return rows

    def _write(self, steps: Iterable[tuple[str, Sequence[Any]]]) -> None:
        """One transaction; each step is a statement and its rows. Raises Unavailable."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                for sql, rows in steps:
                    self._db.executemany(sql, rows)
                self._db.execute("COMMIT")
            except BaseException as e:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if isinstance(e, sqlite.Error):
                    raise Unavailable(f"imap.db cannot be written: {e}; make room on the disk") from e
                raise

    def forget_old(self) -> None:
        """Once a start."""
        self._write([("DELETE FROM taken WHERE at < ?", [(time.time() - KEEP_SECONDS,)])])

    # ------------------------------------------------ how the accounts fare

    def states(self) -> list[State]:
        return [State(*row) for row in self._rows("SELECT * FROM state ORDER BY account, mailbox")]

    def is_good(self, account: str, mailbox: str) -> None:
        self._write([("REPLACE INTO state VALUES (?, ?, ?, 0, '', '')", [(account, mailbox, time.time())])])

    def is_bad(self, account: str, mailbox: str, why: str, mend: str) -> None:
        now = time.time()
        self._write([(
            "INSERT INTO state VALUES (?, ?, 0, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "bad = iif(bad > 0, bad, excluded.bad), why = excluded.why, mend = excluded.mend",
            [(account, mailbox, now, why, mend)],
        )])  # fmt: skip

    def set_aside(self) -> list[tuple[str, str, int, int]]:
        """(account, mailbox, how many were set aside within a week, how many give trouble now)."""
        return [
            tuple(row)
            for row in self._rows(
                "SELECT account, mailbox, sum(a), sum(t) FROM (SELECT account, mailbox, 1 AS a, 0 AS t FROM aside "
                "WHERE at > ? UNION ALL SELECT account, mailbox, 0, 1 FROM trouble) GROUP BY account, mailbox",
                time.time() - 7 * 86_400,
            )
        ]

    def stuck(self) -> list[tuple[str, str, int, float, str, int]]:
        """(account, mailbox, folder, since when, why, how many mails wait) of what a server does not let us move."""
        sql = (
            "SELECT account, mailbox, folder, since, why, (SELECT count(*) FROM unfiled AS u WHERE u.account = s.account "
            "AND u.mailbox = s.mailbox AND u.folder = s.folder) AS mails FROM stuck AS s WHERE mails > 0"
        )
        return [tuple(row) for row in self._rows(sql)]

    def cursors(self) -> dict[tuple[str, str], Cursor]:
        rows = self._rows("SELECT * FROM cursor")
        return {(row[0], row[1]): Cursor(*row[2:]) for row in rows}


class Page:
    """The ledger of one mailbox."""

    def __init__(self, ledger: Ledger, account: str, mailbox: str) -> None:
        self._ledger = ledger
        self.account, self.mailbox = account, mailbox
        self._key = (account, mailbox)

    def cursor(self) -> Cursor | None:
        rows = self._ledger._rows("SELECT * FROM cursor WHERE account = ? AND mailbox = ?", *self._key)
        return Cursor(*rows[0][2:]) if rows else None

    def begin(self, cursor: Cursor) -> None:
        """A first connect, or another UIDVALIDITY: what was known by UID means nothing any more."""
        sql = "DELETE FROM {} WHERE account = ? AND mailbox = ?"
        emptied = [(sql.format(table), [self._key]) for table in _BY_UID]
        row = (*self._key, cursor.uidvalidity, cursor.last_uid, cursor.since, cursor.known_to, cursor.old)
        self._ledger._write([*emptied, ("REPLACE INTO cursor VALUES (?, ?, ?, ?, ?, ?, ?)", [row])])

    def advance(self, last_uid: int) -> None:
        """Nothing up to here is left to do, or it stands in the other tables."""
        self._ledger._write([self._advanced(last_uid)])

    def _advanced(self, last_uid: int) -> tuple[str, Sequence[Any]]:
        sql = "UPDATE cursor SET last_uid = max(last_uid, ?) WHERE account = ? AND mailbox = ?"
        return sql, [(last_uid, *self._key)]

    def knows(self, hash_: bytes) -> bool:
        """Whether these bytes were taken from this account before."""
        return bool(
            self._ledger._rows("SELECT 1 FROM taken WHERE account = ? AND hash = ?", self.account, hash_)
        )

    # ------------------------------------------------ a batch

    def take_in_hand(self, uids: Sequence[int]) -> None:
        """Before they are fetched: should this kill us, or the connection, each is tried alone the next time."""
        self._ledger._write([self._held(uids)])

    def drop_from_hand(self) -> None:
        """What a connection or process that died had in hand becomes trouble, to be tried one by one."""
        rows = self._ledger._rows("SELECT uids FROM in_hand WHERE account = ? AND mailbox = ?", *self._key)
        uids = json.loads(rows[0][0]) if rows else []
        if uids:
            self._ledger._write(
                [*self._troubled([(uid, "") for uid in uids]), self._advanced(max(uids)), self._held([])]
            )

    def _troubled(self, found: Iterable[tuple[int, str]]) -> list[tuple[str, Sequence[Any]]]:
        rows = [(*self._key, uid, why) for uid, why in found]
        return [
            ("INSERT INTO trouble VALUES (?, ?, ?, 0, ?) ON CONFLICT DO UPDATE SET why = excluded.why", rows)
        ]

    def _held(self, uids: Sequence[int]) -> tuple[str, Sequence[Any]]:
        return "REPLACE INTO in_hand VALUES (?, ?, ?)", [(*self._key, json.dumps(list(uids)))]

    def settle(
        self,
        accepted: Iterable[tuple[int, bytes]],
        troubled: Iterable[tuple[int, str]] = (),
        gone: Iterable[int] = (),
        last_uid: int = 0,
        in_hand: Sequence[int] = (),
    ) -> None:
        """After the spool has answered: what it took (UID and digest), what is to be tried again and why, what is not
        there any more. `in_hand`: what is being fetched meanwhile."""
        taken = list(accepted)
        settled = [(*self._key, uid) for uid in (*(uid for uid, _ in taken), *gone)]
        now = time.time()
        self._ledger._write(
            [
                ("DELETE FROM trouble WHERE account = ? AND mailbox = ? AND uid = ?", settled),
                ("INSERT OR IGNORE INTO taken VALUES (?, ?, ?)", [(self.account, hash_, now) for _, hash_ in taken]),
                ("INSERT OR IGNORE INTO unfiled VALUES (?, ?, ?, ?)", [(*self._key, uid, DONE) for uid, _ in taken]),
                *self._troubled(troubled),
                self._advanced(last_uid),
                self._held(in_hand),
            ]
        )  # fmt: skip

    # ------------------------------------------------ what gives trouble

    def troubles(self) -> list[tuple[int, int, str]]:
        """(UID, attempts, why), those with few attempts first."""
        sql = (
            "SELECT uid, attempts, why FROM trouble WHERE account = ? AND mailbox = ? ORDER BY attempts, uid"
        )
        return [tuple(row) for row in self._ledger._rows(sql, *self._key)]

    def attempt(self, uid: int) -> int:
        """Count an attempt before it is made. Returns which one it is."""
        sql = "UPDATE trouble SET attempts = attempts + 1 WHERE account = ? AND mailbox = ? AND uid = ?"
        self._ledger._write([(sql, [(*self._key, uid)])])
        rows = self._ledger._rows(
            "SELECT attempts FROM trouble WHERE account = ? AND mailbox = ? AND uid = ?", *self._key, uid
        )
        return int(rows[0][0]) if rows else 0

    def put_aside(self, uid: int, why: str) -> None:
        """The mail goes to the folder of those that failed."""
        key = (*self._key, uid)
        newest = (
            "DELETE FROM aside WHERE account = ? AND mailbox = ? AND id <= (SELECT max(id) FROM aside) - ?"
        )
        self._ledger._write(
            [
                ("DELETE FROM trouble WHERE account = ? AND mailbox = ? AND uid = ?", [key]),
                ("INSERT INTO aside (account, mailbox, uid, at, why) VALUES (?, ?, ?, ?, ?)", [(*key, time.time(), why)]),
                (newest, [(*self._key, MAX_ASIDE)]),
                ("REPLACE INTO unfiled VALUES (?, ?, ?, ?)", [(*key, FAILED)]),
            ]
        )  # fmt: skip

    # ------------------------------------------------ what is to be moved

    def unfiled(self, folder: int, after: int = 0, limit: int = 500) -> list[int]:
        """UIDs behind `after`, in order."""
        sql = "SELECT uid FROM unfiled WHERE account = ? AND mailbox = ? AND folder = ? AND uid > ? ORDER BY uid LIMIT ?"
        return [row[0] for row in self._ledger._rows(sql, *self._key, folder, after, limit)]

    def is_stuck(self, folder: int, why: str) -> None:
        """The server refuses to move mails there."""
        sql = "INSERT INTO stuck VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET why = excluded.why"
        self._ledger._write([(sql, [(*self._key, folder, time.time(), why)])])

    def moves_again(self, folder: int) -> None:
        sql = "DELETE FROM stuck WHERE account = ? AND mailbox = ? AND folder = ?"
        self._ledger._write([(sql, [(*self._key, folder)])])

    def filed(self, uids: Iterable[int]) -> None:
        rows = [(*self._key, uid) for uid in uids]
        self._ledger._write([("DELETE FROM unfiled WHERE account = ? AND mailbox = ? AND uid = ?", rows)])
