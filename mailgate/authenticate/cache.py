"""What DNS said, remembered as long as it allowed (RFC 1035 §3.2.1, RFC 2308).

Laws: never more bytes than were given, the answer that was not asked for longest goes first; safe for many threads;
"does not exist" is remembered too, and trouble for a few seconds, so that a dead zone costs its timeout once.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from mailgate.authenticate.resolver import Answer, Clock, Kind, Outcome, Resolver

BYTES = 16_777_216
MAX_SECONDS = 86_400.0  # RFC 8767 §4 asks for a cap of days, and keys are withdrawn sooner than that
MAX_NEGATIVE = 3_600.0  # RFC 2308 §5: one to three hours
TEMPORARY = 15.0  # RFC 2308 §7 allows five minutes; a mail is tried again sooner
FAIR = 1.0  # who had less time for an answer than this has learnt nothing about the zone
_OVERHEAD = 400  # bytes of an entry beside its text, measured on 64-bit CPython and rounded up


class CachingResolver:
    """Another resolver, with a memory. `size` is in bytes."""

    def __init__(self, inner: Resolver, size: int = BYTES, clock: Clock = time.monotonic) -> None:
        self._inner = inner
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[str, Kind], tuple[float, int, Answer]] = OrderedDict()
        self._used = 0

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def used(self) -> int:
        """Bytes in use, by estimate."""
        return self._used

    def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
        key = (name, kind)
        with self._lock:
            if (known := self._answers.get(key)) is not None:
                if self._clock() < known[0]:
                    self._answers.move_to_end(key)
                    return known[2]
                self._forget(key)
        answer = self._inner.lookup(name, kind, seconds)
        if answer.outcome is not Outcome.TEMPORARY or seconds >= FAIR:
            self._remember(key, answer)
        return answer

    def _remember(self, key: tuple[str, Kind], answer: Answer) -> None:
        seconds = _seconds(answer)
        cost = _OVERHEAD + len(key[0]) + sum(60 + len(record) for record in answer.records)
        if seconds <= 0 or cost > self._size:
            return
        with self._lock:
            if key in self._answers:
                self._forget(key)
            self._answers[key] = (self._clock() + seconds, cost, answer)
            self._used += cost
            while self._used > self._size:
                self._forget(next(iter(self._answers)))

    def _forget(self, key: tuple[str, Kind]) -> None:
        self._used -= self._answers.pop(key)[1]


def _seconds(answer: Answer) -> float:
    if answer.outcome is Outcome.TEMPORARY:
        return TEMPORARY
    return min(answer.ttl, MAX_SECONDS if answer.outcome is Outcome.FOUND else MAX_NEGATIVE)
