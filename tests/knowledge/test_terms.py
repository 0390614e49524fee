"""The vocabulary: every term is declared, labelled, defined and rightly typed."""

from __future__ import annotations

from itertools import chain

import pytest
from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from .ontology import (
    BUILT_IN,
    GR,
    OWL,
    RDF,
    RDFS,
    ROOT,
    SKOS,
    case_files,
    documents,
    graph_of,
    instances,
    members,
    ours,
    short,
    terms,
    whole,
)

PROPERTY_KINDS = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
LIST_OWNERS = {
    OWL.intersectionOf,
    OWL.unionOf,
    OWL.oneOf,
    OWL.withRestrictions,
    OWL.distinctMembers,
    OWL.members,
    OWL.propertyChainAxiom,
    OWL.hasKey,
    OWL.disjointUnionOf,
}
LEAST_TERMS = 350
VERSIONED = f"{GR}ontology/"


def built_in(node: Node) -> bool:
    return isinstance(node, URIRef) and str(node).startswith(BUILT_IN)


def property_kinds(node: Node) -> list[Node]:
    return [kind for kind in PROPERTY_KINDS if (node, RDF.type, kind) in whole()]


def test_all_terms_are_collected() -> None:
    assert len(terms()) >= LEAST_TERMS


def test_every_term_has_one_english_label_and_definition() -> None:
    graph, lacking = whole(), []
    for own in sorted(terms()):
        for predicate in (RDFS.label, SKOS.definition):
            values = list(graph.objects(own, predicate))
            english = [v for v in values if isinstance(v, Literal) and v.language == "en" and v.strip()]
            if len(values) != 1 or len(english) != 1:
                lacking.append(f"{short(own)}: {short(predicate)}")
    assert not lacking


def test_terms_of_one_kind_differ_in_label() -> None:
    """Two recommendations of one guideline, two findings or two values of a finding never bear the same name."""
    graph, twice = whole(), []
    for class_ in ("Finding", "Intervention", "Outcome", "Decision", "Guideline", "Caution", "Claim"):
        labels: dict[str, URIRef] = {}
        for own in instances(class_):
            label = str(graph.value(own, RDFS.label))
            if label in labels:
                twice.append(f"{label}: {short(labels[label])}, {short(own)}")
            labels[label] = own
    assert not twice


def test_every_iri_of_ours_that_is_used_is_declared() -> None:
    """The guard against typing errors, over the ontology, the cases and the mappings."""
    declared = set(terms()) | documents()
    declared |= {node for own in documents() for node in whole().objects(own, OWL.versionIRI)}
    undeclared: set[str] = set()
    for triple in whole():
        undeclared |= {short(node) for node in triple if ours(node) and node not in declared}
    for path in case_files():
        graph = graph_of(path)
        local = declared | set(graph.subjects(RDF.type, GR.Case))
        undeclared |= {f"{path.stem}: {short(n)}" for t in graph for n in t if ours(n) and n not in local}
    assert not sorted(undeclared)


def test_every_term_of_ours_in_a_mapping_is_declared() -> None:
    mappings = sorted((ROOT / "ontology").rglob("*.sssom.tsv"))
    assert mappings
    for path in mappings:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
        header = lines[0].split("\t")
        for line in lines[1:]:
            for column, cell in zip(header, line.split("\t"), strict=True):
                if cell.startswith("gr:"):
                    assert GR[cell.removeprefix("gr:")] in terms(), f"{path.name}: {column} {cell}"


def test_every_property_has_exactly_one_kind() -> None:
    predicates = {p for p in whole().predicates() if not built_in(p)}
    declared = set(chain.from_iterable(whole().subjects(RDF.type, kind) for kind in PROPERTY_KINDS))
    wrong = [
        f"{p}: {[short(k) for k in property_kinds(p)]}" for p in predicates | declared if len(property_kinds(p)) != 1
    ]
    assert not sorted(wrong)


def test_properties_have_the_objects_of_their_kind() -> None:
    """An object property leads to a thing, a datatype property to a literal; neither leads to a class or a property."""
    graph, wrong = whole(), []
    schema = {*graph.subjects(RDF.type, OWL.Class), *graph.subjects(RDF.type, RDFS.Datatype)}
    schema |= set(chain.from_iterable(graph.subjects(RDF.type, kind) for kind in PROPERTY_KINDS))
    for subject, predicate, object_ in graph:
        kind = None if built_in(predicate) else next(iter(property_kinds(predicate)), None)
        if kind == OWL.DatatypeProperty and not isinstance(object_, Literal):
            wrong.append(f"{short(subject)} {short(predicate)}")
        if kind == OWL.ObjectProperty and (isinstance(object_, Literal) or object_ in schema or subject in schema):
            wrong.append(f"{short(subject)} {short(predicate)}")
        if kind == OWL.DatatypeProperty and subject in schema:
            wrong.append(f"{short(subject)} {short(predicate)}")
    assert not sorted(wrong)


