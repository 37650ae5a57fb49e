"""DATA: a mail on its way in, its hand-over to `accept`, and the answer.

Law: a mail handed over is on its way whatever becomes of the connection; nothing here ever cancels it (rule 1.1).
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
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

Accept = Callable[[Envelope, bytes], Awaitable[str]]

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


class Mails(Commands):
    """The part of a connection that receives mails."""

    def __init__(self, door: Door) -> None:
        super().__init__(door.policy, door.gate, door.loop)
        self.door = door
        self.held = False  # commands wait: for a commit, for TLS
        self.committing = False
        self.buffer = b""
        self.out: list[bytes] = []
        self.counted = 0  # our bytes in the gate's count
        self.owed = 1  # replies to the mail under way
        self.moved = self.heard  # when the last whole command came, or bytes of a mail
        self.settled = self.heard  # when this connection was made, or last brought a mail

    @abstractmethod
    def mail_answered(self, reply: bytes) -> None:
        """Send the answer to the mail that was handed over, and go on; the client may be gone."""

    def take_mail(self) -> None:
        """The buffer into the mail under way, and what follows it back into the buffer."""
        body = self.body
        assert body is not None
        data = self.buffer
        self.buffer = b""
        rest = body.feed(data)
        self.count(len(body))
        if rest is not None:
            self.buffer = rest
            self._end_mail()
        elif not body.refusal:
            if body.over_limit():
                body.refuse(replies.TOO_BIG)
            elif self.gate.full(self.peer):
                body.refuse(replies.FULL)
            self.count(len(body))
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
        self.owed = self.replies_owed()
        if not refusal and len(raw) > self.policy.smtp.max_size:
            refusal = replies.TOO_BIG
        elif not refusal and not self.familiar and has_bare_newline(raw):
            refusal = replies.BARE_NEWLINE
        if refusal:
            self.tell("mail refused", reply=refusal[:10].decode("ascii"), sender=_shown(self.envelope))
            self.forget_mail()
            self.out.append((refusal if refusal is replies.FULL else self.refuse(refusal)) * self.owed)
            return
        envelope = self.envelope_of_mail()
        self.reset_transaction()
        self.held = self.committing = True
        try:
            asyncio.ensure_future(self.door.accept(envelope, raw)).add_done_callback(self._answered)
        except Exception as e:  # noqa: BLE001 - as if the spool had said it
            self.committing = self.held = False
            self.release()
            self.out.append(self._trouble(e) * self.owed)

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
            door="smtp",
            mail_from=open_.mail_from or "",
            rcpt_to=tuple(open_.rcpt_tos),
            peer=self.peer.host,
            helo=self.session.host_name or "",
            tls=self.tls,
            auth_user=login.user if login else "",
            auth_addresses=login.addresses if login else (),
            smtputf8=open_.smtp_utf8,
        )

    def _answered(self, future: asyncio.Future[str]) -> None:
        """The spool has spoken; the client may be gone, then the mail is ours all the same."""
        self.committing = self.held = False
        self.release()
        try:
            reply = replies.queued(future.result())
            failpoint("smtp.before_reply")
            self.errors = self.junk = 0
            self.settled = self.loop.time()
        except (Exception, asyncio.CancelledError) as e:  # noqa: BLE001 - whatever it is, it is ours: 4xx
            reply = self._trouble(e)
        self.mail_answered(reply * self.owed)

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

    def count(self, held: int) -> None:
        self.gate.hold(self.peer, held - self.counted)
        self.counted = held

    def release(self) -> None:
        self.count(0)

    def forget_mail(self) -> None:
        self.body = None
        self.release()
        self.reset_transaction()


def _shown(envelope: Any) -> str:
    """The sender for a log, without what stands behind its "+": it may be a token, and whoever reads it could use it."""
    local, at, domain = (envelope.mail_from or "").rpartition("@")
    detail = "+…" if "+" in local else ""
    return f"<{local.partition('+')[0]}{detail}{at}{domain}>"
