"""Rows as templates see them: plain values, as they go into the context of a mail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from mailgate.model import CommentState, RecipientState, Ticket


def ticket_context(ticket: Ticket) -> dict[str, Any]:
    """A ticket as templates see it."""
    return {
        "number": ticket.number,
        "title": ticket.title,
        "severity": ticket.severity.word,
        "status": ticket.status.value,
        "category": ticket.category,
        "team": ticket.team,
        "assignee": {"name": ticket.assignee.name, "address": ticket.assignee.address},
        "recipients": [r.person.address for r in ticket.recipients if r.state is RecipientState.ACTIVE],
        "held": [r.person.address for r in ticket.recipients if r.state is RecipientState.HELD],
        "devices": list(ticket.devices),
        "escalation_level": ticket.escalation_level,
        "eu_support": ticket.eu_support,
        "created": ticket.created.isoformat() if ticket.created else "",
    }


def comment_context(row: Row[Any], files: Iterable[Row[Any]]) -> dict[str, Any]:
    """A stored comment that has just been confirmed, as templates see it."""
    files = list(files)
    return {
        "author_name": row.author_name,
        "author_address": row.author or "",
        "at": row.created.isoformat(),
        "text": row.text,
        "files": [{"filename": f.filename, "size": f.size} for f in files if f.state == "kept"],
        "left_out": [f.filename for f in files if f.state == "left_out"],
        "unverified": row.unverified,
        "state": CommentState.SHOWN.value,
    }
