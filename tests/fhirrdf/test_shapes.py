"""The two shapes as the specification describes them, statement by statement."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

from reasoner.fhirrdf import Number, Release, documents_of, turtle_of

PREFIXES = """
@prefix fhir: <http://hl7.org/fhir/> .
@prefix sct: <http://snomed.info/id/> .
@prefix loinc4: <http://loinc.org/rdf#> .
@prefix loinc5: <https://loinc.org/rdf/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "text": {"status": "generated", "div": "<div>a</div>"},
    "status": "final",
    "category": [{"text": "first"}, {"text": "second"}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}, {"system": "http://snomed.info/sct",
                                                                           "code": "27113001"}]},
    "subject": {"reference": "https://example.org/fhir/Patient/p1"},
    "effectiveDateTime": "2026-03",
    "valueQuantity": {"value": Number("1.50"), "unit": "kg"},
}  # fmt: skip
R4 = """
[] a fhir:Observation ; fhir:nodeRole fhir:treeRoot ;
  fhir:Resource.id [ fhir:value "o1" ] ;
  fhir:DomainResource.text [ fhir:Narrative.status [ fhir:value "generated" ] ; fhir:Narrative.div "<div>a</div>" ] ;
  fhir:Observation.status [ fhir:value "final" ] ;
  fhir:Observation.category [ fhir:index 0 ; fhir:CodeableConcept.text [ fhir:value "first" ] ] ,
                            [ fhir:index 1 ; fhir:CodeableConcept.text [ fhir:value "second" ] ] ;
  fhir:Observation.code [
    fhir:CodeableConcept.coding
      [ fhir:index 0 ; a loinc4:8867-4 ;
        fhir:Coding.system [ fhir:value "http://loinc.org" ] ; fhir:Coding.code [ fhir:value "8867-4" ] ] ,
      [ fhir:index 1 ; a sct:27113001 ;
        fhir:Coding.system [ fhir:value "http://snomed.info/sct" ] ; fhir:Coding.code [ fhir:value "27113001" ] ] ] ;
  fhir:Observation.subject [
    fhir:link <https://example.org/fhir/Patient/p1> ;
    fhir:Reference.reference [ fhir:value "https://example.org/fhir/Patient/p1" ] ] ;
  fhir:Observation.effectiveDateTime [ fhir:value "2026-03"^^xsd:gYearMonth ] ;
  fhir:Observation.valueQuantity [
    fhir:Quantity.value [ fhir:value "1.50"^^xsd:decimal ] ; fhir:Quantity.unit [ fhir:value "kg" ] ] .
"""
R5 = """
[] a fhir:Observation ; fhir:nodeRole fhir:treeRoot ;
  fhir:id [ fhir:v "o1" ] ;
  fhir:text [ fhir:status [ fhir:v "generated" ] ; fhir:div "<div>a</div>" ] ;
  fhir:status [ fhir:v "final" ] ;
  fhir:category ( [ fhir:text [ fhir:v "first" ] ] [ fhir:text [ fhir:v "second" ] ] ) ;
  fhir:code [ fhir:coding (
    [ a loinc5:8867-4 ; fhir:system [ fhir:v "http://loinc.org"^^xsd:anyURI ] ; fhir:code [ fhir:v "8867-4" ] ]
    [ a sct:27113001 ; fhir:system [ fhir:v "http://snomed.info/sct"^^xsd:anyURI ] ;
      fhir:code [ fhir:v "27113001" ] ] ) ] ;
  fhir:subject [
    fhir:link <https://example.org/fhir/Patient/p1> ;
    fhir:reference [ fhir:v "https://example.org/fhir/Patient/p1" ] ] ;
  fhir:effective [ a fhir:dateTime ; fhir:v "2026-03"^^xsd:gYearMonth ] ;
  fhir:value [ a fhir:Quantity ; fhir:value [ fhir:v "1.50"^^xsd:decimal ] ; fhir:unit [ fhir:v "kg" ] ] .
"""


def triples(turtle: str) -> list[ox.Quad]:
    return list(ox.parse((PREFIXES + turtle).encode(), format=ox.RdfFormat.TURTLE))


def same(one: list[ox.Quad], other: list[ox.Quad]) -> bool:
    """Whether the two are the same but for the names of blank nodes."""
    graphs = [ox.Dataset(quads) for quads in (one, other)]
    for graph in graphs:
        graph.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return set(graphs[0]) == set(graphs[1])


def written(document: dict[str, Any], release: Release) -> list[ox.Quad]:
    return triples("".join(turtle_of([document], release)))


@pytest.mark.parametrize(("release", "turtle"), [("R4", R4), ("R5", R5)])
def test_an_observation_has_the_statements_of_the_specification(release: Release, turtle: str) -> None:
    assert same(written(OBSERVATION, release), triples(turtle))
    assert documents_of(triples(turtle), "test") == [OBSERVATION]


