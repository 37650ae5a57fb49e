"""The database's own trouble, as our errors: what can be tried again, and what somebody must mend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from mailgate.errors import MailgateError, Transient, Unavailable


@contextmanager
def translated(where: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as e:
        ours = _ours(e, where)
        if ours is None:
            raise
        raise ours from e
    except _driver_errors() as e:
        # From our own `connect`, before SQLAlchemy wraps anything.
        raise _ours_text(str(e), where) or Transient(f"{where}: {_line(e)}") from e


def _driver_errors() -> tuple[type[Exception], ...]:
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return ()
    return (dbapi2.DatabaseError,)


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _ours(error: DBAPIError, where: str) -> MailgateError | None:
    message = str(error.orig)
    found = _ours_text(message, where)
    if found is None and (isinstance(error, OperationalError) or error.connection_invalidated):
        return Transient(
            f"{where}: {message.strip().splitlines()[0] if message.strip() else 'database error'}"
        )
    return found


def _ours_text(message: str, where: str) -> MailgateError | None:
    if re.search(r"no such (table|column)|relation .* does not exist|column .* does not exist", message):
        return Unavailable(f"{where}: the database lacks our tables; run `mailgate db upgrade`")
    if re.search(
        r"readonly database|read-only transaction|unable to open database|permission denied", message
    ):
        return Unavailable(
            f"{where}: cannot be opened or written ({message.strip().splitlines()[0]}); "
            "run the command as mailgate's user, and look whether that user may write there"
        )
    if re.search(r"not a database|malformed|authentication failed|database .* does not exist", message):
        return Unavailable(f"{where}: {message.strip().splitlines()[0]}")
    return None
