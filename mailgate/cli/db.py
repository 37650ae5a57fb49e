"""`mailgate db`: the revision and the health of the ticket database."""

from __future__ import annotations

import typer

from mailgate.cli.context import session
from mailgate.cli.options import AsJson

app = typer.Typer(help="The database: upgrade, version, check, vacuum.", no_args_is_help=True)


@app.command()
def upgrade(ctx: typer.Context) -> None:
    """Make the database, or bring it to this program's revision; safe while it is current."""
    from mailgate.cli.show import say
    from mailgate.store.engine import Store

    config = session(ctx).config
    if config.database_url.startswith("sqlite") and not config.database.url:
        _folder(config.data_dir)
    store = Store(config.database_url)
    try:
        before = store.version()
        store.upgrade()
        after = store.version()
    finally:
        store.close()
    say(
        f"The database is at revision {after}"
        + ("." if before == after else f", before it was {before or 'empty'}.")
    )


def _folder(path: object) -> None:
    from pathlib import Path

    from mailgate.errors import Unavailable

    try:
        Path(str(path)).mkdir(0o700, parents=True, exist_ok=True)
    except OSError as e:
        raise Unavailable(
            f"{path}: cannot be made: {e.strerror}; set data_dir to a folder that can be written"
        ) from e


@app.command()
def version(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Print the revision of the database and the one this program needs."""
    from mailgate.cli.database import exists
    from mailgate.cli.show import emit, fields
    from mailgate.store.engine import Store
    from mailgate.store.schema import HEAD

    config = session(ctx).config
    found = None
    if exists(config):
        store = Store(config.database_url, readonly=True)
        try:
            found = store.version()
        finally:
            store.close()
    if as_json:
        emit({"revision": found, "needed": HEAD})
    else:
        fields([("Revision", found or "none"), ("Needed", HEAD)])


@app.command()
def check(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Read the whole database and say what is unsound in it. Exit code 65 when something is."""
    from mailgate.cli.exits import EX_DATAERR
    from mailgate.cli.show import emit, say
    from mailgate.store import operator

    with session(ctx).store() as store, store.reading() as conn:
        faults = operator.check(conn)
    if as_json:
        emit(faults)
    else:
        for fault in faults or ["The database is sound."]:
            say(fault)
    if faults:
        raise typer.Exit(EX_DATAERR)


@app.command()
def vacuum(ctx: typer.Context) -> None:
    """Write the file of SQLite anew, without what was deleted; the gateway works on when it is done."""
    from mailgate.cli.show import say
    from mailgate.errors import UsageError

    with session(ctx).store(readonly=False) as store:
        if store.dialect != "sqlite":
            raise UsageError("PostgreSQL looks after its own file: use its VACUUM (FULL)")
        whole = store.compact()
    say(
        "The database was written anew; nothing deleted is left in it."
        if whole
        else "The database was written anew; mailgate.db-wal is held by a reader: run it again."
    )
