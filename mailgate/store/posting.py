"""Which row of the outbox takes a mail: a new one, with everything that is signed or fixed, or one that waits.

It is settled at the end of a batch, for all its mails at once, so that everybody's threads are looked up in one query.

Laws: a person's mails name only ids that were issued to that person for that ticket (6.3); a row that nobody claimed
yet takes further changes in, a claimed one never (6.4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, select, union_all

from mailgate.mail.token import Minter
from mailgate.model import CommentState, Notice, Purpose, Severity, Ticket
from mailgate.store import later
from mailgate.store.directory import directory
from mailgate.store.prepared import Lookup, Prepared, fixed
from mailgate.store.schema import outbox
from mailgate.store.task import Task

REFERENCES = 10  # ids of the person's thread that a mail names
NEWEST = 20  # mails to a person on a ticket that are looked at for them, and for one that waits
JOINED_COMMENTS = 20  # in one mail; more open a new one, so that nobody can grow a row without end
STAFF = ("team", "agent", "supervisor", "notify_list")
_AT_ONCE = (1, 4, 16, 64)  # threads that one query looks up; it is filled up to the next number

_JOINABLE = Lookup(
    outbox.c.id,
    lambda among: (
        select(outbox.c.id, outbox.c.ticket_id, outbox.c.address, outbox.c.inside)
        .add_columns(outbox.c.private, outbox.c.context, outbox.c.due, outbox.c.held)
        .where(among, outbox.c.joinable, outbox.c.state == "waiting", outbox.c.attempts == 0)
        .order_by(outbox.c.id)
        .with_for_update()
    ),
)


@dataclass(slots=True, eq=False)
class Post:
    """What the mails of one decision share."""

    task: Task
    ticket: Ticket | None
    minter: Minter
    new_id: Callable[[], int]
    tags: list[str]
    number: int = field(init=False)  # of the ticket, 0 for none

    def __post_init__(self) -> None:
        self.number = self.ticket.number if self.ticket else 0

    @property
    def at(self) -> datetime:
        return self.task.at


@dataclass(slots=True)
class Owed:
    """One mail, complete but for its place in its person's thread."""

    post: Post
    notice: Notice
    person: int
    context: dict[str, Any]
    held: tuple[int, ...] = ()  # comments that it tells of

    @property
    def thread(self) -> tuple[int, int]:
        return self.post.number, self.person

    @property
    def reader(self) -> tuple[int, str, bool]:
        """Mails to the same reader may be joined."""
        return self.post.number, self.notice.to, self.notice.inside


def post(conn: Connection, owed: Sequence[Owed]) -> None:
    """Rows for mails, in the order of their decisions."""
    threads, waiting = _standing(conn, owed)
    for shared, mails in groupby(owed, key=lambda mail: mail.post):
        new = []
        for mail in mails:
            row = waiting.get(mail.reader) if mail.notice.coalesce else None
            if row is None or not _join(conn, mail, row):
                new.append((mail, _row(mail, threads[mail.thread])))
        if shared.number:  # the mails of one decision do not refer to each other, those of the next one do
            for mail, row in new:
                threads[mail.thread].append(row["message_id"])
                if row["joinable"]:
                    waiting[mail.reader] = row
        if new:
            later.insert_rows(conn, outbox, [row for _, row in new])


def _standing(
    conn: Connection, owed: Iterable[Owed]
) -> tuple[defaultdict[tuple[int, int], list[str]], dict[tuple[int, str, bool], Any]]:
    """Each person's ids on each ticket, the oldest first; and the rows that an update may join."""
    threads: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    open_rows = []
    wanted = {mail.thread for mail in owed if mail.post.number and not mail.post.task.decision.new_ticket}
    for row in sorted(_newest(conn, sorted(wanted))):
        threads[row.ticket_id, row.person_id].append(row.message_id)
        if row.open:
            open_rows.append(row.id)
    if not any(mail.notice.coalesce for mail in owed):
        open_rows = []
    joinable = _JOINABLE.rows(conn, open_rows)
    return threads, {(row.ticket_id, row.address, bool(row.inside)): row._asdict() for row in joinable}


def _newest(conn: Connection, threads: Sequence[tuple[int, int]]) -> Iterable[Any]:
    for start in range(0, len(threads), _AT_ONCE[-1]):
        some = threads[start : start + _AT_ONCE[-1]]
        size = next(size for size in _AT_ONCE if size >= len(some))
        values = {}
        for n in range(size):
            values[f"ticket_{n}"], values[f"person_{n}"] = some[n] if n < len(some) else (0, 0)
        yield from _newest_of(size).rows(conn, values)


