"""Mail that ends without a comment: quarantined, duplicate, bounce, automatic reply, and leaving a ticket
(2.7, 8.1-8.4, 6.3)."""

from __future__ import annotations

from dataclasses import replace

from mailgate.model import (
    Address,
    BounceReport,
    Change,
    Decision,
    Delivery,
    Event,
    Kind,
    Notice,
    Outcome,
    PersonUpdate,
    Purpose,
    Recipient,
    RecipientChoice,
    RecipientState,
    Ticket,
    Trust,
)
from mailgate.rules import routing
from mailgate.rules.case import Case
from mailgate.rules.commands import fold
from mailgate.rules.story import LANGUAGES, NOBODY
from mailgate.rules.thread import Thread
from mailgate.rules.trust import is_staff

_STRANGE = frozenset({Kind.SPAM, Kind.LOOP, Kind.FEEDBACK_REPORT})
_LEAVING = frozenset({"", "unsubscribe", "leave", "stop", "desinscription", "desabonner", "se desabonner"})
_FAILED = frozenset({"failed", "expired"})
_APPLE = "x-apple-unsubscribe"  # Apple Mail's own words stand in the text then, not its user's
MAX_DIAGNOSTIC = 300


def never_handled(kind: Kind) -> bool:
    """Kinds that are quarantined whatever they say (8.3, 8.4)."""
    return kind in _STRANGE


def quarantined(case: Case, why: str) -> Decision:
    """Nothing happens, and nobody is told."""
    case.reasons.append(f"quarantined: {why}")
    return _ended(case, Outcome.QUARANTINED, error=why)


def duplicate(case: Case) -> Decision:
    """2.7: no second effect."""
    case.reasons.append(f"the same mail came before, as {case.facts.duplicate_of}: no second effect (2.7)")
    return _ended(case, Outcome.DUPLICATE, duplicate_of=case.facts.duplicate_of)


def automatic(case: Case, found: Thread, believed: Trust) -> Decision:
    """8.1: recorded on its ticket, if any; never answered, never reopens, never escalates."""
    who = (case.sender.name or case.sender.address) if case.sender else NOBODY
    ticket = found.ticket
    if ticket is None:
        case.reasons.append("an automatic reply that belongs to no ticket: kept, without effect (8.1)")
        return _ended(case, Outcome.AUTO_REPLY, trust=believed)
    case.reasons.append("an automatic reply: recorded, without effect (8.1)")
    history = (Event("auto_reply", {"who": who}),)
    return _ended(
        case, Outcome.AUTO_REPLY, trust=believed, ticket=ticket.number, threaded_by=found.by, history=history
    )


def bounce(case: Case) -> Decision:
    """8.2: a bounce counts only by the return path of an own delivery."""
    deliveries = case.facts.deliveries
    serials = (c.claim.serial for c in case.claims if c.claim.purpose is Purpose.BOUNCE)
    delivery = next((d for s in serials if (d := deliveries.get(s)) is not None), None)
    if delivery is None:
        return quarantined(case, "a bounce that answers no delivery of ours (8.2)")
    case.reasons.append(
        f"a bounce of our mail {delivery.serial} to {delivery.address}, by its return path (8.2)"
    )
    reports = [r for r in case.parsed.bounces or () if r.action in _FAILED]
    ticket = case.facts.tickets.get(delivery.ticket)
    plain = _ended(
        case,
        Outcome.BOUNCE,
        ticket=delivery.ticket or None,
        bounce_serial=delivery.serial,
        threaded_by="token",
    )
    if not reports:
        case.reasons.append("no failure: a delay or a success is only recorded")
        return replace(plain, reasons=tuple(case.reasons))
    dead = next((r for r in reports if r.dead), None)
    status = (dead or reports[0]).status or "5.0.0"
    history = (Event("bounced", {"address": delivery.address, "status": status}),)
    plain = replace(plain, history=history)
    if dead is None or ticket is None:
        return plain
    return _dead(case, plain, delivery, ticket, dead)


