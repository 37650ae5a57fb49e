"""The tree of commands. It names them and imports nothing heavy."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import typer

from mailgate.cli import (
    attachment,
    audit,
    db,
    delivering,
    desk,
    explain,
    importing,
    messages,
    outbox,
    people,
    quarantine,
    serve,
    templates,
    tickets,
    token,
)
from mailgate.cli.context import Session

EPILOG = "Any setting can be given in the environment as MAILGATE_SECTION__KEY. Exit codes follow sysexits.h."

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="The settings; default: MAILGATE_CONFIG, ./config/mailgate.toml, the shipped ones.",
        ),
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """The email gateway that turns support mail into tickets and loses none of it."""
    ctx.obj = Session(config)
    if version:
        from importlib.metadata import version as installed

        print(f"mailgate {installed('mailgate')}")
        raise typer.Exit


app.command("serve")(serve.serve)
app.command("check")(serve.check)
app.command("deliver")(delivering.deliver)
app.command("import")(importing.import_)
app.command("explain")(explain.explain)
app.command("tickets")(tickets.tickets)
app.command("ticket")(tickets.ticket)
app.command("comment")(desk.comment)
# a value may begin with "-" (`-name` removes), so "-h" and unknown options are values there
app.command("set", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})(
    desk.set_
)
app.command("escalate")(desk.escalate)
app.add_typer(messages.app, name="messages")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(outbox.app, name="outbox")
app.add_typer(attachment.app, name="attachment")
app.add_typer(people.app, name="people")
app.command("audit")(audit.audit)
app.add_typer(db.app, name="db")
app.add_typer(templates.app, name="templates")
app.add_typer(token.app, name="token")


@cache
def command() -> Any:
    """The whole as one command object, to be called with the words of a command line."""
    return typer.main.get_command(app)
