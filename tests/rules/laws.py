"""What holds of every step of a desk, by the contract alone: nothing here calls a rule. Each law takes one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from typing import Any

from rules.bearings import ACTIVE, DEAD, ENDED, HELD, Book, believed, remember, role, staff_acts, states
from rules.cast import AGENTS, Step
from rules.laws_of_history import (
    a_comment_has_one_sentence,
    levels_end_with_tickets,
    the_history_tells_every_change,
)
from rules.laws_of_readers import (
    eu_tickets_stay_in_the_eu,
    hidden_words_stay_inside,
    management_hears_at_level_three,
    nobody_is_told_who_may_not,
    nobody_is_written_to_unasked,
    one_mail_a_reader,
)
from rules.small_desk import Desk

from mailgate.model import AttachmentState, CommentState, Kind, Outcome, RecipientState, Status, Ticket, Trust


def the_sender_is_believed_for_a_cause(step: Step, book: Book) -> None:
    """4.1-4.3: authentication, or a token issued to the very person, who is no staff."""
    mail, trust = step.mail, step.decision.trust
    if mail is None or step.decision.outcome is None:
        return
    if trust is Trust.AUTHENTICATED:
        assert mail.authenticated
    if trust is Trust.PROOF:
        person = step.people[mail.sender]
        assert person.id in mail.issued
        assert not any((person.authenticated_before, person.agent, mail.fails_dmarc))


def there_is_one_outcome(step: Step, book: Book) -> None:
    """1.4"""
    decision = step.decision
    assert decision.reasons
    if step.mail is None or step.by == "clock" or decision.outcome is None:
        assert decision.new_ticket is None
        return
    assert (decision.new_ticket is not None) is (decision.outcome is Outcome.TICKET)
    if decision.outcome is Outcome.COMMENT:
        assert decision.ticket
    if decision.outcome in (Outcome.DUPLICATE, Outcome.AUTO_REPLY, Outcome.QUARANTINED):
        assert (decision.notices, decision.changes, decision.recipients, decision.comment) == (
            (),
            (),
            (),
            None,
        )
    if decision.outcome is Outcome.QUERY:
        assert (decision.changes, decision.recipients, decision.comment, decision.history) == (
            (),
            (),
            None,
            (),
        )


def the_caps_hold(step: Step, book: Book) -> None:
    """0, 3.4, 3.5"""
    assert sum(1 for a in step.decision.attachments if a.state is AttachmentState.KEPT) <= 2
    for ticket in step.after.values():
        rows = list(states(ticket).values())
        assert rows.count(ACTIVE) <= 5
        assert rows.count(HELD) <= 5
        assert len(ticket.devices) <= 5
        assert len({d.casefold() for d in ticket.devices}) == len(ticket.devices)


def only_its_ticket_changes(step: Step, book: Book) -> None:
    for number, ticket in step.before.items():
        if number != step.number:
            assert _without_people(step.after[number]) == _without_people(ticket)


def _without_people(ticket: Ticket) -> dict[str, Any]:
    """What of a ticket is not what was learnt of people."""
    plain = {f.name: getattr(ticket, f.name) for f in fields(Ticket)}
    plain["assignee"] = ticket.assignee.address
    plain["recipients"] = {a: "active" if s is DEAD else s for a, s in states(ticket).items()}
    return plain


def the_ticket_is_as_the_decision_says(step: Step, book: Book) -> None:
    """`Decision.after` beside what came of changes, rows and devices."""
    said, is_ = step.decision.after, step.new
    if said is None or is_ is None or step.decision.outcome is Outcome.QUERY:
        return
    for name in (f.name for f in fields(Ticket)):
        if name in ("updated", "files_kept", "resolved_at", "closed_at"):  # the store's
            continue
        mine, theirs = getattr(is_, name), getattr(said, name)
        if name == "assignee":
            mine, theirs = mine.address, theirs.address
        if name == "recipients":
            mine, theirs = states(is_), states(said)
        assert mine == theirs, f"{name}: is {mine!r}, the decision says {theirs!r}"


# -- who may do what


def status_moves_as_the_sender_may(step: Step, book: Book) -> None:
    """0, 2.6, 3.7"""
    who = role(step.mail.sender if step.mail else step.by, step.old, step)
    for event in step.decision.history:
        if event.code != "status":
            continue
        old, new = event.params["old"], event.params["new"]
        assert new != "new"
        if staff_acts(step):
            continue
        if step.by == "clock":
            assert (old, new) == ("pending", "resolved")
            continue
        assert who in ("assignee", "colleague"), who
        assert new in ("open", "resolved")
        assert (old, new) not in [("new", "open"), ("closed", "resolved")]
        assert believed(step) or (new == "open" and step.decision.threaded_by in ("token", "message-id"))


def the_unverified_change_nothing(step: Step, book: Book) -> None:
    """4.3: a comment, proposals of recipients, and (with a token) the reopening of 2.6."""
    if believed(step) or step.mail is None or step.decision.kind is Kind.BOUNCE:
        return
    decision, old, new = step.decision, step.old, step.new
    assert decision.escalation is None
    assert not any(c.state == "done" for c in decision.commands)
    left = any(c.state is RecipientState.LEFT for c in decision.recipients)
    if not left:
        assert not any(c.state not in (HELD, RecipientState.LEFT_OUT) for c in decision.recipients)
    if step.mail.sender in AGENTS or (decision.comment and decision.comment.state is not CommentState.SHOWN):
        assert not [c for c in decision.changes if decision.new_ticket is None]
    if old is not None and new is not None:
        free = {"status", "status_since", "reminded", "resolved_at", "closed_at", "updated", "files_kept", "waits",
                "asked", "recipients"}  # fmt: skip
        before, after = _without_people(old), _without_people(new)
        assert {n for n in before if before[n] != after[n]} <= free


def outsiders_only_comment(step: Step, book: Book) -> None:
    """0: recipients from outside comment and leave; strangers not even that."""
    if step.mail is None or step.old is None or step.new is None or staff_acts(step):
        return
    if step.decision.outcome is None or role(step.mail.sender, step.old, step) not in (
        "recipient",
        "stranger",
    ):
        return
    if step.decision.kind is Kind.BOUNCE:
        return
    free = {"updated", "files_kept", "waits", "asked", "recipients"}
    before, after = _without_people(step.old), _without_people(step.new)
    assert {n for n in before if before[n] != after[n]} <= free
    assert step.decision.escalation is None
    for choice in step.decision.recipients:
        assert choice.state is RecipientState.LEFT


def who_is_gone_is_not_added_by_cc(step: Step, book: Book) -> None:
    """3.5"""
    if step.mail is None:
        return
    named = " ".join(step.mail.commands)
    back = {p.address for p in step.decision.people if p.dead is False}
    for address, state in states(step.new).items():
        before = states(step.old).get(address)
        if before in (*ENDED, DEAD) and state in (ACTIVE, HELD) and address not in back:
            assert address in named
            assert believed(step)
        if before is HELD and state is ACTIVE:
            assert believed(step)
            may = role(step.mail.sender, step.old, step)
            assert may == "assignee" or staff_acts(step)


def what_closed_long_ago_stays(step: Step, book: Book) -> None:
    """2.6"""
    old = step.old
    if step.mail is None or old is None or step.decision.outcome not in (Outcome.COMMENT, Outcome.TICKET):
        return
    if (
        old.status is not Status.CLOSED
        or old.closed_at is None
        or step.now <= old.closed_at + timedelta(days=14)
    ):
        return
    untouched = step.decision.comment is None and not step.decision.changes  # to leave is allowed
    assert untouched or step.mail.sender in AGENTS or role(step.mail.sender, old, step) == "stranger"


def only_who_asks_escalates(step: Step, book: Book) -> None:
    """7.2: not in a quote, not when negated."""
    if step.decision.escalation is not None and step.by != "clock" and step.mail is not None:
        assert step.asks, "nobody asked"


LAWS: tuple[Callable[[Step, Book], None], ...] = (
    the_sender_is_believed_for_a_cause, there_is_one_outcome, the_caps_hold, only_its_ticket_changes,
    the_ticket_is_as_the_decision_says, the_history_tells_every_change, a_comment_has_one_sentence,
    levels_end_with_tickets, status_moves_as_the_sender_may, the_unverified_change_nothing, outsiders_only_comment,
    who_is_gone_is_not_added_by_cc, what_closed_long_ago_stays, nobody_is_told_who_may_not, one_mail_a_reader,
    eu_tickets_stay_in_the_eu, management_hears_at_level_three, hidden_words_stay_inside, nobody_is_written_to_unasked,
    only_who_asks_escalates,
)  # fmt: skip


def check(step: Step, desk: Desk, book: Book) -> None:
    """All laws of one step; then what the next ones must know of it."""
    for law in LAWS:
        law(step, book)
    remember(step, desk, book)
