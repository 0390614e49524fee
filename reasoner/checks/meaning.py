"""Checks of what the knowledge says: authoring shapes, OWL 2 DL, competency questions, cases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from reasoner.cases import Judge, case_files, read_case
from reasoner.errors import ReasonerError
from reasoner.graph import OWL, RDF, RDFS, TYPE
from reasoner.inputs import BrokenLine
from reasoner.knowledge import shipped
from reasoner.query import QueryStore
from reasoner.shapes import authoring_shapes
from reasoner.validate import Validator

from .bench import Bench, Problem
from .files import Found

_PROPERTIES = tuple(OWL + kind for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty"))
_LISTS = {OWL + name for name in ("intersectionOf", "unionOf", "oneOf", "distinctMembers", "members",
                                  "withRestrictions", "disjointUnionOf", "propertyChainAxiom", "hasKey")}  # fmt: skip


def authoring(bench: Bench) -> Found:
    """The ontology meets shapes/authoring.ttl."""
    home = bench.home if (bench.home / "shapes" / "authoring.ttl").is_file() else shipped()
    triples = [t for path in bench.turtle for t in ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE)]
    yield len(triples)
    for check in Validator(authoring_shapes(home)).check(triples):
        if check.severity == "Violation":
            message, _, fix = check.message.rpartition("; ")
            yield bench.problem(check.focus, (message or check.message).rstrip("."), fix.rstrip(".") or "mend it")


def profile(bench: Bench) -> Found:
    """OWL 2 DL where editors slip: one kind for each property, declared classes, no list outside an axiom."""
    graph = bench.graph
    for kind in _PROPERTIES:
        for iri in graph.subjects(TYPE, kind):
            yield 1
            if len([other for other in _PROPERTIES if other in graph.nodes(iri, TYPE)]) > 1:
                yield bench.problem(iri, "is a property of more than one kind", "keep one of the declarations")
    annotations = set(graph.subjects(TYPE, _PROPERTIES[2]))
    for subject, predicate, object_ in graph.triples():
        if predicate == OWL + "onProperty" and object_ in annotations:
            yield bench.problem(str(object_), "is an annotation property in a restriction", "declare it as a finding")
        if predicate in (RDFS + "subClassOf", OWL + "equivalentClass") and not subject.startswith("_:"):
            yield 1
            if OWL + "Class" not in graph.nodes(subject, TYPE) and RDFS + "Datatype" not in graph.nodes(subject, TYPE):
                yield bench.problem(subject, "has class axioms but is not declared", "add `a owl:Class`")
        is_list = isinstance(object_, str) and graph.nodes(object_, RDF + "first")
        if is_list and predicate != RDF + "rest" and predicate not in _LISTS:
            yield bench.problem(subject, "uses an RDF list outside an OWL axiom", "use nodes with gr:order instead")


def questions(bench: Bench) -> Found:
    """Every competency question over the knowledge gives the result that lies beside it."""
    store = QueryStore(bench.reasoner)
    for query in store.queries.values():
        if "/" in query.name or query.needs_patients:
            continue
        yield 1
        try:
            result = store.query(query.name)
        except ReasonerError as error:
            yield from bench.from_error(error)
            continue
        for form, written in (("tsv", result.to_tsv), ("srj", result.to_json), ("ttl", result.to_turtle)):
            expected = bench.home / "queries" / "expected" / f"{query.name}.{form}"
            if expected.is_file() and written() != expected.read_bytes():
                fix = "read the difference; if it is meant, write the new result there"
                yield Problem(bench.shown(expected), f"`{query.name}`", "the result has changed", fix)


def cases(bench: Bench) -> Found:
    """Every patient case gets the answer that it expects."""
    judge = Judge(bench.knowledge)
    for path in case_files(bench.ontology):
        yield 1
        yield from _case(bench, judge, path)


def _case(bench: Bench, judge: Judge, path: Path) -> Iterator[Problem]:
    try:
        case = read_case(path)
        answers = list((bench.strict if case.strict else bench.reasoner).assess_all(path))
    except ReasonerError as error:
        yield from bench.from_error(error)
        return
    for answer in answers:
        if isinstance(answer, BrokenLine):
            continue
        for difference in judge.differences(case, answer.to_dict()):
            message = f"{difference.about} is {difference.found}, expected {difference.expected}"
            fix = "mend the rule, or the case if its claim is wrong"
            yield Problem(bench.locate(case.iri, path), f"case `{path.stem}`", message, fix)
