"""A DataFrame of findings in, a DataFrame of decisions out, in the session that the frame belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import polars as pl
import pyarrow as pa

from reasoner.assess import Reasoner, load
from reasoner.cohort.frame import SUBJECT, encode
from reasoner.cohort.kernel import Kernel
from reasoner.cohort.layout import LAYOUTS, arranged
from reasoner.errors import UsageError

from .archive import Parcel
from .arrow import given, schema_of, taken
from .executor import Batches, room


@dataclass(frozen=True)
class Question:
    """What is asked of each row."""

    parcel: Parcel
    layout: str
    kind: str | None
    missing: bool
    keep: tuple[str, ...]

    def answered(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        """The decisions on rows of findings, in a Python process of Spark."""
        if self.parcel not in _REASONERS:
            _REASONERS[self.parcel] = self.parcel.opened(room())
        kernel = _REASONERS[self.parcel].kernel(self.kind)
        for table in given(batches):
            kept = {name: table.schema.field(name).type for name in self.keep}
            yield from taken(self.decided(kernel, cast(pl.DataFrame, pl.from_arrow(table))), kept)

    def decided(self, kernel: Kernel, frame: pl.DataFrame) -> pl.DataFrame:
        """The decisions on a frame."""
        table = encode(kernel, frame, self.keep)
        results = kernel.decide(table.batch, table.n, self.missing, 1, self.missing)
        # Rows of a DataFrame have no number that could name them: what has no name keeps none.
        about = pl.DataFrame([table.patient, frame[SUBJECT].cast(pl.String)]).hstack(table.kept)
        return arranged(self.layout, results, about, table.rejected)


_REASONERS: dict[Parcel, Reasoner] = {}


def on_spark(
    frame: Any, layout: str, strict: bool, knowledge: str | Path | None, kind: str | None, missing: bool,
    keep: Sequence[str],
) -> Any:  # fmt: skip
    """Decide every row of a Spark DataFrame; see ``reasoner.cohort.spark``."""
    if layout not in LAYOUTS:
        raise UsageError(f"`{layout}` is no layout", None, f"use one of {', '.join(LAYOUTS)}")
    if SUBJECT not in frame.columns:
        hint = "name each row, as the rows of a DataFrame have no order"
        raise UsageError(f"the frame lacks the column `{SUBJECT}`", None, hint)
    folder = None if knowledge is None else Path(knowledge)
    reasoner = load(folder, strict)
    question = Question(Parcel.of(reasoner, folder), layout, kind, missing, tuple(keep))
    # Columns that are no findings, or are not there, are told here rather than by an executor.
    empty = question.decided(reasoner.kernel(kind), pl.DataFrame(schema=dict.fromkeys(frame.columns, pl.String)))
    kept = [field for field in frame.schema.fields if field.name in keep]

    def answered(batches: Batches) -> Iterator[pa.RecordBatch]:
        return question.answered(batches)

    return frame.mapInArrow(answered, schema_of(empty, kept))
