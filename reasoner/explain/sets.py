"""The sets of findings that suffice for a verdict, read off the prime implicants that hold."""

from __future__ import annotations

from reasoner.program import Formula


def sufficient_sets(formula: Formula, cube: int, assumed: int, verdict: bool) -> list[int]:
    """All sets of findings, as guard bits, that suffice for a verdict and of which none can be left out.

    A set suffices exactly when some prime implicant that holds names no finding outside it. Fewest findings come
    first, then fewest of the ``assumed``.
    """
    found: dict[int, int] = {}
    for implicant in formula.yes if verdict else formula.no:
        if not cube & ~implicant:
            guards = sum(field.guard for field in formula.space.constrained(implicant))
            found[guards] = min(implicant, found.get(guards, implicant))
    ordered = sorted(found, key=lambda g: (g.bit_count(), (g & assumed).bit_count(), found[g]))
    return [own for own in ordered if not any(other != own and other & ~own == 0 for other in found)]
