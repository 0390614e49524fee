"""Frames of findings as batches of codes: one column a finding, named as in the model.

Whatever the type of a column, each distinct text is read once. What is no value of the model is never used and never
lost: it is counted by column and value, and its row is marked.
"""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reasoner.errors import UsageError
from reasoner.model import Finding, Range

from .bits import together
from .coding import Code, Codes
from .kernel import Kernel
from .layout import names_of

PATIENT, SUBJECT = "patient", "subject"
_NEAR = 1 << 18
_FEW = 8


@dataclass(frozen=True)
class Table:
    """A frame taken apart."""

    n: int
    batch: dict[str, Codes]
    patient: pl.Series
    subject: pl.Series
    kept: pl.DataFrame
    """The columns that go along."""
    rejected: dict[str, NDArray[np.bool_]]
    """Findings of which some row has a value that is none of the model's, with these rows."""
    counts: Counter[tuple[str, str]]
    """The same by column and value."""


@dataclass(frozen=True)
class _Read:
    codes: Codes
    rejected: NDArray[np.bool_] | None = None
    counts: Counter[str] | None = None


def encode(kernel: Kernel, frame: pl.DataFrame, keep: Sequence[str] = ()) -> Table:
    """The codes of a frame's findings; ``keep`` names columns that go along. A finding is read, kept or not.

    Raises UsageError for a column that is neither, and for one that cannot go along.
    """
    names = [name for name in frame.columns if name in kernel.codes]
    _check_kept(kernel, frame.columns, keep)
    for name in frame.columns:
        if name not in names and name not in (PATIENT, SUBJECT, *keep):
            raise _unknown(name, kernel)

    arrays = together({name: kernel.codes[name].dtype for name in names}, frame.height)

    def reading(name: str) -> _Read:
        finding, code = kernel.model.findings[name], kernel.codes[name]
        read = _values if finding.range is None else _numbers
        return read(frame[name], finding, code, arrays[name])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        reads = dict(zip(names, pool.map(reading, names), strict=True))
    counts = Counter({(name, text): n for name, own in reads.items() for text, n in (own.counts or {}).items()})
    return Table(
        frame.height,
        {name: own.codes for name, own in reads.items()},
        _ids(frame, PATIENT),
        _numbered(_ids(frame, SUBJECT)),
        frame.select(keep),
        {name: own.rejected for name, own in reads.items() if own.rejected is not None},
        counts,
    )


def _check_kept(kernel: Kernel, columns: Sequence[str], keep: Sequence[str]) -> None:
    taken = names_of(kernel.plan.headers, kernel.columns)
    for place, name in enumerate(keep):
        if name not in columns:
            raise UsageError(f"the frame lacks the column `{name}`", None, "keep only columns that are there")
        if name in (PATIENT, SUBJECT) or name in keep[:place]:
            raise UsageError(f"the column `{name}` goes along already", None, "leave it out of those to keep")
        if name in taken:
            raise UsageError(f"the answer has a column `{name}` of its own", None, "rename the column to keep")


def _unknown(name: str, kernel: Kernel) -> UsageError:
    near = difflib.get_close_matches(name, [*kernel.codes, PATIENT, SUBJECT], 1)
    meant = f"write `{near[0]}`" if near else "see `guideline terms`"
    return UsageError(f"the column `{name}` is no finding", None, f"{meant}, or keep or drop the column")


def _ids(frame: pl.DataFrame, name: str) -> pl.Series:
    if name not in frame.columns:
        return pl.Series(name, [None], dtype=pl.String).new_from_index(0, frame.height)
    return frame[name].cast(pl.String)


def _numbered(ids: pl.Series) -> pl.Series:
    """Rows without a name are named by their number, from 1."""
    if not ids.null_count():
        return ids
    numbers = pl.int_range(1, len(ids) + 1, eager=True).cast(pl.String)
    return ids.zip_with(ids.is_not_null(), numbers).alias(ids.name)


def _values(column: pl.Series, finding: Finding, code: Code, out: Codes) -> _Read:
    """Codes of a column of texts: each distinct text is read once."""
    every, texts = _distinct(column)
    codes = np.zeros(max(texts, default=-1) + 2, code.dtype)
    wrong = np.zeros(len(codes), np.bool_)
    for place, text in texts.items():
        mask = _mask(text, finding)
        codes[place], wrong[place] = mask or 0, mask is None
    for rows in _near(len(every)):
        _look_up(codes, every[rows], out[rows])
    if not wrong.any():
        return _Read(out)
    seen = _counted(every, len(codes))
    counts = Counter({texts[place]: int(seen[place]) for place in np.flatnonzero(wrong & (seen > 0)).tolist()})
    return _Read(out, wrong.take(every) if counts else None, counts)


