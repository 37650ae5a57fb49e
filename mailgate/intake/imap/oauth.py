"""The tokens of a mailbox's account."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from mailgate import counters
from mailgate.imap_settings import ImapAccount
from mailgate.oauth.stored import path_of
from mailgate.oauth.tokens import Tokens


def tokens_of(account: ImapAccount, data_dir: Path) -> Tokens | None:
    """None where it logs in with a password."""
    if account.oauth is None or account.auth == "login":
        return None
    return Tokens(
        account.name,
        account.oauth,
        path_of(data_dir, account.name),
        right="IMAP",
        told=partial(_told, account.name),
    )


def _told(account: str, ends: float) -> None:
    counters.gauge("imap_token_expires", ends, account)
