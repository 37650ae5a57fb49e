"""What is asked of DNS, and the purse of questions and seconds that one mail has.

Laws: an answer is a value, never an exception; names are compared in lower case and without the root dot; what cannot
be a name does not exist, and nobody is asked for it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal, Protocol

Kind = Literal["TXT", "A", "AAAA", "MX", "PTR"]
Clock = Callable[[], float]

MAX_NAME = 253  # octets, RFC 1035 §2.3.4 without the root
MAX_QUESTIONS = 250  # of one mail; the limits of RFC 7208 §4.6.4 allow 111 for one identity
_NAME = re.compile(r"[ -~]{1,253}")


class Outcome(Enum):
    FOUND = auto()
    NODATA = auto()  # the name exists, a record of this kind does not
    NXDOMAIN = auto()
    TEMPORARY = auto()  # nobody knows at the moment: a timeout, SERVFAIL, REFUSED


@dataclass(frozen=True, slots=True)
class Answer:
    """`records` as text: TXT with its strings joined, one character an octet; addresses; the names of PTR; the hosts
    of MX, the preferred first. `ttl` is how long it may be remembered, in seconds."""

    outcome: Outcome
    records: tuple[str, ...] = ()
    ttl: float = 0.0


NOWHERE = Answer(Outcome.NXDOMAIN)
LATER = Answer(Outcome.TEMPORARY)


class Resolver(Protocol):
    def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
        """The records of a plain name, CNAMEs followed, within so many seconds. Safe to call from many threads."""
        ...


def plain_name(name: str) -> str:
    """A name as it is asked for, "" for what cannot be one: empty or overlong labels, anything but printable ASCII."""
    name = name.removesuffix(".")
    if not _NAME.fullmatch(name) or not all(0 < len(label) < 64 for label in name.split(".")):
        return ""
    return name.lower()


class Lookups:
    """The questions of one mail: each is asked once, and none after the deadline."""

    def __init__(
        self, resolver: Resolver, seconds: float, clock: Clock = time.monotonic, most: int = MAX_QUESTIONS
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._end = clock() + seconds
        self._left = most
        self._known: dict[tuple[str, Kind], Answer] = {}

    @property
    def spent(self) -> bool:
        """No time or no question is left."""
        return self._left <= 0 or self._clock() >= self._end

    def ask(self, name: str, kind: Kind) -> Answer:
        """The answer; TEMPORARY once the purse is empty, or when the resolver breaks."""
        plain = plain_name(name)
        if not plain:
            return NOWHERE
        if (known := self._known.get((plain, kind))) is not None:
            return known
        seconds = self._end - self._clock()
        if seconds <= 0 or self._left <= 0:
            return LATER
        self._left -= 1
        try:
            answer = self._resolver.lookup(plain, kind, seconds)
        except Exception:  # noqa: BLE001  (whatever is wrong with DNS or its library, the mail waits and is not lost)
            answer = LATER
        self._known[plain, kind] = answer
        return answer
