"""What was said on a ticket so far, for mails that tell of it: an escalation's (7.1) and a reminder's.

Laws: who is outside gets shown words only, and nobody's address but his own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select

from mailgate.model import CommentState
from mailgate.store import later
from mailgate.store.contexts import comment_context
from mailgate.store.prepared import Prepared, fixed
from mailgate.store.schema import comments, people

LATEST = 9  # comments that an escalation mail tells, beside the first one
LENGTH = 1500  # characters of each; the ticket holds all of it


def _said(*only: ColumnElement[bool]) -> Select[Any]:
    return (
        select(comments, people.c.address.label("author"))
        .outerjoin(people, comments.c.author_id == people.c.id)
        .where(comments.c.ticket_id == bindparam("ticket"), *only)
    )


_SHOWN = comments.c.state == CommentState.SHOWN.value
_FIRST = Prepared(_said().order_by(comments.c.id).limit(fixed(1)))
_LATEST = Prepared(_said().order_by(comments.c.id.desc()).limit(fixed(4 * LATEST)))
_ANSWER = Prepared(_said(_SHOWN, people.c.agent).order_by(comments.c.id.desc()).limit(fixed(1)))


def tried(conn: Connection, ticket: int, but: int | None) -> list[Any]:
    """The first comment and the latest ones as rows, the oldest first; not the one that the mail brings itself."""
    later.flush(conn)
    rows = _LATEST.rows(conn, {"ticket": ticket})
    if len(rows) == 4 * LATEST:
        rows += _FIRST.rows(conn, {"ticket": ticket})
    found = {row.id: row for row in rows if row.id != but}
    return [found[id] for id in sorted(found)]


def told(rows: list[Any], to: str, *, inside: bool) -> list[dict[str, Any]]:
    """Of these what one reader gets, by his address, as templates see it."""
    mine = [row for row in rows if inside or row.state == CommentState.SHOWN.value]
    return [_short(row, inside or row.author == to) for row in (*mine[:-LATEST][:1], *mine[-LATEST:])]


def last_answer(conn: Connection, ticket: int) -> list[dict[str, Any]]:
    """What the desk said last to the customer, if anything: it is what he is reminded of."""
    later.flush(conn)
    return told(_ANSWER.rows(conn, {"ticket": ticket}), "", inside=False)


def _short(row: Any, named: bool) -> dict[str, Any]:
    context = comment_context(row, ())
    text = context["text"]
    address = context["author_address"] if named else ""
    short = text if len(text) <= LENGTH else text[:LENGTH].rstrip() + " …"
    return {**context, "author_address": address, "state": row.state, "text": short}
