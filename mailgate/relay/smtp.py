"""Mail out through a smarthost: smtplib, with our own dialogue so that every step's answer has its meaning.

What fails before MAIL is answered is the relay's trouble (`down`); a MAIL that is refused, most often too (`denied`); from
then on it is this mail's (`retry`, `failed`), up to and after the final dot, where the mail may have arrived without a word
(`doubtful`).
"""

from __future__ import annotations

import re
import smtplib
import threading

from mailgate import config
from mailgate.model import Reply
from mailgate.oauth.tokens import Tokens
from mailgate.relay.dial import DialError, Line, dial, early, target
from mailgate.rules.retry import read, read_mail_from

# RFC 5321 §4.1.2 Mailbox without quoted-string spaces; at most 64 + 1 + 255 octets (§4.5.3.1)
_ADDRESS = re.compile(r"[^\s<>\x00-\x20\x7f]{1,320}")
_LONGEST_REPLY = 500


class _Refused(Exception):
    """A step of the dialogue did not get the answer it needs."""

    def __init__(self, reply: Reply, *, keep: bool = False, login: bool = False) -> None:
        super().__init__(reply.text)
        self.reply = reply
        self.login = login  # what let us in is no longer good
        self.keep = keep  # the connection can be used again, after RSET


class _Connection:
    """One connection of one thread."""

    def __init__(self, line: Line) -> None:
        self.smtp, self.access = line.smtp, line.access
        self.sent = 0


