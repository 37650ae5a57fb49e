"""Mail out through a smarthost: smtplib, with our own dialogue so that every step's answer has its meaning.

What fails before MAIL is answered is the relay's trouble (`down`); from then on it is this mail's (`retry`), up to and
after the final dot, where the mail may have arrived without a word.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import threading
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from mailgate import config
from mailgate.errors import ConfigError
from mailgate.model import Reply
from mailgate.rules.retry import read

# RFC 5321 §4.1.2 Mailbox without quoted-string spaces; at most 64 + 1 + 255 octets (§4.5.3.1)
_ADDRESS = re.compile(r"[^\s<>\x00-\x20\x7f]{1,320}")
_LONGEST_REPLY = 500


@dataclass(frozen=True, slots=True)
class _Target:
    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)


def target(url: str) -> _Target:
    """`smtp://[user:password@]host[:port]` or `smtps://…` in parts. Raises ConfigError."""
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
    return _Target(
        parts.hostname,
        port or (465 if tls else 25),
        tls,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def _on_loopback(host: str) -> bool:
    """Whether what is said to this host never leaves the machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class _Refused(Exception):
    """A step of the dialogue did not get the answer it needs."""

    def __init__(self, reply: Reply, *, keep: bool = False) -> None:
        super().__init__(reply.text)
        self.reply = reply
        self.keep = keep  # the connection can be used again, after RSET


