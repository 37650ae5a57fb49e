"""`mailgate people`: who is on record, and loading the people file."""

from __future__ import annotations

from typing import Annotated

import typer

from mailgate.cli.context import session
from mailgate.cli.options import EVERY, AsJson, Limit

app = typer.Typer(help="Who is known: list, show, sync with the people file.", invoke_without_command=True)

COLUMNS = {
    "address": "Address",
    "name": "Name",
    "account": "Account",
    "language": "Language",
    "agent": "Agent",
    "teams": "Teams",
    "dead": "Dead",
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
    from mailgate.store import views

    with session(ctx).store() as store, store.reading() as conn:
        found = views.people(conn, limit=limit)
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
    from mailgate.store import views

    with session(ctx).store() as store, store.reading() as conn:
        wanted = normalise(address)
        found = next((each for each in views.people(conn, limit=EVERY) if each["address"] == wanted), None)
    if found is None:
        raise NotFound(f"nobody on record has the address {address}")
    if as_json:
        emit(found)
    else:
        fields([(key.replace("_", " ").capitalize(), value) for key, value in found.items()])


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
