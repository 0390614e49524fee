"""Holds runs of `guideline cohort` to `assess`: 10,000 random patients in every form of input and both layouts.

    python benchmarks/agreement.py [--patients N] [--seed N]

Prints how many subjects and verdicts were compared; ends with an AssertionError at the first form that differs.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cohort.agreement import compared


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=10_000, help="in each form (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=21)
    given = parser.parse_args()
    # Millions of rows are held at a time, and none of them is ever part of a cycle.
    gc.disable()
    started, forms, total = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for form, layout, subjects, verdicts in compared(given.patients, Path(folder), given.seed):
            forms, total = forms + 1, total + verdicts
            print(f"{form:18} {layout:5} {subjects:9,} subjects {verdicts:11,} verdicts equal", flush=True)
    print(
        f"{forms} runs of {given.patients:,} patients or more, {total:,} verdicts: all equal to those of assess", end=""
    )
    print(f"; {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
