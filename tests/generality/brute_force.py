"""The statin guideline written down a second time, in a few lines, and decided by trying every completion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

CODED = ("diabetes", "dyslipidaemia", "familial-hypercholesterolaemia", "hypertension", "known-cvd", "smoking")
NUMBERS = {
    "age": (17, 30, 60, 80),
    "cvd-risk-10-year": (3.0, 8.0, 20.0),
    "ldl-c": (120.0, 220.0),
}
"""One number for each interval that the criteria tell apart."""
NAMES = (*CODED, *NUMBERS)
VERDICTS = ("scope", "uspstf-statin-b", "uspstf-statin-c")

Person = tuple[Any, ...]
"""A value for each of NAMES, all known."""


def cell(name: str, number: float) -> float:
    """The representative of the interval that a number lies in."""
    limits = {
        "age": (number < 18, number < 40, number <= 75),
        "cvd-risk-10-year": (number < 7.5, number < 10),
        "ldl-c": (number <= 190,),
    }[name]
    place = next((i for i, below in enumerate(limits) if below), len(limits))
    return NUMBERS[name][place]


def told(person: Person) -> dict[str, bool]:
    """What holds of a person of whom everything is known: scope, the two recommendations, the four gaps."""
    has = dict(zip(NAMES, person, strict=True))
    excluded = has["known-cvd"] or has["familial-hypercholesterolaemia"] or has["ldl-c"] > 190
    scope = has["age"] >= 18 and not excluded
    middle = scope and 40 <= has["age"] <= 75
    factor = has["dyslipidaemia"] or has["diabetes"] or has["hypertension"] or has["smoking"]
    risk = has["cvd-risk-10-year"]
    return {
        "scope": scope,
        "uspstf-statin-b": middle and factor and risk >= 10,
        "uspstf-statin-c": middle and factor and 7.5 <= risk < 10,
        "under-40": scope and has["age"] < 40,
        "aged-76-or-older": scope and has["age"] >= 76,
        "no-risk-factor": middle and not factor,
        "risk-under-7-5": middle and risk < 7.5,
    }


def possible(person: Person) -> bool:
    """Whether such a person can be: familial hypercholesterolaemia is a dyslipidaemia."""
    has = dict(zip(NAMES, person, strict=True))
    return bool(has["dyslipidaemia"] or not has["familial-hypercholesterolaemia"])


@cache
def everybody() -> dict[Person, dict[str, bool]]:
    """Every person that can be, with what holds of them."""
    axes = [(False, True)] * len(CODED) + [NUMBERS[name] for name in NUMBERS]
    return {person: told(person) for person in product(*axes) if possible(person)}


@dataclass(frozen=True)
class Judgement:
    """True, False or None (open) for each question, and the findings that can still change each open verdict."""

    holds: Mapping[str, bool | None]
    missing: Mapping[str, list[str]]


def judge(findings: Mapping[str, Any]) -> Judgement | None:
    """Decide by every completion of what is known; None where there is none."""
    known = [_known(name, findings) for name in NAMES]
    table = everybody()
    completions = [person for person in product(*known) if person in table]
    if not completions:
        return None
    holds: dict[str, bool | None] = {}
    missing: dict[str, list[str]] = {}
    for question in table[completions[0]]:
        said = {table[person][question] for person in completions}
        holds[question] = said.pop() if len(said) == 1 else None
        if question in VERDICTS:
            missing[question] = sorted(_changing(question, completions, table)) if holds[question] is None else []
    return Judgement(holds, missing)


def _known(name: str, findings: Mapping[str, Any]) -> tuple[Any, ...]:
    said = findings.get(name)
    if name in CODED:
        return (False, True) if said is None else (said == "present",)
    return NUMBERS[name] if said is None else (cell(name, said),)


def _changing(question: str, completions: list[Person], table: Mapping[Person, Mapping[str, bool]]) -> Iterator[str]:
    """The findings in which alone two completions differ that differ in the answer."""
    for i, name in enumerate(NAMES):
        others: dict[Person, bool] = {}
        for person in completions:
            said = table[person][question]
            if others.setdefault(person[:i] + person[i + 1 :], said) != said:
                yield name
                break
