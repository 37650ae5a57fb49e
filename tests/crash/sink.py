"""The world outside: an SMTP server that keeps a record of every mail it said yes to."""

from __future__ import annotations

import contextlib
import email
import email.policy
import hashlib
import random
import re
import socketserver
import threading
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Taken:
    """One mail that the sink took; `at` is before its 250 left."""

    message_id: str
    to: str
    digest: str
    at: float


@dataclass(frozen=True)
class Known:
    """A ticket that a customer has heard of."""

    number: int
    customer: str
    reply_to: str


class Sink:
    """Listens on a free port of the loopback until `close`. One recipient in `refuse` is put off once with 451."""

    def __init__(self, refuse: int = 40, seed: int = 0) -> None:
        self.taken: list[Taken] = []
        self.known: list[Known] = []
        self._random = random.Random(seed)
        self._refuse = refuse
        self._lock = threading.Lock()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    Dialogue(sink, self).run()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def puts_off(self) -> bool:
        with self._lock:
            return self._refuse > 0 and self._random.randrange(self._refuse) == 0

    def take(self, to: str, data: bytes) -> None:
        message = email.message_from_bytes(
            data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", policy=email.policy.default
        )
        taken = Taken(str(message["message-id"]), to, hashlib.sha256(data).hexdigest(), time.monotonic())
        number = re.search(r"\[#(\d+)\]", str(message["subject"]))
        reply_to = re.search(r"[\w.-]+\+[\w.-]+@[\w.-]+", str(message["reply-to"]))
        with self._lock:
            self.taken.append(taken)
            if number and reply_to and to.endswith(".customer.example"):
                self.known.append(Known(int(number[1]), to, reply_to[0]))


@dataclass
class Dialogue:
    sink: Sink
    handler: socketserver.StreamRequestHandler
    to: str = field(default="", init=False)

    def run(self) -> None:
        self.say("220 sink ESMTP")
        while line := self.handler.rfile.readline(2000):
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    self.say("250-sink", "250-8BITMIME", "250 SIZE 50000000")
                case "RCPT":
                    if self.sink.puts_off():
                        self.say("451 4.2.0 come again")
                    else:
                        self.to = rest.partition("<")[2].partition(">")[0]
                        self.say("250 2.1.5 ok")
                case "DATA":
                    self.say("354 go on")
                    self.sink.take(self.to, self.data())
                    self.say("250 2.0.0 taken")
                case "QUIT":
                    self.say("221 2.0.0 bye")
                    return
                case _:
                    self.say("250 2.0.0 ok")

    def data(self) -> bytes:
        lines = []
        while line := self.handler.rfile.readline():
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)
        raise OSError("the sender went away")

    def say(self, *lines: str) -> None:
        self.handler.wfile.write("".join(f"{line}\r\n" for line in lines).encode())
