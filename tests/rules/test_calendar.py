"""Working time: hours as people write them, and how long a wait lasts in them (section 7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailgate import hours
from mailgate.config import EscalationSection
from mailgate.model import Severity, Team
from mailgate.rules import calendar
from mailgate.rules.calendar import TEN_YEARS, after

NINE, NOON, HALF_PAST_FIVE = 540, 720, 1050
OFFICE = ((NINE, HALF_PAST_FIVE),)

READ: list[tuple[str, list[tuple[tuple[int, int], ...]]]] = [
    ("", [((0, 1440),)] * 7),
    ("   ", [((0, 1440),)] * 7),
    ("Mon-Fri 09:00-17:30", [OFFICE] * 5 + [()] * 2),
    ("mon - fri 9:00 – 17:30", [OFFICE] * 5 + [()] * 2),
    ("Monday-Friday 09:00-17:30", [OFFICE] * 5 + [()] * 2),
    (
        "Mon, Wed 9-12 13-17:30",
        [((NINE, NOON), (780, 1050)), (), ((NINE, NOON), (780, 1050)), (), (), (), ()],
    ),
    ("Mon-Fri 09:00-17:30; Sat 09:00-12:00", [OFFICE] * 5 + [((NINE, NOON),), ()]),
    ("Sat-Mon 09:00-12:00", [((NINE, NOON),), (), (), (), (), ((NINE, NOON),), ((NINE, NOON),)]),
    ("daily 00:00-24:00", [((0, 1440),)] * 7),
    ("Sun 22:00-06:00", [((0, 360),), (), (), (), (), (), ((1320, 1440),)]),
    ("Fri 22:00-00:00", [(), (), (), (), ((1320, 1440),), (), ()]),
    ("Mon 09:00-12:00, Mon 11:00-17:30", [OFFICE] + [()] * 6),
    ("Mon 12:00-17:30 09:00-12:00", [OFFICE] + [()] * 6),
]


@pytest.mark.parametrize(("text", "week"), READ, ids=[repr(r[0]) for r in READ])
def test_hours_are_read_kindly(text: str, week: list[Any]) -> None:
    assert list(hours.week(text)) == week


WRONG = [
    ("Mon-Fri", "days without hours"),
    ("Mon 09:00-17:00 Tue", "days without hours"),
    ("09:00-17:00", "before any day"),
    ("Lun 09:00-17:00", "'Lun' is no day"),
    ("Mon-Xyz 09:00-17:00", "is no day"),
    ("Mon 09:00", "no stretch of time like"),
    ("Mon 09:00-25:00", "no stretch of time like"),
    ("Mon 09:75-10:00", "no stretch of time like"),
    ("Mon 09:00-24:01", "no stretch of time like"),
    ("Mon 09:00-09:00", "a whole day is 00:00-24:00"),
    ("Mon 24:00-09:00", "no stretch of time"),
    ("never", "is no day"),
    (", ;", "days without hours"),
    ("Mon 9-10 " * 100, "500 characters at most"),
]


@pytest.mark.parametrize(("text", "why"), WRONG, ids=[w[0][:20] for w in WRONG])
def test_what_is_wrong_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        hours.text(text)


def test_a_table_of_days_is_a_text() -> None:
    assert hours.text({"Mon-Fri": "09:00-17:30", "Sat": "9-12"}) == "Mon-Fri 09:00-17:30; Sat 9-12"
    with pytest.raises(ValueError, match="are needed"):
        hours.text(9)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], ()),
        (["2026-12-25", "05-01", "2026-12-25"], ("05-01", "2026-12-25")),
        ([date(2026, 12, 25)], ("2026-12-25",)),
        (["02-29"], ("02-29",)),
    ],
    ids=str,
)
def test_holidays_are_dates(value: Any, expected: Any) -> None:
    assert hours.dates(value) == expected


@pytest.mark.parametrize("value", ["2026-12-25", ["christmas"], ["02-30"], ["2026-02-29"], [5], {}], ids=str)
def test_other_holidays_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is needed"):
        hours.dates(value)


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "Europe", "CET\0", "/etc/localtime"]
)
def test_a_zone_must_be_known(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        hours.zone(name)


def paris(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris"), fold=fold)


# 25 October 2026: 03:00 becomes 02:00. 28 March 2027: 02:00 becomes 03:00. Both are Sundays.
WAITS: list[tuple[str, str, tuple[str, ...], datetime, float, datetime]] = [
    ("within a day", "Mon-Fri 09:00-17:30", (), paris("2026-11-23 10:00"), 3600, paris("2026-11-23 11:00")),
    ("from before hours", "Mon-Fri 09:00-17:30", (), paris("2026-11-23 03:00"), 60, paris("2026-11-23 09:01")),
    ("over night", "Mon-Fri 09:00-17:30", (), paris("2026-11-23 17:00"), 3600, paris("2026-11-24 09:30")),
    ("to the very end", "Mon-Fri 09:00-17:30", (), paris("2026-11-23 09:00"), 30600, paris("2026-11-23 17:30")),
    ("over a weekend", "Mon-Fri 09:00-17:30", (), paris("2026-11-20 17:00"), 3600, paris("2026-11-23 09:30")),
    ("from a weekend", "Mon-Fri 09:00-17:30", (), paris("2026-11-21 12:00"), 3600, paris("2026-11-23 10:00")),
    ("over lunch", "Mon-Fri 9-12 13-17", (), paris("2026-11-23 11:30"), 3600, paris("2026-11-23 13:30")),
    ("a holiday", "Mon-Fri 09:00-17:30", ("2026-11-24",), paris("2026-11-23 17:00"), 3600, paris("2026-11-25 09:30")),
    ("a holiday each year", "Mon-Fri 09:00-17:30", ("12-25",), paris("2026-12-24 17:00"), 3600, paris("2026-12-28 09:30")),
    ("twice eight hours", "Mon-Fri 09:00-17:00", (), paris("2026-11-23 12:00"), 57600, paris("2026-11-25 12:00")),
    ("a night shift", "Mon 22:00-06:00", (), paris("2026-11-23 23:00"), 4 * 3600, paris("2026-11-24 03:00")),
    ("a night shift ends", "Mon 22:00-06:00", (), paris("2026-11-24 05:00"), 7200, paris("2026-11-30 23:00")),
    ("a holiday cuts the night", "daily 22:00-06:00", ("2026-11-24",), paris("2026-11-23 23:00"), 7200, paris("2026-11-25 01:00")),
    ("the hour that is not", "Sun 01:00-05:00", (), paris("2027-03-28 01:30"), 3600, paris("2027-03-28 03:30")),
    ("hours that begin in it", "Sun 02:30-05:00", (), paris("2027-03-28 01:00"), 3600, paris("2027-03-28 04:00")),
    ("hours that are all in it", "Sun 02:00-03:00", (), paris("2027-03-28 01:00"), 60, paris("2027-04-04 02:01")),
    ("the hour that comes twice", "Sun 01:00-05:00", (), paris("2026-10-25 01:30"), 7200, paris("2026-10-25 02:30", fold=1)),
    ("a day of 25 hours", "daily 00:00-24:00", ("2030-01-01",), paris("2026-10-25 00:00"), 25 * 3600, paris("2026-10-26 00:00")),
    ("a day of 23 hours", "daily 00:00-24:00", ("2030-01-01",), paris("2027-03-28 00:00"), 23 * 3600, paris("2027-03-29 00:00")),
    ("no wait", "Mon-Fri 09:00-17:30", (), paris("2026-11-21 12:00"), 0, paris("2026-11-21 12:00")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "holidays", "start", "seconds", "expected"), [w[1:] for w in WAITS], ids=[w[0] for w in WAITS]
)
def test_a_wait(
    text: str, holidays: tuple[str, ...], start: datetime, seconds: float, expected: datetime
) -> None:
    found = after(hours.read(text, holidays, "Europe/Paris"), start, seconds)
    assert found == expected.astimezone(UTC)


def test_a_calendar_that_hardly_opens_ends_after_ten_years() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    rare = hours.read("Mon 09:00-09:01", (), "Europe/Paris")
    assert after(rare, start, 1e12) == start + TEN_YEARS
    assert after(hours.ALWAYS, start, 1e300) == start + TEN_YEARS
    assert after(rare, datetime(9990, 1, 1, tzinfo=UTC), 1e12).year == 9999


# ---------------------------------------------------------------- laws

QUARTERS = st.lists(st.integers(0, 96), min_size=2, max_size=4, unique=True).map(sorted)
ZONES = ["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Havana"]
CHANGES = ["2026-10-25", "2027-03-28", "2026-11-01", "2027-03-14", "2026-10-04", "2027-04-04", "2026-07-01"]


@st.composite
def calendars(draw: Callable[..., Any]) -> hours.Calendar:
    days = []
    for _ in range(7):
        edges = draw(st.one_of(st.just([]), st.just([0, 96]), QUARTERS))
        days.append(tuple((a * 15, b * 15) for a, b in zip(edges[::2], edges[1::2], strict=False)))
    near = draw(st.lists(st.sampled_from([*CHANGES, "2026-11-02"]), max_size=2))
    return hours.Calendar(
        tuple(days), frozenset(map(date.fromisoformat, near)), timezone=draw(st.sampled_from(ZONES))
    )


STARTS = st.builds(
    lambda day, minutes: datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-2 * 1440, 2 * 1440),
)


def is_open(found: hours.Calendar, moment: datetime) -> bool:
    wall = moment.astimezone(found.zone)
    minute = wall.hour * 60 + wall.minute
    return wall.date() not in found.holidays and any(a <= minute < b for a, b in found.week[wall.weekday()])


def counted(found: hours.Calendar, start: datetime, minutes: int, most: int) -> datetime | None:
    """The same, by looking at each minute."""
    moment = start
    for _ in range(most):
        minutes -= is_open(found, moment)
        moment += timedelta(minutes=1)
        if not minutes:
            return moment
    return None


@pytest.mark.slow
@given(calendars(), STARTS, st.integers(1, 900))
@settings(max_examples=60, deadline=None)
def test_every_minute_that_passes_is_an_open_one(
    found: hours.Calendar, start: datetime, minutes: int
) -> None:
    expected = counted(found, start, minutes, 5 * 1440)
    assume(expected is not None)
    assert after(found, start, minutes * 60) == expected
    assert is_open(found, after(found, start, minutes * 60) - timedelta(minutes=1))


@pytest.mark.slow
@given(calendars(), STARTS, st.integers(0, 10**6), st.integers(0, 10**5), st.integers(0, 10**5))
@settings(max_examples=60, deadline=None)
def test_later_or_longer_ends_no_sooner(
    found: hours.Calendar, start: datetime, seconds: int, later: int, more: int
) -> None:
    assume(any(found.week))
    end = after(found, start, seconds)
    assert end >= start
    assert after(found, start + timedelta(seconds=later), seconds) >= end
    assert after(found, start, seconds + more) >= end


@pytest.mark.slow
@given(STARTS, st.floats(0, 10**7), st.sampled_from(ZONES))
def test_without_closed_hours_it_is_plain_addition(start: datetime, seconds: float, name: str) -> None:
    found = hours.read("daily 00:00-24:00", (), name)
    assert found.always
    assert after(found, start, seconds) == start + timedelta(seconds=seconds)
    # the long way comes to the same
    with_holiday = hours.read("", ("1999-01-01",), name)
    assert not with_holiday.always
    assert abs(after(with_holiday, start, seconds) - start - timedelta(seconds=seconds)) < timedelta(
        seconds=1
    )


# ---------------------------------------------------------------- whose hours

OWN = EscalationSection(hours="Mon-Fri 08:00-16:00", timezone="Europe/Paris", holidays=["2026-12-25"])
TEAMS = (
    Team("plain", "a@x.example", ()),
    Team("night", "b@x.example", (), hours="daily 22:00-06:00"),
    Team("york", "c@x.example", (), timezone="America/New_York", holidays=()),
)


@pytest.mark.parametrize(
    ("severity", "team", "expected"),
    [
        (Severity.QUESTION, "plain", hours.read("Mon-Fri 08:00-16:00", ("2026-12-25",), "Europe/Paris")),
        (Severity.QUESTION, "", hours.read("Mon-Fri 08:00-16:00", ("2026-12-25",), "Europe/Paris")),
        (Severity.DEGRADED, "night", hours.read("daily 22:00-06:00", ("2026-12-25",), "Europe/Paris")),
        (Severity.DEGRADED, "york", hours.read("Mon-Fri 08:00-16:00", (), "America/New_York")),
        (Severity.OUTAGE, "york", hours.ALWAYS),
    ],
    ids=["plain", "none", "hours", "zone", "outage"],
)
def test_a_ticket_waits_by_its_team(severity: Severity, team: str, expected: hours.Calendar) -> None:
    assert calendar.of_ticket(severity, team, TEAMS, OWN) == expected


def test_nothing_configured_is_always() -> None:
    assert calendar.of_ticket(Severity.QUESTION, "plain", TEAMS, EscalationSection()).always
