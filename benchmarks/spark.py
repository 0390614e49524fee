"""Spark: lesions a second by size and by number of processors, from findings and from FHIR to Parquet.

    python benchmarks/spark.py [--lesions 100000,400000] [--patients 2000,10000] [--rounds 3] [--places PLACE ...]

Run it with the package installed with its extras ``spark`` and ``test``. It prints the machine, then a table: the
median time by the clock of some rounds on ``local[1]``, on ``local[2]``, and on a real cluster of one master and two
workers of one processor each, which it starts on 127.0.0.1 and ends. Everything counts, from the listing of the files
to the written report; the session and the Python processes are warm. Then lesions a second, how many times as fast as
at the first place that is, and the processor time of all processes, Java's too, and of the Python processes alone: on a
machine that has other work, these tell more than the clock. A larger run is a matter of larger numbers.
It asserts nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyspark
from columns import frame_of, pool
from machine import describe

import reasoner
from reasoner.cohort import Kernel
from reasoner.cohort.distributed.drive import Request, run
from reasoner.cohort.distributed.java import java_home
from reasoner.cohort.distributed.session import session
from reasoner.cohort.run.judge import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from cohort.spark_cluster import cluster

PLACES = ("local[1]", "local[2]", "cluster 2 x 1")


def tables(kernel: Kernel, folder: Path, sizes: list[int]) -> dict[int, Path]:
    """Findings as Parquet, eight files a size."""
    random = np.random.default_rng(1)
    few = pool(kernel, random)
    made = {}
    for size in sizes:
        rows = random.integers(0, len(next(iter(few.values()))), size)
        frame = frame_of(kernel, {name: column[rows] for name, column in few.items()}, size)
        made[size] = folder / f"lesions-{size}"
        made[size].mkdir()
        for number, part in enumerate(frame.iter_slices(-(-size // 8))):
            part.write_parquet(made[size] / f"{number}.parquet")
    return made


def exports(folder: Path, sizes: list[int]) -> dict[int, Path]:
    """FHIR bulk exports."""
    generator = Path(__file__).with_name("generate.py")
    made = {}
    for size in sizes:
        made[size] = folder / f"patients-{size}"
        command = [sys.executable, str(generator), str(made[size]), "--patients", str(size)]
        subprocess.run(command, check=True, capture_output=True)
    return made


@contextlib.contextmanager
def place(name: str, folder: Path) -> Iterator[Any]:
    """A session at one of the places."""
    conf = {"spark.executor.memory": "1g", "spark.driver.memory": "1g", "spark.sql.files.maxPartitionBytes": "32m"}
    if name.startswith("local"):
        with session(name, conf) as spark:
            yield spark
        return
    home = folder / "cluster"
    home.mkdir()
    with cluster(java_home(), home) as own, session(own.master, conf) as spark:
        while spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < 3:
            time.sleep(0.1)
        yield spark


def processor_time() -> float:
    """Of this process and all that descend from it, also of those that have ended."""
    parents, times = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            pid = int(stat.parent.name)
            parents[pid], times[pid] = int(fields[1]), sum(map(int, fields[11:15]))
    own, found = {os.getpid()}, 0
    while len(own) > found:
        found = len(own)
        own |= {pid for pid, parent in parents.items() if parent in own}
    return sum(times[pid] for pid in own) / os.sysconf("SC_CLK_TCK")


def timed(
    spark: Any, loaded: reasoner.Reasoner, source: Path, output: Path, layout: str, rounds: int
) -> tuple[float, float, Any]:
    """The median times of some runs by the clock and by processor, after one that warms up, and the last report."""
    walls, processors = [], []
    for _ in range(rounds + 1):
        wall, processor = time.perf_counter(), processor_time()
        ended = run(spark, Request((str(source),), str(output), Settings(layout), overwrite=True), loaded)
        walls.append(time.perf_counter() - wall)
        processors.append(processor_time() - processor)
    return statistics.median(walls[1:]), statistics.median(processors[1:]), ended.report


def main(lesions: list[int], patients: list[int], rounds: int, places: list[str]) -> None:
    """All sizes at some places; the ratio is to the first of them."""
    loaded = reasoner.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = tables(loaded.kernel(), folder, lesions)
        jobs = [("findings, wide", size, path, "wide") for size, path in made.items()]
        jobs += [("findings, long", size, path, "long") for _, size, path, _ in jobs[:1]]
        jobs += [("bulk NDJSON, wide", size, path, "wide") for size, path in exports(folder, patients).items()]
        print(
            f"{'':<20}{'size':>9} {'place':<14}{'s':>8}{'lesions/s':>11}{'to first':>13}"
            f"{'processor s':>13}{'lesions/s':>11}{'Python s':>10}"
        )
        alone: dict[tuple[str, int], float] = {}
        for where in places:
            with place(where, folder) as spark:
                for job, size, source, layout in jobs:
                    wall, processor, report = timed(spark, loaded, source, folder / "out", layout, rounds)
                    first = alone.setdefault((job, size), wall)
                    count, python = report["counts"]["subjects"], report["timings"]["cpuSeconds"]
                    print(
                        f"{job:<20}{size:>9} {where:<14}{wall:8.2f}{count / wall:11.0f}{first / wall:13.2f}"
                        f"{processor:13.2f}{count / processor:11.0f}{python:10.2f}",
                        flush=True,
                    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesions", default="100000,400000")
    parser.add_argument("--patients", default="2000,10000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--places", nargs="+", choices=PLACES, default=PLACES, metavar="PLACE")
    arguments = parser.parse_args()
    print(describe())
    print(f"PySpark {pyspark.__version__}, Java {(java_home() / 'bin' / 'java').resolve()}\n")
    main(
        [int(n) for n in arguments.lesions.split(",")],
        [int(n) for n in arguments.patients.split(",")],
        arguments.rounds,
        list(arguments.places),
    )
