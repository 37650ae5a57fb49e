"""Mails that wait and must no longer go: to staff outside the EU once a ticket asks for EU support (5.2), to
recipients who left, were removed or are dead (8.2, 3.5).

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
_WITHDRAW = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("keys", expanding=True)), outbox.c.state.in_(["waiting", "held"]))
    .values(state="withdrawn", finished=bindparam("at"), last_error=bindparam("why"))
)


def withdraw(task: Task) -> None:
    """After the effects of a decision and before its own notices."""
    decision = task.decision
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
        if ids:
            task.conn.execute(_WITHDRAW, {"keys": ids, "at": task.at, "why": f"withdrawn: {why}"})


def _allowed_in_eu(task: Task) -> frozenset[str]:
    teams = task.book.teams
    inside = {team.address for team in teams if team.region == EU}
    inside |= {agent.address for team in teams for agent in team.agents if in_eu(agent, teams)}
    return frozenset(inside | {notify_list(True, task.config)})
