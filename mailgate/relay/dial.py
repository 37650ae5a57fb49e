"""A connection to the relay, ready for mail: found, greeted, secured, logged in. Whatever fails here says nothing about
any mail."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

from mailgate import certificate_fault
from mailgate.config import Relay
from mailgate.errors import ConfigError
from mailgate.oauth.tokens import Access, Tokens
from mailgate.relay.login import LoginError, log_in, log_in_with_token

_CERTIFICATE = {"expired": "expired", "name": "other_name", "issuer": "certificate"}
_LARGEST_REPLY = 65_536  # bytes; RFC 5321 §4.5.3.1.5 has 512 for a line


@dataclass(frozen=True, slots=True)
class Target:
    """Where the relay is, and who we are there."""

    host: str
    port: int
    tls: bool  # from the first byte on
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def on_loopback(self) -> bool:
        """Whether what is said to it never leaves the machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


class DialError(Exception):
    """`fault`: name, unreachable, greeting, no_smtp, no_tls, expired, other_name, certificate, ca_file, tls, login or token.
    `code`: the relay's, 0 where it said none. `mend`: what a provider of tokens advises."""

    def __init__(self, fault: str, why: str, code: int = 0, mend: str = "") -> None:
        super().__init__(why)
        self.fault = fault
        self.code = code
        self.mend = mend


def target(url: str) -> Target:
    """`smtp://[user[:password]@]host[:port]` or `smtps://…` in parts. Raises ConfigError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise ConfigError(
            ["relay.url: found (not shown); needed is smtp://[user:password@]host:port or smtps://host:port"]
        )
    tls = parts.scheme == "smtps"
    return Target(
        parts.hostname,
        port or (465 if tls else 25),
        tls,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


class _Replies:
    """The lines of a socket, in place of the file that smtplib reads: whole replies come within the socket's timeout, which
    there counts anew with each byte, and have a largest size. The OSError that readline raises means a lost connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._buffer = sock, b""
        self._until, self._left = 0.0, 0

    def begin(self) -> None:
        """The next reply."""
        self._until = time.monotonic() + (self._sock.gettimeout() or 0.0)
        self._left = _LARGEST_REPLY

    def readline(self, most: int) -> bytes:
        while (end := self._buffer.find(b"\n", 0, most) + 1) == 0 and len(self._buffer) < most:
            if not (more := self._more()):
                break
            self._buffer += more
        end = end or most
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        self._left -= len(line)
        if self._left < 0:
            raise OSError(f"a reply of more than {_LARGEST_REPLY} bytes")
        return line

    def _more(self) -> bytes:
        patience, left = self._sock.gettimeout(), self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the reply takes too long")
        self._sock.settimeout(left)
        try:
            return self._sock.recv(8192)
        finally:
            self._sock.settimeout(patience)

    @property
    def early(self) -> bool:
        """Whether more has come than was read."""
        return bool(self._buffer)

    def close(self) -> None:
        """The socket is closed by whoever made it."""


class _Bounded(smtplib.SMTP):
    """smtplib, for a relay that never comes to the end of a reply."""

    file: Any  # None before the first reply, and after STARTTLS, when what came in clear is forgotten

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            assert self.sock is not None
            self.file = _Replies(self.sock)
        self.file.begin()
        return super().getreply()


class _BoundedTls(_Bounded, smtplib.SMTP_SSL):
    pass


def early(smtp: smtplib.SMTP) -> bool:
    """Whether the relay has said more than it was asked: the next reply would be taken for that of another command."""
    return isinstance(smtp.file, _Replies) and smtp.file.early


def must_encrypt(settings: Relay, where: Target) -> bool:
    """Whether nothing is sent without verified TLS. A password or token goes to the relay itself or nowhere (RFC 4954
    section 4), whoever stands between it and us."""
    return settings.starttls == "must" or (bool(where.user) and not where.on_loopback)


@dataclass(slots=True)
class Line:
    """A connection that is ready for mail, and the token that opened it."""

    smtp: smtplib.SMTP
    access: Access | None = None


