"""The criteria tree: the one form in which OWL classes reach every other part.

A tree says when a subject belongs to a class, in terms of findings alone: links to foot and patient are functional,
so they drop out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Among:
    """A coded finding has one of the values of the mask."""

    finding: str
    mask: int


@dataclass(frozen=True, slots=True)
class Within:
    """A numeric finding lies in an interval; None is unbounded."""

    finding: str
    low: float | None
    low_closed: bool
    high: float | None
    high_closed: bool


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; no parts is true."""

    parts: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Some part holds; no parts is false."""

    parts: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold, classically."""

    part: Criterion


@dataclass(frozen=True, slots=True)
class Named:
    """A named OWL class and its definition."""

    iri: str
    part: Criterion


Criterion = Among | Within | All | Any | Not | Named


def leaves(tree: Criterion) -> Iterator[Among | Within]:
    """Every atom of the tree, left to right, repeats included."""
    match tree:
        case Among() | Within():
            yield tree
        case All(parts) | Any(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part) | Named(_, part):
            yield from leaves(part)


def support(tree: Criterion) -> frozenset[str]:
    """The findings that the tree mentions."""
    return frozenset(leaf.finding for leaf in leaves(tree))
