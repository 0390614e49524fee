"""Checks of the axioms beside the definitions: what a reasoner must be told of values, and what holds of everybody."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from reasoner.criteria import Any, Named
from reasoner.errors import KnowledgeError
from reasoner.graph import GR, OWL, RDFS, TYPE, Graph
from reasoner.owl import ClassReader

from .bench import Bench
from .found import Found
from .problem import Problem


def axioms(bench: Bench) -> Found:
    """Values differ, every subject has some value of each finding, and each model axiom is there on purpose."""
    yield from bench.memo.get(("axioms", bench.key), lambda: list(_axioms(bench)))


def _axioms(bench: Bench) -> Found:
    graph = bench.graph
    apart = _apart(graph)
    for finding in graph.instances(GR + "Finding"):
        yield 1
        for range_ in graph.nodes(finding, RDFS + "range"):
            yield from _alike(bench, range_, apart)
        yield from _partial(bench, finding)
    yield from _implications(bench)


def listed(graph: Graph, range_: str) -> list[str]:
    """The values that a range lists."""
    head = graph.node(graph.node(range_, OWL + "equivalentClass") or range_, OWL + "oneOf")
    return [] if head is None else [value for value in graph.list(head) if isinstance(value, str)]


def _apart(graph: Graph) -> set[frozenset[str]]:
    """Each pair of individuals that is said to differ."""
    pairs = {frozenset((s, o)) for s in graph.all_subjects() for o in graph.nodes(s, OWL + "differentFrom")}
    for node in graph.instances(OWL + "AllDifferent"):
        for predicate in ("distinctMembers", "members"):
            for head in graph.nodes(node, OWL + predicate):
                members = [value for value in graph.list(head) if isinstance(value, str)]
                pairs |= {frozenset(pair) for pair in combinations(members, 2)}
    return pairs


def _alike(bench: Bench, range_: str, apart: set[frozenset[str]]) -> Iterator[Problem]:
    """Values that OWL takes for names of possibly one thing, as nothing says that they differ."""
    values = list(dict.fromkeys(listed(bench.graph, range_)))
    if all(frozenset(pair) in apart for pair in combinations(values, 2)):
        return
    names = " ".join(bench.curie(value) for value in values)
    fix = f"add `[] a owl:AllDifferent ; owl:distinctMembers ( {names} ) .`"
    yield bench.problem(range_, "nothing says that its values differ from each other", fix, clues=("owl:oneOf",))


def _partial(bench: Bench, finding: str) -> Iterator[Problem]:
    """A finding that a subject may have no value of at all, so that "not x" would not mean one of the others."""
    graph = bench.graph
    ranges = graph.nodes(finding, RDFS + "range")
    for kind in graph.nodes(finding, RDFS + "domain"):
        said = (node for node in graph.nodes(kind, RDFS + "subClassOf") if graph.nodes(node, OWL + "someValuesFrom"))
        if len(ranges) != 1 or any(graph.node(node, OWL + "onProperty") == finding for node in said):
            continue
        message = f"no axiom says that every {bench.label(kind)} has some value of it, recorded or not"
        filler = f"owl:onProperty {bench.curie(finding)} ; owl:someValuesFrom {_written(bench, ranges[0])}"
        fix = f"add `{bench.curie(kind)} rdfs:subClassOf [ a owl:Restriction ; {filler} ] .`"
        yield bench.problem(finding, message, fix, clues=("rdfs:domain",))


def _written(bench: Bench, range_: str) -> str:
    """A range in Turtle."""
    graph = bench.graph
    if not range_.startswith("_:"):
        return bench.curie(range_)
    facets = [
        f'[ {_xsd(predicate)} "{value.value}"^^{_xsd(value.datatype.value)} ]'
        for head in graph.nodes(range_, OWL + "withRestrictions")
        for facet in graph.list(head)
        for predicate, values in graph.predicates(str(facet)).items()
        for value in values
        if not isinstance(value, str)
    ]
    base = _xsd(graph.node(range_, OWL + "onDatatype") or "")
    return f"[ a rdfs:Datatype ; owl:onDatatype {base} ; owl:withRestrictions ( {' '.join(facets)} ) ]"


def _xsd(iri: str) -> str:
    return "xsd:" + iri.rpartition("#")[2]


def _implications(bench: Bench) -> Found:
    """Model axioms change what follows from a record: each is told, and has a sentence for records that break it."""
    graph = bench.graph
    try:
        found = ClassReader(graph, bench.model).axioms()
    except KnowledgeError:
        return  # the fragment tells
    yield len(found)
    said = []
    for iri, tree in found:
        assert isinstance(tree, Any)
        then = tree.parts[1]
        meant = bench.curie(then.iri) if isinstance(then, Named) else "a class without a name"
        said.append(f"{bench.curie(iri)} implies {meant}")
        if not any(TYPE in graph.predicates(rule) for rule in graph.subjects(GR + "breaksAxiomOf", iri)):
            message = f"implies `{meant}` by a model axiom, and no data rule has a sentence for a record that breaks it"
            rule = f"gr:breaksAxiomOf {bench.curie(iri)}"
            fix = f"remove rdfs:subClassOf, or, if it holds of everybody, add a gr:DataRule with {rule}"
            yield bench.problem(iri, message, fix, clues=("rdfs:subClassOf",))
    if said:
        yield f"{len(said)} model axiom{'s' * (len(said) > 1)}: {'; '.join(said)}"
