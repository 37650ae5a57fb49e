"""apply: a Decision carried out, row by row, on the caller's connection.

Laws: everything on the given connection, so a savepoint around the call undoes all of it; the decision was made in
the same `writing()` transaction as its facts were read (they lock the ticket); nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from mailgate.config import Config
from mailgate.mail.token import Minter
from mailgate.model import Decision, ParsedMessage, RecipientState
from mailgate.store import alarms, conversation, later, notices, people, ticket_rows
from mailgate.store.directory import directory
from mailgate.store.task import Applied, Task
from mailgate.store.withdraw import withdraw


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

    Raises IntegrityError, at once or at the end of `later.deferring`, when another worker did the same thing first:
    decide again on new facts.
    """
    with later.deferring(conn):
        book = directory(conn)
        names = _names(decision, config.gateway.operator)
        rows, new = people.ensure(conn, names, book, config.people.free_mail, decision.people)
        task = Task(conn, decision, message, at, config, parsed, book, rows)
        learnt = ticket_rows.learn(task)
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
        if decision.alarms:
            alarms.ring(task, minter, new_id)
        return Applied(
            ticket=task.number or None,
            comment=task.comment,
            at=at,
            made=task.made,
            altered=task.altered,
            people={address: book.person(task.rows[address]) for address in new | learnt},
            learnt=frozenset(learnt),
        )


def _names(decision: Decision, operator: str) -> dict[str, str]:
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
    named += [(operator, "") for _ in decision.alarms]
    names: dict[str, str] = {}
    for address, name in named:
        if address:
            names[address] = names.get(address) or name
    if decision.new_ticket:
        # "" stands for nobody: the From header named no one person (RFC 5322 §3.6.2).
        names.setdefault(decision.new_ticket.assignee, "")
    return names
