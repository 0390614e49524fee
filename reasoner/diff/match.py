"""Which guideline and which recommendation of OLD is which of NEW: by id, by IRI, and last by meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reasoner.guidelines import Guideline, Recommendation
from reasoner.knowledge import Knowledge

from .common import Ground
from .questions import Asked, Matched, Question
from .shifts import shift

Pair = tuple[Recommendation | None, Recommendation | None]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Guidelines in pairs, one side None where only the other has it; and the recommendations of each pair."""

    guidelines: tuple[tuple[Guideline | None, Guideline | None], ...]
    recommendations: tuple[tuple[str, Recommendation | None, Recommendation | None], ...]
    """(Guideline id, old, new), sorted by the ids shown."""

    @property
    def matched(self) -> Matched:
        """The ids under which the older side is compared."""
        return Matched(
            {a.id: b.id for a, b in self.guidelines if a and b},
            {(a.guideline, a.id): b.id for _, a, b in self.recommendations if a and b},
        )

    def asked(self, question: Question) -> Asked:
        """The question with what either side has of the guideline and recommendation."""
        guidelines = next((a, b) for a, b in self.guidelines if (shown := b or a) and shown.id == question.guideline)
        for guideline, a, b in self.recommendations:
            own = b or a
            if guideline == question.guideline and own is not None and own.id == question.recommendation:
                return Asked(question, guidelines, (a.id if a else None, b.id if b else None))
        return Asked(question, guidelines, (None, None))


def pair(old: Knowledge, new: Knowledge, grounds: tuple[Ground, Ground]) -> Pairs:
    """Pair everything up."""
    guidelines = _guidelines(list(old.guidelines), list(new.guidelines))
    recommendations: list[tuple[str, Recommendation | None, Recommendation | None]] = []
    for a, b in guidelines:
        before, after = (a.recommendations if a else ()), (b.recommendations if b else ())
        shown = b or a
        assert shown is not None
        recommendations += [(shown.id, x, y) for x, y in _recommendations(before, after, grounds)]
    return Pairs(tuple(guidelines), tuple(sorted(recommendations, key=_shown)))


def _shown(row: tuple[str, Recommendation | None, Recommendation | None]) -> tuple[str, str]:
    own = row[2] or row[1]
    assert own is not None
    return row[0], own.id


def _guidelines(old: list[Guideline], new: list[Guideline]) -> list[tuple[Guideline | None, Guideline | None]]:
    found: list[tuple[Guideline | None, Guideline | None]] = []
    for key in ("id", "iri"):
        for b in list(new):
            a = next((a for a in old if getattr(a, key) == getattr(b, key)), None)
            if a is not None:
                found.append((a, b))
                old.remove(a)
                new.remove(b)
    found += [(a, None) for a in old]
    return found + [(None, b) for b in new]


def _recommendations(
    old: Sequence[Recommendation], new: Sequence[Recommendation], grounds: tuple[Ground, Ground]
) -> list[Pair]:
    left, rest = list(old), list(new)
    found: list[Pair] = []

    def take(a: Recommendation, b: Recommendation) -> None:
        found.append((a, b))
        left.remove(a)
        rest.remove(b)

    for key in ("id", "iri"):
        for b in list(rest):
            a = next((a for a in left if getattr(a, key) == getattr(b, key)), None)
            if a is not None:
                take(a, b)
    for b in list(rest):
        a = next((a for a in left if _same_advice(a, b) and _same_subjects(a, b, grounds)), None)
        if a is not None:
            take(a, b)
    return [*found, *((a, None) for a in left), *((None, b) for b in rest)]


def _same_advice(a: Recommendation, b: Recommendation) -> bool:
    return (a.direction, a.decision, a.interventions) == (b.direction, b.decision, b.interventions)


def _same_subjects(a: Recommendation, b: Recommendation, grounds: tuple[Ground, Ground]) -> bool:
    old, new = grounds
    moved = shift(old, new, old.names.tree(a.eligibility), new.names.tree(b.eligibility))
    return not moved.is_changed
