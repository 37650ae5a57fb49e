"""Mails that wait and must no longer go: to staff outside the EU once a ticket asks for EU support (5.2), to
recipients who left or were removed (3.5), to addresses that are dead, on whatever ticket (8.2).

Laws: only what waits; a mail in a courier's hand cannot be taken back.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from mailgate.model import RecipientState
from mailgate.rules.routing import EU, in_eu, notify_list
from mailgate.store import later
from mailgate.store.schema import outbox
from mailgate.store.task import Task

STAFF = ("team", "agent", "supervisor", "notify_list")
_ENDED = frozenset({RecipientState.LEFT, RecipientState.REMOVED, RecipientState.DEAD})
_WAITING = select(outbox.c.id, outbox.c.address, outbox.c.audience).where(
    outbox.c.ticket_id == bindparam("ticket"), outbox.c.state.in_(["waiting", "held"])
)
_TO = select(outbox.c.id, outbox.c.address, outbox.c.audience).where(
    outbox.c.address == bindparam("to"), outbox.c.state.in_(["waiting", "held"])
)
_WITHDRAW = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("keys", expanding=True)), outbox.c.state.in_(["waiting", "held"]))
    .values(state="withdrawn", finished=bindparam("at"), last_error=bindparam("why"))
)


def withdraw(task: Task) -> None:
    """After the effects of a decision and before its own notices."""
    decision = task.decision
    _dead(task)
    becomes_eu = any(change.field == "eu_support" and change.value for change in decision.changes)
    ended = {choice.address for choice in decision.recipients if choice.state in _ENDED}
    if not task.number or decision.new_ticket or not (becomes_eu or ended):
        return
    later.flush(task.conn)
    rows = task.conn.execute(_WAITING, {"ticket": task.number}).all()
    allowed = _allowed_in_eu(task) if becomes_eu else frozenset()
    barred = [row.id for row in rows if becomes_eu and row.audience in STAFF and row.address not in allowed]
    gone = [row.id for row in rows if row.audience == "recipient" and row.address in ended]
    for ids, why in ((barred, "the ticket asks for EU support"), (gone, "no longer a recipient")):
        _take_back(task, ids, why)


def _dead(task: Task) -> None:
    for known in task.decision.people:
        if known.dead:
            later.flush(task.conn)
            rows = task.conn.execute(_TO, {"to": known.address})
            _take_back(task, [row.id for row in rows if row.audience not in STAFF], "mail to it bounced")


def _take_back(task: Task, ids: list[int], why: str) -> None:
    if ids:
        task.conn.execute(_WITHDRAW, {"keys": ids, "at": task.at, "why": f"withdrawn: {why}"})


def _allowed_in_eu(task: Task) -> frozenset[str]:
    teams = task.book.teams
    inside = {team.address for team in teams if team.region == EU}
    inside |= {agent.address for team in teams for agent in team.agents if in_eu(agent, teams)}
    return frozenset(inside | {notify_list(True, task.config)})
