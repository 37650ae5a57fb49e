"""One run of an import: mails to the listener in their order, many on their way at once, waiting where it has no room."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mailgate.errors import Transient, Unavailable
from mailgate.handover import Handed, Handover, Unanswered
from mailgate.importing.accepted import Accepted
from mailgate.importing.items import Item
from mailgate.importing.sources import Unreadable
from mailgate.intake.grammar import read_path
from mailgate.stream import Stream

PATIENCE = 900.0  # seconds without a mail that is accepted
_PAUSES = (0.5, 1, 2, 5, 10)
_OLDEST = datetime(1971, 1, 1, tzinfo=UTC)  # what claims to be older has no date
_PARTING_SECONDS = 5.0  # for the answers to what is on its way, when the run is stopped


@dataclass(slots=True)
class Result:
    """What became of the mails; `failed` names each that could not be taken, and why."""

    accepted: int = 0
    known: int = 0
    failed: list[Unreadable] = field(default_factory=list)


@dataclass(slots=True)
class Importer:
    """Hands mails over. `notify`: people are told of them as of any mail."""

    connect: Callable[[], Handover]
    accepted: Accepted
    notify: bool = False
    dry: bool = False
    sleep: Callable[[float], None] = time.sleep
    waiting: Callable[[str], None] = lambda why: None  # told why nothing goes on at the moment
    result: Result = field(default_factory=Result)
    _stream: Stream | None = None
    _items: deque[Item] = field(default_factory=deque)  # without a last word, in their order …
    _sent: int = 0  # … and how many of them, from the front, are on their way
    _tries: int = 0
    _good: float = field(default_factory=time.monotonic)  # when a mail last had its last word

    def take(self, item: Item | Unreadable) -> None:
        """One mail, which may still be on its way afterwards. Raises Transient where the listener takes none for too long,
        Unavailable where it takes ours never."""
        if isinstance(item, Unreadable):
            self.result.failed.append(item)
        elif item.raw in self.accepted or any(item.raw == other.raw for other in self._items):
            self.result.known += 1
        elif self.dry:
            self.result.accepted += 1
        else:
            self._items.append(item)
            self._press_on(last=False)

    def finish(self) -> None:
        """Wait for the last word on every mail. Raises as `take`."""
        self._press_on(last=True)

    def take_all(self, items: Iterable[Item | Unreadable]) -> Result:
        """All of them, in their order."""
        for item in items:
            self.take(item)
        self.finish()
        return self.result

    def close(self) -> None:
        """Note the answers to what is on its way; never fails."""
        if self._stream is not None:
            with suppress(Unanswered):
                self._stream.hand.be_patient(_PARTING_SECONDS)
                while self._sent and not self._hear(self._stream):
                    pass
            self._stream.close()
            self._stream = None

    # ------------------------------------------------ on their way

    def _press_on(self, *, last: bool) -> None:
        """Send what there is room for, and hear what must be heard: with `last`, until every mail has its last word."""
        while self._items:
            try:
                stream = self._connected()
                while self._sent < len(self._items) and not stream.full:
                    self._send(stream, self._items[self._sent])
                if not (last or stream.full):
                    return
                why = self._hear(stream)
            except Unanswered as e:
                self._drop()
                why = str(e)
            if why:
                self._wait(why)

    def _connected(self) -> Stream:
        if self._stream is None:
            hand = self.connect()
            if "import" not in hand.doors:
                hand.close()
                raise Unavailable(
                    "the listener takes old mail from its own user and from root only: run the command as that user"
                )
            self._stream = Stream(hand)
        return self._stream

    def _send(self, stream: Stream, item: Item) -> None:
        claims = ["XDOOR=import"]
        if item.received is not None and item.received >= _OLDEST:
            claims.append(f"XRECEIVED={item.received.astimezone(UTC).isoformat(timespec='seconds')}")
        if not self.notify:
            claims.append("XQUIET")
        stream.send(_sender(item), item.recipients, item.raw, claims)
        self._sent += 1

    def _hear(self, stream: Stream) -> str:
        """The answer to the oldest mail on its way. Where that is "try again", all others behind it come again too;
        returns why, else ""."""
        handed = stream.answer()
        self._sent -= 1
        item = self._items.popleft()
        again = _again(item, handed)
        if again is None:
            self._conclude(item, handed)
            return ""
        kept, why = [again], _why(handed)
        try:
            while self._sent:
                handed = stream.answer()
                self._sent -= 1
                item = self._items.popleft()
                if (again := _again(item, handed)) is None:
                    self._conclude(item, handed)
                else:
                    kept.append(again)
            stream.again()
        finally:
            self._items.extendleft(reversed(kept))
            self._sent = 0
        return why

    def _drop(self) -> None:
        """The connection is of no more use; what has no answer goes again."""
        if self._stream is not None:
            self._stream.close()
        self._stream, self._sent = None, 0

    def _conclude(self, item: Item, handed: Handed) -> None:
        self._good, self._tries = time.monotonic(), 0
        if handed.accepted:
            self.accepted.add(item.raw)
            self.result.accepted += 1
            return
        answer = handed.recipients[-1] if handed.recipients else handed.sender
        self.result.failed.append(Unreadable(item.name, f"the listener says {answer.code} {answer.text}"))

    def _wait(self, why: str) -> None:
        if time.monotonic() - self._good > PATIENCE:
            raise Transient(f"{why}; run the command again, it goes on where it stopped")
        self.waiting(why)
        self.sleep(_PAUSES[min(self._tries, len(_PAUSES) - 1)])
        self._tries += 1


def _sender(item: Item) -> str:
    """The null sender for one who cannot be written to: the mail is as good as any."""
    try:
        item.sender.encode()
    except UnicodeEncodeError:
        return ""
    return item.sender if read_path(f"<{item.sender}>") is not None else ""


def _again(item: Item, handed: Handed) -> Item | None:
    """What is to be handed over again; None where this was the listener's last word."""
    if handed.accepted:
        return None
    if handed.sender.code in (501, 553) and item.sender:
        return replace(item, sender="")
    answers = (handed.sender, *handed.recipients)
    return None if any(answer.permanent for answer in answers) else item


def _why(handed: Handed) -> str:
    return next(
        (f"{each.code} {each.text}" for each in (handed.sender, *handed.recipients) if not each.accepted), ""
    )
