"""The LMTP door (RFC 2033): what mail servers of ours hand over, on TCP and on a unix socket.

SMTP's session with another greeting and one reply a recipient behind the dot. Who speaks it counts as a mail server in
front of us (rule 4.1): its mails are taken whole, and what is wrong with one is no fault of it. On TCP others than
trust.upstreams, trust.networks and this machine are sent away with "try again", which loses nothing while the operator mends it.

On the unix socket a client may say how a mail really came to us, in parameters of MAIL (the reply to LHLO names the
doors that it may claim, as `XDOOR pipe …`): XDOOR, XRECEIVED (ISO 8601, when it first came), XPEER (an IP address),
XQUIET (nobody is told), XKEY (one of web.keys, by its name: a login for its addresses). Everybody may say `XDOOR=pipe`,
which gives nothing; the others are for programs of our own user and of root, as the kernel says who they are.

These programs may also send ahead, so that many mails share a commit: behind MAIL and RCPT, `XDATA <octets>` and the
mail itself, without its dots, without waiting for anything. The octets are taken whatever the answers are. There is one
reply a recipient that was let in, or one where none was. The mails keep their order (spool.Line): when one is put off, so
are those behind it, up to RSET.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import struct
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, ClassVar, cast

from mailgate.config import Config
from mailgate.intake import replies
from mailgate.intake.body import Counted
from mailgate.intake.commands import Commands, Handler
from mailgate.intake.mails import Door
from mailgate.intake.policy import Peer, Policy
from mailgate.intake.session import SmtpSession
from mailgate.model import Envelope
from mailgate.spool import Line

EVERYBODYS_DOORS = ("pipe",)
OUR_DOORS = ("pipe", "import", "imap", "http")
AHEAD = 256  # mails that wait for the spool …
AHEAD_BYTES = 8_000_000  # … and bytes of them, before no more is read of who sends ahead
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: unix(7), SO_PEERCRED


class LmtpPolicy(Policy):
    """What the door takes: as SMTP's, but for its names and for whom it lets in."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        name = self.hostname.encode("ascii", "replace")
        self.greeting = b"220 %b LMTP mailgate\r\n" % name
        offers: tuple[tuple[str, ...], ...] = ((), EVERYBODYS_DOORS, OUR_DOORS)
        self.keys = {key.name: tuple(key.addresses) for key in config.web.keys}
        self._lhlo = {doors: self._offer(doors) for doors in offers}

    def lhlo(self, doors: tuple[str, ...]) -> bytes:
        """The reply to LHLO of one who may claim these doors."""
        return self._lhlo[doors]

    def _peer(self, host: str) -> Peer:
        peer = super()._peer(host)
        if host and not (peer.known or peer.loopback):
            return peer
        return replace(peer, upstream=True, client="", network="")

    def _offer(self, doors: tuple[str, ...]) -> bytes:
        lines = [self.hostname, "PIPELINING", f"SIZE {self.smtp.max_size}", "ENHANCEDSTATUSCODES", "8BITMIME"]
        lines += ["SMTPUTF8", f"LIMITS RCPTMAX={self.smtp.max_recipients}"]
        lines += ["XDATA"] * (doors == OUR_DOORS)
        lines += [" ".join(("XDOOR", *doors))] * bool(doors)
        text = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}\r\n"
        return text.encode("ascii", "replace")


