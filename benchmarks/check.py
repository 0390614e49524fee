"""`check --watch`: the time from a save to the report, for edits of several kinds.

    python benchmarks/check.py [--rounds N]

Run it with the package installed with its ``test`` extra. The released knowledge is copied to a temporary folder and
watched by a process of its own, without HermiT; each edit is saved as editors do (another file put in place of the old
one), and the time runs until the report is read from the process. Every edit is taken back before the next, which is
timed as an edit of its own. It prints the machine, the versions and medians, and asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import machine
from machine import describe

from reasoner.knowledge import shipped

CONDITIONS = "ontology/diabetic-foot/conditions.ttl"
CASE = "ontology/iwgdf-offloading-2023/cases/a-lone-lesion-leaves-everything-open.ttl"
EDITS = (
    ("a rule", CONDITIONS, "non-surgical-offloading:failed", "non-surgical-offloading:ongoing"),
    ("a label", CONDITIONS, '"bone infection"@en', '"infection of bone {n}"@en'),
    ("a misspelt term", CONDITIONS, "owl:onProperty gr:infectionGrade", "owl:onProperty gr:infectoinGrade"),
    ("a half-written file", CONDITIONS, '"A lesion with osteomyelitis."@en .', '"A lesion'),
    ("a case", CASE, '"undetermined"', '"eligible"'),
    ("a query", "queries/harms.rq", "ORDER BY ?intervention", "ORDER BY DESC(?intervention)"),
    ("a mapping", "ontology/diabetic-foot/codes.sssom.tsv", "gr:osteomyelitis/present", "gr:osteomyelitis/presnt"),
)  # fmt: skip


class Watch:
    """A running watch of a copy of the knowledge."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        code = "import sys; from reasoner.cli import main; sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", code, "check", "--watch", "--fast", "--format", "json", str(folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.read()
        time.sleep(1)  # the watch proper begins after the first look

    def read(self) -> dict[str, Any]:
        """The next report."""
        assert self.process.stdout is not None
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    def save(self, name: str, text: str) -> tuple[float, dict[str, Any]]:
        """Seconds from the save to the report, and the report."""
        path = self.folder / name
        other = path.with_name(f".{path.name}.swp")
        other.write_text(text, encoding="utf-8")
        start = time.perf_counter()
        other.replace(path)
        report = self.read()
        return time.perf_counter() - start, report


def main(rounds: int) -> None:
    """All of it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("ontology", "shapes", "queries"):
            shutil.copytree(shipped() / name, folder / name)
        watch = Watch(folder)
        try:
            print(
                f"  {f'from the save to the report, {rounds} rounds':<52}"
                f" {'median':>9} {'worst':>9} {'checks':>9}  taken back"
            )
            for name, file, old, new in EDITS:
                _edit(watch, rounds, name, file, old, new)
        finally:
            watch.process.terminate()
            watch.process.wait()


def _edit(watch: Watch, rounds: int, name: str, file: str, old: str, new: str) -> None:
    whole = (watch.folder / file).read_text(encoding="utf-8")
    assert old in whole
    there, back, checks = [], [], []
    for number in range(rounds):
        # A space more each time, so that no round finds what the last one left behind.
        edited = whole.replace(old, new.format(n=number), 1) + "\n" * (number + 1)
        seconds, report = watch.save(file, edited)
        there.append(seconds)
        checks.append(report["seconds"])
        back.append(watch.save(file, whole)[0])
    median, inside = statistics.median(there), statistics.median(checks)
    print(f"  {name:<52} {median:7.2f} s {max(there):7.2f} s {inside:7.2f} s  {statistics.median(back):.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each edit is made (default: 5)")
    machine.PACKAGES = (*machine.PACKAGES, "shacl", "watchfiles")
    print(describe())
    main(parser.parse_args().rounds)
