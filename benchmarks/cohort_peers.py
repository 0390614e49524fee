"""Cohorts: patients a CPU-second, ours beside peers, in one run on one machine over one generated cohort.

    python benchmarks/cohort_peers.py [--patients 20000] [--assessed 200] [--graphs 10] [--cql 100] [--rows 1000000]
                                      [--rounds 3] [--seed 1] [--npm FOLDER]

Run it with the package installed with its extras ``cohort`` and ``bench``. CPU time is user and system time of the
process with its children. Slow peers get the first patients only, as said in each row. Peers that are not installed
are skipped with the reason; node modules are installed with npm into a cache folder. What is said of each peer:
how many recommendations it answers, and in how many truth values. Peers run inside a process that has started, so the
start of ``guideline cohort`` is taken off too: its time for the cohort less its time for half of it, in patients
more; the whole command is the next row. With a few hundred patients that difference is noise. It asserts nothing; the
tests do.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import machine
import polars as pl
from generate import Cohort, bundle, write
from machine import describe

import reasoner
from reasoner.cohort import Kernel
from reasoner.cohort.frame import encode

sys.path.insert(0, str(Path(__file__).parent / "peers"))

Answers = Mapping[str, Mapping[str, bool | None]]
Times = list[tuple[float, float]]
FULL = "33 rec., three-valued, exact; every reason and gap"
CONDITION = "Condition/"
REGION = "region"
"""A column of the SQL peer that is no finding of the model."""


@dataclass(frozen=True)
class Row:
    """A line of the table: how long so many patients (or lesions) took."""

    name: str
    said: str
    count: int
    times: Times

    @property
    def rate(self) -> float:
        """A CPU-second."""
        return self.count / statistics.median(cpu for cpu, _ in self.times)

    @property
    def wall(self) -> float:
        """A second by the clock."""
        return self.count / statistics.median(wall for _, wall in self.times)


def cpu() -> float:
    """User and system time of this process and of the children that ended."""
    own = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in own)


def measure(job: Callable[[], object], rounds: int, warm: bool = True) -> Times:
    """CPU and wall seconds of each round, after one that does not count."""
    times = []
    if warm:
        job()
    for _ in range(rounds):
        before, start = cpu(), time.perf_counter()
        job()
        times.append((cpu() - before, time.perf_counter() - start))
    return times


def table(rows: list[Row | str], unit: str) -> None:
    """Print rows; the first is what the others are compared with."""
    print(f"\n  {unit:<46}{'count':>9}{'a CPU-s':>12}{'a second':>12}{'to ours':>9}   answers")
    base = next(row for row in rows if isinstance(row, Row))
    for row in rows:
        if isinstance(row, str):
            print(f"  {row}")
        else:
            print(
                f"  {row.name:<46}{row.count:>9,}{row.rate:>12,.0f}{row.wall:>12,.0f}{row.rate / base.rate:>9.4f}"
                f"   {row.said}"
            )


# Ours -----------------------------------------------------------------------------------------------------------------


def command(folder: Path, out: Path, *options: str) -> None:
    """``guideline cohort`` in a process of its own; 2 says that some data are invalid, as generated data are."""
    guideline = [sys.executable, "-m", "reasoner.cli", "cohort"]
    done = subprocess.run(
        [*guideline, str(folder), "--output", str(out), "--layout", "wide", "--overwrite", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 2):
        raise SystemExit(done.stderr)


def verdicts(out: Path) -> dict[str, dict[str, str]]:
    """By lesion, the verdicts of a wide run."""
    frame = pl.read_parquet(out / "*.parquet")
    names = [column.id for column in kernel().columns]
    subjects = frame["subject"].str.strip_prefix(CONDITION).to_list()
    rows = frame.select(pl.col(names).cast(pl.String)).iter_rows(named=True)
    return dict(zip(subjects, rows, strict=True))


_KNOWN: dict[str, Kernel] = {}


def kernel() -> Kernel:
    """The kernel of the released knowledge, made once."""
    if "" not in _KNOWN:
        _KNOWN[""] = Kernel(reasoner.load())
    return _KNOWN[""]


# Agreement ------------------------------------------------------------------------------------------------------------


def agreement(ours: Mapping[str, Mapping[str, str]], theirs: Answers) -> tuple[Counter[str], list[tuple[str, str]]]:
    """How the answers of a peer compare, and the lesion and recommendation where both are definite and differ."""
    counts: Counter[str] = Counter()
    differ = []
    for lesion, said in theirs.items():
        own = ours.get(lesion)
        if own is None:
            counts["other lesions"] += 1
            continue
        for name, value in said.items():
            if own[name] not in ("eligible", "not-eligible"):
                counts["open" if value is None else "open, but it says yes or no"] += 1
            elif value is None:
                counts["definite, but it cannot tell"] += 1
            elif value == (own[name] == "eligible"):
                counts["same"] += 1
            else:
                counts["differ"] += 1
                differ.append((lesion, name))
    return counts, differ


def agreed(name: str, ours: Mapping[str, Mapping[str, str]], theirs: Answers) -> None:
    """Print how a peer compares."""
    counts, _ = agreement(ours, theirs)
    both = counts["same"] + counts["differ"]
    print(
        f"  {name:<22} differs on {counts['differ']} of {both:,} verdicts definite in both; it cannot tell "
        f"{counts['definite, but it cannot tell']:,} definite ones, and says yes or no to "
        f"{counts['open, but it says yes or no']:,} of {counts['open, but it says yes or no'] + counts['open']:,} "
        f"open ones; {counts['other lesions']} lesions are not ours"
    )


# The run --------------------------------------------------------------------------------------------------------------


def main(given: argparse.Namespace) -> None:
    """All of it."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        folder, part = work / "cohort", work / "part"
        cohort = Cohort(given.seed)
        counts = write(folder, given.patients, "bulk", 4, False, cohort)
        n = counts["patients"]
        half = n // 2
        write(part, half, "bulk", 4, False, cohort)
        print(
            f"{n:,} patients, {counts['resources'] / n:.1f} resources and {counts['bytes'] / n / 1000:.1f} kB a patient"
            f", seed {given.seed}; medians of {given.rounds} rounds"
        )
        few = [bundle(own).encode() for own in cohort.patients(0, max(given.assessed, given.graphs, given.cql))]
        out = work / "ours"
        less = measure(lambda: command(part, out), given.rounds, False)
        times = measure(lambda: command(folder, out), given.rounds, False)
        said = "33 rec., three-valued, exact; data checked"
        further = [(a - c, b - d) for (a, b), (c, d) in zip(times, less, strict=True)]
        ours = Row("guideline cohort, to Parquet, without its start", said, n - half, further)
        rows: list[Row | str] = [ours, Row("  the whole command, with its start", said, n, times)]
        exact = verdicts(out)
        answers: dict[str, Answers] = {}
        rows.append(assessed(few[: given.assessed], given.rounds))
        rows.append(sql(folder, work, n, given.rounds, answers))
        rows.append(structs(folder, n, given.rounds, answers))
        rows.append(graphs(few[: given.graphs], given.rounds, answers))
        rows.append(cql(few[: given.cql], work, given, answers))
        table(rows, "from FHIR, patients")
        print()
        for peer, said in answers.items():
            agreed(peer, exact, said)
        columns(folder, given.rows, given.rounds)
        bars(ours, rows)


