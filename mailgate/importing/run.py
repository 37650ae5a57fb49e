"""One run of an import: mail after mail to the listener, waiting where it has no room."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailgate.errors import Transient, Unavailable
from mailgate.handover import Handed, Handover, Unanswered
from mailgate.importing.accepted import Accepted
from mailgate.importing.items import Item
from mailgate.importing.sources import Unreadable

PATIENCE = 900.0  # seconds without a mail that is accepted
_PAUSES = (0.5, 1, 2, 5, 10)
_OLDEST = datetime(1971, 1, 1, tzinfo=UTC)  # what claims to be older has no date


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
    _listener: Handover | None = None

    def take(self, item: Item | Unreadable) -> None:
        """One mail. Raises Transient where the listener takes none for too long, Unavailable where it takes ours never."""
        if isinstance(item, Unreadable):
            self.result.failed.append(item)
        elif item.raw in self.accepted:
            self.result.known += 1
        elif self.dry:
            self.result.accepted += 1
        else:
            self._conclude(item, self._insist(item))

    def take_all(self, items: Iterable[Item | Unreadable]) -> Result:
        """All of them, one by one."""
        for item in items:
            self.take(item)
        return self.result

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _conclude(self, item: Item, handed: Handed) -> None:
        if handed.accepted:
            self.accepted.add(item.raw)
            self.result.accepted += 1
            return
        answer = handed.recipients[-1] if handed.recipients else handed.sender
        self.result.failed.append(Unreadable(item.name, f"the listener says {answer.code} {answer.text}"))

    def _insist(self, item: Item) -> Handed:
        """The listener's last word on a mail: "try again" is none."""
        began, tries = time.monotonic(), 0
        while True:
            try:
                handed = self._hand(item)
                answers = (handed.sender, *handed.recipients)
                if handed.accepted or any(answer.permanent for answer in answers):
                    return handed
                why = next(f"{answer.code} {answer.text}" for answer in answers if not answer.accepted)
            except Unanswered as e:
                self._listener, why = None, str(e)
            if time.monotonic() - began > PATIENCE:
                raise Transient(f"{why}; run the command again, it goes on where it stopped")
            self.waiting(why)
            self.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
            tries += 1

    def _hand(self, item: Item) -> Handed:
        if self._listener is None:
            self._listener = self.connect()
        listener = self._listener
        if "import" not in listener.doors:
            raise Unavailable(
                "the listener takes old mail from its own user and from root only: run the command as that user"
            )
        claims = ["XDOOR=import"]
        if item.received is not None and item.received >= _OLDEST:
            claims.append(f"XRECEIVED={item.received.astimezone(UTC).isoformat(timespec='seconds')}")
        if not self.notify:
            claims.append("XQUIET")
        handed = listener.send(item.sender, item.recipients, item.raw, claims)
        if handed.sender.code in (501, 553):  # no address that can be written to; the mail is as good as any
            handed = listener.send("", item.recipients, item.raw, claims)
        return handed
