"""A part under construction: columns as lists, until a block is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .reduced import NO_UNIT, SCHEMA, UNSAID, Broken, Reduced
from .references import is_patient
from .statements import Statement

_LINE_END, _BRACE = b"\n{"


@dataclass
class _Columns:
    """Columns of rows that grow."""

    units: list[int] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    dates: list[bytes] = field(default_factory=list)


class Part:
    """What is reduced of one block so far."""

    def __init__(self, source: str, first: int, block: bytes) -> None:
        self.source, self._first, self._block = source, first, block
        self.persons: dict[int, str] = {}
        """The patient of a unit that is an input of its own."""
        self._units: dict[str, int] = {}
        self._names: list[str] = []
        self._said, self._unsaid = _Columns(), _Columns()
        self._bounds = [np.empty((2, 0))]
        self._gone: set[int] = set()
        self._whole: list[tuple[int, bytes]] = []
        self._others: dict[str, int] = {}
        self._broken: list[Broken] = []

    # Lines --------------------------------------------------------------------------------------------------------

    @property
    def lines(self) -> list[bytes]:
        """The lines that are not blank."""
        return [self.line(place) for place in range(len(self._spans[0]))]

    @cached_property
    def _spans(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Start, end and number of the lines that are not blank; found only when somebody asks for a line."""
        letters = np.frombuffer(self._block, np.uint8)
        ends = np.append(np.flatnonzero(letters == _LINE_END), len(letters))
        starts = np.append(0, ends[:-1] + 1)
        filled = ends > starts
        first = np.append(letters, 0)[starts]
        for i in np.flatnonzero(filled & (first != _BRACE)).tolist():
            filled[i] = bool(self._block[starts[i] : ends[i]].strip())
        return starts[filled], ends[filled], np.flatnonzero(filled) + self._first

    def line(self, place: int) -> bytes:
        """The line at a place among those that are not blank."""
        starts, ends, _ = self._spans
        return self._block[starts[place] : ends[place]]

    def number(self, place: int) -> int:
        """The number in the source of the line at that place."""
        return int(self._spans[2][place])

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

    def patients(self, references: list[str]) -> list[int]:
        """The units of patients; -1 for a reference that is not simply ``Patient/id``."""
        found = list(map(self._units.get, references))
        if None not in found:
            return found  # type: ignore[return-value]
        known = {one: self.unit(one) if is_patient(one) else -1 for one in dict.fromkeys(references)}
        return [known[one] for one in references]

    # Rows ---------------------------------------------------------------------------------------------------------

    def said(
        self, units: list[int], statements: list[int], names: list[str], targets: list[str], dates: list[bytes],
        bounds: NDArray[np.float64],
    ) -> None:  # fmt: skip
        """Resources that say something; ``bounds`` has a row of starts and one of ends."""
        said = self._said
        said.units += units
        said.statements += statements
        said.names += names
        said.targets += targets
        said.dates += dates
        self._bounds.append(bounds)

    def unsaid(self, units: Sequence[int], statements: Sequence[int], names: Sequence[str]) -> None:
        """Resources that say nothing, for the reasons in their statements."""
        self._unsaid.units += units
        self._unsaid.statements += statements
        self._unsaid.names += names

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
        said, unsaid_ = self._said, self._unsaid
        own = said.statements
        numbers = np.array(own + unsaid_.statements, np.int64)
        counts = np.bincount(numbers) > 0 if len(numbers) else np.zeros(0, np.bool_)
        used, inverse = np.flatnonzero(counts), (np.cumsum(counts) - 1)[numbers]
        bounds = np.concatenate(self._bounds, axis=1)
        rows = _frame(SCHEMA, (said.units, inverse[: len(own)], said.names, said.targets, said.dates, *bounds))
        nobody = np.array(unsaid_.units, np.int64)
        unsaid = _frame(UNSAID, (np.where(nobody < 0, NO_UNIT, nobody), inverse[len(own) :], unsaid_.names))
        if self._gone:
            gone = list(self._gone)
            rows, unsaid = (frame.filter(~pl.col("unit").is_in(gone)) for frame in (rows, unsaid))
        persons = [self.persons.get(i, "") for i in range(len(self._names))]
        keys = [statements[i].key for i in used.tolist()]
        return Reduced(self._names, persons, keys, rows, unsaid, self._whole, self._others, self._broken)


def _frame(schema: Mapping[str, type[pl.DataType]], columns: Sequence[Any]) -> pl.DataFrame:
    series = [
        pl.Series(name, np.asarray(column, np.uint32) if dtype == pl.UInt32 else column, dtype)
        for (name, dtype), column in zip(schema.items(), columns, strict=True)
    ]
    return pl.DataFrame(series)
