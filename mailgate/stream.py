"""Many mails over one connection to the listener, without waiting for each answer: they share commits of the spool.

Laws: the listener takes them in the order in which they were put; once it has put one off it takes none of those behind
it, until `again` (mailgate/intake/lmtp, XDATA); as with Handover, whatever is not a reply is "try again" (Unanswered).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from mailgate.handover import Handed, Handover, Unanswered, wire

MAILS = 128  # on their way at one time: their replies must fit the buffers of a socket that nobody reads from
BYTES = 8_000_000
_FLUSH = 131_072


class Stream:
    """A connection on which mails are sent ahead. `send` and `answer` raise Unanswered; then no more is known of the mails that have
    no answer, and it is of no more use."""

    def __init__(self, hand: Handover) -> None:
        if not hand.takes_ahead:
            hand.close()
            raise Unanswered(
                "the listener takes nothing ahead: is it of another version, or of another user?"
            )
        self.hand = hand
        hand.be_patient()
        self._out: list[bytes] = []
        self._size = 0
        self._waiting: deque[tuple[int, int]] = deque()  # of each mail its recipients and its bytes
        self._ahead = 0

    @property
    def waiting(self) -> int:
        """Mails without an answer."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether an answer is to be taken before the next mail is sent."""
        return len(self._waiting) >= MAILS or self._ahead >= BYTES

    def send(self, sender: str, recipients: Sequence[str], raw: bytes, claims: Sequence[str] = ()) -> None:
        """Put one mail on its way; arguments as of Handover.send. Raises ValueError for an address that is not `writable`."""
        words = [*claims]
        words += ["SMTPUTF8"] * (not all(address.isascii() for address in (sender, *recipients)))
        end = b"" if raw[-2:] == b"\r\n" or not raw else b"\r\n"
        size = len(raw) + len(end)
        lines = [b"MAIL FROM:<%b> %b\r\n" % (wire(sender), " ".join(words).encode("ascii"))]
        lines += [b"RCPT TO:<%b>\r\n" % wire(recipient) for recipient in recipients]
        lines.append(b"XDATA %d\r\n" % size)
        self._waiting.append((len(recipients), size))
        self._ahead += size
        self._put(b"".join(lines), raw, end)

    def answer(self) -> Handed:
        """What became of the oldest mail that has no answer yet."""
        self.flush()
        recipients, size = self._waiting.popleft()
        self._ahead -= size
        sender = self.hand.reply()
        let_in = [self.hand.reply() for _ in range(recipients)]
        owed = sum(answer.accepted for answer in let_in)
        content = [self.hand.reply() for _ in range(owed or 1)]
        if not sender.accepted:
            return Handed(sender, ())
        if not owed:
            # put off as one of a line whose first was: that is the answer, not that it has no recipient
            return Handed(sender, tuple(let_in))
        rest = iter(content)
        return Handed(sender, tuple(next(rest) if answer.accepted else answer for answer in let_in))

    def all(self, mails: Iterable[tuple[str, Sequence[str], bytes, Sequence[str]]]) -> Iterator[Handed]:
        """An answer for each of these mails (the arguments of `send`), in their order."""
        for mail in mails:
            self.send(*mail)
            if self.full:
                yield self.answer()
        while self._waiting:
            yield self.answer()

    def again(self) -> None:
        """After one was put off, and all have their answers: go on."""
        self._put(b"RSET\r\n")
        self.flush()
        self.hand.reply()

    def close(self) -> None:
        """Take leave; never fails."""
        self.hand.close()

    def flush(self) -> None:
        """Send what was held back so as to go out together."""
        if self._out:
            self.hand.write(b"".join(self._out))
            self._out.clear()
            self._size = 0

    def _put(self, *parts: bytes) -> None:
        for part in parts:
            if len(part) > _FLUSH:  # not copied
                self.flush()
                self.hand.write(part)
            elif part:
                self._out.append(part)
                self._size += len(part)
        if self._size > _FLUSH:
            self.flush()
