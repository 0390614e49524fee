"""`guideline convert`: every form into every other that it can take, and what it tells of the rest."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from reasoner import load
from reasoner.assess import Reasoner
from reasoner.cli import main
from reasoner.convert.run import Conversion, Request
from reasoner.fhirrdf import documents_of, plain

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PATIENT = str(EXAMPLES / "severe-infection.json")
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def reasoner() -> Reasoner:
    return load()


def run(*arguments: str | Path) -> int:
    return main(["convert", *map(str, arguments)])


def resources(turtle: str) -> list[dict[str, Any]]:
    return [plain(own) for own in documents_of(list(ox.parse(turtle.encode(), format=ox.RdfFormat.TURTLE)), "test")]


def converted(reasoner: Reasoner, path: Path, to: str) -> tuple[bytes, list[str]]:
    """What the command writes, and what it tells, without loading the knowledge each time."""
    target, told = io.BytesIO(), list[str]()
    Conversion(Request(str(path), to), lambda: reasoner, target, lambda what, _: told.append(str(what))).run()
    return target.getvalue(), told


def verdicts(answer: dict[str, Any], named: bool = True) -> list[Any]:
    """What is decided, without the places that it was read from; ``named`` has the names of the subjects."""
    found = []
    for subject in answer["subjects"]:
        rows = [
            [row["id"], row["verdict"], row["preferred"], row["missing"], row["overriddenBy"]]
            for guideline in subject["guidelines"]
            for row in guideline["recommendations"]
        ]
        # 82 is 82.0 here.
        findings = {k: float(v) if isinstance(v, int | float) else v for k, v in subject["findings"].items()}
        found.append(json.dumps([findings, subject["kind"], rows, subject["subject"] if named else ""]))
    return sorted(found)


# FHIR JSON and FHIR RDF


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_fhir_json_to_rdf_and_back(tmp_path: Path, capsys: Capture, release: str) -> None:
    turtle, back = tmp_path / "patient.fhir.ttl", tmp_path / "back.json"
    assert run(PATIENT, "--to", "fhir-turtle", "--release", release, "--output", turtle) == 0
    assert run(turtle, "--to", "fhir", "--output", back) == 0
    assert json.loads(back.read_text()) == json.loads(Path(PATIENT).read_text())
    assert capsys.readouterr() == ("", "")


def test_one_shape_of_fhir_rdf_to_the_other(tmp_path: Path, capsys: Capture) -> None:
    r4, r5 = tmp_path / "r4.ttl", tmp_path / "r5.ttl"
    run(PATIENT, "--to", "fhir-turtle", "--output", r4)
    assert run(r4, "--to", "fhir-turtle", "--release", "R5", "--output", r5) == 0
    assert "fhir:Observation.status" in r4.read_text()
    assert "fhir:Observation.status" not in r5.read_text()
    assert resources(r4.read_text()) == resources(r5.read_text())


def test_decimals_keep_their_digits(tmp_path: Path, capsys: Capture) -> None:
    file, turtle = tmp_path / "o.json", tmp_path / "o.ttl"
    file.write_text('{"resourceType":"Observation","valueQuantity":{"value":65.00}}')
    run(file, "--to", "fhir-turtle", "--output", turtle)
    assert run(turtle, "--to", "fhir") == 0
    assert '"value": 65.00' in capsys.readouterr().out


def test_lines_are_counted_and_a_broken_one_is_reported(tmp_path: Path, capsys: Capture) -> None:
    lines = (EXAMPLES / "several-patients.ndjson").read_text().splitlines()
    file, turtle = tmp_path / "many.ndjson", tmp_path / "many.ttl"
    unknown = '{"resourceType":"Patient","nonsense":1}'
    file.write_text("\n".join([lines[0], "{broken", lines[1], unknown, lines[0]]))
    assert run(file, "--to", "fhir-turtle", "--output", turtle) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert "many.ndjson:2` is not JSON" in told[0]
    assert "many.ndjson:4`: `Patient` has an element that FHIR R4 does not know: `nonsense`" in told[1]
    assert run(turtle, "--to", "fhir") == 0
    back = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert back == [json.loads(lines[i]) for i in (0, 1, 0)]


# Patient graphs


def test_fhir_to_a_patient_graph_has_the_same_verdicts(reasoner: Reasoner) -> None:
    paths = sorted(EXAMPLES.glob("*.json"))
    assert len(paths) >= 5
    for path in paths:
        graph, _ = converted(reasoner, path, "turtle")
        assert verdicts(reasoner.assess(graph).to_dict()) == verdicts(reasoner.assess(path).to_dict())


def test_a_patient_graph_to_fhir_has_the_same_verdicts(reasoner: Reasoner) -> None:
    paths = [*sorted(EXAMPLES.glob("*.ttl")), *sorted(ROOT.glob("ontology/*/cases/*.ttl"))]
    exact = 0
    for path in paths:
        data, told = converted(reasoner, path, "fhir")
        # What is said of the case itself is about no patient.
        if [line for line in told if "no kind of subject" not in line]:
            continue
        documents = [data] if data.startswith(b"{\n") else data.splitlines()
        found = [verdict for own in documents for verdict in verdicts(reasoner.assess(own).to_dict(), named=False)]
        assert sorted(found) == sorted(verdicts(reasoner.assess(path).to_dict(), named=False)), path.name
        exact += 1
    # The rest holds what no FHIR resource can state, and says so.
    assert exact > len(paths) * 0.7


def test_a_patient_graph_to_fhir_rdf(capsys: Capture) -> None:
    assert run(EXAMPLES / "after-surgery.ttl", "--to", "fhir-turtle", "--release", "R5") == 0
    (bundle,) = resources(capsys.readouterr().out)
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert kinds == {"Patient", "Condition", "Observation"}


def test_what_the_other_form_cannot_say_is_told(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "unmapped.json"
    unmapped = {"resourceType": "Observation", "id": "x", "status": "final", "code": {"text": "weight"}}
    bundle = json.loads(Path(PATIENT).read_text())
    bundle["entry"].append({"resource": unmapped})
    file.write_text(json.dumps(bundle))
    assert run(file, "--to", "turtle") == 0
    assert "left out: `Observation/x` has no mapped code" in capsys.readouterr().err


def test_the_same_graph_comes_out_every_time(capsys: Capture) -> None:
    texts = []
    for _ in range(2):
        run(EXAMPLES / "two-feet.json", "--to", "turtle")
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    assert texts[0].endswith(".\n")


# Answers and knowledge


def test_an_answer_to_fhir(tmp_path: Path, capsys: Capture) -> None:
    answer = tmp_path / "answer.json"
    assert main(["assess", PATIENT, "--format", "json", "--output", str(answer)]) == 0
    assert run(answer, "--to", "fhir") == 0
    whole = json.loads(capsys.readouterr().out)
    assert whole["resourceType"] == "Bundle"
    assert {entry["resource"]["resourceType"] for entry in whole["entry"]} >= {"CarePlan"}
    guideline = load().knowledge.guidelines[0].id
    assert run(answer, "--to", "fhir", "--guideline", guideline) == 0
    assert json.loads(capsys.readouterr().out)["resourceType"] == "CarePlan"


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_a_patient_answered_in_fhir_rdf(capsys: Capture, release: str) -> None:
    assert run(PATIENT, "--to", "fhir-turtle", "--answer", "--release", release) == 0
    (bundle,) = resources(capsys.readouterr().out)
    wanted = {"R4": "CarePlan", "R5": "RequestOrchestration"}[release]
    assert wanted in json.dumps(bundle)


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_the_knowledge_as_fhir_and_as_fhir_rdf(capsys: Capture, release: str) -> None:
    assert run("--to", "fhir", "--release", release) == 0
    bundle = json.loads(capsys.readouterr().out)
    assert {"PlanDefinition", "CodeSystem"} <= {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert run("--to", "fhir-turtle", "--release", release) == 0
    assert resources(capsys.readouterr().out) == [bundle]


def test_one_guideline_as_fhir(capsys: Capture) -> None:
    guideline = load().knowledge.guidelines[0].id
    assert run("--to", "fhir", "--guideline", guideline) == 0
    assert json.loads(capsys.readouterr().out)["id"] == guideline


# Refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-file.json", "--to", "fhir-turtle"], "no such file"),
        ([str(EXAMPLES), "--to", "fhir-turtle"], "is a folder"),
        ([PATIENT, "--to", "fhir"], "is FHIR JSON already"),
        (["--to", "turtle"], "the knowledge is Turtle already"),
        (["--to", "fhir", "--answer"], "there is no patient to answer"),
        ([PATIENT, "--to", "turtle", "--answer"], "an answer is no patient graph"),
        (["--to", "fhir", "--guideline", "none"], "no such guideline"),
        ([PATIENT, "--to", "fhir-turtle", "--base", "example"], "is no address"),
        ([PATIENT], "the following arguments are required"),
        ([str(ROOT / "pyproject.toml"), "--to", "fhir"], "is neither JSON nor Turtle"),
    ],
)
def test_one_sentence_and_exit_code_1(arguments: list[str], message: str, capsys: Capture) -> None:
    assert run(*arguments) == 1
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1
    assert told.startswith("error: ")
    assert "; " in told


def test_r4_fhir_asked_for_as_r5_is_refused_with_the_place(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "p.json"
    file.write_text('{"resourceType":"Procedure","performedDateTime":"2026"}')
    assert run(file, "--to", "fhir-turtle", "--release", "R5") == 1
    told = capsys.readouterr().err
    assert "`Procedure` has an element that FHIR R5 does not know: `performedDateTime`" in told
    assert "give `--release R4`, which knows it" in told


def test_turtle_and_lines_are_read_from_stdin(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (EXAMPLES / "several-patients.ndjson").read_bytes().splitlines()

    def given(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    given(b"\n".join([*lines, b'{"resourceType":']))
    assert run("-", "--to", "fhir-turtle") == 2
    turtle, told = capsys.readouterr()
    assert len(told.splitlines()) == 1
    given(turtle.encode())
    assert run("-", "--to", "fhir") == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [json.loads(line) for line in lines]
