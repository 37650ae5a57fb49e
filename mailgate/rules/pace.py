"""How much may go to a relay at once: nothing while it is down, but one mail that asks; and so many a minute.

Pure: times are seconds of a clock that only goes forward, handed in.
"""

from __future__ import annotations

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
_BURST = 10.0  # seconds' worth of mails that may go at once after a quiet time
_MOST = 64  # mails claimed at once: with more a claim costs each of them no less
_QUICK, _SLOW = 0.5, 1.0  # seconds that a mail waits and is sent in


class Breaker:
    """Whether the relay is up. Closed: all may go. Open, while it is down: none may. When the pause is over: one may,
    and its fate closes the breaker, or opens it for twice as long."""

    def __init__(self, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE) -> None:
        self._first, self._longest = first, longest
        self.pause = 0.0  # seconds; 0 while it is closed
        self.since = 0.0  # when it opened
        self._until = 0.0

    def room(self, now: float, flying: int, wanted: int) -> int:
        """How many of `wanted` mails may go, while `flying` others are under way."""
        if not self.pause:
            return wanted
        return 0 if now < self._until or flying else min(wanted, 1)

    def failed(self, now: float) -> bool:
        """The relay was down. True when a pause begins: once a round, not once for each mail under way."""
        if now < self._until:
            return False
        if not self.pause:
            self.since = now
        self.pause = min(self._longest, self.pause * 2 or self._first)
        self._until = now + self.pause
        return True

    def worked(self) -> bool:
        """The relay took a mail in hand. True when it had been down."""
        was, self.pause, self._until = bool(self.pause), 0.0, 0.0
        return was


class Pace:
    """At most so many mails a minute; 0 = any number."""

    def __init__(self, per_minute: int) -> None:
        self._rate = per_minute / 60
        self._most = max(1.0, self._rate * _BURST)
        self._left = self._most
        self._at: float | None = None

    def room(self, now: float, wanted: int) -> int:
        """How many of `wanted` mails may go now."""
        if not self._rate:
            return wanted
        if self._at is not None:
            self._left = min(self._most, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        return min(wanted, int(self._left))

    def took(self, mails: int) -> None:
        """So many go."""
        if self._rate:
            self._left -= mails


class Batch:
    """How many mails are claimed at once. Few, while the relay is slow: what is claimed cannot be withdrawn any more, and
    no other courier takes it. Many, where they are on their way at once: a claim costs the same for one and for sixty."""

    def __init__(self, least: int, most: int = _MOST) -> None:
        self._least, self._most = least, max(least, most)
        self.size = least

    def came_back(self, seconds: float, *, more: bool) -> None:
        """So long the slowest of those was in hand that have just been answered. `more`: others are due."""
        if seconds > _SLOW:
            self.size = max(self._least, self.size // 2)
        elif seconds < _QUICK and more:
            self.size = min(self._most, self.size * 2)
