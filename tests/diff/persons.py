"""A small guideline about persons, with numbers: written as a folder, so that it can be changed as text."""

from __future__ import annotations

from pathlib import Path

TEXT = """@prefix gr: <https://w3id.org/guideline-reasoner/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix shade: <https://w3id.org/guideline-reasoner/shade/> .
@prefix policy: <https://w3id.org/guideline-reasoner/policy/> .

<https://w3id.org/guideline-reasoner/ontology/toy> a owl:Ontology ; owl:versionInfo "1.0.0" .

gr:height a owl:DatatypeProperty, owl:FunctionalProperty, gr:Finding ; rdfs:label "height"@en ;
    skos:notation "height" ; rdfs:domain gr:Patient ; gr:unit "cm" ; gr:whenNotRecorded policy:ask ;
    rdfs:range [ a rdfs:Datatype ; owl:onDatatype xsd:integer ;
        owl:withRestrictions ( [ xsd:minInclusive 0 ] [ xsd:maxInclusive 250 ] ) ] .

gr:speed a owl:DatatypeProperty, owl:FunctionalProperty, gr:Finding ; rdfs:label "speed"@en ;
    skos:notation "speed" ; rdfs:domain gr:Patient ; gr:unit "m/s" ; gr:whenNotRecorded policy:ask ;
    rdfs:range [ a rdfs:Datatype ; owl:onDatatype xsd:decimal ;
        owl:withRestrictions ( [ xsd:minInclusive 0.0 ] [ xsd:maxInclusive 20.0 ] ) ] .

gr:shade a owl:ObjectProperty, owl:FunctionalProperty, gr:Finding ; rdfs:label "shade"@en ;
    skos:notation "shade" ; rdfs:domain gr:Patient ; rdfs:range gr:Shade ; gr:whenNotRecorded policy:ask .
gr:Shade a owl:Class ; rdfs:label "shade"@en ;
    owl:equivalentClass [ a owl:Class ; owl:oneOf ( shade:dark shade:light ) ] .
shade:dark a owl:NamedIndividual, gr:Shade ; rdfs:label "dark shade"@en ; skos:notation "dark" ; gr:order 0 .
shade:light a owl:NamedIndividual, gr:Shade ; rdfs:label "light shade"@en ; skos:notation "light" ; gr:order 1 .

gr:Everybody a owl:Class ; rdfs:label "everybody"@en ; owl:equivalentClass [ a owl:Restriction ;
    owl:onProperty gr:height ; owl:someValuesFrom [ a rdfs:Datatype ; owl:onDatatype xsd:integer ;
        owl:withRestrictions ( [ xsd:minInclusive 0 ] ) ] ] .
gr:Tall a owl:Class ; rdfs:label "tall"@en ; owl:equivalentClass [ a owl:Restriction ;
    owl:onProperty gr:height ; owl:someValuesFrom [ a rdfs:Datatype ; owl:onDatatype xsd:integer ;
        owl:withRestrictions ( [ xsd:minInclusive 180 ] ) ] ] .
gr:Quick a owl:Class ; rdfs:label "quick"@en ; owl:equivalentClass [ a owl:Restriction ;
    owl:onProperty gr:speed ; owl:someValuesFrom [ a rdfs:Datatype ; owl:onDatatype xsd:decimal ;
        owl:withRestrictions ( [ xsd:minInclusive 7.5 ] [ xsd:maxExclusive 10.0 ] ) ] ] .
gr:Light a owl:Class ; rdfs:label "light"@en ; owl:equivalentClass [ a owl:Restriction ;
    owl:onProperty gr:shade ; owl:hasValue shade:light ] .
gr:ForHat a owl:Class ; rdfs:label "for a hat"@en ; owl:equivalentClass [ a owl:Class ;
    owl:intersectionOf ( gr:Tall [ a owl:Class ; owl:complementOf gr:Light ] ) ] .
gr:ForCoat a owl:Class ; rdfs:label "for a coat"@en ; owl:equivalentClass [ a owl:Class ;
    owl:intersectionOf ( gr:Quick gr:Light ) ] .

<https://w3id.org/guideline-reasoner/guideline/toy> a owl:NamedIndividual, gr:Guideline ;
    rdfs:label "toy guideline"@en ; skos:notation "toy" ; gr:hasScope gr:Everybody ; gr:subjectKind gr:Patient .
<https://w3id.org/guideline-reasoner/intervention/hat> a owl:NamedIndividual, gr:Intervention ;
    rdfs:label "hat"@en ; skos:notation "hat" .
<https://w3id.org/guideline-reasoner/decision/dress> a owl:NamedIndividual, gr:Decision ; rdfs:label "dress"@en ;
    skos:notation "dress" .
<https://w3id.org/guideline-reasoner/recommendation/toy-1> a owl:NamedIndividual, gr:Recommendation ;
    rdfs:label "a hat"@en ; skos:notation "toy-1" ; gr:eligibility gr:ForHat ; gr:line 1 ;
    gr:statement "Wear a hat." ; gr:decision <https://w3id.org/guideline-reasoner/decision/dress> ;
    gr:direction <https://w3id.org/guideline-reasoner/direction/for> ;
    gr:partOfGuideline <https://w3id.org/guideline-reasoner/guideline/toy> ;
    gr:option [ gr:component [ gr:intervention <https://w3id.org/guideline-reasoner/intervention/hat> ; gr:order 1 ] ] .
<https://w3id.org/guideline-reasoner/recommendation/toy-2> a owl:NamedIndividual, gr:Recommendation ;
    rdfs:label "a coat"@en ; skos:notation "toy-2" ; gr:eligibility gr:ForCoat ; gr:line 2 ;
    gr:statement "Wear a coat." ; gr:decision <https://w3id.org/guideline-reasoner/decision/dress> ;
    gr:direction <https://w3id.org/guideline-reasoner/direction/for> ;
    gr:partOfGuideline <https://w3id.org/guideline-reasoner/guideline/toy> ;
    gr:option [ gr:component [ gr:intervention <https://w3id.org/guideline-reasoner/intervention/hat> ; gr:order 1 ] ] .
"""


def write(folder: Path, *replacements: tuple[str, str]) -> Path:
    """The knowledge in a folder, some of its text replaced; each text must be there."""
    text = TEXT
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    (folder / "ontology" / "toy").mkdir(parents=True, exist_ok=True)
    (folder / "ontology" / "toy" / "toy.ttl").write_text(text, encoding="utf-8")
    return folder
