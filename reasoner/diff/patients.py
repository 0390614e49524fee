"""A patient for whom both sides differ: the fewest findings that settle both answers, and both programs agree."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reasoner.blake import Cubes
from reasoner.criteria import Criterion
from reasoner.guidelines import Guideline
from reasoner.space import Field
from reasoner.witness import Findings, turtle

from .common import Ground, number
from .questions import ARGUMENT, CAUTION, ELIGIBLE, FIRST, GAP, POPULATION, SCOPE, SUSPENDED, Asked
from .sides import Side

_TRIES = 200
_GLANCES = 12
"""Records of one question that are tried where many questions are asked in search of one patient."""
_ANSWERS = {
    "eligible": True, "not-eligible": False, "in-scope": True, "out-of-scope": False, "direct": True, "indirect": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patient:
    """A made-up patient in the words of each side, None where a side has no such guideline to ask."""

    old: Findings | None
    new: Findings | None
    turtle_old: str
    turtle_new: str

    @property
    def findings(self) -> Findings:
        """In the newer side's words where it has any."""
        return (self.new if self.new is not None else self.old) or {}

    @property
    def turtle(self) -> str:
        """As a patient graph, in the newer side's words where it has any."""
        return self.turtle_new or self.turtle_old


class Finder:
    """Looks for patients in the regions where two sides differ."""

    def __init__(self, sides: tuple[Side, Side], grounds: tuple[Ground, Ground]) -> None:
        self.sides, self.grounds = sides, grounds
        self.space = grounds[0].space
        self.exists = grounds[0].exists & grounds[1].exists
        self._either = grounds[0].exists | grounds[1].exists

    def find(self, asked: Asked, before: Criterion, after: Criterion, gained: bool) -> Patient | None:
        """A patient who becomes a member (or ceases to be one), None where no record tried gives both answers."""
        old, new = (g.program.formula(tree) for g, tree in zip(self.grounds, (before, after), strict=True))
        conjunction = self.grounds[0].program.blake.conjunction
        region = conjunction((old.no, new.yes) if gained else (old.yes, new.no))
        cubes = list(region)
        if asked.question.about == FIRST:
            # The order is told only of subjects who certainly are, or are not, of the evidence's population.
            cubes += self._settled(region, asked)
        wanted = (not gained, gained)
        for findings in itertools.islice(self._records(cubes), _TRIES):
            if self._answers(asked, findings) == wanted:
                return self._patient(asked, self._fewest(asked, findings, wanted))
        return None

    def partly(
        self, asked: Asked, before: Criterion, after: Criterion, involved: frozenset[str]
    ) -> tuple[bool | None, bool | None, Patient] | None:
        """A patient whose answer differs although the findings not recorded are open; None where none tried does.

        Tried are records that settle the class on one side alone, and such as would if ``involved`` were recorded.
        """
        old, new = (g.program.formula(tree) for g, tree in zip(self.grounds, (before, after), strict=True))
        settling = sorted((set(old.yes) ^ set(new.yes)) | (set(old.no) ^ set(new.no)))
        records = list(itertools.islice(self._records(settling), _GLANCES))
        if involved:
            every = self._records(sorted({*old.yes, *old.no, *new.yes, *new.no}))
            lacking = (r for r in itertools.islice(every, _TRIES) if involved & r.keys())
            for record in itertools.islice(lacking, _GLANCES):
                records.append({name: cell for name, cell in record.items() if name not in involved})
        for record in records:
            if any(self._own(side, record) is None for side in (0, 1)):
                continue
            answers = self._answers(asked, record)
            if answers[0] != answers[1]:
                return *answers, self._patient(asked, record)
        return None

    def _fewest(self, asked: Asked, findings: dict[str, int], wanted: tuple[bool, bool]) -> dict[str, int]:
        """The record without what follows from the rest: both programs still decide, assuming nothing for it."""
        if self._answers(asked, findings, strict=True) == wanted:
            for name in list(findings):
                fewer = {other: cell for other, cell in findings.items() if other != name}
                if self._answers(asked, fewer, strict=True) == wanted == self._answers(asked, fewer):
                    findings = fewer
        return findings

    def _answers(
        self, asked: Asked, findings: Mapping[str, int], strict: bool = False
    ) -> tuple[bool | None, bool | None]:
        old, new = (self._answer(side, asked, findings, strict) for side in (0, 1))
        return old, new

    def _settled(self, region: Cubes, asked: Asked) -> list[int]:
        found: list[int] = []
        for ground, guideline in zip(self.grounds, asked.guidelines, strict=True):
            if guideline is not None and guideline.population is not None:
                formula = ground.program.formula(ground.names.tree(guideline.population))
                for cubes in (formula.yes, formula.no):
                    found += ground.program.blake.conjunction([region, cubes])
        return found

    def _records(self, cubes: list[int]) -> Iterator[dict[str, int]]:
        """Cells by finding: of each cube its first values, then others; fewest findings first."""
        ranked = sorted((len(self._narrowed(cube)), cube) for cube in cubes if self._stands(cube & self.exists))
        streams = [self._cells(cube) for _, cube in ranked]
        yield from (first for stream in streams for first in itertools.islice(stream, 1))
        yield from (more for stream in streams for more in itertools.islice(stream, 1, _TRIES))

    def _narrowed(self, cube: int) -> list[Field]:
        return [place for place in self.space.fields.values() if self._either & place.mask & ~cube]

    def _stands(self, cube: int) -> bool:
        return not self.space.is_empty(cube) and all(ground.program.hull(cube) for ground in self.grounds)

    def _cells(self, cube: int) -> Iterator[dict[str, int]]:
        places = self._narrowed(cube)

        def rest(at: int, state: int, chosen: dict[str, int]) -> Iterator[dict[str, int]]:
            if at == len(places):
                yield dict(chosen)
                return
            place = places[at]
            for cell in range(place.width):
                bit = 1 << (place.offset + cell)
                narrower = state & (~place.mask | bit)
                if state & bit and self._stands(narrower):
                    yield from rest(at + 1, narrower, {**chosen, place.name: cell})

        yield from rest(0, cube & self.exists, {})

    def _own(self, side: int, cells: Mapping[str, int]) -> dict[str, str | int | float] | None:
        """The record in a side's own words; None where it has no words for it. What it lacks is left out."""
        names, model = self.grounds[side].names, self.sides[side].knowledge.model
        found: dict[str, str | int | float] = {}
        for own, common in names.findings.items():
            if common not in cells:
                continue
            finding, cell = model.findings[own], cells[common]
            if finding.range is None:
                found[own] = finding.values[names.values[own].index(cell)].notation
            else:
                said = number(self.space.fields[common], cell, finding)
                if said is None:
                    return None
                found[own] = said
        return found

    def _answer(self, side: int, asked: Asked, cells: Mapping[str, int], strict: bool) -> bool | None:
        """What the side's program answers, with its gradings, rules and policies; None where it is not definite."""
        guideline, id_ = asked.guidelines[side], asked.ids[side]
        if guideline is None or (asked.question.recommendation and id_ is None):
            return False
        findings = self._own(side, cells)
        if findings is None:
            return None
        return answer(self.sides[side], guideline, id_, asked.question.about, findings, strict)

    def _patient(self, asked: Asked, findings: dict[str, int]) -> Patient:
        own = [self._own(side, findings) for side in (0, 1)]
        about = asked.question.recommendation or asked.question.guideline
        before, after = (worded(asked.question.about, told) for told in self._answers(asked, findings))
        way = f"{about}: {before} in OLD, {after} in NEW"
        written = ["", ""]
        for i, guideline in enumerate(asked.guidelines):
            if guideline is not None:
                written[i] = turtle(self.sides[i].knowledge, guideline.kind, own[i] or {}, way)
        return Patient(own[0], own[1], written[0], written[1])


