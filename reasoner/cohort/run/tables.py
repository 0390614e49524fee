"""Tables of findings in pieces: ranges of rows, or one after another where a file has no index of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from reasoner.cohort.frame import PATIENT, SUBJECT, tables
from reasoner.cohort.kernel import Kernel
from reasoner.errors import DataError, UsageError

_PARQUET = ".parquet"


def _scan(path: Path) -> pl.LazyFrame:
    if path.suffix.lower() == ".csv":
        return pl.scan_csv(path, infer_schema=False)
    return pl.scan_parquet(path) if path.suffix.lower() == _PARQUET else pl.scan_ipc(path)


def _damaged(path: Path, error: Exception) -> DataError:
    told = str(error).strip().splitlines()
    return DataError(f"the table cannot be read: {told[0] if told else 'it is damaged'}", f"`{path}`", "mend it")


def rows_of(path: Path) -> int:
    """How many rows a Parquet or Arrow file has."""
    try:
        return int(_scan(path).select(pl.len()).collect().item())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _damaged(path, error) from error


def rows(path: Path, start: int, end: int) -> pl.DataFrame:
    """Some rows of a Parquet or Arrow file."""
    try:
        return _scan(path).slice(start, end - start).collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _damaged(path, error) from error


def stream(path: Path, size: int) -> Iterator[pl.DataFrame]:
    """All rows of a file, so many at a time."""
    held: list[pl.DataFrame] = []
    for frame in tables(path, size):
        held.append(frame)
        while sum(own.height for own in held) >= size:
            whole = pl.concat(held)
            yield whole.head(size)
            held = [whole.slice(size)]
    rest = pl.concat(held) if held else _scan(path).head(0).collect()
    if rest.height or not held:
        yield rest


def check_columns(kernel: Kernel, path: Path, keep: tuple[str, ...]) -> None:
    """Raise UsageError for a table that names no finding, or what is none, before anything is decided."""
    from reasoner.cohort.frame import encode

    try:
        names = _scan(path).collect_schema().names()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _damaged(path, error) from error
    if lost := [name for name in keep if name not in names]:
        raise UsageError(f"no column `{lost[0]}`", f"`{path}`", "name columns of the table after --keep")
    try:
        encode(kernel, pl.DataFrame(schema=dict.fromkeys(names, pl.String)), keep)
    except UsageError as error:
        raise UsageError(error.message, f"`{path}`", error.hint) from error
    if not set(names) & set(kernel.codes):
        raise UsageError("no column is named by a finding", f"`{path}`", "see `guideline terms`")


def named(frame: pl.DataFrame, first: int, prefix: str) -> pl.DataFrame:
    """With a name for each row that has none: the number of the row in its file, from 1."""
    numbers = prefix + pl.int_range(first + 1, first + 1 + frame.height, eager=True).cast(pl.String)
    if SUBJECT in frame.columns:
        own = frame[SUBJECT].cast(pl.String)
        numbers = own.zip_with(own.is_not_null(), numbers)
    patient = frame[PATIENT].cast(pl.String) if PATIENT in frame.columns else None
    frame = frame.with_columns(numbers.alias(SUBJECT))
    return frame if patient is None else frame.with_columns(patient)
