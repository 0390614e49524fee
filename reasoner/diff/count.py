"""Counts states without listing them: unions of cubes, split finding by finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reasoner.blake import Cubes, absorb
from reasoner.space import Field, Space


def count(cubes: Iterable[int], fields: Sequence[Field]) -> int:
    """How many assignments to the fields lie in some of the cubes, which must not narrow any other field."""
    own = 0
    for field in fields:
        own |= field.mask
    memo: dict[tuple[int, frozenset[int]], int] = {}

    def of(depth: int, rest: frozenset[int]) -> int:
        if not rest:
            return 0
        if depth == len(fields):
            return 1
        key = (depth, rest)
        if key not in memo:
            field = fields[depth]
            # Values that lie in the same cubes count alike.
            groups: dict[frozenset[int], int] = {}
            for value in range(field.width):
                bit = 1 << (field.offset + value)
                inside = frozenset(cube & ~field.mask for cube in rest if cube & bit)
                groups[inside] = groups.get(inside, 0) + 1
            memo[key] = sum(many * of(depth + 1, inside) for inside, many in groups.items())
        return memo[key]

    return of(0, frozenset(cube & own for cube in cubes))


def restricted(cubes: Iterable[int], inside: int, space: Space) -> Cubes:
    """The prime implicants within a cube: those of the whole, cut to it, are canonical again once absorbed."""
    return absorb(c for cube in cubes if not space.is_empty(c := cube & inside))


def depends(cubes: Iterable[int], inside: int, space: Space) -> int:
    """The fields, as bits in place, in which alone two states of the cube can differ in the formula.

    The cubes are the formula's prime implicants within the cube.
    """
    differing = 0
    for cube in cubes:
        differing |= cube ^ inside
    found = 0
    for field in space.fields.values():
        if differing & field.mask:
            found |= field.mask
    return found


def projected(cubes: Iterable[int], onto: int, space: Space) -> Cubes:
    """What the cubes say of the fields in ``onto`` alone: some value of every other field goes with it."""
    return absorb(cube | (space.full & ~onto) for cube in cubes)
