"""Verdicts by brute force: look at every completion of what is unknown, and see what they agree on.

A question (is this recommendation eligible? does it come first?) is a truth table from `readings`. A partial state
keeps some values of each finding; the part of the table that it leaves open is the set of its completions, and
nothing more clever happens here. Only the findings that a question looks at, and those that a model axiom ties to
them, are axes of its table: the others cannot change the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from .readings import (
    ASSUMED,
    AXIOMS,
    ELIGIBLE,
    FINDINGS,
    LINES,
    OVERRIDABLE,
    OVERRIDES,
    POPULATIONS,
    SCOPES,
    VALUES,
    Truth,
    preferred,
)

State = Mapping[str, frozenset[str]]
"""The values still possible of each finding; a finding that is not in it may have any value."""

Verdict = Literal["eligible", "not-eligible", "undetermined"]
Preferred = bool | Literal["undetermined"] | None
Index = int | slice

EVERYTHING = slice(None)


@dataclass(frozen=True, slots=True)
class Open:
    """A partial state as array indices: which findings are fixed, open, or open in part."""

    basic: Mapping[str, Index]
    partial: Mapping[str, list[int]]

    @classmethod
    def of(cls, state: State) -> Open:
        """The indices of a state; a finding with no possible value is an error of the caller."""
        basic: dict[str, Index] = dict.fromkeys(FINDINGS, EVERYTHING)
        partial: dict[str, list[int]] = {}
        for finding, possible in state.items():
            where = [i for i, value in enumerate(VALUES[finding]) if value in possible]
            assert len(where) == len(possible) > 0, f"{finding}: {set(possible)}"
            if len(where) == 1:
                basic[finding] = where[0]
            elif len(where) < len(VALUES[finding]):
                partial[finding] = where
        return cls(basic, partial)


def axes_of(truth: Truth) -> list[str]:
    """The findings that a formula looks at."""
    return [finding for finding, size in zip(FINDINGS, truth.shape, strict=True) if size > 1]


class Question:
    """A yes-no question about a patient, as the patients that the model allows with answer yes, and with no."""

    def __init__(self, truth: Truth) -> None:
        axes = set(axes_of(truth))
        allowed = np.ones((1,) * len(FINDINGS), dtype=np.bool_)
        for axiom in AXIOMS:
            if axes & set(axes_of(axiom)):
                axes |= set(axes_of(axiom))
                allowed = allowed & axiom
        self.axes = tuple(finding for finding in FINDINGS if finding in axes)
        shape = tuple(len(VALUES[finding]) for finding in self.axes)
        self.yes: Truth = np.ascontiguousarray((truth & allowed).reshape(shape))
        self.no: Truth = np.ascontiguousarray((~truth & allowed).reshape(shape))

    def completions(self, state: Open) -> tuple[list[str], Truth, Truth]:
        """The findings left open, and for each way to fill them in whether it is allowed with yes, and with no."""
        index = tuple(state.basic[finding] for finding in self.axes)
        yes, no = self.yes[index], self.no[index]
        left = [finding for finding, at in zip(self.axes, index, strict=True) if at is EVERYTHING]
        for axis, finding in enumerate(left):
            if finding in state.partial:
                yes = yes.take(state.partial[finding], axis)
                no = no.take(state.partial[finding], axis)
        return left, yes, no

    def verdict(self, state: Open) -> Verdict:
        """Yes in every completion, in none, or in some."""
        _, yes, no = self.completions(state)
        return _verdict(bool(yes.any()), bool(no.any()))

    def verdict_and_missing(self, state: Open) -> tuple[Verdict, tuple[str, ...]]:
        """The verdict, and the findings that alone can change it.

        A finding is missing when two allowed completions that differ in nothing else differ in the answer.
        """
        left, yes, no = self.completions(state)
        verdict = _verdict(bool(yes.any()), bool(no.any()))
        if verdict != "undetermined":
            return verdict, ()
        missing = [f for axis, f in enumerate(left) if (yes.any(axis=axis) & no.any(axis=axis)).any()]
        return verdict, tuple(sorted(missing))


def _verdict(some_yes: bool, some_no: bool) -> Verdict:
    assert some_yes or some_no, "no completion of this state obeys the model"
    if not some_no:
        return "eligible"
    return "undetermined" if some_yes else "not-eligible"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one recommendation."""

    verdict: str
    missing: tuple[str, ...]
    preferred: Preferred
    overridden_by: str | None
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guidance:
    """What one guideline says."""

    scope: str
    scope_missing: tuple[str, ...]
    applicability: str | None
    recommendations: Mapping[str, Judgement]


@dataclass(frozen=True, slots=True)
class Answer:
    """What all guidelines say of one lesion, and what was assumed to say it."""

    assumed: tuple[str, ...]
    guidelines: Mapping[str, Guidance]


@cache
def eligibility(guideline: str) -> Mapping[str, Question]:
    """The eligibility question of each recommendation of a guideline."""
    return {name: Question(truth) for name, truth in ELIGIBLE[guideline].items()}


