"""`mailgate outbox`: the mail that we owe, sent, or could not deliver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from mailgate.cli.context import Session, session
from mailgate.cli.options import EVERY, AsJson, Limit

app = typer.Typer(help="The mail that we owe: list, show, retry.", invoke_without_command=True)

State = Annotated[
    list[str] | None,
    typer.Option("--state", help="Only these: waiting, sending, sent, failed or held; may be repeated."),
]
Id = Annotated[int, typer.Argument(metavar="ID", help="The mail's id.")]

COLUMNS = {
    "id": "Mail", "state": "State", "to": "To", "template": "Template", "ticket": "Ticket", "attempts": "Attempts",
    "next_attempt": "Next attempt", "doubtful": "Answers lost", "last_error": "Last error",
}  # fmt: skip


@app.callback()
def outbox(ctx: typer.Context, state: State = None, limit: Limit = EVERY, as_json: AsJson = False) -> None:
    """List outgoing mail, the oldest first."""
    if ctx.invoked_subcommand is None:
        list_(ctx, state, limit, as_json)


@app.command("list")
def list_(ctx: typer.Context, state: State = None, limit: Limit = EVERY, as_json: AsJson = False) -> None:
    """List outgoing mail, the oldest first."""
    from mailgate.cli.options import one_of
    from mailgate.cli.show import listing
    from mailgate.store import outbox, views

    for word in state or ():
        one_of("--state", word, outbox.STATES)
    with session(ctx).store() as store, store.reading() as conn:
        found = views.outbox(conn, states=tuple(state or ()), limit=limit)
    listing(found if as_json else [_row(each) for each in found], as_json, COLUMNS, none="No outgoing mail.")


def _row(mail: Mapping[str, Any]) -> dict[str, Any]:
    from mailgate.cli.ticket_view import short_time

    return dict(mail) | {
        "next_attempt": short_time(mail["next_attempt"]),
        "ticket": f"#{mail['ticket']}" if mail["ticket"] else "",
    }


@app.command()
def show(ctx: typer.Context, id: Id, as_json: AsJson = False) -> None:
    """Show one outgoing mail: its state and, from the first attempt on, its bytes."""
    from mailgate.cli.show import emit, fields, heading, indented

    found = _one(session(ctx), id)
    if as_json:
        emit(found)
        return
    heading(f"{found['template']} to {found['to']}")
    fields((heading_, found[key]) for key, heading_ in COLUMNS.items())
    if found["mail"] is None:
        print("It was not rendered yet: that is done at the first attempt.")
    else:
        indented(found["mail"], "| ")


def _one(run: Session, id: int) -> dict[str, Any]:
    from mailgate.store import operator, views

    with run.store() as store, store.reading() as conn:
        mail, context = operator.mail(conn, id)
        row = next(each for each in views.outbox(conn, limit=EVERY) if each["id"] == id)
    return row | {"mail": None if mail is None else mail.decode("utf-8", "replace"), "context": context}


@app.command()
def retry(ctx: typer.Context, id: Id) -> None:
    """Make a waiting, held or failed mail due now."""
    from datetime import UTC, datetime

    from mailgate.cli.show import say
    from mailgate.errors import UsageError
    from mailgate.store import operator, outbox

    with session(ctx).store(readonly=False) as store, store.writing() as conn:
        operator.mail(conn, id)
        if not outbox.retry(conn, id, datetime.now(UTC)):
            raise UsageError(
                f"mail {id} is sent or being sent; only waiting, held and failed mail can be tried again"
            )
    say(f"Mail {id} is due now; the courier takes it up.")
