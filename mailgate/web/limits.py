"""How much one key may bring within an hour, how many lines of the log whoever posts may cause, and which deliveries of a
provider were taken already."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mailgate.web import answers

HOUR = 3600.0
LINES = 60  # an hour, of each kind
_REPLAYED = answers.forbidden("replayed", "This signature was used for another mail")


class Quota:
    """Mails a name and hour: what was used comes back evenly. 0 = no limit. The names are those of the settings."""

    def __init__(self, most: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now = most, now
        self._used: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> None:
        """Raises Refusal (429) when an hour's mails are used up."""
        if not self._most:
            return
        now = self._now()
        used, at = self._used.get(name, (0.0, now))
        used = max(0.0, used - (now - at) * self._most / HOUR)
        if used + 1 > self._most:
            wait = int((used + 1 - self._most) * HOUR / self._most) + 1
            raise answers.later(429, "too_many", "Too many mails with this key within an hour", wait)
        self._used[name] = (used + 1, now)


class Lines:
    """So many lines of the log an hour of each kind, since whoever reaches the door can cause them (threat T29). The kinds are
    constants of ours."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._quota = Quota(LINES, now)
        self._left_out: Counter[str] = Counter()

    def of(self, kind: str) -> dict[str, int] | None:
        """None when the line is to be left out; else what is to stand in it besides: how many were left out before."""
        try:
            self._quota.take(kind)
        except answers.Refusal:
            self._left_out[kind] += 1
            return None
        before = self._left_out.pop(kind, 0)
        return {"lines_left_out": before} if before else {}


class Taken:
    """The latest deliveries that were accepted, by what their provider calls them: a second try of one that was gets the
    same id, and the same name with another content is a forgery. Of this process alone; the ledger knows the rest (2.7).
    """

    def __init__(self, most: int = 50_000) -> None:
        self._most = most
        self._ids: OrderedDict[tuple[str, str], tuple[bytes, str]] = OrderedDict()
        self._under_way: dict[tuple[str, str], bytes] = {}

    def before(self, provider: str, name: str, digest: bytes) -> str:
        """The id that this delivery got before, "" for a new one. Raises Refusal (403) where the content is another."""
        found = self._ids.get((provider, name)) if name else None
        if found is None:
            return ""
        if found[0] != digest:
            raise _REPLAYED
        return found[1]

    @contextmanager
    def alone(self, provider: str, name: str, digest: bytes) -> Iterator[None]:
        """While a delivery is handed over nobody else uses its name. Raises Refusal: 403, or 503 for the same once more."""
        if (other := self._under_way.get((provider, name))) is not None:
            raise answers.CROWDED if other == digest else _REPLAYED
        if name:
            self._under_way[provider, name] = digest
        try:
            yield
        finally:
            self._under_way.pop((provider, name), None)

    def add(self, provider: str, name: str, digest: bytes, id: str) -> None:
        """Remember one that was accepted."""
        if not name:
            return
        self._ids[provider, name] = (digest, id)
        while len(self._ids) > self._most:
            self._ids.popitem(last=False)
