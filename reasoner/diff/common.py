"""One state space for two models: findings and values matched by IRI, else by notation.

What only one model has is kept: a value of one side does not exist on the other, a finding of one side is unknown to
the other and left alone by it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from reasoner.blake import Cubes
from reasoner.criteria import All, Among, Any, Criterion, Named, Not, Within
from reasoner.knowledge import Knowledge
from reasoner.model import Finding, Model, Value
from reasoner.program import Program
from reasoner.space import Field
from reasoner.witness import number_in

from .count import restricted

Thing = TypeVar("Thing", Finding, Value)


@dataclass(frozen=True)
class Names:
    """How one side's findings and values are called in the common model."""

    findings: Mapping[str, str]
    values: Mapping[str, tuple[int, ...]]
    """By the side's own finding: the place of each of its values in the common finding."""
    _classes: dict[str, Named] = field(default_factory=dict, compare=False, repr=False)

    def mask(self, finding: str, mask: int) -> int:
        """A mask over the side's own values, in the common model."""
        return sum(1 << place for i, place in enumerate(self.values[finding]) if mask >> i & 1)

    def tree(self, tree: Criterion) -> Criterion:
        """A criterion in the words of the common model."""
        match tree:
            case Among(finding, mask):
                return Among(self.findings[finding], self.mask(finding, mask))
            case Within():
                return replace(tree, finding=self.findings[tree.finding])
            case All(parts):
                return All(tuple(self.tree(part) for part in parts))
            case Any(parts):
                return Any(tuple(self.tree(part) for part in parts))
            case Not(part):
                return Not(self.tree(part))
            case Named(iri, part):
                if iri not in self._classes:
                    self._classes[iri] = Named(iri, self.tree(part))
                return self._classes[iri]


@dataclass(frozen=True)
class Common:
    """The common model, and how each side speaks of it; ``pairs`` are findings that both have, by common name."""

    model: Model
    old: Names
    new: Names
    pairs: Mapping[str, tuple[Finding, Finding]]


def unify(old: Model, new: Model) -> Common:
    """The common model of two; the newer side's names and order come first."""
    partner = _match(list(old.findings.values()), list(new.findings.values()), _comparable)
    by_new = {id(b): a for a, b in partner}
    findings: dict[str, Finding] = {}
    names: tuple[dict[str, str], dict[str, str]] = {}, {}
    values: tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]] = {}, {}
    pairs: dict[str, tuple[Finding, Finding]] = {}
    for own in new.findings.values():
        other = by_new.get(id(own))
        names[1][own.notation] = own.notation
        values[1][own.notation] = tuple(range(len(own.values)))
        findings[own.notation] = own
        if other is not None:
            findings[own.notation], values[0][other.notation] = _joined(own, other)
            names[0][other.notation] = own.notation
            pairs[own.notation] = (other, own)
    for own in old.findings.values():
        if own.notation not in names[0]:
            name = own.notation if own.notation not in findings else f"{own.notation} (old)"
            names[0][own.notation] = name
            values[0][own.notation] = tuple(range(len(own.values)))
            findings[name] = replace(own, notation=name)
    model = Model(dict(sorted(findings.items())), {**old.kinds, **new.kinds})
    return Common(model, Names(names[0], values[0]), Names(names[1], values[1]), pairs)


def _comparable(a: Finding, b: Finding) -> bool:
    return (a.range is None) == (b.range is None)


def _any(a: Value, b: Value) -> bool:
    """Values of one finding always compare."""
    return a is not None and b is not None


def _match(
    old: Sequence[Thing], new: Sequence[Thing], fits: Callable[[Thing, Thing], bool]
) -> list[tuple[Thing, Thing]]:
    """Pairs of the same thing: by IRI, and of the rest by notation."""
    found: list[tuple[Thing, Thing]] = []
    left = list(old)
    rest = list(new)
    for key in ("iri", "notation"):
        by_key = {getattr(a, key): a for a in left}
        for b in list(rest):
            a = by_key.get(getattr(b, key))
            if a is not None and fits(a, b):
                found.append((a, b))
                left.remove(a)
                rest.remove(b)
    return found


