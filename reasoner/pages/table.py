"""Prime implicants as decision tables: what every way needs, and how the ways differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reasoner.draw.steps import allowed, interval
from reasoner.program import Program
from reasoner.space import Field
from reasoner.words import Words, listed


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """``always`` pairs findings with what they must be in every way; the others are columns, None for any value."""

    always: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]

    @property
    def ways(self) -> int:
        """How many ways there are."""
        return len(self.rows)


class Tabulator:
    """Says cubes of one program in words."""

    def __init__(self, program: Program, words: Words) -> None:
        self.program, self.words = program, words

    def table(self, cubes: Sequence[int]) -> DecisionTable:
        """The decision table of some prime implicants, fewest findings first."""
        space, cubes = self.program.space, self.tight(cubes)
        fields = [space.fields[name] for name in space.names(space.support(cubes))]
        fields.sort(key=lambda own: (sum(self._free(cube, own) for cube in cubes), self._order(own)))
        always = [own for own in fields if len({cube & own.mask for cube in cubes}) == 1] if len(cubes) > 1 else []
        varying = [own for own in fields if own not in always]
        rows = sorted(
            (tuple(None if self._free(cube, own) else self.allowed(cube, own) for own in varying) for cube in cubes),
            key=lambda row: (sum(cell is not None for cell in row), [cell or "\uffff" for cell in row]),
        )
        return DecisionTable(
            tuple((own.name, self.allowed(cubes[0], own)) for own in always),
            tuple(own.name for own in varying),
            tuple(rows),
        )

    def ways(self, cubes: Sequence[int]) -> list[list[tuple[str, str]]]:
        """Each cube as the findings that it names with what they must be, fewest findings first."""
        said = [
            [(own.name, self.allowed(cube, own)) for own in self.program.space.constrained(cube)]
            for cube in self.tight(cubes)
        ]
        return sorted(said, key=lambda way: (len(way), way))

    def tight(self, cubes: Sequence[int]) -> list[int]:
        """The cubes without the values that the model's axioms exclude; no finding is named that was not before."""
        tight: dict[int, None] = {}
        for cube in cubes:
            possible, narrowed = self.program.hull(cube), cube
            for own in self.program.space.constrained(cube):
                narrowed &= ~own.mask | (possible & own.mask)
            tight[narrowed] = None
        return list(tight)

    def allowed(self, cube: int, own: Field) -> str:
        """What a cube allows a finding to be."""
        bits = (cube & own.mask) >> own.offset
        finding = self.program.model.findings[own.name]
        if own.cuts is not None:
            return self._interval(bits, own)
        return allowed(finding, bits, self.words)

    def _interval(self, bits: int, own: Field) -> str:
        """Neighbouring cells become one interval."""
        assert own.cuts is not None
        spans: list[tuple[int, int]] = []
        for cell in range(own.width):
            if bits >> cell & 1:
                if spans and spans[-1][1] == cell - 1:
                    spans[-1] = (spans[-1][0], cell)
                else:
                    spans.append((cell, cell))
        unit = self.words.unit(own.name)
        return f"{self.words.finding(own.name)} {listed([_span(own.cuts, *span, unit) for span in spans], 'or')}"

    def _free(self, cube: int, own: Field) -> bool:
        return cube & own.mask == own.mask

    def _order(self, own: Field) -> tuple[str, str]:
        return self.program.model.findings[own.name].group, own.name


def _span(cuts: tuple[tuple[float, int], ...], first: int, last: int, unit: str) -> str:
    """The cells from the first to the last as an interval; a cut just above a number is closed to its left."""
    low, above = cuts[first - 1] if first else (None, 0)
    high, reached = cuts[last] if last < len(cuts) else (None, 0)
    return interval(low, not above, high, bool(reached), unit)
