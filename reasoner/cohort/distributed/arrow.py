"""Frames and the record batches that Spark gives and takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

_ROWS = 1 << 16
"""Rows that go to Spark together."""
_TEXTS = pl.List(pl.String)


def schema_of(frame: pl.DataFrame, kept: Sequence[Any] = ()) -> Any:
    """The Spark schema of a frame of results; ``kept`` are Spark's own fields of columns that go along."""
    from pyspark.sql.types import ArrayType, BooleanType, StringType, StructField, StructType

    own = {field.name: field for field in kept}
    fields = []
    for name, dtype in frame.schema.items():
        if name in own:
            fields.append(StructField(name, own[name].dataType, True))
        elif dtype == pl.Boolean:
            fields.append(StructField(name, BooleanType(), True))
        else:
            fields.append(StructField(name, ArrayType(StringType()) if _is_list(dtype) else StringType(), True))
    return StructType(fields)


def given(batches: Iterable[pa.RecordBatch], rows: int = _ROWS) -> Iterator[pa.Table]:
    """Batches as tables of at least so many rows, but for the last."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count >= rows:
            yield pa.Table.from_batches(held)
            held, count = [], 0
    if count:
        yield pa.Table.from_batches(held)


def taken(frame: pl.DataFrame, types: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    """A frame of results as batches; words become texts, and the columns of ``types`` are of these again."""
    texts = [
        pl.col(name).cast(_TEXTS if _is_list(dtype) else pl.String)
        for name, dtype in frame.schema.items()
        if name not in types and dtype != pl.Boolean
    ]
    fields = [
        pa.field(name, types.get(name) or (
            pa.bool_() if dtype == pl.Boolean else pa.list_(pa.string()) if _is_list(dtype) else pa.string()
        ))
        for name, dtype in frame.schema.items()
    ]  # fmt: skip
    schema = pa.schema(fields)
    for part in frame.iter_slices(_ROWS):
        yield from part.with_columns(texts).to_arrow().cast(schema).to_batches()


def _is_list(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List)
