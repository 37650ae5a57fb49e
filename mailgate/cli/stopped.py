"""What `mailgate check` says of programs that answered ours and were stopped (8.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailgate.checks import WARNING, Finding
from mailgate.errors import MailgateError

if TYPE_CHECKING:
    from mailgate.config import Config

SHOWN = 20


def loops(config: Config) -> Iterator[Finding]:
    """The loops of the last day."""
    from datetime import UTC, datetime, timedelta

    from mailgate.cli.database import exists, opened
    from mailgate.store import turns

    if not exists(config):
        return
    try:
        store = opened(config, readonly=True)
        try:
            with store.reading() as conn:
                found = turns.stopped(conn, datetime.now(UTC) - timedelta(days=1))
        finally:
            store.close()
    except MailgateError:
        return  # what is wrong with the database is told already
    for address, ticket, mails in found[:SHOWN]:
        yield Finding(
            WARNING,
            "loops",
            f"{address} answered our mail like a program on ticket #{ticket}: {mails} in quarantine within a day",
            "take it off the ticket, or release the mail if a person wrote it: mailgate quarantine",
        )
