"""What the passing of time does to a ticket: steps of the escalation (7.5), a reminder, and the end of one that waits in
vain for its customer. Decided like a mail; `clock` asks when `next_look` says so.

Laws: pure; each thing once: what was done moves the moment of the next look.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from mailgate.config import Config
from mailgate.model import Decision, Escalation, Facts, Person, Role, Status, Team, Ticket, Trust
from mailgate.rules import calendar, ladder, orders
from mailgate.rules.draft import Draft
from mailgate.rules.story import reachable

CLOCK = "clock"  # who did it, in the history
VERSION = 1  # of `next_look`: a new one has the moments of all tickets worked out anew


def next_look(ticket: Ticket, teams: Sequence[Team], config: Config) -> datetime | None:
    """When time does the next thing to a ticket, if nothing happens before; None: never.

    Resolved tickets that close are not among it: they are found by the day on which they were resolved.
    """
    if ticket.status is Status.PENDING:
        return _next_of_pending(ticket, config)
    settings = config.escalation
    if not ticket.escalation_level and not settings.first_response:
        return None
    hours = calendar.of_ticket(ticket.severity, ticket.team, teams, settings)
    return ladder.next_by_time(ticket, settings, hours)


def digest(teams: Sequence[Team], config: Config) -> str:
    """Stands for all settings that `next_look` goes by: where it changes, every ticket's moment is worked out anew."""
    escalation, gateway = config.escalation, config.gateway
    names = ["wait", "automatic", "first_response", "hours", "timezone", "holidays", "around_the_clock"]
    settings = escalation.model_dump(mode="json", include=set(names))
    settings["around_the_clock"] = sorted(settings["around_the_clock"])
    settings["pending"] = [gateway.remind_days, gateway.resolve_pending_days]
    settings["teams"] = [[t.name, t.hours, t.timezone, t.holidays] for t in teams]
    settings["version"] = VERSION
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _next_of_pending(ticket: Ticket, config: Config) -> datetime | None:
    remind, resolve = config.gateway.remind_days, config.gateway.resolve_pending_days
    since = _waits_since(ticket)
    if since is None or not (remind or resolve):
        return None
    if remind and ticket.reminded is None:
        return since + timedelta(days=remind)
    if not resolve:
        return None
    ends = since + timedelta(days=resolve)
    # who hears of it late, because the settings changed or the clock stood, has as long to answer
    return max(ends, ticket.reminded + timedelta(days=resolve - remind)) if ticket.reminded else ends


def _waits_since(ticket: Ticket) -> datetime | None:
    """Since when a pending ticket waits for its customer: for the last that was said to him."""
    moments = [t for t in (ticket.status_since, ticket.last_progress) if t is not None]
    return max(moments) if moments else ticket.updated


def decide(ticket: Ticket, facts: Facts, now: datetime, config: Config) -> Decision | None:
    """What is due on a ticket by now; None: nothing."""
    due = next_look(ticket, facts.teams, config)
    if due is None or now < due:
        return None
    draft = Draft(
        config=config,
        facts=facts,
        now=now,
        author=Person(""),
        author_name=CLOCK,
        role=Role.STRANGER,
        trust=Trust.UNVERIFIED,
        ticket=ticket,
        before=ticket,
        how="the clock",
        answerable=False,
        reasons=[f"it was due at {due.isoformat(timespec='minutes')}"],
    )
    if ticket.status is not Status.PENDING:
        return _escalate(draft)
    if config.gateway.remind_days and ticket.reminded is None:
        return _remind(draft)
    return _resolve(draft)


def _escalate(draft: Draft) -> Decision:
    """7.5, by the same means as a request by mail."""
    ticket, settings = draft.ticket, draft.config.escalation
    hours = calendar.of_ticket(ticket.severity, ticket.team, draft.facts.teams, settings)
    step = ladder.by_time(ticket, draft.now, settings, hours)
    assert step.level is not None
    draft.reasons.append(f"{step.why}: level {step.level} (7.5)")
    draft.put("escalation_level", step.level)
    draft.put("last_step", draft.now)
    draft.tell("escalated_clock" if ticket.escalation_level else "escalated_unanswered", level=step.level)
    draft.escalation = Escalation(step.level, CLOCK, step.why)
    return draft.finish(None)


def _remind(draft: Draft) -> Decision:
    """One mail to the assignee, in each time of waiting; none where he turned mail off or cannot be written to."""
    draft.put("reminded", draft.now)
    assignee, days = draft.ticket.assignee, draft.config.gateway.remind_days
    if not draft.ticket.notify or not reachable(assignee, draft.story()):
        draft.reasons.append("the assignee gets no mail: he is not reminded")
        return draft.finish(None)
    draft.tell("reminded", who=assignee.name or assignee.address)
    draft.reasons.append(f"pending for {days} days: the assignee is reminded")
    decision = draft.finish(None)
    mine = (n for n in decision.notices if n.to == assignee.address and not n.inside)
    mails = (replace(n, context={**n.context, "reminder": True}, coalesce=False, urgent=True) for n in mine)
    return replace(decision, notices=tuple(mails))


def _resolve(draft: Draft) -> Decision:
    days = draft.config.gateway.resolve_pending_days
    draft.reasons.append(f"no answer for {days} days: resolved; an answer opens it again (2.6)")
    draft.tell("no_answer", days=days)
    orders.set_status(draft, Status.RESOLVED)
    return draft.finish(None)
