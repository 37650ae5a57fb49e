"""What a decision owes to whom: notices become rows of the outbox, with everything that is signed or fixed.

Laws: a person's mails name only ids that were issued to that person for that ticket (6.3); a row that nobody claimed
yet takes further changes in, a claimed one never (6.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from mailgate.config import Config
from mailgate.mail.subject import brackets
from mailgate.mail.token import Minter
from mailgate.model import (
    CommentState,
    Notice,
    Purpose,
    RecipientState,
    Severity,
    Ticket,
)
from mailgate.rules.commands import tags
from mailgate.store import later
from mailgate.store.directory import directory
from mailgate.store.facts import load_tickets
from mailgate.store.schema import history, outbox
from mailgate.store.task import Task

REFERENCES = 10  # ids of the person's thread that a mail names
THREAD = 400  # newest mails of a ticket that are looked through for them
JOINED_COMMENTS = 20  # in one mail; more open a new one, so that nobody can grow a row without end
HISTORY = 200  # events that an escalation mail tells
STAFF = ("team", "agent", "supervisor", "notify_list")

_INSERT = insert(outbox)
# Whether a row is open to joining is asked here as a value: as a condition it would lead SQLite to the index of all
# waiting rows, which is as long as the queue.
_THREAD = (
    select(
        outbox.c.id,
        outbox.c.person_id,
        outbox.c.message_id,
        (outbox.c.joinable & (outbox.c.state == "waiting") & (outbox.c.attempts == 0)).label("open"),
    )
    .where(
        outbox.c.ticket_id == bindparam("ticket"),
        outbox.c.person_id.in_(bindparam("persons", expanding=True)),
    )
    .order_by(outbox.c.id.desc())
    .limit(THREAD)
)
_JOINABLE = (
    select(outbox.c.id, outbox.c.address, outbox.c.inside, outbox.c.private, outbox.c.context, outbox.c.due)
    .where(
        outbox.c.id.in_(bindparam("keys", expanding=True)),
        outbox.c.joinable,
        outbox.c.state == "waiting",
        outbox.c.attempts == 0,
    )
    .order_by(outbox.c.id)
    .with_for_update()
)
_JOIN = (
    update(outbox)
    .where(outbox.c.id == bindparam("key"))
    .values(context=bindparam("whole"), due=bindparam("when"), private=bindparam("secret"))
)
_EVENTS = (
    select(history)
    .where(history.c.ticket_id == bindparam("ticket"))
    .order_by(history.c.id.desc())
    .limit(HISTORY)
)


@dataclass(slots=True)
class _Post:
    """The mails of one decision in the making."""

    task: Task
    ticket: Ticket | None
    minter: Minter
    tags: list[str]

    @property
    def at(self) -> datetime:
        return self.task.at

    @property
    def number(self) -> int:
        return self.ticket.number if self.ticket else 0

    def id_of(self, notice: Notice) -> int:
        return int(self.task.rows[notice.to].id)


def owe(task: Task, minter: Minter, new_id: Callable[[], int]) -> None:
    """Outbox rows for all notices of a decision, after all its other effects."""
    conn, decision, number, rows = task.conn, task.decision, task.number, task.rows
    ticket = task.made or (_after(task) if number else None)
    post = _Post(task, ticket, minter, _tags(task.parsed.subject if task.parsed else "", task.config))
    wanted = [notice for notice in decision.notices if notice.to in rows]
    joinable: dict[tuple[str, bool], Any] = {}
    threads: dict[int, list[str]] = {}
    if number and not decision.new_ticket and wanted:
        later.before_reading(conn, number, "outbox")
        persons = {"ticket": number, "persons": sorted({post.id_of(n) for n in wanted})}
        threads, waiting_ids = _threads(conn, persons)
        if waiting_ids and any(n.coalesce for n in wanted):
            rows_waiting = conn.execute(_JOINABLE, {"keys": waiting_ids})
            joinable = {(r.address, r.inside): r for r in rows_waiting}
    told = _told(conn, number) if any(n.template == "escalation" for n in wanted) else []
    state = ticket_context(ticket) if ticket else None
    new = []
    for notice in wanted:
        context = _context(post, notice, state, told)
        waiting = joinable.get((notice.to, notice.inside)) if notice.coalesce else None
        if waiting is None or not _join(post, notice, context, waiting):
            new.append(_row(post, notice, context, threads.get(post.id_of(notice), []), new_id()))
    if new:
        later.insert(conn, _INSERT, new)


def _after(task: Task) -> Ticket | None:
    """The ticket after all effects: as the rules left it, read again only where they did not say."""
    if task.decision.after is not None:
        return task.decision.after
    later.before_reading(task.conn, task.number, "recipients")
    return load_tickets(task.conn, [task.number]).get(task.number)


def _threads(conn: Connection, persons: Mapping[str, Any]) -> tuple[dict[int, list[str]], list[int]]:
    """Each person's ids on the ticket, the oldest of the newest first; and the rows that updates may join."""
    found: dict[int, list[str]] = {}
    waiting = []
    for row in conn.execute(_THREAD, persons):
        ids = found.setdefault(row.person_id, [])
        if len(ids) < REFERENCES:
            ids.append(row.message_id)
        if row.open:
            waiting.append(row.id)
    return {person: ids[::-1] for person, ids in found.items()}, waiting


