"""One row a finding: its value, where that comes from, and by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reasoner.answer import Scribe
from reasoner.assess import Reasoner
from reasoner.derive import State
from reasoner.graph import GR, LABEL
from reasoner.model import Finding, SubjectFacts
from reasoner.owl import short
from reasoner.places import Places
from reasoner.settle import Known
from reasoner.space import Field

from .ground import Ground

Json = dict[str, Any]


class Rows:
    """Writes the findings of a subject; what rules are called and where they lie is looked up once."""

    def __init__(self, reasoner: Reasoner, places: Places) -> None:
        knowledge = reasoner.knowledge
        self.graph, self.model, self.places = knowledge.graph, knowledge.model, places
        self.derivations, self.program = knowledge.derivations, reasoner.program
        self.space = self.program.space
        self.scribe = Scribe(self.model, self.program, ())
        self._terms: dict[str, Json] = {}
        self._axioms = [(a, self.program.blake.primes(a.tree)) for a in self.derivations.axioms]

    def term(self, iri: str) -> Json:
        """A term of the knowledge with its label and its place."""
        row = self._terms.get(iri)
        if row is None:
            label = self.graph.text(iri, LABEL) or short(iri)
            row = self._terms[iri] = {"iri": iri, "label": label, "where": self.places.of(iri)}
        return row

    def of(self, subject: SubjectFacts, state: State, ground: Ground) -> dict[str, Json]:
        """Every finding of the subject, by name."""
        return {
            finding.notation: self._row(finding, subject, state, ground)
            for finding in self.model.findings_of(subject.kind)
        }

    def _row(self, finding: Finding, subject: SubjectFacts, state: State, ground: Ground) -> Json:
        name, field = finding.notation, self.space.fields[finding.notation]
        known = state.known.get(name)
        row: Json = {**self.term(finding.iri), "immutable": finding.immutable}
        if known is not None and known.contradiction:
            told = {
                "value": {"conflict": list(known.contradiction)},
                "from": "contradicted",
                "resource": known.source,
                "said": False,
            }
            return {**row, **told}
        narrowed = state.cube & field.mask != field.mask
        if known is None and not narrowed:
            state_of = "unplaced" if name in subject.unsettled else None
            return {**row, "value": None, "from": state_of, "resource": None, "said": False}
        reason = self.scribe.reason(name, state)
        row |= {key: reason[key] for key in ("value", "from", "resource", "policy", "code") if key in reason}
        row["said"] = known is not None
        if known is None:
            return row | (self._by_axiom(field, state, ground) if row["from"] == "derived" else {})
        if known.when is not None:
            row["when"] = known.when
        if known.bits != state.cube & field.mask:
            row["stated"] = self._notations(name, known.bits)
        if known.origin == "derived":
            row |= self._rule(finding, known, state)
        elif "stated" in row:
            # Recorded in part, and an axiom narrows it further.
            row |= self._by_axiom(field, state, ground) | {"from": "derived"}
        return row

    # Rules

    def _rule(self, finding: Finding, known: Known, state: State) -> Json:
        if known.inputs:
            return self._by_grading(finding, known)
        if finding.notation in state.overruled:
            axiom = next(a for a in self.derivations.axioms if a.implies and a.implies[2] == finding.notation)
            assert axiom.implies is not None
            cause = axiom.implies[0]
            return {"rule": self._named("axiom", axiom.iri), "inputs": [self._input(cause, state.known[cause])]}
        rules = [r for r in self.graph.instances(GR + "RecordedDerivation")
                 if finding.iri in self.graph.nodes(r, GR + "derives")]  # fmt: skip
        inputs = [(n, state.known[n]) for n in self._causes(finding.notation) if n in state.known]
        inputs = [(n, one) for n, one in inputs if not one.contradiction][:1]
        return {
            "rule": self._named("recorded", rules[0]) if rules else None,
            "inputs": [self._input(n, one) for n, one in inputs],
        }

    def _named(self, kind: str, iri: str) -> Json:
        return {"kind": kind, **self.term(iri)}

    def _causes(self, name: str) -> list[str]:
        """The findings whose record makes a recorded derivation apply, those that it names first."""
        rules = [r for r in self.derivations.recorded if r.finding == name]
        direct = [n for rule in rules for n in rule.when_recorded]
        through = {g for rule in rules for g in rule.usable_gradings}
        return direct + [n for g in self.derivations.gradings if g.iri in through for n in g.comparison_inputs]

    def _by_grading(self, finding: Finding, known: Known) -> Json:
        grading = next(g for g in self.derivations.gradings if g.finding == finding.notation)
        cube = self.space.full
        for name, one in known.inputs:
            cube &= ~self.space.fields[name].mask | one.bits
        names = {name for name, _ in known.inputs}
        mask = known.bits >> self.space.fields[finding.notation].offset
        bands = [
            self.term(band.iri)
            for step in grading.steps
            for scale in step.scales
            if names & set(scale.inputs)
            for place, band in scale.bands
            if mask >> place & 1 and self.program.named(band).verdict(cube)
        ]
        return {
            "rule": self._named("grading", grading.iri),
            "bands": list({b["iri"]: b for b in bands}.values()),
            "inputs": [self._input(name, one) for name, one in known.inputs],
        }

    def _by_axiom(self, field: Field, state: State, ground: Ground) -> Json:
        """The axioms that narrow a finding, and the fewest findings that they need for it."""
        wanted = state.cube & field.mask
        base = self._stated(state, ground)
        used = [a for a, cubes in self._axioms if any(self.space.full & ~c & field.mask for c in cubes)]
        near = [f for f in self.space.fields.values() if f is not field and base & f.mask != f.mask]
        near = [f for f in near if f.guard & self._near(field)]
        for other in near:
            freed = base | other.mask
            if self.program.hull(freed) & field.mask == wanted:
                base = freed
        needed = [f.name for f in near if base & f.mask != f.mask]
        if base & field.mask != field.mask and self.program.hull(base | field.mask) & field.mask != wanted:
            needed.insert(0, field.name)
        alone = [a for a in used if self._narrows(a.iri, base, field) == wanted]
        inputs = [self._given(n, self._value(n, state, ground), state.known.get(n)) for n in needed]
        return {"rule": self._named("axiom", (alone or used)[0].iri), "inputs": inputs}

    def _stated(self, state: State, ground: Ground) -> int:
        cube = ground.cube
        for assumption in state.assumptions:
            cube &= ~self.space.fields[assumption.finding].mask | assumption.bits
        return cube

    def _notations(self, name: str, bits: int) -> Any:
        values = self.model.findings[name].notations(bits >> self.space.fields[name].offset)
        return values[0] if len(values) == 1 else {"possible": values}

    def _value(self, name: str, state: State, ground: Ground) -> Any:
        known, field = state.known.get(name), self.space.fields[name]
        if known is not None and known.number is not None:
            return known.number
        return self._notations(name, self._stated(state, ground) & field.mask)

    def _near(self, field: Field) -> int:
        """The findings that axioms tie to this one, directly or through another."""
        guards, before = field.guard, 0
        while guards != before:
            before = guards
            for _, cubes in self._axioms:
                own = sum({f.guard for c in cubes for f in self.space.constrained(c)})
                if own & guards:
                    guards |= own
        return guards

    def _narrows(self, iri: str, base: int, field: Field) -> int:
        bits = 0
        for axiom, cubes in self._axioms:
            if axiom.iri == iri:
                for cube in cubes:
                    if not self.space.is_empty(both := base & cube):
                        bits |= both & field.mask
        return bits

    def _input(self, name: str, known: Known) -> Json:
        return self._given(name, self._notations(name, known.bits) if known.number is None else known.number, known)

    def _given(self, name: str, value: Any, known: Known | None) -> Json:
        source = None if known is None else known.source
        row = {"finding": name, "label": self.model.findings[name].label, "value": value, "resource": source}
        if known is not None and known.via is not None:
            row["code"] = known.via
        return row


def in_set(names: list[str], rows: Mapping[str, Json]) -> list[Json]:
    """Findings of a set, each with the value that counts and where it comes from."""
    return [{"finding": n, "value": rows[n]["value"], "from": rows[n]["from"]} for n in names]
