"""A guideline about persons with numeric criteria: its implicants have cells of numbers, and the queries decide it."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import reasoner
from reasoner.graph import GR
from reasoner.publish import Assessed, Publisher
from reasoner.query import QueryStore

HEART = """
@prefix decision: <https://w3id.org/guideline-reasoner/decision/> .
@prefix direction: <https://w3id.org/guideline-reasoner/direction/> .
@prefix gr: <https://w3id.org/guideline-reasoner/> .
@prefix guideline: <https://w3id.org/guideline-reasoner/guideline/> .
@prefix iv: <https://w3id.org/guideline-reasoner/intervention/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix policy: <https://w3id.org/guideline-reasoner/policy/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rec: <https://w3id.org/guideline-reasoner/recommendation/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix smoking: <https://w3id.org/guideline-reasoner/smoking/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

gr:age a owl:DatatypeProperty, owl:FunctionalProperty, gr:Finding ; rdfs:label "age" ; skos:notation "age" ;
  rdfs:domain gr:Patient ; gr:whenNotRecorded policy:ask ;
  rdfs:range [ a rdfs:Datatype ; owl:onDatatype xsd:integer ;
    owl:withRestrictions ( [ xsd:minInclusive 0 ] [ xsd:maxInclusive 130 ] ) ] .
gr:smoking a owl:ObjectProperty, owl:FunctionalProperty, gr:Finding ; rdfs:label "smoking" ; skos:notation "smoking" ;
  rdfs:domain gr:Patient ; rdfs:range gr:Smoking ; gr:whenNotRecorded policy:ask .
gr:Smoking a owl:Class ; owl:equivalentClass [ a owl:Class ; owl:oneOf ( smoking:no smoking:yes ) ] .
smoking:no a gr:Smoking ; skos:notation "no" ; gr:order 0 .
smoking:yes a gr:Smoking ; skos:notation "yes" ; gr:order 1 .

gr:Over40 a owl:Class ; owl:equivalentClass [ a owl:Restriction ; owl:onProperty gr:age ; owl:someValuesFrom
  [ a rdfs:Datatype ; owl:onDatatype xsd:integer ; owl:withRestrictions ( [ xsd:minExclusive 40 ] ) ] ] .
gr:Over75 a owl:Class ; owl:equivalentClass [ a owl:Restriction ; owl:onProperty gr:age ; owl:someValuesFrom
  [ a rdfs:Datatype ; owl:onDatatype xsd:integer ; owl:withRestrictions ( [ xsd:minInclusive 75 ] ) ] ] .
gr:Smoker a owl:Class ; owl:equivalentClass
  [ a owl:Restriction ; owl:onProperty gr:smoking ; owl:hasValue smoking:yes ] .
gr:Anybody a owl:Class ; owl:equivalentClass
  [ a owl:Class ; owl:unionOf ( gr:Smoker [ owl:complementOf gr:Smoker ] ) ] .
gr:AtRisk a owl:Class ; owl:equivalentClass [ a owl:Class ; owl:unionOf ( gr:Over75
  [ a owl:Class ; owl:intersectionOf ( gr:Over40 gr:Smoker ) ] ) ] .

decision:drug a gr:Decision ; rdfs:label "drug" ; skos:notation "drug" .
iv:statin a gr:Intervention ; rdfs:label "statin" ; skos:notation "statin" .
guideline:heart a gr:Guideline ; rdfs:label "heart" ; skos:notation "heart" ; gr:hasScope gr:Anybody ;
  gr:subjectKind gr:Patient ; gr:evidencePopulation gr:Over40 .
"""
RECOMMENDATION = """
rec:{name} a gr:Recommendation ; rdfs:label "{name}" ; skos:notation "{name}" ; gr:decision decision:drug ;
  gr:direction direction:for ; gr:line {line} ; gr:eligibility gr:{eligibility} ; gr:partOfGuideline guideline:heart ;
  gr:option [ a gr:Option ; gr:component [ a gr:Component ; gr:intervention iv:statin ; gr:order 1 ] ] {more} .
