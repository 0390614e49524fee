"""The outcome of ``guideline check`` as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import BinaryIO

from reasoner.graph import GR, NOTATION, OWL

from .bench import Bench
from .run import Outcome

VERSION = OWL + "versionInfo"

MOST = 12
"""Problems of one step that are written out as text."""

FOUND = 3
"""Exit code when a check of the knowledge failed."""


def heading(bench: Bench) -> str:
    """What is checked: the folder, and each guideline with its version."""
    graph = bench.graph
    found = [
        f"{graph.text(iri, NOTATION) or bench.curie(iri)} {graph.text(document, VERSION)}"
        for iri in graph.instances(GR + "Guideline")
        for document in graph.instances(OWL + "Ontology")
        if graph.file(document) == graph.file(iri)
    ]
    return f"{bench.snapshot.folder.resolve()}: {', '.join(found) or 'no guideline'}"


def report(outcomes: Iterable[Outcome], form: str, target: BinaryIO, about: str) -> int:
    """Write each step as it ends (text), or all of them (json); 0 when every step passed, else 3."""
    done: list[Outcome] = []
    if form == "text":
        target.write(f"{about}\n\n".encode())
    for outcome in outcomes:
        done.append(outcome)
        if form == "text":
            target.write(_text(outcome).encode())
            target.flush()
    failed = [outcome for outcome in done if not outcome.passed]
    if form == "json":
        data = {"about": about, "passed": not failed, "steps": [{**asdict(o), "passed": o.passed} for o in done]}
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
        lines.append(
            f"        {outcome.follows} more problem{'s' * (outcome.follows > 1)}, probably caused by the above"
        )
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
    lines += [f"        {note}" for note in outcome.notes]
    return "\n".join(lines) + "\n"
