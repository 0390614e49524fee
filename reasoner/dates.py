"""FHIR dates as intervals: a date of any precision says when something began to be true within some bounds."""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

_FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_DAY = 86_400.0


@lru_cache(maxsize=4096)
def interval(text: str) -> tuple[float, float]:
    """The half-open interval of seconds since 1970 (UTC) that a FHIR date, dateTime or instant may mean.

    A date without a time zone is read as UTC. Raises ValueError for anything else than a FHIR date.

    >>> interval("1970-01-01")
    (0.0, 86400.0)
    >>> interval("1970-01-01T01:00:00+01:00")
    (0.0, 1.0)
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("not a FHIR date")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if month is None:
        start = datetime.date(int(year), 1, 1).toordinal()
        return _days(start, datetime.date(int(year), 12, 31).toordinal() + 1)
    if day is None:
        first = datetime.date(int(year), int(month), 1)
        return _days(first.toordinal(), first.toordinal() + _days_in_month(first))
    start = datetime.date(int(year), int(month), int(day)).toordinal()
    if hour is None:
        return _days(start, start + 1)
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 60:
        raise ValueError("no such time of day")
    seconds = int(hour) * 3600 + int(minute) * 60 + int(second or 0) - _offset(zone)
    at = (start - _EPOCH) * _DAY + seconds + float(fraction or 0)
    width = 60.0 if second is None else 10.0 ** -(len(fraction) - 1) if fraction else 1.0
    return at, at + width


def later(a: str | None, b: str | None) -> int:
    """1 when ``a`` is later than ``b``, -1 when it is earlier, 0 when they may be simultaneous.

    Later means that the intervals do not overlap; what is undated loses to what is dated.

    >>> later("2026-03-02", "2026-03"), later("2026-04", "2026-03-31"), later(None, "2020")
    (0, 1, -1)
    """
    if a == b:
        return 0
    if a is None or b is None:
        return 1 if b is None else -1
    (a_start, a_end), (b_start, b_end) = interval(a), interval(b)
    if a_start >= b_end:
        return 1
    return -1 if b_start >= a_end else 0


def age_in_years(birth: str, on: datetime.date) -> tuple[int, int]:
    """The least and the greatest number of completed years that someone born at ``birth`` may have on that day.

    Raises ValueError when ``birth`` is no FHIR date or lies after that day.

    >>> age_in_years("1950-06-15", datetime.date(2026, 6, 14)), age_in_years("1950", datetime.date(2026, 6, 14))
    ((75, 75), (75, 76))
    """
    interval(birth)
    parts = [int(part) for part in birth[:10].split("-")]
    year, month = parts[0], parts[1] if len(parts) > 1 else None
    day = parts[2] if len(parts) > 2 else None
    youngest = (year, month or 12, day or 31)
    oldest = (year, month or 1, day or 1)
    ages = _completed(youngest, on), _completed(oldest, on)
    if ages[1] < 0:
        raise ValueError("born after the day of the assessment")
    return max(ages[0], 0), ages[1]


def _completed(birth: tuple[int, int, int], on: datetime.date) -> int:
    return on.year - birth[0] - ((on.month, on.day) < birth[1:])


def _days(start: int, end: int) -> tuple[float, float]:
    return (start - _EPOCH) * _DAY, (end - _EPOCH) * _DAY


def _days_in_month(first: datetime.date) -> int:
    if first.month == 12:
        return 31
    return (first.replace(month=first.month + 1) - first).days


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError("no such time zone")
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)
