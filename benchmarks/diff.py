"""Diffs: the shipped knowledge against itself and against copies with one edit each, and a cohort.

    python benchmarks/diff.py

Run it with the package installed with its ``author`` extra, from the source tree. It prints the machine, the versions,
and medians, and asserts nothing.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson
from machine import child, describe, medians

from reasoner.diff.cohort import Comparison
from reasoner.diff.compare import compare
from reasoner.diff.sides import Side, open_side
from reasoner.knowledge import shipped

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "samples" / "samples.ndjson"
EDITS: dict[str, tuple[str, Callable[[str], str]]] = {
    "one criterion of one recommendation": (
        "eligibility.ttl",
        lambda text: text.replace("oneOf ( aspect:plantar aspect:apex )", "oneOf ( aspect:plantar )"),
    ),
    "one threshold of a grading": (
        "gradings.ttl",
        lambda text: text.replace('"40.0"^^xsd:decimal', '"45.0"^^xsd:decimal'),
    ),
    "a class that most recommendations share": (
        "conditions.ttl",
        lambda text: text.replace("owl:hasValue neuropathy:present", "owl:hasValue neuropathy:absent"),
    ),
}


@contextmanager
def edited(file: str, edit: Callable[[str], str]) -> Iterator[Path]:
    """A copy of the shipped knowledge in which all files of a name are edited."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("ontology", "shapes", "queries"):
            shutil.copytree(shipped() / part, Path(folder) / part)
        changed = 0
        for path in Path(folder).rglob(file):
            text = path.read_text(encoding="utf-8")
            changed += edit(text) != text
            path.write_text(edit(text), encoding="utf-8")
        if not changed:
            raise SystemExit(f"the edit of {file} changes nothing: mend the benchmark")
        yield Path(folder)


def row(name: str, times: tuple[float, float]) -> None:
    """One line of the table."""
    print(f"  {name:<62} {times[0]:10.1f} ms  {times[1]:10.1f} ms")


def main() -> None:
    """All of it."""
    with ExitStack() as stack:
        base = str(shipped())
        print(f"  {'one process; median and 95th percentile a comparison':<62}")
        row("load one side and compile it", medians(lambda name: open_side(name, stack).reasoner, [base]))
        pairs = {"the same knowledge": (open_side(base, stack), open_side(base, stack))}
        folders = {}
        for name, (file, edit) in EDITS.items():
            folders[name] = stack.enter_context(edited(file, edit))
            pairs[name] = (open_side(base, stack), open_side(str(folders[name]), stack))
        for name, pair in pairs.items():
            row(f"compare: {name}", medians(lambda own: compare(*own), [pair], 5))
        cohort = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "cohort.ndjson"
        lines = [orjson.dumps(orjson.loads(line)["bundle"]) for line in SAMPLES.read_bytes().splitlines()]
        cohort.write_bytes(b"\n".join(lines) + b"\n")
        many(pairs["one threshold of a grading"], cohort, len(lines))
        other = str(folders["one criterion of one recommendation"])
        wall, peak = child([sys.executable, "-m", "reasoner.cli", "diff", base, other])
        print(f"  {'`guideline diff` in a fresh process, one criterion edited':<62} {wall:10.1f} ms  {peak:8.0f} MB\n")


def many(pair: tuple[Side, Side], cohort: Path, size: int) -> None:
    """A cohort answered by both sides."""
    difference = compare(*pair)
    times = medians(lambda file: Comparison(difference).all([file]), [str(cohort)], 5)
    row(f"cohort of {size} bundles, both sides", times)


if __name__ == "__main__":
    print(describe())
    main()
