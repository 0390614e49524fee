"""Why: the prime implicant that settles a verdict, by the rule of ``Formula.prove``, a bit a row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from reasoner.blake import Cubes
from reasoner.program import Formula

from .bits import SetPlanes
from .circuit import Circuit, Planes
from .literals import inside
from .states import Words


class Reasons:
    """The implicants of a formula and of its negation: fewest findings first."""

    def __init__(self, formula: Formula, assumable: frozenset[str]) -> None:
        space = formula.space

        def ordered(cubes: Cubes) -> list[int]:
            return sorted(cubes, key=lambda cube: (len(space.constrained(cube)), cube))

        cubes = [*ordered(formula.yes), *ordered(formula.no)]
        self.findings = tuple(tuple(f.name for f in space.constrained(cube)) for cube in cubes)
        """What the codes from 1 stand for; 0 is no reason."""
        self._assumable = [tuple(name for name in names if name in assumable) for names in self.findings]
        self._circuit = Circuit([[term] for term in inside(space, tuple(cubes))])
        sizes = [(place >= len(formula.yes), len(names)) for place, names in enumerate(self.findings)]
        levels = groupby(range(len(cubes)), key=sizes.__getitem__)
        self._levels = [tuple(level) for _, level in levels]

    def run(self, planes: Planes, assumed: SetPlanes) -> list[Words]:
        """The code of the first implicant that holds, of those with fewest findings the one that assumes least."""
        holds = self._circuit.run(planes)
        rest = np.full(planes.rows // 64, ~np.uint64(0))
        codes = [np.zeros_like(rest) for _ in range(len(holds).bit_length())]
        for level in self._levels:
            for place, own in self._ranked([p for p in level if holds[p].any()], holds, assumed):
                own = own & rest
                rest &= ~own
                for bit, plane in enumerate(codes):
                    if place + 1 >> bit & 1:
                        plane |= own
        return codes

    def _ranked(self, level: Sequence[int], holds: Sequence[Words], assumed: SetPlanes) -> list[tuple[int, Words]]:
        """The implicants of one size, each as often as it can have different numbers of assumed findings."""
        names = {place: [name for name in self._assumable[place] if assumed.any(name)] for place in level}
        most = max((len(own) for own in names.values()), default=0)
        if len(level) < 2 or not most:
            return [(place, holds[place]) for place in level]
        counted = {place: _counted([assumed[name] for name in own], holds[place]) for place, own in names.items()}
        return [(place, own[count]) for count in range(most + 1) for place, own in counted.items() if count < len(own)]


def _counted(planes: Sequence[Words], start: Words) -> list[Words]:
    """Where none of the planes is set, where one is, where two are, ..."""
    counts = [start]
    for plane in planes:
        least, rest = counts[0] & ~plane, counts[1:]
        more = [(own & ~plane) | (below & plane) for own, below in zip(rest, counts, strict=False)]
        counts = [least, *more, counts[-1] & plane]
    return counts
