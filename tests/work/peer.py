"""A relay by script, and certificates: what tests of the way out talk to."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mailgate import config
from mailgate.relay.smtp import SmtpRelay

MAIL = b"Message-ID: <one@example.com>\r\nSubject: x\r\n\r\n.dot\r\nline\r\n..two\r\n"
CUT = "CUT"  # the peer closes the connection instead of an answer
STORE_AND_CUT = "STORE AND CUT"


class Peer:
    """An SMTP server that answers by script: a reply for each use of a verb, the last one for all later ones."""

    def __init__(self, **script: Any) -> None:
        self.script: dict[str, list[str]] = {
            "GREETING": ["220 peer"], "EHLO": ["250-peer\r\n250-SIZE 100000\r\n250 8BITMIME"], "MAIL": ["250 ok"],
            "RCPT": ["250 ok"], "DATA": ["354 go"], "END": ["250 2.0.0 taken"], "RSET": ["250 ok"], "QUIT": ["221 bye"],
            "AUTH": ["235 ok"], "STARTTLS": ["220 go"],
        }  # fmt: skip
        for verb, answers in script.items():
            self.script[verb] = answers if isinstance(answers, list) else [answers]
        self.context: ssl.SSLContext | None = None
        self.connections = 0
        self.commands: list[str] = []
        self.mails: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _answer(self, verb: str) -> str:
        answers = self.script.get(verb, ["500 what"])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _talk(self, connection: socket.socket) -> None:
        try:
            self._dialogue(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def _dialogue(self, connection: socket.socket) -> None:
        file = connection.makefile("rb")
        if not self._say(connection, "GREETING"):
            return
        while line := file.readline():
            self.commands.append(line.decode("utf-8", "replace").strip())
            verb = (line.split() or [b""])[0].decode("utf-8", "replace").upper()
            answer = self._say(connection, verb)
            if not answer:
                return
            if verb == "STARTTLS" and answer.startswith("220"):
                assert self.context is not None
                connection = self.context.wrap_socket(connection, server_side=True)
                file = connection.makefile("rb")
            if verb == "DATA" and answer.startswith("354"):
                data = b""
                while not data.endswith(b"\r\n.\r\n"):
                    more = file.readline()
                    if not more:
                        return
                    data += more
                end = self._answer("END")
                if end != CUT:
                    self.mails.append(data)
                if end in (CUT, STORE_AND_CUT):
                    return
                connection.sendall(end.encode() + b"\r\n")

    def _say(self, connection: socket.socket, verb: str) -> str:
        answer = self._answer(verb)
        if answer == CUT:
            return ""
        connection.sendall(answer.encode() + b"\r\n")
        return answer

    def close(self) -> None:
        self._socket.close()


def scripted() -> Iterator[Any]:
    """The body of a fixture: `peers(MAIL="450 later", timeout=2)` gives a Peer by that script, and a relay to it."""
    made: list[Any] = []

    def make(**script: Any) -> tuple[Peer, SmtpRelay]:
        settings = {name: script.pop(name) for name in list(script) if name.islower()}
        peer = Peer(**script)
        url = settings.pop("url", "smtp://127.0.0.1:{port}").format(port=peer.port)
        values = {"url": url, "timeout": 2, "timeout_after_data": 2, **settings}
        relay = SmtpRelay(config.Relay.model_validate(values), "gate.example")
        made.append((peer, relay))
        return peer, relay

    yield make
    for peer, relay in made:
        relay.close()
        peer.close()


def certify(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A certificate for `name` and 127.0.0.1 that signs itself, and its key."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}" + (",IP:127.0.0.1" if name == "localhost" else ""), "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def with_tls(peer: Peer, certificate: tuple[Path, Path]) -> None:
    peer.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    peer.context.load_cert_chain(*certificate)


TLS = ["250-peer\r\n250 STARTTLS", "250-peer\r\n250-AUTH PLAIN\r\n250 SIZE 100000"]
