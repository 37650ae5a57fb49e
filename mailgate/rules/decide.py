"""One mail decided, top to bottom: `(envelope, parsed, claims, auth, facts, now, config) -> Decision`.

Laws: pure; quarantine never tells anybody; every step leaves its reason, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    ParsedMessage,
    Person,
    Role,
    Trust,
)
from mailgate.rules import imitation, machines, thread
from mailgate.rules.case import Case
from mailgate.rules.classify import classify
from mailgate.rules.opening import open_ticket
from mailgate.rules.replying import reply
from mailgate.rules.thread import Claimed, Thread
from mailgate.rules.trust import proved, role

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
    """What is to happen with one message, and why."""
    kind, why = classify(envelope, parsed, config)
    sender, form = _sender(parsed, config)
    person = _person(sender, facts)
    reasons = [why, *(f"malformed: {defect}" for defect in parsed.defects[:10])]
    case = Case(envelope, parsed, claims, auth, facts, now, config, kind, sender, person, form, reasons)

    if machines.never_handled(kind):
        return machines.quarantined(case, why)
    if facts.duplicate_of:
        return machines.duplicate(case)
    if kind is Kind.BOUNCE:
        return machines.bounce(case)
    if auth.dmarc_fail and config.trust.dmarc_fail == "quarantine":
        return machines.quarantined(case, f"{auth.how} (4.6)")
    if (left := machines.leaves(case)) is not None:
        return left

    roles = {number: role(person, ticket) for number, ticket in facts.tickets.items()}
    known = auth.authenticated and not form
    found = thread.find(parsed, claims, person.address, known, roles, facts, now, config)
    believed = _trust(case, found, known)
    reasons += [_in_words(case, believed), *found.reasons]
    if kind in _RECORDED:
        return machines.automatic(case, found, believed)
    if known_as := imitation.imitated(sender, person, believed, facts, config):
        case = replace(case, looks_like=known_as)
        reasons.append(f"the sender looks like {known_as}, and is another: the desk is warned (T9)")
    if found.ticket is None:
        return open_ticket(case, found, believed)
    return reply(case, found, found.ticket, roles.get(found.ticket.number, Role.STRANGER), believed)


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
