"""Prime implicants of criteria, and of their negations (the Blake canonical form over many-valued findings).

A cube is contained in a formula exactly when it is contained in one of the formula's prime implicants; that makes
three-valued evaluation of what is partly known exact. See docs/design.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from .criteria import All, Among, Any, Criterion, Named, Not, Within
from .space import Space

Cubes = tuple[int, ...]


class Blake:
    """Turns criteria trees into prime implicants, each named class once and in both polarities."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._memo: dict[tuple[str, bool], Cubes] = {}

    def primes(self, tree: Criterion, positive: bool = True) -> Cubes:
        """All prime implicants of the tree, or of its negation."""
        match tree:
            case Among() | Within():
                cube = self.space.literal(tree)
                if not positive:
                    field = self.space.fields[tree.finding].mask
                    cube = (self.space.full & ~field) | (field & ~cube)
                return () if self.space.is_empty(cube) else (cube,)
            case Not(part):
                return self.primes(part, not positive)
            case Named(iri, part):
                key = (iri, positive)
                if key not in self._memo:
                    self._memo[key] = self.primes(part, positive)
                return self._memo[key]
            case All(parts) | Any(parts):
                forms = [self.primes(part, positive) for part in parts]
                return self.conjunction(forms) if isinstance(tree, All) == positive else self.disjunction(forms)

    def conjunction(self, forms: Iterable[Cubes]) -> Cubes:
        """Prime implicants of the conjunction: the product of prime implicants, absorbed, is canonical again."""
        result: Cubes = (self.space.full,)
        is_empty = self.space.is_empty
        for form in sorted(forms, key=len):
            result = absorb({c for a in result for b in form if not is_empty(c := a & b)})
        return result

    def disjunction(self, forms: Iterable[Cubes]) -> Cubes:
        """Prime implicants of the disjunction: iterated consensus with absorption."""
        known: list[int] = list(absorb({cube for form in forms for cube in form}))
        at = 0
        while at < len(known):
            cube = known[at]
            at += 1
            fresh: set[int] = set()
            for other in known[:at]:
                for c in self._consensus(cube, other):
                    if not _lies_in(c, known) and not _lies_in(c, fresh):
                        fresh.add(c)
            if fresh:
                # Cubes already combined stay combined: only those that absorption leaves, and the new ones, go on.
                done = known[:at]
                kept = set(absorb({*known, *fresh}))
                before = [c for c in done if c in kept]
                known = before + [c for c in known[at:] if c in kept] + sorted(c for c in fresh if c in kept)
                at = len(before)
        return tuple(sorted(known, key=lambda c: (-c.bit_count(), c)))

    def _consensus(self, a: int, b: int) -> Iterable[int]:
        """On each finding: the union of its values there, the intersection elsewhere."""
        space = self.space
        both = a & b
        if a == b:
            return
        differing = a ^ b
        for field in space.fields.values():
            mask = field.mask
            if not differing & mask:
                continue
            union = (a | b) & mask
            if union == a & mask or union == b & mask:
                continue
            cube = (both & ~mask) | union
            if not space.is_empty(cube):
                yield cube


def absorb(cubes: Iterable[int]) -> Cubes:
    """Drop every cube that lies in another; the widest come first."""
    kept: list[int] = []
    # A stable sort: of equal width, in order.
    for cube in sorted(sorted(set(cubes)), key=int.bit_count, reverse=True):
        if not _lies_in(cube, kept):
            kept.append(cube)
    return tuple(kept)


def _lies_in(cube: int, others: Iterable[int]) -> bool:
    # A plain loop: almost all the time of compiling is spent here.
    for other in others:  # noqa: SIM110
        if cube & other == cube:
            return True
    return False
