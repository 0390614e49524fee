"""Every patient shape has valid and invalid examples, and both engines say of each what its first lines say."""

from __future__ import annotations

from collections import Counter

import pytest
import rdflib

import reasoner
from reasoner.shapes import SH, patient_shapes
from reasoner.validate import Validator

from .examples import ROOT, SHAPE, Example, apart, constraints, examples, name, seen

VALID, INVALID = examples("patient", "valid"), examples("patient", "invalid")
LEAST_VALID, LEAST_INVALID = 55, 110


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(patient_shapes(ROOT), reasoner.load().knowledge.model)


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
    each = [apart(example) for example in [*VALID, *INVALID]]
    fast = Counter(seen(check) for triples in each for check in validator.check(triples))
    assert Counter(map(seen, validator.reference_check(triple for triples in each for triple in triples))) == fast


def test_every_constraint_is_fired_by_an_example() -> None:
    assert len(constraints("patient.ttl")) >= 100
    fired = {pair for example in INVALID for pair in example.fires}
    assert sorted(constraints("patient.ttl") - fired) == []


def test_every_finding_and_link_stands_in_a_valid_example() -> None:
    """A valid example in which a shape has nothing to look at would show nothing."""
    used = {q.predicate.value for example in VALID for q in example.triples}
    graph = rdflib.Graph().parse(ROOT / "shapes" / "patient.ttl")
    sh = rdflib.Namespace(SH)
    looked = {str(p) for p in graph.objects(None, sh.path) if isinstance(p, rdflib.URIRef)}
    looked |= {str(p) for p in graph.objects(None, sh.targetSubjectsOf)}
    assert sorted(looked - used) == []
