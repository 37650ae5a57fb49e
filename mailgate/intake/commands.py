"""The commands of SMTP (RFC 5321 §4.1.1): each reads its argument, changes the transaction, gives its reply.

aiosmtpd's SMTP is the base: its session and its envelope (the open transaction) serve as they are. Its read loop, its
address parser (72 µs an address), its constructor (162 µs a connection), its DATA, its AUTH (which counts no faults)
and its replies without enhanced codes do not; nothing of them runs. No command waits: what must, is begun in `upgrades`.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar, cast

from aiosmtpd import smtp as aiosmtpd

from mailgate.intake import grammar, replies
from mailgate.intake.body import Body
from mailgate.intake.conduct import Conduct
from mailgate.intake.gate import Gate
from mailgate.intake.policy import Policy

MAX_HELO = 255
MAX_RESPONSE = 12_290  # a line of AUTH (RFC 4954 §4)


class Commands(Conduct):
    """One connection's dialogue. `session` gives it a transport."""

    envelope: aiosmtpd.Envelope
    verbs: ClassVar[Mapping[bytes, Handler]]  # the commands of the protocol that is spoken; set below

    def __init__(self, policy: Policy, gate: Gate, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(policy, gate, loop)
        self.envelope = aiosmtpd.Envelope()
        self.tls = False
        self.body: Body | None = None
        self.refused_recipients = 0
        self.mail_refused = False  # what was sent ahead behind such a MAIL is no fault (RFC 2920)

    @abstractmethod
    def starttls(self, argument: bytes) -> bytes:
        """Answer STARTTLS, then change to TLS (RFC 3207)."""

    @abstractmethod
    def auth(self, argument: bytes) -> bytes:
        """Begin AUTH (RFC 4954)."""

    @abstractmethod
    def answer(self, line: bytes) -> bytes:
        """The reply to the next line of AUTH."""

    def command(self, line: bytes) -> bytes:
        """The reply to one line with its line end; b"" when the reply comes later."""
        if line[-2:] == b"\r\n":
            text = line[:-2]
        elif self.peer.trusted:  # a script of our own, typing by hand
            text = line[:-1]
        else:
            return self.fault(replies.BAD_LINE)
        if b"\r" in text or b"\0" in text:  # RFC 5321 §2.3.8: no second command hides behind one (T12)
            return self.fault(replies.BAD_LINE)
        if self.step is not None:
            return self.answer(text)
        verb, _, argument = text.partition(b" ")
        handler = self.verbs.get(verb.upper())
        if handler is None:
            return self._unknown(verb.upper())
        return handler(self, argument)

    def _out_of_order(self, excused: bool) -> bytes:
        return self.chore(replies.MAIL_FIRST) if excused else self.fault(replies.MAIL_FIRST)

    def reset_transaction(self) -> None:
        self.envelope = aiosmtpd.Envelope()
        self.refused_recipients = 0
        self.mail_refused = False

    def _unknown(self, verb: bytes) -> bytes:
        if (
            verb in _OTHER_PROTOCOLS
        ):  # a browser made to talk to us; what follows is the page's, not a client's
            self.farewell = replies.NOT_SMTP
            return b""
        if verb == b"BDAT":  # not offered: the octets of a mail that follow must not be read as commands
            self.farewell = replies.NOT_IMPLEMENTED
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
        return self.chore(reply)

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
        self.mail_refused = True
        path = _read(argument[5:])
        if path is None or (path.address and "@" not in path.address and not self.peer.trusted):
            return self.refuse(replies.BAD_SENDER)
        refusal = self._parameters(path.parameters) if path.parameters else b""
        if not refusal and not path.address.isascii() and "SMTPUTF8" not in path.parameters:
            refusal = replies.NEED_SMTPUTF8
        if refusal:
            return self.chore(refusal) if refusal is replies.FULL else self.refuse(refusal)
        if self.gate.full(self.peer, 1):
            return self.chore(replies.FULL)
        if not self.familiar and not self.gate.mails.take(self.peer.network, self.heard):
            self.tell("mail put off", network=self.peer.network, why="smtp.max_mails_per_network")
            return self.chore(replies.TOO_MANY_MAILS)
        self.mail_refused = False
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
                if self.gate.full(self.peer, int(value)):
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
            return self._out_of_order(self.mail_refused)
        if argument[:3].upper() != b"TO:":
            return self.fault(replies.SYNTAX_RCPT)
        path = _read(argument[3:])
        if path is None or not path.address:
            return self.refuse(replies.BAD_RECIPIENT)
        if path.parameters:  # DSN is not offered (RFC 3461)
            return self.fault(replies.BAD_PARAMETER)
        if not path.address.isascii() and not envelope.smtp_utf8:
            return self.fault(replies.NEED_SMTPUTF8)
        refusal = self.policy.recipient(path.address)
        if refusal:
            self.refused_recipients += 1
            return self.refuse(refusal)
        if (
            len(envelope.rcpt_tos) >= self.policy.smtp.max_recipients
        ):  # §4.5.3.1.10: the rest comes in another mail
            return self.chore(replies.TOO_MANY_RECIPIENTS)
        envelope.rcpt_tos.append(path.address)
        return replies.RECIPIENT_OK

    def _data(self, argument: bytes) -> bytes:
        if argument.strip():
            return self.fault(replies.NO_ARGUMENT)
        if self.envelope.mail_from is None:
            return self._out_of_order(self.mail_refused)
        if not self.envelope.rcpt_tos:
            refused = self.refused_recipients > 0
            return self.chore(replies.NO_VALID_RECIPIENTS) if refused else self._out_of_order(False)
        if self.gate.full(self.peer, 1):
            return self.chore(replies.FULL)
        self.body = Body(self.policy.smtp.max_size)
        return replies.GO_DATA

    def _rset(self, argument: bytes) -> bytes:
        self.reset_transaction()
        return self.chore(replies.OK)

    def _noop(self, argument: bytes) -> bytes:
        return self.chore(replies.OK)

    def _vrfy(self, argument: bytes) -> bytes:
        return self.chore(replies.VERIFY)  # RFC 5321 §7.3: nobody learns here who exists

    def _help(self, argument: bytes) -> bytes:
        return self.chore(replies.HELP)

    def _quit(self, argument: bytes) -> bytes:
        self.farewell = replies.BYE
        return b""


def _read(argument: bytes) -> grammar.Path | None:
    try:
        return grammar.read_path(argument.decode("utf-8"))
    except UnicodeDecodeError:
        return None


Handler = Callable[[Commands, bytes], bytes]
Commands.verbs = cast(
    "dict[bytes, Handler]",
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
        b"STARTTLS": lambda self, argument: self.starttls(argument),
        b"AUTH": lambda self, argument: self.auth(argument),
    },
)
_NOT_IMPLEMENTED = frozenset({b"EXPN", b"ETRN", b"TURN", b"SEND", b"SOML", b"SAML", b"BURL", b"LHLO"})
_OTHER_PROTOCOLS = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"PRI"})
