"""Cohorts for the tests of runs: made once a session, with what ``assess`` says of them."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import polars as pl

import reasoner
from reasoner.cohort.results import Column
from reasoner.cohort.run.drive import Ended, Request, run
from reasoner.cohort.run.judge import Settings
from reasoner.inputs import FhirInput, GraphInput, read_lines

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from generate import Cohort, bundle  # noqa: E402

Row = tuple[str | None, str, str, str, str, str | None, tuple[str, ...], tuple[str, ...]]
NAMES = ("patient", "subject", "recommendation", "scope", "verdict", "preferred", "missing", "assumed")
"""What a row holds."""
Patients = list[list[tuple[str, str]]]


@cache
def loaded(strict: bool = False) -> reasoner.Reasoner:
    return reasoner.load(strict=strict)


def patients(number: int, seed: int = 21, odd: float = 3.0) -> Patients:
    return list(Cohort(seed, odd).patients(0, number))


def bundles(of: Patients) -> list[bytes]:
    return [bundle(own).encode() for own in of]


def is_plain(own: list[tuple[str, str]]) -> bool:
    """Whether every resource says ``Patient/id``: whom another reference means depends on what else is in the input,
    which is more in one file of all patients than in a Bundle or in a share of a bulk export."""

    def plain(kind: str, text: str) -> bool:
        resource = document(text.encode())
        reference = resource.get("subject", {}).get("reference", "")
        return "id" in resource and (kind == "Patient" or reference.startswith("Patient/"))

    return all(plain(*resource) for resource in own)


def lines(of: Patients) -> dict[str, list[bytes]]:
    """The resources by type."""
    found: dict[str, list[bytes]] = {}
    for own in of:
        for kind, text in own:
            found.setdefault(kind, []).append(text.encode())
    return found


def write_bulk(folder: Path, of: Patients, shards: int = 3, packed: bool = False) -> Path:
    """A bulk export: patients are spread over shards, and not over the same ones in each file."""
    folder.mkdir()
    for kind, own in lines(of).items():
        for shard in range(shards):
            data = b"".join(line + b"\n" for line in own[shard::shards])
            name = folder / f"{kind}.{shard}.ndjson"
            if packed:
                name.with_suffix(".ndjson.gz").write_bytes(gzip.compress(data, 1))
            else:
                name.write_bytes(data)
    return folder


def ran(inputs: Sequence[Path], output: Path, layout: str = "long", strict: bool = False, **more: Any) -> Ended:
    """One run in this process, in small steps."""
    settings = Settings(layout, more.pop("on", None), more.pop("validate", False), more.pop("keep", ()))
    request = Request(tuple(inputs), output, settings, **{"workers": 1, "chunk": 1 << 19} | more)
    return run(request, loaded(strict))


def frame(output: Path) -> pl.DataFrame:
    return pl.read_parquet(sorted(output.glob("*.parquet")) if output.is_dir() else output)


def decided(items: Iterable[FhirInput | GraphInput], strict: bool = False) -> set[Row]:
    """What ``assess`` says of inputs."""
    found: list[Row] = []
    for item in items:
        for subject in loaded(strict).decide(item):
            found += rows_of(subject)
    assert len(set(found)) == len(found)
    return set(found)


def rows_of(subject: dict[str, Any]) -> list[Row]:
    patient = subject["patient"]
    if patient is not None and not patient.startswith("urn:example"):
        parts = patient.removeprefix("urn:guideline-reasoner:").rsplit("/", 2)
        patient = "/".join(parts[-2:])
    return [
        (
            patient, subject["reference"] or subject["subject"], own["id"], guideline["scope"], own["verdict"],
            own["preferred"] if own["preferred"] in (None, "undetermined") else str(own["preferred"]).lower(),
            tuple(own["missing"]), tuple(own["assumed"]),
        )
        for guideline in subject["guidelines"]
        for own in guideline["recommendations"]
    ]  # fmt: skip


def written(output: Path) -> set[Row]:
    """What a long output says."""
    return _told(frame(output).select(NAMES))


def written_wide(output: Path) -> set[Row]:
    """What a wide output says, in the rows of a long one. What has no column is null for every subject."""
    table = frame(output)
    assert table.columns[:2] == list(NAMES[:2])
    return set().union(*(_told(across(table, column)) for column in loaded().kernel().columns))


def across(table: pl.DataFrame, column: Column) -> pl.DataFrame:
    """What a wide table says of one recommendation, as rows of a long one."""
    preferred = f"preferred:{column.id}"
    return table.select(
        "patient",
        "subject",
        pl.lit(column.id).alias("recommendation"),
        pl.col(f"scope:{column.guideline.id}").alias("scope"),
        pl.col(column.id).alias("verdict"),
        pl.col(preferred).alias("preferred") if preferred in table.columns else pl.lit(None).alias("preferred"),
        pl.col(f"missing:{column.id}").alias("missing"),
        pl.col(f"assumed:{column.id}").alias("assumed"),
    )


def _told(table: pl.DataFrame) -> set[Row]:
    assert tuple(table.columns) == NAMES
    rows = [(*row[:-2], tuple(row[-2]), tuple(row[-1])) for row in table.iter_rows()]
    assert len(set(rows)) == len(rows), "no row is there twice"
    return set(rows)


def as_bulk(of: Patients) -> list[FhirInput]:
    """The inputs that ``assess`` makes of all resources in one NDJSON file."""
    every = [line for own in lines(of).values() for line in own]
    return [item for item in read_lines(every, "all") if isinstance(item, FhirInput)]


def as_bundles(of: Patients) -> list[FhirInput]:
    return [item for item in read_lines(bundles(of), "bundles") if isinstance(item, FhirInput)]


def document(text: bytes) -> Any:
    return orjson.loads(text)
