"""A guideline of three recommendations about persons, small enough to break in one place at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

PREFIXES = """
@prefix ack: <https://w3id.org/guideline-reasoner/acknowledgement/> .
@prefix decision: <https://w3id.org/guideline-reasoner/decision/> .
@prefix direction: <https://w3id.org/guideline-reasoner/direction/> .
@prefix gap: <https://w3id.org/guideline-reasoner/gap/> .
@prefix gr: <https://w3id.org/guideline-reasoner/> .
@prefix guideline: <https://w3id.org/guideline-reasoner/guideline/> .
@prefix iv: <https://w3id.org/guideline-reasoner/intervention/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix policy: <https://w3id.org/guideline-reasoner/policy/> .
@prefix proof: <https://w3id.org/guideline-reasoner/proof/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rec: <https://w3id.org/guideline-reasoner/recommendation/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
FINDINGS = """
gr:years a owl:DatatypeProperty, owl:FunctionalProperty, gr:Finding ; skos:notation "years" ; rdfs:label "age" ;
  rdfs:domain gr:Patient ; gr:unit "1" ; gr:whenNotRecorded policy:ask ; rdfs:range [ a rdfs:Datatype ;
  owl:onDatatype xsd:integer ; owl:withRestrictions ( [ xsd:minInclusive 0 ] [ xsd:maxInclusive 120 ] ) ] .
gr:local a gr:CodeSystem ; gr:systemUri "https://example.org/CodeSystem/tiny" ; gr:curiePrefix "tiny" ;
  gr:codesAreNotations true ; gr:statedValue "yes" .
guideline:tiny a gr:Guideline ; skos:notation "tiny" ; rdfs:label "tiny guideline" ; gr:subjectKind gr:Patient ;
  gr:hasScope gr:Scope .
iv:syrup a gr:Intervention ; rdfs:label "syrup" . iv:rest a gr:Intervention ; rdfs:label "rest" .
iv:watch a gr:Intervention ; rdfs:label "watch" .
<https://w3id.org/guideline-reasoner/ontology/tiny> a owl:Ontology ; owl:versionInfo "1.0.0" .
"""
ADULT = """[ a owl:Restriction ; owl:onProperty gr:years ; owl:someValuesFrom [ a rdfs:Datatype ;
  owl:onDatatype xsd:integer ; owl:withRestrictions ( [ xsd:minInclusive 18 ] ) ] ]"""


def coded(name: str, policy: str = "policy:ask") -> str:
    """A finding that is yes or no."""
    base = f"https://w3id.org/guideline-reasoner/{name}"
    class_ = f"gr:{name.capitalize()}Value"
    return f"""
gr:{name} a owl:ObjectProperty, owl:FunctionalProperty, gr:Finding ; skos:notation "{name}" ; rdfs:label "{name}" ;
  rdfs:domain gr:Patient ; rdfs:range {class_} ; gr:whenNotRecorded {policy} .
{class_} a owl:Class ; owl:equivalentClass [ a owl:Class ; owl:oneOf ( <{base}/yes> <{base}/no> ) ] .
<{base}/yes> a {class_} ; skos:notation "yes" ; gr:order 1 . <{base}/no> a {class_} ; skos:notation "no" ; gr:order 0 .
"""


def has(name: str, value: str = "yes") -> str:
    """The class of persons whose finding has the value."""
    filler = f"<https://w3id.org/guideline-reasoner/{name}/{value}>"
    return f"[ a owl:Restriction ; owl:onProperty gr:{name} ; owl:hasValue {filler} ]"


def both(*parts: str) -> str:
    """An intersection."""
    return f"[ a owl:Class ; owl:intersectionOf ( {' '.join(parts)} ) ]"


def either(*parts: str) -> str:
    """A union."""
    return f"[ a owl:Class ; owl:unionOf ( {' '.join(parts)} ) ]"


def no(part: str) -> str:
    """A complement."""
    return f"[ a owl:Class ; owl:complementOf {part} ]"


def class_(name: str, definition: str) -> str:
    """A named class."""
    return f'gr:{name} a owl:Class ; rdfs:label "{name.lower()}" ; owl:equivalentClass {definition} .\n'


@dataclass(frozen=True)
class Rec:
    """A recommendation."""

    eligible: str
    offers: str
    decision: str = "care"
    line: int | None = None
    direction: str = "for"
    more: str = ""

    def turtle(self, name: str) -> str:
        line = "" if self.line is None else f" gr:line {self.line} ;"
        return class_(f"Eligible{name.capitalize()}", self.eligible) + (
            f'rec:{name} a gr:Recommendation ; skos:notation "{name}" ; rdfs:label "advice {name}" ;'
            f" gr:partOfGuideline guideline:tiny ; gr:decision decision:{self.decision} ;{line} {self.more}"
            f" gr:direction direction:{self.direction} ; gr:eligibility gr:Eligible{name.capitalize()} ;"
            f" gr:option [ gr:component [ gr:intervention {self.offers} ; gr:order 1 ] ] .\n"
        )


SOUND: Mapping[str, Rec] = {
    "syrup": Rec(both(ADULT, has("fever"), has("allergy", "no")), "iv:syrup", line=1),
    "rest": Rec(both(ADULT, has("fever"), has("allergy")), "iv:rest", line=2),
    "watch": Rec(both(ADULT, has("fever", "no")), "iv:watch", decision="watching"),
}


@dataclass(frozen=True)
class Tiny:
    """The whole of it; ``but`` makes one that differs."""

    recommendations: Mapping[str, Rec] = field(default_factory=lambda: SOUND)
    findings: Mapping[str, str] = field(default_factory=lambda: {"fever": "policy:ask", "allergy": "policy:ask"})
    scope: str = ADULT
    more: str = ""

    def but(self, more: str = "", without: str = "", **recommendations: Rec) -> Tiny:
        kept = {name: own for name, own in self.recommendations.items() if name != without}
        return replace(self, recommendations={**kept, **recommendations}, more=self.more + more)

    def assuming(self, finding: str, value: str) -> Tiny:
        taken = f"policy:assume ; gr:assumedValue <https://w3id.org/guideline-reasoner/{finding}/{value}>"
        return replace(self, findings={**self.findings, finding: taken})

    def turtle(self) -> str:
        parts = [PREFIXES, FINDINGS, class_("Scope", self.scope)]
        parts += [coded(name, policy) for name, policy in self.findings.items()]
        parts += [own.turtle(name) for name, own in self.recommendations.items()]
        return "".join(parts) + self.more

    def write(self, folder: Path) -> Path:
        (folder / "ontology").mkdir(parents=True)
        (folder / "ontology" / "tiny.ttl").write_text(self.turtle(), encoding="utf-8")
        return folder
