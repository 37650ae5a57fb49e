"""The commands of SMTP (RFC 5321 §4.1.1): each reads its argument, changes the transaction, gives its reply.

aiosmtpd's SMTP is the base: its session, its envelope (the open transaction) and its AUTH exchange serve as they are.
Its read loop, its address parser (72 µs an address), its constructor (162 µs a connection), its DATA and its replies
without enhanced codes do not; nothing of them runs. No command waits: what must, is begun in `session`.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from aiosmtpd import smtp as aiosmtpd

from mailgate.intake import grammar, replies
from mailgate.intake.body import Body
from mailgate.intake.policy import AUTH_ERROR_WEIGHT, Gate, Policy

MAX_JUNK = 100  # commands that bring no mail nearer, between two accepted mails (Postfix has the same)
MAX_HELO = 255


class Login(NamedTuple):
    """Who has authenticated: aiosmtpd's `auth_data`."""

    user: str
    addresses: tuple[str, ...]


class Session(aiosmtpd.Session):
    """aiosmtpd's session, without the old `login_data`, whose every use is a warning in the log."""

    login_data: Any = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.peer = self.ssl = self.host_name = None
        self.extended_smtp = False
        self.loop = loop
        self.proxy_data = self.auth_data = self.authenticated = None


class Commands(aiosmtpd.SMTP):
    """One connection's dialogue. `session` gives it a transport."""

    loop: asyncio.AbstractEventLoop
    session: Session
    envelope: aiosmtpd.Envelope

    _auth_required = False
    _auth_require_tls = False  # checked in _auth: from loopback it is not
    enable_SMTPUTF8 = True

    def __init__(self, policy: Policy, gate: Gate, loop: asyncio.AbstractEventLoop) -> None:
        # Not super().__init__: it looks through every member of two classes for each connection.
        self.loop = loop
        self.policy = policy
        self.gate = gate
        self._handle_hooks = {}
        self.session = Session(loop)
        self.envelope = aiosmtpd.Envelope()
        self.peer = policy.peer("")
        self.tls = False
        self.body: Body | None = None
        self.errors = 0
        self.junk = 0
        self.refused_recipients = 0
        self.farewell = b""  # the last reply, after which the connection is closed

    @abstractmethod
    def begin_tls(self) -> None:
        """Answer STARTTLS, then change to TLS (RFC 3207)."""

    @abstractmethod
    def begin_auth(self, argument: str) -> None:
        """Begin the exchange of AUTH (RFC 4954)."""

    def command(self, line: bytes) -> bytes:
        """The reply to one line with its line end; b"" when the reply comes later."""
        if line[-2:] == b"\r\n":
            text = line[:-2]
        elif self.peer.trusted:  # a script of our own, typing by hand
            text = line[:-1]
        else:
            return self.fault(replies.BAD_LINE)
        verb, _, argument = text.partition(b" ")
        handler = _COMMANDS.get(verb.upper())
        if handler is None:
            return self._unknown(verb.upper())
        return handler(self, argument)

    def fault(self, reply: bytes, weight: int = 1) -> bytes:
        """A reply to the peer's fault; one too many ends the connection."""
        self.errors += weight
        if self.errors > self.policy.smtp.max_errors:
            self.farewell = replies.TOO_MANY_ERRORS
            return b""
        return reply

    def _chore(self, reply: bytes) -> bytes:
        """A reply to a command that brings no mail nearer; a hundred of them end the connection."""
        self.junk += 1
        if self.junk > MAX_JUNK:
            self.farewell = replies.TOO_MUCH_JUNK
            return b""
        return reply

    def reset_transaction(self) -> None:
        self.envelope = aiosmtpd.Envelope()
        self.refused_recipients = 0

    def _unknown(self, verb: bytes) -> bytes:
        if (
            verb in _OTHER_PROTOCOLS
        ):  # a browser made to talk to us; what follows is the page's, not a client's
            self.farewell = replies.NOT_SMTP
            return b""
        return self.fault(replies.NOT_IMPLEMENTED if verb in _NOT_IMPLEMENTED else replies.UNKNOWN)

    def _hello(self, argument: bytes, reply: bytes, extended: bool) -> bytes:
        """RFC 5321 §4.1.4: the name is taken as it comes, and begins anew."""
        name = "".join(c if c.isprintable() else "?" for c in argument.strip().decode("utf-8", "replace"))[
            :MAX_HELO
        ]
        if not name:
            return self.fault(replies.SYNTAX_HELO)
        self.session.host_name = name
        self.session.extended_smtp = extended
        self.reset_transaction()
        return self._chore(reply)

    def _helo(self, argument: bytes) -> bytes:
        return self._hello(argument, self.policy.helo, extended=False)

    def _ehlo(self, argument: bytes) -> bytes:
        reply = self.policy.ehlo(tls_offered=not self.tls, auth_offered=self.tls or self.peer.loopback)
        return self._hello(argument, reply, extended=True)

    def _mail(self, argument: bytes) -> bytes:
        if not self.session.host_name:
            return self.fault(replies.HELLO_FIRST)
        if self.envelope.mail_from is not None:
            return self.fault(replies.NESTED_MAIL)
        if argument[:5].upper() != b"FROM:":
            return self.fault(replies.SYNTAX_MAIL)
        path = _read(argument[5:])
        if path is None or (path.address and "@" not in path.address and not self.peer.trusted):
            return self.fault(replies.BAD_SENDER)
        refusal = self._parameters(path.parameters) if path.parameters else b""
        if not refusal and not path.address.isascii() and "SMTPUTF8" not in path.parameters:
            refusal = replies.NEED_SMTPUTF8
        if refusal:
            return refusal if refusal is replies.FULL else self.fault(refusal)
        if self.gate.in_flight >= self.gate.max_bytes:
            return replies.FULL
        self.envelope.mail_from = path.address
        self.envelope.smtp_utf8 = "SMTPUTF8" in path.parameters
        return replies.SENDER_OK

    def _parameters(self, parameters: dict[str, str]) -> bytes:
        """The refusal of the parameters of MAIL, b"" when all are fine."""
        for key, value in parameters.items():
            if key == "SIZE":  # RFC 1870
                if not (value.isdecimal() and value.isascii() and len(value) <= 20):
                    return replies.SYNTAX_MAIL
                if int(value) > self.policy.smtp.max_size:
                    return replies.TOO_BIG
                if self.gate.in_flight + int(value) > self.gate.max_bytes:
                    return replies.FULL
            elif key == "BODY":  # RFC 6152; BINARYMIME needs CHUNKING, which is not offered
                if value.upper() not in ("7BIT", "8BITMIME"):
                    return replies.BAD_PARAMETER
            elif key == "SMTPUTF8":  # RFC 6531 §3.4
                if value:
                    return replies.SYNTAX_MAIL
            elif (
                key != "AUTH"
            ):  # RFC 4954 §5: to be read by whoever offers AUTH, and to be believed by nobody
                return replies.BAD_PARAMETER
        return b""

    def _rcpt(self, argument: bytes) -> bytes:
        envelope = self.envelope
        if envelope.mail_from is None:
            return self.fault(replies.MAIL_FIRST)
        if argument[:3].upper() != b"TO:":
            return self.fault(replies.SYNTAX_RCPT)
        path = _read(argument[3:])
        if path is None or not path.address:
            return self.fault(replies.BAD_RECIPIENT)
        if path.parameters:  # DSN is not offered (RFC 3461)
            return self.fault(replies.BAD_PARAMETER)
        if not path.address.isascii() and not envelope.smtp_utf8:
            return self.fault(replies.NEED_SMTPUTF8)
        refusal = self.policy.recipient(path.address)
        if refusal:
            self.refused_recipients += 1
            return self.fault(refusal)
        if (
            len(envelope.rcpt_tos) >= self.policy.smtp.max_recipients
        ):  # §4.5.3.1.10: the rest comes in another mail
            return self._chore(replies.TOO_MANY_RECIPIENTS)
        envelope.rcpt_tos.append(path.address)
        return replies.RECIPIENT_OK

    def _data(self, argument: bytes) -> bytes:
        if argument.strip():
            return self.fault(replies.NO_ARGUMENT)
        if self.envelope.mail_from is None:
            return self.fault(replies.MAIL_FIRST)
        if not self.envelope.rcpt_tos:
            return self.fault(replies.NO_VALID_RECIPIENTS if self.refused_recipients else replies.MAIL_FIRST)
        if self.gate.in_flight >= self.gate.max_bytes:
            return replies.FULL
        self.body = Body(self.policy.smtp.max_size)
        return replies.GO_DATA

    def _rset(self, argument: bytes) -> bytes:
        self.reset_transaction()
        return self._chore(replies.OK)

    def _noop(self, argument: bytes) -> bytes:
        return self._chore(replies.OK)

    def _vrfy(self, argument: bytes) -> bytes:
        return self._chore(replies.VERIFY)  # RFC 5321 §7.3: nobody learns here who exists

    def _help(self, argument: bytes) -> bytes:
        return self._chore(replies.HELP)

    def _quit(self, argument: bytes) -> bytes:
        self.farewell = replies.BYE
        return b""

    def _starttls(self, argument: bytes) -> bytes:
        if self.policy.tls is None:
            return self.fault(replies.NOT_IMPLEMENTED)
        if argument.strip():
            return self.fault(replies.NO_ARGUMENT)
        if self.tls:
            return self.fault(replies.TLS_ALREADY)
        self.begin_tls()
        return replies.GO_TLS

    def _auth(self, argument: bytes) -> bytes:
        """RFC 4954; a password never travels in clear but on loopback."""
        if not self.policy.smtp.users:
            return self.fault(replies.NOT_IMPLEMENTED)
        if not (self.tls or self.peer.loopback):
            return self.fault(replies.NEED_TLS)
        if not self.session.extended_smtp:
            return self.fault(replies.HELLO_FIRST)
        if self.session.authenticated:
            return self.fault(replies.AUTH_ALREADY)
        if self.envelope.mail_from is not None:
            return self.fault(replies.BAD_SEQUENCE)
        words = argument.decode("ascii", "replace").split()
        if len(words) not in (1, 2):
            return self.fault(replies.SYNTAX_AUTH)
        if words[0].upper() not in ("PLAIN", "LOGIN"):
            return self.fault(replies.UNKNOWN_MECHANISM)
        self.begin_auth(" ".join((words[0].upper(), *words[1:])))
        return b""

    def _authenticate(self, mechanism: str, auth_data: Any) -> aiosmtpd.AuthResult:
        login = self.policy.login(auth_data.login, auth_data.password)
        if login is None:
            self.errors += AUTH_ERROR_WEIGHT
            return aiosmtpd.AuthResult(success=False, handled=False)
        return aiosmtpd.AuthResult(success=True, auth_data=Login(*login))


def _read(argument: bytes) -> grammar.Path | None:
    try:
        return grammar.read_path(argument.decode("utf-8"))
    except UnicodeDecodeError:
        return None


_Handler = Callable[[Commands, bytes], bytes]
_COMMANDS = cast(
    "dict[bytes, _Handler]",
    {
        b"HELO": Commands._helo,
        b"EHLO": Commands._ehlo,
        b"MAIL": Commands._mail,
        b"RCPT": Commands._rcpt,
        b"DATA": Commands._data,
        b"RSET": Commands._rset,
        b"NOOP": Commands._noop,
        b"VRFY": Commands._vrfy,
        b"HELP": Commands._help,
        b"QUIT": Commands._quit,
        b"STARTTLS": Commands._starttls,
        b"AUTH": Commands._auth,
    },
)
_NOT_IMPLEMENTED = frozenset(
    {b"EXPN", b"BDAT", b"ETRN", b"TURN", b"SEND", b"SOML", b"SAML", b"BURL", b"LHLO"}
)
_OTHER_PROTOCOLS = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"PRI"})
