"""STARTTLS (RFC 3207), TLS from the first byte on (RFC 8314) and AUTH (RFC 4954): how a connection becomes encrypted and authenticated."""

from __future__ import annotations

import asyncio
import binascii
from abc import abstractmethod
from base64 import b64decode
from collections.abc import Coroutine
from typing import Any, cast

from mailgate.intake import replies
from mailgate.intake.conduct import Login
from mailgate.intake.mails import Door, Mails
from mailgate.intake.policy import AUTH_ERROR_WEIGHT

_TLS_SECONDS = 60.0


class Upgrades(Mails):
    """The part of a connection that becomes encrypted and authenticated."""

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self.wire: asyncio.Transport
        self.gone = False
        self.shaking_hands: asyncio.Task[None] | None = None  # TLS is being set up
        self._user = b""

    @abstractmethod
    def resume(self) -> None:
        """Go on with the commands that waited."""

    # ------------------------------------------------ STARTTLS

    def starttls(self, argument: bytes) -> bytes:
        if self.policy.tls is None:
            return self.fault(replies.NOT_IMPLEMENTED)
        if argument.strip():
            return self.fault(replies.NO_ARGUMENT)
        if self.tls:
            return self.fault(replies.TLS_ALREADY)
        self.held = True
        self.shaking_hands = self.loop.create_task(self._start_tls())
        return replies.GO_TLS

    def begin_with_tls(self) -> None:
        """The handshake first, then the greeting."""
        self.held = True
        self.wire.pause_reading()
        self.shaking_hands = self.loop.create_task(self._start_tls(self.policy.greeting))

    async def _start_tls(self, greeting: bytes = b"") -> None:
        assert self.policy.tls is not None
        patience = min(_TLS_SECONDS, self.policy.smtp.timeout)
        handshake = self.loop.start_tls(
            self.wire, self, self.policy.tls, server_side=True, ssl_handshake_timeout=patience
        )
        if not greeting:
            # What came in clear behind STARTTLS is nobody's (RFC 3207 §4.2, CVE-2024-34083). start_tls takes the transport
            # over before it first waits, so nothing can come between.
            self.buffer = b""
        try:
            wire = await (self._with_first_bytes(handshake) if greeting else handshake)
        except Exception as e:  # noqa: BLE001 - the peer's handshake, or a transport that has just gone
            self.tell("TLS handshake failed", why=str(e)[:256])
            self.shaking_hands = None
            self.wire.abort()
            self.connection_lost(None)  # a handshake that failed tells nobody
            return
        self.shaking_hands = None
        if wire is None or self.gone:
            return
        self.wire = wire
        self.transport = wire
        self.tls = True
        self._begin_anew()
        self.held = False
        self.heard = self.moved = self.loop.time()
        if self.door.draining:
            self.farewell = replies.SHUTDOWN
        elif greeting:
            self.out.append(greeting)
        self.resume()

    async def _with_first_bytes(
        self, handshake: Coroutine[Any, Any, asyncio.Transport | None]
    ) -> asyncio.Transport | None:
        """A handshake that the peer began before we could: uvloop reads as soon as connection_made has returned, whatever
        it asked for. What came goes to the protocol that start_tls has put in our place, before it reads itself."""
        under_way = self.loop.create_task(handshake)
        await asyncio.sleep(0)  # start_tls takes over, and schedules its connection_made …
        await asyncio.sleep(0)  # … which runs before we go on
        data, self.buffer = memoryview(self.buffer), b""
        reader = cast(asyncio.BufferedProtocol, self.wire.get_protocol())  # uvloop's is no subclass
        while data and hasattr(reader, "get_buffer"):
            room = memoryview(reader.get_buffer(len(data)))
            taken = min(len(room), len(data))
            room[:taken] = data[:taken]
            reader.buffer_updated(taken)
            data = data[taken:]
        return await under_way

    def _begin_anew(self) -> None:
        """Forget what the peer said in clear, its name and its login (RFC 3207 §4.2); its faults stay counted."""
        self.session.host_name = None
        self.session.extended_smtp = False
        self.session.authenticated = self.session.auth_data = None
        self.reset_transaction()

    # ------------------------------------------------ AUTH

    def auth(self, argument: bytes) -> bytes:
        """A password never travels in clear but on loopback."""
        if not self.policy.smtp.users:
            return self.fault(replies.NOT_IMPLEMENTED)
        if not (self.tls or self.peer.loopback):
            return self.fault(replies.NEED_TLS)
        if not (self.session.host_name and self.session.extended_smtp):
            return self.fault(replies.HELLO_FIRST)
        if self.session.authenticated:
            return self.fault(replies.AUTH_ALREADY)
        if self.envelope.mail_from is not None:
            return self.fault(replies.BAD_SEQUENCE)
        mechanism, *response = argument.split() or [b""]
        if not mechanism or len(response) > 1:
            return self.fault(replies.SYNTAX_AUTH)
        steps = {b"PLAIN": (self._plain, replies.SAY_ON), b"LOGIN": (self._login_user, replies.SAY_USER)}
        if mechanism.upper() not in steps:
            return self.fault(replies.UNKNOWN_MECHANISM)
        if self.peer.network and self.gate.faults.spent(self.peer.network, self.heard):
            return self.chore(replies.TOO_MANY_GUESSES)
        self.step, challenge = steps[mechanism.upper()]
        return self.answer(b"" if response[0] == b"=" else response[0]) if response else challenge

    def answer(self, line: bytes) -> bytes:
        """The reply to a line of the exchange (RFC 4954 §4), without its line end."""
        step, self.step = self.step, None
        assert step is not None
        if line == b"*":
            return self.fault(replies.AUTH_CANCELLED)
        try:
            return step(b64decode(line, validate=True))
        except binascii.Error:
            return self.fault(replies.BAD_BASE64)

    def _plain(self, response: bytes) -> bytes:
        """RFC 4616: authorisation identity (not used here), name and password."""
        words = response.split(b"\0")
        return self._log_in(words[1], words[2]) if len(words) == 3 else self.fault(replies.BAD_BASE64)

    def _login_user(self, response: bytes) -> bytes:
        self._user = response
        self.step = self._login_password
        return replies.SAY_PASSWORD

    def _login_password(self, response: bytes) -> bytes:
        return self._log_in(self._user, response)

    def _log_in(self, user: bytes, password: bytes) -> bytes:
        login = self.policy.login(user, password)
        if login is None:
            self.tell("login refused")
            return self.fault(replies.BAD_LOGIN, AUTH_ERROR_WEIGHT)
        self.session.authenticated = True
        self.session.auth_data = Login(*login)
        return replies.LOGGED_IN
