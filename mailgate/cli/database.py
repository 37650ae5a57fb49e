"""The ticket database as commands open it, and what `mailgate check` says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from mailgate.checks import ERROR, OK, WARNING, Finding
from mailgate.errors import MailgateError, NewerDatabase

if TYPE_CHECKING:
    from mailgate.config import Config
    from mailgate.store.engine import Store

T = TypeVar("T")


def exists(config: Config) -> bool:
    """Whether there is a database to look into; one that a server keeps is taken to exist."""
    url = config.database_url
    if not url.startswith("sqlite"):
        return True
    from pathlib import Path

    return Path(url.partition("///")[2]).is_file()


def opened(config: Config, *, readonly: bool) -> Store:
    """A store at this program's revision. Raises Unavailable where there is none yet or an upgrade is due, NewerDatabase."""
    from mailgate.errors import Unavailable
    from mailgate.store.engine import Store

    if not exists(config):
        raise Unavailable(
            f"{config.database_url}: there is no database yet; `mailgate serve` or `mailgate db upgrade` makes it"
        )
    store = Store(config.database_url, readonly=readonly)
    try:
        store.require_current()
    except BaseException:
        store.close()
        raise
    return store


def asked(config: Config, question: Callable[[Any], T]) -> T | None:
    """What the database answers, given a connection; None where there is none, or where it cannot be read, which `state` tells."""
    if not exists(config):
        return None
    try:
        store = opened(config, readonly=True)
        try:
            with store.reading() as conn:
                return question(conn)
        finally:
            store.close()
    except MailgateError:
        return None


def state(config: Config) -> Finding:
    """One finding about the database. Nothing is created or changed."""
    if not exists(config):
        return Finding(OK, "database", f"{config.database_url} does not exist yet; the first start makes it")
    from mailgate.store.engine import Store
    from mailgate.store.schema import HEAD

    try:
        store = Store(config.database_url, readonly=True)
        try:
            found = store.version()
        finally:
            store.close()
    except NewerDatabase as e:
        return Finding(ERROR, "database", str(e), "install the mailgate that wrote it")
    except MailgateError as e:
        return Finding(ERROR, "database", str(e), "start the database, or correct database.url")
    if found != HEAD:
        return Finding(
            WARNING,
            "database",
            f"has revision {found or 'none'}, this mailgate needs {HEAD}",
            "mailgate db upgrade (serve does it too)",
        )
    return Finding(OK, "database", f"reachable, revision {found}")
