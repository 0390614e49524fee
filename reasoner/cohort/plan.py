"""What there is to decide: the distinct formulas of the guidelines, compiled to circuits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reasoner.decide import Decider
from reasoner.program import Formula

from .circuit import Circuit
from .literals import findings, inside, missing
from .reason import Reasons
from .results import Column, Header

Key = tuple[str, int, int]
"""An array of the results: what it tells, of which formula (or recommendation), under which population."""
NONE = -1


@dataclass(frozen=True)
class Asked:
    """A recommendation: the places of its formulas in the plan, and of what overrides it among its guideline's."""

    column: Column
    formula: int
    preferred: int
    """The formula of its preference, or NONE."""
    population: int
    overriders: tuple[int, ...]
    """Places of the overriding recommendations in the plan."""


@dataclass(frozen=True)
class Missing:
    """What is missing for one formula: a bit vector a finding."""

    findings: tuple[str, ...]
    all: Circuit
    assumable: tuple[int, ...]
    """Places of the findings that a policy may assume."""
    some: Circuit
    """The same for these alone."""


class Plan:
    """Everything that the kernel decides of one kind of subject."""

    def __init__(self, deciders: Sequence[Decider], assumable: frozenset[str]) -> None:
        self.formulas: list[Formula] = []
        self._places: dict[Any, int] = {}
        self.headers: list[Header] = []
        self.scopes: list[int] = []
        self.populations: list[int] = []
        self.asked: list[Asked] = []
        self.reasons: dict[int, Reasons] = {}
        for decider in deciders:
            self._add(decider, assumable)
        self.fields = findings(self.formulas)
        forms = [form for f in self.formulas for form in (inside(f.space, f.yes), inside(f.space, f.no))]
        self.verdicts = Circuit(forms)
        """Two bit vectors a formula: it holds, it fails."""
        told = {own.formula for own in self.asked}
        self.missing = {k: _missing(self.formulas[k], assumable) for k in told}

    def _place(self, formula: Formula) -> int:
        key = formula.yes, formula.no, formula.allowed_yes, formula.allowed_no
        if key not in self._places:
            self._places[key] = len(self.formulas)
            self.formulas.append(formula)
        return self._places[key]

    def _add(self, decider: Decider, assumable: frozenset[str]) -> None:
        guideline = decider.guideline
        header = Header(guideline.id, guideline.version, guideline.sha256, decider.population is not None)
        self.headers.append(header)
        self.scopes.append(self._place(decider.scope))
        population = NONE if decider.population is None else self._place(decider.population)
        self.populations.append(population)
        before = len(self.asked)
        for own in decider.compiled:
            names = tuple(f.name for f in findings([own.formula]))
            over = tuple(guideline.recommendations[i].id for i in own.overriders)
            place = self._place(own.formula)
            if place not in self.reasons:
                self.reasons[place] = Reasons(own.formula, assumable)
            column = Column(header, own.recommendation.id, names, over, self.reasons[place].findings)
            preferred = NONE if own.preferred is None else self._place(own.preferred)
            others = tuple(before + i for i in own.overriders)
            self.asked.append(Asked(column, place, preferred, population, others))

    def arrays(self, with_missing: bool, with_reasons: bool) -> dict[Key, np.dtype[Any]]:
        """The arrays that the results are made of, with their types."""
        byte = np.dtype(np.uint8)
        keys: dict[Key, np.dtype[Any]] = {("verdict", k, NONE): byte for k in self.missing}
        keys |= {("verdict", k, NONE): byte for k in (*self.scopes, *self.populations) if k != NONE}
        for place, own in enumerate(self.asked):
            if own.preferred != NONE:
                keys["preferred", own.preferred, own.population] = byte
            if own.overriders:
                keys["overridden", place, NONE] = byte
            if with_missing:
                keys["missing", own.formula, NONE] = keys["assumed", own.formula, NONE] = own.column.sets
            if with_reasons:
                codes = np.min_scalar_type(len(self.reasons[own.formula].findings))
                keys["reason", own.formula, NONE] = codes
        return keys


def _missing(formula: Formula, assumable: frozenset[str]) -> Missing:
    names = tuple(f.name for f in findings([formula]))
    terms = [missing(formula, name) for name in names]
    places = tuple(i for i, name in enumerate(names) if name in assumable)
    return Missing(names, Circuit(terms), places, Circuit([terms[i] for i in places]))
