"""One mail decided, top to bottom: `(envelope, parsed, claims, auth, facts, now, config) -> Decision`.

Laws: pure; quarantine never tells anybody; every step leaves its reason, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailgate.config import Config
from mailgate.model import (
    Address,
    AuthResult,
    Decision,
    Envelope,
    Facts,
    Kind,
    Outcome,
    ParsedMessage,
    Person,
    Role,
    Ticket,
    Trust,
)
from mailgate.rules import bounces, imitation, loops, machines, query, thread
from mailgate.rules.case import Case
from mailgate.rules.classify import classify, set_aside
from mailgate.rules.opening import open_ticket
from mailgate.rules.replying import reply
from mailgate.rules.thread import Claimed, Thread
from mailgate.rules.trust import STAFF, proved, role

_RECORDED = frozenset({Kind.AUTO_REPLY, Kind.DISPOSITION_NOTIFICATION})


def decide(
    envelope: Envelope,
    parsed: ParsedMessage,
    claims: Sequence[Claimed],
    auth: AuthResult,
    facts: Facts,
    now: datetime,
    config: Config,
) -> Decision:
    """What is to happen with one message, and why. Nobody is told of what old mail does."""
    kind, why = classify(envelope, parsed, config)
    sender, form = _sender(parsed, config)
    person = _person(sender, facts)
    reasons = [why, *(f"malformed: {defect}" for defect in parsed.defects[:10])]
    case = Case(envelope, parsed, claims, auth, facts, now, config, kind, sender, person, form, reasons)
    decision = _decide(case, why)
    if not envelope.quiet:
        return decision
    return replace(
        decision, reasons=(*decision.reasons, "old mail: nobody is told of it"), notices=(), alarms=()
    )


def _decide(case: Case, why: str) -> Decision:
    """`why`: what showed the kind of mail."""
    envelope, parsed, auth, facts, config = case.envelope, case.parsed, case.auth, case.facts, case.config
    kind, sender, form, reasons = case.kind, case.sender, case.form, case.reasons
    if missing := set_aside(envelope, parsed):
        return machines.quarantined(case, f"a mail that could not be taken from its mailbox: {missing} (8.5)")
    if machines.never_handled(kind):
        return machines.quarantined(case, why)
    if facts.duplicate_of:
        return machines.duplicate(case)
    if kind is Kind.BOUNCE:
        return bounces.bounce(case)
    if auth.dmarc_fail and config.trust.dmarc_fail == "quarantine":
        return machines.quarantined(case, f"{auth.how} (4.6)")
    if (left := machines.leaves(case)) is not None:
        return left

    case, found, roles, believed = _place(case, auth.authenticated and not form)
    reasons += [_in_words(case, believed), *found.reasons]
    if kind in _RECORDED:
        return machines.automatic(case, found, believed)
    if known_as := imitation.imitated(sender, case.person, believed, facts, config):
        case = replace(case, looks_like=known_as)
        reasons.append(f"the sender looks like {known_as}, and is another: the desk is warned (T9)")
    seen = query.Seen(case, found, roles, believed)
    asked = query.wish(seen)
    if asked is not None and asked.alone:
        return query.only(seen, asked)
    decision = _told(case, found, roles, believed)
    stopped = decision.outcome is Outcome.QUARANTINED  # a loop that was stopped is not answered (8.3)
    if asked is None or stopped:
        return decision
    return query.answered(seen, asked, decision)


def _told(case: Case, found: Thread, roles: Mapping[int, Role], believed: Trust) -> Decision:
    """A mail that tells something: a new ticket, or a comment on one."""
    if found.ticket is None:
        return open_ticket(case, found, believed)
    part = roles.get(found.ticket.number, Role.STRANGER)
    sign, why = _turn(case, found, found.ticket, part, believed)
    if sign in loops.SET_ASIDE:
        return machines.stopped(case, found, believed, sign, why)
    case.reasons.extend([why] if why else [])
    decision = reply(case, found, found.ticket, part, believed)
    return replace(decision, turn=sign) if sign else decision


def _turn(case: Case, found: Thread, ticket: Ticket, part: Role, believed: Trust) -> tuple[str, str]:
    """What a mail is in a loop (8.3). What is held of somebody outside goes to nobody who answers it; and a forger's mail
    must not make one of the mail of him whose name he bears."""
    by_name = found.by not in ("token", "message-id")
    if part is Role.STRANGER or (believed is Trust.UNVERIFIED and by_name and part not in STAFF):
        return loops.APART, ""
    return loops.turn(case.parsed, case.person, ticket, case.envelope.received, case.facts, found.claims)


def _place(case: Case, known: bool) -> tuple[Case, Thread, Mapping[int, Role], Trust]:
    """The ticket, who the sender is to it, and how far he is believed. Who was switched off and proves that he lives
    is what he was before (8.2)."""
    facts, person = case.facts, case.person
    roles = {number: role(person, ticket) for number, ticket in facts.tickets.items()}
    found = thread.find(case.parsed, case.claims, person.address, known, roles, facts, case.now, case.config)
    believed = _trust(case, found, known)
    if believed is not Trust.UNVERIFIED and bounces.lives(case):
        return _place(bounces.switched_on(case), known)
    return case, found, roles, believed


def _sender(parsed: ParsedMessage, config: Config) -> tuple[Address | None, bool]:
    """Who writes: the one From; for our own web forms their Reply-To (4.7), who is nobody verified."""
    sender = parsed.sender
    if (
        sender is not None
        and sender.address in config.trust.forms
        and parsed.reply_to
        and parsed.reply_to[0].address
    ):
        return parsed.reply_to[0], True
    return sender, False


def _person(sender: Address | None, facts: Facts) -> Person:
    if sender is None:
        return Person("")
    return facts.people.get(sender.address) or Person(sender.address, name=sender.name)


def _trust(case: Case, found: Thread, authenticated: bool) -> Trust:
    if authenticated:
        return Trust.AUTHENTICATED
    if not case.form and proved(found.claims, case.person, case.auth):
        return Trust.PROOF
    return Trust.UNVERIFIED


def _in_words(case: Case, believed: Trust) -> str:
    if case.form:
        return "the sender is the Reply-To of an own web form, unverified (4.7)"
    if believed is Trust.AUTHENTICATED:
        return f"the sender is authenticated: {case.auth.how} (4.1)"
    if believed is Trust.PROOF:
        return "the sender has a proof: a signed address or id that was issued to him (4.2)"
    return f"the sender is unverified: {case.auth.how} (4.3)"
