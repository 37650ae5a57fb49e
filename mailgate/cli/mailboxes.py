"""What `mailgate check` says of the mailboxes that are read by IMAP: it logs in, looks, and changes nothing."""

from __future__ import annotations

import imaplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from mailgate.checks import ERROR, OK, WARNING, Finding
from mailgate.cli import token_state
from mailgate.errors import MailgateError

if TYPE_CHECKING:
    from mailgate.config import Config
    from mailgate.imap_settings import ImapAccount
    from mailgate.intake.imap.ledger import State
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
    for account in config.imap:
        places = [account.secret, *((account.oauth.secret, account.oauth.token) if account.oauth else ())]
        yield from token_state.readable(config, "imap", f"the IMAP account {account.name}", places)


def _account(config: Config, account: ImapAccount) -> list[Finding]:
    from mailgate.intake.imap import trouble, wire
    from mailgate.intake.imap.login import open_account
    from mailgate.intake.imap.oauth import tokens_of

    about = f"imap {account.name}"
    quick = account.model_copy(update={"timeout": min(account.timeout, SECONDS)})
    try:
        session = open_account(quick, tokens_of(account, config.data_dir))
    except trouble.ImapTrouble as e:
        findings = list(_token(config, account))
        if not token_state.told(findings, str(e)):
            findings.append(Finding(ERROR, about, str(e), e.mend))
        return findings
    findings = list(_token(config, account))
    try:
        findings += _mailboxes(session, account)
    except (imaplib.IMAP4.error, OSError) as e:
        told = trouble.of_session(account, e)
        findings.append(Finding(ERROR, about, str(told), told.mend))
    finally:
        wire.close(session, politely=True)
    return findings


def _token(config: Config, account: ImapAccount) -> Iterator[Finding]:
    from mailgate.oauth.stored import path_of

    if account.oauth is not None and account.auth != "login":
        path = path_of(config.data_dir, account.name)
        yield from token_state.state(f"imap {account.name}", account.oauth, path)


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
            yield Finding(ERROR, about, what, f"correct mailbox; there are: {known}")
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
    from mailgate.intake.imap.ledger import FAILED, Ledger

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
        for account, mailbox, folder, since, why, mails in ledger.stuck():
            key = "failed_folder" if folder == FAILED else "done_folder"
            what = f"{mailbox}: {mails} mails are done and cannot be moved since {token_state.when(since)}: {why}"
            mend = f"make room or the folder there, or name in {key} one that the server can make, with its separator and prefix"
            yield Finding(WARNING, f"imap {account}", what, mend)
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
        what = f"{state.mailbox} cannot be read since {token_state.when(state.bad)}: {state.why}"
        yield Finding(WARNING, about, what, state.mend)
    else:
        yield Finding(OK, about, f"{state.mailbox} was last read at {token_state.when(state.good)}")