def dial(
    settings: Relay, where: Target, hostname: str | None, tokens: Tokens | None = None, refused: str = ""
) -> Line:
    """Connect, greet, secure, log in: with another token than the one that was `refused` in mid-session, and once more with a
    new one where the relay does not take what we held. Raises DialError."""
    try:
        return _dial(settings, where, hostname, tokens, refused)
    except LoginError as e:
        if not e.refused:
            raise _no_login(e) from e
        refused = e.refused
    try:
        return _dial(settings, where, hostname, tokens, refused)
    except LoginError as e:
        raise _no_login(e) from e


def _no_login(error: LoginError) -> DialError:
    return DialError("token" if error.mend else "login", str(error), error.code, error.mend)


def _dial(settings: Relay, where: Target, hostname: str | None, tokens: Tokens | None, refused: str) -> Line:
    try:
        smtp = _connect(settings, where, hostname)
    except (OSError, smtplib.SMTPException, UnicodeError) as e:
        raise _fault(e, where) from e
    try:
        smtp.ehlo_or_helo_if_needed()
        if not where.tls and (settings.starttls != "no" or must_encrypt(settings, where)):
            _secure(smtp, settings, where)
        if where.user and settings.by_token:
            return Line(smtp, log_in_with_token(smtp, settings, where.user, tokens, refused))
        if where.user:
            log_in(smtp, settings, where.user, where.password)
    except (OSError, smtplib.SMTPException) as e:
        smtp.close()
        raise _fault(e, where) from e
    except BaseException:
        smtp.close()
        raise
    return Line(smtp)


def _connect(settings: Relay, where: Target, hostname: str | None) -> smtplib.SMTP:
    if where.tls:
        context = _context(settings, verify=True)
        return _BoundedTls(
            where.host, where.port, local_hostname=hostname, timeout=settings.timeout, context=context
        )
    return _Bounded(where.host, where.port, local_hostname=hostname, timeout=settings.timeout)


def _secure(smtp: smtplib.SMTP, settings: Relay, where: Target) -> None:
    must = must_encrypt(settings, where)
    if not smtp.has_extn("starttls"):
        if must:
            because = (
                "relay.starttls is must"
                if settings.starttls == "must"
                else "relay.url has a login: use smtps:// or a relay that offers it"
            )
            raise DialError("no_tls", f"the relay offers no STARTTLS and {because}")
        return
    # not verified: opportunistic (RFC 7435): some encryption is better than none, whoever holds the certificate
    smtp.starttls(context=_context(settings, verify=must))
    smtp.ehlo_or_helo_if_needed()


def _context(settings: Relay, *, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif settings.ca_file:
        try:
            context.load_verify_locations(settings.ca_file)
        except (OSError, ssl.SSLError) as e:
            why = e.strerror or e
            raise DialError("ca_file", f"relay.ca_file {settings.ca_file} cannot be used: {why}") from e
    return context


def _fault(error: Exception, where: Target) -> DialError:
    """Why, in words; whatever the peer or the system said."""
    place = f"{where.host}:{where.port}"
    code = getattr(error, "smtp_code", 0)
    code = code if isinstance(code, int) and code > 0 else 0
    said = getattr(error, "smtp_error", None)
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return DialError(
            "name", f"there is no host {where.host}: {getattr(error, 'strerror', None) or error}"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "verify_message", "") or str(error)
        fault = _CERTIFICATE[certificate_fault.of(error)]
        return DialError(fault, f"the certificate of {place} is not good: {why.rstrip('.')}")
    if isinstance(error, ssl.SSLError):
        return DialError("tls", f"TLS with {place} fails: {error.reason or error}")
    if isinstance(error, smtplib.SMTPConnectError) and not code:
        return DialError("no_smtp", f"{place} does not speak SMTP; it says: {words or 'nothing'}"[:500])
    if isinstance(error, smtplib.SMTPException):
        return DialError("greeting", f"{place} does not take mail now: {code or ''} {words}"[:500], code)
    if isinstance(error, TimeoutError):
        return DialError("unreachable", f"{place} does not answer in time")
    why = getattr(error, "strerror", None) or words
    return DialError("unreachable", f"{place} does not answer: {why}"[:500])
