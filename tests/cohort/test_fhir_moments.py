"""Dates read all at once mean what the row path takes them for."""

from __future__ import annotations

import random

from reasoner.cohort.fhir.moments import NEVER, Moments
from reasoner.dates import interval


def written(source: random.Random) -> str:
    """A date as it could be written, often wrongly."""
    year = source.choice(["2026", "1999", "0001", "0000", "2024", "1900", "2000", "99x9", "9999"])
    text = f"{year}-{source.randint(0, 13):02d}-{source.randint(0, 32):02d}"
    if source.random() < 0.1:
        return text[: source.choice([4, 7])]
    if source.random() < 0.7:
        text += f"T{source.randint(0, 24):02d}:{source.randint(0, 60):02d}:{source.randint(0, 61):02d}"
        if source.random() < 0.4:
            text += "." + "".join(source.choice("0123456789") for _ in range(source.choice([3, 3, 1, 6])))
        sign = source.choice("+-")
        text += source.choice(["Z", "Z", "", f"{sign}{source.randint(0, 15):02d}:{source.randint(0, 60):02d}"])
    if source.random() < 0.1:
        at = source.randrange(len(text))
        text = text[:at] + source.choice("0:-TZ+.x\u0663") + text[at + 1 :]
    return text


def test_dates_mean_what_the_row_path_takes_them_for() -> None:
    source = random.Random(4)
    texts = [written(source) for _ in range(40_000)]
    bounds, valid = Moments(("first", "second")).many([f'"{text}"'.encode() + b"\0" for text in texts])
    read = 0
    for i, text in enumerate(texts):
        try:
            wanted = interval(text)
        except ValueError:
            assert not valid[i], text
        else:
            assert valid[i], text
            assert tuple(bounds[:2, i]) == wanted, text
            read += 1
    assert 10_000 < read < 35_000


def test_periods_later_elements_and_nothing() -> None:
    raws = [
        b"\0",
        b'\0{"start":"2026-01-01","end":"2026-02-01"}',
        b'null\0"2026-03"',
        b'\0{"start":"2026-01-01"}',
        b"7\0",
        b'"2026-01-01"\0"2025"',
    ]
    moments = Moments(("first", "second"))
    bounds, valid = moments.many(raws)
    assert valid.tolist() == [True, True, True, True, False, True]
    assert bounds[0, 0] == NEVER
    assert tuple(bounds[:2, 1]) == interval("2026-02-01")
    assert bounds[2, 1] == interval("2026-01-01")[0]
    assert tuple(bounds[:2, 2]) == interval("2026-03")
    assert tuple(bounds[:2, 5]) == interval("2026-01-01")
    assert [moments.when(raws[i]) for i in (0, 1, 2, 3, 5)] == [
        None,
        "2026-02-01",
        "2026-03",
        "2026-01-01",
        "2026-01-01",
    ]
