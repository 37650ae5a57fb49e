"""What the tests of the IMAP door share: a door over a real or scripted server, a spool that remembers, a wire that can be cut."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from doors.dovecot import PASSWORD, Dovecot

from mailgate.config import Config
from mailgate.errors import MailgateError
from mailgate.intake.imap.door import LEDGER, ImapDoor
from mailgate.intake.imap.hands import Mail
from mailgate.intake.imap.ledger import Ledger
from mailgate.model import Envelope


def mail(number: int, size: int = 0) -> bytes:
    head = (
        f"From: Ann <ann{number}@client.example>\r\nTo: support@example.com\r\nSubject: Mail {number}\r\n"
        f"Message-ID: <{number}@client.example>\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n\r\n"
    )
    line = f"{number} please help with my device, it is on fire again\r\n"
    return (head + line * max(1, size // len(line))).encode()


class Accepted:
    """An `accept` that remembers. `answer` may be replaced by what decides about one mail."""

    def __init__(self) -> None:
        self.mails: list[tuple[Envelope, bytes]] = []
        self.answer: Callable[[Envelope, bytes], MailgateError | None] = lambda _envelope, _raw: None
        self._lock = threading.Lock()

    def __call__(self, mails: Sequence[Mail]) -> Sequence[MailgateError | None]:
        answers = []
        for envelope, raw in mails:
            answer = self.answer(envelope, raw)
            if answer is None:
                with self._lock:
                    self.mails.append((envelope, raw))
            answers.append(answer)
        return answers

    @property
    def raws(self) -> list[bytes]:
        with self._lock:
            return [raw for _, raw in self.mails]


def account(port: int, user: str = "", **more: Any) -> dict[str, Any]:
    """An entry of [[imap]] for a server on this machine."""
    usual = {
        "name": "main", "host": "127.0.0.1", "port": port, "tls": "no", "user": user, "password": PASSWORD,
        "first": "all", "timeout": 5, "poll_seconds": 60,
    }  # fmt: skip
    return {**usual, **more}


class Doors:
    """Starts doors on one data folder, one after another, as a gateway that is started anew."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.accepted = Accepted()
        self._open: list[ImapDoor] = []

    def config(self, *accounts: dict[str, Any], **more: Any) -> Config:
        return Config(data_dir=self.data_dir, imap=list(accounts), **more)

    def start(self, *accounts: dict[str, Any], **more: Any) -> ImapDoor:
        door = ImapDoor(self.config(*accounts, **more), self.accepted)
        self._open.append(door)
        door.start()
        return door

    def stop(self) -> None:
        for door in self._open:
            assert door.close(15), "a thread did not end"
        self._open.clear()

    @contextlib.contextmanager
    def running(self, *accounts: dict[str, Any], **more: Any) -> Iterator[ImapDoor]:
        yield self.start(*accounts, **more)
        self.stop()

    def ledger(self) -> Ledger:
        return Ledger(self.data_dir / LEDGER, readonly=True)

    def state(self, name: str = "main", mailbox: str = "INBOX") -> Any:
        with contextlib.closing(self.ledger()) as ledger:
            return next((s for s in ledger.states() if (s.account, s.mailbox) == (name, mailbox)), None)

    def set_aside(self) -> list[tuple[str, str, int, int]]:
        with contextlib.closing(self.ledger()) as ledger:
            return ledger.set_aside()


def until(what: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait for something that comes by itself."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


class Proxy:
    """A TCP proxy before a server: it can cut each connection after so many bytes from the server, or go silent."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.cut_after = (
            0  # bytes from the server, all connections together; 0: never. Then one connection is cut.
        )
        self.passed = 0
        self.cuts = 0
        self.silent = False  # swallows everything, in both directions, of connections that are open
        self.connections = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self.silent = False
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with (
            near,
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self._target), 5) as far,
        ):
            self._pump(near, far)

    def _pump(self, near: socket.socket, far: socket.socket) -> None:
        deaf = False
        while True:
            readable, _, _ = select.select([near, far], [], [], 0.2)
            deaf = deaf or self.silent
            for source in readable:
                data = source.recv(65_536)
                if not data:
                    return
                if deaf:
                    continue
                if source is near:
                    far.sendall(data)
                    continue
                if self.cut_after and self.passed + len(data) >= self.cut_after:
                    near.sendall(data[: self.cut_after - self.passed])
                    self.cut_after, self.cuts = 0, self.cuts + 1
                    return
                self.passed += len(data)
                near.sendall(data)


def users(dovecot: Dovecot) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield dovecot.user(f"user{number}")
