"""What the operator's commands ask of the store beside the views: one mail whole, a file taken after all, soundness."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from mailgate.errors import NotFound
from mailgate.model import AttachmentState
from mailgate.store import messages as ledger
from mailgate.store.schema import attachments, history, outbox, tickets

FAULTS = 100  # of an unsound database that are listed


def mail(conn: Connection, id: int) -> tuple[bytes | None, dict[str, Any]]:
    """A row of the outbox: its bytes (None before the first attempt) and what its template sees. Raises NotFound."""
    row = conn.execute(select(outbox.c.mail, outbox.c.context).where(outbox.c.id == id)).one_or_none()
    if row is None:
        raise NotFound(f"the outbox has no mail {id}")
    return None if row.mail is None else bytes(row.mail), row.context


def keep_file(conn: Connection, message: str, part: str, who: str, at: datetime) -> int | None:
    """Keep a left-out file on its ticket, with a line in the history (3.4); the ticket's number.

    None when the file is kept already or its message is on no ticket: then nothing changes. Raises NotFound for a
    message without that file.
    """
    id = ledger.get(conn, message).id
    mine = (attachments.c.message_id == id, attachments.c.part == part)
    row = conn.execute(select(attachments).where(*mine)).one_or_none()
    if row is None:
        raise NotFound(f"message {message} has no file {part}")
    if row.ticket_id is None or row.state == AttachmentState.KEPT:
        return None
    changed = update(attachments).where(*mine, attachments.c.state == row.state)
    if conn.execute(changed.values(state=AttachmentState.KEPT.value, why=f"taken by {who}")).rowcount != 1:
        return None
    ticket = update(tickets).where(tickets.c.id == row.ticket_id)
    conn.execute(ticket.values(files_kept=tickets.c.files_kept + 1, updated=at))
    conn.execute(
        insert(history),
        {
            "ticket_id": row.ticket_id,
            "at": at,
            "code": "file_taken",
            "params": {"filename": row.filename, "who": who},
            "private": False,
            "by": who,
            "message_id": id,
        },
    )
    return int(row.ticket_id)


def check(conn: Connection) -> list[str]:
    """What is unsound in the database, in words; [] when nothing is. SQLite is read whole; of PostgreSQL, which
    looks after its own pages, only the tables are looked for."""
    if conn.dialect.name != "sqlite":
        from sqlalchemy import inspect

        there = set(inspect(conn).get_table_names())
        return [f"the table {name} is missing" for name in sorted(attachments.metadata.tables.keys() - there)]
    found = [str(row[0]) for row in conn.execute(text(f"PRAGMA integrity_check({FAULTS})"))]
    faults = [] if found == ["ok"] else found
    for row in conn.execute(text("PRAGMA foreign_key_check")):
        if len(faults) >= FAULTS:
            break
        faults.append(f"{row[0]} row {row[1]} refers to a row of {row[2]} that is not there")
    return faults