def test_a_modifier_extension_marks_what_it_changes_in_the_shape_of_r5() -> None:
    own = {"url": "https://example.org/not", "valueBoolean": True}
    document = {
        "resourceType": "Observation",
        "modifierExtension": [own],
        "component": [{"code": {"text": "a"}}, {"modifierExtension": [own], "code": {"text": "b"}}],
    }
    found = {t.predicate.value.rpartition("/")[2] for t in written(document, "R5")}
    kinds = {t.object.value for t in written(document, "R5") if isinstance(t.object, ox.NamedNode)}
    assert "_component" in found
    assert "component" not in found
    assert "http://hl7.org/fhir/_Observation" in kinds
    assert documents_of(written(document, "R5"), "test") == [document]


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_the_entries_of_a_bundle_are_named_by_their_address(release: Release) -> None:
    patient = {"resourceType": "Patient", "id": "p1"}
    condition = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}}
    document = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": "https://example.org/fhir/Patient/p1", "resource": patient},
            {"fullUrl": "https://example.org/fhir/Condition/c1", "resource": condition},
            {"fullUrl": "https://example.org/fhir/Patient/p1", "resource": patient},
        ],
    }
    quads = written(document, release)
    assert documents_of(quads, "test") == [document]
    links = [t.object for t in quads if t.predicate.value == "http://hl7.org/fhir/link"]
    assert links == [ox.NamedNode("https://example.org/fhir/Patient/p1")]
    typed = {t.subject for t in quads if t.object == ox.NamedNode("http://hl7.org/fhir/Patient")}
    # Two resources at one address would become one.
    assert len(typed) == 2
    assert sum(isinstance(node, ox.NamedNode) for node in typed) == 1


@pytest.mark.parametrize(
    ("turtle", "expected"),
    [
        # What other writers do: a list around a single resource, the type with a capital, fhir:l, an XML literal.
        ('[] a fhir:Patient ; fhir:nodeRole fhir:treeRoot ; fhir:deceased [ a fhir:Boolean ; fhir:v true ] .',
         {"resourceType": "Patient", "deceasedBoolean": True}),
        ('[] a fhir:Patient ; fhir:nodeRole fhir:treeRoot ; fhir:deceased [ fhir:v false ] .',
         {"resourceType": "Patient", "deceasedBoolean": False}),
        ('[] a fhir:Observation ; fhir:nodeRole fhir:treeRoot ; fhir:effective [ fhir:v "2026-03-31"^^xsd:date ] .',
         {"resourceType": "Observation", "effectiveDateTime": "2026-03-31"}),
        ('[] a fhir:Patient ; fhir:nodeRole fhir:treeRoot ; fhir:managingOrganization [ fhir:l <urn:uuid:1> ] .',
         {"resourceType": "Patient", "managingOrganization": {"reference": "urn:uuid:1"}}),
        ('[] a fhir:Patient ; fhir:nodeRole fhir:treeRoot ;'
         ' fhir:text [ fhir:div [ fhir:v "<div/>"^^rdf:XMLLiteral ] ] .',
         {"resourceType": "Patient", "text": {"div": "<div/>"}}),
        ('[] a fhir:Bundle ; fhir:nodeRole fhir:treeRoot ; fhir:entry ( [ fhir:resource ( <urn:x:1> ) ] ) .'
         ' <urn:x:1> a fhir:Patient ; fhir:active [ fhir:v true ] .',
         {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "active": True}}]}),
        # No root is marked, and a header as the build of the specification writes it.
        ('<https://example.org/p1> a fhir:Patient ; fhir:Patient.active [ fhir:value true ] .'
         ' <urn:x:ttl> a <http://www.w3.org/2002/07/owl#Ontology> .',
         {"resourceType": "Patient", "active": True}),
        # The shape of R5 with an element that only R4 has.
        ('[] a fhir:Procedure ; fhir:nodeRole fhir:treeRoot ; fhir:performed [ a fhir:dateTime ; fhir:v "2026" ] .',
         {"resourceType": "Procedure", "performedDateTime": "2026"}),
        ('[] a fhir:Observation ; fhir:nodeRole fhir:treeRoot ; fhir:value [ fhir:value [ fhir:v 7 ] ;'
         ' fhir:comparator [ fhir:v "<" ] ] .',
         {"resourceType": "Observation", "valueQuantity": {"value": Number("7"), "comparator": "<"}}),
    ],
)  # fmt: skip
def test_what_other_writers_do_is_read(turtle: str, expected: dict[str, Any]) -> None:
    assert documents_of(triples(turtle), "test") == [expected]
