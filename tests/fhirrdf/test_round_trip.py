"""JSON to Turtle to JSON gives the same document, for generated resources of every type and all that is shipped."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from reasoner.fhirrdf import RELEASES, Release, documents_of, dumps, loads, turtle_of
from reasoner.fhirrdf.schema import schema

from .generate import Generator

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]


def there_and_back(document: Json, release: Release, base: str | None = None) -> Json:
    text = "".join(turtle_of([document], release, base))
    (found,) = documents_of(list(ox.parse(text.encode(), format=ox.RdfFormat.TURTLE)), "test", release)
    return found


def shipped() -> list[Json]:
    lines = [line for path in sorted(ROOT.glob("examples/*.ndjson")) for line in path.read_bytes().splitlines()]
    samples = (ROOT / "tests/samples/samples.ndjson").read_bytes().splitlines()
    documents = [loads(path.read_bytes(), path.name) for path in sorted(ROOT.glob("examples/*.json"))]
    documents += [loads(line, "line") for line in lines]
    return documents + [loads(line, "sample")["bundle"] for line in samples]


@pytest.mark.parametrize("release", RELEASES)
def test_generated_resources_of_every_type_come_back(release: Release) -> None:
    generator = Generator(release, seed=20260331)
    count = 0
    for _ in range(4):
        for kind in generator.kinds:
            document = generator.resource(kind)
            assert there_and_back(document, release) == document
            count += 1
    assert count >= 630
    # Most of what FHIR defines has had its turn.
    defined = sum(len(elements) for elements in schema(release).own.values())
    assert len(generator.made) > defined * 0.5


def test_all_shipped_fhir_comes_back() -> None:
    documents = shipped()
    assert len(documents) >= 68
    for document in documents:
        assert there_and_back(document, "R4") == document


def test_what_r5_knows_of_the_shipped_fhir_comes_back_in_its_shape() -> None:
    # R5 calls Procedure.performed otherwise; all else is the same.
    documents = [document for document in shipped() if b"performedDateTime" not in dumps(document)]
    assert len(documents) >= 20
    for document in documents:
        assert there_and_back(document, "R5") == document


@pytest.mark.parametrize("release", RELEASES)
def test_turtle_is_the_same_whatever_the_order_of_members(release: Release) -> None:
    generator, shuffler = Generator(release, seed=7), random.Random(7)
    for kind in generator.kinds[::3]:
        document = generator.resource(kind)
        shuffled = _shuffled(document, shuffler)
        assert list(turtle_of([shuffled], release)) == list(turtle_of([document], release))


def _shuffled(value: Any, shuffler: random.Random) -> Any:
    if isinstance(value, dict):
        names = list(value)
        shuffler.shuffle(names)
        return {name: _shuffled(value[name], shuffler) for name in names}
    return [_shuffled(own, shuffler) for own in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "syntax", [ox.RdfFormat.N_TRIPLES, ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD, ox.RdfFormat.TRIG]
)
@pytest.mark.parametrize("release", RELEASES)
def test_any_rdf_syntax_is_read(release: Release, syntax: ox.RdfFormat) -> None:
    # XML can hold no control characters, so the documents are those that are shipped.
    documents = [document for document in shipped() if b"performedDateTime" not in dumps(document)][:12]
    for document in documents:
        text = "".join(turtle_of([document], release))
        data = ox.serialize(ox.parse(text.encode(), format=ox.RdfFormat.TURTLE), format=syntax)
        assert data is not None
        assert documents_of(list(ox.parse(data, format=syntax)), "test") == [document]


@pytest.mark.parametrize("release", RELEASES)
def test_several_resources_in_one_document_stay_apart_and_in_order(release: Release) -> None:
    documents = [document for document in shipped() if b"performedDateTime" not in dumps(document)][:8]
    # The same addresses twice: the second time they name nothing.
    documents += documents[:2]
    text = "".join(turtle_of(documents, release))
    assert documents_of(list(ox.parse(text.encode(), format=ox.RdfFormat.TURTLE)), "test") == documents


def test_with_a_base_resources_have_addresses_and_come_back_all_the_same() -> None:
    for document in shipped()[:20]:
        assert there_and_back(document, "R4", "https://example.org/fhir/") == document
