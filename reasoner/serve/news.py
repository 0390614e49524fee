"""What a change of the knowledge did, as one small file that the processes of a server share under ``--watch``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from reasoner.words import counted

if TYPE_CHECKING:
    from reasoner.checks.session import Run

MOST = 5
"""Problems, and verdicts that flipped, that are shown; the rest is counted."""


def news(run: Run, served: int, now: str) -> dict[str, Any]:
    """A run in sentences; ``served`` is the run whose knowledge answers."""
    problems = [str(problem) for outcome in run.outcomes for problem in outcome.problems]
    # What a case says and does not get comes first, what it says and gets again next.
    flips = [str(flip) for flip in sorted(run.flips, key=lambda own: (not own.is_wrong, not own.is_mended))]
    return {
        "run": run.number,
        "served": served,
        "loading": run.decided and run.number != served,
        "at": now,
        "changed": list(run.changed),
        "sound": run.passed,
        "decided": run.decided,
        "problems": _some(problems, "more problem"),
        "flips": _some(flips, "more verdict"),
    }


def _some(lines: list[str], more: str) -> list[str]:
    rest = len(lines) - MOST
    return lines if rest <= 0 else [*lines[:MOST], f"and {counted(rest, more)}; `guideline check` has all"]


def read(file: Path) -> dict[str, Any]:
    """The news as they are now."""
    found: dict[str, Any] = orjson.loads(file.read_bytes())
    return found


def write(file: Path, content: dict[str, Any]) -> None:
    """Replace the news: nobody reads half of them."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(orjson.dumps(content))
    fresh.replace(file)


def come_up(file: Path) -> None:
    """Say that the knowledge of the last run is what answers now."""
    content = read(file)
    write(file, {**content, "served": content["run"], "loading": False})
