"""What changes before any class is asked: gradings, derivations from records, data rules and model axioms.

Gradings look at what was *recorded*, so they are compared over records: each input not recorded, or in one of its
cells. Both sides grade every record with their own program.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reasoner.criteria import Criterion, leaves
from reasoner.grade import Grader
from reasoner.gradings import Derivations, Grading
from reasoner.settle import Known

from .common import Ground, Names, number
from .count import count, depends, projected, restricted
from .shifts import NEVER, shift
from .sides import Side

LARGEST = 50_000
"""Records of one grading that are counted; beyond, the change is told without its share."""
UNKNOWN = "not derived"


@dataclass(frozen=True, slots=True)
class Regraded:
    """How many records get another grade; ``moves`` counts them by (old grade, new grade).

    ``changed`` is None where there are too many records to count, and where only one side derives the grade at all.
    """

    finding: str
    what: str
    inputs: tuple[str, ...]
    records: int
    changed: int | None
    moves: tuple[tuple[str, str, int], ...] = ()


def regraded(sides: tuple[Side, Side], grounds: tuple[Ground, Ground]) -> Iterator[Regraded]:
    """Every graded finding whose derivation changed."""
    by_finding: tuple[dict[str, Grading], dict[str, Grading]] = ({}, {})
    for i, ground in enumerate(grounds):
        for grading in sides[i].knowledge.derivations.gradings:
            by_finding[i][ground.names.findings[grading.finding]] = grading
    for name in sorted({*by_finding[0], *by_finding[1]}):
        old, new = by_finding[0].get(name), by_finding[1].get(name)
        if old is None or new is None:
            yield Regraded(name, "added" if old is None else "removed", (), 0, None)
        elif _shape(old, grounds[0]) != _shape(new, grounds[1]):
            yield _compare(name, (old, new), sides, grounds)


def _shape(grading: Grading, ground: Ground) -> object:
    """Everything about a grading that its outcome rests on, classes by their meaning."""

    def meaning(tree: Criterion | None) -> object:
        if tree is None:
            return None
        return frozenset(ground.primes(ground.names.tree(tree)))

    def called(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(ground.names.findings[name] for name in names))

    def place(i: int) -> int:
        return ground.names.values[grading.finding][i]

    steps = []
    for step in grading.steps:
        scales = [
            (called(s.inputs), frozenset((place(i), meaning(band)) for i, band in s.bands), meaning(s.voided_by))
            for s in step.scales
        ]
        steps.append((frozenset(scales), step.policy, meaning(step.unless)))
    discordances = frozenset(
        (called(d.inputs), meaning(d.when), ground.names.mask(grading.finding, d.against), meaning(d.voided_by))
        for d in grading.discordances
    )
    order = ground.names.values[grading.finding]
    return steps, discordances, called(grading.comparison_inputs), order


def _compare(
    name: str, gradings: tuple[Grading, Grading], sides: tuple[Side, Side], grounds: tuple[Ground, Ground]
) -> Regraded:
    space = grounds[0].space
    used = {
        ground.names.findings[finding]
        for ground, grading in zip(grounds, gradings, strict=True)
        for finding in _inputs(grading)
    }
    shared = grounds[0].exists & grounds[1].exists
    cells: list[list[int | None]] = []
    names = sorted(used)
    for one in names:
        place = space.fields[one]
        cells.append([None, *(c for c in range(place.width) if shared >> (place.offset + c) & 1)])
    records = math.prod(map(len, cells))
    if records > LARGEST:
        return Regraded(name, "changed", tuple(names), records, None)
    moves: Counter[tuple[str, str]] = Counter()
    graders = [_Grader(side, ground, grading) for side, ground, grading in zip(sides, grounds, gradings, strict=True)]
    for chosen in itertools.product(*cells):
        said = {one: cell for one, cell in zip(names, chosen, strict=True) if cell is not None}
        before, after = (grader.grade(said) for grader in graders)
        if before != after:
            moves[before, after] += 1
    listed = tuple((a, b, many) for (a, b), many in sorted(moves.items(), key=lambda m: (-m[1], m[0])))
    return Regraded(name, "changed", tuple(names), records, moves.total(), listed)


def _inputs(grading: Grading) -> set[str]:
    """The findings that the outcome can depend on."""
    trees: list[Criterion | None] = [t for d in grading.discordances for t in (d.when, d.voided_by)]
    names = {name for d in grading.discordances for name in d.inputs}
    for step in grading.steps:
        trees.append(step.unless)
        for scale in step.scales:
            names |= set(scale.inputs)
            trees += [scale.voided_by, *(band for _, band in scale.bands)]
    return names | {leaf.finding for tree in trees if tree is not None for leaf in leaves(tree)}


class _Grader:
    """One side's own grading of records in common words."""

    def __init__(self, side: Side, ground: Ground, grading: Grading) -> None:
        self.ground, self.grading = ground, grading
        self.finding = side.knowledge.model.findings[grading.finding]
        self.grader = Grader(side.knowledge.model, side.program)
        self.own = {common: name for name, common in ground.names.findings.items()}
        self._said: dict[tuple[str, int], Known] = {}

    def grade(self, record: Mapping[str, int]) -> str:
        """The grade in words, with the policy that it rests on."""
        known = {self.own[name]: self._known(name, cell) for name, cell in sorted(record.items()) if name in self.own}
        graded = self.grader.grade(self.grading, known)
        if not graded.inputs or graded.mask == self.finding.full:
            return UNKNOWN
        values = self.ground.program.model.findings[self.ground.names.findings[self.grading.finding]].values
        mask = self.ground.names.mask(self.grading.finding, graded.mask)
        grade = " or ".join(value.notation for i, value in enumerate(values) if mask >> i & 1)
        return f"{grade} ({graded.policy})" if graded.policy else grade

    def _known(self, name: str, cell: int) -> Known:
        if (name, cell) not in self._said:
            own = self.own[name]
            place, finding = self.grader.space.fields[own], self.grader.model.findings[own]
            if finding.range is None:
                bits = 1 << (place.offset + self.ground.names.values[own].index(cell))
            else:
                said = number(self.ground.space.fields[name], cell, finding)
                assert said is not None, "only cells that both sides have are recorded"
                bits = place.cell(said)
            self._said[name, cell] = Known(bits, None, "recorded")
        return self._said[name, cell]


