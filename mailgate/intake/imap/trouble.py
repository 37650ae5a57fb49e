"""What can be wrong with an account, in words that say how to mend it."""

from __future__ import annotations

import imaplib
import socket
import ssl

from mailgate import certificate_fault
from mailgate.errors import MailgateError
from mailgate.imap_settings import ImapAccount
from mailgate.oauth.trouble import TokenTrouble
from mailgate.oauth.trouble import said as said

LOGIN, TOKEN, CERTIFICATE, UNREACHABLE, MAILBOX, LOST, PROTOCOL = (
    "login", "token", "certificate", "unreachable", "mailbox", "lost", "protocol",
)  # fmt: skip
FOR_PEOPLE = frozenset({LOGIN, TOKEN, CERTIFICATE, MAILBOX})  # no new attempt mends these
_CERTIFICATES = {
    "expired": "let the server have a new certificate, or set the clock of this machine",
    "name": "correct host: name the server as its certificate does",
    "issuer": "where your own CA signed it, name that in tls_ca; else let the server have one that an authority signed",
}


class ImapTrouble(MailgateError):
    """Nothing can be fetched for the moment. `kind` is one of the words above, `mend` what a person can do."""

    exit_code = 75

    def __init__(self, kind: str, what: str, mend: str) -> None:
        super().__init__(what)
        self.kind = kind
        self.mend = mend


def of_connecting(account: ImapAccount, error: Exception) -> ImapTrouble:
    """Why there is no connection."""
    where = f"{account.host}:{account.number}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return ImapTrouble(
            CERTIFICATE, f"the certificate of {where} is not valid: {error.verify_message.rstrip('.')}",
            _CERTIFICATES[certificate_fault.of(error)],
        )  # fmt: skip
    if isinstance(error, ssl.SSLError):
        return ImapTrouble(
            CERTIFICATE, f"no TLS with {where}: {said(error.reason or error)}",
            'tls = "implicit" belongs to port 993, "starttls" to port 143',
        )  # fmt: skip
    if isinstance(error, socket.gaierror):
        return ImapTrouble(UNREACHABLE, f"the name {account.host} is not in DNS", "correct host")
    if isinstance(error, OSError):
        return ImapTrouble(
            UNREACHABLE, f"{where} does not answer: {said(error.strerror or error)}",
            "start the server, or correct host, port and tls; a firewall may stand between",
        )  # fmt: skip
    if isinstance(error, imaplib.IMAP4.abort):
        return ImapTrouble(
            LOST,
            f"{where} ended the connection: {said(error)}",
            "it is made anew; where it goes on, correct port and tls",
        )
    return ImapTrouble(
        PROTOCOL, f"{where} does not speak IMAP as it should: {said(error)}", "correct host, port and tls"
    )


def of_login(account: ImapAccount, words: object, secret: str) -> ImapTrouble:
    """The server refused who we are."""
    return ImapTrouble(
        LOGIN, f"{account.host} refuses the login of {account.user}: {said(words, secret)}",
        "correct user and password; Google and Microsoft take no ordinary password: an app password, or auth = \"xoauth2\"",
    )  # fmt: skip


def of_token(account: ImapAccount, words: object) -> ImapTrouble:
    """The server refused an access token that the provider had just given."""
    return ImapTrouble(
        TOKEN, f"{account.host} refuses the access token of {account.user}: {said(words)}",
        "the token is for another user or lacks the right to IMAP: see scope and the rights of the application",
    )  # fmt: skip


def of_provider(error: TokenTrouble) -> ImapTrouble:
    """The provider gave no token."""
    return ImapTrouble(TOKEN if error.for_people else UNREACHABLE, str(error), error.mend)


def of_session(account: ImapAccount, error: Exception) -> ImapTrouble:
    """A connection that worked until now."""
    if isinstance(error, imaplib.IMAP4.abort | OSError | EOFError):
        return ImapTrouble(
            LOST, f"the connection to {account.host} was lost: {said(error)}", "it is made anew"
        )
    return ImapTrouble(PROTOCOL, f"{account.host} says: {said(error)}", "it is tried again")
