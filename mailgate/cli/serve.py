"""`mailgate serve` and `mailgate check`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from mailgate.cli.context import Session, session
from mailgate.cli.exits import EX_CONFIG
from mailgate.cli.options import AsJson

if TYPE_CHECKING:
    from mailgate.checks import Finding


def serve(
    ctx: typer.Context,
    role: Annotated[
        list[str] | None, typer.Option("--role", help="Only this part; may be repeated. Default: all.")
    ] = None,
) -> None:
    """Run the gateway until it is told to stop."""
    from mailgate import app

    code = app.serve(session(ctx).config, tuple(role or ()))
    raise typer.Exit(code or 0)


def check(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Say what is wrong with settings and surroundings, and how to mend it. Exit code 78 when there is an error."""
    from dataclasses import asdict

    from mailgate.checks import ERROR
    from mailgate.cli.show import emit

    found = []
    for finding in _findings(session(ctx)):
        found.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        emit([asdict(finding) for finding in found])
    if any(finding.level == ERROR for finding in found):
        raise typer.Exit(EX_CONFIG)


def _findings(run: Session) -> Iterable[Finding]:
    import os

    from mailgate import checks
    from mailgate.cli import outside
    from mailgate.errors import ConfigError

    try:
        config = run.config
    except ConfigError as e:
        yield from checks.faults(e)
        yield from checks.variables(os.environ)
        return
    yield from checks.everything(config, os.environ, outside.looks())


def _print(finding: Finding) -> None:
    from mailgate.cli.show import plain

    print(f"{finding.level:<8} {finding.about}: {plain(finding.what)}")
    if finding.mend:
        print(f"{'':<8}   mend: {plain(finding.mend)}")
