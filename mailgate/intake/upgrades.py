"""STARTTLS (RFC 3207) and AUTH (RFC 4954): the two commands of a connection that take more than one step."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Coroutine
from typing import Any

import structlog
from aiosmtpd import smtp as aiosmtpd

from mailgate.intake import replies
from mailgate.intake.mails import Door, Mails

_TLS_SECONDS = 60.0
_MAX_RESPONSE = 16_384  # RFC 4954 §4.5 asks for 12,288 octets a line
_log = structlog.get_logger("mailgate.intake")


class Upgrades(Mails):
    """The part of a connection that becomes encrypted and authenticated."""

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self.wire: asyncio.Transport
        self.gone = False
        self._task: asyncio.Task[None] | None = None
        self._authenticating = False

    @abstractmethod
    def resume(self) -> None:
        """Go on with the commands that waited."""

    def feed_exchange(self, data: bytes) -> bool:
        """Bytes for an AUTH under way; False when there is none."""
        if self._authenticating:
            self._reader.feed_data(data)
        return self._authenticating

    def end_exchange(self) -> None:
        """The connection is gone."""
        if self._task is not None:
            self._task.cancel()

    def begin_tls(self) -> None:
        self._begin(self._start_tls())

    def begin_auth(self, argument: str) -> None:
        self._auth_methods = {
            "PLAIN": aiosmtpd._AuthMechAttr(self.auth_PLAIN, True),
            "LOGIN": aiosmtpd._AuthMechAttr(self.auth_LOGIN, True),
        }
        self._reader = asyncio.StreamReader(limit=_MAX_RESPONSE, loop=self.loop)
        self._reader.feed_data(self.buffer)
        self.buffer = b""
        self._authenticating = True
        self._begin(self._run_auth(argument))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self.held = True
        self._task = self.loop.create_task(work)

    async def _start_tls(self) -> None:
        assert self.policy.tls is not None
        # What came in clear behind STARTTLS is nobody's (RFC 3207 §4.2, CVE-2024-34083). start_tls takes the transport
        # over before it first waits, so nothing can come between.
        self.buffer = b""
        try:
            wire = await self.loop.start_tls(
                self.wire, self, self.policy.tls, server_side=True, ssl_handshake_timeout=_TLS_SECONDS
            )
        except Exception as e:  # noqa: BLE001 - the peer's handshake, or a transport that has just gone
            _log.info("TLS handshake failed", peer=self.peer.host, why=str(e)[:256])
            self._task = None
            self.wire.abort()
            self.connection_lost(None)  # a handshake that failed tells nobody
            return
        if wire is None or self.gone:
            return
        self.wire = wire
        self.transport = wire
        self.tls = True
        self.session.host_name = None  # RFC 3207 §4.2: it all begins anew
        self.reset_transaction()
        self._finish()

    async def _run_auth(self, argument: str) -> None:
        try:
            await self.smtp_AUTH(argument)
        except (ValueError, UnicodeError) as e:  # a line over the limit; words that are no text
            _log.info("AUTH failed", peer=self.peer.host, why=str(e)[:256])
            await self.push(self.fault(replies.SYNTAX_AUTH).rstrip())
        except Exception:  # noqa: BLE001 - our own bug must be "try again"
            _log.exception("AUTH failed", peer=self.peer.host)
            await self.push(replies.COMMAND_TROUBLE.rstrip())
        self._authenticating = False
        self.buffer = bytes(self._reader._buffer)  # type: ignore[attr-defined]
        if self.errors > self.policy.smtp.max_errors:
            self.farewell = replies.TOO_MANY_ERRORS
        self._finish()

    def _finish(self) -> None:
        self._task = None
        self.held = False
        self.resume()

    async def push(self, status: str | bytes) -> None:
        """How aiosmtpd's AUTH replies."""
        if not self.gone and status:
            self.wire.write((status.encode() if isinstance(status, str) else status) + b"\r\n")
