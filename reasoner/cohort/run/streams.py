"""Arrow streams: tables without a list of their parts, so that one walks through them to get to some rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

MAGIC = b"\xff\xff\xff\xff"
"""What an Arrow stream begins with; an Arrow file begins with its name."""


def is_stream(path: Path) -> bool:
    """Whether a table is an Arrow stream."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def schema(path: Path) -> pl.Schema:
    """The columns. Raises OSError where they cannot be read."""
    return read(path, 0, 0).schema


def height(path: Path) -> int:
    """How many rows there are. Raises OSError where they cannot be counted."""
    with _batches(path) as batches:
        return sum(batch.num_rows for batch in batches)


def read(path: Path, start: int, end: int) -> pl.DataFrame:
    """Some rows. Raises OSError where they cannot be read."""
    import pyarrow as pa

    parts, at = [], 0
    with _batches(path) as batches:
        while at < end and (batch := next(batches, None)) is not None:
            parts.append(batch.slice(max(start - at, 0), max(end - max(start, at), 0)))
            at += batch.num_rows
        frame = pl.from_arrow(pa.Table.from_batches(parts, batches.schema))
    assert isinstance(frame, pl.DataFrame)
    return frame


@contextlib.contextmanager
def _batches(path: Path) -> Iterator[Any]:
    """The parts of a stream, one after the other; nothing of one that was left behind is kept."""
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as batches:
            yield batches
    except (pa.ArrowException, OSError) as error:
        raise OSError(str(error)) from error
