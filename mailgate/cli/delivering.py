"""`mailgate deliver`: one mail from standard input."""

from __future__ import annotations

from typing import Annotated

import typer

from mailgate.cli.context import session

From = Annotated[
    str | None, typer.Option("--from", "-f", metavar="ADDRESS", help="The envelope's sender, <> for none.")
]
To = Annotated[
    list[str] | None, typer.Option("--to", metavar="ADDRESS", help="One of our addresses; may be repeated.")
]


def deliver(ctx: typer.Context, sender: From = None, to: To = None) -> None:
    """Take one mail from standard input, for aliases, procmail, Sieve and Postfix's pipe.

    Without options the envelope comes from the environment (SENDER, ORIGINAL_RECIPIENT, RECIPIENT, LOCAL_PART, DOMAIN)
    and then from the header (Return-Path, X-Original-To, Delivered-To). Exit code 0 means that the mail is on disk, 75
    that the mail server is to try again; 65 and 67 that it never will be taken.
    """
    from mailgate import deliver as program

    words = [word for address in to or () for word in ("--to", address)]
    words += ["--from", sender] if sender is not None else []
    config = session(ctx).option
    raise typer.Exit(program.main([*words, *(("--config", config) if config else ())]))
