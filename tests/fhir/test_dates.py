"""Dates are intervals; later means that they do not overlap."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoner.dates import age_in_years, interval, later


def test_a_month_holds_all_its_days() -> None:
    start, end = interval("2026-03")
    assert (start, end) == (interval("2026-03-01")[0], interval("2026-03-31")[1])


def test_leap_years_and_december_end_where_the_next_begins() -> None:
    assert interval("2024-02")[1] == interval("2024-03-01")[0]
    assert interval("2026-12")[1] == interval("2027")[0] == interval("2026")[1]


def test_no_zone_is_utc_and_a_zone_shifts() -> None:
    assert interval("2026-03-01T10:00:00") == interval("2026-03-01T10:00:00Z") == interval("2026-03-01T12:00:00+02:00")


def test_precision_of_times() -> None:
    assert interval("2026-03-01T10:00")[1] - interval("2026-03-01T10:00")[0] == 60
    start, end = interval("2026-03-01T10:00:00.5Z")
    assert end - start == pytest.approx(0.1)


@pytest.mark.parametrize(
    "nonsense",
    ["", "yesterday", "2026-13", "2026-02-30", "2026-3-1", "26", "2026-03-01T25:00:00Z", "2026-03-01T10:00:00+99:00",
     "2026-03-01 10:00", "２０２６", "2026-03-01Z", " 2026"],
)  # fmt: skip
def test_nonsense_is_refused(nonsense: str) -> None:
    with pytest.raises(ValueError):
        interval(nonsense)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("2026-03-02", "2026-03-01", 1),
        ("2026-03-02", "2026-03", 0),  # a day of that month
        ("2026-04", "2026-03-31", 1),
        ("2026-03-01T23:30:00-02:00", "2026-03-01", 1),  # already the 2nd in UTC
        ("2026-03-01T23:30:00", "2026-03-01", 0),
        ("2026-03-01T10:00:00Z", "2026-03-01T11:59:59+02:00", 1),
        (None, "1990", -1),
        (None, None, 0),
    ],
)
def test_later(a: str | None, b: str | None, expected: int) -> None:
    assert later(a, b) == expected
    assert later(b, a) == -expected


@given(st.dates(), st.dates())
def test_later_orders_days_as_the_calendar_does(a: date, b: date) -> None:
    assert later(a.isoformat(), b.isoformat()) == (a > b) - (a < b)


def test_age_counts_completed_years() -> None:
    assert age_in_years("1960-02-29", date(2026, 2, 28)) == (65, 65)
    assert age_in_years("1960-02-29", date(2026, 3, 1)) == (66, 66)


def test_age_of_an_inexact_birth_date_is_a_range() -> None:
    assert age_in_years("1960", date(2026, 6, 1)) == (65, 66)
    assert age_in_years("1960-06", date(2026, 7, 1)) == (66, 66)


def test_birth_after_the_day_is_refused() -> None:
    with pytest.raises(ValueError):
        age_in_years("2030-01-01", date(2026, 1, 1))
