"""`mailgate` with one promise broken on purpose: the harness's `--mutant`.

The harness must catch each of these, or it would not catch a real fault either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def ack_before_commit() -> None:
    """250 as soon as the mail is queued for the spool, instead of after its commit."""
    import uuid_utils

    from mailgate.spool import Spool, writer

    def submit(self: Any, envelope: Any, raw: bytes, done: Callable[[Any], None], line: Any = None) -> None:
        id = str(uuid_utils.uuid7())
        minted.append(id)
        original(self, envelope, raw, lambda _answer: None, line)
        done(id)

    class Minted:
        """The writer asks for ids in the order of the queue; it gets those that were promised."""

        @staticmethod
        def uuid7() -> str:
            return minted.pop(0)

    minted: list[str] = []
    original = Spool.submit
    Spool.submit = submit  # type: ignore[method-assign]
    writer.uuid_utils = Minted  # type: ignore[attr-defined]


def ledger_apart() -> None:
    """The ledger's row in a transaction of its own, before the one with the effects."""
    from mailgate.store import later, messages

    def record(conn: Any, *arguments: Any, **named: Any) -> None:
        original(conn, *arguments, **named)
        later.flush(conn)
        for statement in ("COMMIT", "BEGIN IMMEDIATE", "SAVEPOINT mail"):
            conn.exec_driver_sql(statement)

    original = messages.record
    messages.record = record


MUTANTS = {"ack-before-commit": ack_before_commit, "ledger-apart": ledger_apart}
