"""The outcome of ``guideline check`` as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import BinaryIO

from .run import Outcome

MOST = 12
"""Problems of one step that are written out as text."""

FOUND = 3
"""Exit code when a check of the knowledge failed."""


def report(outcomes: Iterable[Outcome], form: str, target: BinaryIO) -> int:
    """Write each step as it ends (text), or all of them (json); 0 when every step passed, else 3."""
    done: list[Outcome] = []
    for outcome in outcomes:
        done.append(outcome)
        if form == "text":
            target.write(_text(outcome).encode())
            target.flush()
    failed = [outcome for outcome in done if not outcome.passed]
    if form == "json":
        data = {"passed": not failed, "steps": [{**asdict(o), "passed": o.passed} for o in done]}
        target.write(json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n")
    else:
        problems = sum(len(outcome.problems) for outcome in done)
        seconds = sum(outcome.seconds for outcome in done)
        skipped = sum(outcome.skipped is not None for outcome in done)
        if problems:
            steps = sum(bool(outcome.problems) for outcome in done)
            verdict = f"not sound: {counted(problems, 'problem')} in {counted(steps, 'step')}"
        else:
            verdict = "not shown to be sound" if skipped else "sound"
        undone = f"; {counted(skipped, 'step')} could not run" if skipped else ""
        then = "" if failed else " Next: `guideline prove` looks at every possible patient."
        target.write(f"\n{len(done)} steps in {seconds:.1f} s; the knowledge is {verdict}{undone}.{then}\n".encode())
    return FOUND if failed else 0


def listed(outcome: Outcome) -> list[str]:
    """The problems of a step as lines, the first of many, and how many follow from earlier ones."""
    lines = [f"        {problem}" for problem in outcome.problems[:MOST]]
    if (more := len(outcome.problems) - MOST) > 0:
        lines.append(f"        and {more} more, which --format json lists")
    if outcome.follows:
        lines.append(f"        {counted(outcome.follows, 'finding')} here may only follow from what is told above")
    return lines


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _text(outcome: Outcome) -> str:
    word = "ok" if outcome.passed else "SKIPPED" if outcome.skipped else "FAILED"
    lines = [f"{word:<8}{outcome.name:<40}{outcome.count:>8}  {outcome.seconds:6.2f} s"]
    if outcome.skipped:
        lines.append(f"        not run: {outcome.skipped}")
    lines += listed(outcome)
    return "\n".join(lines) + "\n"
