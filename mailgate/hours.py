"""Weekly hours, holidays and a time zone as people write them, read into one frozen value.

Laws: pure but for the time zone's table; what is wrong raises ValueError that says what would be right. The arithmetic
of waits is in `rules/calendar`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHOLE_DAY = (0, 1440)
MAX_TEXT = 500  # characters of `hours`
MAX_HOLIDAYS = 500
_TOKEN = re.compile(r"[^\s,;]+")
_DASH = re.compile(r"\s*[-–—]\s*")
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?")
_EVERY_YEAR = re.compile(r"(\d{2})-(\d{2})")
_WANTED = 'hours like "Mon-Fri 09:00-17:30, Sat 10:00-12:00" are needed'

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a team works. `week`: for each day from Monday on, its hours as minutes since midnight, in order, apart from
    each other, the end not included. A holiday is a whole day without hours."""

    week: tuple[Ranges, ...] = ((WHOLE_DAY,),) * 7
    holidays: frozenset[date] = frozenset()
    every_year: frozenset[tuple[int, int]] = frozenset()  # month and day
    timezone: str = "UTC"

    @property
    def always(self) -> bool:
        """Whether there is no closed hour."""
        return not self.holidays and not self.every_year and all(day == (WHOLE_DAY,) for day in self.week)

    @property
    def zone(self) -> tzinfo:
        return zone(self.timezone)

    def of(self, day: date) -> Ranges:
        """The hours of one date."""
        if day in self.holidays or (day.month, day.day) in self.every_year:
            return ()
        return self.week[day.weekday()]


ALWAYS = Calendar()


@lru_cache(maxsize=256)
def read(hours: str = "", holidays: tuple[str, ...] = (), timezone: str = "UTC") -> Calendar:
    """The calendar of these texts; "" for all hours. Raises ValueError."""
    dates, yearly = _holidays(holidays)
    zone(timezone)
    return Calendar(week(hours), dates, yearly, timezone)


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """A time zone of the IANA database. Raises ValueError for a name that it does not have."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as e:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{name!r} is no time zone; one like Europe/Paris is needed") from e


def text(value: object) -> str:
    """`hours` as one line: written so, or as a table of days (`{Mon-Fri = "09:00-17:30"}`). Raises ValueError."""
    if isinstance(value, Mapping):
        value = "; ".join(f"{days} {times}" for days, times in value.items())
    if not isinstance(value, str):
        raise ValueError(_WANTED)
    week(value)
    return " ".join(value.split())


def dates(value: object) -> tuple[str, ...]:
    """`holidays` as texts, sorted, once each; TOML's own dates count too. Raises ValueError."""
    if not isinstance(value, list | tuple):
        raise ValueError('a list like ["2026-12-25", "05-01"] is needed')
    found = tuple(sorted({each.isoformat() if isinstance(each, date) else str(each) for each in value}))
    _holidays(found)
    return found


def week(hours: str) -> tuple[Ranges, ...]:
    """The hours of each day from Monday on. Hours over midnight end on the next day; "" is all hours, and days
    without hours are closed. Raises ValueError."""
    if len(hours) > MAX_TEXT:
        raise ValueError(f"hours of {MAX_TEXT} characters at most are allowed")
    if not hours.strip():
        return ALWAYS.week
    found: list[list[tuple[int, int]]] = [[] for _ in DAYS]
    days: list[int] = []
    open_days = False  # the days of this group have no hours yet
    for token in _TOKEN.findall(_DASH.sub("-", hours)):
        if token[0].isdigit():
            _add(found, days, token)
            open_days = False
        else:
            days = [*(days if open_days else ()), *_days(token)]
            open_days = True
    if open_days or not any(found):
        raise ValueError(f"days without hours are left out, not named; {_WANTED}")
    return tuple(_merged(day) for day in found)


def _days(token: str) -> Iterable[int]:
    first, dash, last = token.lower().partition("-")
    if token.lower() in ("daily", "everyday"):
        return range(7)
    try:
        start = DAYS.index(first[:3])
        end = DAYS.index(last[:3]) if dash else start
    except ValueError:
        raise ValueError(f"{token!r} is no day of Mon, Tue, Wed, Thu, Fri, Sat, Sun; {_WANTED}") from None
    return [(start + n) % 7 for n in range((end - start) % 7 + 1)]


def _add(found: list[list[tuple[int, int]]], days: list[int], token: str) -> None:
    first, _, last = token.partition("-")
    start, end = _minutes(first, token), _minutes(last, token)
    if not days:
        raise ValueError(f"{token!r} stands before any day; {_WANTED}")
    if start == end or start == 1440:
        raise ValueError(f"{token!r} is no stretch of time; a whole day is 00:00-24:00")
    for day in days:
        if start < end:
            found[day].append((start, end))
        else:
            found[day].append((start, 1440))
            if end:
                found[(day + 1) % 7].append((0, end))


def _minutes(text: str, token: str) -> int:
    match = _TIME.fullmatch(text)
    value = int(match[1]) * 60 + int(match[2] or 0) if match else -1
    if not 0 <= value <= 1440 or (match and match[2] and int(match[2]) > 59):
        raise ValueError(f"{token!r} is no stretch of time like 09:00-17:30; {_WANTED}")
    return value


def _merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _holidays(texts: Iterable[str]) -> tuple[frozenset[date], frozenset[tuple[int, int]]]:
    fixed, yearly = set(), set()
    for number, each in enumerate(texts, 1):
        if number > MAX_HOLIDAYS:
            raise ValueError(f"{MAX_HOLIDAYS} holidays at most are allowed")
        try:
            if match := _EVERY_YEAR.fullmatch(each):
                leap = date(2024, int(match[1]), int(match[2]))
                yearly.add((leap.month, leap.day))
            else:
                fixed.add(date.fromisoformat(each))
        except ValueError:
            raise ValueError(
                f"{each[:40]!r} is no date; 2026-12-25 is needed, or 12-25 for each year"
            ) from None
    return frozenset(fixed), frozenset(yearly)
