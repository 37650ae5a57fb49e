"""`mailgate people revive`: mail goes to an address again that was switched off after bounces (8.2)."""

from __future__ import annotations

from typing import Annotated

import typer

from mailgate.cli.context import session
from mailgate.cli.options import AsJson


def revive(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(help="A mail address that was switched off.")],
    as_json: AsJson = False,
) -> None:
    """Send mail to an address again after its mail bounced; on a ticket that has its five recipients it stays off."""
    from datetime import UTC, datetime

    from mailgate.cli.show import emit, say
    from mailgate.errors import NotFound
    from mailgate.mail.address import normalise
    from mailgate.store import forget, people, unreachable

    run = session(ctx)
    wanted = normalise(address)
    if wanted.endswith(forget.NOWHERE):
        raise NotFound(f"{wanted} stands for somebody who was forgotten: there is no address to revive")
    with run.store(readonly=False) as store, store.writing() as conn:
        person = people.by_address(conn, [wanted]).get(wanted) if wanted else None
        if person is None:
            raise NotFound(f"nobody on record has the address {address}")
        told, full = unreachable.revive(conn, person, datetime.now(UTC), run.config, "shell")
    if as_json:
        emit({"address": wanted, "revived": person.dead, "tickets": told, "full": full})
        return
    if not person.dead:
        say(f"Nothing to change: {wanted} was not switched off.")
        return
    say(f"Mail goes to {wanted} again" + (f", on {_listed(told)}." if told else "."))
    if full:
        say(f"Still off where there are enough recipients: {_listed(full)}.")


def _listed(numbers: list[int]) -> str:
    return ", ".join(f"#{number}" for number in numbers)
