"""The bulk readers of mail. DATA (RFC 5321 §4.1.1.4): only CRLF.CRLF ends a mail, whatever else looks like it (§2.3.8);
XDATA of our own commands: so many octets, whatever they are."""

from __future__ import annotations

_END = b"\r\n.\r\n"
_STUFFED = b"\r\n."
_UNSURE = 5  # the CRLF of DATA at the front, and up to ".\r" of the end at the back


class Body:
    """One mail on its way in. Holds its bytes until it is refused; from then on four bytes, until the end is found."""

    __slots__ = ("_buffer", "_counted", "_dropped", "_limit", "_stuffing", "refusal")

    def __init__(self, limit: int) -> None:
        """`limit`: octets of the mail, without the dots of transparency (RFC 1870 §5)."""
        # The CRLF of the DATA command counts as the one before the first line: a mail may be empty.
        self._buffer = bytearray(b"\r\n")
        self._limit = limit
        self._stuffing = 0
        self._counted = 0
        self._dropped = 0
        self.refusal = b""  # the reply that waits for the end, "" for none

    def __len__(self) -> int:
        """Bytes held."""
        return len(self._buffer)

    @property
    def received(self) -> int:
        """Bytes that have come, held or not."""
        return self._dropped + len(self._buffer)

    def feed(self, data: bytes) -> bytes | None:
        """Take what came. Returns what follows the end of the mail, or None while the end has not come."""
        buffer = self._buffer
        start = max(len(buffer) - 4, 0)
        buffer += data
        end = buffer.find(_END, start)
        if end < 0:
            if self.refusal:
                self._drop()
            return None
        rest = bytes(buffer[end + 5 :])
        del buffer[end + 2 :]
        return rest

    def over_limit(self) -> bool:
        """Whether the mail, as far as it has come, is larger than the limit for sure; `take` tells to the octet."""
        size = len(self._buffer) - _UNSURE
        if size <= self._limit:
            return False
        self._stuffing += self._buffer.count(_STUFFED, self._counted)
        self._counted = max(len(self._buffer) - 2, 0)
        return size - self._stuffing > self._limit

    def refuse(self, reply: bytes) -> None:
        """Give the bytes up and only look for the end; the first refusal is the one that is sent."""
        if not self.refusal:
            self.refusal = reply
            self._drop()

    def _drop(self) -> None:
        self._dropped += max(len(self._buffer) - 4, 0)
        del self._buffer[:-4]

    def take(self) -> bytes:
        """The mail after its end has come, each line's dot of transparency taken off (§4.5.2). Empties the reader."""
        buffer = self._buffer
        if _STUFFED in buffer:
            buffer = buffer.replace(_STUFFED, b"\r\n")
        self._buffer = bytearray()
        with memoryview(buffer) as view:
            return bytes(view[2:])


class Counted(Body):
    """A mail whose octets were announced. It can never be read as commands, also where it was refused before it came."""

    __slots__ = ("_left",)

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._buffer = bytearray()
        self._left = size

    def feed(self, data: bytes) -> bytes | None:
        mine = min(self._left, len(data))
        self._left -= mine
        if self.refusal:
            self._dropped += mine
        else:
            self._buffer += memoryview(data)[:mine]
        return None if self._left else data[mine:]

    def over_limit(self) -> bool:
        return False

    def _drop(self) -> None:
        self._dropped += len(self._buffer)
        self._buffer = bytearray()

    def take(self) -> bytes:
        raw, self._buffer = bytes(self._buffer), bytearray()
        return raw


def has_bare_newline(raw: bytes) -> bool:
    """Whether a CR or LF stands alone: what SMTP smuggling is made of (CVE-2023-51764 and its family)."""
    pairs = raw.count(b"\r\n")
    return raw.count(b"\n") != pairs or raw.count(b"\r") != pairs
