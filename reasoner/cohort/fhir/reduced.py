"""Resources reduced to rows: a statement, whose it is, when, and what it refers to. Parts join and split freely."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import IO, TypeVar

import msgspec
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
Text = TypeVar("Text", str, bytes)
_UNITS: dict[str, type[pl.DataType]] = {"unit": pl.String, "person": pl.String}
_KEYS: dict[str, type[pl.DataType]] = {"key": pl.Binary}
_LENGTHS = struct.Struct("<5Q")
_ABOUT = msgspec.msgpack.Decoder(tuple[list[tuple[int, bytes]], list[tuple[str, int]], list[tuple[str, int, str]]])
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
    lines: int = 0
    """Of one block: how many lines it has, blank ones too."""

    @staticmethod
    def joined(parts: Sequence[Reduced]) -> Reduced:
        """All parts as one."""
        if len(parts) == 1:
            return parts[0]
        units, keys = _numbers(part.units for part in parts), _numbers(part.keys for part in parts)
        result = Reduced(list(units), [""] * len(units), list(keys))
        rows, unsaid = [result.rows], [result.unsaid]
        for part in parts:
            unit = np.fromiter(map(units.__getitem__, part.units), np.uint32, len(part.units))
            key = np.fromiter(map(keys.__getitem__, part.keys), np.uint32, len(part.keys))
            for at, person in enumerate(part.persons if any(part.persons) else ()):
                if person:
                    result.persons[unit[at]] = person
            rows.append(_renumbered(part.rows, unit, key))
            unsaid.append(_renumbered(part.unsaid, unit, key))
            result.whole += [(int(unit[own]), data) for own, data in part.whole]
            result.broken += part.broken
            for name, count in part.others.items():
                result.others[name] = result.others.get(name, 0) + count
        result.rows, result.unsaid = pl.concat(rows), pl.concat(unsaid)
        return result

    def partition(self, n: int) -> list[Reduced]:
        """The same in ``n`` parts: a unit is in the same one whatever reduction it came from."""
        if n == 1:
            return [self]
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

    def only(
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

    def write(self, into: Path | IO[bytes]) -> None:
        """Write as Arrow streams, one after another: they take much less work than one Arrow file that holds all."""
        about = (list(self.others.items()), [(own.source, own.line, own.why) for own in self.broken])
        streams = [
            _stream(pl.DataFrame({"unit": self.units, "person": self.persons}, schema=_UNITS)),
            _stream(pl.DataFrame({"key": self.keys}, schema=_KEYS)),
            _stream(self.rows),
            _stream(self.unsaid),
            msgspec.msgpack.encode((self.whole, *about)),
        ]
        data = b"".join([_LENGTHS.pack(*map(len, streams)), *streams])
        if isinstance(into, Path):
            into.write_bytes(data)
        else:
            into.write(data)

    @staticmethod
    def read(source: Path | IO[bytes]) -> Reduced:
        """Read what ``write`` wrote."""
        data = source.read_bytes() if isinstance(source, Path) else source.read()
        ends = list(accumulate(_LENGTHS.unpack_from(data), initial=_LENGTHS.size))
        *streams, about = (data[start:end] for start, end in pairwise(ends))
        units, keys, rows, unsaid = map(pl.read_ipc_stream, streams)
        whole, others, broken = _ABOUT.decode(about)
        named = units["unit"].to_list(), units["person"].to_list(), keys["key"].to_list()
        return Reduced(*named, rows, unsaid, whole, dict(others), [Broken(*one) for one in broken])


def _stream(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer, compression="lz4")
    return buffer.getvalue()


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
        frame = _with_numbers(self.frame, units, statement.astype(np.uint32))
        return [frame.slice(start, end - start) for start, end in pairwise([0, *self.ends.tolist()])]


def _numbers(lists: Iterable[Iterable[Text]]) -> dict[Text, int]:
    """Each distinct text of some lists with its number, in the order in which they come first."""
    return {text: number for number, text in enumerate(dict.fromkeys(chain.from_iterable(lists)))}


def _renumbered(frame: pl.DataFrame, unit: Numbers, key: Numbers) -> pl.DataFrame:
    """Rows with other numbers for their units and statements."""
    units = np.append(unit, np.uint32(NO_UNIT))[np.minimum(frame["unit"].to_numpy(), len(unit))]
    return _with_numbers(frame, units, key[frame["statement"].to_numpy()])


def _with_numbers(frame: pl.DataFrame, units: Numbers, statements: Numbers) -> pl.DataFrame:
    """Rows with these units and statements, made without asking the engine of polars, which takes its time."""
    return pl.DataFrame([pl.Series("unit", units), pl.Series("statement", statements), *frame.get_columns()[2:]])


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
