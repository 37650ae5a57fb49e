"""What a decision owes to whom: what each mail says, fixed at the decision's turn. `posting` makes rows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from mailgate.config import Config
from mailgate.mail.subject import brackets
from mailgate.mail.token import Minter
from mailgate.model import CommentState, Notice, RecipientState, Ticket
from mailgate.rules.commands import tags
from mailgate.store import later, posting
from mailgate.store.loading import load_tickets
from mailgate.store.posting import Owed, Post
from mailgate.store.schema import history
from mailgate.store.task import Task

HISTORY = 200  # events that an escalation mail tells
_EVENTS = (
    select(history)
    .where(history.c.ticket_id == bindparam("ticket"))
    .order_by(history.c.id.desc())
    .limit(HISTORY)
)


def owe(task: Task, minter: Minter, new_id: Callable[[], int]) -> None:
    """Have outbox rows made of all notices of a decision, after all its other effects."""
    ticket = task.made or (_after(task) if task.number else None)
    subject = task.parsed.subject if task.parsed else ""
    post = Post(task, ticket, minter, new_id, _tags(subject, task.config))
    escalates = any(notice.template == "escalation" for notice in task.decision.notices)
    told = _told(task.conn, task.number) if escalates else []
    state = ticket_context(ticket) if ticket else None
    for notice in task.decision.notices:
        if notice.to in task.rows:
            context = _context(task, notice, state, told)
            later.put_off(task.conn, posting.post, Owed(post, notice, task.rows[notice.to].id, context))


def _after(task: Task) -> Ticket | None:
    """The ticket after all effects: as the rules left it, read again only where they did not say."""
    if task.decision.after is not None:
        return task.decision.after
    later.flush(task.conn)
    return load_tickets(task.conn, [task.number]).get(task.number)


def _told(conn: Connection, number: int) -> list[Row[Any]]:
    later.flush(conn)
    return list(reversed(conn.execute(_EVENTS, {"ticket": number}).all()))


def _context(
    task: Task, notice: Notice, state: dict[str, Any] | None, told: Iterable[Row[Any]]
) -> dict[str, Any]:
    context = dict(notice.context)
    context["ticket"] = state
    if notice.template == "update" and task.confirmed:
        # What was held goes out now, and never back to its own author.
        mine = [c for c in task.confirmed if c["author_address"] != notice.to]
        context["comments"] = [*mine, *context.get("comments", ())]
    if notice.template == "escalation":
        context["history"] = [
            {"at": event.at.isoformat(), "code": event.code, "params": event.params, "by": event.by}
            for event in told
            if notice.inside or not event.private
        ]
    return context


def _tags(subject: str, config: Config) -> list[str]:
    """The action tags of the mail that these notices answer, in English; a reply to them repeats them (3.6)."""
    if "[" not in subject:
        return []
    numbered = {b.start for b in brackets(subject) if any(w.startswith("#") for w in b.words)}
    found = tags(subject, numbered, config)
    words = [found.severity.word if found.severity else "", found.category]
    words += ["escalate" if found.escalate else "", "status" if found.query else ""]
    return [word for word in words if word]


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
