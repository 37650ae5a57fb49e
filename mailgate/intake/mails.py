"""DATA: a mail on its way in, its hand-over to `accept`, and the answer.

Laws: a mail handed over is on its way whatever becomes of the connection, nothing here ever cancels it (rule 1.1);
replies go out in the order of what they answer, also where several mails wait for the spool at one time.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol, cast

import structlog

from mailgate.errors import Full, Transient
from mailgate.failpoint import failpoint, register
from mailgate.intake import replies
from mailgate.intake.body import has_bare_newline
from mailgate.intake.commands import Commands
from mailgate.intake.conduct import Login
from mailgate.intake.gate import Gate
from mailgate.intake.policy import Policy
from mailgate.model import Envelope

Accept = Callable[..., Awaitable[str]]  # of envelope, bytes and, where order matters, their Line

_DRAINED = 268_435_456  # bytes beyond the limit: a refused mail is read to its end, but not for ever

register("smtp.dot_received", "smtp.before_reply")
_log = structlog.get_logger("mailgate.intake")


class Connection(Protocol):
    """A connection as its server sees it."""

    transport: asyncio.BaseTransport | None

    def sweep(self, now: float) -> None: ...
    def drain(self) -> None: ...


@dataclass(slots=True, eq=False)
class Door:
    """What all connections of one listener share."""

    policy: Policy
    gate: Gate
    accept: Accept
    loop: asyncio.AbstractEventLoop
    sessions: set[Connection] = field(default_factory=set)
    draining: bool = False


@dataclass(slots=True, eq=False)
class Awaited:
    """The place, among the replies, of the answer to a mail that the spool has not answered yet."""

    owed: int  # replies
    size: int
    reply: bytes = b""


class Mails(Commands):
    """The part of a connection that receives mails."""

    ahead = 1  # mails that may wait for the spool before the next command is read …
    ahead_bytes = 0  # … or bytes of them

    def __init__(self, door: Door) -> None:
        super().__init__(door.policy, door.gate, door.loop)
        self.door = door
        self.held = False  # commands wait: for a commit, for TLS
        self.awaited: deque[Awaited] = deque()  # mails that the spool has, unanswered; the oldest first
        self.waiting = 0  # bytes of these
        self.buffer = b""
        self.out: list[bytes | Awaited] = []  # replies, in order
        self.counted = 0  # our bytes in the gate's count
        self.moved = self.heard  # when the last whole command came, or bytes of a mail
        self.settled = self.heard  # when this connection was made, or last brought a mail

    @property
    def committing(self) -> bool:
        """Whether a mail that was handed over waits for its answer."""
        return bool(self.awaited)

    @abstractmethod
    def mail_answered(self) -> None:
        """Send what can be sent now that a mail has its answer, and go on; the client may be gone."""

    def take_mail(self) -> None:
        """The buffer into the mail under way, and what follows it back into the buffer."""
        body = self.body
        assert body is not None
        data = self.buffer
        self.buffer = b""
        rest = body.feed(data)
        self.count()
        if rest is not None:
            self.buffer = rest
            self._end_mail()
        elif not body.refusal:
            if body.over_limit():
                body.refuse(replies.TOO_BIG)
            elif self.gate.full(self.peer):
                body.refuse(replies.FULL)
            self.count()
        elif body.received > self.policy.smtp.max_size + _DRAINED:
            self.farewell = body.refusal
            self.forget_mail()

    def _end_mail(self) -> None:
        """The final dot is here: refuse, or hand over."""
        failpoint("smtp.dot_received")
        body = self.body
        assert body is not None
        refusal = body.refusal
        raw = b"" if refusal else body.take()
        self.body = None
        owed = self.replies_owed()
        if not refusal and len(raw) > self.policy.smtp.max_size:
            refusal = replies.TOO_BIG
        elif not refusal and not self.familiar and has_bare_newline(raw):
            refusal = replies.BARE_NEWLINE
        if refusal:
            self.tell("mail refused", reply=refusal[:10].decode("ascii"), sender=_shown(self.envelope))
            self.forget_mail()
            if refusal is replies.FULL:
                self.put_off()
            self.out.append((refusal if refusal is replies.FULL else self.refuse(refusal)) * owed)
            return
        envelope = self.envelope_of_mail()
        self.reset_transaction()
        try:
            future = asyncio.ensure_future(self.hand_over(envelope, raw))
        except Exception as e:  # noqa: BLE001 - as if the spool had said it
            self.count()
            self.out.append(self._trouble(e) * owed)
            return
        awaited = Awaited(owed, len(raw))
        self.awaited.append(awaited)
        self.waiting += awaited.size
        self.out.append(awaited)
        self.held = len(self.awaited) >= self.ahead or self.waiting > self.ahead_bytes
        self.count()
        future.add_done_callback(partial(self._answered, awaited))

    def put_off(self) -> None:
        """A mail was told to come again, before the spool heard of it."""

    def hand_over(self, envelope: Envelope, raw: bytes) -> Awaitable[str]:
        """To the spool."""
        return self.door.accept(envelope, raw)

    def replies_owed(self) -> int:
        """How many replies the end of the mail under way is to have."""
        return 1

    def envelope_of_mail(self) -> Envelope:
        """The envelope of the mail under way, at its end."""
        login = cast("Login | None", self.session.auth_data)
        open_ = self.envelope
        return Envelope(
            id="",
            received=datetime.now(UTC),
            door=self.kind,
            mail_from=open_.mail_from or "",
            rcpt_to=tuple(open_.rcpt_tos),
            peer=self.peer.host,
            helo=self.session.host_name or "",
            tls=self.tls,
            auth_user=login.user if login else "",
            auth_addresses=login.addresses if login else (),
            smtputf8=open_.smtp_utf8,
        )

    def _answered(self, awaited: Awaited, future: asyncio.Future[str]) -> None:
        """The spool has spoken; the client may be gone, then the mail is ours all the same."""
        self.awaited.remove(awaited)
        self.held = False
        self.waiting -= awaited.size
        self.count()
        try:
            reply = replies.queued(future.result())
            failpoint("smtp.before_reply")
            self.errors = self.junk = 0
            self.settled = self.loop.time()
        except (Exception, asyncio.CancelledError) as e:  # noqa: BLE001 - whatever it is, it is ours: 4xx
            reply = self._trouble(e)
        awaited.reply = reply * awaited.owed
        self.mail_answered()

    def _trouble(self, error: BaseException) -> bytes:
        """What the peer hears of our trouble; the log hears the rest."""
        if isinstance(error, Transient):
            _log.warning("mail not accepted", peer=self.peer.host, why=str(error)[:256])
        else:
            _log.error("mail not accepted", peer=self.peer.host, exc_info=error)
        return replies.FULL if isinstance(error, Full) else replies.TROUBLE

    def stumble(self) -> None:
        """After a fault of our own in the middle of a command or a mail: the peer is to try again."""
        self.forget_mail()
        self.step = None
        self.out.append(replies.COMMAND_TROUBLE)

    def count(self) -> None:
        """Tell the gate how many bytes of mails we hold."""
        held = self.waiting + (len(self.body) if self.body is not None else 0)
        self.gate.hold(self.peer, held - self.counted)
        self.counted = held

    def forget_mail(self) -> None:
        self.body = None
        self.count()
        self.reset_transaction()


def _shown(envelope: Any) -> str:
    """The sender for a log, without what stands behind its "+": it may be a token, and whoever reads it could use it."""
    local, at, domain = (envelope.mail_from or "").rpartition("@")
    detail = "+…" if "+" in local else ""
    return f"<{local.partition('+')[0]}{detail}{at}{domain}>"