@lru_cache
def _newest_of(size: int) -> Prepared:
    """A part for each thread: each ends after a few rows of the index, however long the thread is.

    Whether a row is open to joining is asked as a value: as a condition it would lead SQLite to the index of all
    waiting rows, which is as long as the queue.
    """
    is_open = outbox.c.joinable & (outbox.c.state == "waiting") & (outbox.c.attempts == 0)
    parts = [
        select(
            outbox.c.id, outbox.c.ticket_id, outbox.c.person_id, outbox.c.message_id, is_open.label("open")
        )
        .where(outbox.c.ticket_id == bindparam(f"ticket_{n}"), outbox.c.person_id == bindparam(f"person_{n}"))
        .order_by(outbox.c.id.desc())
        .limit(fixed(NEWEST))
        .subquery()
        for n in range(size)
    ]
    return Prepared(union_all(*(select(part) for part in parts)))


def _join(conn: Connection, mail: Owed, waiting: dict[str, Any]) -> bool:
    """Put an update into a waiting row of the same person; False where that row is full."""
    old, context = waiting["context"], mail.context
    comments = [*old.get("comments", ()), *context.get("comments", ())]
    if mail.notice.template != "update" or len(comments) > JOINED_COMMENTS:
        return False
    whole = old | context
    whole["comments"] = comments
    whole["events"] = [*old.get("events", ()), *context.get("events", ())]
    if old.get("author") != context.get("author"):
        whole["author"] = None  # the mail tells of several; each comment names its own
    joined = {
        "context": whole,
        "due": min(waiting["due"], _due(mail)),
        "private": waiting["private"] or _private(mail),
        "held": [*(waiting["held"] or ()), *mail.held],
    }
    waiting.update(joined)
    later.change(conn, outbox, waiting["id"], joined)
    return True


def _due(mail: Owed) -> datetime:
    """6.4: what later changes may join waits for them, unless it is urgent or an outage."""
    shared, notice = mail.post, mail.notice
    outage = shared.ticket is not None and shared.ticket.severity is Severity.OUTAGE
    if notice.urgent or outage or not _joinable(notice):
        return shared.at
    return shared.at + timedelta(seconds=shared.task.config.gateway.batch_seconds)


def _joinable(notice: Notice) -> bool:
    return notice.coalesce and notice.template == "update"


def _private(mail: Owed) -> bool:
    comment, shown = mail.post.task.decision.comment, mail.context.get("comments") or ()
    private = comment is not None and comment.state is CommentState.PRIVATE
    if mail.notice.template == "ticket_view":
        private = any(each["state"] == CommentState.PRIVATE for each in shown)
    return mail.notice.inside and private


def _row(mail: Owed, thread: Sequence[str]) -> dict[str, Any]:
    shared, notice, person = mail.post, mail.notice, mail.person
    number, minter, at, id = shared.number, shared.minter, shared.at, shared.new_id()
    references = [*thread[-REFERENCES:], *([notice.answers] if notice.answers else [])]
    may_leave = notice.audience == "recipient" and number
    return {
        "id": id,
        "ticket_id": number or None,
        "person_id": person,
        "address": notice.to,
        "audience": notice.audience,
        "template": notice.template,
        "language": notice.language,
        "context": mail.context,
        "inside": notice.inside,
        "private": _private(mail),
        "joinable": _joinable(notice),
        "tags": shared.tags,
        "held": list(mail.held),
        "message_id": minter.message_id(number, person, id, at),
        "in_reply_to": references[-1] if references else "",
        "references": references,
        "reply_to": _reply_to(mail),
        "return_path": minter.return_path(id, at),
        "leave_address": minter.leave_address(number, person, at) if may_leave else "",
        "created": at,
        "state": "waiting",
        "due": _due(mail),
    }


def _reply_to(mail: Owed) -> str:
    """The person's signed address on the ticket; for staff the team's, which serves every agent (4.5)."""
    shared, notice = mail.post, mail.notice
    if not shared.ticket:
        return shared.task.config.gateway.address
    if notice.audience not in STAFF:
        return shared.minter.reply_address(shared.number, mail.person, Purpose.REPLY, shared.at)
    team = directory(shared.task.conn).team(shared.ticket.team)
    holder = mail.person if notice.audience == "notify_list" or team is None else team.person
    return shared.minter.reply_address(shared.number, holder, Purpose.TEAM, shared.at)
