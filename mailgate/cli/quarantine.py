"""`mailgate quarantine`: what was set aside, and the two ways out of it (rule 8.5)."""

from __future__ import annotations

import typer

from mailgate.cli.context import session
from mailgate.cli.messages import Id, Raw, row
from mailgate.cli.options import EVERY, AsJson, Limit

app = typer.Typer(help="What was set aside: list, show, release, retry.", invoke_without_command=True)

COLUMNS = {
    "id": "Message",
    "received": "Received",
    "kind": "Kind",
    "sender": "From",
    "subject": "Subject",
    "why": "Why",
}


@app.callback()
def quarantine(ctx: typer.Context, limit: Limit = EVERY, as_json: AsJson = False) -> None:
    """List what stands in quarantine, the oldest first."""
    if ctx.invoked_subcommand is None:
        list_(ctx, limit, as_json)


@app.command("list")
def list_(ctx: typer.Context, limit: Limit = EVERY, as_json: AsJson = False) -> None:
    """List what stands in quarantine, the oldest first."""
    from mailgate.cli.show import listing
    from mailgate.store import views

    with session(ctx).store() as store, store.reading() as conn:
        found = views.quarantine(conn, limit=limit)
    shown = [row(each) | {"why": each["error"] or (each["reasons"] or [""])[-1]} for each in found]
    listing(found if as_json else shown, as_json, COLUMNS, none="Quarantine is empty.")


@app.command()
def show(
    ctx: typer.Context,
    id: Id,
    raw: Raw = False,
    as_json: AsJson = False,
) -> None:
    """Show one message that was set aside, and why."""
    from mailgate.cli import messages

    messages.show(ctx, id, raw, as_json)


@app.command()
def release(ctx: typer.Context, id: Id) -> None:
    """Decide again as mail from a person, whatever had put it into quarantine."""
    _again(ctx, id, released=True)


@app.command()
def retry(ctx: typer.Context, id: Id) -> None:
    """Decide again by all the rules, after the cause was mended."""
    _again(ctx, id, released=False)


def _again(ctx: typer.Context, id: str, *, released: bool) -> None:
    from mailgate.cli.again import decide_again
    from mailgate.cli.show import plain, say

    run = session(ctx)
    with run.store(readonly=False) as store:
        message, decision, ticket = decide_again(store, run.config, id, released=released)
    say(f"{message}: {decision.outcome}" + (f", ticket #{ticket}" if ticket else ""))
    for reason in decision.reasons:
        print(f"  - {plain(reason)}")
