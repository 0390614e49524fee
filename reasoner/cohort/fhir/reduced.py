"""Resources reduced to rows: a statement, whose it is, when, and what it refers to. Parts join and split freely."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

SCHEMA: dict[str, type[pl.DataType]] = {
    "unit": pl.UInt32, "statement": pl.UInt32, "id": pl.String, "target": pl.String, "dates": pl.Binary,
    "start": pl.Float64, "end": pl.Float64,
}  # fmt: skip
"""The columns of resources that say something.

``unit`` and ``statement`` are places in the lists beside them. ``target`` is the one ``Type/id`` that the resource
refers to, empty for none. ``dates`` are its date elements as written, ``start`` and ``end`` bound when it counts.
"""
UNSAID: dict[str, type[pl.DataType]] = {"unit": pl.UInt32, "statement": pl.UInt32, "id": pl.String}
NO_UNIT = 2**32 - 1
"""The unit of resources that say nothing and whose patient is not simply ``Patient/id``: it makes no difference."""
Numbers = NDArray[np.uint32]
_INPUT = "\n"
"""Begins the name of a unit that is an input of its own; no patient is called so."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that could not be read."""

    source: str
    line: int
    why: str


@dataclass
class Reduced:
    """What some resources say. What is assembled together is a *unit*: a patient, or a Bundle."""

    units: list[str] = field(default_factory=list)
    """``Patient/id``, or the name of an input; empty for resources that name nobody."""
    persons: list[str] = field(default_factory=list)
    """The patient of each unit that is an input, ``Patient/id``."""
    keys: list[bytes] = field(default_factory=list)
    """The statements that occur, as FHIR JSON."""
    rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMA))
    unsaid: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=UNSAID))
    """Resources that say nothing, for the reasons in their statements."""
    whole: list[tuple[int, bytes]] = field(default_factory=list)
    """Resources, or inputs, that go to the row path as they are, each with its unit."""
    others: dict[str, int] = field(default_factory=dict)
    """How many resources there are of each type that the mapping does not read."""
    broken: list[Broken] = field(default_factory=list)

    @staticmethod
    def joined(parts: Sequence[Reduced]) -> Reduced:
        """All parts as one."""
        units: dict[str, int] = {}
        keys: dict[bytes, int] = {}
        result = Reduced()
        rows, unsaid = [result.rows], [result.unsaid]
        for part in parts:
            unit = [units.setdefault(name, len(units)) for name in part.units]
            key = [keys.setdefault(name, len(keys)) for name in part.keys]
            result.persons += [""] * (len(units) - len(result.persons))
            for at, person in zip(unit, part.persons, strict=True):
                if person:
                    result.persons[at] = person
            rows.append(_renumbered(part.rows, unit, key))
            unsaid.append(_renumbered(part.unsaid, unit, key))
            result.whole += [(unit[own], data) for own, data in part.whole]
            result.broken += part.broken
            for name, count in part.others.items():
                result.others[name] = result.others.get(name, 0) + count
        result.units, result.keys = list(units), list(keys)
        result.rows, result.unsaid = pl.concat(rows), pl.concat(unsaid)
        return result

    def partition(self, n: int) -> list[Reduced]:
        """The same in ``n`` parts: a unit is in the same one whatever reduction it came from."""
        written = map(partial(str.encode, errors="surrogatepass"), self.units)
        share = np.fromiter(map(zlib.crc32, written), np.int64, len(self.units)) % n
        units, unit = _grouped(share, n)
        # What belongs to nobody is in the first part.
        rows, unsaid = (_Sorted.of(frame, np.append(share, 0), n) for frame in (self.rows, self.unsaid))
        keys, inverse = np.unique(np.concatenate([rows.keyed(len(self.keys)), unsaid.keyed(len(self.keys))]),
                                  return_inverse=True)  # fmt: skip
        first = np.searchsorted(keys, np.arange(n + 1) * len(self.keys))
        said = rows.numbered(unit, inverse[: len(rows.share)] - first[rows.share])
        silent = unsaid.numbered(unit, inverse[len(rows.share) :] - first[unsaid.share])
        whole: list[list[tuple[int, bytes]]] = [[] for _ in range(n)]
        for own, data in self.whole:
            whole[share[own]].append((int(unit[own]), data))
        parts = [
            Reduced(
                [self.units[at] for at in units[i]],
                [self.persons[at] for at in units[i]],
                [self.keys[at] for at in (keys[first[i] : first[i + 1]] % len(self.keys)).tolist()],
                said[i], silent[i], whole[i],
            )
            for i in range(n)
        ]  # fmt: skip
        parts[0].others, parts[0].broken = dict(self.others), list(self.broken)
        return parts

    def _only(
        self, rows: pl.DataFrame, unsaid: pl.DataFrame, whole: list[tuple[int, bytes]], units: NDArray[np.intp]
    ) -> Reduced:
        """Some rows, with the units and the statements that they need."""
        keys = np.unique(np.concatenate([rows["statement"].to_numpy(), unsaid["statement"].to_numpy()]))
        unit, key = np.zeros(len(self.units), np.uint32), np.zeros(len(self.keys), np.uint32)
        unit[units], key[keys] = np.arange(len(units)), np.arange(len(keys))
        return Reduced(
            [self.units[i] for i in units],
            [self.persons[i] for i in units],
            [self.keys[i] for i in keys],
            _renumbered(rows, unit, key),
            _renumbered(unsaid, unit, key),
            [(int(unit[own]), data) for own, data in whole],
        )

    def write(self, path: Path) -> None:
        """Write as one Arrow file."""
        lists: dict[str, tuple[Sequence[object], type[pl.DataType]]] = {
            "units": (self.units, pl.String),
            "persons": (self.persons, pl.String),
            "keys": (self.keys, pl.Binary),
            "wholeUnits": ([unit for unit, _ in self.whole], pl.UInt32),
            "whole": ([data for _, data in self.whole], pl.Binary),
            "others": (list(self.others), pl.String),
            "otherCounts": (list(self.others.values()), pl.UInt64),
            "brokenSources": ([broken.source for broken in self.broken], pl.String),
            "brokenLines": ([broken.line for broken in self.broken], pl.UInt64),
            "brokenReasons": ([broken.why for broken in self.broken], pl.String),
        }
        series = {name: pl.Series([pl.Series(values, dtype=dtype)]) for name, (values, dtype) in lists.items()}
        for name, frame in (("rows", self.rows), ("unsaid", self.unsaid)):
            series[name] = pl.Series([frame.to_struct()])
        pl.DataFrame(series).write_ipc(path, compression="lz4")

    @staticmethod
    def read(path: Path) -> Reduced:
        """Read what ``write`` wrote."""
        table = pl.read_ipc(path)
        own = {name: table[name][0] for name in table.columns}
        lists = {name: series.to_list() for name, series in own.items() if name not in ("rows", "unsaid")}
        broken = zip(lists["brokenSources"], lists["brokenLines"], lists["brokenReasons"], strict=True)
        return Reduced(
            lists["units"],
            lists["persons"],
            lists["keys"],
            own["rows"].struct.unnest(),
            own["unsaid"].struct.unnest(),
            list(zip(lists["wholeUnits"], lists["whole"], strict=True)),
            dict(zip(lists["others"], lists["otherCounts"], strict=True)),
            [Broken(*row) for row in broken],
        )


