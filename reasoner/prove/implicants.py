"""The first back end: prime implicants over the finite state space."""

from __future__ import annotations

import math

from reasoner.blake import Cubes
from reasoner.criteria import All, Any, Criterion
from reasoner.model import Finding
from reasoner.program import Program
from reasoner.space import Field


class Implicants:
    """Answers whether any allowed subject meets a criterion."""

    def __init__(self, program: Program) -> None:
        self.program = program
        space = program.space
        self.real = sum(_cells(field, program.model.findings[name]) for name, field in space.fields.items())
        """The cube without the cells that hold no number of their finding."""
        self._allowed = tuple(c for cube in program.allowed if not space.is_empty(c := cube & self.real))

    def anybody(self, tree: Criterion) -> bool:
        """Whether some state that the axioms allow meets the criterion."""
        match tree:
            case Any(parts):
                # One part is enough, and most often the first one is.
                return any(self.anybody(part) for part in parts)
            case All(parts):
                blake = self.program.blake
                return self._inhabited(blake.conjunction([blake.primes(part) for part in parts]))
        return self._inhabited(self.program.blake.primes(tree))

    def sufficient(self, tree: Criterion) -> list[int]:
        """The cubes all of whose allowed states meet the criterion, none of them needlessly narrow; fewest first."""
        space = self.program.space
        found = [cube for cube in self.program.formula(tree).yes if self._inhabited((cube,))]
        return sorted(found, key=lambda cube: (len(space.constrained(cube)), cube))

    def _inhabited(self, cubes: Cubes) -> bool:
        is_empty = self.program.space.is_empty
        return any(not is_empty(cube & allowed) for cube in cubes for allowed in self._allowed)


def _cells(field: Field, finding: Finding) -> int:
    """The values of a finding in place: all of a coded one, of a number the cells that its range reaches."""
    if field.cuts is None or finding.range is None:
        return field.mask
    bits = 0
    for cell in range(field.width):
        if _holds_a_number(field.cuts, cell, finding):
            bits |= 1 << (field.offset + cell)
    return bits


def _holds_a_number(cuts: tuple[tuple[float, int], ...], cell: int, finding: Finding) -> bool:
    range_ = finding.range
    assert range_ is not None
    low, low_open = cuts[cell - 1] if cell else (-math.inf, 0)
    high, high_closed = cuts[cell] if cell < len(cuts) else (math.inf, 0)
    if range_.minimum is not None and range_.minimum > low:
        low, low_open = range_.minimum, 0
    if range_.maximum is not None and range_.maximum < high:
        high, high_closed = range_.maximum, 1
    if range_.integer:
        first = low if math.isinf(low) else math.floor(low) + 1 if low_open else math.ceil(low)
        last = high if math.isinf(high) else math.floor(high) if high_closed else math.ceil(high) - 1
        return first <= last
    return low < high or (low == high and not low_open and bool(high_closed))
