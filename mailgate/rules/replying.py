"""A mail that belongs to a ticket: plain, held or private comment, and what it changes (2.6, 4.3, 4.5, 6.0, 7.6)."""

from __future__ import annotations

from mailgate.mail.subject import is_reply
from mailgate.model import (
    AttachmentState,
    CommentState,
    Decision,
    Kind,
    Outcome,
    Purpose,
    Role,
    Status,
    Ticket,
    Trust,
)
from mailgate.rules import case as steps
from mailgate.rules import commands, orders
from mailgate.rules.case import Case
from mailgate.rules.draft import Draft
from mailgate.rules.escalating import ask_to_escalate
from mailgate.rules.thread import Thread
from mailgate.rules.trust import CUSTOMER_SIDE, STAFF, Power

MAX_SHOWN = 2000  # characters of a third party's text in the question to the assignee
_NOT_STAFF = (
    "nothing proves that this is one of our own: held for an agent who is verified (4.3); SPF or DKIM of {0}, a login "
    "(smtp.auth), or an Authentication-Results header of a trusted host would prove it"
)
_WAITING = frozenset({Status.PENDING, Status.RESOLVED, Status.CLOSED})


def reply(case: Case, found: Thread, ticket: Ticket, role: Role, believed: Trust) -> Decision:
    """The Decision of a mail to an existing ticket."""
    draft = case.draft(ticket, ticket, role, believed)
    draft.threaded_by = found.by
    state, why_held = _believed(case, draft, found)
    if state is CommentState.SHOWN:
        state, why_held = steps.privacy(case, draft)
    elif why_held in ("staff", "unverified") and steps.privacy(case, draft)[1]:
        why_held = "private_refused"  # who confirms it would publish what asks to be private (3.8)
    draft.secret = state is not CommentState.SHOWN
    text = steps.carry_out(case, draft)
    if why_held not in ("unverified", "staff", "third_party"):
        ask_to_escalate(case, draft, text)
    if why_held != "third_party":
        steps.take_recipients(case, draft)
    steps.take_files(case, draft)
    _comment(case, draft, text, state, why_held)
    steps.warn(case, draft)
    if draft.comment is not None and state is CommentState.SHOWN:
        _move(case, draft)
    _ask_or_confirm(case, draft, found, state, why_held)
    return draft.finish(Outcome.COMMENT)


def _believed(case: Case, draft: Draft, found: Thread) -> tuple[CommentState, str]:
    """Whether the comment stands, by trust and by what led to the ticket (4.3, 4.5)."""
    by_token = found.by in ("token", "message-id")
    if draft.role is Role.STRANGER and by_token and case.kind is not Kind.PERSON:
        # A code for whoever signed up with his reply address: he could confirm it, and would be shown it (T1)
        draft.reasons.append("a machine that has no part in this ticket: an internal note (4.5)")
        return CommentState.PRIVATE, ""
    if draft.role is Role.STRANGER and by_token:
        draft.reasons.append("the sender has no part in this ticket: held as third party (4.5)")
        return CommentState.HELD, "third_party"
    if draft.role in STAFF and not draft.staff:
        draft.reasons.append(_NOT_STAFF.format(draft.author.address.rpartition("@")[2]))
        return CommentState.HELD, "staff"
    if draft.role is Role.STRANGER and not found.vouched:
        draft.reasons.append(
            "the mail that named the sender was held, or nobody vouched for it: held (2.4, 4.3)"
        )
        return CommentState.HELD, "unverified"
    if not draft.may(Power.COMMENT if by_token else Power.COMMENT_BY_NAME):
        draft.reasons.append("an unverified sender, without a token of this ticket: held (4.3)")
        return CommentState.HELD, "unverified"
    if draft.trust is Trust.UNVERIFIED:
        draft.reasons.append("an unverified sender with a valid token: a plain comment, marked (4.3)")
    return CommentState.SHOWN, ""


