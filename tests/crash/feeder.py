"""Mail that pours in over SMTP: new mails, replies by tag and by token, the same mail again after an unanswered dot."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field

from sink import Known, Sink

TO = "support@example.com"


@dataclass
class Mail:
    """One mail of one sender, and every promise that the gateway gave for it."""

    message_id: str
    marker: str
    kind: str  # new | tag | token
    data: bytes
    sender: str
    to: str
    dots: int = 0  # how often its end was sent: each may have been accepted
    ids: list[str] = field(default_factory=list)  # from each 250


class Refused(OSError):
    """The gateway said: not now."""


class Feeder(threading.Thread):
    """One client with one connection at a time. Every mail is sent until there is a 250 for it."""

    def __init__(self, port: int, sink: Sink, stop: threading.Event, seed: int, pause: float) -> None:
        super().__init__(daemon=True)
        self.sent: list[Mail] = []
        self.errors: list[str] = []
        self.hold = False
        self._port, self._sink, self._stop_event, self._pause = port, sink, stop, pause
        self._random = random.Random(seed)
        self._seed = seed
        self._socket: socket.socket | None = None

    def run(self) -> None:
        while not self._stop_event.is_set():
            mail = self._mail()
            self.sent.append(mail)
            self._until_accepted(mail)
            if self._random.random() < 0.05:  # a sender that did not see our answer
                self._until_accepted(mail)
            time.sleep(self._random.random() * 2 * self._pause)
            while self.hold and not self._stop_event.is_set():
                time.sleep(0.05)
        self._hang_up()

    # ------------------------------------------------------------ what is written

    def _words(self) -> str:
        """Not those of another mail: who repeats himself is not answered for ever (8.3)."""
        return " ".join("".join(self._random.choices("abcdefghijklmnoprstuvw", k=7)) for _ in range(6))

    def _mail(self) -> Mail:
        marker = f"marker-{uuid.UUID(int=self._random.getrandbits(128)).hex}"
        known = self._known() if self._random.random() < 0.5 else None
        kind = "new" if known is None else self._random.choice(["tag", "token"])
        sender = (
            known.customer if known else f"c{self._seed}-{self._random.randrange(1000)}@acme.customer.example"
        )
        to = known.reply_to if known and kind == "token" else TO
        subject = f"Re: [#{known.number}] Trouble" if known and kind == "tag" else "Trouble with the printer"
        message_id = f"<{marker}@acme.customer.example>"
        text = (
            f"From: Customer <{sender}>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: {message_id}\r\n"
            "Date: Mon, 02 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
            f"It is still on fire. {marker}\r\n{self._words()}\r\n"
            + "Words that say little. \r\n"
            * self._random.choice([2, 40, 400])
        )
        return Mail(message_id, marker, kind, text.encode(), sender, to)

    def _known(self) -> Known | None:
        known = self._sink.known[-400:]
        return self._random.choice(known) if known else None

    # ------------------------------------------------------------ how it is sent

    def _until_accepted(self, mail: Mail) -> None:
        promised = len(mail.ids)
        while len(mail.ids) == promised:
            try:
                self._send(mail)
            except OSError:
                self._hang_up()
                time.sleep(0.03)

    def _send(self, mail: Mail) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=20)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._expect("220")
            self._say("EHLO client.example", "250")
        self._say(f"MAIL FROM:<{mail.sender}>", "250")
        self._say(f"RCPT TO:<{mail.to}>", "250")
        self._say("DATA", "354")
        mail.dots += 1
        self._socket.sendall(mail.data + b".\r\n")
        reply = self._expect("250")
        mail.ids.append(reply.split()[-1])

    def _say(self, line: str, wanted: str) -> None:
        assert self._socket is not None
        self._socket.sendall(f"{line}\r\n".encode())
        self._expect(wanted)

    def _expect(self, wanted: str) -> str:
        """The last line of a reply. Raises Refused for any other code."""
        assert self._socket is not None
        data = b""
        while not data.endswith(b"\n") or data.splitlines()[-1][3:4] == b"-":
            chunk = self._socket.recv(4096)
            if not chunk:
                raise Refused("the connection was closed")
            data += chunk
        line = data.splitlines()[-1].decode()
        if not line.startswith(wanted):
            if line.startswith("5"):  # our trouble is never 5xx (BEHAVIOUR 1.1, DESIGN §3)
                self.errors.append(line)
            raise Refused(line)
        return line

    def _hang_up(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None
