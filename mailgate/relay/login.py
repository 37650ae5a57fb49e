"""Logging in at the relay (RFC 4954): PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195), XOAUTH2 and OAUTHBEARER (RFC 7628), one
try and no more.

Laws: a login that was refused is not tried in another way, since three wrong passwords lock an account; no text that
leaves here holds a password or a token.
"""

from __future__ import annotations

import smtplib
import subprocess
from base64 import b64encode
from pathlib import Path

from mailgate.config import Relay
from mailgate.oauth.tokens import Access, Tokens
from mailgate.oauth.trouble import TokenTrouble

TOKEN_SECONDS = 30.0
_LONGEST_TOKEN = 16_384
_BY_PASSWORD = (
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
)  # in this order; what is said is inside TLS, or never leaves the machine
_BY_TOKEN = ("XOAUTH2", "OAUTHBEARER")
_CONTINUE = 334
# A token that has ended, or was taken back (RFC 4954 §6). 501 answers our "*", where a relay asked on and on.
_NOT_THIS_TOKEN = frozenset({454, 501, 530, 535})


class LoginError(Exception):
    """Why there is no login, in words for the operator; `code` is the relay's, 0 where it said nothing. `mend`: what else to
    do than what is usual. `refused`: the token that the relay did not take, where another one may do better."""

    def __init__(self, why: str, code: int = 0, mend: str = "", refused: str = "") -> None:
        super().__init__(why)
        self.code = code
        self.mend = mend
        self.refused = refused


def access(settings: Relay, tokens: Tokens | None, refused: str = "") -> Access:
    """The access token of now, another one than the relay `refused`. Raises LoginError."""
    if tokens is None:
        return Access(token(settings), fresh=True)
    try:
        return tokens.get(refused)
    except TokenTrouble as e:
        raise LoginError(str(e), mend=e.mend) from e


def token(settings: Relay) -> str:
    """The access token that somebody else keeps fresh: from its file, or what its command prints. Raises LoginError."""
    try:
        found = _printed(settings.token_command) if settings.token_command else _read(settings.token_file)
    except (OSError, subprocess.SubprocessError) as e:
        source = "relay.token_command" if settings.token_command else "relay.token_file"
        why = getattr(e, "strerror", None) or type(e).__name__
        raise LoginError(f"{source}: no token: {why}; run the command by hand, or look at the file") from e
    if not found.isascii() or not found.isprintable() or " " in found or not 0 < len(found) <= _LONGEST_TOKEN:
        raise LoginError(
            "relay.token_file, relay.token_command: what they give is no token: one word is needed"
        )
    return found


def _read(path: str) -> str:
    with Path(path).open("rb") as file:
        return file.read(_LONGEST_TOKEN + 2).decode("utf-8", "replace").strip()


def _printed(command: list[str]) -> str:
    done = subprocess.run(  # noqa: S603 - the operator's own
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TOKEN_SECONDS, check=True
    )
    return done.stdout[: _LONGEST_TOKEN + 2].decode("utf-8", "replace").strip()


def log_in_with_token(
    smtp: smtplib.SMTP, settings: Relay, user: str, tokens: Tokens | None, refused: str
) -> Access:
    """Log in with a token, another one than `refused`, and say with which. Raises LoginError, OSError and
    smtplib.SMTPException."""
    mechanism = _choose(smtp, settings)
    given = access(settings, tokens, refused)
    code, text = _exchange(smtp, mechanism, _bearer(mechanism, user, given.value))
    try:
        _admitted(mechanism, code, text)
    except LoginError as e:
        e.refused = given.value if code in _NOT_THIS_TOKEN and not given.fresh else ""
        raise
    return given


def log_in(smtp: smtplib.SMTP, settings: Relay, user: str, password: str) -> None:
    """Log in by the way that the settings name, or the first one that the relay offers. Raises LoginError, OSError and
    smtplib.SMTPException."""
    mechanism = _choose(smtp, settings)
    if mechanism == "CRAM-MD5":
        smtp.user, smtp.password = user, password
        try:
            code, text = smtp.auth(mechanism, smtp.auth_cram_md5, initial_response_ok=False)
        except smtplib.SMTPAuthenticationError as e:
            code, text = int(e.smtp_code), e.smtp_error if isinstance(e.smtp_error, bytes) else b""
        except (
            ValueError
        ) as e:  # a password outside ASCII, a challenge that is no base64, a Python without MD5
            raise LoginError("the relay's CRAM-MD5 cannot be done: set relay.auth to plain or login") from e
    else:
        code, text = _exchange(smtp, mechanism, _words(mechanism, user, password))
    _admitted(mechanism, code, text)


def _admitted(mechanism: str, code: int, text: bytes) -> None:
    if code not in (235, 503):  # 503: logged in already
        raise LoginError(f"login refused ({mechanism}): {code} {text.decode('utf-8', 'replace')[:300]}", code)


def _choose(smtp: smtplib.SMTP, settings: Relay) -> str:
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    if settings.auth != "auto":
        wanted: tuple[str, ...] = (settings.auth.upper(),)
    elif settings.by_token:
        wanted = _BY_TOKEN
    else:
        wanted = _BY_PASSWORD
    for mechanism in wanted:
        if mechanism in offered:
            return mechanism
    raise LoginError(
        f"the relay offers no login by {' or '.join(wanted)}; it offers {' '.join(offered)[:200] or 'none'}"
    )


def _words(mechanism: str, user: str, password: str) -> list[bytes]:
    """What to say, in turn: the first with the command itself, but for LOGIN, where it is asked for."""
    if mechanism == "PLAIN":
        return [f"\0{user}\0{password}".encode()]
    return [user.encode(), password.encode()]


def _bearer(mechanism: str, user: str, token: str) -> list[bytes]:
    """The token first; then what ends the exchange when the relay answers with its complaint in JSON (RFC 7628 §3.2.3)."""
    if mechanism == "OAUTHBEARER":
        name = user.replace("=", "=3D").replace(",", "=2C")
        return [f"n,a={name},\x01auth=Bearer {token}\x01\x01".encode(), b"\x01"]
    # https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
    return [f"user={user}\x01auth=Bearer {token}\x01\x01".encode(), b""]


def _exchange(smtp: smtplib.SMTP, mechanism: str, words: list[bytes]) -> tuple[int, bytes]:
    said = [b64encode(word).decode("ascii") for word in words]
    first = "" if mechanism == "LOGIN" else f" {said.pop(0)}"
    code, text = smtp.docmd("AUTH", mechanism + first)
    while code == _CONTINUE and said:
        code, text = smtp.docmd(said.pop(0))
    if code == _CONTINUE:
        code, text = smtp.docmd("*")  # RFC 4954 §4: it asks for more than there is
    return code, text
