"""Whether this node can do its work: `/healthz` and `/readyz`. Each look costs a few reads, whatever the tables hold."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from mailgate import meter
from mailgate.config import Config
from mailgate.errors import MailgateError
from mailgate.handover import short_path
from mailgate.spool import SpoolReader
from mailgate.store.engine import Store

CACHED_SECONDS = 2.0
ANSWER_SECONDS = 3.0
# A worker beats several times a second, and not while a batch is decided; its longest pause is half a minute.
WORKER_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Look:
    """One thing that was looked at; `why` says what is wrong and how to mend it, "" where all is well."""

    what: str
    why: str = ""


class Health:
    """What is ready. Safe in several threads; looks are shared for some seconds."""

    def __init__(self, config: Config, now: Callable[[], float] = time.monotonic) -> None:
        self._config, self._now = config, now
        self._lock = Lock()
        self._looks: tuple[Look, ...] = ()
        self._until = -1.0
        self._store: Store | None = None
        self._spool: SpoolReader | None = None

    def looks(self) -> tuple[Look, ...]:
        """Database, spool, listener and worker."""
        with self._lock:
            if self._now() >= self._until:
                self._looks = tuple(self._all())
                self._until = self._now() + CACHED_SECONDS
            return self._looks

    def store(self) -> Store:
        """The ticket database, to read. Raises Unavailable, NewerDatabase."""
        if self._store is None:
            store = Store(self._config.database_url, readonly=True)
            try:
                store.require_current()
            except MailgateError:
                store.close()
                raise
            self._store = store
        return self._store

    def spool(self) -> SpoolReader | None:
        """The spool, None before the first listener made it. Raises Unavailable, NewerDatabase."""
        path = self._config.data_dir / "spool.db"
        if self._spool is None and path.exists():
            self._spool = SpoolReader(path)
        return self._spool

    def close(self) -> None:
        for each in (self._store, self._spool):
            if each is not None:
                each.close()

    def _all(self) -> Iterator[Look]:
        for what, look in (
            ("database", self._database),
            ("spool", self._room),
            ("listener", self._listener),
            ("worker", self._worker),
        ):
            try:
                why = look()
            except MailgateError as e:
                why = str(e)
            except Exception as e:  # noqa: BLE001 - whatever it is, this node is not ready
                why = f"{type(e).__name__}: {e}"
            yield Look(what, why)

    def _database(self) -> str:
        self.store().require_current()
        return ""

    def _room(self) -> str:
        spool, limits = self.spool(), self._config.spool
        if spool is None:
            return "there is no spool yet: is `mailgate serve` starting?"
        found = spool.glance()
        path = self._config.data_dir / "spool.db"
        disk = os.statvfs(path)
        if not os.access(path, os.W_OK):
            return f"{path} may not be written"
        if found.waiting >= limits.max_messages:
            return f"full: spool.max_messages ({limits.max_messages}) is reached"
        if found.bytes >= limits.max_bytes:
            return f"full: spool.max_bytes ({limits.max_bytes}) is reached"
        if disk.f_bavail * disk.f_frsize < limits.min_free:
            return f"the disk has less than spool.min_free ({limits.min_free}) left"
        return ""

    def _listener(self) -> str:
        path = self._config.lmtp_socket
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(ANSWER_SECONDS)
                with short_path(path) as name:
                    sock.connect(name)
                greeting = sock.recv(64)
                with suppress(OSError):
                    sock.sendall(b"QUIT\r\n")
        except OSError as e:
            return f"nobody answers on {path}: {e.strerror or e}"
        return "" if greeting[:3] == b"220" else "it answers, and takes no mail now"

    def _worker(self) -> str:
        beat = meter.together(self._config.data_dir).beats.get("work")
        if beat is None:
            return "no worker has run here yet"
        age = time.time() - beat
        return "" if age < WORKER_SECONDS else f"it was last alive {age:.0f} seconds ago"
