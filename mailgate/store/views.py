"""What commands and the web show: plain dicts and lists in the shapes of DESIGN §6. Times are ISO 8601, UTC.

Laws: reads only; the shapes are the ones that `--json` prints, so a key never changes its meaning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from mailgate.errors import NotFound
from mailgate.model import AttachmentState, Event, Outcome, Recipient, RecipientState, Severity, Status
from mailgate.store import backlog
from mailgate.store import messages as ledger
from mailgate.store.loading import load_tickets
from mailgate.store.schema import attachments, comments, history, messages, teams
from mailgate.store.schema import outbox as outbox_table
from mailgate.store.schema import people as people_table
from mailgate.store.schema import tickets as tickets_table
from mailgate.words import in_words

LIMIT = 1000
_OURS = (Status.NEW.value, Status.OPEN.value)  # of which the clock escalates tickets
_DUE = select(tickets_table.c.status, tickets_table.c.due_at).where(tickets_table.c.id == bindparam("key"))


def _iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


# -- tickets


def tickets(
    conn: Connection,
    *,
    status: str | None = None,
    team: str | None = None,
    unfinished: bool = False,
    limit: int = LIMIT,
) -> list[dict[str, Any]]:
    """The work list: by severity, oldest first. `unfinished`: neither resolved nor closed."""
    statement = (
        select(tickets_table, teams.c.name.label("team"), people_table.c.address.label("assignee"))
        .join(people_table, tickets_table.c.assignee_id == people_table.c.id)
        .outerjoin(teams, tickets_table.c.team_id == teams.c.id)
        .order_by(tickets_table.c.severity, tickets_table.c.created, tickets_table.c.id)
        .limit(limit)
    )
    if status is not None:
        statement = statement.where(tickets_table.c.status == status)
    if unfinished:
        statement = statement.where(tickets_table.c.status.in_([*_OURS, Status.PENDING.value]))
    if team is not None:
        statement = statement.where(teams.c.name == team)
    return [_line(row) for row in conn.execute(statement)]


def _line(row: Row[Any]) -> dict[str, Any]:
    return {
        "number": row.id,
        "title": row.title,
        "status": row.status,
        "severity": Severity(row.severity).word,
        "category": row.category,
        "team": row.team or "",
        "assignee": row.assignee,
        "escalation_level": row.escalation_level,
        "next_step_at": _next_step(row),
        "created": _iso(row.created),
        "updated": _iso(row.updated),
    }


def _next_step(row: Any) -> str | None:
    """When the clock raises the ticket if nothing happens before; on a pending one it waits for something else."""
    return _iso(row.due_at) if row.status in _OURS else None


def ticket(conn: Connection, number: int) -> dict[str, Any]:
    """One ticket whole. Raises NotFound."""
    found = load_tickets(conn, [number]).get(number)
    if found is None:
        raise NotFound(f"no ticket #{number}")
    return {
        "number": found.number,
        "title": found.title,
        "status": found.status.value,
        "severity": found.severity.word,
        "category": found.category,
        "team": found.team,
        "assignee": found.assignee.address,
        "escalation_level": found.escalation_level,
        "next_step_at": _next_step(conn.execute(_DUE, {"key": number}).one()),
        "created": _iso(found.created),
        "updated": _iso(found.updated),
        "account": found.account,
        "notify": found.notify,
        "eu_support": found.eu_support,
        "assignee_dead": found.assignee.dead,
        "recipients": [{"address": r.person.address, "state": _state(r)} for r in found.recipients],
        "devices": list(found.devices),
        "comments": _comments(conn, number),
        "history": _history(conn, number),
    }


def _state(recipient: Recipient) -> str:
    """A recipient gets no mail from any ticket once his address is dead, whichever one it bounced on (8.2)."""
    dead = recipient.person.dead and recipient.state is RecipientState.ACTIVE
    return RecipientState.DEAD.value if dead else recipient.state.value


def _comments(conn: Connection, number: int) -> list[dict[str, Any]]:
    files: dict[int, list[Row[Any]]] = defaultdict(list)
    for file in conn.execute(
        select(attachments).where(attachments.c.ticket_id == number).order_by(attachments.c.id)
    ):
        files[file.comment_id].append(file)
    statement = (
        select(comments, people_table.c.address.label("author"), messages.c.rfc_id)
        .outerjoin(people_table, comments.c.author_id == people_table.c.id)
        .outerjoin(messages, comments.c.message_id == messages.c.id)
        .where(comments.c.ticket_id == number)
        .order_by(comments.c.id)
    )
    return [
        {
            "author": row.author or row.author_name,
            "author_name": row.author_name,
            "created": _iso(row.created),
            "text": row.text,
            "quoted": row.quoted,
            "signature": row.signature,
            "state": row.state,
            "unverified": row.unverified,
            "why_held": row.why_held,
            "attachments": [_file(f) for f in files[row.id] if f.state == AttachmentState.KEPT],
            "left_out": [f.filename for f in files[row.id] if f.state == AttachmentState.LEFT_OUT],
            "message_id": row.rfc_id or "",
            "message": row.message_id or "",
        }
        for row in conn.execute(statement)
    ]


def _file(row: Row[Any]) -> dict[str, Any]:
    return {
        "filename": row.filename,
        "content_type": row.content_type,
        "size": row.size,
        "sha256": row.sha256,
        "part": row.part,
    }


def _history(conn: Connection, number: int) -> list[dict[str, Any]]:
    statement = select(history).where(history.c.ticket_id == number).order_by(history.c.id)
    return [
        {
            "at": _iso(row.at),
            "by": row.by,
            "what": in_words(Event(row.code, row.params)),
            "code": row.code,
            "private": row.private,
            "message": row.message_id or "",
        }
        for row in conn.execute(statement)
    ]


def attachment(conn: Connection, message: str, part: str) -> dict[str, Any]:
    """One file of a stored message, by the message's id and the part's path. Raises NotFound."""
    id = ledger.get(conn, message).id
    row = conn.execute(
        select(attachments).where(attachments.c.message_id == id, attachments.c.part == part)
    ).one_or_none()
    if row is None:
        raise NotFound(f"message {message} has no file {part}")
    return _attachment(row)


def attachment_list(conn: Connection, number: int) -> list[dict[str, Any]]:
    """Every file of a ticket, kept or not, in order. Raises NotFound."""
    if not load_tickets(conn, [number]):
        raise NotFound(f"no ticket #{number}")
    statement = select(attachments).where(attachments.c.ticket_id == number).order_by(attachments.c.id)
    return [_attachment(row) for row in conn.execute(statement)]


def _attachment(row: Row[Any]) -> dict[str, Any]:
    return _file(row) | {
        "message": row.message_id,
        "ticket": row.ticket_id,
        "comment": row.comment_id,
        "state": row.state,
        "why": row.why,
    }


# -- messages


def message_list(
    conn: Connection, *, outcome: str | None = None, sender: str | None = None, limit: int = LIMIT
) -> list[dict[str, Any]]:
    """The ledger, the newest first."""
    statement = select(messages).order_by(messages.c.received.desc(), messages.c.id.desc()).limit(limit)
    if outcome is not None:
        statement = statement.where(messages.c.outcome == outcome)
    if sender is not None:
        statement = statement.where(messages.c.sender == sender)
    return [_message(row) for row in conn.execute(statement)]


def quarantine(conn: Connection, *, limit: int = LIMIT) -> list[dict[str, Any]]:
    """What stands in quarantine, the oldest first."""
    statement: Select[Any] = (
        select(messages)
        .where(messages.c.outcome == Outcome.QUARANTINED.value)
        .order_by(messages.c.received, messages.c.id)
        .limit(limit)
    )
    return [_message(row) for row in conn.execute(statement)]


def message(conn: Connection, id: str) -> dict[str, Any]:
    """One message with its envelope and what was decided. Raises NotFound."""
    row = ledger.get(conn, id)
    return _message(row) | {"envelope": row.envelope, "decision": row.decision}


def _message(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "received": _iso(row.received),
        "door": row.door,
        "sender": row.sender,
        "sender_name": row.sender_name,
        "subject": row.subject,
        "message_id": row.rfc_id,
        "size": row.size,
        "kind": row.kind,
        "outcome": row.outcome,
        "reasons": row.reasons,
        "ticket": row.ticket_id,
        "duplicate_of": row.duplicate_of,
        "error": row.error,
    }


# -- outbox


def outbox(conn: Connection, *, states: Sequence[str] = (), limit: int = LIMIT) -> list[dict[str, Any]]:
    """The mails owed and sent, the oldest first."""
    columns = [c for c in outbox_table.c if c.name not in ("mail", "context")]
    statement = select(*columns).order_by(outbox_table.c.id).limit(limit)
    if states:
        statement = statement.where(outbox_table.c.state.in_(states))
    return [_mail(row) for row in conn.execute(statement)]


def _mail(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "to": row.address,
        "template": row.template,
        "ticket": row.ticket_id,
        "message_id": row.message_id,
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt": _iso(row.due if row.state == "waiting" else row.next_attempt),
        "doubtful": row.doubtful,
        "last_error": row.last_error,
        "created": _iso(row.created),
    }


def audit_outbox(conn: Connection) -> dict[str, int]:
    """The outbox as `audit` tells it: what is held or being sent still waits."""
    found = backlog.counts(conn)
    waiting = found["waiting"] + found["sending"] + found["held"]
    return {"waiting": waiting, "sent": found["sent"], "failed": found["failed"]}
