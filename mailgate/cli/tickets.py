"""`mailgate tickets` and `mailgate ticket N`: the work list and one ticket."""

from __future__ import annotations

from typing import Annotated

import typer

from mailgate.cli.context import session
from mailgate.cli.options import AsJson


def tickets(
    ctx: typer.Context,
    status: Annotated[
        str | None, typer.Option(help="Only these: new, open, pending, resolved or closed.")
    ] = None,
    team: Annotated[str | None, typer.Option(help="Only this team's.")] = None,
    unfinished: Annotated[
        bool, typer.Option("--open", help="Only what is neither resolved nor closed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List tickets: outages first, oldest first."""
    from mailgate.cli.options import one_of
    from mailgate.cli.show import listing
    from mailgate.cli.ticket_view import COLUMNS, row
    from mailgate.model import Status
    from mailgate.store import views

    one_of("--status", status, Status)
    with session(ctx).store() as store, store.reading() as conn:
        found = views.tickets(conn, status=status, team=team, unfinished=unfinished)
    listing(found if as_json else [row(each) for each in found], as_json, COLUMNS, none="No tickets.")


def ticket(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="N", help="The ticket's number.")],
    as_json: AsJson = False,
) -> None:
    """Show one ticket: details, comments, files, history."""
    from mailgate.cli.show import emit
    from mailgate.cli.ticket_view import show
    from mailgate.store import views

    with session(ctx).store() as store, store.reading() as conn:
        found = views.ticket(conn, number)
    if as_json:
        emit(found)
    else:
        show(found)
