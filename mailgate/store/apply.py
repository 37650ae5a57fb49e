"""apply: a Decision carried out, row by row, on the caller's connection.

Laws: everything on the given connection, so a savepoint around the call undoes all of it; the decision was made in
the same `writing()` transaction as its facts were read (they lock the ticket); nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from mailgate.config import Config
from mailgate.mail.token import Minter
from mailgate.model import Decision, ParsedMessage, Questions, RecipientState
from mailgate.store import conversation, notices, people, ticket_rows
from mailgate.store.directory import directory
from mailgate.store.task import Task
from mailgate.store.withdraw import withdraw


@dataclass(frozen=True, slots=True)
class Touched:
    """What an effect changed: the keys under which later messages of the batch may have asked too early."""

    tickets: frozenset[int] = frozenset()
    addresses: frozenset[str] = frozenset()
    message_ids: frozenset[str] = frozenset()
    content_keys: frozenset[str] = frozenset()

    def __or__(self, other: Touched) -> Touched:
        return Touched(
            self.tickets | other.tickets,
            self.addresses | other.addresses,
            self.message_ids | other.message_ids,
            self.content_keys | other.content_keys,
        )

    def concerns(self, questions: Questions, tickets: Collection[int] = ()) -> bool:
        """Whether facts must be read again; `tickets` are those that the old facts held."""
        return (
            questions.content_key in self.content_keys
            or questions.sender in self.addresses
            or not self.tickets.isdisjoint(questions.tickets)
            or not self.tickets.isdisjoint(tickets)
            or not self.addresses.isdisjoint(questions.addresses)
            or not self.message_ids.isdisjoint(questions.message_ids)
        )


@dataclass(frozen=True, slots=True)
class Applied:
    ticket: int | None
    comment: int | None
    touched: Touched = field(default_factory=Touched)


def apply(
    conn: Connection,
    decision: Decision,
    *,
    message: str | None,
    at: datetime,
    minter: Minter,
    config: Config,
    parsed: ParsedMessage | None,
    new_id: Callable[[], int],
) -> Applied:
    """Carry out a decision. `message` is the ledger's id, None for an action from the shell or the clock.

    Raises IntegrityError when another worker did the same thing first: decide again on new facts.
    """
    book = directory(conn)
    names = _names(decision)
    rows, new_people = people.ensure(conn, names, book, config.people.free_mail, decision.people)
    task = Task(conn, decision, message, at, config, parsed, book, rows)
    changed_people = ticket_rows.learn(task)
    ticket_rows.ticket(task)
    if task.number:
        conversation.confirm(task)
        conversation.comment_rows(task)
        conversation.recipients_rows(task)
        conversation.history_rows(task)
        withdraw(task)
    conversation.bounces_rows(task)
    conversation.images_rows(task)
    if decision.notices:
        notices.owe(task, minter, new_id)
    addresses = new_people | changed_people | {n.to for n in decision.notices}
    return Applied(
        task.number or None,
        task.comment,
        Touched(
            frozenset({task.number} if task.number else ()),
            frozenset(addresses | ({decision.sender.address} if decision.sender else set())),
            frozenset({parsed.message_id} if parsed and parsed.message_id else ()),
            frozenset({parsed.content_key} if parsed and parsed.content_key else ()),
        ),
    )


def _names(decision: Decision) -> dict[str, str]:
    """Everybody who needs a row, with the name for a new one."""
    named: list[tuple[str, str]] = [(u.address, u.name) for u in decision.people]
    if decision.comment:
        named.append((decision.comment.author, decision.comment.author_name))
    sender = decision.sender
    if sender and (decision.ticket or decision.new_ticket):
        named.append((sender.address, sender.name))
    named += [(r.address, r.name) for r in decision.recipients if r.state is not RecipientState.LEFT_OUT]
    named += [(str(c.value), "") for c in decision.changes if c.field == "assignee"]
    named += [(n.to, "") for n in decision.notices]
    names: dict[str, str] = {}
    for address, name in named:
        if address:
            names[address] = names.get(address) or name
    if decision.new_ticket:
        # "" stands for nobody: the From header named no one person (RFC 5322 §3.6.2).
        names.setdefault(decision.new_ticket.assignee, "")
    return names