def _dead(case: Case, plain: Decision, delivery: Delivery, ticket: Ticket, report: BounceReport) -> Decision:
    """The address does not exist: inactive at once; staff and the notify list are only reported (8.2)."""
    address, facts = delivery.address, case.facts
    lists = (case.config.escalation.notify_list, case.config.escalation.notify_list_eu)
    members = {p.address for t in facts.teams for p in t.agents} | {p.address for p in facts.supervisors}
    person = facts.people.get(address)
    if (
        address in members
        or address in lists
        or address in {t.address for t in facts.teams}
        or (person and is_staff(person))
    ):
        case.reasons.append("staff and the notify list are never switched off (8.2)")
        return replace(plain, reasons=tuple(case.reasons))
    case.reasons.append(f"{address} does not exist: it gets no more mail (8.2)")
    history = list(plain.history)
    recipients: tuple[RecipientChoice, ...] = ()
    row = _row(ticket, address)
    if row is not None:
        recipients = (RecipientChoice(address, "", RecipientState.DEAD, report.status),)
        history.append(Event("recipient_dead", {"address": address, "status": report.status or "5.1.1"}))
    notices: tuple[Notice, ...] = ()
    if address == ticket.assignee.address:
        error = " ".join(report.diagnostic.split())[:MAX_DIAGNOSTIC] or report.status
        history.append(Event("delivery_failed", {"address": address, "error": error}))
        notices = _unreachable(case, ticket, error)
    return replace(
        plain,
        reasons=tuple(case.reasons),
        history=tuple(history),
        recipients=recipients,
        people=(PersonUpdate(address, dead=True),),
        notices=notices,
    )


def _row(ticket: Ticket, address: str) -> Recipient | None:
    alive = (RecipientState.ACTIVE, RecipientState.HELD)
    return next((r for r in ticket.recipients if r.person.address == address and r.state in alive), None)


def _unreachable(case: Case, ticket: Ticket, error: str) -> tuple[Notice, ...]:
    team = next((t for t in case.facts.teams if t.name == ticket.team), None)
    if team is None or (ticket.eu_support and team.region != routing.EU):
        return ()
    language = next(
        (w for w in (team.language, ticket.language) if w in LANGUAGES), case.config.gateway.language
    )
    params = {"address": ticket.assignee.address, "error": error}
    problems = [{"code": "assignee_unreachable", "params": params}]
    context = {"author": None, "comments": [], "events": [], "problems": problems}
    return (Notice(team.address, "team", "problem", language, context, True, urgent=True),)


def leaves(case: Case) -> Decision | None:
    """Mail to the address of List-Unsubscribe (6.3): the token alone is the authority, as for every such link. None
    where there is no such token, or where it is the recipient himself who has something to say."""
    for claimed in case.claims:
        claim, ticket = claimed.claim, case.facts.tickets.get(claimed.claim.ticket)
        if claim.purpose is not Purpose.LEAVE or ticket is None:
            continue
        row = next(
            (r for r in ticket.recipients if r.person.id == claim.person and r.person.id is not None), None
        )
        if row is None:
            continue
        himself = case.person.id == claim.person
        asked = bool(case.parsed.header(_APPLE)) or fold(case.parsed.text[:200]).strip(" .!") in _LEAVING
        if himself and not asked:
            return None
        address = row.person.address
        case.reasons.append(f"{address} leaves #{ticket.number} by the address of List-Unsubscribe (6.3)")
        left = row.state in (RecipientState.ACTIVE, RecipientState.HELD)
        recipients = (RecipientChoice(address, "", RecipientState.LEFT),) if left else ()
        history = (Event("recipient_left", {"address": address}),) if left else ()
        return _ended(
            case,
            Outcome.COMMENT,
            ticket=ticket.number,
            threaded_by="token",
            recipients=recipients,
            history=history,
        )
    return None


def _ended(
    case: Case,
    outcome: Outcome,
    *,
    trust: Trust = Trust.UNVERIFIED,
    ticket: int | None = None,
    threaded_by: str = "none",
    history: tuple[Event, ...] = (),
    changes: tuple[Change, ...] = (),
    recipients: tuple[RecipientChoice, ...] = (),
    bounce_serial: int = 0,
    duplicate_of: str = "",
    error: str = "",
) -> Decision:
    sender: Address | None = case.sender
    return Decision(
        outcome=outcome,
        kind=case.kind,
        reasons=tuple(case.reasons),
        sender=sender,
        trust=trust,
        auth=case.auth.how,
        threaded_by=threaded_by,
        ticket=ticket,
        history=history,
        changes=changes,
        recipients=recipients,
        bounce_serial=bounce_serial,
        duplicate_of=duplicate_of,
        error=error,
    )
