"""Patients between FHIR and our own patient graph; what one of the two cannot say is told, never dropped."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox

from reasoner.assess import Reasoner
from reasoner.errors import KnowledgeError
from reasoner.graph import GR
from reasoner.knowledge import Knowledge
from reasoner.model import Fact, Reading, SubjectFacts
from reasoner.patientgraph import nodes_of, patient_graph
from reasoner.witness import doubted, observation

Json = dict[str, Any]

_HTTP = ("http://", "https://")


def graph_of(reasoner: Reasoner, reading: Reading) -> list[ox.Triple]:
    """What holds as recorded, as a patient graph: of dated statements the ones that govern."""
    vocabulary = reasoner.check.vocabulary
    decided = reasoner.decided(reading)
    recorded = [
        (subject, {name: known for name, known in state.settled.items() if name not in state.overruled})
        for subject, state in decided
    ]
    triples = patient_graph(recorded, vocabulary)
    model = reasoner.knowledge.model
    for subject, _ in decided:
        for kind, node in zip(model.lineage(subject.kind), nodes_of(subject, model), strict=False):
            own = model.kinds[kind]
            told = next((iri for iri, notation in own.parts if notation == subject.side), None)
            if own.apart is not None and told is not None:
                triples.append(ox.Triple(node, ox.NamedNode(own.apart), ox.NamedNode(told)))
    return list(dict.fromkeys(triples))


def left_out(reading: Reading) -> list[str]:
    """What of an input its patient graph does not say, in sentences."""
    told = [f"`{label}` has no mapped code" for label, _, _ in reading.unmapped]
    told += [f"`{label}` says `{finding}` of no certain place" for label, finding in reading.unplaced]
    told += [f"`{label}` is not used: {why}" for label, why in reading.unused]
    return list(dict.fromkeys(told + [result.message for result in reading.results if result.severity == "Violation"]))


def graph_text(triples: Iterable[ox.Triple], knowledge: Knowledge) -> bytes:
    """Triples as Turtle; the same triples give the same bytes."""
    coded = [finding for finding in knowledge.model.findings.values() if finding.values]
    prefixes = {f.notation: f.values[0].iri.removesuffix(f.values[0].notation) for f in coded} | {"gr": GR}
    for kind in knowledge.model.kinds.values():
        for iri, notation in kind.parts[:1]:
            stem = iri.removesuffix(notation)
            prefixes.setdefault(stem.rstrip("/#").rpartition("/")[2], stem)
    ordered = sorted(triples, key=lambda t: (str(t.subject), str(t.predicate), str(t.object)))
    data = ox.serialize(ordered, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""
    lines = data.splitlines(keepends=True)
    head = sorted(line for line in lines if line.startswith(b"@prefix"))
    body = [line for line in lines if not line.startswith(b"@prefix")]
    words = _prefixes_in(body)
    return b"".join([*(line for line in head if line.split()[1] in words), b"\n", *body]).rstrip(b"\n") + b"\n"


def _prefixes_in(lines: list[bytes]) -> set[bytes]:
    return {word.partition(b":")[0] + b":" for line in lines for word in line.split() if b":" in word}


def bundles_of(knowledge: Knowledge, reading: Reading) -> tuple[list[Json], list[str]]:
    """A FHIR collection Bundle for each subject of a patient graph, and what no FHIR resource can state.

    Each subject has a Bundle of its own: FHIR cannot tell two lesions apart whose place is the same or not known.
    """
    bundles, told = [], left_out(reading)
    for subject in reading.subjects:
        bundle, missing = _bundle(knowledge, subject)
        bundles.append(bundle)
        told += missing
    return bundles, told


def _bundle(knowledge: Knowledge, subject: SubjectFacts) -> tuple[Json, list[str]]:
    located, model = knowledge.mapping.located, knowledge.model
    person_iri = _address(subject.patient or (subject.iri if model.kinds[subject.kind].parent is None else None),
                          f"{subject.iri} patient")  # fmt: skip
    resources: list[tuple[str, Json]] = [(person_iri, {"resourceType": "Patient", "id": "patient"})]
    person, focus = {"reference": person_iri}, {}
    told: list[str] = []
    if located is not None and subject.kind == located.kind:
        iri = _address(subject.iri, subject.iri)
        focus = {"focus": [{"reference": iri}]}
        resources.append((iri, doubted(knowledge, subject.kind, person) | _sided(knowledge, subject)))
    for number, fact in enumerate(subject.facts, 1):
        try:
            own = observation(knowledge, fact.finding, _value(knowledge, fact), person)
        except KnowledgeError as error:
            told.append(f"`{fact.source or subject.iri}`: {error.message}")
            continue
        own["id"] = f"o{number}-{fact.finding}"[:64]
        resources.append((_address(None, f"{subject.iri} {number}"), own | focus))
    if focus and not any("focus" in resource for _, resource in resources):
        told.append(f"`{subject.iri}`: nothing is recorded of it, so FHIR says nothing of it either")
    entries = [{"fullUrl": iri, "resource": resource} for iri, resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}, told


def _sided(knowledge: Knowledge, subject: SubjectFacts) -> Json:
    """The body site of a subject whose side is known: the code that says the side and nothing else."""
    mapping = knowledge.mapping
    if subject.side is None or mapping.located is None or subject.side not in mapping.located.sides:
        return {}
    side = 1 << mapping.located.sides.index(subject.side)
    codes = [
        (system not in mapping.value_systems, str(system), str(code))
        for (system, code), (own, place) in mapping.places.items()
        if own == side and place in (0, mapping.located.whole)
    ]
    if not codes:
        return {}
    _, system, code = min(codes)
    return {"bodySite": [{"coding": [{"system": system, "code": code}]}]}


def _value(knowledge: Knowledge, fact: Fact) -> str | int | float:
    if fact.number is not None:
        return fact.number
    names = knowledge.model.findings[fact.finding].notations(fact.mask)
    if len(names) != 1:
        raise KnowledgeError(f"no code says that `{fact.finding}` is one of {', '.join(names)}", None, None)
    return names[0]


def _address(iri: str | None, content: str) -> str:
    """The IRI where it can be the address of a resource, else one made of what it is about."""
    if iri is not None and (iri.startswith(_HTTP) or iri.startswith("urn:")):
        return iri
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}"
