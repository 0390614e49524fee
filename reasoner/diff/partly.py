"""What the counts of states cannot see: answers about patients of whom not everything is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reasoner.criteria import Criterion

from .patients import Finder, Patient
from .questions import ELIGIBLE, POPULATION, SCOPE, Asked, Question

if TYPE_CHECKING:
    from .compare import Difference

_ABOUT = (SCOPE, ELIGIBLE, POPULATION)
_POLICY = "when not recorded"


@dataclass(frozen=True, slots=True)
class Partly:
    """One question that gets another answer about a patient, None being an answer that is not definite."""

    question: Question
    old: bool | None
    new: bool | None
    patient: Patient


def shown(
    asked: Iterable[tuple[Asked, Criterion, Criterion]], finder: Finder, involved: frozenset[str]
) -> Iterator[Partly]:
    """Patients with gaps in their record whose answer differs; ``involved`` are findings worth leaving out."""
    for one, before, after in asked:
        if one.question.about in _ABOUT and None not in one.guidelines:
            found = finder.partly(one, before, after, involved)
            if found is not None:
                yield Partly(one.question, *found)


def unsettled(difference: Difference) -> frozenset[str]:
    """The findings of which something else is taken than before where they are not recorded."""
    return frozenset(
        {one.finding for one in difference.regraded}
        | {name for name, _ in difference.recorded}
        | {change.about for change in difference.decisions if change.what == _POLICY}
    )


def causes(difference: Difference) -> list[str]:
    """What changed by which the answer can be another one although no state of settled findings changes sides."""
    own = difference
    policies = any(change.what == _POLICY for change in own.decisions)
    told = (
        ("the model axioms", own.allowed is not None),
        ("how findings are graded", bool(own.regraded)),
        ("data rules", bool(own.rules)),
        ("what follows from records", bool(own.recorded)),
        ("what is taken where nothing is recorded", policies),
        ("how input is read", any(change.clinical for change in own.metadata)),
        ("the decisions marked below", any(c.clinical and c.what != _POLICY for c in own.decisions)),
    )
    return [words for words, holds in told if holds]
