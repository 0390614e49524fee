"""Compares what Spark writes with what the run on one machine writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl

import reasoner
from reasoner.cohort.run import drive as here
from reasoner.cohort.run.judge import Settings

GENERATOR = Path(__file__).parents[2] / "benchmarks" / "generate.py"
ELSEWHERE = ("run", "timings", "state", "engine", "inputs", "rowPath")
"""What a report tells of the run itself and how it went, not of the data."""


def generated(folder: Path, patients: int, *options: str) -> Path:
    """A synthetic cohort."""
    command = [sys.executable, str(GENERATOR), str(folder), "--patients", str(patients), *options]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def on_one_machine(loaded: reasoner.Reasoner, inputs: tuple[Path, ...], output: Path, settings: Settings) -> here.Ended:
    """The same run without Spark."""
    return here.run(here.Request(inputs, output, settings, workers=1), loaded)


def told(report: dict[str, Any]) -> dict[str, Any]:
    """All of a report that is about the data.

    Which lines of large inputs are looked at for the version depends on where they are cut.
    """
    found = {name: value for name, value in report.items() if name not in ELSEWHERE}
    versions = report["fhirVersions"]
    if versions["lookedAt"] < report["counts"]["resources"]:
        found["fhirVersions"] = versions["mixed"]
    return found


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame with texts for words, its rows in an order of their own."""
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    texts = frame.with_columns(pl.col(pl.Enum).cast(pl.String), pl.col(lists).cast(pl.List(pl.String)))
    return texts.sort([name for name in texts.columns if name not in lists], nulls_last=True)


def rows(output: Path) -> pl.DataFrame:
    """What was written to a folder."""
    return plain(pl.concat([pl.read_parquet(file) for file in sorted(output.glob("*.parquet"))]))