def _near(n: int) -> Iterator[slice]:
    """All rows, some at a time: what is made of them in between stays near the processor."""
    for start in range(0, n, _NEAR):
        yield slice(start, min(n, start + _NEAR))


def _look_up(table: Codes, at: NDArray[np.unsignedinteger], out: Codes) -> None:
    """``out[:] = table[at]``; for a few values comparing is several times as quick as looking up."""
    places = np.flatnonzero(table)
    if len(places) > _FEW:
        np.take(table, at, out=out, mode="clip")
        return
    out[:] = 0
    same, part = np.empty(len(at), np.bool_), np.empty_like(out)
    for place in places.tolist():
        np.equal(at, place, out=same)
        np.multiply(same.view(np.uint8), table[place], out=part)
        np.bitwise_or(out, part, out=out)


def _distinct(column: pl.Series) -> tuple[NDArray[np.unsignedinteger], dict[int, str]]:
    """A column as numbers, and the texts they stand for; null is one more than the greatest of these."""
    if isinstance(column.dtype, pl.Enum):
        texts = column.dtype.categories.to_list()
        physical = column.to_physical()
        small = len(texts) < np.iinfo(np.uint8).max
        return (physical if small else physical.cast(pl.UInt32)).fill_null(len(texts)).to_numpy(), dict(
            enumerate(texts)
        )
    if not isinstance(column.dtype, pl.Categorical):
        if isinstance(column.dtype, pl.List):
            column = column.cast(pl.List(pl.String)).list.join("|")
        # Categories of their own: what is in a column must not stay in memory for as long as the process.
        column = column.cast(pl.String).cast(pl.Categorical(pl.Categories.random()))
    physical = column.to_physical().cast(pl.UInt32)
    none = cast(int, -1 if (greatest := physical.max()) is None else greatest) + 1
    every = physical.fill_null(none).to_numpy()
    places = np.flatnonzero(_counted(every, none + 1)[:none])
    said = pl.Series(places, dtype=pl.UInt32).cat.to(column.dtype).cast(pl.String)
    return every, dict(zip(places.tolist(), said.to_list(), strict=True))


def _counted(every: NDArray[np.unsignedinteger], width: int) -> NDArray[np.intp]:
    """How often each number comes."""
    seen = np.zeros(width, np.intp)
    for rows in _near(len(every)):
        seen += np.bincount(every[rows], minlength=width)
    return seen


def _mask(text: str, finding: Finding) -> int | None:
    """The values that a text leaves possible, 0 where it says nothing, None where it says what is no value."""
    if not text.strip():
        return 0
    mask = 0
    for part in text.split("|"):
        if not (bit := finding.mask(part.strip())):
            return None
        mask |= bit
    return mask


def _numbers(column: pl.Series, finding: Finding, code: Code, out: Codes) -> _Read:
    dtype, range_ = column.dtype, finding.range
    assert range_ is not None
    if dtype == pl.Boolean or dtype.is_nested() or dtype.is_temporal():
        column = column.cast(pl.String, strict=False) if dtype == pl.Boolean else _shown(column)
        dtype = pl.String()
    if not dtype.is_numeric():
        texts = column.cast(pl.String).str.strip_chars()
        column = texts.set(texts == "", None)
        read = texts.cast(pl.Float64, strict=False)
    else:
        # A short float means the decimal that it is written as, and thresholds are decimals.
        read = (column.cast(pl.String) if dtype == pl.Float32 else column).cast(pl.Float64)
    good = np.empty(len(column), np.bool_)
    for rows in _near(len(column)):
        values = read[rows].fill_null(np.nan).to_numpy()
        good[rows] = _within(values, range_)
        np.multiply(code.cells(values) + code.dtype.type(1), good[rows].view(np.uint8), out=out[rows])
    if np.count_nonzero(good) == len(column) - column.null_count():
        return _Read(out)
    wrong = column.is_not_null().to_numpy() & ~good
    return _Read(out, wrong, Counter(column.filter(pl.Series(wrong)).cast(pl.String).to_list()))


def _within(values: NDArray[np.float64], range_: Range) -> NDArray[np.bool_]:
    # Between two bounds there is neither infinity nor what is no number.
    bounded = range_.minimum is not None and range_.maximum is not None
    good = np.ones(len(values), np.bool_) if bounded else np.isfinite(values)
    if range_.minimum is not None:
        good &= values >= range_.minimum
    if range_.maximum is not None:
        good &= values <= range_.maximum
    if range_.integer:
        good &= values == np.floor(values)
    return good


def _shown(column: pl.Series) -> pl.Series:
    return pl.Series(column.name, [None if value is None else str(value) for value in column], dtype=pl.String)
