"""Escalation as a step function: levels, waits, who asked (section 7). Notices are made elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from mailgate.config import EscalationSection
from mailgate.hours import ALWAYS, Calendar
from mailgate.model import Role, Status, Ticket
from mailgate.rules.calendar import after

TOP = 3
MAX_REASON = 500
_NAMED = re.compile(r"\s*([123])\b[\s:.,;-]*")
_SUPERVISOR = frozenset({Role.SUPERVISOR})
_AGENT = frozenset({Role.AGENT})
_OURS = frozenset({Status.NEW, Status.OPEN})  # the ticket waits for us
NO_PROGRESS = "no progress in time"  # why the clock took a step: in the mail, translated there
NO_ANSWER = "nobody answered in time"


@dataclass(frozen=True, slots=True)
class Step:
    """What a request comes to: a new level, or None with the reason, and when the next step opens."""

    level: int | None
    why: str
    opens: datetime | None = None  # too early: from then on


def step(
    ticket: Ticket,
    by: Role,
    now: datetime,
    settings: EscalationSection,
    named: int | None = None,
    hours: Calendar = ALWAYS,
) -> Step:
    """A request by somebody who may ask (7.3, 7.4). `named` is a supervisor's wish for a level, else None; `hours` is
    the calendar that the ticket's waits go by."""
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
    opens = next_opens(ticket, settings, hours)
    if opens is not None and now < opens:
        return Step(None, f"the next step opens at {opens.isoformat(timespec='minutes')} (7.3)", opens)
    return Step(current + 1, "a further request, and the wait is over (7.3)")


def next_opens(ticket: Ticket, settings: EscalationSection, hours: Calendar = ALWAYS) -> datetime | None:
    """When the customer side may ask for the next level (7.3): the wait, counted from the later of the last step and
    the last progress. None: no wait."""
    moments = [t for t in (ticket.last_step, ticket.last_progress) if t is not None]
    return after(hours, max(moments), settings.wait[ticket.severity]) if moments else None


def next_by_time(ticket: Ticket, settings: EscalationSection, hours: Calendar = ALWAYS) -> datetime | None:
    """When the clock takes the next step if nothing happens before (7.5); None: never.

    While the ticket waits for the customer it takes none, and the wait starts anew when he has answered.
    """
    if ticket.status not in _OURS or ticket.escalation_level >= TOP:
        return None
    if ticket.escalation_level:
        moments = [t for t in (ticket.last_step, ticket.last_progress, ticket.status_since) if t is not None]
        if not settings.automatic or not moments:
            return None
        return after(hours, max(moments), 2 * settings.wait[ticket.severity])
    limit = settings.first_response.get(ticket.severity)
    moments = [t for t in (ticket.created, ticket.status_since) if t is not None]
    if limit is None or ticket.agent_answered or not moments:
        return None
    return after(hours, max(moments), limit)


def by_time(ticket: Ticket, now: datetime, settings: EscalationSection, hours: Calendar = ALWAYS) -> Step:
    """What the clock does (7.5): the next level after twice the wait, level 1 for a ticket nobody answered."""
    opens = next_by_time(ticket, settings, hours)
    if opens is None:
        return Step(None, "there is nothing to escalate")
    if now < opens:
        return Step(None, "the wait is not over", opens)
    return Step(ticket.escalation_level + 1, NO_PROGRESS if ticket.escalation_level else NO_ANSWER)


def named_level(text: str) -> tuple[int | None, str]:
    """A supervisor's "2 reason" (7.4): the level, if one is named, and the reason."""
    match = _NAMED.match(text)
    if match is None:
        return None, reason(text)
    return int(match.group(1)), reason(text[match.end() :])


def reason(text: str) -> str:
    """A reason as one line of bounded length."""
    return " ".join(text[: 4 * MAX_REASON].split())[:MAX_REASON]
