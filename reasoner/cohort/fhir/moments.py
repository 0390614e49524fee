"""When resources count, as bounds in seconds: the intervals that ``dates.interval`` gives, the usual forms at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import compress

import numpy as np
import orjson
from numpy.typing import NDArray

from reasoner.dates import interval
from reasoner.fhir.elements import MalformedError, moment

NEVER = -1e18
"""The start of what is undated: it loses to every date."""
_NEVER_ENDS = NEVER + 1e6
_DAY = 86_400.0
_MEMORY = 50_000
_USUAL = {12: (0, 0), 22: (1, 0), 27: (6, 0), 26: (1, 3), 31: (6, 3)}
"""By length with the quotes: the characters of the time zone, and the digits of the fraction."""
_TENS, _COLON, _DASH, _PLUS, _QUOTE, _POINT = (ord(c) for c in '0:-+".')

Bounds = tuple[float, float, float]
Floats = NDArray[np.float64]


class Moments:
    """Reads the date elements of one type of resource, joined by zero bytes as they were written."""

    def __init__(self, elements: Sequence[str]) -> None:
        self.elements = elements
        self._known: dict[bytes, Bounds | None] = {}

    def many(self, raws: list[bytes]) -> tuple[Floats, NDArray[np.bool_]]:
        """Start, end, and start of when it begins, a row each, and which could be read."""
        bounds = np.empty((3, len(raws)))
        bounds[0], bounds[1], bounds[2] = NEVER, _NEVER_ENDS, NEVER
        valid = np.zeros(len(raws), np.bool_)
        if b"\0" in b"".join(raws):
            raws = [raw.rstrip(b"\0") for raw in raws]
        lengths = np.fromiter(map(len, raws), np.int64, len(raws))
        for length, (zone, digits) in _USUAL.items():
            own = lengths == length
            rows = np.flatnonzero(own)
            if len(rows):
                joined = b"".join(raws if len(rows) == len(raws) else compress(raws, own.tolist()))
                letters = np.frombuffer(joined, np.uint8).reshape(len(rows), length)
                valid[rows], bounds[:, rows] = _usual(np.ascontiguousarray(letters.T), zone, digits)
        # An empty text is an element that is not there.
        valid |= lengths == 0
        for i in np.flatnonzero(~valid).tolist():
            found = self._one(raws[i])
            if found is not None:
                valid[i], bounds[:, i] = True, found
        return bounds, valid

    def when(self, raw: bytes) -> str | None:
        """When it counts, as written."""
        plain = raw.rstrip(b"\0")
        if plain[:1] == b'"' and plain.count(b'"') == 2 and b"\\" not in plain:
            return plain[1:-1].decode()
        return moment(self.elements_of(raw), self.elements)[0] if plain else None

    def _one(self, raw: bytes) -> Bounds | None:
        try:
            return self._known[raw]
        except KeyError:
            pass
        if len(self._known) >= _MEMORY:
            self._known.clear()
        found = self._known[raw] = self._read(raw)
        return found

    def elements_of(self, raw: bytes) -> dict[str, object]:
        """The elements by name."""
        written = raw.split(b"\0")
        return {name: orjson.loads(text) for name, text in zip(self.elements, written, strict=False) if text}

    def _read(self, raw: bytes) -> Bounds | None:
        try:
            when, begin = moment(self.elements_of(raw), self.elements)
            if when is None:
                return NEVER, _NEVER_ENDS, NEVER
            return *interval(when), NEVER if begin is None else interval(begin)[0]
        except (MalformedError, ValueError):
            return None


@cache
def _months() -> NDArray[np.int64]:
    """The first day of each month that can be written, since 1970."""
    return np.arange("0001-01", "10000-02", dtype="M8[M]").astype("M8[D]").astype(np.int64)


def _usual(letters: NDArray[np.uint8], zone: int, digits: int) -> tuple[NDArray[np.bool_], Floats]:
    """Which texts of one length, a column each, are a day, or one with a time and a zone; and the bounds of each."""
    # What is no digit becomes a large number here, and its text is not taken.
    number = letters - np.uint8(_TENS)
    ok = (letters[0] == _QUOTE) & (letters[-1] == _QUOTE)

    def two(at: int, most: int = 99) -> NDArray[np.uint8]:
        nonlocal ok
        value: NDArray[np.uint8] = number[at] * np.uint8(10) + number[at + 1]
        ok = ok & (number[at] <= 9) & (number[at + 1] <= 9) & (value <= most)
        return value

    def sign(at: int, wanted: int, other: int = 0) -> None:
        nonlocal ok
        ok = ok & ((letters[at] == wanted) | (letters[at] == other if other else False))

    century, year, month, day = two(1), two(3), two(6, 12), two(9, 31)
    sign(5, _DASH)
    sign(8, _DASH)
    ok = ok & ((century | year) > 0) & (month > 0) & (day > 0)
    months = np.where(ok, (century * np.int32(100) + year) * np.int32(12) + month - np.int32(13), 0)
    first, following = _months()[months], _months()[months + 1]
    ok = ok & (day <= following - first)
    at = (first + day - 1) * _DAY
    if not zone:
        return ok, np.stack([at, at + _DAY, at])
    sign(11, ord("T"))
    sign(14, _COLON)
    sign(17, _COLON)
    seconds = two(12, 23) * np.int32(3600) + two(15, 59) * np.int32(60) + two(18, 60)
    end = 20 + (digits + 1 if digits else 0)
    if zone == 1:
        sign(end, ord("Z"))
    else:
        sign(end, _PLUS, _DASH)
        sign(end + 3, _COLON)
        offset = two(end + 1, 14) * np.int32(3600) + two(end + 4, 59) * np.int32(60)
        seconds = seconds - np.where(letters[end] == _DASH, -offset, offset)
    at, width = at + seconds, 1.0
    if digits:
        sign(20, _POINT)
        own = number[21 : 21 + digits]
        ok = ok & (own <= 9).all(axis=0)
        fraction = np.zeros(len(at), np.int64)
        for one in own:
            fraction = fraction * 10 + one
        at, width = at + fraction / 10.0**digits, 10.0**-digits
    return ok, np.stack([at, at + width, at])
