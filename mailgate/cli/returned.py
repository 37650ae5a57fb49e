"""What `mailgate check` says of mail to our own people that came back: 8.2 never switches them off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailgate.checks import WARNING, Finding

if TYPE_CHECKING:
    from mailgate.config import Config

SHOWN = 20


def staff(config: Config) -> Iterator[Finding]:
    """Agents, teams and the notify list whose mail failed within `bounces.days`."""
    from datetime import UTC, datetime, timedelta

    from mailgate.cli.database import asked
    from mailgate.store import unreachable

    days = config.bounces.days
    since = datetime.now(UTC) - timedelta(days=days)
    found = asked(config, lambda conn: unreachable.staff_that_bounced(conn, since)) or []
    for address, failures in found[:SHOWN]:
        yield Finding(
            WARNING,
            "bounces",
            f"mail to {address} failed {failures} time{'s' if failures > 1 else ''} in {days} days",
            "see why in the history of its tickets, and correct the address in the people file or at its mail server",
        )
