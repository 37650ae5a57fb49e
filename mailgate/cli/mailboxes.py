"""What `mailgate check` says of the mailboxes that are read by IMAP: it logs in, looks, and changes nothing."""

from __future__ import annotations

import imaplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from mailgate.checks import ERROR, OK, WARNING, Finding
from mailgate.errors import MailgateError

if TYPE_CHECKING:
    from mailgate.config import Config
    from mailgate.imap_settings import ImapAccount
    from mailgate.intake.imap.ledger import State
    from mailgate.intake.imap.oauth import Tokens
    from mailgate.intake.imap.wire import Wire

SECONDS = 10.0  # of waiting for an answer
SHOWN = 30  # mailboxes of a server that are listed


def imap(config: Config) -> Iterator[Finding]:
    """Every account, at the same time: a server that does not answer holds nobody up."""
    if not config.imap:
        return
    yield from secrets(config)
    with ThreadPoolExecutor(min(16, len(config.imap))) as pool:
        for found in pool.map(partial(_account, config), config.imap):
            yield from found
    yield from remembered(config)


def secrets(config: Config) -> Iterator[Finding]:
    """A file with a secret is for its owner alone; a secret among the settings makes those one."""
    import stat
    from pathlib import Path

    for account in config.imap:
        places = [account.secret, *((account.oauth.secret, account.oauth.token) if account.oauth else ())]
        for place in places:
            path = Path(place.file) if place.file else config.source if place.value else None
            if path is not None and path.is_file() and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
                what = f"{path} holds a secret of the IMAP account {account.name} and others may read it"
                yield Finding(WARNING, "imap", what, f"chmod 600 {path}")


def _account(config: Config, account: ImapAccount) -> list[Finding]:
    from mailgate.intake.imap import trouble, wire
    from mailgate.intake.imap.login import open_account

    about = f"imap {account.name}"
    quick = account.model_copy(update={"timeout": min(account.timeout, SECONDS)})
    findings = list(_token(config, account))
    tokens = _tokens(config, account)
    try:
        session = open_account(quick, tokens)
    except trouble.ImapTrouble as e:
        return [*findings, Finding(ERROR, about, str(e), e.mend)]
    try:
        findings += _mailboxes(session, account)
    except (imaplib.IMAP4.error, OSError) as e:
        told = trouble.of_session(account, e)
        findings.append(Finding(ERROR, about, str(told), told.mend))
    finally:
        wire.close(session, politely=True)
    return findings


def _tokens(config: Config, account: ImapAccount) -> Tokens | None:
    from mailgate.intake.imap.oauth import Tokens

    return Tokens(account, config.data_dir) if account.oauth and account.auth != "login" else None


def _token(config: Config, account: ImapAccount) -> Iterator[Finding]:
    """How long what we hold will do, as it was before this check asks for a new one."""
    from mailgate.intake.imap import oauth

    if account.oauth is None or account.auth == "login":
        return
    about, stored = f"imap {account.name}", oauth.load(oauth.path_of(config.data_dir, account.name))
    left = oauth.days_left(account.oauth, datetime.now(UTC).date())
    if left is not None and left <= oauth.WARN_DAYS:
        what = (
            f"the secret of the application ends in {left} days"
            if left > 0
            else "the secret of the application has expired"
        )
        yield Finding(
            ERROR if left <= 0 else WARNING,
            about,
            what,
            "make a new one at the provider, and set secret_expires",
        )
    if stored.failed:
        what = f"no new access token since {_time(stored.failed)}: {stored.why}"
        yield Finding(
            ERROR, about, what, "see the message; the token in use holds until " + _time(stored.ends)
        )
    elif stored.access:
        yield Finding(OK, about, f"the access token holds until {_time(stored.ends)}, and is renewed before")


def _mailboxes(session: Wire, account: ImapAccount) -> Iterator[Finding]:
    from mailgate.intake.imap import mailbox

    about = f"imap {account.name}"
    for name in account.mailbox:
        session.expect()
        try:
            mails = session.folder_status(name, ["MESSAGES"])[b"MESSAGES"]
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            known = ", ".join(sorted(mailbox.folders(session))[:SHOWN])
            what = f"{account.user} on {account.host} has no mailbox {name}"
            yield Finding(ERROR, about, what, f"correct mailbox; there are {known}")
        else:
            yield Finding(OK, about, f"{account.user} on {account.host}: {name} holds {mails} mails")
    safe = session.has_capability("MOVE") or session.has_capability("UIDPLUS")
    if account.after != "seen" and not safe:
        yield Finding(
            WARNING, about, f"{account.host} has neither MOVE nor UIDPLUS: mails that were taken stay, marked as read",
            'set after = "seen", so that nobody waits for them to move',
        )  # fmt: skip


def remembered(config: Config) -> Iterator[Finding]:
    """What the gateway itself met: when each mailbox was last read, and what was set aside."""
    from mailgate.intake.imap.door import LEDGER
    from mailgate.intake.imap.ledger import Ledger

    path = config.data_dir / LEDGER
    if not path.exists():
        return
    try:
        ledger = Ledger(path, readonly=True)
    except MailgateError as e:
        yield Finding(ERROR, "imap", str(e), "see the message")
        return
    try:
        ours = {(account.name, mailbox) for account in config.imap for mailbox in account.mailbox}
        for state in ledger.states():
            if (state.account, state.mailbox) in ours:
                yield from _state(state)
        for (account, mailbox), cursor in ledger.cursors().items():
            if cursor.old and (account, mailbox) in ours:
                what = f"{mailbox}: {cursor.old} mails lay there at the first connect and were not taken"
                yield Finding(OK, f"imap {account}", what)
        for account, mailbox, aside, troubled in ledger.set_aside():
            what = f"{mailbox}: {aside} mails were set aside within a week, {troubled} give trouble now"
            yield Finding(
                WARNING, f"imap {account}", what, "mailgate quarantine tells why; they lie in failed_folder"
            )
    finally:
        ledger.close()


def _state(state: State) -> Iterator[Finding]:
    about = f"imap {state.account}"
    if state.bad:
        what = f"{state.mailbox} cannot be read since {_time(state.bad)}: {state.why}"
        yield Finding(WARNING, about, what, state.mend)
    else:
        yield Finding(OK, about, f"{state.mailbox} was last read at {_time(state.good)}")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
