"""Everything that a guideline asks of a subject, as one class a question, on both sides under the same key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reasoner.criteria import All, Any, Criterion, Not
from reasoner.decide import comes_before, overrides
from reasoner.guidelines import Guideline, Recommendation

from .common import Names

ELIGIBLE, FIRST, SUSPENDED, SCOPE, POPULATION = "eligible", "first", "suspended", "scope", "population"
ARGUMENT, CAUTION, GAP = "argument", "caution", "gap"
ALWAYS: Criterion = All(())


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """What is asked: ``about`` a guideline, or one recommendation of it; ``item`` tells several of a kind apart."""

    guideline: str
    recommendation: str
    """Empty where the guideline as a whole is meant."""
    about: str
    item: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """Old ids to the ids that they are compared under."""

    guidelines: Mapping[str, str]
    recommendations: Mapping[tuple[str, str], str]
    """(Old guideline, old recommendation) to the new id."""


def questions(
    guideline: Guideline, names: Names, matched: Matched | None = None
) -> Iterator[tuple[Question, Criterion]]:
    """All questions of one guideline; the older side's ids are changed to those it is compared under."""
    own = guideline.id if matched is None else matched.guidelines.get(guideline.id, guideline.id)

    def called(recommendation: Recommendation) -> str:
        key = (guideline.id, recommendation.id)
        return recommendation.id if matched is None else matched.recommendations.get(key, recommendation.id)

    yield Question(own, "", SCOPE), names.tree(guideline.scope)
    if guideline.population is not None:
        yield Question(own, "", POPULATION), names.tree(guideline.population)
    for gap in guideline.gaps:
        if gap.when is not None:
            yield Question(own, "", GAP, gap.id), names.tree(gap.when)
    for recommendation in guideline.recommendations:
        id_ = called(recommendation)
        yield Question(own, id_, ELIGIBLE), names.tree(recommendation.eligibility)
        first = first_choice(guideline, recommendation)
        if first is not None:
            yield Question(own, id_, FIRST), names.tree(first)
        if suspending := [r for r in guideline.recommendations if overrides(r, recommendation)]:
            both = All((recommendation.eligibility, Any(tuple(r.eligibility for r in suspending))))
            yield Question(own, id_, SUSPENDED), names.tree(both)
        for argument in recommendation.arguments:
            key = f"{names.findings[argument.finding]}, {argument.source}"
            yield Question(own, id_, ARGUMENT, key), names.tree(argument.when)
        for caution in recommendation.cautions:
            when = ALWAYS if caution.when is None else names.tree(caution.when)
            yield Question(own, id_, CAUTION, caution.text), when


def first_choice(guideline: Guideline, own: Recommendation) -> Criterion | None:
    """The subjects for whom the recommendation comes first; None where it has no place in an order."""
    if own.direction != "for" or own.line is None:
        return None
    others = guideline.recommendations
    before = tuple(r.eligibility for r in others if comes_before(r, own) or overrides(r, own))
    inside = (guideline.population,) if guideline.population is not None else ()
    return All((*inside, own.eligibility, Not(Any(before))))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as each side knows it: the guideline, None where it has none, and the id of the recommendation."""

    question: Question
    guidelines: tuple[Guideline | None, Guideline | None]
    ids: tuple[str | None, str | None]
