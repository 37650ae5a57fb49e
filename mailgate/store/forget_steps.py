"""The steps of `forget`: each takes a batch of rows and is one transaction's work, on the caller's connection.

Laws: a row that is as it should be is not written; a row of the outbox that is being sent is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, insert, or_, select, update

from mailgate.model import AttachmentState
from mailgate.store.schema import (
    attachments,
    bounces,
    comments,
    dead_addresses,
    escalation_steps,
    history,
    images,
    messages,
    outbox,
    raw,
    recipients,
    teams,
    tickets,
)
from mailgate.store.scrub import TITLE, WORDS, Scrub

GONE = "removed with the data of the person who sent it"
WITHDRAWN = "withdrawn: the person's data was removed"
_UNSENT = ("waiting", "held", "failed")


@dataclass(frozen=True, slots=True)
class Who:
    """Whose data goes, by whose hand, and what was counted so far."""

    scrub: Scrub
    person: int | None
    at: datetime
    by: str
    removed: Counter[str]

    @property
    def placeholder(self) -> str:
        return self.scrub.placeholder


def _change(conn: Connection, table: Table, row: Row[Any], values: Mapping[str, Any], *guard: Any) -> int:
    """Write what differs; how many rows that was."""
    new = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not new:
        return 0
    return conn.execute(update(table).where(table.c.id == row.id, *guard).values(new)).rowcount


# -- mails that came in


def his_mails(conn: Connection, who: Who, ids: Sequence[str]) -> None:
    """The ledger keeps when they came, how large they were and where they went; their bytes go."""
    scrub = who.scrub
    for row in conn.execute(select(messages).where(messages.c.id.in_(ids))).all():
        values = {
            "sender": who.placeholder,
            "sender_name": "",
            "subject": "",
            "rfc_id": "" if row.rfc_id in scrub.ids else row.rfc_id,
            "participants": [scrub.line(address) for address in row.participants],
            "envelope": scrub.envelope(row.envelope),
            "reasons": scrub.reasons(row.reasons, row.decision),
            "decision": scrub.decision(row.decision),
            "error": scrub.own(row.error),
        }
        who.removed["messages"] += _change(conn, messages, row, values)
    who.removed["raw"] += conn.execute(delete(raw).where(raw.c.message_id.in_(ids))).rowcount
    files = update(attachments).where(attachments.c.message_id.in_(ids))
    nothing = {"filename": TITLE, "sha256": "", "md5": "", "content_id": "", "why": GONE}
    state = AttachmentState.LEFT_OUT.value
    who.removed["attachments"] += conn.execute(files.values(**nothing, state=state)).rowcount


def others_mails(conn: Connection, who: Who, ids: Sequence[str]) -> None:
    """What the ledger says of them loses the address. Their bytes stay, but for a bounce of a mail to this person."""
    scrub = who.scrub
    for row in conn.execute(select(messages).where(messages.c.id.in_(ids))).all():
        values = {
            "subject": scrub.line(row.subject),
            "participants": sorted({scrub.line(address) for address in row.participants}),
            "envelope": scrub.value(row.envelope),
            "reasons": scrub.value(row.reasons),
            "decision": scrub.value(row.decision),
            "error": scrub.line(row.error),
        }
        who.removed["others_messages"] += _change(conn, messages, row, values)
    told = select(bounces.c.message_id).where(bounces.c.message_id.in_(ids), _bounced(who))
    gone = conn.execute(delete(raw).where(raw.c.message_id.in_(told))).rowcount
    who.removed["raw"] += gone


def _bounced(who: Who) -> Any:
    return or_(bounces.c.person_id == who.person, func.lower(bounces.c.recipient) == who.scrub.address)


# -- tickets


def on_tickets(conn: Connection, who: Who, numbers: Sequence[int]) -> None:
    """Words, files' names and the history of some tickets; the mails about them to others; and a line that says so."""
    his = _opened(conn, who, numbers)
    _titles(conn, who, his)
    sent = _sent_by(conn, who, numbers)
    mine = or_(comments.c.author_id == who.person, comments.c.message_id.in_(sent))
    said = update(comments).where(comments.c.ticket_id.in_(numbers), mine, comments.c.text != WORDS)
    nothing = {"author_name": "", "text": WORDS, "quoted": "", "signature": ""}
    who.removed["comments"] += conn.execute(said.values(nothing)).rowcount
    waits = update(tickets).where(tickets.c.id.in_(numbers), func.lower(tickets.c.waits) == who.scrub.address)
    conn.execute(waits.values(waits=""))
    _history(conn, who, numbers, his)
    _escalations(conn, who, numbers)
    rows = select(outbox).where(outbox.c.ticket_id.in_(numbers), outbox.c.address != who.scrub.address)
    for row in conn.execute(rows).all():
        _mail_to_another(conn, who, row, row.ticket_id in his)
    event = {"at": who.at, "code": "person_forgotten", "private": True, "by": who.by}
    params = {"address": who.placeholder, "who": who.by}
    conn.execute(insert(history), [{"ticket_id": number, "params": params, **event} for number in numbers])