@cache
def preference(guideline: str) -> Mapping[str, Question]:
    """The question whether it comes first, of each recommendation with a line."""
    return {name: Question(preferred(guideline, name)) for name in ELIGIBLE[guideline] if name in LINES}


@cache
def scope(guideline: str) -> Question:
    """The question whether the guideline speaks about a lesion."""
    return Question(SCOPES[guideline])


@cache
def population(guideline: str) -> Question | None:
    """The question whether a lesion belongs to those that the evidence comes from, where this is asked."""
    return Question(POPULATIONS[guideline]) if guideline in POPULATIONS else None


@cache
def axiom_questions() -> tuple[Question, ...]:
    """The model axioms as questions."""
    return tuple(Question(axiom) for axiom in AXIOMS)


def possible(state: State, finding: str) -> list[str]:
    """The values of a finding that some allowed completion of the state has, in the model's order."""
    candidates = [value for value in VALUES[finding] if value in state.get(finding, VALUES[finding])]
    return [value for value in candidates if is_consistent({**state, finding: frozenset([value])})]


def is_consistent(state: State) -> bool:
    """Whether any completion of the state obeys the model."""
    indices = Open.of(state)
    return all(bool(question.completions(indices)[1].any()) for question in axiom_questions())


def defaults(state: State) -> dict[str, frozenset[str]]:
    """What the default policy assumes: its value for each finding that is not recorded and that the axioms leave open.

    What follows from a record by an axiom is no assumption, whether the policy would have said the same or not.
    """
    return {
        finding: frozenset([value])
        for finding, value in ASSUMED.items()
        if finding not in state and value in (may_be := possible(state, finding)) and len(may_be) > 1
    }


def judge(state: State, *, strict: bool, asked: State | None = None, defaulted: Iterable[str] = ()) -> Answer:
    """The verdict of every recommendation on a partial state.

    `asked` is what is known when nothing at all is assumed, where that is less than the state, and `defaulted` the
    findings in which the two differ: with them a grade that rests on an assumption is told from a plain one.
    """
    assumed = {} if strict else defaults(state)
    indices = Open.of({**state, **assumed})
    if_asked = Open.of(state if asked is None else asked)
    at_stake = set(assumed) | (set() if strict else set(defaulted))
    guidelines = {name: _judge_guideline(name, indices, if_asked, at_stake) for name in ELIGIBLE}
    return Answer(tuple(sorted(at_stake)), guidelines)


def _judge_guideline(guideline: str, state: Open, if_asked: Open, at_stake: set[str]) -> Guidance:
    in_scope, scope_missing = scope(guideline).verdict_and_missing(state)
    from_population = population(guideline)
    applicability = None
    if from_population is not None:
        words = {"eligible": "direct", "not-eligible": "indirect", "undetermined": "undetermined"}
        applicability = words[from_population.verdict(state)]
    eligible = {name: question.verdict_and_missing(state) for name, question in eligibility(guideline).items()}
    overriding = [(name, eligible[name][0]) for name in OVERRIDES[guideline]]
    recommendations = {
        name: Judgement(
            verdict,
            missing,
            _preferred(guideline, name, state, applicability),
            _overridden(name, verdict, overriding),
            _rests_on(eligibility(guideline)[name], if_asked, at_stake),
        )
        for name, (verdict, missing) in eligible.items()
    }
    words = {"eligible": "in-scope", "not-eligible": "out-of-scope", "undetermined": "undetermined"}
    return Guidance(words[in_scope], scope_missing, applicability, recommendations)


def _preferred(guideline: str, recommendation: str, state: Open, applicability: str | None) -> Preferred:
    """Whether it comes first; a borrowed order says nothing outside the population of its evidence."""
    question = preference(guideline).get(recommendation)
    if question is None or applicability == "indirect":
        return None
    if applicability == "undetermined":
        return "undetermined"
    verdict = question.verdict(state)
    return "undetermined" if verdict == "undetermined" else verdict == "eligible"


def _overridden(recommendation: str, verdict: Verdict, overriding: list[tuple[str, Verdict]]) -> str | None:
    """The override that is eligible, else that one may be; nothing for what is itself an override or not eligible."""
    if recommendation not in OVERRIDABLE or verdict == "not-eligible":
        return None
    certain = [name for name, its in overriding if its == "eligible"]
    assert len(certain) < 2, "overrides of one guideline exclude each other"
    if certain:
        return certain[0]
    return "undetermined" if any(its == "undetermined" for _, its in overriding) else None


def _rests_on(question: Question, if_asked: Open, at_stake: set[str]) -> tuple[str, ...]:
    """The assumed findings that would be missing if nothing were assumed."""
    if at_stake.isdisjoint(question.axes):
        return ()
    return tuple(finding for finding in question.verdict_and_missing(if_asked)[1] if finding in at_stake)
