"""HermiT's steps alone, as JSON, for ``check --watch`` to run beside itself: a program that takes a folder."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from .bench import Bench
from .run import SLOW, examine


def main(folder: str) -> None:
    """Print the outcomes of the slow steps."""
    with contextlib.suppress(AttributeError, OSError):
        os.nice(10)  # the next save comes first
    outcomes = examine(Bench.of(Path(folder)), SLOW)
    print(json.dumps([{**asdict(outcome), "passed": outcome.passed} for outcome in outcomes], ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1])
