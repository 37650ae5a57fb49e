"""What the operator is told by mail: that something is so, never a word of what a stranger wrote.

Laws: once an hour for each key, and `MOST` an hour in all; without `gateway.operator` nobody is told, and the log and
`mailgate check` say it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, bindparam, select

from mailgate.mail.token import Minter
from mailgate.model import Alarm, Notice
from mailgate.store import later, posting
from mailgate.store.posting import Owed, Post
from mailgate.store.prepared import Prepared, fixed
from mailgate.store.schema import outbox
from mailgate.store.task import Task

AGAIN = timedelta(hours=1)
MOST = 20  # mails an hour to the operator
AUDIENCE = "operator"

_RUNG = Prepared(
    select(outbox.c.tags)
    .where(
        outbox.c.address == bindparam("operator"),
        outbox.c.created > bindparam("since"),
        outbox.c.audience == AUDIENCE,
    )
    .limit(fixed(MOST))
)


def ring(task: Task, minter: Minter, new_id: Callable[[], int]) -> None:
    """Have outbox rows made of a decision's alarms."""
    operator = task.config.gateway.operator
    if not operator or operator not in task.rows:
        return
    for alarm in task.decision.alarms:
        key = alarm.key or f"{alarm.code} {task.number}"
        if alarm.params.get("address") == operator or not _due(task.conn, operator, key, task):
            continue
        notice = Notice(operator, AUDIENCE, "problem", task.config.gateway.language, {}, urgent=True)
        context = {"problems": [{"code": alarm.code, "params": _params(alarm, task.number)}]}
        post = Post(task, None, minter, new_id, [key])
        later.put_off(task.conn, posting.post, Owed(post, notice, task.rows[operator].id, context))


def _due(conn: Connection, operator: str, key: str, task: Task) -> bool:
    later.flush(conn)  # the mails before it in this batch may have rung already
    rung = _RUNG.rows(conn, {"operator": operator, "since": task.at - AGAIN})
    return len(rung) < MOST and all(key not in row.tags for row in rung)


def _params(alarm: Alarm, number: int) -> dict[str, str | int]:
    return {**alarm.params, **({"number": number} if number else {})}
