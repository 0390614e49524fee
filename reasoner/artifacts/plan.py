"""A guideline as PlanDefinition: an action for each decision, in it one for each recommendation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reasoner.criteria import Named, support
from reasoner.graph import DCTERMS, GR
from reasoner.guidelines import Caution, Guideline, Recommendation
from reasoner.manchester import criterion

from .activity import activity_id
from .frame import Json, Maker
from .requirement import Requirements

STRENGTH = "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation"
CERTAINTY = "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence"
DIRECTION = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-directionOfRecommendation"
MANCHESTER = "text/x-owl-manchester-labels"
"""The language of our conditions: OWL Manchester syntax with labels for names. No engine of FHIR runs it."""
_PLAN_TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"


def plans(maker: Maker, requirements: Requirements) -> Iterator[Json]:
    """One PlanDefinition a guideline."""
    for guideline in maker.knowledge.guidelines:
        yield _Plan(maker, requirements, guideline).made()


class _Plan:
    def __init__(self, maker: Maker, requirements: Requirements, guideline: Guideline) -> None:
        self.maker, self.requirements, self.guideline = maker, requirements, guideline

    def made(self) -> Json:
        maker, own = self.maker, self.guideline
        made = maker.artifact("PlanDefinition", own.id, own.iri, statuses=statuses(maker, own))
        if notes := maker.notes(own.iri):
            made["description"] += f"\n\n{notes}"
        made["extension"] += [
            maker.extension("knowledge-hash", valueString=own.sha256),
            *self._population(),
            *(self._gap(gap.text, gap.reason, gap.when) for gap in own.gaps),
        ]
        made |= {
            "type": {"coding": [{"system": _PLAN_TYPE, "code": "clinical-protocol", "display": "Clinical Protocol"}]},
            "subjectCodeableConcept": {"text": f"Person; what is decided about: {maker.words.kind(own.kind)}"},
            "relatedArtifact": maker.sources(own.iri),
            "library": [maker.canonical("Library", own.id)],
            "action": [self._decision(decision, members) for decision, members in self._decisions().items()],
        }
        return {key: value for key, value in made.items() if value != []}

    def _population(self) -> list[Json]:
        tree = self.guideline.population
        if tree is None:
            return []
        return [self.maker.extension("evidence-population", valueExpression=self._expression(tree))]

    def _gap(self, text: str, reason: str, when: Named | None) -> Json:
        parts: list[Json] = [{"url": "text", "valueString": text}, {"url": "reason", "valueString": reason}]
        if when is not None:
            parts.append({"url": "when", "valueExpression": self._expression(when)})
        return self.maker.extension("known-gap", extension=parts)

    def _decisions(self) -> Mapping[str, list[Recommendation]]:
        found: dict[str, list[Recommendation]] = {}
        for own in self.guideline.recommendations:
            found.setdefault(own.decision, []).append(own)
        # Within a decision in the order of choice; what has none comes last.
        return {
            decision: sorted(members, key=lambda r: (not r.overrides, r.line is None, r.line or 0, r.id))
            for decision, members in sorted(found.items())
        }

    def _decision(self, decision: str, members: list[Recommendation]) -> Json:
        maker, iri = self.maker, f"{GR}decision/{decision}"
        code = maker.concept(iri)
        return {
            "id": f"decision-{decision}",
            "title": maker.words.label("decision", decision),
            "description": maker.words.definition("decision", decision) or maker.words.label("decision", decision),
            "code": code if maker.r5 else [code],
            "condition": [self._condition(self.guideline.scope)],
            "groupingBehavior": "logical-group",
            "selectionBehavior": "any",
            "action": [self._recommendation(own) for own in members],
        }

    def _recommendation(self, own: Recommendation) -> Json:
        static, maker = own.static, self.maker
        made: Json = {
            "id": own.id,
            "extension": [*self._graded(own), *self._ordered(own), *self._said(own)],
            "prefix": own.id,
            "title": static["label"],
            "description": static["statement"] or static["label"],
            "documentation": [*maker.sources(own.iri), *self._evidence(static["evidence"])],
            "condition": [self._condition(own.eligibility)],
            "input": self._inputs(own.eligibility),
            "groupingBehavior": "logical-group",
            "selectionBehavior": "at-most-one",
            "action": [self._option(own, number, option) for number, option in enumerate(static["interventions"], 1)],
        }
        if maker.r5:
            made["linkId"] = own.id
        return {key: value for key, value in made.items() if value != []}

    def _graded(self, own: Recommendation) -> Iterator[Json]:
        """Strength, certainty and direction where HL7 looks for them; how they were transcribed in one of ours."""
        static, maker = own.static, self.maker
        if static["strength"]:
            yield {"url": STRENGTH, "valueCodeableConcept": maker.concept(f"{GR}strength/{static['strength']}")}
        if static["certainty"]:
            yield {"url": CERTAINTY, "valueCodeableConcept": maker.concept(f"{GR}certainty/{static['certainty']}")}
        yield {"url": DIRECTION, "valueCodeableConcept": maker.concept(f"{GR}direction/{own.direction}")}
        grade = static["grade"]
        if grade is not None:
            iri = maker.graph.node(own.iri, GR + "grade") or ""
            yield maker.extension("source-grade", valueCodeableConcept=maker.concept(iri))
        yield from maker.transcription(**static["transcription"], grade=grade and grade["status"])

    def _ordered(self, own: Recommendation) -> Iterator[Json]:
        maker = self.maker
        if own.line is not None:
            yield maker.extension("line-of-choice", valuePositiveInt=own.line)
        for other in sorted(own.preferred_over):
            yield maker.extension("preferred-over", valueId=other)
        for decision in sorted(own.overrides):
            yield maker.extension("overrides", valueCoding=maker.coding(f"{GR}decision/{decision}"))

    def _said(self, own: Recommendation) -> Iterator[Json]:
        maker = self.maker
        for caution in own.cautions:
            yield maker.extension("caution", extension=list(self._caution(caution)))
        for claim in own.static["disagreements"]:
            parts = [("claim", claim["claim"]), ("contradiction", claim["contradictedBy"]), ("source", claim["source"])]
            said = [{"url": name, "valueString": text} for name, text in parts if text]
            yield maker.extension("disagreement", extension=said)

    def _caution(self, caution: Caution) -> Iterator[Json]:
        yield {"url": "text", "valueString": caution.text}
        if caution.source:
            yield {"url": "source", "valueString": caution.source}
        if caution.status:
            yield {"url": "status", "valueCoding": self.maker.coding(f"{GR}status/{caution.status}")}
        if caution.when is not None:
            yield {"url": "when", "valueExpression": self._expression(caution.when)}
        if caution.policy:
            yield {"url": "policy", "valueCoding": self.maker.coding(f"{GR}policy/{caution.policy}")}

    def _evidence(self, estimates: list[dict[str, Any]]) -> list[Json]:
        maker = self.maker
        type_ = "Evidence" if maker.r5 else "EffectEvidenceSynthesis"
        return [
            {
                "type": "justification",
                "display": maker.label(f"{GR}evidence/{own['id']}"),
                "resource": maker.canonical(type_, own["id"]),
            }
            for own in estimates
        ]

    def _condition(self, tree: Named) -> Json:
        return {"kind": "applicability", "expression": self._expression(tree)}

    def _expression(self, tree: Named) -> Json:
        """A class as its axiom, in words, and by the IRI under which the ontology defines it."""
        maker = self.maker
        words = criterion(tree.part, maker.knowledge.model, maker.graph)
        return {
            "description": f"{maker.label(tree.iri)}: {words}",
            "language": MANCHESTER,
            "expression": maker.manchester.definition(tree.iri),
            "reference": tree.iri,
        }

    def _inputs(self, tree: Named) -> list[Json]:
        found = self.requirements.of(support(tree))
        return [{"requirement": one} for one in found] if self.maker.r5 else found

    def _option(self, own: Recommendation, number: int, option: list[dict[str, Any]]) -> Json:
        """One alternative: its parts, and after which other part each comes."""
        maker = self.maker
        ids = {part["id"]: f"{own.id}-{number}-{place}" for place, part in enumerate(option, 1)}
        parts = []
        for part in option:
            iri = f"{GR}intervention/{part['id']}"
            made: Json = {"id": ids[part["id"]], "title": maker.label(iri)}
            earlier = [other for other in option if other["order"] < part["order"]]
            if earlier:
                made["relatedAction"] = [self._after(ids[other["id"]]) for other in earlier]
            made["definitionCanonical"] = maker.canonical("ActivityDefinition", activity_id(maker, iri, own.direction))
            parts.append(made)
        if len(parts) == 1:
            return parts[0]
        title = " with ".join(made["title"] for made in parts)
        return {
            "id": f"{own.id}-{number}",
            "title": title,
            "groupingBehavior": "logical-group",
            "selectionBehavior": "all",
            "action": parts,
        }

    def _after(self, other: str) -> Json:
        key = "targetId" if self.maker.r5 else "actionId"
        return {key: other, "relationship": "after"}


def statuses(maker: Maker, guideline: Guideline) -> set[str]:
    """Every transcription status on which what the guideline advises rests, as IRIs."""
    found = set()
    for own in guideline.recommendations:
        said = [*own.static["transcription"].values(), own.static["grade"] and own.static["grade"]["status"]]
        found |= {f"{GR}status/{status}" for status in said if status}
    for source in maker.graph.nodes(guideline.iri, DCTERMS + "source"):
        found |= set(maker.graph.nodes(source, GR + "status"))
    return found
