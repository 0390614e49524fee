"""Every patient shape has valid and invalid examples, and both engines say of each what its first lines say."""

from __future__ import annotations

from collections import Counter

import pytest
import rdflib

import reasoner
from reasoner.shapes import SH, patient_shapes
from reasoner.validate import Check, Validator

from .examples import ROOT, SHAPE, Example, examples, name

VALID, INVALID = examples("patient", "valid"), examples("patient", "invalid")
LEAST_VALID, LEAST_INVALID = 55, 110
NOT_CONSTRAINTS = {"path", "property", "targetClass", "targetSubjectsOf", "targetObjectsOf", "severity", "message"}
NOT_CONSTRAINTS |= {"name", "description", "group", "order", "qualifiedValueShape"}


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(patient_shapes(ROOT), reasoner.load().knowledge.model)


def seen(check: Check) -> tuple[str | None, ...]:
    return check.focus, check.path, check.shape, check.component, check.severity, check.message


def test_examples_are_collected() -> None:
    assert len(VALID) >= LEAST_VALID and len(INVALID) >= LEAST_INVALID


@pytest.mark.parametrize("example", VALID, ids=name)
def test_valid_example_conforms(example: Example, validator: Validator) -> None:
    assert validator.validate(example.triples) == []


@pytest.mark.parametrize("example", INVALID, ids=name)
def test_invalid_example_fires_as_declared(example: Example, validator: Validator) -> None:
    checks = validator.check(example.triples)
    assert example.fires, "its first lines do not say what fires"
    assert tuple(sorted({(c.shape.removeprefix(SHAPE), c.component) for c in checks})) == example.fires
    assert tuple(sorted({check.message for check in checks})) == example.says


def test_both_engines_agree_on_every_example(validator: Validator) -> None:
    """In one graph, whose nodes bear the names of the examples: the reference takes long for each run."""
    apart, together = Counter(), []
    for example in [*VALID, *INVALID]:
        text = example.path.read_text(encoding="utf-8").replace("urn:example:", f"urn:{example.path.stem}:")
        graph = rdflib.Graph().parse(data=text, format="turtle")
        triples = [t for t in _triples(graph)]
        apart.update(map(seen, validator.check(triples)))
        together += triples
    assert Counter(map(seen, validator.reference_check(together))) == apart


def _triples(graph: rdflib.Graph) -> list[object]:
    import pyoxigraph as ox

    return list(ox.parse(graph.serialize(format="nt"), format=ox.RdfFormat.N_TRIPLES))


def constraints() -> set[tuple[str, str]]:
    """Every constraint of the shapes that report: (shape, component)."""
    graph = rdflib.Graph().parse(ROOT / "shapes" / "patient.ttl")
    sh, found = rdflib.Namespace(SH), set()
    for shape in {*graph.subjects(rdflib.RDF.type, sh.NodeShape), *graph.subjects(rdflib.RDF.type, sh.PropertyShape)}:
        for predicate in graph.predicates(shape):
            word = str(predicate).removeprefix(SH)
            if not str(predicate).startswith(SH) or word in NOT_CONSTRAINTS:
                continue
            component = "SPARQL" if word == "sparql" else word[0].upper() + word[1:]
            found.add((str(shape).removeprefix(SHAPE), f"{component}ConstraintComponent"))
    return found


def test_every_constraint_is_fired_by_an_example() -> None:
    assert len(constraints()) >= 100
    fired = {pair for example in INVALID for pair in example.fires}
    assert sorted(constraints() - fired) == []


def test_every_finding_and_link_stands_in_a_valid_example() -> None:
    """A valid example in which a shape has nothing to look at would show nothing."""
    used = {q.predicate.value for example in VALID for q in example.triples}
    graph = rdflib.Graph().parse(ROOT / "shapes" / "patient.ttl")
    sh = rdflib.Namespace(SH)
    looked = {str(p) for p in graph.objects(None, sh.path) if isinstance(p, rdflib.URIRef)}
    looked |= {str(p) for p in graph.objects(None, sh.targetSubjectsOf)}
    assert sorted(looked - used) == []
