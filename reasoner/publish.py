"""An assessment as RDF that SPARQL can decide on: what is known, what is assumed, and the compiled criteria.

No verdict is written here. A subject satisfies a formula for certain exactly when one of its prime implicants holds,
that is, when each literal of it allows every value that the finding can still have; see queries/decide/.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from .graph import GR, LABEL, TYPE, XSD
from .model import Finding, SubjectFacts
from .program import Formula
from .settle import Known, Scalar
from .space import Field

if TYPE_CHECKING:
    from .assess import Reasoner
    from .derive import State

PROV = "http://www.w3.org/ns/prov#"
GRAPHS = GR + "graph/"
INFERRED, MAPPINGS, IMPLICANTS, FINDINGS, ASSUMPTIONS, PROVENANCE, ANSWERS = (
    ox.NamedNode(GRAPHS + name)
    for name in ("inferred", "mappings", "implicants", "findings", "assumptions", "provenance", "answers")
)
Node = ox.NamedNode | ox.Literal


@dataclass(frozen=True, slots=True)
class Assessed:
    """One subject of one assessment: the node that stands for it, the assessment, and the subject's own IRI."""

    node: str
    activity: str
    iri: str


class Publisher:
    """Writes the quads of one reasoner: its implicants once, and what is known of any subject."""

    def __init__(self, reasoner: Reasoner) -> None:
        self.reasoner = reasoner
        self.model, self.space = reasoner.knowledge.model, reasoner.program.space
        self._rules = {name: self._rules_for(finding) for name, finding in self.model.findings.items()}

    # The compiled criteria

    def implicants(self) -> Iterator[ox.Quad]:
        """All formulas of all guidelines; they depend on the knowledge alone."""
        literals: dict[str, tuple[Field, int]] = {}
        for iri, type_, formula, said in self._formulas():
            yield _quad(iri, TYPE, _iri(GR + "Formula"), IMPLICANTS)
            yield _quad(iri, TYPE, _iri(GR + type_), IMPLICANTS)
            for predicate, object_ in said:
                yield _quad(iri, GR + predicate, _iri(object_), IMPLICANTS)
            for predicate, cubes in (("trueWhen", formula.yes), ("falseWhen", formula.no)):
                for number, cube in enumerate(cubes, 1):
                    implicant = f"{iri}/{'yes' if predicate == 'trueWhen' else 'no'}-{number}"
                    yield _quad(iri, GR + predicate, _iri(implicant), IMPLICANTS)
                    yield from self._implicant(implicant, cube, literals)
        for iri, (field, mask) in sorted(literals.items()):
            yield from self._literal(iri, field, mask)
        for field in self.space.fields.values():
            yield from self._cells(field)

    def _formulas(self) -> Iterator[tuple[str, str, Formula, list[tuple[str, str]]]]:
        """(IRI, class, formula, what is said of it) of every formula, each IRI once."""
        named, base = self.reasoner.program.named, GR + "formula/"
        conditions: set[str] = set()
        for decider in self.reasoner.deciders:
            guideline = decider.guideline
            kind = ("subjectKind", self.model.kinds[guideline.kind].iri)
            of = ("onGuideline", guideline.iri)
            said = [of, kind, ("formulaOf", guideline.scope.iri)]
            yield f"{base}{guideline.id}/scope", "ScopeFormula", decider.scope, said
            if guideline.population is not None and decider.population is not None:
                said = [of, kind, ("formulaOf", guideline.population.iri)]
                yield f"{base}{guideline.id}/population", "PopulationFormula", decider.population, said
            for compiled in decider.compiled:
                own = compiled.recommendation
                about = [of, kind, ("onRecommendation", own.iri)]
                said = [*about, ("formulaOf", own.eligibility.iri)]
                yield f"{base}{own.id}/eligible", "EligibilityFormula", compiled.formula, said
                if compiled.preferred is not None:
                    yield f"{base}{own.id}/preferred", "PreferenceFormula", compiled.preferred, about
            whens = [gap.when for gap in guideline.gaps]
            for own in guideline.recommendations:
                whens += [*(a.when for a in own.arguments), *(c.when for c in own.cautions)]
            for when in whens:
                if when is not None and when.iri not in conditions:
                    conditions.add(when.iri)
                    iri = f"{base}condition/{when.iri.removeprefix(GR)}"
                    yield iri, "ConditionFormula", named(when), [kind, ("formulaOf", when.iri)]

    def overriders(self) -> Iterator[ox.Quad]:
        """Which recommendation may be suspended by which."""
        for decider in self.reasoner.deciders:
            for compiled in decider.compiled:
                for place in compiled.overriders:
                    other = decider.guideline.recommendations[place].iri
                    yield _quad(compiled.recommendation.iri, GR + "mayBeOverriddenBy", _iri(other), IMPLICANTS)

    def _implicant(self, iri: str, cube: int, literals: dict[str, tuple[Field, int]]) -> Iterator[ox.Quad]:
        fields = self.space.constrained(cube)
        yield _quad(iri, TYPE, _iri(GR + "Implicant"), IMPLICANTS)
        yield _quad(iri, GR + "literalCount", _integer(len(fields)), IMPLICANTS)
        for field in fields:
            mask = (cube & field.mask) >> field.offset
            literal = f"{GR}literal/{field.name}/{mask:x}"
            literals[literal] = field, mask
            yield _quad(iri, GR + "literal", _iri(literal), IMPLICANTS)

    def _literal(self, iri: str, field: Field, mask: int) -> Iterator[ox.Quad]:
        finding = self.model.findings[field.name]
        values = self._values(finding, field)
        allowed = [label for i, (_, label) in enumerate(values) if mask >> i & 1]
        yield _quad(iri, TYPE, _iri(GR + "Literal"), IMPLICANTS)
        yield _quad(iri, GR + "aboutFinding", _iri(finding.iri), IMPLICANTS)
        yield _quad(iri, LABEL, ox.Literal(f"{field.name}: {' or '.join(allowed)}"), IMPLICANTS)
        for i, (value, _) in enumerate(values):
            yield _quad(iri, GR + ("allows" if mask >> i & 1 else "excludes"), _iri(value), IMPLICANTS)

    def _cells(self, field: Field) -> Iterator[ox.Quad]:
        if field.cuts is None:
            return
        finding = self.model.findings[field.name]
        for i, (iri, label) in enumerate(self._values(finding, field)):
            yield _quad(iri, TYPE, _iri(GR + "Cell"), IMPLICANTS)
            yield _quad(iri, GR + "aboutFinding", _iri(finding.iri), IMPLICANTS)
            yield _quad(iri, LABEL, ox.Literal(f"{field.name} {label}".strip()), IMPLICANTS)
            if i:
                number, side = field.cuts[i - 1]
                yield _quad(iri, GR + ("minExclusive" if side else "minInclusive"), _decimal(number), IMPLICANTS)
            if i < len(field.cuts):
                number, side = field.cuts[i]
                yield _quad(iri, GR + ("maxInclusive" if side else "maxExclusive"), _decimal(number), IMPLICANTS)

    def _values(self, finding: Finding, field: Field) -> list[tuple[str, str]]:
        """(IRI, label) of each value of a coded finding, or of each cell of a number, in the order of the field."""
        if field.cuts is None:
            return [(value.iri, value.notation) for value in finding.values]
        return [(f"{GR}cell/{field.name}/{i}", self.space.cell_name(field, i)) for i in range(field.width)]

    # What is known of a subject

    def subject(self, subject: SubjectFacts, state: State, about: Assessed) -> Iterator[ox.Quad]:
        """What is recorded or derived of a subject, what is assumed, and where each comes from."""
        kind = self.model.kinds[subject.kind].iri
        for type_ in (GR + "AssessedSubject", kind):
            yield _quad(about.node, TYPE, _iri(type_), FINDINGS)
        yield _quad(about.node, GR + "onSubject", _iri(about.iri), FINDINGS)
        if subject.reference:
            yield _quad(about.node, GR + "localReference", ox.Literal(subject.reference), FINDINGS)
        if subject.patient and (patient := as_iri(subject.patient, about.activity)):
            yield _quad(about.node, GR + "subjectPatient", patient, FINDINGS)
        assumed = {assumption.finding: assumption for assumption in state.assumptions}
        for name, known in sorted(state.known.items()):
            # A grade that rests on a policy is known only by that policy.
            if name not in assumed:
                yield from self._known(name, known, about)
                yield from self._source(name, known, about)
        for name, assumption in sorted(assumed.items()):
            node = f"{about.node}/assumed/{name}"
            yield from self._state(node, name, assumption.bits, "assumed", about, ASSUMPTIONS)
            yield _quad(node, GR + "assumedUnder", ox.Literal(assumption.policy), ASSUMPTIONS)
            if (own := state.known.get(name)) is not None:
                yield from self._source(name, own, about, node)
            else:
                yield _quad(node, PROV + "wasGeneratedBy", _iri(about.activity), PROVENANCE)

    def _known(self, name: str, known: Known, about: Assessed) -> Iterator[ox.Quad]:
        node, finding = f"{about.node}/known/{name}", self.model.findings[name]
        # What contradicts itself is unknown: every value stays possible.
        bits = self.space.fields[name].mask if known.contradiction else known.bits
        yield from self._state(node, name, bits, known.origin, about, FINDINGS)
        if known.number is not None:
            number = _decimal if finding.range is not None and not finding.range.integer else _integer
            yield _quad(node, GR + "recordedNumber", number(known.number), FINDINGS)
        for value in known.contradiction:
            yield _quad(node, GR + "conflictingValue", _conflicting(finding, value), FINDINGS)

    def _state(
        self, node: str, name: str, bits: int, known_by: str, about: Assessed, graph: ox.NamedNode
    ) -> Iterator[ox.Quad]:
        field, finding = self.space.fields[name], self.model.findings[name]
        yield _quad(about.node, GR + "findingState", _iri(node), graph)
        yield _quad(node, TYPE, _iri(GR + "FindingState"), graph)
        yield _quad(node, GR + "aboutFinding", _iri(finding.iri), graph)
        yield _quad(node, GR + "knownBy", ox.Literal(known_by), graph)
        for i, (value, _) in enumerate(self._values(finding, field)):
            if bits >> (field.offset + i) & 1:
                yield _quad(node, GR + "possibleValue", _iri(value), graph)

    # Where it comes from

    def _source(self, name: str, known: Known, about: Assessed, node: str | None = None) -> Iterator[ox.Quad]:
        node = node or f"{about.node}/known/{name}"
        yield _quad(node, PROV + "wasGeneratedBy", _iri(about.activity), PROVENANCE)
        if known.source and (resource := as_iri(known.source, about.activity)):
            yield _quad(node, PROV + "wasDerivedFrom", resource, PROVENANCE)
            yield _quad(resource.value, TYPE, _iri(PROV + "Entity"), PROVENANCE)
            yield _quad(resource.value, LABEL, ox.Literal(known.source), PROVENANCE)
            yield _quad(about.activity, PROV + "used", resource, PROVENANCE)
        if known.origin == "derived":
            for rule in self._rules[name]:
                yield _quad(node, GR + "derivedBy", _iri(rule), PROVENANCE)

    def _rules_for(self, finding: Finding) -> Sequence[str]:
        """The gradings and derivations that give the finding, else the classes whose model axiom may."""
        knowledge = self.reasoner.knowledge
        rules = knowledge.graph.subjects(GR + "derives", finding.iri)
        axioms = [a.iri for a in knowledge.derivations.axioms if a.implies and a.implies[2] == finding.notation]
        return sorted(rules) or sorted(axioms)


