"""`mailgate people`: who is on record, and loading the people file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mailgate.cli.context import Session, session
from mailgate.cli.forget import forget
from mailgate.cli.options import EVERY, AsJson, Limit
from mailgate.cli.revive import revive

if TYPE_CHECKING:
    from datetime import datetime

app = typer.Typer(
    help="Who is known: list, show, sync with the people file, revive, forget.", invoke_without_command=True
)

COLUMNS = {
    "address": "Address",
    "name": "Name",
    "account": "Account",
    "language": "Language",
    "agent": "Agent",
    "teams": "Teams",
    "dead": "Dead",
    "dead_since": "Since",
    "dead_why": "Why",
    "failures": "Failures",
}


@app.callback()
def people(ctx: typer.Context, limit: Limit = EVERY, as_json: AsJson = False) -> None:
    """List everybody on record, staff first."""
    if ctx.invoked_subcommand is None:
        list_(ctx, limit, as_json)


@app.command("list")
def list_(ctx: typer.Context, limit: Limit = EVERY, as_json: AsJson = False) -> None:
    """List everybody on record, staff first."""
    from mailgate.cli.show import listing
    from mailgate.cli.ticket_view import short_time
    from mailgate.store import roster

    run = session(ctx)
    with run.store() as store, store.reading() as conn:
        found = roster.people(conn, limit=limit, since=_lately(run))
    if not as_json:
        found = [
            each | {"dead_since": short_time(each["dead_since"]), "failures": each["failures"] or ""}
            for each in found
        ]
    listing(found, as_json, COLUMNS, none="Nobody is on record yet.")


@app.command()
def show(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(help="A mail address.")],
    as_json: AsJson = False,
) -> None:
    """Show one person."""
    from mailgate.cli.show import emit, fields
    from mailgate.errors import NotFound
    from mailgate.mail.address import normalise
    from mailgate.store import roster

    run = session(ctx)
    with run.store() as store, store.reading() as conn:
        found = next(iter(roster.people(conn, since=_lately(run), address=normalise(address))), None)
    if found is None:
        raise NotFound(f"nobody on record has the address {address}")
    if as_json:
        emit(found)
    else:
        fields([(key.replace("_", " ").capitalize(), value) for key, value in found.items()])


def _lately(run: Session) -> datetime:
    """From when on failures count (8.2)."""
    from datetime import UTC, datetime, timedelta

    return datetime.now(UTC) - timedelta(days=run.config.bounces.days)


@app.command()
def sync(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Load the people file; loading it twice changes nothing."""
    from dataclasses import asdict

    from mailgate import people_file
    from mailgate.cli.show import emit, say
    from mailgate.store import people

    run = session(ctx)
    free_mail = run.config.people.free_mail
    known = people_file.load(run.config.people_file, free_mail, run.config.gateway.categories)
    with run.store(readonly=False) as store, store.writing() as conn:
        report = {key: list(value) for key, value in asdict(people.sync(conn, known, free_mail)).items()}
    if as_json:
        emit(report)
        return
    for key, names in report.items():
        if names:
            say(f"{key.replace('_', ' ').capitalize()}: {', '.join(names)}")
    if not any(report.values()):
        say("Nothing to change.")


app.command()(forget)
app.command()(revive)
