"""The Date header as an aware datetime: RFC 5322 §3.3 and §4.3 (obsolete forms), and what mailers write instead."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

MAX_LENGTH = 200  # characters of a value that are looked at
YEARS = range(1970, 2200)  # outside, a clock was wrong and the date says nothing

_MONTHS = {
    m: n
    for n, m in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
# RFC 5322 §4.3: the military letters were used with both signs, so they mean no known offset.
_ZONES = {"edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8}
_ZONES |= {"cet": 1, "met": 1, "cest": 2, "mest": 2, "bst": 1, "eet": 2, "eest": 3, "jst": 9, "msk": 3}
_TIME = r"(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2}))?(?:[.,]\d{1,9})?"
_ZONE = r"\s*(am\b|pm\b)?\s*(?:(?:gmt|utc|ut)?\s*([+-]\s?\d{1,2}:?\d{2})|([a-z]{1,5})\b)?"
_RFC_5322 = re.compile(
    rf"\b(\d{{1,2}})[\s./-]*([a-z]{{3}})[a-z]{{0,6}}\.?[\s,./-]*(\d{{2,4}})[\s,tT-]+{_TIME}{_ZONE}"
)
_ASCTIME = re.compile(
    rf"\b([a-z]{{3}})[a-z]{{0,6}}\.?\s+(\d{{1,2}}),?\s+(?:(\d{{4}})[\s,]+)?{_TIME}{_ZONE}(?:\s*(\d{{4}})\b)?"
)
_ISO = re.compile(rf"\b(\d{{4}})-?(\d{{2}})-?(\d{{2}})[t\s]+{_TIME}{_ZONE}")
_COMMENT = re.compile(r"\([^()]*\)")


def parse(value: str) -> datetime | None:
    """Aware, in the sender's offset (UTC where it names none). None when there is no date in it or none that exists."""
    value = _COMMENT.sub(" ", value[:MAX_LENGTH].lower())
    try:
        if match := _RFC_5322.search(value):
            day, month, year, *rest = match.groups()
            return _made(_year(year), _MONTHS[month], int(day), rest)
        if match := _ISO.search(value):
            year, month, day, *rest = match.groups()
            return _made(int(year), int(month), int(day), rest)
        if match := _ASCTIME.search(value):
            month, day, early, *rest, late = match.groups()
            return _made(int(early or late or 0), _MONTHS[month], int(day), rest)
    except (KeyError, ValueError, OverflowError):
        return None
    return None


def _year(digits: str) -> int:
    """RFC 5322 §4.3: two digits up to 49 are this century's, else the last one's; three count from 1900."""
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _made(year: int, month: int, day: int, rest: list[str | None]) -> datetime | None:
    hour, minute, second = (int(part or 0) for part in rest[:3])
    half, offset, name = rest[3:6]
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if year not in YEARS:
        return None
    # a leap second is told as the second before it
    return datetime(
        year,
        month,
        day,
        hour,
        minute,
        min(second, 59) if second == 60 else second,
        tzinfo=_zone(offset, name),
    )


def _zone(offset: str | None, name: str | None) -> timezone:
    if offset:
        digits = offset[1:].replace(":", "").strip().zfill(4)
        minutes = int(digits[:2]) * 60 + int(digits[2:])
        if minutes >= 24 * 60:
            raise ValueError("no such offset")
        return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes)) if minutes else UTC
    return timezone(timedelta(hours=hours)) if (hours := _ZONES.get(name or "", 0)) else UTC