def as_iri(text: str, base: str) -> ox.NamedNode | None:
    """An absolute IRI as it is, anything else below the IRI of the assessment, so that two inputs never mix."""
    if ":" in text and not text.startswith("_:"):
        try:
            return ox.NamedNode(text)
        except ValueError:
            pass
    try:
        return ox.NamedNode(f"{base}#{text.removeprefix('_:')}")
    except ValueError:
        return None


def _conflicting(finding: Finding, value: Scalar) -> Node:
    for own in finding.values:
        if own.notation == value:
            return _iri(own.iri)
    return _decimal(value) if isinstance(value, int | float) else ox.Literal(value)


def _quad(subject: str, predicate: str, object_: Node, graph: ox.NamedNode) -> ox.Quad:
    return ox.Quad(ox.NamedNode(subject), ox.NamedNode(predicate), object_, graph)


def _iri(iri: str) -> ox.NamedNode:
    return ox.NamedNode(iri)


def _integer(number: float) -> ox.Literal:
    return ox.Literal(str(int(number)), datatype=ox.NamedNode(XSD + "integer"))


def _decimal(number: float) -> ox.Literal:
    return ox.Literal(f"{number:f}".rstrip("0").rstrip(".") or "0", datatype=ox.NamedNode(XSD + "decimal"))