def _comment(case: Case, draft: Draft, text: str, state: CommentState, why_held: str) -> None:
    """The comment and its sentence; a mail of commands only is none."""
    kept = any(f.state is not AttachmentState.IGNORED for f in draft.files)
    acted = any(r.state == "done" and r.key != commands.PRIVATE for r in draft.results)
    if acted and not text.strip() and not kept:
        draft.reasons.append("the mail holds commands only: no comment")
        return
    draft.comment = steps.comment_of(case, draft, text, state, why_held)
    if why_held == "third_party":
        draft.tell("comment_held_third_party", who=draft.who, private=True)
    elif why_held == "staff":
        domain = draft.author.address.rpartition("@")[2]
        draft.tell("comment_held_staff", who=draft.who, domain=domain, private=True)
    elif state is CommentState.HELD:
        draft.tell("comment_held", who=draft.who, private=True)
    elif state is CommentState.PRIVATE:
        draft.tell("commented_private", who=draft.who, private=True)
    elif draft.trust is Trust.UNVERIFIED:
        draft.tell("commented_unverified", who=draft.who)
    else:
        draft.tell("commented", who=draft.who)


def _move(case: Case, draft: Draft) -> None:
    """What a shown comment does to the ticket: an agent's opens it and is progress (6.0, 7.6), the customer side's
    reopens it (2.6), unless the mail says `Status:` itself."""
    said = any(r.key == commands.STATUS and r.state == "done" for r in draft.results)
    status = draft.ticket.status
    if draft.staff:
        answer(draft, said=said)
    elif draft.role in CUSTOMER_SIDE and status in _WAITING and not said:
        draft.reasons.append(f"the customer side writes on a {status.value} ticket: open again (2.6)")
        orders.set_status(draft, Status.OPEN)


def answer(draft: Draft, *, said: bool) -> None:
    """An agent's comment to the customer (6.0, 7.6); `said`: a command sets the status."""
    if draft.ticket.status is Status.NEW and not said:
        draft.reasons.append("an agent answers: new becomes open (6.0)")
        orders.set_status(draft, Status.OPEN)
    if not draft.ticket.agent_answered:
        draft.put("agent_answered", True)
    draft.put("last_progress", draft.now)
    if draft.ticket.assignee.dead:
        params = {"address": draft.ticket.assignee.address}
        draft.problems.append({"code": "assignee_silent", "params": params})


def _ask_or_confirm(case: Case, draft: Draft, found: Thread, state: CommentState, why_held: str) -> None:
    if why_held == "third_party" and draft.comment is not None:
        params = {"author": draft.author.address or draft.who, "text": draft.comment.text[:MAX_SHOWN]}
        draft.for_assignee.append({"code": "third_party", "params": params})
    elif state is CommentState.SHOWN and case.kind is Kind.PERSON and draft.may(Power.CONFIRM):
        only = _confirmed(case, draft, found)
        if only is not None:
            draft.confirms, draft.confirms_only = ("held_comments",), only
            draft.reasons.append("the reply confirms what it was told is held on this ticket (4.3, 4.5)")


def _confirmed(case: Case, draft: Draft, found: Thread) -> tuple[int, ...] | None:
    """The held comments that a mail confirms: those that the mail told of which it answers; () = all that its sender
    was told of; None = none.

    A program that drops In-Reply-To leaves a reply's subject and the assignee's reply address as the signs; a mail of
    his own to that address confirms nothing.
    """
    number, me = draft.ticket.number, draft.author.address
    told = [d for d in case.answers if d.ticket == number and d.held and (draft.staff or d.address == me)]
    if told:
        return tuple(id for d in told for id in d.held)
    if draft.role in STAFF or case.parsed.in_reply_to or not is_reply(case.parsed.subject):
        return None
    # another's address is one that somebody else may have put into the Reply-To of a mail of his own
    signed = any(c.purpose is Purpose.REPLY and c.person == draft.author.id for c in found.claims)
    return () if signed else None
