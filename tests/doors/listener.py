"""A listener in a thread of its own, with an `accept` that remembers, or with a real spool; and talking to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import uvloop

from mailgate.config import Config
from mailgate.handover import short_path
from mailgate.intake.accept import Acceptor
from mailgate.intake.gate import Gate
from mailgate.intake.lmtp_server import serve_lmtp, unix_socket
from mailgate.intake.smtp import SmtpServer, serve_smtp
from mailgate.model import Envelope
from mailgate.spool import Spool

HELLO = b"EHLO client.example\r\n"
MAIL = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<support@example.com>\r\n"
STRANGERS: dict[str, Any] = {"networks": [], "upstreams": []}  # as [trust]: nobody is known
RELAY: dict[str, Any] = {"networks": [], "upstreams": ["127.0.0.0/8"]}  # all are relays in front of us
OWN: dict[str, Any] = {"networks": ["127.0.0.0/8"], "upstreams": []}  # all are devices of our own
USERS = {"scan": {"password": "password1", "addresses": ["scan@example.com"]}}
GOOD_LOGIN = b"AUTH PLAIN AHNjYW4AcGFzc3dvcmQx\r\n"
WRONG_LOGIN = b"AUTH PLAIN AHNjYW4AcGFzc3dvcmQy\r\n"


class Listener:
    """What a test holds of a running door: its port, and the mails it accepted."""

    def __init__(
        self,
        config: Config,
        accept: Callable[..., Any] | None = None,
        spool: Spool | None = None,
        door: str = "smtp",
    ) -> None:
        self.config = config
        self.door = door
        self.mails: list[tuple[Envelope, bytes]] = []
        self.failure: Exception | None = None  # raised by the default accept instead of an answer
        self.gap = 0.0  # seconds that the default accept takes
        self._accept = accept
        self._spool = spool
        self._ready: Future[SmtpServer] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.server = self._ready.result(10)
        self.port = 0 if door == "unix" else int(self.server.sockets[0].getsockname()[1])

    def _run(self) -> None:
        uvloop.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        accept = self._accept or (Acceptor(self._spool) if self._spool else self._remember)
        try:
            server = await self._server(accept)
        except Exception as e:
            self._ready.set_exception(e)
            return
        self._ready.set_result(server)
        await self._stop.wait()
        await server.drain(2)

    async def _server(self, accept: Any) -> SmtpServer:
        """On a free port of loopback; the door "unix" is LMTP on the socket of the settings."""
        if self.door == "smtp":
            # with port 0 the door binds its own sockets, as the settings say
            free = socket.create_server(("127.0.0.1", 0)) if self.config.smtp.port else None
            return await serve_smtp(self.config, accept, sock=free)
        if self.door == "unix":
            sock = unix_socket(self.config.lmtp_socket, int(self.config.lmtp.socket_mode, 8))
        else:
            sock = socket.create_server(("127.0.0.1", 0))
        return await serve_lmtp(self.config, accept, Gate(self.config.smtp), sock=sock)

    async def _remember(self, envelope: Envelope, raw: bytes, line: object = None) -> str:
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

    def sweep(self, seconds: float) -> None:
        """What the clock of the door does, as if so many seconds had gone by."""

        async def work() -> None:
            for session in list(self.server.door.sessions):
                session.sweep(self.loop.time() + seconds)

        self.call(work())

    def connect(self, seconds: float = 10, source: str = "127.0.0.1") -> socket.socket:
        """`source`: any address of 127.0.0.0/8; each /24 of it is another network to the door."""
        if self.door == "unix":
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(seconds)
            with short_path(self.config.lmtp_socket) as name:
                sock.connect(name)
            return sock
        return socket.create_connection(("127.0.0.1", self.port), seconds, (source, 0))

    def talk(self, *parts: bytes, seconds: float = 10, source: str = "127.0.0.1") -> bytes:
        """Send the parts at once after the greeting; everything that comes until the end."""
        with self.connect(seconds, source) as sock:
            sock.recv(1000)
            sock.sendall(b"".join(parts))
            received = b""
            while chunk := sock.recv(65_536):
                received += chunk
            return received


def listeners() -> Iterator[Callable[..., Listener]]:
    """The body of a fixture that starts listeners: `listen(smtp={...}, trust={...}, accept=…, spool=…)`."""
    started: list[Listener] = []

    def start(
        *, accept: Any = None, spool: Spool | None = None, door: str = "smtp", **settings: Any
    ) -> Listener:
        listener = Listener(Config(**settings), accept, spool, door)
        started.append(listener)
        return listener

    yield start
    for listener in started:
        listener.close()


_APART = """
import asyncio, json, resource, sys
from pathlib import Path
from mailgate import log
from mailgate.config import Config, Log
from mailgate.intake.accept import Acceptor
from mailgate.intake.smtp import serve_smtp
from mailgate.spool import Spool

async def main():
    settings, files = json.loads(sys.argv[1])
    if files:
        resource.setrlimit(resource.RLIMIT_NOFILE, tuple(files))
    log.set_up(Log(level="info", format="json"))
    config = Config(**settings)
    spool = Spool(Path(config.data_dir) / "spool.db", config.spool)
    server = await serve_smtp(config, Acceptor(spool))
    print(server.sockets[0].getsockname()[1], resource.getrlimit(resource.RLIMIT_NOFILE)[0], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.drain(2)
    spool.close()

import uvloop
uvloop.run(main())
"""


class Apart:
    """A listener with a spool in a process of its own; its log is in `log`."""

    def __init__(self, folder: Path, files: tuple[int, int] | None, settings: dict[str, Any]) -> None:
        settings = {**settings, "data_dir": str(folder), "smtp": {**settings.get("smtp", {}), "port": 0}}
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _APART, json.dumps([settings, files])],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=Path(__file__).parents[2],
            )  # fmt: skip
        assert self.process.stdout is not None
        self.port, self.files = map(int, self.process.stdout.readline().split())

    def lines(self) -> list[dict[str, Any]]:
        """The log so far; fails where a line is not one JSON object."""
        return [json.loads(line) for line in self.log.read_bytes().splitlines()]


@contextlib.contextmanager
def apart(folder: Path, *, files: tuple[int, int] | None = None, **settings: Any) -> Iterator[Apart]:
    """Run one. `files`: its soft and hard limit of open files. It must still live at the end."""
    listener = Apart(folder, files, settings)
    try:
        yield listener
        assert listener.process.poll() is None, listener.log.read_text()
    finally:
        listener.process.communicate(timeout=30)


def certify(folder: Path) -> dict[str, str]:
    """A self-signed certificate for localhost, as settings of [smtp]."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost"
    command += " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run([*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    return {"tls_cert": str(cert), "tls_key": str(key)}


def client_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def codes(replies: bytes) -> list[str]:
    return [line[:3].decode() for line in replies.splitlines() if line[3:4] == b" "]


def everything(sock: socket.socket) -> bytes:
    """What comes until the end of the connection, however it ends."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while chunk := sock.recv(65_536):
            received += chunk
    return received


def until(sock: socket.socket, end: bytes) -> bytes:
    """What comes up to `end`."""
    received = b""
    while end not in received:
        chunk = sock.recv(65_536)
        assert chunk, f"closed before {end!r}: {received!r}"
        received += chunk
    return received


def eventually(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
