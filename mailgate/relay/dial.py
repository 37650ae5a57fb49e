"""A connection to the relay, ready for mail: found, greeted, secured, logged in. Whatever fails here says nothing about
any mail."""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from mailgate.config import Relay
from mailgate.errors import ConfigError
from mailgate.relay.login import LoginError, log_in


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
    """`fault`: name, unreachable, greeting, no_tls, certificate, tls or login. `code`: the relay's, 0 where it said none."""

    def __init__(self, fault: str, why: str, code: int = 0) -> None:
        super().__init__(why)
        self.fault = fault
        self.code = code


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


def must_encrypt(settings: Relay, where: Target) -> bool:
    """Whether nothing is sent without verified TLS. A password or token goes to the relay itself or nowhere (RFC 4954
    section 4), whoever stands between it and us."""
    return settings.starttls == "must" or (bool(where.user) and not where.on_loopback)


def dial(settings: Relay, where: Target, hostname: str | None) -> smtplib.SMTP:
    """Connect, greet, secure, log in. Raises DialError."""
    try:
        smtp = _connect(settings, where, hostname)
    except (OSError, smtplib.SMTPException, UnicodeError) as e:
        raise _fault(e, where) from e
    try:
        smtp.ehlo_or_helo_if_needed()
        if not where.tls and (settings.starttls != "no" or must_encrypt(settings, where)):
            _secure(smtp, settings, where)
        if where.user:
            log_in(smtp, settings, where.user, where.password)
    except LoginError as e:
        smtp.close()
        raise DialError("login", str(e), e.code) from e
    except (OSError, smtplib.SMTPException) as e:
        smtp.close()
        raise _fault(e, where) from e
    except BaseException:
        smtp.close()
        raise
    return smtp


def _connect(settings: Relay, where: Target, hostname: str | None) -> smtplib.SMTP:
    if where.tls:
        context = _context(settings, verify=True)
        return smtplib.SMTP_SSL(
            where.host, where.port, local_hostname=hostname, timeout=settings.timeout, context=context
        )
    return smtplib.SMTP(where.host, where.port, local_hostname=hostname, timeout=settings.timeout)


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
            raise DialError("certificate", f"relay.ca_file {settings.ca_file} cannot be used: {e}") from e
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
        return DialError("certificate", f"the certificate of {place} is not good: {why}")
    if isinstance(error, ssl.SSLError):
        return DialError("tls", f"TLS with {place} fails: {error.reason or error}")
    if isinstance(error, smtplib.SMTPException):
        return DialError("greeting", f"{place} does not take mail now: {code or ''} {words}"[:500], code)
    if isinstance(error, TimeoutError):
        return DialError("unreachable", f"{place} does not answer in time")
    return DialError("unreachable", f"{place}: {getattr(error, 'strerror', None) or words}"[:500])
