"""Frames in, frames out: polars, pandas or Arrow."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import polars as pl

from reasoner.errors import UsageError

from .frame import Table, encode
from .kernel import Kernel
from .layout import LAYOUTS, arranged


def assess_frame(
    kernel: Kernel, frame: Any, layout: str = "long", missing: bool = True, keep: Sequence[str] = ()
) -> Any:
    """Decide every row of a frame; see ``Reasoner.assess_frame``."""
    if layout not in LAYOUTS:
        raise UsageError(f"`{layout}` is no layout", None, f"use one of {', '.join(LAYOUTS)}")
    table = encode(kernel, _polars(frame), keep)
    _warn(table)
    results = kernel.decide(table.batch, table.n, missing, reasons=missing)
    about = pl.DataFrame([table.patient, table.subject]).hstack(table.kept)
    return _as(frame, arranged(layout, results, about, table.rejected))


def _warn(table: Table) -> None:
    if table.counts:
        told = [f"{name} `{value}` ({n})" for (name, value), n in table.counts.most_common(5)]
        more = f" and {len(table.counts) - 5} more" if len(table.counts) > 5 else ""
        text = f"not used, and listed in the column `rejected`: {', '.join(told)}{more}"
        warnings.warn(text, UserWarning, stacklevel=4)


def _module(frame: Any) -> str:
    return type(frame).__module__.partition(".")[0]


def _polars(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if _module(frame) == "pandas":
        return pl.from_pandas(frame)
    if hasattr(frame, "__arrow_c_stream__"):
        return pl.DataFrame(frame)
    raise UsageError(f"a {type(frame).__name__} is no frame", None, "give a polars, pandas or Arrow table")


def _as(like: Any, frame: pl.DataFrame) -> Any:
    """The frame as the same kind as another."""
    if isinstance(like, pl.DataFrame):
        return frame
    if isinstance(like, pl.LazyFrame):
        return frame.lazy()
    return frame.to_pandas() if _module(like) == "pandas" else frame.to_arrow()