def test_no_annotation_property_stands_in_a_logical_axiom() -> None:
    graph = whole()
    logical = [p for r in (OWL.onProperty, OWL.inverseOf) for p in graph.objects(None, r)]
    logical += list(graph.subjects(OWL.inverseOf, None)) + list(graph.subjects(RDF.type, OWL.FunctionalProperty))
    assert logical
    assert not sorted(short(p) for p in logical if (p, RDF.type, OWL.AnnotationProperty) in graph)
    # A domain or range of an annotation property is an annotation axiom; the reasoner would not see it.
    annotations = set(graph.subjects(RDF.type, OWL.AnnotationProperty))
    assert not sorted(short(p) for p in annotations if {RDFS.domain, RDFS.range} & set(graph.predicates(p)))


def test_every_class_is_declared() -> None:
    graph = whole()
    used: set[Node] = set(graph.objects(None, RDF.type))
    for predicate in (RDFS.subClassOf, OWL.equivalentClass, OWL.complementOf, RDFS.domain):
        used |= set(graph.objects(None, predicate))
    used |= set(graph.objects(None, RDFS.range))
    for predicate in (OWL.intersectionOf, OWL.unionOf):
        used |= {part for head in graph.objects(None, predicate) for part in members(head, graph)}
    named = {node for node in used if isinstance(node, URIRef) and not built_in(node)}
    assert not sorted(short(node) for node in named if (node, RDF.type, OWL.Class) not in graph)


def test_every_class_expression_is_typed() -> None:
    graph = whole()
    for predicate in (OWL.intersectionOf, OWL.unionOf, OWL.oneOf, OWL.complementOf):
        for node in graph.subjects(predicate, None):
            assert (node, RDF.type, OWL.Class) in graph or (node, RDF.type, RDFS.Datatype) in graph
    for node in graph.subjects(OWL.onProperty, None):
        assert (node, RDF.type, OWL.Restriction) in graph


def test_lists_stand_only_in_owl_constructs() -> None:
    graph = whole()
    tails = set(graph.objects(None, RDF.rest))
    heads = {node for node in graph.subjects(RDF.first, None) if node not in tails}
    assert heads
    owners = {predicate for head in heads for predicate in graph.predicates(None, head)}
    assert owners <= LIST_OWNERS
    assert all(isinstance(head, BNode) for head in heads)


def test_every_individual_has_a_class_of_ours_and_is_named_as_one() -> None:
    graph = whole()
    schema = {OWL.Class, OWL.Ontology, RDFS.Datatype, *PROPERTY_KINDS}
    for own in terms():
        kinds = set(graph.objects(own, RDF.type))
        if not kinds & schema:
            assert OWL.NamedIndividual in kinds, f"{short(own)} is not declared as owl:NamedIndividual"
            assert any(ours(kind) for kind in kinds), f"{short(own)} has no class of ours"


@pytest.mark.parametrize("finding", instances("Finding"), ids=short)
def test_values_of_a_coded_finding_are_closed_ordered_and_different(finding: URIRef) -> None:
    graph = whole()
    if (finding, RDF.type, OWL.ObjectProperty) not in graph:
        return
    range_ = graph.value(finding, RDFS.range)
    definition = graph.value(range_, OWL.equivalentClass)
    head = graph.value(definition, OWL.oneOf)
    assert range_ is not None and head is not None
    values = list(members(head, graph))
    assert set(values) == set(graph.subjects(RDF.type, range_))
    prefix = f"{GR}{graph.value(finding, SKOS.notation)}/"
    for value in values:
        assert str(value) == prefix + str(graph.value(value, SKOS.notation))
    orders = [int(str(graph.value(value, GR.order))) for value in values]
    assert sorted(orders) == list(range(len(values)))
    different = [set(members(h, graph)) for h in graph.objects(None, OWL.distinctMembers)]
    assert any(set(values) <= group for group in different)


def test_names_follow_the_conventions() -> None:
    """Classes UpperCamel, properties lowerCamel, individuals kebab-case under the name of their kind."""
    graph = whole()
    for own in terms():
        local = short(own)
        if local.startswith("ontology/"):
            continue
        if (own, RDF.type, OWL.Class) in graph:
            assert local[0].isupper() and local.isalnum(), local
        elif property_kinds(own):
            assert local[0].islower() and local.isalnum(), local
        else:
            assert local.count("/") == 1 and "_" not in local, local
