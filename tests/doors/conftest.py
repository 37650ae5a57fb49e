"""A listener in a thread of its own, with an `accept` that remembers, or with a real spool."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import uvloop

from mailgate.config import Config
from mailgate.intake.accept import Acceptor
from mailgate.intake.smtp import SmtpServer, serve_smtp
from mailgate.model import Envelope
from mailgate.spool import Spool


class Listener:
    """What a test holds of a running door: its port, and the mails it accepted."""

    def __init__(
        self, config: Config, accept: Callable[..., Any] | None = None, spool: Spool | None = None
    ) -> None:
        self.config = config
        self.mails: list[tuple[Envelope, bytes]] = []
        self.failure: Exception | None = None  # raised by the default accept instead of an answer
        self.gap = 0.0  # seconds that the default accept takes
        self._accept = accept
        self._spool = spool
        self._ready: Future[SmtpServer] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.server = self._ready.result(10)
        self.port = int(self.server.sockets[0].getsockname()[1])

    def _run(self) -> None:
        uvloop.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        accept = self._accept or (Acceptor(self._spool) if self._spool else self._remember)
        sock = socket.create_server(("127.0.0.1", 0))
        try:
            server = await serve_smtp(self.config, accept, sock=sock)
        except Exception as e:
            self._ready.set_exception(e)
            return
        self._ready.set_result(server)
        await self._stop.wait()
        await server.drain(2)

    async def _remember(self, envelope: Envelope, raw: bytes) -> str:
        await asyncio.sleep(self.gap)
        if self.failure:
            raise self.failure
        self.mails.append((envelope, raw))
        return f"id-{len(self.mails)}"

    def call(self, work: Any) -> Any:
        """Run a coroutine in the listener's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def close(self) -> None:
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)

    def connect(self, seconds: float = 5) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def talk(self, *parts: bytes, seconds: float = 5) -> bytes:
        """Send the parts at once after the greeting; everything that comes until the end."""
        with self.connect(seconds) as sock:
            sock.recv(1000)
            sock.sendall(b"".join(parts))
            received = b""
            while chunk := sock.recv(65_536):
                received += chunk
            return received


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Start listeners: `listen(smtp={...}, trust={...}, accept=…, spool=…)`."""
    started: list[Listener] = []

    def start(*, accept: Any = None, spool: Spool | None = None, **settings: Any) -> Listener:
        listener = Listener(Config(**settings), accept, spool)
        started.append(listener)
        return listener

    yield start
    for listener in started:
        listener.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A self-signed certificate for localhost, as settings of [smtp]."""
    folder: Path = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost"
    command += " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run([*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    return {"tls_cert": str(cert), "tls_key": str(key)}
