"""A guideline about persons, with laboratory values and an age, needs data only."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from reasoner.fhir.mapping import load_mapping
from reasoner.fhir.read import read_resources
from reasoner.findings import read_model
from reasoner.graph import Graph
from reasoner.model import Reading

from .build import LOINC, ONTOLOGY, UCUM, check_counts, concept, condition, observation, patient

LOCAL = "https://example.org/CodeSystem/heart"
KNOWLEDGE = """
@prefix gr: <https://w3id.org/guideline-reasoner/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix transform: <https://w3id.org/guideline-reasoner/transform/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

gr:age a owl:DatatypeProperty, owl:FunctionalProperty, gr:Finding ; skos:notation "age" ; rdfs:domain gr:Patient ;
  rdfs:range [ a rdfs:Datatype ; owl:onDatatype xsd:integer ;
    owl:withRestrictions ( [ xsd:minInclusive 0 ] [ xsd:maxInclusive 130 ] ) ] .
gr:crp a owl:DatatypeProperty, owl:FunctionalProperty, gr:Finding ; skos:notation "crp" ; rdfs:domain gr:Patient ;
  gr:unit "mg/dL" ; rdfs:range xsd:decimal .
gr:angina a owl:ObjectProperty, owl:FunctionalProperty, gr:Finding ; skos:notation "angina" ; rdfs:domain gr:Patient ;
  rdfs:range gr:AnginaValue .
gr:AnginaValue a owl:Class ; owl:equivalentClass [ a owl:Class ;
  owl:oneOf ( <https://e.org/yes> <https://e.org/no> ) ] .
<https://e.org/yes> skos:notation "yes" ; gr:order 1 .
<https://e.org/no> skos:notation "no" ; gr:order 0 .

gr:birthDateToAge a gr:ElementMapping ; gr:resourceType "Patient" ; gr:element "birthDate" ;
  gr:transform transform:age-in-years ; gr:toFinding gr:age .
gr:heartCodes a gr:CodeSystem ; gr:systemUri "https://example.org/CodeSystem/heart" ; gr:curiePrefix "heart" ;
  gr:codesAreNotations true ; gr:statedValue "yes" .
gr:mgPerLitre a gr:UnitConversion ; gr:fromUnit "mg/L" ; gr:toUnit "mg/dL" ; gr:factor 0.1 .
"""
CODES = """#curie_map:
#  LOINC: https://loinc.org/
#  gr: https://w3id.org/guideline-reasoner/
subject_id\tpredicate_id\tobject_id\tmapping_justification\tresource_type\tmatch
LOINC:1988-5\tskos:exactMatch\tgr:crp\tsemapv:ManualMappingCuration\tObservation\tcode
"""


def read(*resources: dict[str, Any], on: date | None = date(2026, 6, 1)) -> Reading:
    graph = Graph()
    for name in ("core/core.ttl", "core/fhir.ttl"):
        graph.parse((ONTOLOGY / name).read_bytes(), name)
    graph.parse(KNOWLEDGE.encode(), "heart.ttl")
    model = read_model(graph)
    mapping = load_mapping(graph, {"heart.sssom.tsv": CODES}, model)
    reading = read_resources(list(resources), mapping, model, frozenset({"Patient"}), [None] * len(resources), on)
    check_counts(reading, len(resources))
    return reading


def numbers(reading: Reading) -> dict[str, float | int | None]:
    (subject,) = reading.subjects
    return {fact.finding: fact.number for fact in subject.facts}


def test_a_person_is_the_subject() -> None:
    (subject,) = read(patient()).subjects
    assert (subject.kind, subject.reference) == ("Patient", "Patient/p")
    assert subject.iri == subject.patient == "urn:guideline-reasoner:Patient/p"


def test_a_person_who_is_only_referred_to_is_one_too() -> None:
    (subject,) = read(condition("a", "angina", LOCAL)).subjects
    assert subject.reference == "Patient/p"
    assert [fact.finding for fact in subject.facts] == ["angina"]


def test_every_person_of_a_bundle_is_answered() -> None:
    assert [s.reference for s in read(patient("b"), patient("a")).subjects] == ["Patient/a", "Patient/b"]


def test_age_from_birth_date() -> None:
    assert numbers(read(patient(birthDate="1960-06-01"))) == {"age": 66}
    assert numbers(read(patient(birthDate="1960-06-02"))) == {"age": 65}


def test_age_without_a_day_of_assessment_is_of_today() -> None:
    assert numbers(read(patient(birthDate=f"{date.today().year - 40}-01-01"), on=None)) == {"age": 40}


def test_an_inexact_birth_date_gives_no_age_when_it_could_be_two() -> None:
    reading = read(patient(birthDate="1960"))
    assert numbers(reading) == {}
    assert [result.severity for result in reading.results] == ["Info"]
    assert numbers(read(patient(birthDate="1960-03"))) == {"age": 66}


@pytest.mark.parametrize("birth", ["2030-01-01", "June", 1960, ["1960"], "1860-01-01"])
def test_an_impossible_birth_date_is_a_violation(birth: Any) -> None:
    reading = read(patient(birthDate=birth))
    assert [(r.focus, r.path) for r in reading.results] == [("Patient/p", "age")]
    assert reading.counts["used"] == 1


def test_a_laboratory_value_by_loinc_in_two_units() -> None:
    assert numbers(read(observation("o", "1988-5", (3.5, "mg/dL"), system=LOINC))) == {"crp": 3.5}
    assert numbers(read(observation("o", "1988-5", (35, "mg/L"), system=LOINC))) == {"crp": 3.5}


def test_a_panel_of_components() -> None:
    part = {"code": concept((LOINC, "1988-5")), "valueQuantity": {"value": 1, "system": UCUM, "code": "mg/dL"}}
    assert numbers(read(observation("o", "panel", component=[part, {"code": concept((LOINC, "x"))}]))) == {"crp": 1}