def _grouped(share: NDArray[np.int64], n: int) -> tuple[list[list[int]], NDArray[np.int64]]:
    """The units of each of ``n`` shares, and the place of each unit among those of its share."""
    order = np.argsort(share, kind="stable")
    ends = np.cumsum(np.bincount(share, minlength=n))
    starts = np.append(0, ends[:-1])
    place = np.empty(len(share), np.int64)
    place[order] = np.arange(len(share)) - starts[share[order]]
    return [own.tolist() for own in np.split(order, ends[:-1])], place


@dataclass
class _Sorted:
    """Rows by the share that they belong to."""

    frame: pl.DataFrame
    share: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, frame: pl.DataFrame, share: NDArray[np.int64], n: int) -> _Sorted:
        """Rows, sorted; ``share`` is that of each unit and, last, of no unit."""
        own = share[np.minimum(frame["unit"].to_numpy(), len(share) - 1)]
        order = np.argsort(own, kind="stable")
        return cls(frame[order], own[order], np.cumsum(np.bincount(own, minlength=n)))

    def keyed(self, keys: int) -> NDArray[np.int64]:
        """Share and statement of each row, as one number."""
        found: NDArray[np.int64] = self.share * keys + self.frame["statement"].to_numpy()
        return found

    def numbered(self, unit: NDArray[np.int64], statement: NDArray[np.int64]) -> list[pl.DataFrame]:
        """The rows of each share, with other numbers for their units and statements."""
        old = self.frame["unit"].to_numpy()
        units = np.append(unit, NO_UNIT).astype(np.uint32)[np.minimum(old, len(unit))]
        frame = self.frame.with_columns(pl.Series("unit", units), pl.Series("statement", statement.astype(np.uint32)))
        return [frame[start:end] for start, end in pairwise([0, *self.ends.tolist()])]


def _renumbered(frame: pl.DataFrame, unit: Sequence[int] | Numbers, key: Sequence[int] | Numbers) -> pl.DataFrame:
    """Rows with other numbers for their units and statements."""
    units = np.append(np.asarray(unit, np.uint32), np.uint32(NO_UNIT))
    own = frame["unit"].to_numpy()
    return frame.with_columns(
        pl.Series("unit", units[np.minimum(own, len(units) - 1)]),
        pl.Series("statement", np.asarray(key, np.uint32)[frame["statement"].to_numpy()]),
    )


def input_name(source: str, line: int) -> str:
    """The unit of an input that stands for itself."""
    return f"{_INPUT}{source}:{line}"


def is_input(unit: str) -> bool:
    """Whether the unit is an input of its own, not a patient."""
    return unit.startswith(_INPUT)


def origin(unit: str) -> tuple[str, int]:
    """Source and line of a unit that is an input of its own."""
    source, _, line = unit.removeprefix(_INPUT).rpartition(":")
    return source, int(line)
