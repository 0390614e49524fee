"""Cohorts end to end: patients a processor second from FHIR files, and lesions a second from tables, to Parquet.

    python benchmarks/cohort.py [--sizes 1000 3000 10000 30000] [--rows 100000 1000000] [--pictures DIR] [--folder DIR]

Run it with the package installed with its extras ``cohort`` and ``test``. Each measurement is a fresh process of
``guideline cohort``; processor time is that of the process and all its workers, starting included; memory is the
largest that one of its processes took. It prints the machine, then medians, and writes two pictures of time against
size (SVG), each with its table beside it (Markdown). For more: ``--sizes 1000 10000 100000 300000``; that many patients
take about 4 GB of disk. It asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson
import polars as pl
from columns import frame_of, pool
from generate import Cohort, write
from machine import describe
from picture import save

import reasoner
from reasoner.cohort import Kernel

GUIDELINE = str(Path(sys.executable).parent / "guideline")
Measured = tuple[float, float, float]
"""Seconds by the clock, seconds of processor time, MB."""


def run(folder: Path, inputs: Path, *more: str) -> Measured:
    """One run in a process of its own, which measures its children."""
    output = folder / "out"
    for old in folder.glob("out*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    code = (
        "import resource, subprocess, sys, time\n"
        "start = time.perf_counter()\n"
        "ended = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)\n"
        "usage = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "assert ended.returncode in (0, 2), ended.stderr.decode()\n"
        "print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)\n"
    )
    command = [sys.executable, "-c", code, GUIDELINE, "cohort", str(inputs), "-o", str(output), *more]
    told = subprocess.run(command, capture_output=True, check=True).stdout.split()
    wall, cpu, memory = map(float, told)
    return wall, cpu, memory


def medians(folder: Path, inputs: Path, rounds: int, *more: str) -> Measured:
    """Of some runs, by each measure."""
    runs = [run(folder, inputs, *more) for _ in range(rounds)]
    return tuple(statistics.median(values) for values in zip(*runs, strict=True))  # type: ignore[return-value]


def row(name: str, count: int, unit: str, measured: Measured) -> None:
    """One line of the table."""
    wall, cpu, memory = measured
    print(
        f"  {name:<44}{count:>10,} {wall:8.1f} s {cpu:8.1f} s CPU {memory:7.0f} MB {count / wall:>12,.0f} {unit}/s "
        f"{count / cpu:>12,.0f} {unit}/CPU s",
        flush=True,
    )


def through_assess(number: int) -> None:
    """The same patients one by one, in this process."""
    loaded = reasoner.load()
    from generate import bundle

    texts = [bundle(own).encode() for own in Cohort(1).patients(0, number)]
    start, cpu = time.perf_counter(), time.process_time()
    for text in texts:
        loaded.assess(text).to_json()
    measured = time.perf_counter() - start, time.process_time() - cpu, 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row("through assess, bundles one by one", number, "patients", (*measured[:2], peak))


def from_fhir(folder: Path, sizes: Sequence[int], rounds: int) -> dict[str, list[tuple[int, float]]]:
    """Bulk exports and Bundles of all sizes; points of size and time."""
    points: dict[str, list[tuple[int, float]]] = {}
    for size in sizes:
        for name, layout, packed in (
            ("bulk NDJSON", "bulk", False),
            ("bulk NDJSON, gzip", "bulk", True),
            ("Bundles, one a line", "bundles", False),
        ):
            source = folder / "cohort"
            write(source, size, layout, 4, packed, Cohort(1))
            measured = medians(folder, source, rounds if size <= 10_000 else 1)
            shutil.rmtree(source)
            row(name, size, "patients", measured)
            points.setdefault(name, []).append((size, measured[0]))
    return points


def from_tables(folder: Path, sizes: Sequence[int], rounds: int) -> dict[str, list[tuple[int, float]]]:
    """Parquet of findings; points of size and time."""
    kernel = Kernel(reasoner.load())
    few = pool(kernel, np.random.default_rng(1))
    points: dict[str, list[tuple[int, float]]] = {}
    for size in sizes:
        source = folder / "findings.parquet"
        chosen = np.random.default_rng(2).integers(0, len(next(iter(few.values()))), size)
        frame_of(kernel, {name: own[chosen] for name, own in few.items()}, size).write_parquet(source)
        for layout, per in (("wide", 1), ("long", len(kernel.columns))):
            measured = medians(folder, source, rounds if size <= 1_000_000 else 1, "--layout", layout)
            row(f"table of findings, {layout}", size * per, "lesions" if per == 1 else "rows", measured)
            report = orjson.loads((folder / "out.report.json").read_bytes())
            wall, cpu = report["timings"]["wallSeconds"], report["timings"]["cpuSeconds"]
            print(f"  {'  without starting':<44}{'':>10} {wall:8.1f} s {cpu:8.1f} s CPU {'':>10} "
                  f"{size * per / wall:>12,.0f} {'lesions' if per == 1 else 'rows'}/s", flush=True)  # fmt: skip
            points.setdefault(f"table, {layout}", []).append((size, measured[0]))
    return points


def main() -> None:
    """All measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 3000, 10_000, 30_000])
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=Path, default=Path())
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    given = parser.parse_args()
    print(describe())
    print(f"polars {pl.__version__}, {os.cpu_count()} processes; starting takes about 0.8 s of processor time each\n")
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        through_assess(min(given.sizes, default=1000))
        if given.sizes:
            points = from_fhir(folder, given.sizes, given.rounds)
            save(given.pictures, "cohort-fhir", "FHIR to Parquet: time by size", "patients", points)
        if given.rows:
            points = from_tables(folder, given.rows, given.rounds)
            save(given.pictures, "cohort-tables", "Tables of findings to Parquet: time by size", "lesions", points)


if __name__ == "__main__":
    main()
