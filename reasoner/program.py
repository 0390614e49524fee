"""The knowledge compiled: every class as prime implicants, ready to be asked about a state of knowledge.

A state is a cube of ``space``: for each finding the values still possible. All answers are exact over the complete
states in the cube that the model axioms allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from .blake import Blake, Cubes
from .criteria import All, Any, Criterion, Named, Not
from .model import Model
from .space import Space

_Term = tuple[int, int, int, int]


@dataclass(frozen=True)
class Formula:
    """Prime implicants of a criterion (``yes``) and of its negation (``no``), widened by what the axioms exclude."""

    space: Space
    yes: Cubes
    no: Cubes
    allowed_yes: Cubes
    allowed_no: Cubes

    @cached_property
    def _terms(self) -> tuple[tuple[_Term, ...], tuple[_Term, ...]]:
        return self._sorted(self.yes), self._sorted(self.no)

    def _sorted(self, cubes: Cubes) -> tuple[_Term, ...]:
        """(what the implicant excludes, findings it names, how many, the implicant), fewest findings first."""
        terms = []
        for cube in cubes:
            fields = self.space.constrained(cube)
            terms.append((self.space.full & ~cube, sum(f.guard for f in fields), len(fields), cube))
        return tuple(sorted(terms, key=lambda term: (term[2], term[3])))

    @cached_property
    def guards(self) -> int:
        """The findings that the formula depends on, as guard bits."""
        guards = 0
        for terms in self._terms:
            for term in terms:
                guards |= term[1]
        return guards

    def verdict(self, state: int) -> bool | None:
        """True where every completion satisfies it, False where none does, else None."""
        yes, no = self._terms
        for term in yes:
            if not state & term[0]:
                return True
        for term in no:
            if not state & term[0]:
                return False
        return None

    def prove(self, state: int, assumed: int) -> tuple[bool | None, int | None]:
        """The verdict with the prime implicant that settles it: fewest findings, then fewest ``assumed`` ones."""
        for answer, terms in zip((True, False), self._terms, strict=True):
            best: _Term | None = None
            for term in terms:
                if best is not None and term[2] > best[2]:
                    break
                if not state & term[0] and (
                    best is None or (term[1] & assumed).bit_count() < (best[1] & assumed).bit_count()
                ):
                    best = term
                    if not term[1] & assumed:
                        break
            if best is not None:
                return answer, best[3]
        return None, None

    def missing(self, state: int) -> int:
        """The findings in which alone two allowed completions of different verdict can differ, as guard bits."""
        # What the formula does not look at cannot matter: patients that differ only there share an answer.
        return 0 if self.space.is_empty(state) else self._missing(state | ~self._looked_at)

    def __getstate__(self) -> dict[str, object]:
        # What is remembered stays in its process.
        return {name: value for name, value in self.__dict__.items() if name != "_missing"}

    @cached_property
    def _looked_at(self) -> int:
        return self.space.support((*self.allowed_yes, *self.allowed_no))

    @cached_property
    def _missing(self) -> Callable[[int], int]:
        return lru_cache(maxsize=1024)(self._compare)

    def _compare(self, state: int) -> int:
        space = self.space
        full, guard = space.full, space.guard
        yes = [c for cube in self.allowed_yes if (((c := cube & state) + full) & guard) == guard]
        no = [c for cube in self.allowed_no if (((c := cube & state) + full) & guard) == guard]
        found = 0
        for a in yes:
            for b in no:
                # The two cubes are disjoint; where one single field keeps them apart, that finding decides.
                apart = guard & ~((a & b) + full)
                if not apart & (apart - 1):
                    found |= apart
        return found


class Program:
    """All formulas over one space, with the model axioms."""

    def __init__(self, model: Model, axioms: Sequence[Criterion], trees: Iterable[Criterion]) -> None:
        trees = list(trees)
        self.model = model
        self.space = Space(model, [*axioms, *trees])
        self.blake = Blake(self.space)
        self._axioms = [(self.space.support(self.blake.primes(a)), a) for a in axioms]
        self.allowed = self.blake.conjunction([self.blake.primes(a) for a in axioms])
        self._named: dict[str, Formula] = {}

    def named(self, class_: Named) -> Formula:
        """The formula of a named class, compiled once."""
        formula = self._named.get(class_.iri)
        if formula is None:
            formula = self._named[class_.iri] = self.formula(class_)
        return formula

    def formula(self, tree: Criterion) -> Formula:
        """Compile a criterion together with the axioms that share a finding with it, directly or through another."""
        blake = self.blake
        yes, no = blake.primes(tree), blake.primes(tree, False)
        near = self._near(self.space.support(yes) | self.space.support(no))
        if not near:
            return Formula(self.space, yes, no, yes, no)
        impossible = [blake.primes(axiom, False) for axiom in near]
        possible = blake.conjunction([blake.primes(axiom) for axiom in near])
        return Formula(
            self.space,
            self._possible(blake.disjunction([yes, *impossible]), possible),
            self._possible(blake.disjunction([no, *impossible]), possible),
            blake.conjunction([yes, possible]),
            blake.conjunction([no, possible]),
        )

    def _possible(self, cubes: Cubes, possible: Cubes) -> Cubes:
        """Drop the implicants that lie wholly in what the axioms exclude."""
        return tuple(c for c in cubes if any(not self.space.is_empty(c & p) for p in possible))

    def _near(self, bits: int) -> list[Criterion]:
        near: list[Criterion] = []
        rest = list(self._axioms)
        while touching := [pair for pair in rest if pair[0] & bits]:
            for pair in touching:
                bits |= pair[0]
                near.append(pair[1])
                rest.remove(pair)
        return near

    def hull(self, state: int) -> int:
        """For each finding the values that some allowed completion of the state has; 0 where there is none."""
        is_empty = self.space.is_empty
        result = 0
        for cube in self.allowed:
            if not is_empty(both := state & cube):
                result |= both
        return result


def both(*trees: Criterion) -> Criterion:
    """The conjunction."""
    return All(trees)


def neither(*trees: Criterion) -> Criterion:
    """The negated disjunction."""
    return Not(Any(trees))
