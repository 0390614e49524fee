"""Tables of findings in pieces: ranges of rows of Parquet and Arrow, blocks of lines of CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reasoner.cohort.fhir.reduced import Broken
from reasoner.cohort.frame import PATIENT, SUBJECT, encode
from reasoner.cohort.kernel import Kernel
from reasoner.errors import DataError, UsageError

from . import delimited, streams
from .delimited import Ints, Rows

CSV, _PARQUET, _MAGIC = ".csv", ".parquet", b"PAR1"
_APART = 1024
"""Where some rows cannot be read, so many are given up together."""
_LISTED = 1000
_SEPARATORS = ";\t|"
Bools = NDArray[np.bool_]
# What a damaged page does to its reader is not always an error of its own.
_DAMAGE = (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException)


def is_csv(path: Path) -> bool:
    """Whether a table has lines."""
    return path.suffix.lower() == CSV


def _scan(path: Path) -> pl.LazyFrame:
    with path.open("rb") as file:
        is_parquet = file.read(len(_MAGIC)) == _MAGIC or path.suffix.lower() == _PARQUET
    return pl.scan_parquet(path) if is_parquet else pl.scan_ipc(path)


def _reader(path: Path) -> Callable[[int, int], pl.DataFrame]:
    """What reads rows of a Parquet or Arrow file, or of an Arrow stream."""
    if streams.is_stream(path):
        return lambda start, end: streams.read(path, start, end)
    scan = _scan(path)
    return lambda start, end: scan.slice(start, end - start).collect()


def _schema(path: Path) -> pl.Schema:
    return streams.schema(path) if streams.is_stream(path) else _scan(path).collect_schema()


def _damaged(path: Path, error: BaseException) -> DataError:
    told = str(error).strip().splitlines()
    return DataError(f"cannot be read as a table: {told[0] if told else 'it is damaged'}", f"`{path}`", "replace it")


def rows_of(path: Path) -> int:
    """How many rows a Parquet or Arrow file has."""
    try:
        if streams.is_stream(path):
            return streams.height(path)
        return int(_scan(path).select(pl.len()).collect().item())
    except _DAMAGE as error:
        raise _damaged(path, error) from error


def rows(path: Path, start: int, end: int) -> Rows:
    """Some rows of a Parquet or Arrow file. Those of damaged pages are told, and the others go on."""
    parts: list[tuple[int, pl.DataFrame]] = []
    broken: list[tuple[int, int, str]] = []
    for first, found in _readable(_reader(path), start, end):
        if isinstance(found, pl.DataFrame):
            parts.append((first, found))
        elif broken and sum(broken[-1][:2]) == first:
            broken[-1] = (broken[-1][0], broken[-1][1] + found, broken[-1][2])
        else:
            broken.append((first, found, "cannot be read: the file is damaged"))
    numbers = [np.arange(first, first + frame.height, dtype=np.int64) + 1 for first, frame in parts]
    frame = pl.concat([own for _, own in parts]) if parts else pl.DataFrame(schema=_schema(path))
    places = np.concatenate(numbers) if numbers else np.zeros(0, np.int64)
    told = [
        (first + 1, f"rows {first + 1:,} to {first + many:,}: {why}" if many > 1 else why)
        for first, many, why in broken
    ]
    return Rows(frame, places, places, told, sum(many for _, many, _ in broken))


def _readable(
    read: Callable[[int, int], pl.DataFrame], start: int, end: int
) -> Iterator[tuple[int, pl.DataFrame | int]]:
    """The rows that can be read, from which one on; or how many cannot."""
    try:
        frame = read(start, end)
    except _DAMAGE:
        if end - start <= _APART:
            yield start, end - start
            return
        middle = (start + end) // 2
        yield from _readable(read, start, middle)
        yield from _readable(read, middle, end)
    else:
        yield start, frame


def names_of(path: Path) -> list[str]:
    """The columns of a table. Raises DataError where it has none that could be read."""
    if is_csv(path):
        return delimited.header(path)[0]
    try:
        return _schema(path).names()
    except _DAMAGE as error:
        raise _damaged(path, error) from error


def nothing(path: Path) -> pl.DataFrame:
    """A table without its rows."""
    schema = dict.fromkeys(names_of(path), pl.String()) if is_csv(path) else _schema(path)
    return pl.DataFrame(schema=schema)


def check_columns(kernel: Kernel, names: Sequence[str], keep: Sequence[str], where: str) -> None:
    """Raise UsageError for a table that names no finding, or what is none, before anything is decided."""
    if len(names) == 1 and (other := next((own for own in _SEPARATORS if own in names[0]), None)):
        told = "tabs" if other == "\t" else f"`{other}`"
        raise UsageError(f"has cells with {told} between them", f"`{where}`", "write commas between them")
    if lost := [name for name in keep if name not in names]:
        raise UsageError(f"no column `{lost[0]}`", f"`{where}`", "name columns of the table after --keep")
    try:
        encode(kernel, pl.DataFrame(schema=dict.fromkeys(names, pl.String)), keep)
    except UsageError as error:
        raise UsageError(error.message, f"`{where}`", error.hint) from error
    if not set(names) & set(kernel.codes):
        raise UsageError("no column is named by a finding", f"`{where}`", "see `guideline terms`")


def check_kept(paths: Sequence[Path], keep: Sequence[str]) -> None:
    """Raise UsageError where files differ in the type of a column that goes along: no table could hold both."""
    first: dict[str, tuple[pl.DataType, Path]] = {}
    for path in paths if keep else ():
        schema = nothing(path).schema
        for name in keep:
            dtype, other = first.setdefault(name, (schema[name], path))
            if schema[name] != dtype:
                told = f"the column `{name}` is {schema[name]} here and {dtype} in `{other}`"
                raise UsageError(told, f"`{path}`", "give it one type, or run once for each")


def marked(rejected: Mapping[str, Bools], places: Ints, source: str) -> list[Broken]:
    """The rows that are decided without what is no value of the model; of very many only the first are listed."""
    if not rejected:
        return []
    at = np.flatnonzero(np.logical_or.reduce(list(rejected.values())))
    told = []
    for row in at[:_LISTED].tolist():
        names = ", ".join(f"`{name}`" for name, own in rejected.items() if own[row])
        told.append(Broken(source, int(places[row]), f"decided without {names}: no value of the model"))
    if len(at) > _LISTED:
        why = f"this and {len(at) - _LISTED - 1:,} later rows of this step are decided without some value"
        told.append(Broken(source, int(places[at[_LISTED]]), why))
    return told


def named(rows: Rows, prefix: str) -> pl.DataFrame:
    """The rows with a name for each that has none: its number in its file, from 1."""
    frame = rows.frame
    numbers = prefix + pl.Series(rows.numbers, dtype=pl.Int64).cast(pl.String)
    if SUBJECT in frame.columns:
        own = frame[SUBJECT].cast(pl.String)
        numbers = own.zip_with(own.is_not_null(), numbers)
    patient = frame[PATIENT].cast(pl.String) if PATIENT in frame.columns else None
    frame = frame.with_columns(numbers.alias(SUBJECT))
    return frame if patient is None else frame.with_columns(patient)