def assessed(bundles: list[bytes], rounds: int) -> Row:
    """Bundle by bundle, to the full JSON answer."""
    loaded = reasoner.load()

    def job() -> None:
        for one in bundles:
            loaded.assess(one).to_json()

    return Row("reasoner.assess, Bundle to JSON answer", FULL, len(bundles), measure(job, rounds))


def sql(folder: Path, work: Path, n: int, rounds: int, answers: dict[str, Answers]) -> Row | str:
    """DuckDB from NDJSON to Parquet."""
    try:
        import duck
    except ImportError:
        return "DuckDB SQL: skipped: pip install guideline-reasoner[bench]"
    times = measure(lambda: duck.write(duck.read(folder), work / "duck.parquet"), rounds)
    answers["DuckDB SQL"] = duck.answers(folder)
    return Row(
        "DuckDB, SQL by hand, NDJSON to Parquet", "33 rec., SQL's true, false, NULL; no reasons, no checks", n, times
    )


def structs(folder: Path, n: int, rounds: int, answers: dict[str, Answers]) -> Row | str:
    """Typed structs of msgspec and rules in Python."""
    try:
        import typed
    except ImportError:
        return "msgspec: skipped: pip install guideline-reasoner[bench]"
    times = measure(lambda: typed.answers(folder), rounds)
    answers["msgspec, by hand"] = typed.answers(folder)
    return Row("msgspec structs, rules in Python, NDJSON", "33 rec., two-valued; no reasons, no checks", n, times)


