"""Mail of ours that came back (8.2): whom it switches off, and who lives after all.

Laws: a report counts by the return path of an own delivery alone, and speaks for nobody but that delivery's address;
a delivery fails once, whatever else is said of it; staff, teams and the notify list are never switched off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailgate.mail.address import normalise
from mailgate.mail.token import expired
from mailgate.model import (
    LANGUAGES,
    BounceReport,
    Decision,
    Delivery,
    Event,
    Kind,
    Notice,
    Outcome,
    Person,
    PersonUpdate,
    Purpose,
    Recipient,
    RecipientChoice,
    RecipientState,
    Returned,
    Ticket,
)
from mailgate.rules import limits, machines, routing
from mailgate.rules.case import Case
from mailgate.rules.trust import is_staff

RETURN_PATH_DAYS = 30  # mail systems give up after 4-5 days (RFC 5321 §4.5.4.1); a later report is no report
MAX_DIAGNOSTIC = 300
ELSEWHERE = "elsewhere"  # the action, as kept, of a report about another address than the delivery's
FAILED = frozenset({"failed", "expired"})  # the actions that count
_ALIVE = frozenset({RecipientState.ACTIVE, RecipientState.HELD})


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What one failure of a delivery comes to."""

    report: BounceReport
    failures: int  # of this address lately, this one included

    @property
    def status(self) -> str:
        return self.report.status or ("5.1.1" if self.report.dead else "5.0.0")


def bounce(case: Case) -> Decision:
    """8.2: a bounce counts only by the return path of an own delivery."""
    delivery = _delivery(case)
    if delivery is None:
        return machines.quarantined(case, "a bounce that answers no delivery of ours (8.2)")
    case.reasons.append(
        f"a bounce of our mail {delivery.serial} to {delivery.address}, by its return path (8.2)"
    )
    known = case.facts.returned.get(delivery.serial) or Returned(Person(delivery.address))
    reports = [r for r in case.parsed.bounces or () if r.action in FAILED]
    about = [r for r in reports if _names(r, delivery.address)]
    if not reports:
        return _delayed(case, delivery, known)
    if not about:
        return _elsewhere(case, delivery, known, reports[0])
    if known.revived is not None and known.sent is not None and known.sent <= known.revived:
        case.reasons.append("the mail was written before its address was switched on again: no effect")
        return _recorded(case, delivery)
    return _failed(case, delivery, known, next((r for r in about if r.dead), about[0]))


def _delivery(case: Case) -> Delivery | None:
    days = min(RETURN_PATH_DAYS, case.config.gateway.token_days)
    for claimed in case.claims:
        claim = claimed.claim
        if claim.purpose is not Purpose.BOUNCE or claim.serial not in case.facts.deliveries:
            continue
        if not expired(claim, case.now, days):
            return case.facts.deliveries[claim.serial]
        case.reasons.append(f"its return path serves no more: it is older than {days:g} days")
    return None


def _names(report: BounceReport, address: str) -> bool:
    """Whether a report is about this address; one that names nobody, or no domain, is about the mail it answers."""
    if "@" in report.recipient:
        return normalise(report.recipient) == address
    return report.recipient.lower() in ("", address.rpartition("@")[0])


def _delayed(case: Case, delivery: Delivery, known: Returned) -> Decision:
    case.reasons.append("no failure: a delay or a success is only recorded")
    new = delivery.serial not in known.reports
    return _recorded(case, delivery, reports=tuple(case.parsed.bounces or ())[:1] if new else ())


def _elsewhere(case: Case, delivery: Delivery, known: Returned, report: BounceReport) -> Decision:
    """One dead member of a list must not cost the others their mail, and a forger may name whom he likes."""
    case.reasons.append(f"it is about another address than {delivery.address}: it switches nobody off (8.2)")
    if delivery.serial in known.reports:
        return _recorded(case, delivery)
    params = {
        "address": delivery.address,
        "other": report.recipient,
        "status": _Verdict(report, 0).status,
    }
    kept = replace(report, action=ELSEWHERE, dead=False)
    return _recorded(case, delivery, (Event("bounced_elsewhere", params, private=True),), (kept,))


def _failed(case: Case, delivery: Delivery, known: Returned, report: BounceReport) -> Decision:
    staff = _never_switched_off(case, delivery.address, known.person)
    counted = known.reports.get(delivery.serial, False)
    if counted and (staff or known.person.dead or not report.dead):
        case.reasons.append("the failure of this mail is on record: no further effect")
        return _recorded(case, delivery)
    verdict = _Verdict(report, sum(known.reports.values()) + 1)
    history = (Event("bounced", {"address": delivery.address, "status": verdict.status}, private=staff),)
    plain = _recorded(case, delivery, history, (report,))
    settings = case.config.bounces
    if staff:
        case.reasons.append("staff, teams and the notify list are never switched off (8.2)")
    elif report.dead:
        case.reasons.append(f"{delivery.address} does not exist: it gets no more mail (8.2)")
    elif verdict.failures >= settings.failures:
        case.reasons.append(
            f"{verdict.failures} mails to {delivery.address} failed in {settings.days} days: it gets no more (8.2)"
        )
    else:
        case.reasons.append(
            f"failure {verdict.failures} of {settings.failures} in {settings.days} days: only recorded (8.2)"
        )
        return replace(plain, reasons=tuple(case.reasons))
    if staff:
        return replace(plain, reasons=tuple(case.reasons))
    return _switched_off(case, plain, delivery, known.person, verdict)


