"""How long a wait lasts in a team's working time (section 7): from a moment, so many seconds on.

Laws: pure; a moment is open when the wall clock of the calendar's zone stands within the hours of its date, so an hour
that the clock skips is no working time and one that comes twice counts twice; a calendar without a closed hour is plain
addition; the search ends after ten years.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from mailgate import hours
from mailgate.config import EscalationSection
from mailgate.hours import ALWAYS, Calendar
from mailgate.model import Severity, Team

TEN_YEARS = timedelta(days=3653)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
Piece = tuple[datetime, datetime]


def of_team(team: Team | None, settings: EscalationSection) -> Calendar:
    """A team's calendar; what the people file leaves out is as `escalation` says."""
    if team is None or not (team.hours or team.timezone or team.holidays is not None):
        return hours.read(settings.hours, settings.holidays, settings.timezone)
    holidays = settings.holidays if team.holidays is None else team.holidays
    return hours.read(team.hours or settings.hours, holidays, team.timezone or settings.timezone)


def of_ticket(severity: Severity, team: str, teams: Sequence[Team], settings: EscalationSection) -> Calendar:
    """The calendar that a ticket's waits go by: its team's, or none for a severity that counts around the clock."""
    if severity in settings.around_the_clock:
        return ALWAYS
    return of_team(next((t for t in teams if t.name == team), None), settings)


def after(calendar: Calendar, start: datetime, seconds: float) -> datetime:
    """The moment at which so many seconds of working time have passed since `start` (aware), in UTC.

    Not later than ten years on. With no seconds at all it is `start` itself, open or not.
    """
    start = start.astimezone(UTC)
    try:
        wait = timedelta(seconds=min(max(seconds, 0), TEN_YEARS.total_seconds()))
        if calendar.always or not wait:
            return start + wait
        return _search(calendar, start, start + TEN_YEARS, wait)
    except OverflowError:  # no year after 9999
        return datetime.max.replace(tzinfo=UTC)


def _search(calendar: Calendar, start: datetime, last: datetime, left: timedelta) -> datetime:
    for opens, closes in _pieces(calendar, start):
        if opens >= last:
            break
        room = closes - max(opens, start)
        if room >= left:
            return min(max(opens, start) + left, last)
        left -= max(room, timedelta(0))
    return last


def _pieces(calendar: Calendar, start: datetime) -> Iterator[Piece]:
    """Working hours from the day of `start` on as stretches of UTC, in order."""
    zone = calendar.zone
    day = start.astimezone(zone).date()
    while True:
        yield from sorted(
            p for opens, closes in calendar.of(day) for p in _stretches(day, opens, closes, zone)
        )
        day += _DAY


def _stretches(day: date, opens: int, closes: int, zone: tzinfo) -> list[Piece]:
    """Hours of one date in UTC: one stretch, or two around a change of the clock."""
    midnight = datetime.combine(day, time())
    first, last = midnight + timedelta(minutes=opens), midnight + timedelta(minutes=closes)
    old, new = _offset(first - _DAY, zone), _offset(last + _DAY, zone)
    if old == new:
        return [_piece(first, last, old)]
    change = _change(first - _DAY, last + _DAY, old, zone)
    early, late = _piece(first, last, old), _piece(first, last, new)
    found = (early[0], min(early[1], change)), (max(late[0], change), late[1])
    return [piece for piece in found if piece[0] < piece[1]]


def _piece(first: datetime, last: datetime, offset: timedelta) -> Piece:
    return (first - offset).replace(tzinfo=UTC), (last - offset).replace(tzinfo=UTC)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    """What the zone is ahead of UTC at a moment (naive, UTC)."""
    return moment.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta(0)


def _change(low: datetime, high: datetime, before: timedelta, zone: tzinfo) -> datetime:
    """The moment between two at which the zone leaves an offset, to the second."""
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high.replace(tzinfo=UTC)
