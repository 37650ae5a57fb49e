"""One SMTP connection: bytes from the transport to commands and mails, replies back.

Laws: everything happens in the callback that brought the bytes, no task a connection; replies to what came together go
out together; a mail handed to `accept` is on its way whatever becomes of the connection (rule 1.1); nothing a peer
sends or leaves unsent grows without limit.
"""

from __future__ import annotations

import asyncio
from typing import cast

import structlog

from mailgate.intake import replies
from mailgate.intake.commands import MAX_RESPONSE
from mailgate.intake.grammar import MAX_LINE
from mailgate.intake.mails import Awaited, Door
from mailgate.intake.policy import Peer
from mailgate.intake.upgrades import Upgrades

# While a commit is under way, so much of what a peer sends ahead is kept; then TCP makes it wait.
_AHEAD = 65_536
# How far, in seconds, a stranger's mail may fall behind smtp.min_rate, and what is left of that patience when the house
# is crowded. A burst earns nothing for later: large mails that come to a stop would hold the memory of all.
_PATIENCE = 180.0  # RFC 5321 §4.5.3.2.5
_PATIENCE_CROWDED = 60.0
_LINGER = 30.0  # for a peer to read its last reply

_log = structlog.get_logger("mailgate.intake")


class SmtpSession(Upgrades):
    """The protocol of one connection."""

    def __init__(self, door: Door, *, tls_first: bool = False, peer: Peer | None = None) -> None:
        """`tls_first`: TLS from the first byte on (RFC 8314). `peer`: who a proxy says it is."""
        super().__init__(door)
        self._tls_first = tls_first
        self._named = peer
        self._entered = False  # the gate counts us
        self._skipping = False  # the rest of a line that is too long
        self._deaf = False  # the peer does not read its replies
        self._reading = True
        self._eof = False
        self._parted = 0.0  # when we closed
        self._due = 0.0  # up to when the mail under way has kept the pace that is asked for
        self._seen = 0  # bytes of it, at the last sweep

    # ------------------------------------------------ from the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = cast(asyncio.Transport, transport)
        self.transport = transport
        name = transport.get_extra_info("peername")
        self.peer = self._named or self.policy.peer(str(name[0]) if isinstance(name, tuple) else "")
        self.session.peer = self.peer.host
        self.door.sessions.add(self)
        if self.door.draining:
            self._turn_away(replies.SHUTDOWN)
        elif self.gate.enter(self.peer):
            self._entered = True
            if self._tls_first:
                self.begin_with_tls()
            else:
                self.wire.write(self.policy.greeting)
        else:
            self.tell("connection refused", inside=self.gate.inside)
            self._turn_away(replies.BUSY)

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        self.buffer = self.buffer + data if self.buffer else data
        if self.held:
            self._regulate()
        else:
            self._pump()

    def eof_received(self) -> bool:
        self._eof = True
        if not self.committing:
            self._close()
        return not self.tls  # a half-closed connection still gets the answer to its last mail

    def connection_lost(self, error: Exception | None) -> None:
        if self.gone:
            return
        self.gone = True
        self.transport = None
        self.door.sessions.discard(self)
        if self._entered:
            self.gate.leave(self.peer)
        if self.shaking_hands is not None:
            self.shaking_hands.cancel()
        self.body = None
        self.buffer = b""
        self.count()

    def pause_writing(self) -> None:
        self._deaf = True
        self._regulate()

    def resume_writing(self) -> None:
        self._deaf = False
        self.resume()

    # ------------------------------------------------ from the server

    def sweep(self, now: float) -> None:
        """Called every few seconds: end what is silent for too long, crawls, or stays without bringing a mail."""
        if self.committing:
            return
        silent = now - self.heard
        if self.shaking_hands is not None:
            if silent > self.policy.smtp.timeout:
                self.wire.abort()  # without a reply: in clear it has no place in a handshake
                self.connection_lost(None)  # which tells nobody that it was aborted
        elif self.wire.is_closing():
            if now - self._parted > min(_LINGER, self.policy.smtp.timeout):
                self.wire.abort()  # it never read its last reply
        elif reply := self._overstays(now):
            self.tell("connection timed out", in_data=self.body is not None, reply=reply[:9].decode("ascii"))
            self._say_goodbye(reply)

    def drain(self) -> None:
        """End the connection as soon as nothing is in hand."""
        if not self.held and self.body is None:
            self._say_goodbye(replies.SHUTDOWN)

    def _overstays(self, now: float) -> bytes:
        """The last reply to a peer whose time is over, b"" while it is not."""
        smtp = self.policy.smtp
        if self.body is not None:
            if now - self.heard > smtp.timeout:
                return replies.SILENT
            return replies.SLOW if self._crawls(now, self.body.received) else b""
        if now - self.moved > smtp.timeout:  # a command that drips in is as good as silence
            return replies.SILENT
        late = now - max(self.settled, self._due) > smtp.timeout_without_mail
        return replies.NO_MAIL if late and not self.familiar else b""

    def _crawls(self, now: float, received: int) -> bool:
        """Whether a stranger's mail has fallen too far behind the pace. To be asked at every sweep."""
        rate = self.policy.smtp.min_rate
        if not rate or self.familiar:
            return False
        self._due = min(now, self._due + (received - self._seen) / rate)
        self._seen = received
        return now - self._due > (_PATIENCE_CROWDED if self.gate.crowded else _PATIENCE)

    # ------------------------------------------------ from the other parts of the connection

    def mail_answered(self) -> None:
        if self.gone:
            return
        self.heard = self.moved = self.loop.time()
        if self.door.draining:
            self.farewell = replies.SHUTDOWN
        self.resume()
        if self._eof and not self.committing:
            self._close()

    def resume(self) -> None:
        if not self.held:
            self._pump()
        self._regulate()

    # ------------------------------------------------ bytes to commands and mails

    def _pump(self) -> None:
        """Work through what has come until it runs out or something must be awaited; then reply to all of it."""
        while self.buffer and not (self.held or self._deaf or self.farewell):
            try:
                if self.body is not None:
                    self.take_mail()
                    self.moved = self.heard
                elif not self._take_line():
                    break
            except Exception:  # noqa: BLE001 - our own bug must be "try again" to the peer, never a dropped line
                _log.exception("a command failed", peer=self.peer.host)
                self.stumble()
        self._flush()

    def _take_line(self) -> bool:
        """One command of the buffer; False when there is no whole one."""
        buffer = self.buffer
        end = buffer.find(b"\n") + 1
        limit = MAX_LINE if self.step is None else MAX_RESPONSE
        if not end:
            if len(buffer) > limit:
                self._skipping = True
                self.buffer = b""
            return False
        self.buffer = buffer[end:]
        self.moved = self.heard
        if self._skipping or end > limit:
            self._skipping = False
            reply = self.fault(replies.LINE_TOO_LONG)
        else:
            reply = self.command(buffer[:end])
        if reply:
            self.out.append(reply)
            if self.body is not None:
                self._due = self.heard
                self._seen = 0
        return True

    # ------------------------------------------------ keeping within bounds

    def _regulate(self) -> None:
        """Read from the peer, or let TCP make it wait."""
        wanted = not self._deaf and not (self.held and len(self.buffer) > _AHEAD)
        if wanted == self._reading or self.wire.is_closing():
            return
        self._reading = wanted
        if wanted:
            self.wire.resume_reading()
        else:
            self.wire.pause_reading()

    def _flush(self) -> None:
        """Send the replies up to the first mail that waits for its answer; the last one of all, when none does."""
        last = bool(self.farewell) and not self.awaited
        if last:
            self.out.append(self.farewell)
        ready = []
        for each in self.out:
            reply = each.reply if isinstance(each, Awaited) else each
            if not reply:
                break
            ready.append(reply)
        if ready:
            del self.out[: len(ready)]
            self.wire.write(ready[0] if len(ready) == 1 else b"".join(ready))
        if last:
            self.held = True
            self._close()

    def _close(self) -> None:
        self._parted = self.loop.time()
        self.wire.close()

    def _turn_away(self, reply: bytes) -> None:
        if self._tls_first:  # which has no word for it before the handshake
            self.held = True
            self._close()
        else:
            self._say_goodbye(reply)

    def _say_goodbye(self, reply: bytes) -> None:
        self.farewell = reply
        self._flush()