WORDS: Mapping[str, tuple[str, str]] = {
    ELIGIBLE: ("not eligible", "eligible"),
    FIRST: ("not first choice", "first choice"),
    SUSPENDED: ("not suspended", "suspended"),
    SCOPE: ("out of scope", "in scope"),
    POPULATION: ("outside the population of the evidence", "inside the population of the evidence"),
    ARGUMENT: ("argument does not hold", "argument holds"),
    CAUTION: ("caution does not hold", "caution holds"),
    GAP: ("outside the gap", "inside the gap"),
}
"""What not belonging and belonging mean, by what is asked."""


def worded(about: str, told: bool | None) -> str:
    """An answer in words."""
    return "cannot be decided" if told is None else WORDS[about][told]


def answer(
    side: Side, guideline: Guideline, id_: str | None, about: str, findings: Findings, strict: bool = False
) -> bool | None:
    """The side's answer to a question about a record, None where it is not definite."""
    subject = side.reasoner.subject_of(findings, guideline.kind)
    state = (side.strict if strict else side.deriver).state(subject.facts, subject.kind, subject.iri)
    decider = next(d for d in side.reasoner.deciders if d.guideline.id == guideline.id)
    decided = decider.decide(state)
    if about == SCOPE:
        return _ANSWERS.get(decided.scope)
    if about == POPULATION:
        return _ANSWERS.get(decided.applicability or "")
    verdict = next(v for v in decided.verdicts if v.recommendation.id == id_)
    if about == ELIGIBLE:
        return _ANSWERS.get(verdict.verdict)
    if about == SUSPENDED:
        is_open = verdict.overridden_by == "undetermined" or (verdict.overridden_by and verdict.verdict != ELIGIBLE)
        return None if is_open else verdict.overridden_by is not None
    return None if verdict.preferred == "undetermined" else bool(verdict.preferred)
