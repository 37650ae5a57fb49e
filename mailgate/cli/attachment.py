"""`mailgate attachment`: the files of messages, also those left out, read from the raw message."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailgate.cli.context import Session, session
from mailgate.cli.options import AsJson

if TYPE_CHECKING:
    from mailgate.store.engine import Store

app = typer.Typer(help="The files of messages: list, take.", no_args_is_help=True)

COLUMNS = {
    "message": "Message",
    "part": "Part",
    "filename": "File",
    "content_type": "Type",
    "size": "Bytes",
    "state": "State",
    "why": "Why",
}


@app.command("list")
def list_(
    ctx: typer.Context,
    message: Annotated[
        str,
        typer.Argument(metavar="MESSAGE", help="A message's id, or a ticket's number for all of its files."),
    ],
    as_json: AsJson = False,
) -> None:
    """List the files of a message or a ticket, kept and left out."""
    from mailgate.cli.show import listing
    from mailgate.store import views

    run = session(ctx)
    number = message.removeprefix("#")
    with run.store() as store:
        if number.isdecimal() and len(number) < 12:
            with store.reading() as conn:
                found = views.attachment_list(conn, int(number))
        else:
            found = _of_message(run, store, message)
    listing(found, as_json, COLUMNS, none="No files.")


def _of_message(run: Session, store: Store, id: str) -> list[dict[str, Any]]:
    """As its ticket has them; out of the raw bytes where the message is on no ticket."""
    from mailgate.parsers import ParserPool
    from mailgate.store import messages, views
    from mailgate.store import raw as raw_store

    with store.reading() as conn:
        row = messages.get(conn, id)
        on_ticket = views.attachment_list(conn, row.ticket_id) if row.ticket_id is not None else []
        found = [each for each in on_ticket if each["message"] == row.id]
        raw = b"" if found else raw_store.get(conn, row.id)
    if found:
        return found
    pool = ParserPool(run.config.worker)
    try:
        parsed = pool.parse([raw])[0]
    finally:
        pool.close()
    return [
        {
            "filename": each.filename,
            "content_type": each.content_type,
            "size": each.size,
            "sha256": each.sha256,
            "part": each.part,
            "message": row.id,
            "ticket": None,
            "comment": None,
            "state": "inline" if each.inline else "ignored",
            "why": each.ignored,
        }
        for each in parsed.attachments
    ]


@app.command()
def take(
    ctx: typer.Context,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="The message's id.")],
    part: Annotated[str, typer.Argument(metavar="PART", help="The part, as `attachment list` names it.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; - or left out: stdout.")
    ] = "-",
    by: Annotated[
        str, typer.Option("--as", metavar="ADDRESS", help="Who takes it, for the history.")
    ] = "shell",
) -> None:
    """Write out one file of a message; a left-out one is kept on its ticket from then on."""
    from datetime import UTC, datetime

    from mailgate.cli.show import plain
    from mailgate.errors import NotFound
    from mailgate.mail.parse import read_part
    from mailgate.store import messages, operator
    from mailgate.store import raw as raw_store

    run = session(ctx)
    with run.store() as store, store.reading() as conn:
        id = messages.get(conn, message).id
        raw = raw_store.get(conn, id)
    try:
        data = read_part(raw, part)
    except KeyError:
        raise NotFound(f"message {id} has no part {part}; mailgate attachment list {id} names them") from None
    _write(data, output)
    try:
        with run.store(readonly=False) as store, store.writing() as conn:
            ticket = operator.keep_file(conn, id, part, plain(by), datetime.now(UTC))
    except NotFound:  # its message is on no ticket
        ticket = None
    if ticket is not None:
        print(f"mailgate: it is kept on ticket #{ticket} now", file=sys.stderr)


def _write(data: bytes, output: str) -> None:
    """Raises Unavailable."""
    from mailgate.errors import Unavailable

    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        with open(output, "wb") as file:
            file.write(data)
    except OSError as e:
        raise Unavailable(f"{output}: cannot be written: {e.strerror}") from e
