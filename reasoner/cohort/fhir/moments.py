"""When resources count, as bounds in seconds: the intervals that ``dates.interval`` gives, the usual forms at once."""

from __future__ import annotations

from collections.abc import Sequence

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
        table = np.array(raws, dtype=np.bytes_)
        lengths = np.char.str_len(table)
        if table.itemsize:
            letters = table.view(np.uint8).reshape(len(raws), table.itemsize)
            for length, (zone, digits) in _USUAL.items():
                rows = np.flatnonzero(lengths == length)
                if len(rows):
                    valid[rows], bounds[:, rows] = _usual(letters[rows, :length], zone, digits)
        # An empty text is an element that is not there.
        valid |= lengths == 0
        for i in np.flatnonzero(~valid):
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


def _usual(letters: NDArray[np.uint8], zone: int, digits: int) -> tuple[NDArray[np.bool_], Floats]:
    """Which of some texts of one length are a day, or a day and a time with seconds and zone, and their bounds."""
    number = letters.astype(np.int64) - _TENS
    ok = (letters[:, 0] == _QUOTE) & (letters[:, -1] == _QUOTE)

    def read(start: int, count: int, most: int) -> NDArray[np.int64]:
        nonlocal ok
        value = np.zeros(len(letters), np.int64)
        for i in range(start, start + count):
            ok = ok & (number[:, i] >= 0) & (number[:, i] <= 9)
            value = value * 10 + number[:, i]
        ok = ok & (value <= most)
        return np.where(ok, value, 0)

    def sign(at: int, wanted: int, other: int = -1) -> None:
        nonlocal ok
        ok = ok & ((letters[:, at] == wanted) | (letters[:, at] == other if other >= 0 else False))

    year, month, day = read(1, 4, 9999), read(6, 2, 12), read(9, 2, 31)
    sign(5, _DASH)
    sign(8, _DASH)
    ok = ok & (year > 0) & (month > 0) & (day > 0)
    months = (np.where(ok, year, 1970) - 1970) * 12 + np.where(ok, month, 1) - 1
    first, following = (m.astype("M8[M]").astype("M8[D]").astype(np.int64) for m in (months, months + 1))
    ok = ok & (day <= following - first)
    at = (first + day - 1) * _DAY
    if not zone:
        return ok, np.stack([at, at + _DAY, at])
    sign(11, ord("T"))
    sign(14, _COLON)
    sign(17, _COLON)
    seconds = read(12, 2, 23) * 3600 + read(15, 2, 59) * 60 + read(18, 2, 60)
    end = 20 + (digits + 1 if digits else 0)
    if zone == 1:
        sign(end, ord("Z"))
    else:
        sign(end, _PLUS, _DASH)
        sign(end + 3, _COLON)
        offset = read(end + 1, 2, 14) * 3600 + read(end + 4, 2, 59) * 60
        seconds = seconds - np.where(letters[:, end] == _DASH, -offset, offset)
    at, width = at + seconds, 1.0
    if digits:
        sign(20, _POINT)
        at, width = at + read(21, digits, 10**digits) / 10.0**digits, 10.0**-digits
    return ok, np.stack([at, at + width, at])
