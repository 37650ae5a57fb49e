"""What `mailgate check` says of mail to our own people that came back: 8.2 never switches them off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailgate.checks import WARNING, Finding
from mailgate.errors import MailgateError

if TYPE_CHECKING:
    from mailgate.config import Config

SHOWN = 20


def staff(config: Config) -> Iterator[Finding]:
    """Agents, teams and the notify list whose mail failed within `bounces.days`."""
    from datetime import UTC, datetime, timedelta

    from mailgate.cli.database import exists, opened
    from mailgate.store import unreachable

    if not exists(config):
        return
    days = config.bounces.days
    try:
        store = opened(config, readonly=True)
        try:
            with store.reading() as conn:
                found = unreachable.staff_that_bounced(conn, datetime.now(UTC) - timedelta(days=days))
        finally:
            store.close()
    except MailgateError:
        return  # what is wrong with the database is told already
    for address, failures in found[:SHOWN]:
        yield Finding(
            WARNING,
            "bounces",
            f"mail to {address} failed {failures} time{'s' if failures > 1 else ''} in {days} days",
            "see why in the history of its tickets, and correct the address in the people file or at its mail server",
        )
