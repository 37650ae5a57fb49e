"""A scripted IMAP server for what no real one does: it answers as it should, but where a script says otherwise."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any

Answer = Callable[["FakeImap", str, str], bytes]
Script = dict[str, Answer]


class FakeImap:
    """`script` holds answers by command (`SELECT`, `FETCH`, …): called with server, tag and line, they return all that is said."""

    def __init__(
        self,
        script: Script,
        *,
        mails: Sequence[bytes] = (),
        greeting: bytes = b"* OK ready\r\n",
        capabilities: str = "IDLE MOVE UIDPLUS",
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
    ) -> None:
        self.script = dict(script)
        self.mails = dict(enumerate(mails, 1))
        self.moved: dict[str, list[int]] = {}
        self.heard: list[str] = []
        self.connections = 0
        self.deaf = False
        self._greeting, self._capabilities, self._tls, self._implicit = greeting, capabilities, tls, implicit
        self._here = threading.local()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def say(self, data: bytes) -> None:
        """To the client of this thread."""
        self._here.wire.sendall(data)

    def _accept(self) -> None:
        while True:
            try:
                wire, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self.deaf = False
            threading.Thread(target=self._guarded, args=(wire,), daemon=True).start()

    def _guarded(self, wire: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            if self._tls is not None and self._implicit:
                wire = self._tls.wrap_socket(wire, server_side=True)
            with wire:
                self._serve(wire)

    def _serve(self, wire: socket.socket) -> None:
        self._here.wire = wire
        wire.sendall(self._greeting)
        file = wire.makefile("rb")
        while raw := file.readline():
            line = raw.decode("latin-1").rstrip("\r\n")
            self.heard.append(line)
            if self.deaf:
                continue
            if line == "DONE":
                wire.sendall(f"{self._here.idle} OK done\r\n".encode())
                continue
            tag, _, rest = line.partition(" ")
            command = rest.removeprefix("UID ").split(" ")[0].upper()
            answer = self.script.get(command)
            wire.sendall(answer(self, tag, line) if answer else self.usual(tag, line))
            if command == "LOGOUT":
                return
            if command == "STARTTLS" and self._tls is not None:
                wire = self._here.wire = self._tls.wrap_socket(wire, server_side=True)
                file = wire.makefile("rb")

    def usual(self, tag: str, line: str) -> bytes:
        words = line.removeprefix(f"{tag} ").removeprefix("UID ").split(" ")
        method: Any = getattr(self, f"_do_{words[0].lower()}", None)
        said: bytes = method(tag, words) if method else b""
        if words[0] == "IDLE":
            self._here.idle = tag
            return b"+ idling\r\n"
        return said + f"{tag} OK done\r\n".encode()

    def _do_capability(self, _tag: str, _words: list[str]) -> bytes:
        more = " STARTTLS" if self._tls is not None and not self._implicit else ""
        return f"* CAPABILITY IMAP4rev1 {self._capabilities}{more}\r\n".encode()

    def _do_logout(self, _tag: str, _words: list[str]) -> bytes:
        return b"* BYE\r\n"

    def _do_select(self, _tag: str, _words: list[str]) -> bytes:
        upcoming = max([*self.mails, *(uid for uids in self.moved.values() for uid in uids)], default=0) + 1
        return (
            f"* FLAGS (\\Seen)\r\n* {len(self.mails)} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] ok\r\n"
            f"* OK [UIDNEXT {upcoming}] ok\r\n"
        ).encode()

    def _do_list(self, _tag: str, words: list[str]) -> bytes:
        return f'* LIST () "/" {words[-1]}\r\n'.encode()

    def _uids(self, text: str) -> list[int]:
        found = set()
        for piece in text.split(","):
            low, _, high = piece.partition(":")
            found |= {uid for uid in self.mails if int(low) <= uid <= int(high or low)}
        return sorted(found)

    def _do_fetch(self, _tag: str, words: list[str]) -> bytes:
        out = b""
        for uid in self._uids(words[1]):
            raw = self.mails[uid]
            head = raw[: raw.index(b"\r\n\r\n") + 4]
            asked = " ".join(words[2:])
            out += f"* {uid} FETCH (UID {uid} ".encode()
            if "RFC822.SIZE" in asked:
                out += f'RFC822.SIZE {len(raw)} INTERNALDATE "02-Nov-2026 10:00:00 +0000")\r\n'.encode()
            elif "HEADER" in asked:
                out += b"BODY[HEADER]<0> {%d}\r\n%b)\r\n" % (len(head), head)
            else:
                out += b"BODY[] {%d}\r\n%b)\r\n" % (len(raw), raw)
        return out

    def _do_move(self, _tag: str, words: list[str]) -> bytes:
        folder = words[2].strip('"')
        for uid in self._uids(words[1]):
            del self.mails[uid]
            self.moved.setdefault(folder, []).append(uid)
        return b""