class _Connection:
    """One connection of one thread."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self.smtp = smtp
        self.sent = 0


class SmtpRelay:
    """A smarthost. Each thread keeps a connection of its own, for up to `max_per_connection` mails."""

    def __init__(self, settings: config.Relay, hostname: str = "") -> None:
        self._settings = settings
        self._target = target(settings.url)
        # a password goes to the relay itself or nowhere (RFC 4954 §4), whoever stands between it and us
        self._must = settings.starttls == "must" or (
            bool(self._target.user) and not _on_loopback(self._target.host)
        )
        self._hostname = hostname or None
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: set[_Connection] = set()

    def send(self, mail: bytes, return_path: str, to: str) -> Reply:
        """Hand over one mail (CRLF line ends) for one recipient."""
        for address in (to, *([return_path] if return_path else [])):
            if not _ADDRESS.fullmatch(address):
                return Reply("failed", 0, "553 5.1.3 the address cannot be written in SMTP; nothing was sent")
        reused = getattr(self._local, "connection", None) is not None
        reply = self._try(mail, return_path, to)
        # an idle connection that the peer has closed meanwhile is no news about the peer
        return self._try(mail, return_path, to) if reused and reply.kind == "down" else reply

    def close(self) -> None:
        """Quit every connection. To be called when no thread sends any more."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            self._drop(connection, quit_first=True)

    def _try(self, mail: bytes, return_path: str, to: str) -> Reply:
        try:
            connection = self._connection()
        except _Refused as e:
            return e.reply
        keep = False
        try:
            reply = self._dialogue(connection, mail, return_path, to)
            keep = reply.code != 421
        except _Refused as e:
            reply, keep = e.reply, e.keep and self._reset(connection)
        except (OSError, smtplib.SMTPException) as e:  # before MAIL was answered: the peer, not the mail
            reply = _trouble("down", e)
        connection.sent += 1
        if not keep or connection.sent >= self._settings.max_per_connection:
            self._drop(connection, quit_first=keep)
        return reply

    def _connection(self) -> _Connection:
        found = getattr(self._local, "connection", None)
        if isinstance(found, _Connection):
            return found
        try:
            smtp = self._connect()
        except (OSError, smtplib.SMTPException) as e:
            raise _Refused(_trouble("down", e)) from e
        connection = _Connection(smtp)
        self._local.connection = connection
        with self._lock:
            self._open.add(connection)
        return connection

    def _connect(self) -> smtplib.SMTP:
        """Connect, greet, secure, log in: whatever fails here says nothing about any mail."""
        where, settings = self._target, self._settings
        if where.tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                where.host,
                where.port,
                local_hostname=self._hostname,
                timeout=settings.timeout,
                context=ssl.create_default_context(),
            )
        else:
            smtp = smtplib.SMTP(
                where.host, where.port, local_hostname=self._hostname, timeout=settings.timeout
            )
        try:
            smtp.ehlo_or_helo_if_needed()
            if not where.tls and (settings.starttls != "no" or self._must):
                self._secure(smtp)
            if where.user:
                smtp.login(where.user, where.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _secure(self, smtp: smtplib.SMTP) -> None:
        must = self._must
        if not smtp.has_extn("starttls"):
            if must:
                why = (
                    "relay.starttls is must"
                    if self._settings.starttls == "must"
                    else "relay.url has a password: use smtps:// or a relay that offers it"
                )
                raise smtplib.SMTPNotSupportedError(f"the relay offers no STARTTLS and {why}")
            return
        context = ssl.create_default_context()
        if (
            not must
        ):  # opportunistic (RFC 7435): some encryption is better than none, whoever holds the certificate
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()

    def _dialogue(self, connection: _Connection, mail: bytes, return_path: str, to: str) -> Reply:
        smtp = connection.smtp
        options = _options(smtp, mail, return_path, to)
        smtp.command_encoding = "utf-8" if "SMTPUTF8" in options else "ascii"
        code, text = smtp.docmd(f"MAIL FROM:<{return_path}>{options}")
        _expect(code, text, 250)
        try:
            code, text = smtp.docmd(f"RCPT TO:<{to}>")
            _expect(code, text, 250, 251)
            code, text = smtp.docmd("DATA")
            _expect(code, text, 354)
            smtp.send(_stuffed(mail))
            _timeout(smtp, self._settings.timeout_after_data)
            code, text = smtp.getreply()
            _timeout(smtp, self._settings.timeout)
        except (
            OSError,
            smtplib.SMTPException,
        ) as e:  # with this mail in hand; after the dot it may even have arrived
            raise _Refused(_trouble("retry", e)) from e
        return _reply(code, text)

    def _reset(self, connection: _Connection) -> bool:
        try:
            return connection.smtp.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def _drop(self, connection: _Connection, *, quit_first: bool) -> None:
        with self._lock:
            self._open.discard(connection)
        if getattr(self._local, "connection", None) is connection:
            self._local.connection = None
        try:
            if quit_first:
                _timeout(connection.smtp, 5)
                connection.smtp.quit()
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            connection.smtp.close()


def _options(smtp: smtplib.SMTP, mail: bytes, return_path: str, to: str) -> str:
    head, _, _ = mail.partition(b"\r\n\r\n")
    utf8 = not (return_path.isascii() and to.isascii() and head.isascii())
    if utf8 and not smtp.has_extn("smtputf8"):  # RFC 6531 §3.2: it must not be sent there
        raise _Refused(
            Reply("failed", 0, "5.6.7 the relay cannot take addresses outside ASCII (no SMTPUTF8)"), keep=True
        )
    options = f" SIZE={len(mail)}" if smtp.has_extn("size") else ""
    if not mail.isascii() and smtp.has_extn("8bitmime"):
        options += " BODY=8BITMIME"
    return options + (" SMTPUTF8" if utf8 else "")


def _expect(code: int, text: bytes, *wanted: int) -> None:
    if code not in wanted:
        reply = _reply(code, text)
        if reply.kind == "sent":  # 2yz where another one is due: a peer that lost its step (RFC 5321 §4.2.1)
            reply = Reply("retry", code, reply.text)
        raise _Refused(reply, keep=code not in (421, -1))


def _reply(code: int, text: bytes) -> Reply:
    words = text.decode("utf-8", "replace")[:_LONGEST_REPLY]
    return (
        Reply("retry", 0, "the relay sent no reply code")
        if code < 200
        else Reply(read(code, words), code, words)
    )


def _trouble(kind: str, error: Exception) -> Reply:
    """No reply code of the peer's own is taken for the mail's here: before MAIL it is the relay that refuses."""
    text = getattr(error, "smtp_error", None)
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(error)
    code = getattr(error, "smtp_code", 0)
    code = code if isinstance(code, int) and code > 0 else 0
    return Reply(kind, code, f"{type(error).__name__}: {words}"[:_LONGEST_REPLY])


def _stuffed(mail: bytes) -> bytes:
    """Dot-stuffing and the final dot (RFC 5321 §4.5.2)."""
    body = mail.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")


def _timeout(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)
