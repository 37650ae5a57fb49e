"""How a peer behaves on one connection, and when that ends it.

What a peer does wrong is a `fault`; what is wrong with a mail that a relay in front of us hands on is no fault of the
relay (`refuse`): it must not be cut off, and others' mail with it. What only passes the time is a `chore`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import structlog
from aiosmtpd import smtp as aiosmtpd

from mailgate import counters
from mailgate.intake import replies
from mailgate.intake.gate import Gate
from mailgate.intake.policy import Policy

MAX_JUNK = 100  # commands that bring no mail nearer, between two accepted mails (Postfix has the same)
_log = structlog.get_logger("mailgate.intake")


class Login(NamedTuple):
    """Who has authenticated: aiosmtpd's `auth_data`."""

    user: str
    addresses: tuple[str, ...]


class Session(aiosmtpd.Session):
    """aiosmtpd's session, without the old `login_data`, whose every use is a warning in the log."""

    login_data: Any = None
    auth_data: Any
    authenticated: Any

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.peer = self.ssl = self.host_name = None
        self.extended_smtp = False
        self.loop = loop
        self.proxy_data = self.auth_data = self.authenticated = None


class Conduct(aiosmtpd.SMTP):
    """The counts of one connection."""

    kind: ClassVar[str] = "smtp"  # of door, in the metrics
    loop: asyncio.AbstractEventLoop
    session: Session

    def __init__(self, policy: Policy, gate: Gate, loop: asyncio.AbstractEventLoop) -> None:
        # Not super().__init__: it looks through every member of two classes for each connection.
        self.loop = loop
        self.policy = policy
        self.gate = gate
        self.session = Session(loop)
        self.peer = policy.peer("")
        self.errors = 0
        self.junk = 0
        self.heard = loop.time()  # when the last bytes came
        self.step: Callable[[bytes], bytes] | None = None  # of AUTH: takes the next line, decoded
        self.farewell = b""  # the last reply, after which the connection is closed

    @property
    def familiar(self) -> bool:
        """One of our own, by its address or by its login; or a relay in front of us."""
        return not self.peer.network or bool(self.session.authenticated)

    def tell(self, event: str, **words: Any) -> None:
        """A line in the log about this peer; of strangers only so many an hour, and then how many were left out."""
        if self.gate.may_log(self.peer, self.heard):
            if self.gate.unsaid:
                words["lines_left_out"], self.gate.unsaid = self.gate.unsaid, 0
            _log.info(event, peer=self.peer.host, **words)

    def fault(self, reply: bytes, weight: int = 1) -> bytes:
        """The reply to the peer's fault. One too many ends the connection, and the very first one does where the
        peer's network has used up its faults for the hour; mail without faults still comes through. AUTH begins anew."""
        self.refused(reply)
        self.step = None
        self.errors += weight
        forgiven = not self.peer.network or self.gate.faults.take(self.peer.network, self.heard, weight)
        if self.errors > self.policy.smtp.max_errors or not forgiven:
            self.tell("connection cut off", errors=self.errors, why="faults")
            self.farewell = replies.TOO_MANY_ERRORS
        return reply

    def refuse(self, reply: bytes) -> bytes:
        """The reply to what is wrong with a mail: a fault, but where a relay in front only hands it on."""
        if self.peer.upstream:
            self.refused(reply)
            return reply
        return self.fault(reply)

    def refused(self, reply: bytes) -> None:
        """Count a refusal in the metrics, by its codes, which are constants of ours."""
        counters.count("refused", self.kind, b" ".join(reply.split(b" ", 2)[:2]).decode("ascii"))

    def chore(self, reply: bytes) -> bytes:
        """A reply to a command that brings no mail nearer; a hundred of them end the connection."""
        if reply[:1] == b"4":
            self.refused(reply)
        self.junk += 1
        if self.junk > MAX_JUNK:
            self.tell("connection cut off", errors=self.errors, why="commands without a mail")
            self.farewell = replies.TOO_MUCH_JUNK
            return b""
        return reply
