"""`mailgate templates`: whether every template renders, and how one looks."""

from __future__ import annotations

from typing import Annotated

import typer

from mailgate.cli.context import session
from mailgate.cli.exits import EX_CONFIG
from mailgate.cli.options import AsJson, one_of

app = typer.Typer(help="The mails we write: check, show.", no_args_is_help=True)


@app.command()
def check(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Render every template in every language. Exit code 78 when one fails."""
    from mailgate import render
    from mailgate.cli.show import emit, say

    found = render.check(session(ctx).config)
    if as_json:
        emit(found)
    else:
        for fault in found:
            say(fault)
        if not found:
            say("Every template renders in every language.")
    if found:
        raise typer.Exit(EX_CONFIG)


@app.command()
def show(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="new_ticket, acknowledgement, update, escalation, problem, ticket_view, ticket_list or help."
        ),
    ],
    language: Annotated[
        str, typer.Option("--lang", "--language", help="en, fr, de, es, it, nl or pt.")
    ] = "en",
    html: Annotated[
        str, typer.Option("--html", metavar="FILE", help="Write the HTML part to a file; “-” prints it.")
    ] = "",
    sample: Annotated[str, typer.Option(help="Which sample ticket it tells of.")] = "full",
) -> None:
    """Show one template as it renders for a sample ticket: the text, or with --html the page."""
    from mailgate import render
    from mailgate.cli.show import say
    from mailgate.render.check import samples

    one_of("template", name, render.TEMPLATES)
    known = samples()[name]
    one_of("--sample", sample, known)
    renderer = render.Renderer(session(ctx).config)
    one_of("--lang", language, renderer.languages)
    made = renderer.render(name, language, known[sample])
    if html and html != "-":
        _write(html, made.html)
        say(f"{html}: {made.subject}")
        return
    say(f"Subject: {made.subject}")
    say("")
    say(made.html if html else made.text)


def _write(name: str, html: str) -> None:
    from pathlib import Path

    from mailgate.errors import UsageError

    try:
        Path(name).write_text(html, "utf-8")
    except OSError as e:
        raise UsageError(f"--html {name}: cannot be written: {e.strerror}") from e
