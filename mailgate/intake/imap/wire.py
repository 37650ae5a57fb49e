"""One connection, as IMAPClient makes it, with bounds: bytes of an answer, bytes of a literal, and time."""

from __future__ import annotations

import imaplib
import select
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

from mailgate.imap_settings import ImapAccount
from mailgate.intake.imap import trouble

ANSWER_BYTES = 16_000_000  # of all lines and literals that answer one command, when nothing else is expected
LINE_COST = 200  # bytes of memory that a line takes besides its own
_LONGEST_LINE = 1_000_000  # as imaplib's
_PIECE = 262_144
SLOWEST = 10_000  # bytes a second at which an answer must come in, after its first minute


class _Bounded(imaplib.IMAP4):
    """imaplib with a limit on what one answer may cost. A server that passes it is cut off."""

    largest = ANSWER_BYTES
    left = ANSWER_BYTES
    deadline = 0.0  # time.monotonic() at which the answer under way is cut off; 0: never

    def expect(self, size: int, seconds: float) -> None:
        """The next answer: at most `size` bytes beyond the usual, within so many seconds."""
        self.largest = self.left = ANSWER_BYTES + size
        self.deadline = time.monotonic() + seconds + size / SLOWEST

    def open(self, *args: Any, **more: Any) -> None:
        super().open(*args, **more)
        self.deadline = time.monotonic() + (self.sock.gettimeout() or 0.0)  # of the greeting

    def read(self, size: int) -> bytes:
        self._spend(size)  # before anything is allocated
        pieces: list[bytes] = []
        while size > 0 and (piece := self._in_time().read1(min(size, _PIECE))):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def readline(self) -> bytes:
        line = b""
        while not line.endswith(b"\n") and (seen := self._in_time().peek(1)):
            piece: bytes = self._in_time().read(seen.find(b"\n") + 1 or len(seen))
            line += piece
            if len(line) > _LONGEST_LINE:
                raise self.abort(f"a line of more than {_LONGEST_LINE} bytes")
        self._spend(len(line) + LINE_COST)
        return line

    def _in_time(self) -> Any:
        """The file to be read from, each time for what one packet brought: a socket's own timeout begins anew with each byte."""
        if 0 < self.deadline < time.monotonic():
            raise self.abort("an answer that takes too long")
        return self.file

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise self.abort(f"an answer of more than {self.largest} bytes")


class _Plain(_Bounded, IMAP4WithTimeout):  # type: ignore[misc]
    pass


class _Tls(_Bounded, IMAP4_TLS):  # type: ignore[misc]
    pass


class Wire(IMAPClient):  # type: ignore[misc]
    """IMAPClient with our bounds, and an IDLE that sees what has come already."""

    def __init__(self, account: ImapAccount, context: ssl.SSLContext | None) -> None:
        self._patience = account.timeout
        implicit = account.tls == "implicit"
        super().__init__(
            account.host,
            account.number,
            ssl=implicit,
            ssl_context=context,
            timeout=SocketTimeout(min(account.timeout, 30), account.timeout),
        )
        # IMAPClient turns imaplib's debugging on, which writes every mail into a string of its own.
        self._imap.debug = 0

    def _create_IMAP4(self) -> _Bounded:
        wait = self._timeout.connect
        kind: Any = _Tls if self.ssl else _Plain
        given = (self.ssl_context,) if self.ssl else ()
        made: _Bounded = kind(self.host, self.port, *given, wait)
        return made

    def expect(self, size: int = 0, seconds: float = 0.0) -> None:
        """Before a command: how much more than usual may come, and how long it may take in all."""
        self._imap.expect(size, seconds or self._patience)

    def rest(self) -> None:
        """Nothing is asked at the moment: no deadline."""
        self._imap.deadline = 0.0

    def encrypt(self, context: ssl.SSLContext) -> None:
        """STARTTLS; what the server said in clear is forgotten (RFC 3501 section 6.2.1)."""
        self.starttls(context)
        self._cached_capabilities = None
        self._imap.untagged_responses.clear()

    @property
    def overdue(self) -> bool:
        return bool(0 < self._imap.deadline < time.monotonic())

    def cut(self) -> None:
        """End the connection from another thread: whoever reads from it hears of it at once."""
        with suppress(OSError):
            self.socket().shutdown(socket.SHUT_RDWR)

    def wait(self, seconds: float, wake: int) -> None:
        """Until something has come, `wake` can be read, or the time is over. Reads nothing."""
        sock = self.socket()
        if self._come(sock):
            return
        poll = select.poll()
        poll.register(sock.fileno(), select.POLLIN)
        poll.register(wake, select.POLLIN)
        poll.poll(seconds * 1000)

    def _come(self, sock: Any) -> bool:
        """Whether bytes lie in the buffers of TLS or of the reader, where poll(2) does not see them."""
        sock.settimeout(0)
        try:
            return bool(self._imap.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self._set_read_timeout()


class Watchdog:
    """Cuts connections whose answer is overdue, also where a byte comes now and then."""

    def __init__(self, period: float = 1.0) -> None:
        self._period = period
        self._lock = threading.Lock()
        self._wires: set[Wire] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="imap-watchdog", daemon=True)
        self._thread.start()

    def add(self, wire: Wire) -> None:
        with self._lock:
            self._wires.add(wire)

    def remove(self, wire: Wire) -> None:
        with self._lock:
            self._wires.discard(wire)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(self._period):
            with self._lock:
                late = [wire for wire in self._wires if wire.overdue]
            for wire in late:
                wire.cut()


def context_of(account: ImapAccount) -> ssl.SSLContext | None:
    """TLS that checks chain and name. Raises ImapTrouble when the CA cannot be read."""
    if account.tls == "no":
        return None
    try:
        return ssl.create_default_context(cafile=account.tls_ca or None)
    except (OSError, ssl.SSLError) as e:
        raise trouble.ImapTrouble(
            trouble.CERTIFICATE, f"the file {account.tls_ca} cannot be used: {trouble.said(e)}",
            "name a file with PEM certificates in tls_ca",
        ) from e  # fmt: skip


def connect(account: ImapAccount) -> Wire:
    """An encrypted connection on which nobody is logged in yet. Raises ImapTrouble."""
    context = context_of(account)
    wire = None
    try:
        wire = Wire(account, context)
        wire.expect()
        if account.tls == "starttls":
            assert context is not None
            if not wire.has_capability("STARTTLS"):
                raise trouble.ImapTrouble(
                    trouble.CERTIFICATE, f"{account.host}:{account.number} does not offer STARTTLS",
                    'tls = "implicit" with port 993 is what most servers want',
                )  # fmt: skip
            wire.encrypt(context)
    except (OSError, imaplib.IMAP4.error, ValueError) as e:
        if wire is not None:
            close(wire)
        raise trouble.of_connecting(account, e) from e
    except BaseException:
        if wire is not None:
            close(wire)
        raise
    return wire


def close(wire: Wire, *, politely: bool = False) -> None:
    """Never raises."""
    try:
        if politely:
            wire.expect(seconds=5)
            wire.socket().settimeout(5)
            wire.logout()
        else:
            wire.cut()
            wire.shutdown()
    except Exception:  # noqa: BLE001 - it is gone either way
        with suppress(Exception):
            wire.shutdown()
