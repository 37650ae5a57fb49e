"""`mailgate audit`: accepted = waiting + outcomes (rule 1.4). Exit code 0 when balanced, 1 when not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import typer

from mailgate.cli.context import Session, session
from mailgate.cli.options import AsJson
from mailgate.errors import Unavailable

if TYPE_CHECKING:
    from mailgate.spool import SpoolReader
    from mailgate.store.engine import Store

TRIES, PAUSE = 20, 0.05  # while mail pours in, the two books are read again until nothing came in between


def audit(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Prove that every accepted message is waiting or has exactly one outcome."""
    from mailgate.cli.show import emit

    found = balance(session(ctx))
    if as_json:
        emit(found)
    else:
        _show(found)
    if not found["balanced"]:
        raise typer.Exit(1)


def balance(run: Session) -> dict[str, Any]:
    """Both books: the spool's own count, and the ledger. Raises Unavailable where one cannot be read."""
    from mailgate.cli.database import exists
    from mailgate.spool import SpoolReader

    path = run.config.data_dir / "spool.db"
    if not path.exists() and not exists(run.config):
        raise Unavailable(
            f"{run.config.data_dir}: no spool and no database: no gateway has run here; check data_dir"
        )
    reader = SpoolReader(path) if path.exists() else None
    try:
        if not exists(run.config):
            return _undecided(reader)
        with run.store() as store:
            return _balance(store, reader)
    finally:
        if reader is not None:
            reader.close()


def _undecided(reader: SpoolReader | None) -> dict[str, Any]:
    """Before the first worker made the ticket database: everything waits."""
    from mailgate.model import Outcome

    counts = reader.counts() if reader else None
    accepted, waiting = (counts.accepted, counts.waiting) if counts else (0, 0)
    return {
        "accepted": accepted,
        "waiting": waiting,
        "outcomes": {outcome.value: 0 for outcome in Outcome},
        "balanced": accepted == waiting,
        "outbox": {"waiting": 0, "sent": 0, "failed": 0},
    }


def _balance(store: Store, reader: SpoolReader | None) -> dict[str, Any]:
    for left in range(TRIES, 0, -1):
        found, before, after = _look(store, reader)
        if before == after or found["balanced"]:
            break
        if left == 1:  # mail came in at every look: the sum must lie between the two counts
            total = found["waiting"] + sum(found["outcomes"].values())
            found["balanced"] = before <= total <= after
        else:
            time.sleep(PAUSE)
    return found


def _look(store: Store, reader: SpoolReader | None) -> tuple[dict[str, Any], int, int]:
    """The balance, and what the spool had accepted before and after it was drawn."""
    from mailgate.store import messages, views

    counts = reader.counts() if reader else None
    accepted, waiting = (counts.accepted, counts.waiting_ids) if counts else (0, ())
    with store.reading() as conn:
        found = messages.audit(conn, accepted, waiting, reader.id if reader else None)
        found["outbox"] = views.audit_outbox(conn)
    return found, accepted, reader.counts().accepted if reader else accepted


def _show(found: dict[str, Any]) -> None:
    from mailgate.cli.show import fields, say

    fields([("Accepted", found["accepted"]), ("Waiting", found["waiting"])])
    say("Outcomes")
    fields([(f"  {name}", number) for name, number in found["outcomes"].items()])
    say("Outbox")
    fields([(f"  {name}", number) for name, number in found["outbox"].items()])
    say("Balanced." if found["balanced"] else "NOT BALANCED: accepted is not waiting plus outcomes.")
