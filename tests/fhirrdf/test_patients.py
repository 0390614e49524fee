"""A patient in FHIR RDF has the same answer as the same patient in FHIR JSON."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import orjson
import pyoxigraph as ox
import pytest
import rdflib

from reasoner import load
from reasoner.answer import Answer
from reasoner.assess import Reasoner
from reasoner.errors import DataError
from reasoner.fhirrdf import RELEASES, Release, loads, turtle_of
from reasoner.inputs import BrokenLine

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def reasoner() -> Reasoner:
    return load()


def samples() -> list[bytes]:
    found = [path.read_bytes() for path in sorted(ROOT.glob("examples/*.json"))]
    found += [line for path in sorted(ROOT.glob("examples/*.ndjson")) for line in path.read_bytes().splitlines()]
    lines = (ROOT / "tests/samples/samples.ndjson").read_bytes().splitlines()
    return found + [orjson.dumps(orjson.loads(line)["bundle"]) for line in lines]


def content(answer: Answer | BrokenLine) -> dict[str, Any]:
    """The answer without the hash of the bytes and the time."""
    assert isinstance(answer, Answer)
    found = answer.to_dict()
    del found["input"]["sha256"]
    del found["provenance"]["evaluatedAt"]
    return found


def in_rdf(data: bytes, release: Release) -> bytes:
    return "".join(turtle_of([loads(data, "sample")], release)).encode()


@pytest.mark.parametrize("release", RELEASES)
def test_every_sample_has_the_same_answer(reasoner: Reasoner, release: Release) -> None:
    data = [own for own in samples() if release == "R4" or b"performedDateTime" not in own]
    assert len(data) >= (68 if release == "R4" else 20)
    for own in data:
        assert content(reasoner.assess(in_rdf(own, release))) == content(reasoner.assess(own))


def test_graphs_of_libraries_have_the_same_answer(reasoner: Reasoner) -> None:
    for own in samples()[:6]:
        turtle, expected = in_rdf(own, "R4"), content(reasoner.assess(own))
        store = ox.Store()
        store.load(turtle, format=ox.RdfFormat.TURTLE)
        assert content(reasoner.assess(store)) == expected
        assert content(reasoner.assess(rdflib.Graph().parse(data=turtle, format="turtle"))) == expected


def test_a_file_of_several_bundles_has_an_answer_for_each(reasoner: Reasoner, tmp_path: Path) -> None:
    lines = (ROOT / "examples/several-patients.ndjson").read_bytes().splitlines()
    file = tmp_path / "several.fhir.ttl"
    file.write_bytes("".join(turtle_of([loads(line, "line") for line in lines], "R4")).encode())
    found = [content(answer) for answer in reasoner.assess_all(file)]
    assert found == [content(reasoner.assess(line)) for line in lines]


def test_bare_resources_in_one_file_are_grouped_by_patient(reasoner: Reasoner, tmp_path: Path) -> None:
    lines = []
    for line in (ROOT / "examples/several-patients.ndjson").read_bytes().splitlines():
        lines += [orjson.dumps(entry["resource"]) for entry in orjson.loads(line)["entry"]]
    (tmp_path / "bare.ndjson").write_bytes(b"\n".join(lines))
    turtle = "".join(turtle_of([loads(line, "line") for line in lines], "R4")).encode()
    (tmp_path / "bare.ttl").write_bytes(turtle)
    expected = [content(answer) for answer in reasoner.assess_all(tmp_path / "bare.ndjson")]
    assert [content(answer) for answer in reasoner.assess_all(tmp_path / "bare.ttl")] == expected
    assert len(expected) > 1


def test_a_patient_graph_is_still_one(reasoner: Reasoner) -> None:
    for path in sorted(ROOT.glob("examples/*.ttl")):
        assert content(reasoner.assess(path))["subjects"]


def test_nothing_is_fetched(reasoner: Reasoner, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    turtle = in_rdf(samples()[0], "R5")
    linked = turtle + b"<urn:x:h> a <http://www.w3.org/2002/07/owl#Ontology> ;" \
        b" <http://www.w3.org/2002/07/owl#imports> <http://hl7.org/fhir/fhir.ttl> ."  # fmt: skip
    assert content(reasoner.assess(linked)) == content(reasoner.assess(samples()[0]))
    remote = b'{"@context":"https://hl7.org/fhir/context.jsonld","@type":"Patient"}'
    with pytest.raises(DataError, match="names a remote JSON-LD context"):
        reasoner.assess(remote)


def test_a_graph_in_our_words_stays_one_whatever_else_it_says(reasoner: Reasoner) -> None:
    (path, *_) = sorted(ROOT.glob("examples/*.ttl"))
    data = path.read_bytes() + b"\n<urn:x:1> <http://hl7.org/fhir/link> <urn:x:2> .\n"
    found, expected = content(reasoner.assess(data)), content(reasoner.assess(path))
    assert found["subjects"] == expected["subjects"]
    # What nobody reads is listed.
    assert found["input"]["counts"]["unused"] == expected["input"]["counts"]["unused"] + 1
