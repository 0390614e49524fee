"""FHIR NDJSON to findings: patients per CPU-second by stage, against the row path in the same run.

    python benchmarks/ingest.py [--patients 20000]

It generates a cohort (see ``generate.py``) once to learn its statements and once to measure, so the figures of the
stages are those of a long run; the cost of the first one is printed too. The last row is a whole run from files to
Parquet that begins without any statement: the time for a cohort less that for half of it, in patients more. One
process; CPU time, so that other work on the machine counts less. It asserts nothing.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import orjson
from generate import Cohort, bundle, write
from machine import describe

import reasoner
from reasoner.cohort.fhir.assemble import Assembler
from reasoner.cohort.fhir.reduce import Reducer
from reasoner.cohort.fhir.reduced import Reduced
from reasoner.cohort.run.blocks import BLOCK
from reasoner.cohort.run.drive import Request, run
from reasoner.cohort.run.judge import Settings
from reasoner.cohort.run.spill import pack
from reasoner.fhir.bundle import resources_of
from reasoner.inputs import FhirInput

_COMPARED = 500
"""Patients that the row path reads."""


def cpu(job: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of CPU time, and the result."""
    gc.collect()
    start = time.process_time()
    result = job()
    return time.process_time() - start, result


def bulk(cohort: Cohort, start: int, end: int) -> dict[str, bytes]:
    """A cohort as one text a resource type."""
    lines: dict[str, list[str]] = {}
    for patient in cohort.patients(start, end):
        for kind, text in patient:
            lines.setdefault(kind, []).append(text)
    return {kind: ("\n".join(own) + "\n").encode() for kind, own in lines.items()}


def cut(data: bytes) -> list[bytes]:
    """Blocks of whole lines."""
    found, at = [], 0
    while at < len(data):
        end = data.rfind(b"\n", at, at + BLOCK) + 1
        found.append(data[at:end])
        at = end
    return found


def reduced(reducer: Reducer, blocks: dict[str, list[bytes]]) -> list[Reduced]:
    """All files, block by block."""
    return [reducer.reduce(block, kind, kind) for kind, own in blocks.items() for block in own]


def to_parquet(loaded: reasoner.Reasoner, cohort: Cohort, patients: int) -> float:
    """CPU seconds of a run in this process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "cohort", patients, "bulk", 4, False, cohort)
        request = Request((folder / "cohort",), folder / "out", Settings("wide"), workers=1)
        return cpu(lambda: run(request, loaded))[0]


def row(name: str, patients: int, seconds: float, base: float) -> None:
    """A line of the table."""
    if seconds <= 0:
        print(f"  {name:<62} too few patients to tell")
        return
    rate = patients / seconds
    print(f"  {name:<62} {seconds / patients * 1e6:9.1f} µs  {rate:11,.0f} a CPU-second  {rate / base:8.1f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=20_000)
    given = parser.parse_args()
    n = given.patients
    print(describe())
    print(", ".join(f"{name} {version(name)}" for name in ("msgspec", "polars", "numpy")))
    loaded = reasoner.load()
    cohort = Cohort(1)
    reducer = Reducer(loaded)
    assembler = Assembler(loaded, None, reducer.reader)
    first = {kind: cut(data) for kind, data in bulk(cohort, 0, n).items()}
    learn, parts = cpu(lambda: reduced(reducer, first))
    learn_too, _ = cpu(lambda: assembler.assemble(parts))
    files = bulk(cohort, n, 2 * n)
    blocks = {kind: cut(data) for kind, data in files.items()}
    size = sum(map(len, files.values()))
    packed = {kind: gzip.compress(data, 6) for kind, data in files.items()}
    texts = [bundle(patient).encode() for patient in cohort.patients(0, _COMPARED)]
    slow, _ = cpu(lambda: [loaded.read(FhirInput("", *resources_of(orjson.loads(t))), None).subjects for t in texts])
    base = _COMPARED / slow
    print(f"\n  {n} patients, {size / n / 1000:.1f} kB each{'':>33}{'a patient':>12}{'patients':>14}{'ratio':>22}")
    row("row path: JSON to placed facts, Reasoner.read", _COMPARED, slow, base)
    slower, _ = cpu(lambda: [loaded.decided(loaded.read(item, None)) for t in texts for item in loaded.inputs(t)])
    row("row path: JSON to states", _COMPARED, slower, base)
    decode, _ = cpu(lambda: [reducer.shapes.decoder(kind).decode_lines(b) for kind, own in blocks.items() for b in own])
    row("columns: decoding the JSON alone (msgspec, wanted elements)", n, decode, base)
    unread: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
    generic, _ = cpu(lambda: [unread.decode(line) for line in files["Condition"].splitlines()])
    print(f"  (msgspec, all elements of the Conditions: {len(files['Condition']) / generic / 1e6:.0f} MB a CPU-second; "
          f"wanted elements of everything: {size / decode / 1e6:.0f})")  # fmt: skip
    reduce, parts = cpu(lambda: reduced(reducer, blocks))
    row("columns: reduce", n, reduce, base)
    assemble, assembled = cpu(lambda: assembler.assemble(parts))
    row("columns: assemble", n, assemble, base)
    row("columns: NDJSON in memory to finding codes", n, reduce + assemble, base)
    row("the same while the statements are still new", n, learn + learn_too, base)
    unpack, _ = cpu(lambda: [gzip.decompress(data) for data in packed.values()])
    row("unpacking gzip, where it is packed", n, unpack, base)
    lines = [bundle(patient).encode() for patient in cohort.patients(n, n + n // 4)]
    bundles = [b"\n".join(lines[i : i + 300]) for i in range(0, len(lines), 300)]
    whole, _ = cpu(
        lambda: assembler.assemble([reducer.reduce(b, "Bundle", "f", 1 + i * 300) for i, b in enumerate(bundles)])
    )
    row("columns: NDJSON of Bundles in memory to finding codes", len(lines), whole, base)
    spill, _ = cpu(lambda: pack(Reduced.joined(parts).partition(16)))
    row("partitioning by patient in 16 parts, and packing them", n, spill, base)
    less, more = (to_parquet(loaded, cohort, size) for size in (n // 2, n))
    row("the whole run, files to Parquet, wide, without its start", n - n // 2, more - less, base)
    tally = assembled.tally
    slow_units = sum(tally.row_path.values())
    print(
        f"\n  by columns: {1 - slow_units / n:.2%} of patients; row path: {dict(tally.row_path)}; "
        f"{len(assembled.states)} of {len(assembled.subjects) + len(assembled.states)} subjects as states"
    )
    print(f"  {dict(tally.counts)}, {len(reducer.reader.all)} distinct statements")


if __name__ == "__main__":
    main()
