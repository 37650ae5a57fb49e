"""What `mailgate check` says of programs that answered ours and were stopped (8.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailgate.checks import WARNING, Finding

if TYPE_CHECKING:
    from mailgate.config import Config

SHOWN = 20


def loops(config: Config) -> Iterator[Finding]:
    """The loops of the last day."""
    from datetime import UTC, datetime, timedelta

    from mailgate.cli.database import asked
    from mailgate.store import turns

    since = datetime.now(UTC) - timedelta(days=1)
    found = asked(config, lambda conn: turns.stopped(conn, since)) or []
    for address, ticket, mails in found[:SHOWN]:
        yield Finding(
            WARNING,
            "loops",
            f"{address} answered our mail like a program on ticket #{ticket}: {mails} in quarantine within a day",
            "take it off the ticket, or release the mail if a person wrote it: mailgate quarantine",
        )