def graphs(bundles: list[bytes], rounds: int, answers: dict[str, Answers]) -> Row | str:
    """A graph of rdflib, pyshacl and SPARQL."""
    try:
        from graphs import Pipeline
    except ImportError as error:
        return f"rdflib + pyshacl: skipped: {error.name} is not installed"
    pipeline = Pipeline(reasoner.load())
    said: dict[str, Mapping[str, bool | None]] = {}

    def job() -> None:
        for one in bundles:
            said.update(pipeline.answers(one))

    times = measure(job, rounds)
    answers["rdflib + pyshacl"] = said
    return Row("rdflib + pyshacl, Bundle, then ASK", "8 rec., two-valued; full SHACL, no reasons", len(bundles), times)


def cql(bundles: list[bytes], work: Path, given: argparse.Namespace, answers: dict[str, Answers]) -> Row | str:
    """The CQL reference engine."""
    import cql_engine

    modules = cql_engine.install(given.npm)
    if isinstance(modules, str):
        return f"cql-execution: {modules}"
    path = work / "bundles.ndjson"
    path.write_bytes(b"\n".join(bundles) + b"\n")
    times, said = cql_engine.run(modules, path, given.rounds)
    answers["cql-execution"] = said
    name = " + ".join(package.replace("@", " ") for package in cql_engine.PACKAGES)
    return Row(name, "8 rec., CQL's three values; no reasons", len(bundles), times)


def columns(folder: Path, lesions: int, rounds: int) -> None:
    """The same columns of findings in memory through both."""
    try:
        import duck
    except ImportError:
        print("\n  from columns of findings: skipped: pip install guideline-reasoner[bench]")
        return
    connection = duck.read(folder)
    small = connection.sql("SELECT count(*) FROM findings").fetchall()[0][0]
    connection.execute(
        f"CREATE TEMP TABLE large AS SELECT * EXCLUDE (i) REPLACE (subject || '-' || i AS subject) "
        f"FROM findings, range({-(-lesions // small)}) AS t(i) LIMIT {lesions}"
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE findings AS FROM large")
    frame = pl.DataFrame(connection.sql("FROM findings").to_arrow_table()).drop(REGION)
    loaded = reasoner.load()
    own = kernel()
    batch = encode(own, frame).batch
    said = "33 rec., three-valued, exact"
    warnings.simplefilter("ignore")  # values out of range are listed in a column
    rows: list[Row | str] = [
        Row("assess_frame, a row a lesion", said, lesions,
            measure(lambda: loaded.assess_frame(frame, layout="wide", missing=False), rounds)),
        Row("Kernel, from codes, verdicts", said, lesions,
            measure(lambda: own.decide(batch, lesions, missing=False), rounds)),
        Row("Kernel, from codes, with what is missing", f"{said}; every gap", lesions,
            measure(lambda: own.decide(batch, lesions), rounds)),
        Row("DuckDB, SQL by hand, to Arrow", "33 rec., SQL's true, false, NULL", lesions,
            measure(lambda: connection.sql(duck.rules()).to_arrow_table(), rounds)),
    ]  # fmt: skip
    table(rows, "from columns of findings in memory, lesions")
    for row, bar in ((rows[1], 10e6), (rows[2], 2e6)):
        assert isinstance(row, Row)
        missed(f"{row.name.strip()}: lesions a second by the clock", row.wall, bar)


def bars(ours: Row, rows: list[Row | str]) -> None:
    """What was aimed at, and by how much it was missed."""
    print()
    missed("from bulk NDJSON: patients a CPU-second", ours.rate, 10_000)
    found = {row.name.split(",")[0].split()[0]: row for row in rows if isinstance(row, Row)}
    if duck := found.get("DuckDB"):
        missed("from bulk NDJSON: share of the SQL by hand", ours.rate / duck.rate, 0.7)
    if engine := found.get("cql-execution"):
        missed("from bulk NDJSON: times cql-execution", ours.rate / engine.rate, 300)


def missed(name: str, value: float, bar: float) -> None:
    """One line on a bar."""
    verdict = "met" if value >= bar else f"missed by {1 - value / bar:.0%}"
    print(f"  bar: {name}: {value:,.2f} of {bar:,.2f}: {verdict}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--assessed", type=int, default=200, help="patients through `assess` (default: 200)")
    parser.add_argument("--graphs", type=int, default=10, help="patients through pyshacl (default: 10)")
    parser.add_argument("--cql", type=int, default=100, help="patients through cql-execution (default: 100)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="lesions from columns (default: 1,000,000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--npm", type=Path, help="folder for the node modules (default: a cache of the user)")
    machine.PACKAGES = ("guideline-reasoner", "polars", "numpy", "duckdb", "msgspec", "rdflib", "pyshacl", "pyoxigraph")
    print(describe())
    main(parser.parse_args())