class SmtpRelay:
    """A smarthost. Each thread keeps a connection of its own, for up to `max_per_connection` mails."""

    def __init__(self, settings: config.Relay, hostname: str = "", tokens: Tokens | None = None) -> None:
        """`tokens` where `settings` have a table oauth."""
        assert settings.oauth is None or tokens is not None
        self._settings, self._tokens = settings, tokens
        self._target = target(settings.url)
        self._hostname = hostname or None
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: set[_Connection] = set()

    def send(self, mail: bytes, return_path: str, to: str) -> Reply:
        """Hand over one mail (CRLF line ends) for one recipient."""
        for address in (to, *([return_path] if return_path else [])):
            if not _ADDRESS.fullmatch(address):
                return Reply("failed", 0, "553 5.1.3 the address cannot be written in SMTP; nothing was sent")
        self._leave_stale()
        reused = getattr(self._local, "connection", None) is not None
        self._local.refused = None
        reply = self._try(mail, return_path, to)
        # an idle connection that the peer has closed meanwhile is no news about the peer, nor is a login that has ended
        again = (reused and reply.kind == "down") or self._local.refused is not None
        return self._try(mail, return_path, to) if again else reply

    def probe(self) -> str:
        """Connect, secure and log in as for a mail, offer none, and quit; what the relay calls itself and how the
        connection is secured. Raises DialError."""
        line = dial(self._settings, self._target, self._hostname, self._tokens)
        smtp = line.smtp
        cipher = getattr(smtp.sock, "version", lambda: "")()
        name = (smtp.ehlo_resp or smtp.helo_resp or b"").decode("utf-8", "replace").split(maxsplit=1)
        self._drop(_Connection(line), quit_first=True)
        return ", ".join(
            filter(None, (name[0][:100] if name else "", cipher, self._target.user and "logged in"))
        )

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
            if e.login and connection.access and (connection.sent or not connection.access.fresh):
                self._local.refused, keep = connection.access.value, False
        except (OSError, smtplib.SMTPException) as e:  # before MAIL was answered: the peer, not the mail
            reply = _trouble("down", e)
        connection.sent += 1
        if not keep or connection.sent >= self._settings.max_per_connection:
            self._drop(connection, quit_first=keep)
        return reply

    def _leave_stale(self) -> None:
        """A session ends before its token does, since servers are not at one about what happens then."""
        found = getattr(self._local, "connection", None)
        if (
            isinstance(found, _Connection)
            and found.access
            and self._tokens
            and self._tokens.stale(found.access)
        ):
            self._drop(found, quit_first=True)

    def _connection(self) -> _Connection:
        found = getattr(self._local, "connection", None)
        if isinstance(found, _Connection):
            return found
        refused, self._local.refused = self._local.refused or "", None
        try:
            line = dial(self._settings, self._target, self._hostname, self._tokens, refused)
        except DialError as e:
            raise _Refused(Reply("down", e.code, str(e)[:_LONGEST_REPLY])) from e
        connection = _Connection(line)
        self._local.connection = connection
        with self._lock:
            self._open.add(connection)
        return connection

    def _dialogue(self, connection: _Connection, mail: bytes, return_path: str, to: str) -> Reply:
        smtp = connection.smtp
        options = _options(smtp, mail, return_path, to)
        smtp.command_encoding = "utf-8" if "SMTPUTF8" in options else "ascii"
        code, text = smtp.docmd(f"MAIL FROM:<{return_path}>{options}")
        if code != 250:
            kind = "down" if code < 200 else read_mail_from(code, _words(text))
            raise _Refused(
                _not_that(Reply(kind, max(code, 0), _words(text))),
                keep=code not in (421, -1),
                login=code in (454, 530, 535),
            )
        try:
            code, text = smtp.docmd(f"RCPT TO:<{to}>")
            _expect(code, text, 250, 251)
            code, text = smtp.docmd("DATA")
            _expect(code, text, 354)
            if early(smtp):
                raise smtplib.SMTPException("the relay answers what it has not been asked")
            # Python counts the whole mail against a socket's timeout, not the single packet
            _timeout(smtp, max(self._settings.timeout, self._settings.timeout_after_data))
            smtp.send(_stuffed(mail))
        except (
            OSError,
            smtplib.SMTPException,
        ) as e:  # with this mail in hand; it has no end yet, so nobody has it
            raise _Refused(_trouble("retry", e)) from e
        return self._end(smtp)

    def _end(self, smtp: smtplib.SMTP) -> Reply:
        """The answer to the final dot (RFC 5321 §4.2.5, §6.1): whoever does not hear it knows nothing."""
        try:
            _timeout(smtp, self._settings.timeout_after_data)
            code, text = smtp.getreply()
            _timeout(smtp, self._settings.timeout)
        except (OSError, smtplib.SMTPException) as e:
            raise _Refused(_trouble("doubtful", e)) from e
        if code < 200:
            raise _Refused(Reply("doubtful", 0, "the relay sent no reply code after the mail"))
        return Reply(read(code, _words(text)), code, _words(text))

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
        except (
            OSError,
            smtplib.SMTPException,
            ValueError,
        ):  # ValueError: another thread was reading when we closed
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
    most = smtp.esmtp_features.get("size", "")
    if most.isdecimal() and 0 < int(most[:20]) < len(mail):  # RFC 1870 §6.1
        text = f"5.3.4 the relay takes mail of {most[:20]} bytes at most, and this one has {len(mail)}"
        raise _Refused(Reply("failed", 0, text), keep=True)
    if not mail.isascii() and not utf8 and not smtp.has_extn("8bitmime"):  # RFC 6152 §3; ours are 7-bit
        raise _Refused(Reply("failed", 0, "5.6.3 the relay takes 7-bit mail only (no 8BITMIME)"), keep=True)
    options = f" SIZE={len(mail)}" if smtp.has_extn("size") else ""
    if not mail.isascii() and smtp.has_extn("8bitmime"):
        options += " BODY=8BITMIME"
    return options + (" SMTPUTF8" if utf8 else "")


def _expect(code: int, text: bytes, *wanted: int) -> None:
    if code not in wanted:
        words = _words(text)
        reply = (
            Reply("retry", 0, "the relay sent no reply code")
            if code < 200
            else Reply(read(code, words), code, words)
        )
        # 454 at RCPT is said of the recipient, by Postfix of relaying
        raise _Refused(_not_that(reply), keep=code not in (421, -1), login=code in (530, 535))


def _not_that(reply: Reply) -> Reply:
    """2yz where another one is due: a peer that lost its step (RFC 5321 §4.2.1)."""
    return Reply("retry", reply.code, reply.text) if reply.kind == "sent" else reply


def _words(text: bytes) -> str:
    return text.decode("utf-8", "replace")[:_LONGEST_REPLY]


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
