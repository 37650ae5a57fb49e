"""The Date header as an aware datetime: RFC 5322 §3.3 and §4.3 (obsolete forms), and what mailers write instead."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

MAX_LENGTH = 200  # characters of a value that are looked at
YEARS = range(
    1900, 2200
)  # RFC 5322 §3.3 knows none before; from the far end on a clock was wrong and the date says nothing

# By the first three letters, accents off; mailers that write their own language use these.
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan ene gen", "feb fev fevr", "mar mrz mae", "apr abr avr", "may mai mag mei maj", "jun giu juin", "jul lug juil",
            "aug ago aou", "sep set", "oct okt ott out", "nov", "dec dez dic",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
# RFC 5322 §4.3: the military letters were used with both signs, so they mean no known offset.
_ZONES = {"edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8}
_ZONES |= {"cet": 1, "met": 1, "cest": 2, "mest": 2, "bst": 1, "eet": 2, "eest": 3, "jst": 9, "msk": 3}
_EXACT = re.compile(
    r"(?:[A-Z][a-z]{2}, ?)?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d{4})(?: \([A-Z]{1,5}\))?"
)
_TIME = r"(\d{1,2})\s{0,5}[:.]\s{0,5}(\d{1,2})(?:\s{0,5}[:.]\s{0,5}(\d{1,2}))?(?![\d:])(?:[.,]\d{1,9})?"
_ZONE = r"\s*(am\b|pm\b)?\s*(?:(?:gmt|utc|ut)?\s*([+-]\s?\d{1,2}(?::?\d{2})?)(?!\d)|([a-z]{1,5})\b)?"
_RFC_5322 = re.compile(rf"\b(\d{{1,2}})[\s./-]*([a-z]{{3,9}})\.?[\s,./-]*(\d{{2,4}})[\s,tT-]+{_TIME}{_ZONE}")
_ASCTIME = re.compile(
    rf"\b([a-z]{{3,9}})\.?\s+(\d{{1,2}}),?\s+(?:(\d{{4}})[\s,]+)?{_TIME}{_ZONE}(?:\s*(\d{{4}})\b)?"
)
_ISO = re.compile(rf"\b(\d{{4}})[-/]?(\d{{2}})[-/]?(\d{{2}})[t\s]+{_TIME}{_ZONE}")
_BASIC = re.compile(r"\b(\d{4})(\d{2})(\d{2})t(\d{2})(\d{2})(\d{2})()()(z?)\b")
_DOTTED = re.compile(rf"\b(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}})[\s,]+{_TIME}{_ZONE}")
_COMMENT = re.compile(r"\([^()]*\)")


def parse(value: str) -> datetime | None:
    """Aware, in the sender's offset (UTC where it names none). None when there is no date in it or none that exists."""
    try:
        return _exact(value) or _any(value)
    except (KeyError, ValueError, OverflowError):
        return None


def _exact(value: str) -> datetime | None:
    """The form that nearly all mail has."""
    match = _EXACT.fullmatch(value)
    if match is None:
        return None
    day, month, year, hour, minute, second, offset = match.groups()
    return _made(int(year), _MONTHS[month.lower()], int(day), [hour, minute, second, None, offset, None])


def _any(value: str) -> datetime | None:
    value = _COMMENT.sub(" ", value[:MAX_LENGTH].lower())
    if not value.isascii():
        value = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c))
    if match := _RFC_5322.search(value):
        day, month, year, *rest = match.groups()
        return _made(_year(year), _month(month), int(day), rest)
    if match := _ISO.search(value) or _BASIC.search(value):
        year, month, day, *rest = match.groups()
        return _made(int(year), int(month), int(day), rest)
    if match := _DOTTED.search(value):
        day, month, year, *rest = match.groups()
        return _made(int(year), int(month), int(day), rest)
    if match := _ASCTIME.search(value):
        month, day, early, *rest, late = match.groups()
        return _made(int(early or late or 0), _month(month), int(day), rest)
    return None


def _month(name: str) -> int:
    return _MONTHS.get(name[:4]) or _MONTHS[name[:3]]


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
    if second == 60:
        second = 59  # a leap second is told as the second before it
    return datetime(year, month, day, hour, minute, second, tzinfo=_zone(offset or "", name or ""))


@lru_cache(maxsize=256)
def _zone(offset: str, name: str) -> timezone:
    if not offset:
        return timezone(timedelta(hours=hours)) if (hours := _ZONES.get(name, 0)) else UTC
    digits = offset[1:].replace(":", "").strip()
    digits = digits.zfill(2).ljust(4, "0") if len(digits) <= 2 else digits.zfill(4)
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if minutes >= 24 * 60:
        raise ValueError("no such offset")
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes)) if minutes else UTC
