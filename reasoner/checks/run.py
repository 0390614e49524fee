"""Runs the checks one after the other, each with its name, time and count."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from reasoner.errors import EngineError, ReasonerError

from . import axioms, files, fragment, meaning, patients, referee, uses, vocabulary
from .bench import Bench
from .found import Found
from .problem import Folding, Problem

Step = Callable[[Bench], Found]

FAST: tuple[tuple[str, Step], ...] = (
    ("syntax", files.syntax),
    ("syntax of cases", files.case_syntax),
    ("prefixes", vocabulary.prefixes),
    ("declared terms", vocabulary.terms),
    ("imports and catalog", vocabulary.documents),
    ("uses of terms", uses.uses),
    ("OWL fragment", fragment.classes),
    ("OWL 2 DL profile", fragment.profile),
    ("axioms of findings", axioms.axioms),
    ("mappings", files.mappings),
    ("authoring shapes", meaning.authoring),
    ("loading", meaning.loading),
    ("queries", files.queries),
    ("competency questions", meaning.questions),
    ("cases", patients.cases),
)
SLOW: tuple[tuple[str, Step], ...] = (
    ("HermiT: consistency and satisfiability", referee.satisfiable),
    ("HermiT against the compiled form", referee.agreement),
)
_READABLE: tuple[Step, ...] = (files.syntax, vocabulary.prefixes)
_NEEDS: dict[Step, tuple[Step, ...]] = {
    fragment.classes: _READABLE,
    fragment.profile: _READABLE,
    uses.uses: _READABLE,
    axioms.axioms: _READABLE,
    files.mappings: _READABLE,
    meaning.authoring: _READABLE,
    meaning.loading: _READABLE,
    referee.satisfiable: _READABLE,
    files.queries: (meaning.loading,),
    meaning.questions: (meaning.loading,),
    patients.cases: (meaning.loading,),
    referee.agreement: (meaning.loading,),
}
"""What must have passed before a step can say anything."""
_RESTS = {meaning.questions}
"""Steps whose findings follow, as likely as not, from whatever was found before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step found; ``skipped`` says why it did not run, which counts as a failure.

    ``follows`` counts what was found besides and follows from the problems of earlier steps; ``notes`` are remarks.
    """

    name: str
    count: int
    seconds: float
    problems: tuple[Problem, ...]
    skipped: str | None = None
    follows: int = 0
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the step ran and found nothing."""
        return not self.problems and not self.follows and self.skipped is None


def check(folder: Path | Bench, fast: bool = False, only: Collection[str] = ()) -> Iterator[Outcome]:
    """Check a knowledge folder; ``fast`` leaves out what takes longer than a few seconds, ``only`` names the steps."""
    bench = folder if isinstance(folder, Bench) else Bench.of(folder)
    return examine(bench, FAST if fast else FAST + SLOW, only)


def examine(bench: Bench, steps: tuple[tuple[str, Step], ...] = FAST, only: Collection[str] = ()) -> Iterator[Outcome]:
    """Run steps over a bench: what only follows from earlier findings is counted, not shown."""
    failed: dict[Step, str] = {}
    folding = Folding()
    wanted = {step for name, step in steps if not only or name in only}
    if meaning.authoring in wanted and not any(document.mistakes for document in bench.ontology):
        _begun(bench)
    for name, step in _in_order(bench, [own for own in steps if not only or own[0] in only]):
        needed = next((failed[other] for other in _NEEDS.get(step, ()) if other in failed), None)
        if needed is None:
            outcome = _outcome(name, step, bench, folding, bool(failed) and step in _RESTS)
        else:
            outcome = Outcome(name, 0, 0.0, (), f"needs: {needed}")
        if not outcome.passed:
            failed[step] = name
        yield outcome


def _in_order(bench: Bench, steps: list[tuple[str, Step]]) -> Iterator[tuple[str, Step]]:
    """The steps, the authoring shapes last where the knowledge loads: nobody waits for their engine then.

    Where it does not, they come in their turn, since they name the cause.
    """
    later: list[tuple[str, Step]] = []
    for name, step in steps:
        if step is meaning.authoring and _loads(bench):
            later.append((name, step))
        else:
            yield name, step
    yield from later


def _loads(bench: Bench) -> bool:
    try:
        return bool(bench.reasoner.deciders)
    except ReasonerError:
        return False


def _begun(bench: Bench) -> None:
    """Begin what takes long beside the rest; what is wrong with it is told in its turn."""
    with contextlib.suppress(ReasonerError):
        meaning.validating(bench)


def _outcome(name: str, step: Step, bench: Bench, folding: Folding, rests: bool) -> Outcome:
    start = time.perf_counter()
    count, found, notes, skipped = 0, list[Problem](), list[str](), None
    try:
        for item in step(bench):
            if isinstance(item, Problem):
                found.append(item)
            elif isinstance(item, str):
                notes.append(item)
            else:
                count += item
    except EngineError as error:
        skipped = str(error)
    except ReasonerError as error:
        found += list(bench.from_error(error))
    problems, follows = ((), len(found)) if rests else folding.split(found)
    return Outcome(name, count, time.perf_counter() - start, problems, skipped, follows, tuple(notes))
