"""``guideline validate``: sentences, a sh:ValidationReport, JSON, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rdflib

import reasoner
from reasoner.cli import main
from reasoner.shapes import SH

from .examples import EXAMPLES, ROOT

VALID = EXAMPLES / "patient" / "valid" / "apex-of-the-hallux.ttl"
INVALID = EXAMPLES / "patient" / "invalid" / "apex-under-the-heel.ttl"
WARNED = EXAMPLES / "patient" / "invalid" / "osteomyelitis-with-a-mild-infection.ttl"
SHACL = rdflib.Namespace(SH)


def run(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str | Path) -> tuple[int, str, str]:
    code = main(["validate", *map(str, arguments)])
    out, err = capfdbinary.readouterr()
    return code, out.decode(), err.decode()


def test_valid_data_is_said_to_be_valid(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(capfdbinary, VALID) == (0, f"{VALID}: valid\n", "")


def test_violation_is_a_sentence_with_its_place(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, _ = run(capfdbinary, INVALID)
    assert code == 2
    assert out.splitlines() == [
        f"{INVALID}: not valid, 1 violation",
        "  VIOLATION urn:example:lesion, aspect",
        "    The aspect is the apex of a toe, but the site is neither the hallux nor a lesser toe: correct the aspect "
        "or the site.",
    ]


def test_warning_leaves_data_valid(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, _ = run(capfdbinary, WARNED)
    assert code == 0 and out.startswith(f"{WARNED}: valid, 1 warning\n")


def test_report_in_turtle_names_shape_component_and_conformance(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, _ = run(capfdbinary, "--format", "turtle", INVALID, VALID)
    graph = rdflib.Graph().parse(data=out, format="turtle")
    assert code == 2
    reports = list(graph.subjects(rdflib.RDF.type, SHACL.ValidationReport))
    assert sorted(bool(graph.value(r, SHACL.conforms)) for r in reports) == [False, True]  # type: ignore[type-var]
    (result,) = graph.objects(None, SHACL.result)
    assert str(graph.value(result, SHACL.sourceShape)).endswith("/ApexLesionShape")
    assert graph.value(result, SHACL.sourceConstraintComponent) == SHACL.NotConstraintComponent
    assert graph.value(result, SHACL.resultSeverity) == SHACL.Violation


def test_every_report_is_well_formed(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    files = sorted((EXAMPLES / "patient" / "invalid").glob("*.ttl"))
    code, out, _ = run(capfdbinary, "--format", "turtle", *files)
    graph = rdflib.Graph().parse(data=out, format="turtle")
    assert code == 2 and len(set(graph.subjects(rdflib.RDF.type, SHACL.ValidationReport))) == len(files)
    for result in graph.subjects(rdflib.RDF.type, SHACL.ValidationResult):
        for predicate in (SHACL.focusNode, SHACL.resultSeverity, SHACL.sourceConstraintComponent, SHACL.resultMessage):
            assert len(list(graph.objects(result, predicate))) == 1


def test_json_is_the_validation_of_the_answer(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, _ = run(capfdbinary, "--format", "json", INVALID)
    assert code == 2
    assert json.loads(out) == {"file": str(INVALID)} | reasoner.load().assess(INVALID).to_dict()["validation"]
    assert len(json.loads(run(capfdbinary, "--format", "json", INVALID, VALID)[1])) == 2


def test_fhir_is_validated_as_well(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, _ = run(capfdbinary, *sorted((ROOT / "examples").glob("*.json")))
    assert code == 0 and out.count(": valid") >= 4


def test_broken_line_is_named_and_the_others_go_on(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "two.ndjson"
    path.write_text('{"resourceType":"Patient","id":"p"}\n{broken\n', encoding="utf-8")
    code, out, _ = run(capfdbinary, path)
    assert code == 2 and "line 2 could not be read" in out and f"{path}: valid" in out
    code, out, _ = run(capfdbinary, "--format", "json", path)
    assert code == 2 and [item.get("line") for item in json.loads(out)] == [None, 2]


def test_missing_file_is_one_line_and_the_others_go_on(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, err = run(capfdbinary, "nowhere.ttl", VALID)
    assert code == 1 and out == f"{VALID}: valid\n"
    assert err.startswith("error: no such file") and err.count("\n") == 1
