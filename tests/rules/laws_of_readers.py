"""Who is told what of a step (4.4, 5.2, 6.1, 7.1, 8.1): readers, how many mails they get, and the words in them."""

from __future__ import annotations

import json

from rules.bearings import ACTIVE, Book, believed, private_wish, staff_acts, states
from rules.cast import AGENTS, ANSWERS, EU_LIST, IN_EU, LIST, OPERATOR, STAFF, Step

from mailgate.model import CommentState, Kind


def nobody_is_told_who_may_not(step: Step, book: Book) -> None:
    """6.1, 4.4, 3.5, 8.1, 8.2: the readers of a decision."""
    decision, old, new = step.decision, step.old, step.new
    sender = step.mail.sender if step.mail else ""
    there = {sender} | STAFF
    for ticket in (old, new):
        if ticket is not None:
            there |= {ticket.assignee.address} | {a for a, s in states(ticket).items() if s is ACTIVE}
    back = {p.address for p in decision.people if p.dead is False}
    for notice in decision.notices:
        to = notice.to
        json.dumps(notice.context)
        assert to in there
        assert to != OPERATOR
        assert not notice.inside or to in STAFF, "what is for the staff goes to the staff alone"
        assert notice.template != "update" or to != sender, "no update to its own author"
        gone = states(new).get(to) not in (None, ACTIVE)
        assert not gone or to in (
            sender,
            new.assignee.address if new else "",
            old.assignee.address if old else "",
        )
        assert gone is False or notice.template != "update" or (new is not None and to == new.assignee.address) or (
            old is not None and to == old.assignee.address)  # fmt: skip
        person = step.people.get(to)
        assert person is None or not person.dead or to in back, "an address that bounced"
        if to == sender and step.mail is not None and decision.outcome is not None:
            mode = step.config.trust.acknowledge_unverified
            assert believed(step) or (mode != "no" and notice.template in ANSWERS), (
                "4.4: the unverified get nothing"
            )
            assert believed(step) or mode == "yes" or step.mail.word not in json.dumps(dict(notice.context))
            assert not (step.mail.null and notice.template in ANSWERS)
    if decision.kind not in (Kind.PERSON, None):
        assert not any(
            (n.to == sender and not n.inside) or n.template in ANSWERS - {"problem"} for n in decision.notices
        )
        assert decision.kind in (Kind.AUTO_GENERATED, Kind.LIST) or {
            n.template for n in decision.notices
        } <= {"problem"}


def one_mail_a_reader(step: Step, book: Book) -> None:
    """6.1: one mail a person. Besides it a sender gets his answers, each kind once; and a mail that opens a ticket at a level
    is a new ticket (5.3) and a step of the escalation (7.1)."""
    found: dict[str, list[str]] = {}
    for notice in step.decision.notices:
        found.setdefault(notice.to, []).append(notice.template)
    for to, templates in found.items():
        about = [t for t in templates if t not in ("ticket_view", "ticket_list", "help")]
        sender = step.mail is not None and to == step.mail.sender
        own = [t for t in about if not (sender and t in ANSWERS)]
        assert len(own) <= 1 or (step.old is None and sorted(own) == ["escalation", "new_ticket"]), (
            to,
            templates,
        )
        assert not sender or len(set(templates)) == len(templates), (to, templates)


def eu_tickets_stay_in_the_eu(step: Step, book: Book) -> None:
    """5.2"""
    for notice in step.decision.notices:
        if "apart" in notice.context and notice.template != "ticket_view":
            continue
        about = step.after.get(notice.context.get("apart", {}).get("number", 0)) or step.new
        if about is not None and about.eu_support and notice.to in STAFF:
            management = step.config.escalation.notify_list_eu or LIST
            assert notice.to in IN_EU - {LIST, EU_LIST} | {management}, f"{notice.to} is outside the EU"


def management_hears_at_level_three(step: Step, book: Book) -> None:
    """6.1, 7.1: and of its end."""
    levels = [t.escalation_level for t in (step.old, step.new) if t is not None]
    for notice in step.decision.notices:
        if notice.to in (LIST, EU_LIST):
            assert max(levels, default=0) == 3
            assert notice.audience == "notify_list"


def hidden_words_stay_inside(step: Step, book: Book) -> None:
    """0, 4.3, 4.5: what is held or private is read by staff alone; of a third party's the assignee is asked."""
    decision, mail = step.decision, step.mail
    comment = decision.comment
    secret = comment is not None and comment.state is not CommentState.SHOWN
    asked_for = (
        step.secret and mail is not None and (staff_acts(step) or not believed(step) or mail.sender in AGENTS)
    )
    words = {w: (c, a, y) for w, (n, c, a, y) in book.hidden.items()}
    if mail is not None and mail.word and (secret or (asked_for and private_wish(mail.commands))):
        words[mail.word] = (0, mail.sender, comment.why_held if comment else "")
        for event in decision.history:
            assert event.private or mail.word not in json.dumps(dict(event.params)), event
    for notice in decision.notices:
        if notice.inside:
            continue
        text = json.dumps(dict(notice.context))
        for word, (_, author, why) in words.items():
            if word not in text or notice.to == author:
                continue
            assert (why, notice.template) == ("third_party", "problem"), (notice, word)
            assert step.new is not None
            assert notice.to == step.new.assignee.address


def nobody_is_written_to_unasked(step: Step, book: Book) -> None:
    """4.4: never one sender's text to an unverified address that no verified person named."""
    mail, old = step.mail, step.old
    for notice in step.decision.notices:
        to = notice.to
        if to in STAFF or (mail is not None and to == mail.sender):
            continue
        if staff_acts(step) or (old is not None and old.agent_answered):
            continue
        person = step.people.get(to)
        named = (
            mail is not None
            and believed(step)
            and to in (*mail.to, *mail.cc, *" ".join(mail.commands).replace(",", " ").split())
        )
        known = person is not None and person.authenticated_before
        assert named or known or to in book.vouched.get(step.number, ()), (to, notice.template)
