"""Columns of findings in memory: lesions a second to verdicts, to what is missing, and to Parquet.

    python benchmarks/columns.py [--rows 4000000] [--threads 2] [--rounds 5]
    python benchmarks/columns.py --rows 0 --sizes 10000 100000 1000000 10000000 --pictures DIR

Run it with the package installed with its extras ``cohort`` and ``test``. It prints the machine, then for each step the
median and the best of some rounds by the clock, and the best by processor time. With ``--sizes`` it prints a table of
time against size, too; with ``--pictures`` it writes it, with its picture (SVG). It asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from machine import describe
from picture import save, table

import reasoner
from reasoner.cohort import Kernel
from reasoner.cohort.frame import encode
from reasoner.cohort.layout import arranged

POOL = 200_000
INVALID_SHARE = 0.01
RECORDED = 0.85
MEASURED = 0.25
PERSONS = Path(__file__).parents[1] / "examples" / "guidelines" / "uspstf-statin-2022"


def pool(kernel: Kernel, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Subjects drawn at random: those whose data contradict each other are kept at a realistic share."""
    batch = {}
    for name, code in kernel.codes.items():
        share = RECORDED if code.cuts is None else MEASURED
        drawn = random.integers(0, code.width, POOL)
        said = drawn + 1 if code.cuts is not None else np.left_shift(1, drawn)
        batch[name] = np.where(random.random(POOL) < share, said, 0).astype(code.dtype)
    invalid = kernel.states(batch, slice(0, POOL)).invalid
    good, bad = np.flatnonzero(~invalid), np.flatnonzero(invalid)
    rows = np.concatenate([good, bad[: int(len(good) * INVALID_SHARE)]])
    return {name: column[rows] for name, column in batch.items()}