def _told(conn: Connection, number: int) -> list[Row[Any]]:
    later.before_reading(conn, number, "history")
    return list(reversed(conn.execute(_EVENTS, {"ticket": number}).all()))


def _context(
    post: _Post, notice: Notice, state: dict[str, Any] | None, told: Iterable[Row[Any]]
) -> dict[str, Any]:
    context = dict(notice.context)
    context["ticket"] = state
    if notice.template == "update" and post.task.confirmed:
        # What was held goes out now, and never back to its own author.
        mine = [c for c in post.task.confirmed if c["author_address"] != notice.to]
        context["comments"] = [*mine, *context.get("comments", ())]
    if notice.template == "escalation":
        context["history"] = [
            {"at": event.at.isoformat(), "code": event.code, "params": event.params, "by": event.by}
            for event in told
            if notice.inside or not event.private
        ]
    return context


def _join(post: _Post, notice: Notice, context: dict[str, Any], waiting: Row[Any]) -> bool:
    """Put an update into a waiting row of the same person; False where that row is full."""
    old = waiting.context
    comments = [*old.get("comments", ()), *context.get("comments", ())]
    if notice.template != "update" or len(comments) > JOINED_COMMENTS:
        return False
    whole = old | context
    whole["comments"] = comments
    whole["events"] = [*old.get("events", ()), *context.get("events", ())]
    if old.get("author") != context.get("author"):
        whole["author"] = None  # the mail tells of several; each comment names its own
    post.task.conn.execute(
        _JOIN,
        {
            "key": waiting.id,
            "whole": whole,
            "when": min(waiting.due, _due(post, notice)),
            "secret": waiting.private or _private(post, notice),
        },
    )
    return True


def _due(post: _Post, notice: Notice) -> datetime:
    """6.4: what later changes may join waits for them, unless it is urgent or an outage."""
    at_once = (
        notice.urgent or not _joinable(notice) or (post.ticket and post.ticket.severity is Severity.OUTAGE)
    )
    return post.at if at_once else post.at + timedelta(seconds=post.task.config.gateway.batch_seconds)


def _joinable(notice: Notice) -> bool:
    return notice.coalesce and notice.template == "update"


def _private(post: _Post, notice: Notice) -> bool:
    comment = post.task.decision.comment
    return notice.inside and comment is not None and comment.state is CommentState.PRIVATE


def _row(post: _Post, notice: Notice, context: dict[str, Any], thread: list[str], id: int) -> dict[str, Any]:
    person, minter, at = post.id_of(notice), post.minter, post.at
    references = [*thread, *([notice.answers] if notice.answers else [])]
    return {
        "id": id,
        "ticket_id": post.number or None,
        "person_id": person,
        "address": notice.to,
        "audience": notice.audience,
        "template": notice.template,
        "language": notice.language,
        "context": context,
        "inside": notice.inside,
        "private": _private(post, notice),
        "joinable": _joinable(notice),
        "tags": post.tags,
        "message_id": minter.message_id(post.number, person, id, at),
        "in_reply_to": references[-1] if references else "",
        "references": references,
        "reply_to": _reply_to(post, notice, person),
        "return_path": minter.return_path(id, at),
        "leave_address": (
            minter.leave_address(post.number, person, at)
            if notice.audience == "recipient" and post.number
            else ""
        ),
        "created": at,
        "state": "waiting",
        "due": _due(post, notice),
    }


def _reply_to(post: _Post, notice: Notice, person: int) -> str:
    """The person's signed address on the ticket; for staff the team's, which serves every agent (4.5)."""
    if not post.ticket:
        return post.task.config.gateway.address
    if notice.audience not in STAFF:
        return post.minter.reply_address(post.number, person, Purpose.REPLY, post.at)
    team = directory(post.task.conn).team(post.ticket.team)
    holder = person if notice.audience == "notify_list" or team is None else team.person
    return post.minter.reply_address(post.number, holder, Purpose.TEAM, post.at)


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
