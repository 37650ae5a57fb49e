"""How our own commands hand mail over to the listener: LMTP (RFC 2033) over its unix socket.

Laws: the standard library only, and little of it, since `mailgate deliver` starts for every mail; whatever is not a
reply of the listener is "try again" (Unanswered); a mail counts as accepted by its 250 alone.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MAX_PATH = 107  # bytes of the path of a unix socket: unix(7), sun_path
AFTER_DOT_SECONDS = 600.0  # RFC 5321 section 4.5.3.2.6
_SECONDS = 60.0
_CHUNK = 262_144
_MAX_REPLY = 65_536


class Unanswered(Exception):
    """Nobody listens, or the connection failed before an answer: nothing is known to be accepted."""


class Answer(NamedTuple):
    """One reply: its code and its last line."""

    code: int
    text: str

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 300

    @property
    def permanent(self) -> bool:
        return self.code >= 500


class Handed(NamedTuple):
    """What became of one mail: the answer to MAIL, to each recipient in order (behind the dot where it was let in)."""

    sender: Answer
    recipients: tuple[Answer, ...]

    @property
    def accepted(self) -> bool:
        return any(answer.accepted for answer in self.recipients)


class Handover:
    """A connection to the listener. Raises Unanswered from every method; then it is of no more use."""

    def __init__(self, path: str | os.PathLike[str], seconds: float = _SECONDS) -> None:
        """`seconds`: of waiting for each reply but the last of a mail."""
        self._seconds = seconds
        self._buffer = b""
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.settimeout(seconds)
        try:
            with short_path(path) as name:
                self._sock.connect(name)
        except OSError as e:
            self._sock.close()
            raise Unanswered(_why_not(path, e)) from e
        self._heard(self.reply(), "the greeting")
        self.write(b"LHLO localhost\r\n")
        self.offers = self._lines()
        self._heard(_answer(self.offers[-1]), "LHLO")
        self.max_size = next((int(line[9:]) for line in self.offers if line[4:9] == b"SIZE "), 0)
        self.doors = next((line[10:].decode().split() for line in self.offers if line[4:10] == b"XDOOR "), [])
        self.takes_ahead = any(line[4:] == b"XDATA" for line in self.offers)  # see mailgate/stream

    def send(
        self,
        sender: str,
        recipients: Sequence[str],
        raw: bytes,
        claims: Sequence[str] = (),
        *,
        any_one: bool = False,
    ) -> Handed:
        """Hand one mail over to all recipients that are let in, or (`any_one`) to the first of them. Raises ValueError for
        an address that is not `writable`.

        `sender` and `recipients`: addresses without angle brackets, "" the null sender. `raw`: lines with CRLF (see
        `canonical`). `claims`: parameters of MAIL for the envelope, as mailgate/intake/lmtp explains them.
        """
        words = [f"SIZE={len(raw)}", *claims]
        words += ["SMTPUTF8"] * (not all(address.isascii() for address in (sender, *recipients)))
        begun = self._say(b"MAIL FROM:<%b> %b" % (wire(sender), " ".join(words).encode("ascii")))
        if not begun.accepted:
            return Handed(begun, ())
        answers = []
        for recipient in recipients:
            answers.append(self._say(b"RCPT TO:<%b>" % wire(recipient)))
            if any_one and answers[-1].accepted:
                break
        if any(answer.accepted for answer in answers):
            answers = self._content(answers, raw)
        if not any(answer.accepted for answer in answers):
            self._say(b"RSET")
        return Handed(begun, tuple(answers))

    def _content(self, answers: list[Answer], raw: bytes) -> list[Answer]:
        go = self._say(b"DATA")
        if go.code != 354:
            return [go if answer.accepted else answer for answer in answers]
        view = memoryview(raw.replace(b"\r\n.", b"\r\n..") if b"\r\n." in raw else raw)
        if raw[:1] == b".":
            self.write(b".")
        for start in range(0, len(view), _CHUNK):
            self.write(view[start : start + _CHUNK])
        self.write(b".\r\n" if raw[-2:] == b"\r\n" or not raw else b"\r\n.\r\n")
        self._sock.settimeout(AFTER_DOT_SECONDS)
        answers = [self.reply() if answer.accepted else answer for answer in answers]
        self._sock.settimeout(self._seconds)
        return answers

    def be_patient(self, seconds: float = AFTER_DOT_SECONDS) -> None:
        """Wait for each reply, and for room to send, as long as for the last one of a mail."""
        self._seconds = seconds
        self._sock.settimeout(seconds)

    def close(self) -> None:
        """Take leave; never fails."""
        with contextlib.suppress(OSError):
            self._sock.sendall(b"QUIT\r\n")
        self._sock.close()

    def _say(self, line: bytes) -> Answer:
        self.write(line + b"\r\n")
        return self.reply()

    def _heard(self, answer: Answer, what: str) -> None:
        if not answer.accepted:
            raise Unanswered(f"the listener answers {what} with {answer.code} {answer.text}")

    def write(self, data: bytes | memoryview) -> None:
        """Bytes as they are."""
        try:
            self._sock.sendall(data)
        except OSError as e:
            raise Unanswered(f"the connection to the listener broke: {e.strerror or e}") from e

    def reply(self) -> Answer:
        """The next reply of the listener; 421, by which it ends the connection, is none."""
        answer = _answer(self._lines()[-1])
        if answer.code == 421:
            raise Unanswered(f"the listener says {answer.code} {answer.text}")
        return answer

    def _lines(self) -> list[bytes]:
        """The lines of one reply."""
        lines: list[bytes] = []
        while not lines or lines[-1][3:4] == b"-":
            end = self._buffer.find(b"\n") + 1
            if end:
                lines.append(self._buffer[:end].rstrip())
                self._buffer = self._buffer[end:]
                if not lines[-1][:3].isdigit():
                    raise Unanswered("the listener does not speak LMTP")
                continue
            try:
                more = self._sock.recv(65_536)
            except OSError as e:
                raise Unanswered(f"no answer of the listener: {e.strerror or e}") from e
            if not more or len(self._buffer) > _MAX_REPLY:
                raise Unanswered("the listener went away before it answered")
            self._buffer += more
        return lines


def _answer(line: bytes) -> Answer:
    return Answer(int(line[:3]), line[4:].decode("ascii", "replace"))


def writable(address: str) -> bool:
    """Whether an address can stand in a command: it may come from anywhere."""
    return not any(c in "<>" or ord(c) < 32 or ord(c) == 127 for c in address)


def wire(address: str) -> bytes:
    if not writable(address):
        raise ValueError(f"{address!r} cannot stand in a command")
    return address.encode("utf-8", "surrogateescape")


def _why_not(path: str | os.PathLike[str], error: OSError) -> str:
    if isinstance(error, PermissionError):
        return (
            f"{os.fspath(path)} may not be opened by this user: run the command as the user of mailgate, "
            "or set lmtp.socket and lmtp.socket_mode"
        )
    if isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
        return f"nobody listens on {os.fspath(path)}: is `mailgate serve` running, with the same data_dir?"
    return f"{os.fspath(path)} cannot be reached: {error.strerror or error}"


def canonical(raw: bytes) -> bytes:
    """A mail of a file as it stands on the wire: every line ends with CRLF, all else is kept."""
    if raw.count(b"\n") != raw.count(b"\r\n"):
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return raw


@contextlib.contextmanager
def short_path(path: str | os.PathLike[str]) -> Iterator[str]:
    """A name of `path` that fits the address of a unix socket, by way of its folder where it is too long itself."""
    name = os.fspath(path)
    if len(os.fsencode(name)) <= MAX_PATH:
        yield name
        return
    folder = os.open(os.path.dirname(name) or ".", os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(name)}"
    finally:
        os.close(folder)
