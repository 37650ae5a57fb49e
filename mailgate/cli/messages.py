"""`mailgate messages`: the ledger, every mail that came in and how it ended."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from mailgate.cli.context import session
from mailgate.cli.options import EVERY, AsJson, Limit

app = typer.Typer(help="Every mail that came in, and its outcome: list, show.", invoke_without_command=True)

Outcome = Annotated[
    str | None,
    typer.Option(
        "--outcome", help="Only these: ticket, comment, query, bounce, auto_reply, duplicate or quarantined."
    ),
]
Sender = Annotated[str | None, typer.Option("--sender", help="Only from this address.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The message's id, or enough of its beginning.")]
Raw = Annotated[bool, typer.Option("--raw", help="Its bytes as received, and nothing else.")]

COLUMNS = {
    "id": "Message",
    "received": "Received",
    "outcome": "Outcome",
    "ticket": "Ticket",
    "sender": "From",
    "subject": "Subject",
}


@app.callback()
def messages(
    ctx: typer.Context,
    outcome: Outcome = None,
    sender: Sender = None,
    limit: Limit = EVERY,
    as_json: AsJson = False,
) -> None:
    """List the mails that came in, the newest first."""
    if ctx.invoked_subcommand is None:
        list_(ctx, outcome, sender, limit, as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    outcome: Outcome = None,
    sender: Sender = None,
    limit: Limit = EVERY,
    as_json: AsJson = False,
) -> None:
    """List the mails that came in, the newest first."""
    from mailgate import model
    from mailgate.cli.options import one_of
    from mailgate.cli.show import listing
    from mailgate.store import views

    one_of("--outcome", outcome, model.Outcome)
    with session(ctx).store() as store, store.reading() as conn:
        found = views.message_list(conn, outcome=outcome, sender=sender, limit=limit)
    listing(found if as_json else [row(each) for each in found], as_json, COLUMNS, none="No messages.")


def row(message: Mapping[str, Any]) -> dict[str, Any]:
    from mailgate.cli.ticket_view import short_time

    return dict(message) | {
        "received": short_time(message["received"]),
        "ticket": f"#{message['ticket']}" if message["ticket"] else "",
    }


@app.command()
def show(
    ctx: typer.Context,
    id: Id,
    raw: Raw = False,
    as_json: AsJson = False,
) -> None:
    """Show one message: envelope, outcome, the reasons in order."""
    from mailgate.cli.show import emit
    from mailgate.store import raw as raw_store
    from mailgate.store import views

    with session(ctx).store() as store, store.reading() as conn:
        found = views.message(conn, id)
        data = raw_store.get(conn, found["id"]) if raw else b""
    if raw:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    elif as_json:
        emit(found)
    else:
        show_message(found)


def show_message(found: Mapping[str, Any]) -> None:
    from mailgate.cli.show import fields, heading, plain, say

    envelope = found["envelope"]
    heading(f"{found['id']} {found['subject']}")
    fields(
        [
            ("Outcome", f"{found['outcome']} ({found['kind']})" if found["kind"] else found["outcome"]),
            ("Ticket", f"#{found['ticket']}" if found["ticket"] else ""),
            ("From", f"{found['sender_name']} <{found['sender']}>".strip()),
            ("Envelope", f"<{envelope['mail_from']}> to {', '.join(envelope['rcpt_to'])}"),
            ("Door", " ".join(word for word in (found["door"], envelope.get("peer", "")) if word)),
            ("Received", found["received"]),
            ("Message-ID", found["message_id"]),
            ("Size", found["size"]),
            ("Duplicate of", found["duplicate_of"]),
            ("Error", found["error"]),
        ]
    )
    say("Why:")
    for reason in found["reasons"]:
        print(f"  - {plain(reason)}")
