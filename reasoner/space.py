"""The finite state space: every finding a bit field, a set of states an integer.

Numbers are cut at the thresholds that the knowledge mentions, so each numeric finding has finitely many cells. A
*cube* is an integer with one field of possible values a finding; a state of knowledge about a patient is a cube too,
and everything asked of it is one or two integer operations.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from .criteria import Among, Criterion, Within, leaves
from .model import Model


@dataclass(frozen=True, slots=True)
class Field:
    """Where a finding's values lie in a cube."""

    name: str
    offset: int
    width: int
    mask: int
    """The field's value bits, in place."""
    guard: int
    """The spare bit above the field: it stands for the finding in sets of findings."""
    cuts: tuple[tuple[float, int], ...] | None
    """Numeric findings: (threshold, 0) cuts just below, (threshold, 1) just above it."""

    def cell(self, number: float) -> int:
        """The cell of a number, as a bit in place."""
        assert self.cuts is not None
        return 1 << (self.offset + bisect_right(self.cuts, (number, 0.5)))


class Space:
    """The fields of all findings, with the carry trick that tells whether any field of a cube is empty."""

    def __init__(self, model: Model, trees: Iterable[Criterion]) -> None:
        cuts: dict[str, set[tuple[float, int]]] = {}
        for tree in trees:
            for leaf in leaves(tree):
                if isinstance(leaf, Within):
                    own = cuts.setdefault(leaf.finding, set())
                    if leaf.low is not None:
                        own.add((leaf.low, 0 if leaf.low_closed else 1))
                    if leaf.high is not None:
                        own.add((leaf.high, 1 if leaf.high_closed else 0))
        self.fields: dict[str, Field] = {}
        offset = 0
        self.full = self.guard = 0
        for finding in model.findings.values():
            edges = None if finding.range is None else tuple(sorted(cuts.get(finding.notation, ())))
            width = len(finding.values) if edges is None else len(edges) + 1
            mask = ((1 << width) - 1) << offset
            guard = 1 << (offset + width)
            self.fields[finding.notation] = Field(finding.notation, offset, width, mask, guard, edges)
            self.full |= mask
            self.guard |= guard
            # One spare bit above each field takes the carry.
            offset += width + 1
        self._order = tuple(self.fields.values())
        self._names = {field.guard: field.name for field in self._order}
        self._constrained: dict[int, tuple[Field, ...]] = {}

    def is_empty(self, cube: int) -> bool:
        """Whether some field has no value left: adding all ones to a field carries out unless it is empty."""
        return ((cube + self.full) & self.guard) != self.guard

    def literal(self, atom: Among | Within) -> int:
        """The cube in which only the atom is asked for."""
        field = self.fields[atom.finding]
        if isinstance(atom, Among):
            bits = atom.mask << field.offset
        else:
            assert field.cuts is not None
            low = 0 if atom.low is None else field.cuts.index((atom.low, 0 if atom.low_closed else 1)) + 1
            high = len(field.cuts) if atom.high is None else field.cuts.index((atom.high, 1 if atom.high_closed else 0))
            bits = ((1 << (high + 1)) - (1 << low)) << field.offset if high >= low else 0
        return (self.full & ~field.mask) | (bits & field.mask)

    def constrained(self, implicant: int) -> tuple[Field, ...]:
        """The fields that an implicant narrows; remembered, as there are few implicants and many questions."""
        fields = self._constrained.get(implicant)
        if fields is None:
            excluded = self.full & ~implicant
            fields = self._constrained[implicant] = tuple(f for f in self._order if excluded & f.mask)
        return fields

    def support(self, cubes: Iterable[int]) -> int:
        """The union of all fields that any of the cubes narrows, as a mask of bits in place."""
        missing = 0
        for cube in cubes:
            missing |= self.full & ~cube
        total = 0
        for field in self._order:
            if missing & field.mask:
                total |= field.mask
        return total

    def guarded(self, guards: int) -> list[str]:
        """The findings whose guard bits are set, by name, in the order of the fields."""
        found = []
        while guards:
            lowest = guards & -guards
            found.append(self._names[lowest])
            guards ^= lowest
        return found

    def cell_name(self, field: Field, cell: int) -> str:
        """A numeric cell in words: ``<30``, ``>=30 <40``."""
        assert field.cuts is not None
        parts = []
        if cell:
            number, side = field.cuts[cell - 1]
            parts.append(f"{'>' if side else '>='}{number:g}")
        if cell < len(field.cuts):
            number, side = field.cuts[cell]
            parts.append(f"{'<=' if side else '<'}{number:g}")
        return " ".join(parts)

    def names(self, bits: int) -> list[str]:
        """The findings whose fields the bits touch."""
        return [field.name for field in self._order if bits & field.mask]
