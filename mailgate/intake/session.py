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
from mailgate.intake.grammar import MAX_LINE
from mailgate.intake.mails import Door
from mailgate.intake.upgrades import Upgrades

# While a commit is under way, so much of what a peer sends ahead is kept; then TCP makes it wait.
_AHEAD = 65_536
# Patience with a mail that crawls in, when the house is crowded (Postfix: smtpd_min_data_rate).
_MIN_RATE = 500
_GRACE = 60.0

_log = structlog.get_logger("mailgate.intake")


class SmtpSession(Upgrades):
    """The protocol of one connection."""

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self._entered = False  # the gate counts us
        self._skipping = False  # the rest of a line that is too long
        self._deaf = False  # the peer does not read its replies
        self._reading = True
        self._eof = False
        self._began = 0.0  # of the mail under way

    # ------------------------------------------------ from the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = cast(asyncio.Transport, transport)
        self.transport = transport
        name = transport.get_extra_info("peername")
        self.peer = self.policy.peer(str(name[0]) if isinstance(name, tuple) else "")
        self.session.peer = self.peer.host
        self.door.sessions.add(self)
        if self.door.draining:
            self._say_goodbye(replies.SHUTDOWN)
        elif self.gate.enter(self.peer.client):
            self._entered = True
            self.wire.write(self.policy.greeting)
        else:
            _log.info("connection refused", peer=self.peer.host, inside=self.gate.inside)
            self._say_goodbye(replies.BUSY)

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        if self.feed_exchange(data):
            return
        self.buffer = self.buffer + data if self.buffer else data
        if self.held:
            self._regulate()
        else:
            self._pump()

    def eof_received(self) -> bool:
        self._eof = True
        if not self.committing:
            self.wire.close()
        return not self.tls  # a half-closed connection still gets the answer to its last mail

    def connection_lost(self, error: Exception | None) -> None:
        if self.gone:
            return
        self.gone = True
        self.transport = None
        self.door.sessions.discard(self)
        if self._entered:
            self.gate.leave(self.peer.client)
        if not self.committing:
            self.release()
        self.end_exchange()
        self.body = None
        self.buffer = b""

    def pause_writing(self) -> None:
        self._deaf = True
        self._regulate()

    def resume_writing(self) -> None:
        self._deaf = False
        self.resume()

    # ------------------------------------------------ from the server

    def sweep(self, now: float) -> None:
        """Called every few seconds: end what has been silent for too long, or crawls while others wait."""
        if self.committing:
            return
        silent = now - self.heard > self.policy.smtp.timeout
        if self.wire.is_closing():
            if silent:
                self.wire.abort()  # it never read its last reply
        elif silent or self._crawls(now):
            _log.info("connection timed out", peer=self.peer.host, in_data=self.body is not None)
            self._say_goodbye(replies.SILENT)

    def drain(self) -> None:
        """End the connection as soon as nothing is in hand."""
        if not self.held and self.body is None:
            self._say_goodbye(replies.SHUTDOWN)

    def _crawls(self, now: float) -> bool:
        elapsed = now - self._began
        return (
            self.body is not None
            and not self.peer.trusted
            and self.gate.crowded
            and elapsed > _GRACE
            and self.counted < elapsed * _MIN_RATE
        )

    # ------------------------------------------------ from the other parts of the connection

    def mail_answered(self, reply: bytes) -> None:
        if self.gone:
            return
        self.heard = self.loop.time()
        self.out.append(reply)
        if self.door.draining:
            self.farewell = replies.SHUTDOWN
        self.resume()
        if self._eof and not self.committing:
            self.wire.close()

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
                elif not self._take_line():
                    break
            except Exception:  # noqa: BLE001 - our own bug must be "try again" to the peer, never a dropped line
                _log.exception("a command failed", peer=self.peer.host)
                self.forget_mail()
                self.out.append(replies.COMMAND_TROUBLE)
        self._flush()

    def _take_line(self) -> bool:
        """One command of the buffer; False when there is no whole one."""
        buffer = self.buffer
        end = buffer.find(b"\n") + 1
        if not end:
            if len(buffer) > MAX_LINE:
                self._skipping = True
                self.buffer = b""
            return False
        self.buffer = buffer[end:]
        if self._skipping or end > MAX_LINE:
            self._skipping = False
            reply = self.fault(replies.LINE_TOO_LONG)
        else:
            reply = self.command(buffer[:end])
        if reply:
            self.out.append(reply)
            if self.body is not None:
                self._began = self.heard
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
        if self.farewell:
            self.out.append(self.farewell)
        if self.out:
            self.wire.write(self.out[0] if len(self.out) == 1 else b"".join(self.out))
            self.out.clear()
        if self.farewell:
            self.held = True
            self.wire.close()

    def _say_goodbye(self, reply: bytes) -> None:
        self.farewell = reply
        self._flush()