@dataclass(frozen=True, slots=True)
class Ruled:
    """A data rule or derivation from records: ``details`` say what changed, ``states`` how far its class moved."""

    id: str
    what: str
    details: tuple[str, ...]
    states: tuple[int, int, int] | None = None
    """(States, newly broken, no longer broken)."""


def ruled(sides: tuple[Side, Side], grounds: tuple[Ground, Ground], classes: Mapping[str, str]) -> Iterator[Ruled]:
    """Every data rule that changed; ``classes`` maps IRIs of old classes to the new ones they became."""
    old, new = ({rule.id: rule for rule in side.knowledge.derivations.rules} for side in sides)
    for id_ in sorted({*old, *new}):
        a, b = old.get(id_), new.get(id_)
        if a is None or b is None:
            yield Ruled(id_, "added" if a is None else "removed", ())
            continue
        details = []
        if a.severity != b.severity:
            details.append(f"severity {a.severity.lower()} → {b.severity.lower()}")
        for word, x, y in (
            ("looks at what is recorded of", a.when_recorded, b.when_recorded),
            ("contradicts", a.contradicts, b.contradicts),
        ):
            before, after = (_called(names, g.names) for names, g in zip((x, y), grounds, strict=True))
            if before != after:
                details.append(f"{word} {', '.join(before) or 'nothing'} → {', '.join(after) or 'nothing'}")
        if classes.get(a.breaks_axiom_of or "", a.breaks_axiom_of) != b.breaks_axiom_of:
            details.append("belongs to another axiom")
        trees = [
            g.names.tree(rule.violated_by) if rule.violated_by else NEVER
            for g, rule in zip(grounds, (a, b), strict=True)
        ]
        moved = shift(*grounds, *trees)
        states = (moved.states, moved.gained, moved.lost) if moved.is_changed else None
        if details or states:
            yield Ruled(id_, "changed", tuple(details), states)


def _called(own: tuple[str, ...], names: Names) -> list[str]:
    return sorted(names.findings[name] for name in own)


def recorded(sides: tuple[Side, Side], grounds: tuple[Ground, Ground]) -> list[tuple[str, str]]:
    """Values that follow from a record alone, as (finding, what changed)."""

    def rows(derivations: Derivations, ground: Ground) -> set[tuple[object, ...]]:
        names = ground.names
        return {
            (
                names.findings[r.finding],
                names.mask(r.finding, r.mask),
                tuple(_called(r.when_recorded, names)),
                frozenset(names.findings[g.finding] for g in derivations.gradings if g.iri in r.usable_gradings),
            )
            for r in derivations.recorded
        }

    old, new = (rows(side.knowledge.derivations, ground) for side, ground in zip(sides, grounds, strict=True))
    return sorted(
        [(str(row[0]), "no longer follows from records as it did") for row in old - new]
        + [(str(row[0]), "follows from records in a new way") for row in new - old]
    )


@dataclass(frozen=True, slots=True)
class Allowed:
    """The states that the model axioms of one side alone allow, over the findings that the axioms mention."""

    findings: tuple[str, ...]
    states: int
    only_old: int
    only_new: int


def allowed(grounds: tuple[Ground, Ground]) -> Allowed | None:
    """How the axioms changed, over the values that both sides have; None where they allow the same."""
    old, new = grounds
    space, exists = old.space, old.exists & new.exists
    before, after = (restricted(g.program.allowed, exists, space) for g in grounds)
    if set(before) == set(after):
        return None
    used = depends(before, exists, space) | depends(after, exists, space)
    fields = [place for place in space.fields.values() if place.mask & used]
    kept, now = (projected(cubes, used, space) for cubes in (before, after))
    shared = count(old.program.blake.conjunction([kept, now]), fields)
    either = count([*kept, *now], fields)
    return Allowed(tuple(f.name for f in fields), either, count(kept, fields) - shared, count(now, fields) - shared)