def _joined(new: Finding, old: Finding) -> tuple[Finding, tuple[int, ...]]:
    """The finding with the values of both, and where the old values lie in it."""
    pairs = {id(a): new.values.index(b) for a, b in _match(list(old.values), list(new.values), _any)}
    values = list(new.values)
    places = []
    for value in old.values:
        if id(value) not in pairs:
            taken = {v.notation for v in values}
            values.append(value if value.notation not in taken else replace(value, notation=f"{value.notation} (old)"))
        places.append(pairs.get(id(value), len(values) - 1))
    return replace(new, values=tuple(values)), tuple(places)


class Ground:
    """One side in the common space: its program, and the states that can exist there."""

    def __init__(
        self, common: Common, names: Names, model: Model, axioms: Sequence[Criterion], trees: Iterable[Criterion]
    ) -> None:
        self.names, self.own = names, model
        self.program = Program(common.model, axioms, trees)
        self.space = self.program.space
        self.exists = self._exists()
        """The cube of the values that the side's model has; a finding that it lacks is free."""
        is_empty = self.space.is_empty
        self._primes: dict[tuple[int, bool], tuple[Criterion, Cubes]] = {}
        self.possible = tuple(c for cube in self.program.allowed if not is_empty(c := cube & self.exists))

    def primes(self, tree: Criterion, positive: bool = True) -> Cubes:
        """Prime implicants of a criterion or its negation, within the values that exist; each compiled once."""
        key = (id(tree), positive)
        if key not in self._primes:
            found = restricted(self.program.blake.primes(tree, positive), self.exists, self.space)
            # The tree is kept with them: its id must not be given to another.
            self._primes[key] = tree, found
        return self._primes[key][1]

    def _exists(self) -> int:
        cube = self.space.full
        for name, common in self.names.findings.items():
            place, finding = self.space.fields[common], self.own.findings[name]
            if finding.range is None:
                bits = self.names.mask(name, finding.full) << place.offset
            else:
                bits = sum(1 << (place.offset + i) for i in range(place.width) if number(place, i, finding) is not None)
            cube &= ~place.mask | bits
        return cube


def number(place: Field, cell: int, finding: Finding) -> int | float | None:
    """A number of the cell within the finding's range; None where no such number exists."""
    chosen = number_in(place, cell, finding)
    range_ = finding.range
    assert range_ is not None
    tries: list[int | float] = [chosen, math.floor(chosen), math.ceil(chosen), math.floor(chosen) + 1]
    # A cut outside the range leaves a cell that only a limit of the range tells apart.
    tries += [limit for limit in (range_.minimum, range_.maximum) if limit is not None]
    for one in tries:
        if range_.integer and one != int(one):
            continue
        inside = (range_.minimum is None or one >= range_.minimum) and (range_.maximum is None or one <= range_.maximum)
        if inside and place.cell(one) == 1 << (place.offset + cell):
            return int(one) if one == int(one) else one
    return None


def grounds(common: Common, old: Knowledge, new: Knowledge) -> tuple[Ground, Ground]:
    """Both sides in one space, cut at the thresholds of both."""
    sides = ((common.old, old), (common.new, new))
    axioms = [[names.tree(axiom.tree) for axiom in side.derivations.axioms] for names, side in sides]
    trees = [names.tree(tree) for names, side in sides for tree in _trees(side)]
    for name, pair in common.pairs.items():
        ranges = [finding.range for finding in pair if finding.range is not None]
        if len(set(ranges)) > 1:
            # Where a range changed, its limits part what both sides allow from what only one does.
            trees += [Within(name, range_.minimum, True, range_.maximum, True) for range_ in ranges]
    trees += [*axioms[0], *axioms[1]]
    first, second = (
        Ground(common, names, side.model, own, trees) for (names, side), own in zip(sides, axioms, strict=True)
    )
    return first, second


def _trees(knowledge: Knowledge) -> list[Criterion]:
    own: list[Criterion] = [tree for guideline in knowledge.guidelines for tree in guideline.trees()]
    return own + knowledge.derivations.trees()
