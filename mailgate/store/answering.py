"""What a mail that asks is answered with (3.9): one ticket with its history, or the sender's own tickets.

Laws: reads only, in the transaction that decided who may know what; held and private words for staff only; whoever
joined later sees nothing from before; bounded, however much a ticket holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, true

from mailgate.model import CommentState, Notice, RecipientState, Role, Severity, Status, Ticket
from mailgate.rules.story import APART, NAMES_OTHERS, SENDER_ONLY
from mailgate.rules.tags import ALL
from mailgate.store import later
from mailgate.store.contexts import comment_context, ticket_context
from mailgate.store.directory import directory
from mailgate.store.loading import load_tickets
from mailgate.store.schema import attachments, comments, history, people, recipients, tickets
from mailgate.store.task import Task

COMMENTS = 30  # the newest; the first one, which is the details, besides
WORDS = 16_000  # characters of all comments
MAX_TEXT = 4_000  # of one
EVENTS = 60  # the newest
TICKETS = 50
MAX_TITLE = 120
CUT = "…"
_STAFF = frozenset({Role.AGENT, Role.SUPERVISOR})


def answer(task: Task, notice: Notice) -> tuple[Ticket | None, dict[str, Any]]:
    """The ticket that the answer is about, None where it is about many, and the context of its template."""
    later.flush(task.conn)
    context = dict(notice.context)
    wanted = context.pop(APART)
    if number := wanted.get("number"):
        ticket = load_tickets(task.conn, [number])[number]
        return ticket, context | {"ticket": ticket_context(ticket)} | _view(
            task, notice, ticket, Role(wanted["role"])
        )
    if wanted:
        return None, context | _list(task, notice, wanted)
    return None, context


# -- one ticket


def _view(task: Task, notice: Notice, ticket: Ticket, role: Role) -> dict[str, Any]:
    staff = role in _STAFF
    since = _joined(task, notice, ticket) if role is Role.RECIPIENT else None
    shown = _reader(task, notice.to, ticket, role)
    chosen, omitted = _comments(task, ticket, since, staff)
    return {
        "comments": [_masked(comment, shown) for comment in chosen],
        "omitted": omitted,
        "history": _history(task, ticket, since, role, shown),
        "since": since.isoformat() if since else "",
    }


def _joined(task: Task, notice: Notice, ticket: Ticket) -> datetime:
    """From when on a recipient from outside has a part."""
    statement = select(recipients.c.joined).where(
        recipients.c.ticket_id == ticket.number,
        recipients.c.person_id == task.rows[notice.to].id,
        recipients.c.state == RecipientState.ACTIVE.value,
    )
    found: datetime | None = task.conn.scalar(statement)
    return found or task.at


def _reader(task: Task, to: str, ticket: Ticket, role: Role) -> Callable[[str], str]:
    """What the reader is shown for an address (6.1): itself where it is his own, on the ticket, or of his own account;
    else its account, or a mark."""
    on_ticket = {r.person.address for r in ticket.recipients if r.state is RecipientState.ACTIVE}
    on_ticket |= {ticket.assignee.address, to}
    book, free_mail = directory(task.conn), task.config.people.free_mail

    def shown(address: str) -> str:
        if role in _STAFF or address in on_ticket:
            return address
        account = book.account_name(book.account_id(address, free_mail))
        colleague = role is not Role.RECIPIENT and account and account == ticket.account
        return address if colleague else account or CUT

    return shown


def _masked(comment: dict[str, Any], shown: Callable[[str], str]) -> dict[str, Any]:
    address, name = comment["author_address"], comment["author_name"]
    if not address or shown(address) == address:
        return comment
    return comment | {"author_address": "", "author_name": shown(address) if "@" in name else name}


def _comments(
    task: Task, ticket: Ticket, since: datetime | None, staff: bool
) -> tuple[list[dict[str, Any]], int]:
    """The details and the newest comments, the oldest first, and how many stand between them."""
    mine = and_(
        comments.c.ticket_id == ticket.number, true() if since is None else comments.c.created >= since
    )
    if not staff:
        mine = and_(mine, comments.c.state == CommentState.SHOWN.value)
    read = (
        select(comments, people.c.address.label("author"))
        .outerjoin(people, comments.c.author_id == people.c.id)
        .where(mine)
    )
    newest = task.conn.execute(read.order_by(comments.c.id.desc()).limit(COMMENTS)).all()
    first = task.conn.execute(read.order_by(comments.c.id).limit(1)).all()
    chosen: dict[int, Row[Any]] = {}
    room = WORDS
    for row in (*first, *newest):
        room -= min(len(row.text), MAX_TEXT)
        if room >= 0:
            chosen[row.id] = row
    total = task.conn.scalar(select(func.count()).select_from(comments).where(mine)) or 0
    files = _files(task, chosen)
    contexts = [comment_context(chosen[id], files.get(id, [])) for id in sorted(chosen)]
    for context, id in zip(contexts, sorted(chosen), strict=True):
        context["state"] = chosen[id].state
        if len(context["text"]) > MAX_TEXT:
            context["text"] = context["text"][:MAX_TEXT].rstrip() + " " + CUT
    return contexts, total - len(contexts)


def _files(task: Task, ids: Iterable[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    statement = select(attachments).where(attachments.c.comment_id.in_([*ids])).order_by(attachments.c.id)
    for row in task.conn.execute(statement):
        found.setdefault(row.comment_id, []).append(row)
    return found


def _history(
    task: Task, ticket: Ticket, since: datetime | None, role: Role, shown: Callable[[str], str]
) -> list[dict[str, Any]]:
    statement = select(history).where(history.c.ticket_id == ticket.number)
    if role not in _STAFF:
        statement = statement.where(~history.c.private)
    if role is Role.RECIPIENT:  # as in his updates
        statement = statement.where(history.c.at >= since, history.c.code.not_in(NAMES_OTHERS | SENDER_ONLY))
    rows = task.conn.execute(statement.order_by(history.c.id.desc()).limit(EVENTS)).all()
    return [
        {
            "at": row.at.isoformat(),
            "code": row.code,
            "params": _params(row.params, shown, everything=role is Role.RECIPIENT),
            "by": shown(row.by) if "@" in row.by else row.by,
        }
        for row in reversed(rows)
    ]


def _params(params: Mapping[str, Any], shown: Callable[[str], str], *, everything: bool) -> dict[str, Any]:
    """`everything`: no address of others in any place; else only those of authors are hidden, as in updates."""

    def masked(key: str, value: Any) -> Any:
        named = everything or key in ("who", "author")
        address = named and isinstance(value, str) and "@" in value and " " not in value
        return shown(value) if address else value

    return {key: masked(key, value) for key, value in params.items()}


# -- many tickets


def _list(task: Task, notice: Notice, wanted: Mapping[str, Any]) -> dict[str, Any]:
    mine, status = _mine(task, task.rows[notice.to].id, wanted), wanted["status"]
    counted = select(tickets.c.status, func.count().label("n")).where(mine).group_by(tickets.c.status)
    counts: dict[str, int] = {row.status: row.n for row in task.conn.execute(counted)}
    of_status: ColumnElement[bool]
    if status == ALL:
        of_status, total = true(), sum(counts.values())
    elif status:
        of_status, total = tickets.c.status == status, counts.get(status, 0)
    else:
        of_status = tickets.c.status != Status.CLOSED.value
        total = sum(counts.values()) - counts.get(Status.CLOSED.value, 0)
    listed = (
        select(tickets)
        .where(mine, of_status)
        .order_by(tickets.c.severity, tickets.c.created, tickets.c.id)
        .limit(TICKETS)
    )
    return {
        "tickets": [_line(row) for row in task.conn.execute(listed)],
        "total": total,
        "closed": 0 if status else counts.get(Status.CLOSED.value, 0),
        "status": status,
    }


def _mine(task: Task, person: int, wanted: Mapping[str, Any]) -> ColumnElement[bool]:
    """Staff: the tickets of their teams, outside the EU without those that ask for EU support (5.2)."""
    if wanted["staff"]:
        ids = task.book.team_ids
        teams = [ids[name] for name in wanted["teams"] if name in ids]
        mine = or_(tickets.c.team_id.in_(teams), tickets.c.assignee_id == person)
        return mine if wanted["in_eu"] else and_(mine, tickets.c.eu_support == "")
    named = select(recipients.c.ticket_id).where(
        recipients.c.person_id == person, recipients.c.state == RecipientState.ACTIVE.value
    )
    return or_(tickets.c.assignee_id == person, tickets.c.id.in_(named))


def _line(row: Row[Any]) -> dict[str, Any]:
    title = row.title if len(row.title) <= MAX_TITLE else row.title[: MAX_TITLE - 1] + CUT
    return {
        "number": row.id,
        "title": title,
        "status": row.status,
        "severity": Severity(row.severity).word,
        "escalation_level": row.escalation_level,
        "created": row.created.isoformat(),
        "updated": row.updated.isoformat(),
    }
