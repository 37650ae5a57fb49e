"""A mail that opens a ticket (2.5): what the ticket is made of, in the order of sections 3 and 5."""

from __future__ import annotations

from mailgate.model import (
    Alarm,
    CommentState,
    Decision,
    Outcome,
    Person,
    Role,
    Severity,
    Status,
    Ticket,
    Trust,
)
from mailgate.rules import case as steps
from mailgate.rules import loops, routing, trust
from mailgate.rules.case import Case
from mailgate.rules.draft import Draft
from mailgate.rules.escalating import ask_to_escalate
from mailgate.rules.story import language_of
from mailgate.rules.thread import Thread
from mailgate.rules.trust import STAFF

NO_TITLE = "-"  # of a private mail without a subject: its words stay inside


def open_ticket(case: Case, found: Thread, believed: Trust) -> Decision:
    """The Decision of a mail that belongs to no ticket."""
    draft = _begin(case, believed)
    draft.refers_to, draft.follows = found.refers_to, found.follows
    draft.tell("opened", who=draft.who)
    if found.refers_to:
        draft.tell("refers_to", number=found.refers_to)
    if found.follows:
        draft.tell("follows", number=found.follows)
    steps.warn(case, draft)
    draft.route()
    state, why_held = steps.privacy(case, draft)
    draft.secret = state is not CommentState.SHOWN
    if draft.secret and not case.subject_title():
        draft.put("title", NO_TITLE)
    text = steps.carry_out(case, draft)
    steps.take_recipients(case, draft)
    steps.take_files(case, draft)
    ask_to_escalate(case, draft, text)
    draft.comment = steps.comment_of(case, draft, text, state, why_held)
    if state is CommentState.HELD:
        draft.tell("comment_held", who=draft.who, private=True)
    if draft.role in STAFF and draft.ticket.assignee.address == draft.author.address:
        draft.problems.append({"code": "name_customer", "params": {}})
        draft.reasons.append("an agent wrote: he is asked to name the customer (5.4)")
    _unanswered(draft)
    return draft.finish(Outcome.TICKET)


def _unanswered(draft: Draft) -> None:
    """Whoever writes the same words again and again may be a program that answers ours (8.3)."""
    address = draft.author.address
    why = loops.unanswered(address, draft.facts) if draft.answerable else ""
    if why:
        draft.answerable = False
        draft.reasons.append(why)
        draft.tell("not_acknowledged", private=True, who=draft.who)
        draft.alarms.append(Alarm("loop_stopped", {"address": address}, f"loop {address}"))


def _begin(case: Case, believed: Trust) -> Draft:
    person, config = case.person, case.config
    role = _role(person)
    account = case.facts.accounts.get(person.account) if role is Role.ASSIGNEE else None
    severity = case.tags.severity or Severity.QUESTION
    address = next(iter(case.own), "")
    category = routing.category(address, case.tags.category, config)
    case.reasons.append(f"category {category}, severity {severity.word} (5.1)")
    eu_support = account.eu_support if account else ""
    team = routing.team(category, bool(eu_support), case.facts.teams)
    ticket = Ticket(
        number=0,
        title=case.title(),
        category=category,
        severity=severity,
        status=Status.NEW,
        assignee=person,
        account=account.name if account else "",
        language=language_of(person, case.parsed.language, case.facts, "", config),
        team=team.name if team else "",
        eu_support=eu_support,
        created=case.now,
    )
    return case.draft(ticket, None, role, believed)


def _role(person: Person) -> Role:
    """Who opens a ticket is its assignee; staff open it for a customer (5.4)."""
    if trust.is_staff(person):
        return Role.SUPERVISOR if person.supervisor else Role.AGENT
    return Role.ASSIGNEE
