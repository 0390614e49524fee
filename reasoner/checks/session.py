"""A session of ``check --watch``, without clock or files: one snapshot after the other, each told against the last."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from reasoner.errors import ReasonerError
from reasoner.graph import LABEL

from .bench import Bench
from .patients import Verdicts, judge_all
from .run import FAST, Outcome, examine
from .snapshot import Memo, Snapshot


@dataclass(frozen=True, slots=True)
class Flip:
    """A verdict on a patient case that is another than in the last state that could be decided."""

    case: str
    recommendation: str
    label: str
    before: str
    after: str
    wanted: str | None
    """What the case expects of it, where it expects anything."""

    @property
    def is_wrong(self) -> bool:
        """Whether the case expects something else than it now gets."""
        return self.wanted is not None and self.after.partition(" ")[0] != self.wanted

    @property
    def is_mended(self) -> bool:
        """Whether the case now gets what it expects, and did not before."""
        return self.wanted is not None and not self.is_wrong and self.before.partition(" ")[0] != self.wanted

    def __str__(self) -> str:
        if self.is_wrong:
            end = f", but the case expects {self.wanted}"
        elif self.is_mended:
            end = ", as the case expects"
        else:
            end = ""
        return f"case `{self.case}`: `{self.recommendation}` ({self.label}) {self.before} -> {self.after}{end}"


@dataclass(frozen=True, slots=True)
class Run:
    """What one state of the files gives."""

    number: int
    changed: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    flips: tuple[Flip, ...]
    compared_with: int | None
    """The number of the run that the flips are told against; None where there is none yet."""
    decided: bool
    """Whether this state could be decided on, so that the next is told against it."""

    @property
    def passed(self) -> bool:
        """Whether every step ran and found nothing."""
        return all(outcome.passed for outcome in self.outcomes)

    @property
    def seconds(self) -> float:
        """What the steps took together."""
        return sum(outcome.seconds for outcome in self.outcomes)


Told = Mapping[str, tuple[Verdicts, Verdicts]]
"""By case: what is said, and what the case expects."""


class Session:
    """Checks snapshots in turn; the last one that could be decided on is what flips are told against."""

    def __init__(self) -> None:
        self._memo = Memo()
        self._last: Snapshot | None = None
        self._good: tuple[int, Told] | None = None
        self._number = 0

    def look(self, snapshot: Snapshot) -> Run | None:
        """Check a snapshot; None where nothing differs from the one before."""
        if self._last is not None and self._last.key == snapshot.key:
            return None
        # A run makes many objects that stay: looking for garbage meanwhile would take a fifth of its time.
        was = gc.isenabled()
        gc.disable()
        try:
            return self._look(snapshot)
        finally:
            if was:
                gc.enable()

    def _look(self, snapshot: Snapshot) -> Run:
        changed = _changed(self._last, snapshot)
        self._last, self._number = snapshot, self._number + 1
        bench = Bench(snapshot, self._memo)
        outcomes = tuple(examine(bench, FAST))
        told = _told(bench, outcomes)
        before = self._good
        flips = () if before is None or told is None else tuple(_flips(bench, before[1], told))
        if told is not None:
            self._good = self._number, told
            # While a broken file is mended, what the last good state was made of is kept.
            self._memo.turn()
        return Run(self._number, changed, outcomes, flips, before[0] if before else None, told is not None)


def _changed(before: Snapshot | None, after: Snapshot) -> tuple[str, ...]:
    if before is None:
        return ()
    names = before.files.keys() | after.files.keys()
    return tuple(sorted(name for name in names if before.files.get(name) != after.files.get(name)))


def _told(bench: Bench, outcomes: tuple[Outcome, ...]) -> Told | None:
    """What each case is answered; None where the knowledge does not load or a case cannot be read."""
    if any(document.mistakes for document in (*bench.ontology, *bench.cases)):
        return None
    if any(outcome.skipped for outcome in outcomes):
        return None
    try:
        return {judged.name: (judged.verdicts, judged.wanted) for judged in judge_all(bench) if judged.iri}
    except ReasonerError:
        return None


def _flips(bench: Bench, before: Told, after: Told) -> Iterator[Flip]:
    labels = {own.id: own.iri for guideline in bench.knowledge.guidelines for own in guideline.recommendations}
    for case, (verdicts, wanted) in after.items():
        old = before.get(case, ({}, {}))[0]
        for key, verdict in verdicts.items():
            make = partial(_flip, bench, labels, case, key[1], wanted=wanted.get(key))
            if case in before and old.get(key) != verdict:
                yield make(old.get(key, "not there"), verdict)
        for key in old.keys() - verdicts.keys():
            yield _flip(bench, labels, case, key[1], old[key], "not there", wanted.get(key))


def _flip(
    bench: Bench, labels: Mapping[str, str], case: str, name: str, before: str, after: str, wanted: str | None
) -> Flip:
    label = bench.graph.text(labels.get(name, ""), LABEL) or "no label"
    return Flip(case, name, label, before, after, wanted)
