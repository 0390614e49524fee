"""Counting without listing, against listing."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from reasoner.diff.count import count, depends, projected, restricted
from reasoner.space import Space

from .worlds import shipped

SPACE = Space(shipped().model, [])
FIELDS = [f for f in SPACE.fields.values() if f.cuts is None][:4]


@st.composite
def cubes(draw: st.DrawFn) -> list[int]:
    found = []
    for _ in range(draw(st.integers(0, 5))):
        cube = SPACE.full
        for field in FIELDS:
            bits = draw(st.integers(1, (1 << field.width) - 1)) << field.offset
            cube &= ~field.mask | bits
        found.append(cube)
    return found


def states() -> list[int]:
    """Every assignment to the fields, the rest left open."""
    free = SPACE.full
    for field in FIELDS:
        free &= ~field.mask
    places = [[1 << (field.offset + i) for i in range(field.width)] for field in FIELDS]
    return [free | sum(chosen) for chosen in itertools.product(*places)]


STATES = states()


@given(cubes())
def test_count_is_the_number_of_states_in_some_cube(some: list[int]) -> None:
    assert count(some, FIELDS) == sum(any(not state & ~cube for cube in some) for state in STATES)


@given(cubes(), cubes())
def test_restriction_keeps_what_lies_inside(some: list[int], limits: list[int]) -> None:
    for inside in limits:
        kept = restricted(some, inside, SPACE)
        for state in STATES:
            within = any(not state & ~cube for cube in some) and not state & ~inside
            assert within == any(not state & ~cube for cube in kept)


@given(cubes())
def test_projection_counts_what_some_completion_makes_true(some: list[int]) -> None:
    onto = FIELDS[0].mask | FIELDS[1].mask
    seen = {state & onto for state in STATES if any(not state & ~cube for cube in some)}
    assert count(projected(some, onto, SPACE), FIELDS[:2]) == len(seen)


def test_nothing_counts_as_nothing_and_everything_as_one_state_of_no_finding() -> None:
    assert count([], FIELDS) == 0
    assert count([], []) == 0
    assert count([SPACE.full], []) == 1
    assert depends([SPACE.full], SPACE.full, SPACE) == 0