def _titles(conn: Connection, who: Who, his: set[int]) -> None:
    """The titles of tickets that this person opened, also where the ledger and the subjects of answers repeat them."""
    titles = select(tickets.c.id, tickets.c.title).where(tickets.c.id.in_(his), tickets.c.title != TITLE)
    old: dict[int, str] = {row.id: row.title for row in conn.execute(titles)}
    conn.execute(update(tickets).where(tickets.c.id.in_(old)).values(title=TITLE))
    who.removed["titles"] += len(old)
    columns = (messages.c.id, messages.c.ticket_id, messages.c.subject, messages.c.decision)
    rows: Sequence[Any] = conn.execute(select(*columns).where(messages.c.ticket_id.in_(old))).all()
    for row in rows:
        title, decision = old[row.ticket_id], dict(row.decision)
        if title and decision.get("title"):
            decision["title"] = TITLE
        if title and isinstance(message := decision.get("message"), dict):
            decision["message"] = message | {"subject": message.get("subject", "").replace(title, TITLE)}
        subject = row.subject.replace(title, TITLE) if title else row.subject
        _change(conn, messages, row, {"subject": subject, "decision": decision})


def _sent_by(conn: Connection, who: Who, numbers: Sequence[int]) -> list[str]:
    """This person's mails on these tickets."""
    mine = (messages.c.ticket_id.in_(numbers), messages.c.sender == who.scrub.address)
    return list(conn.scalars(select(messages.c.id).where(*mine)))


def _opened(conn: Connection, who: Who, numbers: Sequence[int]) -> set[int]:
    """Which of these tickets this person opened: their titles are his words."""
    first = (
        select(func.min(comments.c.id))
        .where(comments.c.ticket_id.in_(numbers))
        .group_by(comments.c.ticket_id)
    )
    rows = conn.execute(
        select(comments.c.ticket_id, comments.c.author_id, messages.c.sender)
        .outerjoin(messages, comments.c.message_id == messages.c.id)
        .where(comments.c.id.in_(first))
    )
    return {
        row.ticket_id
        for row in rows
        if (who.person is not None and row.author_id == who.person) or row.sender == who.scrub.address
    }


def _history(conn: Connection, who: Who, numbers: Sequence[int], his: set[int]) -> None:
    scrub = who.scrub
    statement = select(history, messages.c.sender).outerjoin(messages, history.c.message_id == messages.c.id)
    for row in conn.execute(statement.where(history.c.ticket_id.in_(numbers))).all():
        own = row.sender == scrub.address or row.by.lower() == scrub.address
        values = {
            "params": scrub.event(row.code, row.params, own, row.ticket_id in his),
            "by": who.placeholder if own else scrub.line(row.by),
        }
        who.removed["history"] += _change(conn, history, row, values)


def _escalations(conn: Connection, who: Who, numbers: Sequence[int]) -> None:
    rows = conn.execute(
        select(escalation_steps, messages.c.sender)
        .outerjoin(messages, escalation_steps.c.message_id == messages.c.id)
        .where(escalation_steps.c.ticket_id.in_(numbers))
    ).all()
    for row in rows:
        if row.sender == who.scrub.address or who.scrub.is_him(row.asked_by):
            values = {"asked_by": who.placeholder, "reason": WORDS if row.reason else ""}
            _change(conn, escalation_steps, row, values)


# -- mails that go out


def _mail_to_another(conn: Connection, who: Who, row: Row[Any], titled: bool) -> None:
    scrub = who.scrub
    values = {
        "context": scrub.context(row.context, titled),
        "in_reply_to": "" if row.in_reply_to in scrub.ids else row.in_reply_to,
        "references": [id for id in row.references if id not in scrub.ids],
        "last_error": scrub.line(row.last_error),
        "tags": [scrub.line(tag) for tag in row.tags],
    }
    if any(getattr(row, name) != value for name, value in values.items()):
        # the bytes said the same; what still waits is rendered anew
        still = (outbox.c.state == row.state, outbox.c.state != "sending")
        who.removed["outbox_others"] += _change(conn, outbox, row, values | {"mail": None}, *still)


def about(conn: Connection, who: Who, ids: Sequence[int]) -> None:
    """Mails of no ticket that tell somebody else of the person: to the operator, about loops."""
    for row in conn.execute(select(outbox).where(outbox.c.id.in_(ids))).all():
        _mail_to_another(conn, who, row, False)


def outgoing(conn: Connection, who: Who, ids: Sequence[int]) -> None:
    """Mails to this person: those that wait are withdrawn, of the others only the row stays."""
    gone: dict[str, Any] = {
        "address": who.placeholder,
        "context": {},
        "mail": None,
        "references": [],
        "in_reply_to": "",
    }
    mine = outbox.c.id.in_(ids) & (outbox.c.address == who.scrub.address)
    unsent = update(outbox).where(mine, outbox.c.state.in_(_UNSENT))
    done = {"state": "withdrawn", "finished": who.at, "next_attempt": None, "last_error": WITHDRAWN}
    who.removed["withdrawn"] += conn.execute(unsent.values(gone | done)).rowcount
    sent = update(outbox).where(mine, outbox.c.state != "sending")
    who.removed["outbox"] += conn.execute(sent.values(gone | {"last_error": ""})).rowcount


# -- what hangs on the person


def traces(conn: Connection, who: Who) -> None:
    """The person's part in tickets, bounces and pictures."""
    address = who.scrub.address
    part = delete(recipients).where(recipients.c.person_id == who.person)
    who.removed["recipients"] += conn.execute(part).rowcount
    conn.execute(delete(dead_addresses).where(dead_addresses.c.person_id == who.person))
    told = update(bounces).where(_bounced(who), bounces.c.recipient != who.placeholder)
    values = {"recipient": who.placeholder, "diagnostic": ""}
    who.removed["bounces"] += conn.execute(told.values(values)).rowcount
    who.removed["images"] += conn.execute(delete(images).where(images.c.sender == address)).rowcount
    conn.execute(update(teams).where(teams.c.address == address).values(address=who.placeholder))
