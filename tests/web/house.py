"""The HTTP door in a thread of this process, with an `accept` that remembers, or with a real listener behind it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from mailgate.config import Config
from mailgate.model import Envelope
from mailgate.web import door, server
from mailgate.web.health import Health

KEY = "a key of thirty-two characters.."
MAIL = b"From: bob@b.example\r\nSubject: Trouble\r\n\r\nHelp\r\n"
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "message/rfc822"}


class Answer:
    """What came back."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The word for programs, "" where it went well."""
        return str(self.json.get("error", ""))


class Web:
    """A running door."""

    def __init__(self, config: Config, accept: Callable[..., Any] | None = None, app: Any = None) -> None:
        self.config = config
        self.mails: list[tuple[Envelope, bytes]] = []
        self.failure: Exception | None = None
        self.health = Health(config)
        self._app = app or door.make(config, accept or self._remember, self.health)
        self._ready: Future[None] = Future()
        self._sock = server.bind(config)
        self.port = int(self._sock.getsockname()[1])
        self._server = server.make(self._app, config, lambda: self._ready.set_result(None))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.result(10)

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._sock]))

    async def _remember(self, envelope: Envelope, raw: bytes) -> str:
        if self.failure:
            raise self.failure
        self.mails.append((envelope, raw))
        return f"id-{len(self.mails)}"

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, dict(headers or {}), **options)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def post(self, body: Any = MAIL, path: str = "/v1/messages", **headers: str) -> Answer:
        """A mail with the key; `headers` with "_" for "-" go over the usual ones, "" leaves one out."""
        given = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, body, {name: value for name, value in given.items() if value})

    def connect(self) -> socket.socket:
        """A plain connection."""
        return socket.create_connection(("127.0.0.1", self.port), 20)

    def talk(self, sent: bytes) -> bytes:
        """Send bytes as they are; everything that comes until the end."""
        with self.connect() as sock:
            received = b""
            with contextlib.suppress(ConnectionError):
                sock.sendall(sent)
                while chunk := sock.recv(65_536):
                    received += chunk
            return received

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self.health.close()


def webs(folder: Path) -> Iterator[Callable[..., Web]]:
    """The body of a fixture: `web(keys=…, timeout=…, smtp={…}, accept=…)`; other names are keys of [web]."""
    running: list[Web] = []

    def start(
        *,
        accept: Any = None,
        smtp: dict[str, Any] | None = None,
        spool: dict[str, Any] | None = None,
        **web: Any,
    ) -> Web:
        web.setdefault("keys", [{"name": "shop", "key": KEY}])
        config = Config(data_dir=folder, smtp=smtp or {}, spool=spool or {}, web={"port": 0, **web})
        running.append(Web(config, accept))
        return running[-1]

    yield start
    for each in running:
        each.close()


def eventually(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
