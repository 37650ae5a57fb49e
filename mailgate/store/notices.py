"""What a decision owes to whom: what each mail says, fixed at the decision's turn. `posting` makes rows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, select

from mailgate.config import Config
from mailgate.mail.subject import brackets
from mailgate.mail.token import Minter
from mailgate.model import CommentState, Notice, Ticket
from mailgate.rules.story import APART
from mailgate.rules.tags import read_tags
from mailgate.store import answering, later, posting, said
from mailgate.store.contexts import ticket_context
from mailgate.store.loading import load_tickets
from mailgate.store.posting import Owed, Post
from mailgate.store.prepared import Prepared, fixed
from mailgate.store.schema import comments, history
from mailgate.store.task import Task

HISTORY = 200  # events that an escalation mail tells
_EVENTS = Prepared(
    select(history)
    .where(history.c.ticket_id == bindparam("ticket"))
    .order_by(history.c.id.desc())
    .limit(fixed(HISTORY))
)
_WAITING = (
    select(comments.c.id)
    .where(
        comments.c.ticket_id == bindparam("ticket"),
        comments.c.state == CommentState.HELD.value,
        comments.c.why_held.in_(("unverified", "third_party")),
    )
    .order_by(comments.c.id)
    .limit(HISTORY)
)


def owe(task: Task, minter: Minter, new_id: Callable[[], int]) -> None:
    """Have outbox rows made of all notices of a decision, after all its other effects."""
    ticket = task.made or (_after(task) if task.number else None)
    subject = task.parsed.subject if task.parsed else ""
    post = Post(task, ticket, minter, new_id, _tags(subject, task.config))
    escalates = any(notice.template == "escalation" for notice in task.decision.notices)
    told = _told(task.conn, task.number) if escalates else []
    tried = said.tried(task.conn, task.number, task.comment) if escalates else []
    state = ticket_context(ticket) if ticket else None
    for notice in task.decision.notices:
        if notice.to in task.rows and APART in notice.context:
            about, context = answering.answer(task, notice)
            own = Post(task, about, minter, new_id, post.tags)
            later.put_off(task.conn, posting.post, Owed(own, notice, task.rows[notice.to].id, context))
        elif notice.to in task.rows:
            context = _context(task, notice, state, told, tried)
            held = _held(task, notice)
            if not held:
                context.pop("waits", None)  # it was confirmed meanwhile
            owed = Owed(post, notice, task.rows[notice.to].id, context, held)
            later.put_off(task.conn, posting.post, owed)


def _held(task: Task, notice: Notice) -> tuple[int, ...]:
    """The comments that a reply to this mail confirms."""
    if notice.tells == "this" and task.comment:
        return (task.comment,)
    if notice.tells != "all":
        return ()
    later.flush(task.conn)
    return tuple(task.conn.scalars(_WAITING, {"ticket": task.number}))


def _after(task: Task) -> Ticket | None:
    """The ticket after all effects: as the rules left it, read again only where they did not say."""
    if task.decision.after is not None:
        return task.decision.after
    later.flush(task.conn)
    return load_tickets(task.conn, [task.number]).get(task.number)


def _told(conn: Connection, number: int) -> list[Any]:
    later.flush(conn)
    return list(reversed(_EVENTS.rows(conn, {"ticket": number})))


def _context(
    task: Task, notice: Notice, state: dict[str, Any] | None, told: Iterable[Any], tried: list[Any]
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
        context["tried"] = said.told(tried, notice.to, inside=notice.inside)
    if context.get("reminder"):
        context["comments"] = said.last_answer(task.conn, task.number)
    return context


def _tags(subject: str, config: Config) -> list[str]:
    """The action tags of the mail that these notices answer, in English; a reply to them repeats them (3.6)."""
    if "[" not in subject:
        return []
    numbered = {b.start for b in brackets(subject) if any(w.startswith("#") for w in b.words)}
    found = read_tags(subject, numbered, config)
    words = [found.severity.word if found.severity else "", found.category]
    words += ["escalate" if found.escalate else "", "status" if found.query else ""]
    return [word for word in words if word]
