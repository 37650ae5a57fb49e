"""`mailgate import`: old mail from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailgate.cli.context import session
from mailgate.cli.delivering import From, To

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailgate.config import Config
    from mailgate.importing.accepted import Accepted
    from mailgate.importing.items import Given
    from mailgate.importing.run import Importer
    from mailgate.importing.sources import Found

SHOWN = 50  # mails that could not be taken, by name


def import_(
    ctx: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Maildirs, mbox files, .eml, folders.")
    ],
    sender: From = None,
    to: To = None,
    notify: Annotated[bool, typer.Option("--notify", help="Tell people, as of new mail.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be taken.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also what an earlier run took.")] = False,
) -> None:
    """Take old mail out of Maildirs, mbox files, single mails and folders of these; nobody is told of it.

    The gateway must be running. What was taken stays taken: a run that was stopped goes on where it stopped. Exit code 65
    means that some mails, which are named, could not be read or taken.
    """
    from mailgate.cli.exits import EX_DATAERR
    from mailgate.deliver import bare
    from mailgate.handover import Handover
    from mailgate.importing.items import Given
    from mailgate.importing.run import Importer
    from mailgate.importing.sources import Unreadable, find

    config = session(ctx).config
    own = config.gateway.own_addresses
    given = Given(
        None if sender is None else bare(sender), tuple(map(bare, to or ())), own, config.smtp.max_size
    )
    _check(given.sender, given.recipients)
    seen = list(find(paths))
    files = [each for each in seen if not isinstance(each, Unreadable)]
    accepted = _memory(config, again, dry_run)
    importer = Importer(lambda: Handover(config.lmtp_socket), accepted, notify=notify, dry=dry_run)
    importer.result.failed += [each for each in seen if isinstance(each, Unreadable)]
    try:
        _progress(importer, files, given)
    finally:
        importer.close()
        accepted.close()
    if _report(importer, dry_run):
        raise typer.Exit(EX_DATAERR)


def _check(sender: str | None, recipients: Sequence[str]) -> None:
    from mailgate.errors import UsageError
    from mailgate.handover import writable

    if (sender is not None and not writable(sender)) or not all(r and writable(r) for r in recipients):
        raise UsageError("--from and --to: an address is needed")


def _memory(config: Config, again: bool, dry_run: bool) -> Accepted:
    """What earlier runs took; nothing is written in a trial."""
    from mailgate.errors import Unavailable
    from mailgate.importing.accepted import Accepted

    try:
        if dry_run and (again or not (config.data_dir / "imported").exists()):
            return Accepted(Path("/dev/null"))
        return Accepted(config.data_dir / "imported", forget=again)
    except OSError as e:
        raise Unavailable(f"{config.data_dir}/imported: {e.strerror}; run as the user of mailgate") from e


def _progress(importer: Importer, files: Sequence[Found], given: Given) -> None:
    """All files, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from mailgate.cli.show import plain
    from mailgate.importing.items import items
    from mailgate.importing.sources import Unreadable

    console = Console(stderr=True)
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    told: set[str] = set()
    with Progress(
        *columns,
        TextColumn("{task.description}", markup=False),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=sum(file.size for file in files) or 1)

        def waiting(why: str) -> None:
            bar.update(task, description=plain(f"waiting: {why}"))
            if not console.is_terminal and why not in told:
                told.add(why)
                console.print(f"waiting: {plain(why)}", markup=False)

        importer.waiting = waiting
        before = 0
        for file in files:
            for item in items(file, given):
                importer.take(item)
                if not isinstance(item, Unreadable):
                    bar.update(task, completed=before + item.done, description=_so_far(importer))
            before += file.size
            bar.update(task, completed=before)
        importer.finish()
        bar.update(task, description=_so_far(importer))


def _so_far(importer: Importer) -> str:
    return f"{importer.result.accepted} mails"


def _report(importer: Importer, dry_run: bool) -> bool:
    """Print what came of it; whether some mail could not be taken."""
    from mailgate.cli.show import plain

    result = importer.result
    for each in result.failed[:SHOWN]:
        typer.echo(plain(f"not taken: {each.name}: {each.why}"), err=True)
    if len(result.failed) > SHOWN:
        typer.echo(f"not taken: {len(result.failed) - SHOWN} more", err=True)
    verb = "would be taken" if dry_run else "taken"
    typer.echo(
        f"{result.accepted} {verb}, {result.known} known from an earlier run, {len(result.failed)} not"
    )
    return bool(result.failed)
