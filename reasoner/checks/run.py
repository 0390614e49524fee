"""Runs the checks one after the other, each with its name, time and count."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from reasoner.errors import EngineError, ReasonerError

from . import files, meaning, referee
from .bench import Bench, Problem
from .files import Found

Step = Callable[[Bench], Found]

FAST: tuple[tuple[str, Step], ...] = (
    ("syntax", files.syntax),
    ("declared terms", files.terms),
    ("loading and OWL fragment", files.loading),
    ("authoring shapes", meaning.authoring),
    ("OWL 2 DL profile", meaning.profile),
    ("mappings", files.mappings),
    ("queries", files.queries),
    ("competency questions", meaning.questions),
    ("cases", meaning.cases),
)
SLOW: tuple[tuple[str, Step], ...] = (
    ("HermiT: consistency and satisfiability", referee.satisfiable),
    ("HermiT against the compiled form", referee.agreement),
)
_NEEDS = {
    files.terms: files.syntax,
    files.loading: files.syntax,
    meaning.authoring: files.syntax,
    referee.satisfiable: files.syntax,
    files.mappings: files.loading,
    files.queries: files.loading,
    meaning.questions: files.loading,
    meaning.cases: files.loading,
    referee.agreement: files.loading,
}
"""What must have passed before a step can say anything."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step found; ``skipped`` says why it did not run, which counts as a failure."""

    name: str
    count: int
    seconds: float
    problems: tuple[Problem, ...]
    skipped: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the step ran and found nothing."""
        return not self.problems and self.skipped is None


def check(folder: Path, fast: bool = False, only: Collection[str] = ()) -> Iterator[Outcome]:
    """Check a knowledge folder; ``fast`` leaves out what takes longer than a few seconds, ``only`` names the steps."""
    bench = Bench(folder)
    failed: dict[Step, str] = {}
    for name, step in FAST if fast else FAST + SLOW:
        if only and name not in only:
            continue
        needed = failed.get(_NEEDS[step]) if step in _NEEDS else None
        outcome = _outcome(name, step, bench) if needed is None else Outcome(name, 0, 0.0, (), f"needs: {needed}")
        if not outcome.passed:
            failed[step] = name
        yield outcome


def _outcome(name: str, step: Step, bench: Bench) -> Outcome:
    start = time.perf_counter()
    count, problems, skipped = 0, [], None
    try:
        for item in step(bench):
            if isinstance(item, Problem):
                problems.append(item)
            else:
                count += item
    except EngineError as error:
        skipped = str(error)
    except ReasonerError as error:
        problems += list(bench.from_error(error))
    return Outcome(name, count, time.perf_counter() - start, tuple(dict.fromkeys(problems)), skipped)
