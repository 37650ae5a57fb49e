"""A smarthost that lets in who has a token (RFC 4954, RFC 7628; XOAUTH2 as Google and Microsoft publish it), and asks the
provider of `doors.token_server` whose it is."""

from __future__ import annotations

import json
import socket
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress

from doors.token_server import TokenServer
from work.peer import MAIL

from mailgate.config import Config
from mailgate.relay.smtp import SmtpRelay

Settings = Callable[..., Config]
USER = "desk=1,a@example.com"  # what OAUTHBEARER has to encode
REFUSED = "535 5.7.3 Authentication unsuccessful"


class Smarthost:
    """`ended` is what `stage` is answered with when the token of an open session has been revoked."""

    def __init__(self, provider: TokenServer, *mechanisms: str) -> None:
        self.provider, self.mechanisms = provider, mechanisms or ("PLAIN", "XOAUTH2")
        self.stage, self.ended, self.refused, self.complains = (
            "MAIL",
            "535 5.7.3 token expired",
            REFUSED,
            True,
        )
        self.logins: list[tuple[str, str, str]] = []  # mechanism, user, token
        self.mails = 0
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._guarded, args=(peer,), daemon=True).start()

    def _guarded(self, peer: socket.socket) -> None:
        with peer, suppress(OSError):
            self._talk(peer)

    def _good(self, token: str) -> bool:
        return token in self.provider.given and token not in self.provider.revoked

    def _talk(self, peer: socket.socket) -> None:
        lines = peer.makefile("rb")

        def say(text: str) -> None:
            peer.sendall(text.encode() + b"\r\n")

        say("220 peer ESMTP")
        token = ""
        while line := lines.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    say(f"250-peer\r\n250 AUTH {' '.join(self.mechanisms)}")
                case "AUTH":
                    mechanism, _, first = rest.partition(" ")
                    user, token = read(mechanism, first)
                    self.logins.append((mechanism, user, token))
                    if self._good(token) and user == self.provider.user:
                        say("235 2.7.0 ok")
                        continue
                    token = ""
                    if self.complains:
                        say("334 " + b64encode(json.dumps({"status": "invalid_token"}).encode()).decode())
                        wanted = b"\r\n" if mechanism == "XOAUTH2" else b"AQ==\r\n"
                        assert lines.readline() == wanted
                    say(self.refused)
                case "MAIL" if not token:
                    say("530 5.7.0 Authentication required")
                case stage if stage == self.stage and not self._good(token):
                    say(self.ended)
                case "DATA":
                    say("354 go")
                    while lines.readline() != b".\r\n":
                        pass
                    self.mails += 1
                    say("250 taken")
                case "QUIT":
                    say("221 bye")
                    return
                case "":
                    say(self.refused)
                case "*":
                    say("501 5.7.0 cancelled")
                case _:
                    say("250 ok")


def read(mechanism: str, first: str) -> tuple[str, str]:
    """Who logs in, and with which token; AssertionError for what is not by the letter."""
    words = b64decode(first, validate=True).decode()
    assert words.endswith("\x01\x01")
    if mechanism == "XOAUTH2":
        user, auth = words[:-2].split("\x01")
        name = user.removeprefix("user=")
    else:
        header, auth = words[:-2].split("\x01")
        assert header.startswith("n,a=")
        assert header.endswith(",")
        name = header[4:-1].replace("=2C", ",").replace("=3D", "=")
    assert auth.startswith("auth=Bearer ")
    return name, auth.removeprefix("auth=Bearer ")


def send(relay: SmtpRelay) -> str:
    """What became of one mail."""
    return relay.send(MAIL, "a@example.com", "b@b.example").kind