"""


@pytest.fixture(scope="module")
def heart(tmp_path_factory: pytest.TempPathFactory) -> reasoner.Reasoner:
    folder = tmp_path_factory.mktemp("heart")
    (folder / "ontology" / "heart").mkdir(parents=True)
    recommendations = [("h-1", 1, "AtRisk", ""), ("h-2", 2, "Anybody", ""), ("h-3", 3, "Over75", "")]
    recommendations.append(("h-4", 9, "Smoker", "; gr:overrides decision:drug"))
    text = HEART + "".join(
        RECOMMENDATION.format(name=name, line=line, eligibility=eligibility, more=more)
        for name, line, eligibility, more in recommendations
    )
    (folder / "ontology" / "heart" / "heart.ttl").write_text(text)
    return reasoner.load(Path(folder))


def test_numeric_criteria_are_decided_alike(heart: reasoner.Reasoner) -> None:
    store, publisher = QueryStore(heart), Publisher(heart)
    patients: list[dict[str, Any]] = [
        {name: value for name, value in (("age", age), ("smoking", smoking)) if value is not None}
        for age, smoking in product((None, 20, 40, 41, 74, 75, 90), (None, "no", "yes", ["no", "yes"]))
    ]
    for number, findings in enumerate(patients):
        subject = heart.subject_of(findings, subject=f"urn:p:{number}")
        about = Assessed(f"urn:a:{number}", f"urn:run:{number}", subject.iri)
        store.add_quads(publisher.subject(subject, heart.state(subject), about))
    store.settle()

    def derived(name: str) -> dict[tuple[str, str], str | None]:
        return {
            (str(row[0])[1:-1], str(row[1])[1:-1].rsplit("/", 1)[1]): None if row[2] is None else row[2].value
            for row in store.query(f"decide/{name}").rows
            if not isinstance(row[2], ox.Triple)
        }

    verdicts, preferred, overridden, scopes = (derived(n) for n in ("verdicts", "preferred", "overridden", "scope"))
    seen = set()
    for number, findings in enumerate(patients):
        (answer,) = heart.assess_findings(findings)["guidelines"]
        assert scopes[f"urn:a:{number}", "heart"] == answer["scope"] == "in-scope"
        for row in answer["recommendations"]:
            key = f"urn:a:{number}", row["id"]
            first = None if row["preferred"] is None else str(row["preferred"]).lower()
            other = (overridden[key] or "undetermined").rsplit("/", 1)[-1] if key in overridden else None
            assert verdicts[key] == f"{GR}verdict/{row['verdict']}", (findings, row["id"])
            assert (preferred.get(key), other) == (first, row["overriddenBy"]), (findings, row["id"])
            seen |= {row["verdict"], first, other}
    assert seen >= {"eligible", "not-eligible", "undetermined", "true", "false", None, "h-4"}


def test_cells_tell_their_limits(heart: reasoner.Reasoner) -> None:
    rows = (
        QueryStore(heart)
        .run(
            "SELECT ?label ?from ?above ?below ?upTo { ?cell a gr:Cell ; gr:aboutFinding gr:age ; rdfs:label ?label "
            "OPTIONAL { ?cell gr:minInclusive ?from } OPTIONAL { ?cell gr:minExclusive ?above } "
            "OPTIONAL { ?cell gr:maxExclusive ?below } OPTIONAL { ?cell gr:maxInclusive ?upTo } } ORDER BY ?label"
        )
        .rows
    )
    assert [[None if t is None else t.value for t in row if not isinstance(t, ox.Triple)] for row in rows] == [
        ["age <=40", None, None, None, "40"],
        ["age >40 <75", None, "40", "75", None],
        ["age >=75", "75", None, None, None],
    ]


def test_shipped_questions_can_be_asked_of_it(heart: reasoner.Reasoner) -> None:
    store = QueryStore(heart)
    for query in store.queries.values():
        store.query(query.name)
    assert len(store.query("needed-findings").rows) == 4
