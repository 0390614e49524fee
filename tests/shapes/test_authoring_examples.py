"""The shapes of the knowledge: examples of each, and the released ontology, which they find nothing wrong with."""

from __future__ import annotations

from collections import Counter

import pyoxigraph as ox
import pytest

from reasoner.shapes import authoring_shapes
from reasoner.validate import Triples, Validator

from .examples import ROOT, SHAPE, Example, apart, constraints, examples, name, seen

VALID, INVALID = examples("authoring", "valid"), examples("authoring", "invalid")
LEAST_VALID, LEAST_INVALID = 20, 160
CORE = list(ox.parse((ROOT / "ontology" / "core" / "core.ttl").read_bytes(), format=ox.RdfFormat.TURTLE))


def ontology() -> list[ox.Quad]:
    files = [path for path in sorted((ROOT / "ontology").rglob("*.ttl")) if path.parent.name != "cases"]
    assert len(files) >= 14
    found: list[ox.Quad] = []
    for path in files:
        found += ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
    return found


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(authoring_shapes(ROOT))


def with_core(triples: Triples) -> list[ox.Quad | ox.Triple]:
    """An example speaks of statuses, measures and grades, which the core declares."""
    return [*CORE, *triples]


def test_examples_are_collected() -> None:
    assert len(VALID) >= LEAST_VALID and len(INVALID) >= LEAST_INVALID


@pytest.mark.parametrize("example", VALID, ids=name)
def test_valid_example_conforms(example: Example, validator: Validator) -> None:
    assert validator.check(with_core(example.triples)) == []


@pytest.mark.parametrize("example", INVALID, ids=name)
def test_invalid_example_fires_as_declared(example: Example, validator: Validator) -> None:
    checks = validator.check(with_core(example.triples))
    assert example.fires, "its first lines do not say what fires"
    assert tuple(sorted({(c.shape.removeprefix(SHAPE), c.component) for c in checks})) == example.fires
    assert tuple(sorted({check.message for check in checks})) == example.says


def test_both_engines_agree_on_every_example(validator: Validator) -> None:
    each = [apart(example) for example in [*VALID, *INVALID]]
    together = with_core(triple for triples in each for triple in triples)
    fast = Counter(map(seen, validator.check(together)))
    assert len(fast) >= LEAST_INVALID
    assert Counter(map(seen, validator.reference_check(together))) == fast


def test_every_constraint_is_fired_by_an_example() -> None:
    own = constraints("authoring.ttl")
    assert len(own) >= 130
    assert sorted(own - {pair for example in INVALID for pair in example.fires}) == []


def test_released_ontology_conforms(validator: Validator) -> None:
    released = ontology()
    assert validator.check(released) == []
    assert validator.reference_check(released) == []
