"""Membership of one class of subjects on both sides, counted over all states of the findings that it depends on."""

from __future__ import annotations

from dataclasses import dataclass

from reasoner.blake import Cubes
from reasoner.criteria import All, Any, Criterion, Named, Not

from .common import Ground
from .count import count, depends, projected

NEVER: Criterion = Any(())
"""What a class is on a side that does not have it."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How many of the states change side.

    ``states`` are those over ``findings`` that both sides allow; ``gained`` become members, ``lost`` cease to be;
    ``members`` counts members before and after. ``apart`` holds for each side the states that only it allows, and how
    many of them are members.
    """

    findings: tuple[str, ...]
    states: int
    gained: int
    lost: int
    members: tuple[int, int]
    apart: tuple[tuple[int, int], tuple[int, int]]

    @property
    def is_changed(self) -> bool:
        """Whether any state gets another answer, or only one side has it as a member."""
        return bool(self.gained or self.lost or self.apart[0][1] or self.apart[1][1])


def shift(old: Ground, new: Ground, before: Criterion, after: Criterion) -> Shift:
    """Compare a class of the old side with one of the new, both in common words.

    The findings are those on which one of them depends, whatever the axioms say. A state is one value of each, a
    number by its cell between the thresholds of both sides. A side allows it when its model has all the values and
    some values of the other findings complete it in keeping with the side's axioms.
    """
    space = old.space
    used = 0
    for side, tree in ((old, before), (new, after)):
        used |= depends(side.primes(tree), side.exists, space)
    yes_old, no_old = _forms(old, before, used)
    yes_new, no_new = _forms(new, after, used)
    fields = [field for field in space.fields.values() if field.mask & used]
    possible = [projected(side.possible, used, space) for side in (old, new)]
    conjunction = old.program.blake.conjunction
    both = conjunction(possible)

    def inside(*parts: Cubes) -> int:
        return count(conjunction(parts), fields)

    apart = []
    members = []
    for own, yes in zip(possible, (yes_old, yes_new), strict=True):
        shared = inside(yes, both)
        members.append(shared)
        apart.append((inside(own) - inside(both), inside(yes, own) - shared))
    return Shift(
        findings=tuple(field.name for field in fields),
        states=inside(both),
        gained=inside(no_old, yes_new, both),
        lost=inside(yes_old, no_new, both),
        members=(members[0], members[1]),
        apart=(apart[0], apart[1]),
    )


def alike(a: Criterion, b: Criterion) -> bool:
    """Whether two criteria are written alike but for the names of their classes: a quick way to equal meaning."""
    match a, b:
        case Named(_, part), _:
            return alike(part, b)
        case _, Named(_, part):
            return alike(a, part)
        case Not(part), Not(other):
            return alike(part, other)
        case (All(parts), All(others)) | (Any(parts), Any(others)):
            return len(parts) == len(others) and all(map(alike, parts, others))
    return a == b


def _forms(side: Ground, tree: Criterion, used: int) -> tuple[Cubes, Cubes]:
    """The members and the others, said of the used fields alone.

    Cut to the values that exist, the class depends on no other field: what its cubes say of one can be dropped.
    """

    def form(positive: bool) -> Cubes:
        return projected(side.primes(tree, positive), used, side.space)

    return form(True), form(False)
