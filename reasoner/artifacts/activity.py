"""Interventions as ActivityDefinition, and those advised against once more, as what is not to be done."""

from __future__ import annotations

from collections.abc import Iterator

from reasoner.graph import DCTERMS, GR, SKOS, Graph

from .frame import Json, Maker, fhir_id

_TOPIC = "http://terminology.hl7.org/CodeSystem/definition-topic"


def activity_id(maker: Maker, iri: str, direction: str) -> str:
    """The id of an intervention as activity; what is advised against has one of its own, so that nobody orders it."""
    id_ = maker.id_of(iri)
    return fhir_id(f"not-{id_}") if direction == "against" else id_


def activities(maker: Maker) -> Iterator[Json]:
    """One for each intervention that is advised, or could be; one more for each that is advised against."""
    against = {
        iri
        for guideline in maker.knowledge.guidelines
        for own in guideline.recommendations
        if own.direction == "against"
        for option in own.interventions
        for iri in option
    }
    for iri in maker.graph.instances(GR + "Intervention"):
        yield _activity(maker, iri, "for")
        if iri in against:
            yield _activity(maker, iri, "against")


def _activity(maker: Maker, iri: str, direction: str) -> Json:
    graph = maker.graph
    advised = direction != "against"
    statuses = {s for source in graph.nodes(iri, DCTERMS + "source") for s in graph.nodes(source, GR + "status")}
    made = maker.artifact(
        "ActivityDefinition",
        activity_id(maker, iri, direction),
        iri,
        statuses=statuses,
        title=maker.label(iri) if advised else f"No {maker.label(iri)}",
    )
    if not advised:
        made["description"] = f"Advised against. {made['description']}"
    made["topic"] = [{"coding": [{"system": _TOPIC, "code": "treatment", "display": "Treatment"}]}]
    if sources := maker.sources(iri):
        made["relatedArtifact"] = sources
    if broader := sorted(graph.nodes(iri, SKOS + "broader")):
        made.setdefault("relatedArtifact", []).extend(
            {"type": "derived-from", "display": f"Narrower than {maker.label(other)}",
             "resource": maker.canonical("ActivityDefinition", maker.id_of(other))}
            for other in broader
        )  # fmt: skip
    if kind := request_type(graph, iri):
        made["kind"] = kind
    made |= {"intent": "proposal", "code": maker.concept(iri)}
    if not advised:
        made["doNotPerform"] = True
    return made


def request_type(graph: Graph, iri: str) -> str | None:
    """The resource type that requests an intervention, its own or the nearest broader one's."""
    seen, level = set[str](), [iri]
    while level:
        for node in sorted(level):
            if (said := graph.text(node, GR + "requestType")) is not None:
                return said
        seen |= set(level)
        level = [up for node in level for up in graph.nodes(node, SKOS + "broader") if up not in seen]
    return None
