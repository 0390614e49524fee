"""What is said of each finding, and what follows when some of it is replaced: the ground that changes are tried on.

A grade counts as said, whatever it was derived from: a change is stated on the grade, and what was measured for it is
left out. Everything else that follows (recorded derivations, model axioms, assumptions) is worked out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reasoner.assess import Reasoner
from reasoner.derive import State
from reasoner.model import SubjectFacts
from reasoner.space import Field


@dataclass(frozen=True, slots=True)
class Ground:
    """What is said of one subject: ``cube`` without axioms and assumptions; the rest are sets of guard bits."""

    cube: int
    said: int
    """Findings with a value."""
    open: int
    """Findings of which something is said that gives no value, so that they are neither derived nor assumed."""
    kinds: frozenset[str]

    def told(self, field: Field, bits: int) -> Ground:
        """The same with one finding replaced."""
        cube = self.cube & ~field.mask | bits
        return Ground(cube, self.said | field.guard, self.open & ~field.guard, self.kinds)


class Settler:
    """Works out again what follows from a ground."""

    def __init__(self, reasoner: Reasoner) -> None:
        self.program, self.model, self.strict = reasoner.program, reasoner.knowledge.model, reasoner.strict
        self.space = self.program.space
        derivations = reasoner.knowledge.derivations
        guard = {name: field.guard for name, field in self.space.fields.items()}
        self.derived = [
            (sum(guard[n] for n in r.when_recorded), self.space.fields[r.finding], r.mask) for r in derivations.recorded
        ]
        self.rules = [
            (sum(guard[n] for n in r.when_recorded), self.program.named(r.violated_by))
            for r in derivations.rules
            if r.violated_by is not None and r.severity == "Violation"
        ]
        self.assumable = [f for f in self.model.findings.values() if f.policy == "assume" and not self.strict]
        self.coupled = self._coupled()
        self._deciding = self._of_formulas(reasoner)
        self._inputs = {
            n for g in derivations.gradings for step in g.steps for scale in step.scales for n in scale.inputs
        }

    def _coupled(self) -> int:
        """The findings that follow from others: axioms or recorded derivations speak of them."""
        guards = sum(field.guard for _, field, _ in self.derived)
        for cube in self.program.allowed:
            for field in self.space.constrained(cube):
                guards |= field.guard
        return guards

    def _of_formulas(self, reasoner: Reasoner) -> int:
        guards = self._coupled()
        for decider in reasoner.deciders:
            guards |= decider.scope.guards | (decider.population.guards if decider.population else 0)
            for compiled in decider.compiled:
                guards |= compiled.formula.guards
        return guards

    def ground(self, subject: SubjectFacts, state: State) -> Ground:
        """What is said of a subject."""
        cube, said, unclear = self.space.full, 0, 0
        for name, known in state.known.items():
            field = self.space.fields[name]
            if known.contradiction:
                unclear |= field.guard
            else:
                cube &= ~field.mask | known.bits
                said |= field.guard
        for name in subject.unsettled:
            if not self.space.fields[name].guard & said:
                unclear |= self.space.fields[name].guard
        return Ground(cube, said, unclear, frozenset(self.model.lineage(subject.kind)))

    def settle(self, ground: Ground) -> int:
        """The cube of all that follows, assumptions included; 0 where what is said cannot stand together."""
        cube = ground.cube
        for needs, formula in self.rules:
            if not needs & ~ground.said and formula.verdict(cube):
                return 0
        for causes, field, mask in self.derived:
            if not (ground.said | ground.open) & field.guard and causes & ground.said:
                cube &= ~field.mask | mask << field.offset
        settled = self.program.hull(cube)
        if not settled:
            return 0
        for finding in self.assumable:
            field = self.space.fields[finding.notation]
            possible = settled & field.mask
            if (ground.said | ground.open) & field.guard or finding.kind not in ground.kinds:
                continue
            if possible & (possible - 1) and (taken := self._assuming(settled, field, finding.assumed)):
                settled = taken
        return settled

    def _assuming(self, cube: int, field: Field, mask: int) -> int:
        return self.program.hull(cube & (~field.mask | mask << field.offset))

    def findings(self, ground: Ground) -> dict[str, Any]:
        """The ground as findings for ``assess_findings``: grades as they stand, without what they were derived from.

        A number is any of its cell.
        """
        from reasoner.witness import number_in

        told: dict[str, Any] = {}
        for name, field in self.space.fields.items():
            finding = self.model.findings[name]
            if finding.kind not in ground.kinds or (name in self._inputs and not field.guard & self._deciding):
                continue
            bits = (ground.cube & field.mask) >> field.offset
            if field.guard & ground.said:
                told[name] = finding.notations(bits) if finding.values else number_in(
                    field, bits.bit_length() - 1, finding
                )  # fmt: skip
            elif field.guard & ground.open and finding.policy == "assume":
                # Every value is possible, and none may be assumed.
                told[name] = finding.notations(finding.full)
        return told
