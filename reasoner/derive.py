"""From what is recorded to a state: data rules, model axioms, gradings, then the missing-data policies.

This step looks at what was *recorded*, so unlike the classes it is not monotone; everything after it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .dates import later
from .grade import Graded, Grader
from .gradings import Axiom, DataRule, Derivations, Grading
from .model import Fact, Model, Result
from .program import Program
from .settle import Known, as_contradiction, contradicted, settle


@dataclass(frozen=True, slots=True)
class Assumption:
    """A value taken under a policy because the finding is not recorded, or is derived in a way that needs one."""

    finding: str
    bits: int
    policy: str


@dataclass(slots=True)
class State:
    """What is known of a subject, as entries for the reader and as cubes for the formulas."""

    known: dict[str, Known]
    results: list[Result] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)
    doubtful: int = 0
    """The findings that are contradicted, or derived from contradicted ones, as guard bits."""
    recorded: int = 0
    """The cube of what is recorded or derived, without any assumption."""
    cube: int = 0
    """The cube with the assumptions."""
    settled: dict[str, Known] = field(default_factory=dict)
    """What is recorded, before anything was set aside or derived."""
    replaced: list[Fact] = field(default_factory=list)
    """Facts that a later one on the same finding replaced."""
    overruled: set[str] = field(default_factory=set)
    """Recorded findings that do not govern, because something recorded later says otherwise."""
    impossible: bool = False
    """Whether everything was set aside, because what is recorded cannot all be true."""


class Deriver:
    """Applies the derivations of the knowledge to the facts of a subject."""

    def __init__(self, model: Model, program: Program, derivations: Derivations, strict: bool) -> None:
        self.model, self.program, self.derivations, self.strict = model, program, derivations, strict
        self.space = program.space
        self._axioms = [(axiom, program.blake.primes(axiom.tree)) for axiom in derivations.axioms]
        self._rules = [(rule, program.named(rule.violated_by)) for rule in derivations.rules if rule.violated_by]
        self.grader = Grader(model, program)
        for grading in derivations.gradings:
            self.grader.check(grading)

    def state(self, facts: Sequence[Fact], kind: str, focus: str, unsettled: frozenset[str] = frozenset()) -> State:
        """The state of a subject of a kind; ``focus`` names it in validation results.

        ``unsettled`` are findings that must not be assumed: something is said of them that could not be placed.
        """
        known, replaced = settle(facts, self.model, self.space)
        state = State(known, replaced=replaced)
        state.settled = dict(state.known)
        self._contradictions(state, focus)
        self._data_rules(state, focus)
        self._axiom_rules(state, focus)
        usable: dict[str, bool] = {}
        for grading in self.derivations.gradings:
            usable[grading.iri] = self._grade(grading, state, focus)
        for rule in self.derivations.recorded:
            recorded = any(self._is_recorded(state, name) for name in rule.when_recorded)
            if rule.finding not in state.known and (recorded or any(usable[g] for g in rule.usable_gradings)):
                offset = self.space.fields[rule.finding].offset
                source = next((state.known[n] for n in rule.when_recorded if n in state.known), None)
                source = source or self._first_usable(state, rule.usable_gradings)
                state.known[rule.finding] = Known(
                    rule.mask << offset, None, "derived", source.source if source else None
                )
        self._close(state, kind, focus, unsettled)
        return state

    def _cube(self, state: State) -> int:
        return self.grader.cube(state.known)

    def _is_recorded(self, state: State, name: str) -> bool:
        known = state.known.get(name)
        return known is not None and not known.contradiction

    def _contradictions(self, state: State, focus: str) -> None:
        for name, known in state.known.items():
            if known.contradiction:
                values = " and ".join(f"`{v}`" for v in known.contradiction)
                label = self.model.findings[name].label
                state.results.append(
                    Result("Violation", focus, name, f"{label} is recorded as {values} at the same time: keep one.")
                )

    def _set_aside(self, state: State, names: Sequence[str]) -> None:
        for name in names:
            if name in state.known:
                state.known[name] = as_contradiction(state.known[name], self.model.findings[name], self.space)

    def _data_rules(self, state: State, focus: str) -> None:
        cube = self._cube(state)
        broken: list[DataRule] = []
        for rule, formula in self._rules:
            if all(self._is_recorded(state, name) for name in rule.when_recorded) and formula.verdict(cube):
                broken.append(rule)
        for rule in broken:
            path = rule.contradicts[0] if rule.contradicts else (rule.when_recorded or (None,))[0]
            state.results.append(Result(rule.severity, focus, path, rule.text))
            if rule.severity == "Violation":
                self._set_aside(state, rule.contradicts)

    def _axiom_rules(self, state: State, focus: str) -> None:
        """A broken axiom sets its findings aside; a value that an axiom entails replaces an earlier contrary one."""
        for axiom, cubes in self._axioms:
            cube = self._cube(state)
            if any(not self.space.is_empty(cube & c) for c in cubes):
                continue
            if axiom.implies is not None and self._replaces(state, axiom):
                continue
            rule = next((r for r in self.derivations.rules if r.breaks_axiom_of == axiom.iri), None)
            names = rule.contradicts if rule else tuple(self.space.names(self.space.support(cubes)))
            text = rule.text if rule else "what is recorded cannot all be true: correct one of the findings named."
            state.results.append(Result("Violation", focus, names[0] if names else None, text))
            self._set_aside(state, names)

    def _replaces(self, state: State, axiom: Axiom) -> bool:
        assert axiom.implies is not None
        cause, _, effect, mask = axiom.implies
        if later(state.known[cause].when, state.known[effect].when) <= 0 or state.known[effect].lasting:
            return False
        bits = mask << self.space.fields[effect].offset
        state.overruled.add(effect)
        state.known[effect] = replace(state.known[cause], bits=bits, origin="derived")
        return True

    # Gradings

    def _grade(self, grading: Grading, state: State, focus: str) -> bool:
        """Derive the graded finding, or compare it with a recorded one; tells whether any scale is usable."""
        name = grading.finding
        graded = self.grader.grade(grading, state.known)
        if graded.note is not None:
            state.results.append(Result("Warning", focus, name, graded.note))
        recorded = state.known.get(name)
        if graded.doubtful and recorded is None:
            state.doubtful |= self.space.fields[name].guard
        if not graded.inputs or (recorded is not None and recorded.contradiction):
            return graded.usable
        if recorded is None:
            if graded.mask != self.model.findings[name].full:
                self._adopt(state, name, graded)
            return graded.usable
        comparable = any(self._is_recorded(state, n) for n in grading.comparison_inputs)
        if comparable and not recorded.bits & (graded.mask << self.space.fields[name].offset):
            self._compare(grading, graded, recorded, state, focus)
        return graded.usable

    def _compare(self, grading: Grading, graded: Graded, recorded: Known, state: State, focus: str) -> None:
        """Settle a recorded grade against measurements that exclude it, by what was measured when."""
        name = grading.finding
        finding, offset = self.model.findings[name], self.space.fields[name].offset
        own, given = finding.notations(recorded.bits >> offset), finding.notations(graded.mask)
        said = f"{finding.label} is recorded as {_either(own)}, the measurements give {_either(given)}"
        if self._excludes(grading, recorded, state, 1):
            state.results.append(Result("Info", focus, name, f"{said}: what was measured is later and governs."))
            state.overruled.add(name)
            self._adopt(state, name, graded)
        elif self._excludes(grading, recorded, state, 0):
            state.results.append(Result("Violation", focus, name, f"{said}: correct one of them."))
            both = finding.notations((recorded.bits >> offset) | graded.mask)
            state.known[name] = contradicted(self.space.fields[name].mask, both, recorded)
        else:
            state.results.append(Result("Info", focus, name, f"{said}: the recorded grade is later and governs."))
            state.overruled |= set(graded.inputs)

    def _excludes(self, grading: Grading, recorded: Known, state: State, least: int) -> bool:
        """Whether the inputs later than the recorded grade (1), or not earlier (0), exclude it by themselves."""
        inputs = {n for step in grading.steps for scale in step.scales for n in scale.inputs}
        known = {n: one for n, one in state.known.items() if n not in inputs or later(one.when, recorded.when) >= least}
        graded = self.grader.grade(grading, known)
        return bool(graded.inputs) and not recorded.bits & (graded.mask << self.space.fields[grading.finding].offset)

    def _adopt(self, state: State, name: str, graded: Graded) -> None:
        bits = graded.mask << self.space.fields[name].offset
        if graded.policy is not None:
            if self.strict:
                state.known.pop(name, None)
                return
            state.assumptions.append(Assumption(name, bits, graded.policy))
        said = [state.known[n] for n in graded.decisive]
        latest = _latest(said)
        inputs = tuple((n, state.known[n]) for n in graded.decisive)
        state.known[name] = Known(bits, None, "derived", latest.source, latest.when, latest.via, inputs=inputs)

    def _first_usable(self, state: State, gradings: Sequence[str]) -> Known | None:
        for grading in self.derivations.gradings:
            if grading.iri in gradings:
                for name in grading.comparison_inputs:
                    if self._is_recorded(state, name):
                        return state.known[name]
        return None

    # Closure

    def _close(self, state: State, kind: str, focus: str, unsettled: frozenset[str]) -> None:
        for name, known in state.known.items():
            if known.contradiction:
                state.doubtful |= self.space.fields[name].guard
        cube = self._cube(state)
        hull = self.program.hull(cube)
        if not hull:
            # Two axioms that each hold alone can still exclude what is recorded together.
            names = [n for n, k in state.known.items() if not k.contradiction]
            text = "what is recorded cannot all be true under the model axioms: correct the findings named."
            state.results.append(Result("Violation", focus, names[0] if names else None, text))
            state.impossible = True
            self._set_aside(state, names)
            return self._close(state, kind, focus, unsettled)
        state.recorded = hull
        step_policies = {a.finding for a in state.assumptions}
        if step_policies:
            state.recorded = self.program.hull(cube | sum(self.space.fields[n].mask for n in step_policies))
        state.cube = hull
        if not self.strict:
            self._assume(state, kind, unsettled)
        return None

    def _assume(self, state: State, kind: str, unsettled: frozenset[str]) -> None:
        kinds = self.model.lineage(kind)
        for name, finding in self.model.findings.items():
            if finding.policy != "assume" or name in state.known or finding.kind not in kinds:
                continue
            if name in unsettled:
                continue
            place = self.space.fields[name]
            possible = state.recorded & place.mask
            if not possible & (possible - 1):
                continue
            bits = finding.assumed << place.offset
            assumed = self.program.hull(state.cube & (~place.mask | bits))
            if assumed:
                state.cube = assumed
                state.assumptions.append(Assumption(name, bits, f"assume-{finding.notations(finding.assumed)[0]}"))


def _either(values: Sequence[str]) -> str:
    return " or ".join(f"`{value}`" for value in values)


def _latest(inputs: Sequence[Known]) -> Known:
    latest = inputs[0]
    for known in inputs[1:]:
        if later(known.when, latest.when) > 0:
            latest = known
    return latest
