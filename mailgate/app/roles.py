"""The roles by name, and the locks that keep each to one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mailgate.config import Config
from mailgate.locks import Lock

LISTEN = "listen"
DESK = ("work", "send", "tick")  # the roles that share one process, and on SQLite one writing connection
WEB = "web"
IMAP = "imap"
ROLES = (LISTEN, *DESK, WEB, IMAP)
DRAIN_SECONDS = 15.0


@contextmanager
def held(config: Config, *roles: str) -> Iterator[bool]:
    """The locks of these roles; True when a holder before us died."""
    names = list(roles)
    if LISTEN not in roles:
        if config.database_url.startswith("sqlite"):
            names.append("writer")
        else:  # any number of couriers and clocks may share a PostgreSQL; a spool has one worker
            names = [name for name in names if name == "work"]
    locks: list[Lock] = []
    try:
        for name in names:
            locks.append(Lock(config.data_dir / "locks", name))
        yield any(lock.died for lock in locks)
    except BaseException:
        for lock in locks:
            lock.close()
        raise
    for lock in locks:
        lock.release()
