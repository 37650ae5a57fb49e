"""The ledger: one row for each accepted message, with its outcome and the reasons (1.4, 1.5).

Laws: the id of the spool is the primary key, so a second run over the same message cannot have a second effect; a
row is written in the transaction of its effects.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from mailgate.errors import NotFound
from mailgate.model import Decision, Envelope, Outcome, ParsedMessage
from mailgate.store import later
from mailgate.store import raw as raw_store
from mailgate.store.known import is_private, participants, short
from mailgate.store.prepared import Lookup
from mailgate.store.schema import messages
from mailgate.store.schema import raw as raw_table
from mailgate.store.summary import summary
from mailgate.store.types import clean

_ENVELOPE = tuple(field.name for field in fields(Envelope))
SUBJECT_LIMIT = 998  # RFC 5322 §2.1.1: what is longer was no subject
_SEEN = Lookup(messages.c.id, lambda among: select(messages.c.id).where(among))
_REPLACE = update(messages).where(
    messages.c.id == bindparam("key"), messages.c.outcome == Outcome.QUARANTINED.value
)
_SETTLE = (
    update(messages)
    .where(messages.c.id == bindparam("key"))
    .values(ticket_id=bindparam("ticket"), comment_id=bindparam("comment"))
)
_ONE = select(messages).where(messages.c.id == bindparam("id"))


def seen(conn: Connection, ids: Sequence[str]) -> set[str]:
    """Those ids that have an outcome already."""
    return {row.id for row in _SEEN.rows(conn, ids)}


def record(
    conn: Connection,
    envelope: Envelope,
    parsed: ParsedMessage,
    decision: Decision,
    raw: bytes,
    spool: str,
    at: datetime,
    *,
    again: bool = False,
    packed: bytes = b"",
) -> None:
    """The ledger's row and the raw bytes (`packed` by `raw.pack` or not yet); before `apply`, in the same savepoint.

    `again`: the message stands in quarantine and is decided anew; its row is replaced, its bytes stay.
    Raises IntegrityError when the message has an outcome already, NotFound when it does not stand in quarantine.
    """
    values = _values(envelope, parsed, decision, spool, at)
    if not again:
        later.insert_rows(conn, messages, [values])
        later.insert_rows(conn, raw_table, [raw_store.row(envelope.id, raw, packed)])
        return
    for kept in ("id", "spool", "received", "envelope", "door", "ticket_id", "comment_id"):
        del values[kept]
    if (
        conn.execute(
            _REPLACE.values({name: bindparam(name) for name in values}), {"key": envelope.id, **values}
        ).rowcount
        != 1
    ):
        raise NotFound(f"message {envelope.id} is not in quarantine")


def _values(
    envelope: Envelope, parsed: ParsedMessage, decision: Decision, spool: str, at: datetime
) -> dict[str, Any]:
    sender = decision.sender or parsed.sender
    assert decision.outcome is not None, "a message ends in an outcome (1.4)"
    return {
        "id": envelope.id,
        "spool": spool,
        "received": envelope.received,
        "decided": at,
        "door": envelope.door,
        "envelope": {name: getattr(envelope, name) for name in _ENVELOPE},
        "rfc_id": short(parsed.message_id),
        "content_key": short(parsed.content_key),
        "sender": sender.address if sender else "",
        "sender_name": sender.name if sender else "",
        "subject": parsed.subject[:SUBJECT_LIMIT],
        "participants": participants(parsed),
        "size": parsed.size,
        "sha256": parsed.sha256,
        "kind": decision.kind or "",
        "outcome": decision.outcome.value,
        "reasons": list(decision.reasons),
        "decision": summary(decision, parsed),
        "error": decision.error,
        "duplicate_of": decision.duplicate_of,
        "private": is_private(decision),
        "skeleton": parsed.skeleton,
        "turn": decision.turn,
        "ticket_id": None,
        "comment_id": None,
    }


def settle(conn: Connection, id: str, ticket: int | None, comment: int | None) -> None:
    """What `apply` made of the message. Raises NotFound for a message without a row."""
    row = later.waiting_row(conn, messages, id)
    if row is not None:
        row.update(ticket_id=ticket, comment_id=comment)
        return
    later.flush(conn)  # the row was written already; its ticket may still wait
    if conn.execute(_SETTLE, {"key": id, "ticket": ticket, "comment": comment}).rowcount != 1:
        raise NotFound(f"no message {id}")


def get(conn: Connection, id: str) -> Row[Any]:
    """One row of the ledger; the beginning of an id will do where it is unique. Raises NotFound."""
    row = conn.execute(_ONE, {"id": id}).one_or_none()
    if row is not None:
        return row
    start = clean(id)
    if start:
        rows = conn.execute(
            select(messages).where(messages.c.id.startswith(start, autoescape=True)).limit(2)
        ).all()
        if len(rows) == 1:
            return rows[0]
    raise NotFound(f"no message {id}")


def envelope(conn: Connection, id: str) -> Envelope:
    """The envelope as it came, for deciding a message again. Raises NotFound."""
    stored = dict(get(conn, id).envelope)
    for name in ("rcpt_to", "auth_addresses"):
        stored[name] = tuple(stored[name])
    stored["received"] = datetime.fromisoformat(stored["received"])
    return Envelope(**stored)


def outcomes(conn: Connection, spool: str | None = None) -> dict[str, int]:
    """How many messages ended in which outcome, of one spool or of all; every outcome has an entry."""
    statement = select(messages.c.outcome, func.count().label("n")).group_by(messages.c.outcome)
    if spool is not None:
        statement = statement.where(messages.c.spool == spool)
    return {outcome.value: 0 for outcome in Outcome} | {row.outcome: row.n for row in conn.execute(statement)}


def audit(
    conn: Connection, accepted: int, waiting: Collection[str], spool: str | None = None
) -> dict[str, Any]:
    """Accepted = waiting + outcomes (1.4). `accepted` and the ids that wait come from the spool, read *before* this
    transaction began: a message that is in both was decided, and only its spool row is still there."""
    found = outcomes(conn, spool)
    open_ = len(waiting) - len(seen(conn, list(waiting)))
    return {
        "accepted": accepted,
        "waiting": open_,
        "outcomes": found,
        "balanced": accepted == open_ + sum(found.values()),
    }
