"""apply, second half: what is said on a ticket: comments, files, recipients, history, bounces, known pictures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, bindparam, select, update

from mailgate.model import AttachmentChoice, CommentState, Event, RecipientState
from mailgate.store import later
from mailgate.store.contexts import comment_context
from mailgate.store.known import pictures
from mailgate.store.schema import attachments, bounces, comments, history, images, outbox, people, recipients
from mailgate.store.task import Task

_CONFIRMED_LIMIT = 50  # comments that one confirmation tells of in its mails
_TOLD_LIMIT = 20  # mails to somebody that are looked at for what they told of
_HELD = (
    select(comments, people.c.address.label("author"))
    .outerjoin(people, comments.c.author_id == people.c.id)
    .where(comments.c.ticket_id == bindparam("key"), comments.c.state == CommentState.HELD.value)
    .order_by(comments.c.id)
)
_TOLD = (
    select(outbox.c.held)
    .where(outbox.c.ticket_id == bindparam("ticket"), outbox.c.person_id == bindparam("person"))
    .order_by(outbox.c.id.desc())
    .limit(_TOLD_LIMIT)
)
_FILES = (
    select(attachments)
    .where(attachments.c.comment_id.in_(bindparam("keys", expanding=True)))
    .order_by(attachments.c.id)
)


def confirm(task: Task) -> None:
    """Held comments become shown (4.3, 4.5): by a mail those that its sender was told of and no later ones. One held
    for a `Private` that could not be obeyed (3.8) fails closed: no mail publishes it, only an agent at the shell."""
    if "held_comments" not in task.decision.confirms:
        return
    later.flush(task.conn)
    by_mail = task.message is not None
    only = _only(task)
    held = [
        row
        for row in task.conn.execute(_HELD, {"key": task.number})
        if (not by_mail or row.why_held != "private_refused") and (only is None or row.id in only)
    ]
    if not held:
        return
    ids = [row.id for row in held]
    task.conn.execute(update(comments).where(comments.c.id.in_(ids)).values(state=CommentState.SHOWN.value))
    files: dict[int, list[Row[Any]]] = {}
    for file in task.conn.execute(_FILES, {"keys": ids[:_CONFIRMED_LIMIT]}):
        files.setdefault(file.comment_id, []).append(file)
    task.confirmed = [comment_context(row, files.get(row.id, [])) for row in held[:_CONFIRMED_LIMIT]]


def _only(task: Task) -> set[int] | None:
    """The comments that are meant, None for all."""
    only, sender = task.decision.confirms_only, task.decision.sender
    if only != () or sender is None:
        return None if only is None else set(only)
    rows = task.conn.execute(_TOLD, {"ticket": task.number, "person": task.id_of(sender.address)})
    return {id for row in rows for id in row.held or ()}


def comment_rows(task: Task) -> None:
    decision = task.decision
    if decision.comment:
        new = decision.comment
        task.comment = later.next_id(task.conn, comments)
        values: dict[str, Any] = {
            "id": task.comment,
            "ticket_id": task.number,
            "author_id": task.id_of(new.author),
            "author_name": new.author_name,
            "text": new.text,
            "quoted": new.quoted,
            "signature": new.signature,
            "state": new.state.value,
            "unverified": new.unverified,
            "why_held": new.why_held,
            "message_id": task.message,
            "created": task.at,
        }
        later.insert_rows(task.conn, comments, [values])
    if decision.attachments and task.message:
        later.insert_rows(
            task.conn, attachments, [_attachment(task, choice) for choice in decision.attachments]
        )


def _attachment(task: Task, choice: AttachmentChoice) -> dict[str, Any]:
    file = choice.attachment
    return {
        "ticket_id": task.number,
        "comment_id": task.comment,
        "message_id": task.message,
        "part": file.part,
        "filename": file.filename,
        "content_type": file.content_type,
        "declared_type": file.declared_type,
        "size": file.size,
        "sha256": file.sha256,
        "md5": file.md5,
        "content_id": file.content_id,
        "state": choice.state.value,
        "why": choice.why,
    }


def recipients_rows(task: Task) -> None:
    sender = task.decision.sender
    named_by = task.id_of(sender.address) if sender else None
    rows = {
        choice.address: {
            "ticket_id": task.number,
            "person_id": task.id_of(choice.address),
            "state": choice.state.value,
            "named_by": named_by,
            "joined": task.at,
        }
        for choice in task.decision.recipients
        if choice.state is not RecipientState.LEFT_OUT and choice.address
    }
    if rows:
        later.insert_rows(task.conn, recipients, list(rows.values()))


def history_rows(task: Task) -> None:
    events = _events(task)
    rows = [
        {
            "ticket_id": task.number,
            "at": task.at,
            "code": event.code,
            "params": dict(event.params),
            "private": event.private,
            "by": task.by,
            "message_id": task.message,
        }
        for event in events
    ]
    if rows:
        later.insert_rows(task.conn, history, rows)


def _events(task: Task) -> list[Event]:
    decision = task.decision
    events = list(decision.history)
    codes = {event.code for event in events}
    if decision.refers_to and "refers_to" not in codes:
        events.append(Event("refers_to", {"number": decision.refers_to}))
    if decision.follows and "follows" not in codes:
        events.append(Event("follows", {"number": decision.follows}))
    if task.confirmed and "comment_confirmed" not in codes:
        for comment in task.confirmed:
            author = comment["author_address"] or comment["author_name"]
            events.append(Event("comment_confirmed", {"author": author, "who": task.by}))
    return events


def bounces_rows(task: Task) -> None:
    decision = task.decision
    if not decision.reports:
        return
    sent = None
    if decision.bounce_serial:
        statement = select(outbox.c.id, outbox.c.ticket_id, outbox.c.person_id)
        sent = task.conn.execute(statement.where(outbox.c.id == decision.bounce_serial)).one_or_none()
    rows = [
        {
            "outbox_id": sent.id if sent else None,
            "ticket_id": sent.ticket_id if sent else None,
            "person_id": sent.person_id if sent else None,
            "message_id": task.message,
            "recipient": report.recipient,
            "action": report.action,
            "status": report.status,
            "diagnostic": report.diagnostic,
            "permanent": report.permanent,
            "dead": report.dead,
            "at": task.at,
        }
        for report in decision.reports
    ]
    later.insert_rows(task.conn, bounces, rows)


def images_rows(task: Task) -> None:
    """Remember the pictures of a sender: one that comes again is his logo (3.4)."""
    seen = pictures(task.decision, task.parsed) if task.parsed else set()
    if seen:
        rows = [
            {"sender": sender, "sha256": sha256, "first_seen": task.at} for sender, sha256 in sorted(seen)
        ]
        later.insert_rows(task.conn, images, rows)
