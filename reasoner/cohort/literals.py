"""Formulas as conjunctions of literals: when one holds, when it fails, and when a finding is missing for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reasoner.blake import Cubes
from reasoner.program import Formula
from reasoner.space import Field, Space

from .circuit import Literal, Term


def inside(space: Space, cubes: Cubes) -> list[Term]:
    """A term a cube: the state lies inside it."""
    return [frozenset(_literal(f, cube, False) for f in space.constrained(cube)) for cube in cubes]


def missing(formula: Formula, finding: str) -> list[Term]:
    """Terms of which one holds exactly where the finding is missing; see ``Formula.missing``.

    A cube of the formula and one of its negation that the finding alone keeps apart: both must be within reach of the
    state, with one and the same rest.
    """
    space, own = formula.space, formula.space.fields[finding]
    terms: set[Term] = set()
    for a in formula.allowed_yes:
        for b in formula.allowed_no:
            both = a & b
            if both & own.mask or space.is_empty(both | own.mask):
                continue
            rest = [_literal(f, both, True) for f in space.constrained(both | own.mask)]
            terms.add(frozenset([_literal(own, a, True), _literal(own, b, True), *rest]))
    return _absorbed(terms)


def _literal(field: Field, cube: int, meets: bool) -> Literal:
    return Literal(field.name, (cube & field.mask) >> field.offset, meets)


def _absorbed(terms: Iterable[Term]) -> list[Term]:
    """Without the terms that imply another; the shortest come first, for they absorb the most."""
    kept: list[Term] = []
    for term in sorted(terms, key=lambda t: (len(t), sorted(t))):
        if not any(_implies(term, other) for other in kept):
            kept = [other for other in kept if not _implies(other, term)] + [term]
    return kept


def _implies(term: Term, other: Term) -> bool:
    return all(any(a.name == b.name and not a.mask & ~b.mask for a in term) for b in other)


def findings(formulas: Sequence[Formula]) -> list[Field]:
    """The findings that any of the formulas reads, in the order of the space."""
    space = formulas[0].space
    bits = 0
    for formula in formulas:
        bits |= space.support((*formula.yes, *formula.no, *formula.allowed_yes, *formula.allowed_no))
    return [field for field in space.fields.values() if bits & field.mask]
