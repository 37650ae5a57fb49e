"""Mail that ends without a comment: quarantined, duplicate, automatic reply, and leaving a ticket
(2.7, 8.1, 8.3, 8.4, 6.3). Bounces: `bounces`."""

from __future__ import annotations

from dataclasses import replace

from mailgate.model import (
    Address,
    Alarm,
    Decision,
    Event,
    Kind,
    Outcome,
    Purpose,
    RecipientChoice,
    RecipientState,
    Trust,
)
from mailgate.rules.case import Case
from mailgate.rules.loops import stopped_before
from mailgate.rules.story import NOBODY
from mailgate.rules.thread import Thread
from mailgate.vocabulary import fold

_STRANGE = frozenset({Kind.SPAM, Kind.LOOP, Kind.FEEDBACK_REPORT})
_LEAVING = frozenset({"", "unsubscribe", "leave", "stop", "desinscription", "desabonner", "se desabonner"})
_APPLE = "x-apple-unsubscribe"  # Apple Mail's own words stand in the text then, not its user's


def never_handled(kind: Kind) -> bool:
    """Kinds that are quarantined whatever they say (8.3, 8.4)."""
    return kind in _STRANGE


def quarantined(case: Case, why: str) -> Decision:
    """Nothing happens, and nobody is told."""
    case.reasons.append(f"quarantined: {why}")
    return ended(case, Outcome.QUARANTINED, error=why)


def stopped(case: Case, found: Thread, believed: Trust, sign: str, why: str) -> Decision:
    """A turn too many of a loop (8.3), by its sign (rules/loops): the ticket's history tells of it once, and the operator is told."""
    assert found.ticket is not None
    case.reasons.append(f"quarantined: {why}")
    number, address = found.ticket.number, case.person.address
    told = stopped_before(address, number, case.facts)
    history = () if told else (Event("loop_stopped", {"who": address}, private=True),)
    decision = ended(
        replace(case, kind=Kind.LOOP),
        Outcome.QUARANTINED,
        trust=believed,
        ticket=number,
        threaded_by=found.by,
        history=history,
        error=why,
    )
    alarm = Alarm("loop_stopped", {"address": address}, f"loop {address} {number}")
    return replace(decision, turn=sign, alarms=(alarm,))


def duplicate(case: Case) -> Decision:
    """2.7: no second effect."""
    case.reasons.append(f"the same mail came before, as {case.facts.duplicate_of}: no second effect (2.7)")
    return ended(case, Outcome.DUPLICATE, duplicate_of=case.facts.duplicate_of)


def automatic(case: Case, found: Thread, believed: Trust) -> Decision:
    """8.1: recorded on its ticket, if any; never answered, never reopens, never escalates."""
    who = (case.sender.name or case.sender.address) if case.sender else NOBODY
    ticket = found.ticket
    if ticket is None:
        case.reasons.append("an automatic reply that belongs to no ticket: kept, without effect (8.1)")
        return ended(case, Outcome.AUTO_REPLY, trust=believed)
    case.reasons.append("an automatic reply: recorded, without effect (8.1)")
    history = (Event("auto_reply", {"who": who}),)
    return ended(
        case, Outcome.AUTO_REPLY, trust=believed, ticket=ticket.number, threaded_by=found.by, history=history
    )


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
        return ended(
            case,
            Outcome.COMMENT,
            ticket=ticket.number,
            threaded_by="token",
            recipients=recipients,
            history=history,
        )
    return None


def ended(
    case: Case,
    outcome: Outcome,
    *,
    trust: Trust = Trust.UNVERIFIED,
    ticket: int | None = None,
    threaded_by: str = "none",
    history: tuple[Event, ...] = (),
    recipients: tuple[RecipientChoice, ...] = (),
    duplicate_of: str = "",
    error: str = "",
) -> Decision:
    """The Decision of a mail that is no comment."""
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
        recipients=recipients,
        duplicate_of=duplicate_of,
        error=error,
    )