def _never_switched_off(case: Case, address: str, person: Person) -> bool:
    facts, lists = case.facts, case.config.escalation
    members = {p.address for t in facts.teams for p in t.agents} | {p.address for p in facts.supervisors}
    reached = {t.address for t in facts.teams} | {lists.notify_list, lists.notify_list_eu}
    reached.add(case.config.gateway.operator)  # who would hear of no alarm any more, and not hear of that
    return is_staff(person) or address in members | reached


def _switched_off(
    case: Case, plain: Decision, delivery: Delivery, person: Person, verdict: _Verdict
) -> Decision:
    """No more mail goes to this address, on any ticket; the history of the one in hand says why."""
    address, days = delivery.address, case.config.bounces.days
    ticket = case.facts.tickets.get(delivery.ticket)
    row = _row(ticket, address) if ticket is not None else None
    count: dict[str, str | int] = {"address": address, "count": verdict.failures, "days": days}
    if not verdict.report.dead:
        event, why = Event("address_failing", count), f"{verdict.failures} failures in {days} days"
    else:
        code = "recipient_dead" if row is not None else "address_dead"
        event = Event(code, {"address": address, "status": verdict.status})
        why = f"the address does not exist ({verdict.status})"
    notices: tuple[Notice, ...] = ()
    if ticket is not None and address == ticket.assignee.address and not person.dead:
        notices = _unreachable(case, ticket, verdict, count)
    news = row is not None or not person.dead
    return replace(
        plain,
        reasons=tuple(case.reasons),
        history=(*plain.history, event) if news else plain.history,
        recipients=(RecipientChoice(address, "", RecipientState.DEAD, why),) if row is not None else (),
        people=() if person.dead else (PersonUpdate(address, dead=True, why=why),),
        notices=notices,
    )


def _row(ticket: Ticket, address: str) -> Recipient | None:
    return next((r for r in ticket.recipients if r.person.address == address and r.state in _ALIVE), None)


def _unreachable(
    case: Case, ticket: Ticket, verdict: _Verdict, count: dict[str, str | int]
) -> tuple[Notice, ...]:
    """The team is told, once: the next bounces find the address switched off."""
    team = next((t for t in case.facts.teams if t.name == ticket.team), None)
    if team is None or (ticket.eu_support and team.region != routing.EU):
        return ()
    language = next(
        (w for w in (team.language, ticket.language) if w in LANGUAGES), case.config.gateway.language
    )
    error = " ".join(verdict.report.diagnostic[: 4 * MAX_DIAGNOSTIC].split())[:MAX_DIAGNOSTIC]
    code = "assignee_unreachable" if verdict.report.dead else "assignee_failing"
    problems = [{"code": code, "params": {**count, "error": error or verdict.status}}]
    context = {"author": None, "comments": [], "events": [], "problems": problems}
    return (Notice(team.address, "team", "problem", language, context, True, urgent=True),)


def _recorded(
    case: Case,
    delivery: Delivery,
    history: tuple[Event, ...] = (),
    reports: tuple[BounceReport, ...] = (),
) -> Decision:
    ticket = delivery.ticket or None
    plain = machines.ended(case, Outcome.BOUNCE, ticket=ticket, threaded_by="token", history=history)
    return replace(plain, bounce_serial=delivery.serial, reports=reports)


# -- and who lives after all


def lives(case: Case) -> bool:
    """Whether this mail shows that its sender, who was switched off, reads mail: a person wrote it, and it can be
    answered. A program's mail, or an absence's, says nothing of that. The caller knows that it is from him."""
    person = case.person
    return person.dead and case.kind is Kind.PERSON and not limits.is_no_reply(person.address)


def switched_on(case: Case) -> Case:
    """The case with its sender alive, and a recipient again wherever there is room: what the store makes of a
    `PersonUpdate` that says so."""
    person, facts = replace(case.person, dead=False), case.facts
    case.reasons.append(
        f"{person.address} was switched off after bounces, and writes: mail goes there again (8.2)"
    )
    tickets = {number: _again(ticket, person, case) for number, ticket in facts.tickets.items()}
    people = {**facts.people, person.address: person}
    return replace(case, person=person, facts=replace(facts, people=people, tickets=tickets), back=True)


def _again(ticket: Ticket, person: Person, case: Case) -> Ticket:
    free = limits.room([r.state for r in ticket.recipients], RecipientState.ACTIVE, case.config)

    def row(recipient: Recipient) -> Recipient:
        if recipient.person.address != person.address:
            return recipient
        comes_back = recipient.state is RecipientState.DEAD and free
        return Recipient(person, RecipientState.ACTIVE if comes_back else recipient.state)

    mine = ticket.assignee.address == person.address
    return replace(
        ticket,
        assignee=person if mine else ticket.assignee,
        recipients=tuple(map(row, ticket.recipients)),
    )
