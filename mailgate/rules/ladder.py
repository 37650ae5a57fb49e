"""Escalation as a step function: levels, waits, who asked (section 7). Notices are made elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailgate.config import EscalationSection
from mailgate.model import Role, Status, Ticket

TOP = 3
MAX_REASON = 500
_NAMED = re.compile(r"\s*([123])\b[\s:.,;-]*")
_SUPERVISOR = frozenset({Role.SUPERVISOR})
_AGENT = frozenset({Role.AGENT})


@dataclass(frozen=True, slots=True)
class Step:
    """What a request comes to: a new level, or None with the reason, and when the next step opens."""

    level: int | None
    why: str
    opens: datetime | None = None  # too early: from then on


def step(
    ticket: Ticket, by: Role, now: datetime, settings: EscalationSection, named: int | None = None
) -> Step:
    """A request by somebody who may ask (7.3, 7.4). `named` is a supervisor's wish for a level, else None."""
    current = ticket.escalation_level
    if current >= TOP:
        return Step(None, "it is with management already")
    if by in _SUPERVISOR:
        level = TOP if named is None else named
        if level <= current:
            return Step(None, f"it is at level {current} already")
        return Step(level, f"a supervisor asks for level {level} (7.4)")
    if by in _AGENT:
        return Step(current + 1, "an agent asks: the next level, no wait (7.4)")
    if current == 0:
        return Step(1, "the customer side's first request (7.3)")
    opens = next_opens(ticket, settings)
    if opens is not None and now < opens:
        return Step(None, f"the next step opens at {opens.isoformat(timespec='minutes')} (7.3)", opens)
    return Step(current + 1, "a further request, and the wait is over (7.3)")


def next_opens(ticket: Ticket, settings: EscalationSection, factor: int = 1) -> datetime | None:
    """When the wait is over: counted from the later of the last step and the last progress. None: no wait."""
    moments = [t for t in (ticket.last_step, ticket.last_progress) if t is not None]
    if not moments:
        return None
    return max(moments) + timedelta(seconds=settings.wait[ticket.severity]) * factor


def by_time(ticket: Ticket, now: datetime, settings: EscalationSection) -> Step:
    """What the clock does (7.5): the next level after twice the wait, level 1 for a ticket nobody answered."""
    if ticket.status in (Status.RESOLVED, Status.CLOSED) or ticket.escalation_level >= TOP:
        return Step(None, "there is nothing to escalate")
    if ticket.escalation_level:
        opens = next_opens(ticket, settings, 2)
        if settings.automatic and opens is not None and now >= opens:
            return Step(ticket.escalation_level + 1, "no progress within twice the wait (7.5)")
        return Step(None, "the wait is not over", opens)
    limit = settings.first_response.get(ticket.severity)
    if limit is None or ticket.agent_answered or ticket.created is None:
        return Step(None, "no limit for the first response applies")
    opens = ticket.created + timedelta(seconds=limit)
    if now >= opens:
        return Step(1, "nobody answered within escalation.first_response (7.5)")
    return Step(None, "the first response is not due yet", opens)


def named_level(text: str) -> tuple[int | None, str]:
    """A supervisor's "2 reason" (7.4): the level, if one is named, and the reason."""
    match = _NAMED.match(text)
    if match is None:
        return None, reason(text)
    return int(match.group(1)), reason(text[match.end() :])


def reason(text: str) -> str:
    """A reason as one line of bounded length."""
    return " ".join(text[: 4 * MAX_REASON].split())[:MAX_REASON]
