"""What the laws of a desk know of earlier steps, and who is who, by the test's own knowledge."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.cast import AGENTS, Step
from rules.small_desk import Desk

from mailgate.model import CommentState, RecipientState, Status, Ticket, Trust

ACTIVE, HELD, DEAD = RecipientState.ACTIVE, RecipientState.HELD, RecipientState.DEAD
ENDED = (RecipientState.LEFT, RecipientState.REMOVED)
OVER = (Status.RESOLVED, Status.CLOSED)


@dataclass
class Book:
    """What the laws remember of earlier steps."""

    hidden: dict[str, tuple[int, int, str, str]] = field(
        default_factory=dict
    )  # word -> ticket, comment, author, why
    vouched: dict[int, set[str]] = field(default_factory=dict)  # by ticket: who proved himself, or was named


# -- who is who, by the test's own knowledge


def role(address: str, ticket: Ticket | None, step: Step) -> str:
    if step.by in ("shell", "clock") or address in AGENTS:
        return "clock" if step.by == "clock" else "staff"
    if ticket is None:
        return "assignee"
    person = step.people.get(address)
    account = person.account if person else ("Acme" if address.endswith("@acme.example") else "")
    if address == ticket.assignee.address:
        return "assignee"
    if account and account == ticket.account:
        return "colleague"
    active = {r.person.address for r in ticket.recipients if r.state is ACTIVE}
    return (
        "recipient"
        if address in active or (step.decision.people and step.decision.people[0].dead is False)
        else "stranger"
    )


def believed(step: Step) -> bool:
    return step.mail is None or step.decision.outcome is None or step.decision.trust is not Trust.UNVERIFIED


def staff_acts(step: Step) -> bool:
    return step.by == "shell" or (step.by in AGENTS and step.decision.trust is Trust.AUTHENTICATED)


def states(ticket: Ticket | None) -> dict[str, RecipientState]:
    return {r.person.address: r.state for r in ticket.recipients} if ticket else {}


def private_wish(commands: tuple[str, ...]) -> bool:
    wishes = [
        line.partition(":")[2].strip()
        for line in commands
        if line.casefold().startswith(("private", "privé"))
    ]
    return bool(wishes) and any(w not in ("no", "non") for w in wishes)


def remember(step: Step, desk: Desk, book: Book) -> None:
    """What the next steps' laws must know of this one."""
    decision, mail = step.decision, step.mail
    if mail is not None and believed(step) and step.number:
        vouched = book.vouched.setdefault(step.number, set())
        vouched |= {mail.sender, *mail.to, *mail.cc, *" ".join(mail.commands).replace(",", " ").split()}
    if step.new is not None and staff_acts(step):
        book.vouched.setdefault(step.number, set()).add(step.new.assignee.address)
    if decision.comment is not None and mail is not None and decision.comment.state is not CommentState.SHOWN:
        book.hidden[mail.word] = (step.number, desk.count, mail.sender, decision.comment.why_held)
    for word, (number, id, _, _) in list(book.hidden.items()):
        if any(c.id == id and c.state is CommentState.SHOWN for c in desk.said.get(number, ())):
            del book.hidden[word]
