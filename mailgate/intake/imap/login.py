"""Who we are: LOGIN, XOAUTH2 and OAUTHBEARER (RFC 7628)."""

from __future__ import annotations

import imaplib
from collections.abc import Callable
from contextlib import suppress

from mailgate.imap_settings import ImapAccount
from mailgate.intake.imap import trouble
from mailgate.intake.imap.wire import Wire, close, connect
from mailgate.oauth.tokens import Access, Tokens
from mailgate.oauth.trouble import TokenTrouble


def open_account(account: ImapAccount, tokens: Tokens | None) -> Wire:
    """A connection that is logged in. Raises ImapTrouble.

    A token that the server refuses is replaced once: it may have been revoked, or our clock may be wrong.
    """
    if account.auth == "login":
        return _logged_in(account, lambda wire: _password(wire, account))
    assert tokens is not None
    given: list[Access] = []

    def with_token(wire: Wire) -> None:
        try:
            given.append(tokens.get(refused=given[-1].value if given else ""))
        except TokenTrouble as e:
            raise trouble.of_provider(e) from e
        _bearer(wire, account, given[-1].value)

    try:
        return _logged_in(account, with_token)
    except trouble.ImapTrouble as e:
        if e.kind != trouble.TOKEN or not given or given[-1].fresh:
            raise
    return _logged_in(account, with_token)


def _logged_in(account: ImapAccount, login: Callable[[Wire], None]) -> Wire:
    wire = connect(account)
    try:
        wire.expect()
        login(wire)
        wire.expect()
        wire.capabilities()  # RFC 3501 section 6.1.1: they may change with the login
        with suppress(imaplib.IMAP4.error):
            if wire.has_capability("ID"):
                wire.id_({"name": "mailgate"})  # RFC 2971; some servers refuse mail to who has no name
    except (imaplib.IMAP4.abort, OSError) as e:
        close(wire)
        raise trouble.of_session(account, e) from e
    except BaseException:
        close(wire)
        raise
    return wire


def _password(wire: Wire, account: ImapAccount) -> None:
    try:
        secret = account.secret.read()
    except (OSError, KeyError) as e:
        where = account.password_file or f"the variable {account.password_env}"
        raise trouble.ImapTrouble(
            trouble.LOGIN, f"the password of {account.user} cannot be read from {where}: {type(e).__name__}",
            "put it there, readable for mailgate",
        ) from e  # fmt: skip
    if any(ord(c) < 32 for c in secret):
        raise trouble.ImapTrouble(
            trouble.LOGIN, f"the password of {account.user} holds a control character",
            "write it on one line",
        )  # fmt: skip
    try:
        if wire.has_capability("LOGINDISABLED"):
            raise trouble.of_login(account, "LOGINDISABLED", secret)
        if wire.has_capability("AUTH=PLAIN"):
            wire.plain_login(account.user, secret)  # it has a charset, UTF-8, where LOGIN has none
        else:
            wire.login(account.user, secret)
    except imaplib.IMAP4.error as e:
        if _broke(e):
            raise imaplib.IMAP4.abort(str(e)) from e
        raise trouble.of_login(account, e, secret) from e


def _broke(error: Exception) -> bool:
    """Whether the connection ended, of which nobody's password is guilty. IMAPClient makes a LoginError of that too."""
    return isinstance(error, imaplib.IMAP4.abort) or isinstance(error.__context__, imaplib.IMAP4.abort)


class _Answers:
    """The steps of a mechanism: the token first; on a challenge, which is the server's complaint in JSON, the empty
    answer that ends the exchange (RFC 7628 section 3.2.3)."""

    def __init__(self, first: str, last: bytes) -> None:
        self._first, self._last = first, last
        self.complaint = b""
        self._asked = 0

    def __call__(self, challenge: bytes) -> bytes:
        self._asked += 1
        if self._asked == 1:
            return self._first.encode()
        self.complaint = challenge[:1000]
        return self._last


def _bearer(wire: Wire, account: ImapAccount, token: str) -> None:
    if account.auth == "xoauth2":
        answers = _Answers(f"user={account.user}\x01auth=Bearer {token}\x01\x01", b"")
    else:
        name = account.user.replace("=", "=3D").replace(",", "=2C")
        answers = _Answers(f"n,a={name},\x01auth=Bearer {token}\x01\x01", b"\x01")
    try:
        wire.sasl_login(account.auth.upper(), answers)
    except imaplib.IMAP4.error as e:
        if not answers.complaint and _broke(e):
            raise imaplib.IMAP4.abort(str(e)) from e
        words = answers.complaint.decode("utf-8", "replace") or str(e)
        raise trouble.of_token(account, words.replace(token, "…")) from e
