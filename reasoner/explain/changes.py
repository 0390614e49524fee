"""The nearest changes of findings that flip a verdict.

A change holds every other finding as it stands. It must be possible: model axioms, data rules and derivations are
respected, and with the change the other verdict must hold for certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from reasoner.blake import Cubes
from reasoner.program import Formula
from reasoner.space import Field
from reasoner.witness import number_in

from .ground import Ground, Settler


@dataclass(frozen=True, slots=True)
class Change:
    """Findings to set, each with the values (bits in place) any of which will do."""

    parts: tuple[tuple[Field, int], ...]

    @property
    def guards(self) -> int:
        """The findings changed."""
        return sum(field.guard for field, _ in self.parts)

    @property
    def bits(self) -> int:
        """The values of all of them."""
        return sum(bits for _, bits in self.parts)


class Changes:
    """Searches the nearest changes over one settler."""

    def __init__(self, settler: Settler) -> None:
        self.settler, self.space, self.program = settler, settler.space, settler.program
        model = settler.model
        fields = self.space.fields
        self.immutable = sum(fields[f.notation].guard for f in model.findings.values() if f.immutable)
        self._assumed = {f.notation: f.assumed << fields[f.notation].offset for f in settler.assumable}
        self._real = {name: self._real_cells(name) for name in fields}

    def _real_cells(self, name: str) -> int:
        """The cells of a finding that hold a value: between two thresholds there may be no whole number."""
        field, finding = self.space.fields[name], self.settler.model.findings[name]
        if finding.range is None:
            return field.mask
        bits, range_ = 0, finding.range
        for cell in range(field.width):
            number = number_in(field, cell, finding)
            low = range_.minimum is None or number >= range_.minimum
            high = range_.maximum is None or number <= range_.maximum
            if low and high and field.cell(number) == 1 << (field.offset + cell):
                bits |= field.cell(number)
        return bits

    def nearest(self, formula: Formula, goal: bool, ground: Ground, cube: int, free: bool = False) -> list[Change]:
        """All changes of the fewest findings after which the goal holds; none where nothing leads there.

        ``cube`` is what follows from the ground. Immutable findings keep their values, and of an open one only what
        is still possible can come to be known, unless all is ``free``.
        """
        best, found = self.space.guard.bit_count() + 1, dict[Change, None]()
        base = self._base(ground)
        ranked = sorted((self._least(own, base, ground), own) for own in (formula.yes if goal else formula.no))
        for least, implicant in ranked:
            if least > best:
                break
            for allowed in self.program.allowed:
                for change in self._candidates(implicant, allowed, ground, cube, free, best):
                    best, found = _shorter(best, found, change)
        return _widest(found)

    def _base(self, ground: Ground) -> int:
        """The ground with what is assumed, before axioms."""
        cube = ground.cube
        for name, bits in self._assumed.items():
            field = self.space.fields[name]
            if not (ground.said | ground.open) & field.guard:
                cube &= ~field.mask | bits
        return cube

    def _least(self, implicant: int, base: int, ground: Ground) -> int:
        """How many findings at least must change for an implicant: those outside it that follow from no other."""
        outside, follows = base & ~implicant, self.settler.coupled & ~(ground.said | ground.open)
        return sum(1 for f in self.space.constrained(implicant) if outside & f.mask and not f.guard & follows)

    def _candidates(
        self, implicant: int, allowed: int, ground: Ground, cube: int, free: bool, best: int
    ) -> Iterator[Change]:
        """The smallest change that puts the ground into the implicant, where the axioms allow it."""
        target = implicant & allowed
        if self.space.is_empty(target):
            return
        need: list[Field] = []
        soft: list[Field] = []
        for field in self.space.constrained(target):
            said = ground.cube & field.mask
            if field.name in self._assumed and not (ground.said | ground.open) & field.guard:
                said = self._assumed[field.name]
            if said & ~implicant or not said & allowed:
                follows = field.guard & self.settler.coupled and not (ground.said | ground.open) & field.guard
                (soft if follows else need).append(field)
        if len(need) > best:
            return
        for size in range(len(soft) + 1):
            if len(need) + size > best:
                return
            hit = False
            for more in combinations(soft, size):
                change = self._change([*need, *more], target, ground, cube, free)
                if change is None:
                    continue
                repairs = self._repairs(change, ground)
                if repairs is not None:
                    for repair in repairs:
                        # Narrowing by what a data rule asks for leaves fewer values, and may take further findings.
                        if allowed & ~repair:
                            yield from self._candidates(implicant, allowed & repair, ground, cube, free, best)
                elif self._leads(change, implicant, ground):
                    hit = True
                    yield change
            if hit:
                return

    def _repairs(self, change: Change, ground: Ground) -> Cubes | None:
        """Where some values of a change would break a data rule: the states that keep the rule; else None."""
        changed = sum(field.mask for field, _ in change.parts)
        after, said = ground.cube & ~changed | change.bits, ground.said | change.guards
        for needs, formula in self.settler.rules:
            if not needs & ~said:
                for broken in formula.yes:
                    if not after & ~changed & ~broken and not self.space.is_empty(after & broken):
                        return formula.no
        return None

    def _change(self, fields: list[Field], target: int, ground: Ground, cube: int, free: bool) -> Change | None:
        parts = []
        for field in sorted(fields, key=lambda f: f.offset):
            bits = target & field.mask & self._real[field.name]
            if field.guard & self.immutable and not free:
                # What is not known yet may turn out; what is known or assumed is not touched.
                if not self._is_open(field, ground):
                    return None
                bits &= cube
            if not bits:
                return None
            parts.append((field, bits))
        return Change(tuple(parts)) if parts else None

    def _is_open(self, field: Field, ground: Ground) -> bool:
        bits = ground.cube & field.mask
        is_assumed = field.name in self._assumed and not (ground.said | ground.open) & field.guard
        return bits & (bits - 1) != 0 and not is_assumed

    def _leads(self, change: Change, implicant: int, ground: Ground) -> bool:
        for field, bits in change.parts:
            ground = ground.told(field, bits)
        settled = self.settler.settle(ground)
        return settled != 0 and not settled & ~implicant


def _shorter(best: int, found: dict[Change, None], change: Change) -> tuple[int, dict[Change, None]]:
    size = len(change.parts)
    if size < best:
        return size, {change: None}
    if size == best:
        found[change] = None
    return best, found


def _widest(found: dict[Change, None]) -> list[Change]:
    """Changes that another one covers are left out."""
    kept: list[Change] = []
    for change in sorted(found, key=lambda c: (-sum(b.bit_count() for _, b in c.parts), c.guards, c.bits)):
        if not any(_covers(other, change) for other in kept):
            kept.append(change)
    return sorted(kept, key=lambda c: (c.guards, c.bits))


def _covers(one: Change, other: Change) -> bool:
    return one.guards == other.guards and other.bits & ~one.bits == 0