class LmtpSession(SmtpSession):
    """The protocol of one connection."""

    kind = "lmtp"
    policy: LmtpPolicy
    verbs: ClassVar[Mapping[bytes, Handler]]

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self._doors: tuple[str, ...] = ()
        self._told: dict[str, Any] = {}  # what the client says of the envelope
        self._line: Line | None = None  # of a client that sends ahead
        self._later = False  # MAIL was told to come again

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not isinstance(transport.get_extra_info("peername"), tuple):
            self._doors = _doors(transport)
        elif not (self.peer.upstream or self.farewell):
            self.tell("LMTP refused", why="not in trust.upstreams")
            self._say_goodbye(replies.NOT_AN_UPSTREAM)

    # ------------------------------------------------ commands

    def _lhlo(self, argument: bytes) -> bytes:
        return self._hello(argument, self.policy.lhlo(self._doors), extended=True)

    def _greeted_otherwise(self, argument: bytes) -> bytes:
        return self.fault(
            replies.LHLO_FIRST
        )  # RFC 2033 section 4.1: HELO and EHLO are not to be answered with 250

    def _parameters(self, parameters: dict[str, str]) -> bytes:
        """Those of our own commands first, then SMTP's."""
        self._told = {}
        ours = {key: parameters.pop(key) for key in [*parameters] if key in _CLAIMS}
        if ours:
            try:
                self._told = _claims(ours, self._doors, self.policy.keys)
            except (ValueError, OverflowError):
                return replies.BAD_PARAMETER
        return super()._parameters(parameters)

    def _data(self, argument: bytes) -> bytes:
        if self.envelope.mail_from is not None and not self.envelope.rcpt_tos:
            return self.chore(replies.NO_RECIPIENTS)
        return super()._data(argument)

    def reset_transaction(self) -> None:
        super().reset_transaction()
        self._told = {}

    # ------------------------------------------------ sending ahead

    def _mail(self, argument: bytes) -> bytes:
        reply = super()._mail(argument)
        self._later = reply[:1] == b"4"
        return reply

    def _rset(self, argument: bytes) -> bytes:
        if self._line is not None:
            self._line = Line()
            self.reset_transaction()
            return replies.OK
        return super()._rset(argument)

    def _xdata(self, argument: bytes) -> bytes:
        if self._doors != OUR_DOORS or not _SIZE.fullmatch(argument):
            self.farewell = replies.NOT_IMPLEMENTED  # what follows must not be read as commands
            return b""
        if self._line is None:
            self._line = Line()
            self.ahead, self.ahead_bytes = AHEAD, AHEAD_BYTES
        size = int(argument)
        self.junk = 0
        self.body = Counted(size)
        if self._line.broken or self._later or self.gate.full(self.peer, size):
            self.body.refuse(replies.FULL)
        elif not self.envelope.rcpt_tos:
            self.body.refuse(replies.NO_RECIPIENTS)
        elif size > self.policy.smtp.max_size:
            self.body.refuse(replies.TOO_BIG)
        if not size:
            self.take_mail()
        return b""

    def put_off(self) -> None:
        if self._line is not None:
            self._line.broken = self._line.broken or "a mail before it was told to come again"

    def hand_over(self, envelope: Envelope, raw: bytes) -> Awaitable[str]:
        if self._line is None:
            return super().hand_over(envelope, raw)
        return self.door.accept(envelope, raw, self._line)

    # ------------------------------------------------ mails

    def replies_owed(self) -> int:
        """One a recipient, in the order of RCPT (RFC 2033 section 4.2)."""
        return len(self.envelope.rcpt_tos) or 1

    def envelope_of_mail(self) -> Envelope:
        envelope = super().envelope_of_mail()
        return replace(envelope, **self._told) if self._told else envelope

    def stumble(self) -> None:
        if self.body is None:
            super().stumble()
        else:  # one reply too few would be taken for the reply to something else
            self.forget_mail()
            self.farewell = replies.MAIL_TROUBLE


_NOT_HERE = (b"STARTTLS", b"AUTH")
LmtpSession.verbs = {
    verb: handler for verb, handler in Commands.verbs.items() if verb not in _NOT_HERE
} | cast(
    "dict[bytes, Handler]",
    {
        b"LHLO": LmtpSession._lhlo,
        b"DATA": LmtpSession._data,
        b"MAIL": LmtpSession._mail,
        b"RSET": LmtpSession._rset,
        b"XDATA": LmtpSession._xdata,
        b"HELO": LmtpSession._greeted_otherwise,
        b"EHLO": LmtpSession._greeted_otherwise,
    },
)
_SIZE = re.compile(rb"[0-9]{1,12}")
_CLAIMS = frozenset({"XDOOR", "XRECEIVED", "XPEER", "XQUIET", "XKEY"})


def _claims(
    words: Mapping[str, str], doors: tuple[str, ...], keys: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Fields of the envelope. Raises ValueError for what cannot be, or is not this client's to say."""
    told: dict[str, Any] = {}
    door = words.get("XDOOR", "")
    if door not in doors or (len(words) > 1 and doors != OUR_DOORS):
        raise ValueError(door)
    told["door"] = door
    if "XRECEIVED" in words:
        received = datetime.fromisoformat(words["XRECEIVED"])
        if received.tzinfo is None:
            raise ValueError("a time without its zone")
        told["received"] = min(received.astimezone(UTC), datetime.now(UTC))
    if "XPEER" in words:
        told["peer"] = str(ip_address(words["XPEER"]))
    if "XKEY" in words:
        told["auth_user"], told["auth_addresses"] = words["XKEY"], keys.get(words["XKEY"], ())
    if "XQUIET" in words:
        told["quiet"] = True
    return told


def _doors(transport: asyncio.BaseTransport) -> tuple[str, ...]:
    """The doors that the client of a unix socket may claim, by the user that runs it."""
    wire = transport.get_extra_info("socket")
    try:
        with socket.socket(fileno=os.dup(wire.fileno())) as copy:
            found = copy.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    except OSError:
        return EVERYBODYS_DOORS
    return OUR_DOORS if _CREDENTIALS.unpack(found)[1] in (0, os.geteuid()) else EVERYBODYS_DOORS
