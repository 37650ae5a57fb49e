"""`mailgate token`: the keys that sign reply addresses and Message-IDs. Their secrets are never shown."""

from __future__ import annotations

import typer

from mailgate.cli.context import session
from mailgate.cli.options import AsJson

app = typer.Typer(help="The keys that sign reply addresses: list, rotate.", no_args_is_help=True)


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the signing keys, without their secrets."""
    from mailgate.cli.show import listing
    from mailgate.store import keys

    with session(ctx).store() as store, store.reading() as conn:
        known = keys.load(conn)
    signing = next((key.id for key in known if not key.retired), None)
    items = [
        {"id": key.id, "created": key.created.isoformat(), "retired": key.retired, "signs": key.id == signing}
        for key in known
    ]
    columns = {"id": "Key", "created": "Created", "retired": "Retired", "signs": "Signs"}
    listing(items, as_json, columns, none="No key yet; the first start makes one.")


@app.command()
def rotate(ctx: typer.Context) -> None:
    """Make a new key that signs from now on; the old ones stay valid for what they signed."""
    from datetime import UTC, datetime

    from mailgate.cli.show import say
    from mailgate.store import keys

    with session(ctx).store(readonly=False) as store, store.writing() as conn:
        key = keys.rotate(conn, datetime.now(UTC))
    say(f"Key {key.id} signs from now on, also in a running gateway.")