def frame_of(kernel: Kernel, batch: dict[str, np.ndarray], n: int) -> pl.DataFrame:
    """The same as a frame: closed lists of values, and numbers in the middle of their cells."""
    columns = [pl.int_range(n, eager=True).cast(pl.String).alias("subject")]
    columns.append(("p" + (pl.int_range(n, eager=True) // 2).cast(pl.String)).alias("patient"))
    for name, codes in batch.items():
        code, finding = kernel.codes[name], kernel.model.findings[name]
        if code.cuts is None:
            place = np.log2(np.maximum(codes, 1)).astype(np.uint32)
            table = pl.Series(name, finding.notations(finding.full), dtype=pl.Enum(finding.notations(finding.full)))
            values = table.gather(pl.Series(place))
        else:
            numbers = np.array([number_in(pair, finding.range) for pair in code.numbers])
            values = pl.Series(name, numbers[np.maximum(codes, 1) - 1])
        columns.append(
            values.zip_with(pl.Series(codes > 0), pl.Series(name, [None], dtype=values.dtype).new_from_index(0, n))
        )
    return pl.DataFrame(columns)


def number_in(pair: tuple[float, float], range_: reasoner.model.Range) -> float:
    """A number of the cell that the model allows."""
    low = -np.inf if range_.minimum is None else range_.minimum
    high = np.inf if range_.maximum is None else range_.maximum
    value = min(max(pair[0], low), high)
    return float(np.ceil(value)) if range_.integer else value


def measure(name: str, unit: str, count: int, rounds: int, job: Callable[[], object]) -> None:
    """One line: median and best by the clock, best by processor time."""
    walls, cpus = [], []
    job()
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        job()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    median, best, cpu = (count / t / 1e6 for t in (statistics.median(walls), min(walls), min(cpus)))
    print(f"  {name:<58} {median:8.2f} {best:8.2f} {cpu:8.2f}  M {unit}/s")


def subjects(kernel: Kernel, n: int) -> tuple[dict[str, np.ndarray], pl.DataFrame]:
    """Subjects as codes, and the same as a frame."""
    random = np.random.default_rng(1)
    few = pool(kernel, random)
    rows = random.integers(0, len(next(iter(few.values()))), n)
    batch = {name: column[rows] for name, column in few.items()}
    return batch, frame_of(kernel, batch, n)


def main(n: int, threads: int, rounds: int) -> None:
    """All steps."""
    kernel = Kernel(reasoner.load())
    batch, frame = subjects(kernel, n)
    texts = frame.with_columns(pl.col(pl.Enum).cast(pl.String))
    categories = texts.with_columns(
        pl.col(name).cast(pl.Categorical) for name in batch if kernel.codes[name].cuts is None
    )
    results = kernel.decide(batch, n, True, threads)
    found = np.bincount(np.concatenate(results.verdict), minlength=4) / n / len(results.verdict)
    print(f"  {n} lesions; open, eligible, not eligible, in conflict: {', '.join(f'{share:.3f}' for share in found)}\n")
    print(f"  {'':<58} {'median':>8} {'best':>8} {'per CPU':>8}")
    per = len(kernel.columns)

    def step(name: str, job: Callable[[], object], unit: str = "lesions", count: int = n) -> None:
        measure(name, unit, count, rounds, job)

    step("codes to verdicts, one thread", lambda: kernel.decide(batch, n, False, 1))
    step(f"codes to verdicts, {threads} threads", lambda: kernel.decide(batch, n, False, threads))
    step("codes to verdicts, missing and assumed, one thread", lambda: kernel.decide(batch, n, True, 1))
    step(f"codes to verdicts, missing and assumed, {threads} threads", lambda: kernel.decide(batch, n, True, threads))
    step("the same and reasons, one thread", lambda: kernel.decide(batch, n, True, 1, reasons=True))
    for name, own in (("closed lists", frame), ("categories", categories), ("texts", texts)):
        step(f"columns ({name}) to codes", lambda own=own: encode(kernel, own))
        step(
            f"columns ({name}) to verdicts",
            lambda own=own: kernel.decide(encode(kernel, own).batch, n, False, threads),
        )
    step("columns (closed lists) to missing", lambda: kernel.decide(encode(kernel, frame).batch, n, True, threads))
    others = Kernel(reasoner.load(PERSONS))
    _, persons = subjects(others, n)
    name = f"persons of {len(others.columns)} recommendations, columns to"
    step(f"{name} verdicts", lambda: others.decide(encode(others, persons).batch, n, False, threads), "persons")
    step(f"{name} missing", lambda: others.decide(encode(others, persons).batch, n, True, threads), "persons")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.parquet"
        some = min(n, 1 << 20)
        part = frame.head(some)

        def written(layout: str, told: bool = True) -> None:
            table = encode(kernel, part)
            about = pl.DataFrame([table.patient, table.subject])
            made = kernel.decide(table.batch, some, told, threads, reasons=told)
            arranged(layout, made, about, table.rejected).write_parquet(target)

        for name, told in (("verdicts alone", False), ("missing, assumed and reasons", True)):
            step(f"columns to Parquet, wide, {name}", lambda told=told: written("wide", told), "lesions", some)
            print(f"  {'':<58} {target.stat().st_size / some:8.1f} bytes a lesion")
        step("columns to Parquet, long", lambda: written("long"), "rows", some * per)
        print(f"  {'':<58} {target.stat().st_size / some / per:8.1f} bytes a row")


def decided(kernel: Kernel, given: pl.DataFrame | dict[str, np.ndarray], missing: bool, threads: int) -> float:
    """Seconds to decide all rows of a frame, or of a batch of codes."""
    start = time.perf_counter()
    batch = encode(kernel, given).batch if isinstance(given, pl.DataFrame) else given
    kernel.decide(batch, len(next(iter(batch.values()))), missing, threads)
    return time.perf_counter() - start


def by_size(sizes: Sequence[int], threads: int, rounds: int, pictures: Path | None) -> None:
    """Median time against size."""
    kernel = Kernel(reasoner.load())
    batch, frame = subjects(kernel, max(sizes))
    points: dict[str, list[tuple[int, float]]] = {}
    for size in sorted(sizes):
        codes, part = {name: column[:size] for name, column in batch.items()}, frame.head(size)
        for name, given, missing in (
            ("columns to missing and assumed", part, True),
            ("columns to verdicts", part, False),
            ("codes to verdicts", codes, False),
        ):
            took = [decided(kernel, given, missing, threads) for _ in range(rounds + 1)]
            points.setdefault(name, []).append((size, statistics.median(took[1:])))
    title = f"Verdicts of {len(kernel.columns)} recommendations from columns in memory, {threads} threads"
    if pictures is None:
        print(f"\n{title}\n\n{table('lesions', points)}")
    else:
        save(pictures, "columns", title, "lesions", points)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="*", default=[], help="sizes for a table of time against size")
    parser.add_argument("--pictures", type=Path, help="a folder for that table and its picture")
    arguments = parser.parse_args()
    print(describe())
    if arguments.rows:
        main(arguments.rows, arguments.threads, arguments.rounds)
    if arguments.sizes:
        by_size(arguments.sizes, arguments.threads, arguments.rounds, arguments.pictures)
