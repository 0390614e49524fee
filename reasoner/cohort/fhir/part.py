"""A part under construction: columns as lists, until a block is read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .reduced import NO_UNIT, SCHEMA, UNSAID, Broken, Reduced
from .references import are_patients
from .statements import Statement

PIECE = 1 << 17
"""So many bytes, and what is made of them, fit the caches of a processor."""
_LINE_END, _BRACE = np.uint8(ord("\n")), np.uint8(ord("{"))
Ints = NDArray[np.int64]
Column = NDArray[Any] | pl.Series


def ends_of(block: bytes) -> int:
    """How many lines end, the last one with the block. What bytes count themselves they count slowly."""
    letters = np.frombuffer(block, np.uint8)
    found = sum(np.count_nonzero(letters[at : at + PIECE] == _LINE_END) for at in range(0, len(letters), PIECE))
    return int(found) + (not block.endswith(b"\n"))


def lines_of(block: bytes) -> Ints:
    """Start, end and number of the lines that are not blank, a row each."""
    letters = np.frombuffer(block, np.uint8)
    ends = np.append(np.flatnonzero(letters == _LINE_END), len(letters))
    starts = np.append(0, ends[:-1] + 1)
    filled = ends > starts
    for i in np.flatnonzero(filled)[letters[starts[filled]] != _BRACE].tolist():
        filled[i] = bool(block[starts[i] : ends[i]].strip())
    return np.stack([starts[filled], ends[filled], np.flatnonzero(filled)], axis=1)


class Part:
    """What is reduced of one block so far."""

    def __init__(self, source: str, first: int, block: bytes) -> None:
        self.source, self._first, self._block = source, first, block
        self.persons: dict[int, str] = {}
        """The patient of a unit that is an input of its own."""
        self._begun: list[tuple[int, int]] = []
        self._ends = 0
        self._last = -1, np.zeros((0, 3), np.int64)
        self._units: dict[str, int] = {}
        self._names: list[str] = []
        self._said: list[tuple[Column, ...]] = []
        self._unsaid: list[tuple[Column, ...]] = []
        self._gone: set[int] = set()
        self._whole: list[tuple[int, bytes]] = []
        self._others: dict[str, int] = {}
        self._broken: list[Broken] = []

    # Lines --------------------------------------------------------------------------------------------------------

    @property
    def lines(self) -> list[bytes]:
        """The lines that are not blank."""
        return [self._block[start:end] for start, end, _ in self._spans.tolist()]

    @cached_property
    def _spans(self) -> Ints:
        """Start, end and number of the lines that are not blank; found only when somebody asks for a line."""
        return lines_of(self._block)

    def begin(self, place: int, start: int, ends: int) -> None:
        """At the start of a line the resource at that place begins: to find a line without looking at all of them.

        So many lines end before the next one that is told.
        """
        self._begun.append((place, start))
        self._ends += ends

    def line(self, place: int) -> bytes:
        """The line at a place among those that are not blank."""
        if not self._begun:
            start, end, _ = self._spans[place].tolist()
            return self._block[start:end]
        at = bisect_right(self._begun, place, key=itemgetter(0))
        first, begin = self._begun[at - 1]
        piece = self._block[begin : self._begun[at][1] if at < len(self._begun) else None]
        if first != self._last[0]:
            self._last = first, lines_of(piece)
        start, end, _ = self._last[1][place - first].tolist()
        return piece[start:end]

    def number(self, place: int) -> int:
        """The number in the source of the line at that place."""
        return self._first + int(self._spans[place, 2])

    def break_(self, place: int, why: str) -> None:
        """A line cannot be read."""
        self._broken.append(Broken(self.source, self.number(place), why))

    # Units --------------------------------------------------------------------------------------------------------

    def unit(self, name: str) -> int:
        """The place of a unit."""
        found = self._units.get(name)
        if found is None:
            found = self._units[name] = len(self._names)
            self._names.append(name)
        return found

    def name(self, unit: int) -> str:
        """The name of a unit."""
        return self._names[unit]

    def patients(self, references: Mapping[str, int], places: list[int]) -> Ints:
        """The units of patients, which are at places among the references; -1 where one is not ``Patient/id``."""
        distinct = list(references)
        usual = are_patients(distinct)
        if not self._names and all(usual):
            self._names, self._units = distinct, dict(references)
            return np.array(places, np.int64)
        units = [self.unit(one) if own else -1 for one, own in zip(distinct, usual, strict=True)]
        return np.array(units, np.int64)[places]

    # Rows ---------------------------------------------------------------------------------------------------------

    def said(
        self, units: Ints, statements: Ints, names: pl.Series, targets: pl.Series, dates: pl.Series,
        bounds: NDArray[np.float64],
    ) -> None:  # fmt: skip
        """Resources that say something; ``bounds`` has a row of starts and one of ends."""
        self._said.append((units, statements, names, targets, dates, *bounds))

    def unsaid(self, units: Ints, statements: Ints, names: pl.Series) -> None:
        """Resources that say nothing, for the reasons in their statements."""
        self._unsaid.append((np.where(units < 0, NO_UNIT, units), statements, names))

    def whole(self, name: str, data: bytes) -> None:
        """A resource, or an input, for the row path."""
        self._whole.append((self.unit(name), data))

    def other(self, kind: str, count: int) -> None:
        """Resources of a type that the mapping does not read."""
        self._others[kind] = self._others.get(kind, 0) + count

    def without(self, units: Collection[int]) -> None:
        """Take out all rows of some units."""
        self._gone |= set(units)

    def done(self, statements: Sequence[Statement]) -> Reduced:
        """The part as columns."""
        numbers = [own[1] for own in (*self._said, *self._unsaid)]
        used = np.flatnonzero(np.bincount(np.concatenate(numbers), minlength=1)) if numbers else np.zeros(0, np.int64)
        place = np.zeros(len(statements), np.uint32)
        place[used] = np.arange(len(used))
        rows, unsaid = _frame(SCHEMA, self._said, place), _frame(UNSAID, self._unsaid, place)
        if self._gone:
            gone = list(self._gone)
            rows, unsaid = (frame.filter(~pl.col("unit").is_in(gone)) for frame in (rows, unsaid))
        persons = [""] * len(self._names)
        for unit, person in self.persons.items():
            persons[unit] = person
        keys = [statements[i].key for i in used.tolist()]
        lines = self._ends if self._begun else ends_of(self._block)
        return Reduced(self._names, persons, keys, rows, unsaid, self._whole, self._others, self._broken, lines)


def _frame(
    schema: Mapping[str, type[pl.DataType]], pieces: Sequence[tuple[Column, ...]], place: NDArray[np.uint32]
) -> pl.DataFrame:
    """Pieces as one frame, its statements numbered by their places."""
    if not pieces:
        return pl.DataFrame(schema=schema)
    units, statements, *others = zip(*pieces, strict=True)
    columns = [np.concatenate(units).astype(np.uint32), place[np.concatenate(statements)]]
    series = [pl.Series(name, column) for name, column in zip(schema, columns, strict=False)]
    for name, own in zip(list(schema)[2:], others, strict=True):
        if isinstance(own[0], pl.Series):
            series.append((pl.concat(own) if len(own) > 1 else own[0]).alias(name))
        else:
            series.append(pl.Series(name, np.concatenate(own)))
    return pl.DataFrame(series)
