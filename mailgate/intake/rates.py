"""So many an hour for each key: mails, faults and lines in the log of one network (threat T14)."""

from __future__ import annotations

HOUR = 3600.0
MAX_KEYS = 10_000


class Rates:
    """A budget for each key that fills up evenly over an hour (the generic cell rate algorithm).

    One number a key and at most `keys` of them: whoever comes from many networks pushes out those that were heard of
    longest ago, in constant time. A budget pushed out is a full one; who owns so many networks needs no second one.
    """

    def __init__(self, per_hour: int, keys: int = MAX_KEYS) -> None:
        """`per_hour` 0: without limit."""
        self._per_hour = per_hour
        self._interval = HOUR / per_hour if per_hour else 0.0
        self._keys = keys
        self._full_at: dict[str, float] = {}  # when the budget will be whole again

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, now: float, amount: int = 1) -> bool:
        """Take `amount` of the budget of `key`; False, and nothing taken, when so much is not left.

        `now`: seconds of a clock that does not go back.
        """
        if not self._per_hour:
            return True
        full_at = max(self._full_at.pop(key, now), now)
        later = full_at + min(amount, self._per_hour) * self._interval
        left = later <= now + HOUR + self._interval / 2  # half a step of room for the rounding of sums
        self._full_at[key] = later if left else full_at
        if len(self._full_at) > self._keys:
            del self._full_at[next(iter(self._full_at))]
        return left

    def spent(self, key: str, now: float) -> bool:
        """Whether nothing is left."""
        return bool(self._per_hour) and self._full_at.get(key, now) + self._interval / 2 > now + HOUR
