"""Each command and format, and the exit codes of the contract."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

import reasoner

from .conftest import Outcome

Run = Callable[..., Outcome]
Patient = Callable[[int], Path]
SCHEMA = Path(reasoner.__file__).parent / "schema"
GR = "https://w3id.org/guideline-reasoner/"
TWO_LESIONS = f"""
@prefix gr: <{GR}> .
@prefix site: <{GR}site/> .
<urn:x:l1> a gr:Lesion ; gr:onFoot <urn:x:f1> ; gr:site site:mth-1 ; gr:ulcer <{GR}ulcer/present> .
<urn:x:l2> a gr:Lesion ; gr:onFoot <urn:x:f2> ; gr:site site:heel ; gr:ulcer <{GR}ulcer/present> .
<urn:x:f1> gr:ofPatient <urn:x:p> . <urn:x:f2> gr:ofPatient <urn:x:p> . <urn:x:p> a gr:Patient .
""".encode()


def one_line_error(outcome: Outcome) -> str:
    assert outcome.code == 1
    assert outcome.err.startswith("error: ")
    assert outcome.err.count("\n") == 1
    return outcome.err


def test_text_leads_with_what_to_do_first(guideline: Run, patient: Patient) -> None:
    outcome = guideline("assess", patient(24))
    assert outcome.code == 0
    assert outcome.err == ""
    assert outcome.text.splitlines()[3] == "DO FIRST"
    assert "[iwgdf-2]" in outcome.text.splitlines()[4]
    assert max(map(len, outcome.text.splitlines())) <= 100


def test_json_is_one_object_and_valid_against_the_shipped_schema(guideline: Run, patient: Patient) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((SCHEMA / "answer.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for number in (3, 16, 20, 59):
        validator.validate(guideline("assess", "--format", "json", patient(number)).json)
        validator.validate(guideline("assess", "--format", "json", "--strict", patient(number)).json)
    validator.validate(guideline("assess", "--format", "json", "-", stdin=TWO_LESIONS).json)
    validator.validate(guideline("assess", "--format", "json", "-", stdin=b'{"resourceType":"Patient","id":"p"}').json)


def test_json_of_several_inputs_is_a_list_in_order(guideline: Run, patient: Patient) -> None:
    answers = guideline("assess", "--format", "json", patient(3), patient(24)).json
    assert [a["subjects"][0]["reference"] for a in answers] == ["Condition/pt3-c1", "Condition/pt24-c1"]


def test_ndjson_is_an_answer_a_line(guideline: Run, patient: Patient) -> None:
    outcome = guideline("assess", "--format", "ndjson", patient(3), patient(24), patient(59))
    assert [len(json.loads(line)["subjects"]) for line in outcome.text.splitlines()] == [1, 1, 1]


def test_the_same_call_gives_the_same_bytes(guideline: Run, patient: Patient) -> None:
    path = patient(34)
    stamp = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
    for form in ("json", "turtle", "text", "html"):
        first, second = (guideline("assess", "--format", form, path).out for _ in range(2))
        assert stamp.search(first)
        assert stamp.sub(b"", first) == stamp.sub(b"", second)


def test_a_broken_line_stands_in_its_place_and_the_others_go_on(
    guideline: Run, tmp_path: Path, samples: list[dict[str, Any]]
) -> None:
    path = tmp_path / "three.ndjson"
    whole = json.dumps(samples[3]["bundle"])
    path.write_text(f'{whole}\n{{"resourceType": "Bundle", "entry"\n\n{whole}\n')
    outcome = guideline("assess", "--format", "ndjson", path)
    assert outcome.code == 2
    first, second, third = (json.loads(line) for line in outcome.text.splitlines())
    assert set(second) == {"error", "line"}
    assert second["line"] == 2
    assert first["subjects"] == third["subjects"]
    assert len(guideline("assess", "--format", "json", path).json) == 3
    text = guideline("assess", path)
    assert text.code == 2
    assert "Line 2 could not be read" in text.text
    assert "Line 2 could not be read" in guideline("assess", "--format", "html", path).text
    turtle = guideline("assess", "--format", "turtle", path)
    assert turtle.code == 2
    assert turtle.err.count("\n") == 1


def test_a_missing_file_costs_the_others_nothing(guideline: Run, patient: Patient, tmp_path: Path) -> None:
    outcome = guideline("assess", "--format", "ndjson", patient(3), tmp_path / "none.json", patient(24))
    assert len(outcome.text.splitlines()) == 2
    assert "none.json" in one_line_error(outcome)


def test_invalid_data_is_exit_2_with_the_answer(guideline: Run) -> None:
    data = f'<urn:x:l> a <{GR}Lesion> ; <{GR}onFoot> <urn:x:f> . <urn:x:f> <{GR}toePressure> "high" .'.encode()
    outcome = guideline("assess", "-", stdin=data)
    assert outcome.code == 2
    assert "VIOLATION: toe pressure is not a number" in outcome.text
    assert guideline("assess", "--format", "json", "-", stdin=data).json["validation"]["conforms"] is False


def test_undeclared_class_of_a_subject_is_a_violation_with_the_class_meant(guideline: Run) -> None:
    data = f"<urn:x:l> a <{GR}Leson> ; <{GR}ulcer> <{GR}ulcer/present> .".encode()
    for command in ("assess", "validate"):
        outcome = guideline(command, "-", stdin=data)
        assert outcome.code == 2
        said = " ".join(outcome.text.split())
        assert "`gr:Leson` is no class that the knowledge declares: did you mean `gr:Lesion`?" in said
    other = data.replace(b"Leson", b"Person")
    assert "did you mean `gr:Lesion`?" in " ".join(guideline("assess", "-", stdin=other).text.split())


def test_class_of_another_vocabulary_is_left_alone(guideline: Run) -> None:
    data = f"<urn:x:l> a <{GR}Lesion>, <http://xmlns.com/foaf/0.1/Person> ; <{GR}ulcer> <{GR}ulcer/present> .".encode()
    assert guideline("validate", "-", stdin=data).code == 0


def test_no_subject_is_a_sentence_and_exit_0(guideline: Run) -> None:
    outcome = guideline("assess", "-", stdin=b'{"resourceType":"Patient","id":"p"}')
    assert outcome.code == 0
    assert "The input holds no lesion" in outcome.text
    note = " ".join(outcome.text.split())
    assert "Loaded: iwgdf-offloading-2023, metatarsal-calcification; for another guideline" in note
    assert "--knowledge DIR" in note
    answer = guideline("assess", "--format", "json", "-", stdin=b'{"resourceType":"Patient","id":"p"}').json
    assert answer["subjects"] == []
    assert answer["note"]


def test_two_lesions_are_both_answered(guideline: Run) -> None:
    text = guideline("assess", "-", stdin=TWO_LESIONS).text
    assert "Lesion 1 of 2: ulcer present" in text
    assert "Lesion 2 of 2: ulcer present" in text


def test_turtle_holds_every_verdict_without_blank_nodes(guideline: Run, patient: Patient) -> None:
    outcome = guideline("assess", "--format", "turtle", patient(59))
    triples = list(ox.parse(outcome.out, format=ox.RdfFormat.TURTLE))
    assert not any(isinstance(term, ox.BlankNode) for t in triples for term in (t.subject, t.object))
    verdicts = [t for t in triples if t.predicate.value == GR + "verdict"]
    assert len(verdicts) == 33
    declared = rdflib.Graph()
    for path in (Path(reasoner.__file__).parent.parent / "ontology").rglob("*.ttl"):
        if "cases" not in path.parts:
            declared.parse(path)
    known = {str(s) for s in declared.subjects()}
    used = {t.predicate.value for t in triples} | {
        t.object.value for t in triples if isinstance(t.object, ox.NamedNode)
    }
    assert {iri for iri in used if iri.startswith(GR)} <= known


def test_json_ld_context_gives_the_verdicts_of_the_turtle(guideline: Run, patient: Patient) -> None:
    path = patient(3)
    query = """PREFIX gr: <https://w3id.org/guideline-reasoner/>
    SELECT ?s ?g ?r ?v { ?x gr:onSubject ?s ; gr:guidelineAnswer [ gr:onGuideline ?g ; gr:recommendationVerdict
      [ gr:onRecommendation ?r ; gr:verdict ?v ] ] }"""
    answer = guideline("assess", "--format", "json", path).json | json.loads((SCHEMA / "context.jsonld").read_text())
    from_json = set(rdflib.Graph().parse(data=json.dumps(answer), format="json-ld").query(query))
    from_turtle = set(rdflib.Graph().parse(data=guideline("assess", "--format", "turtle", path).out).query(query))
    assert len(from_json) == 33
    assert from_json == from_turtle


def test_to_graph_is_the_graph_of_the_command_line(patient: Patient) -> None:
    answer = reasoner.load().assess(patient(3))
    assert (None, rdflib.URIRef(GR + "verdict"), rdflib.URIRef(GR + "verdict/eligible")) in answer.to_graph()


def test_html_is_self_contained(guideline: Run, patient: Patient) -> None:
    page = guideline("assess", "--format", "html", patient(24)).text
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'\"" in page, "a browser takes this style sheet and no other"
    assert "style=" not in page
    assert "<h2>Lesion: ulcer present" in page
    assert "Do first" in page
    for outside in ("<script", "src=", "<link", "url(", "@import", 'http-equiv="refresh"', "<a "):
        assert outside not in page


def test_html_escapes_what_the_input_says(guideline: Run) -> None:
    data = f"<urn:x:%3Cscript%3E'&amp;> a <{GR}Lesion> .".encode()
    page = guideline("assess", "--format", "html", "-", stdin=data).text
    assert "'&amp;amp;" in page.replace("&#39;", "'")


def test_output_goes_to_a_file(guideline: Run, patient: Patient, tmp_path: Path) -> None:
    outcome = guideline("assess", "--format", "json", "--output", tmp_path / "a.json", patient(3))
    assert outcome.out == b""
    assert json.loads((tmp_path / "a.json").read_text())["subjects"]


def test_strict_asks_instead_of_assuming(guideline: Run, patient: Patient) -> None:
    answer = guideline("assess", "--format", "json", "--strict", patient(3)).json
    assert answer["subjects"][0]["assumed"] == []
    assert answer["provenance"]["policy"] == "strict"


def test_on_sets_the_day_of_decision(guideline: Run, patient: Patient) -> None:
    answer = guideline("assess", "--format", "json", "--on", "2020-01-01", patient(3)).json
    assert answer["provenance"]["on"] == "2020-01-01"
    assert answer["input"]["counts"]["unused"] > 0


def test_version_names_program_and_guidelines(guideline: Run) -> None:
    lines = guideline("--version").text.splitlines()
    assert lines[0] == f"guideline-reasoner {reasoner.__version__}"
    assert [line.split()[0] for line in lines[1:]] == ["iwgdf-offloading-2023", "metatarsal-calcification"]
    assert all(len(line.split("sha256:")[1]) == 64 for line in lines[1:])


def test_terms_lists_every_finding_in_each_format(guideline: Run) -> None:
    names = set(reasoner.load().knowledge.model.findings)
    content = guideline("terms", "--format", "json").json
    assert {row["finding"] for row in content["findings"]} == names
    ulcer = next(row for row in content["findings"] if row["finding"] == "ulcer")
    assert any(code["code"] == "371087003" for code in ulcer["codes"])
    rows = list(csv.DictReader(io.StringIO(guideline("terms", "--format", "csv").text)))
    assert {row["finding"] for row in rows} == names
    text = guideline("terms").text
    assert all(f"  {name}: " in text for name in names)


@pytest.mark.parametrize("form", ["turtle", "fhir"])
def test_template_as_printed_records_nothing(guideline: Run, form: str) -> None:
    answer = guideline("assess", "--format", "json", "-", stdin=guideline("template", "--format", form).out)
    assert answer.code == 0
    content = answer.json
    assert content["validation"]["conforms"]
    assert [f for s in content["subjects"] for f, value in s["findings"].items() if value is not None] == []


def test_template_in_turtle_offers_every_value(guideline: Run) -> None:
    text = guideline("template").text
    model = reasoner.load().knowledge.model
    for finding in model.findings.values():
        for value in finding.values:
            assert f"{finding.notation}:{value.notation} ;" in text
    filled = text.replace("# gr:ulcer ulcer:present ;", "gr:ulcer ulcer:present ;")
    filled = filled.replace("# gr:toePressure NUMBER ;", "gr:toePressure 65.0 ;")
    known = guideline("assess", "--format", "json", "-", stdin=filled.encode()).json["subjects"][0]["findings"]
    assert known["ulcer"] == "present"
    assert known["toe-pressure"] == 65.0


def test_template_in_csv_has_a_column_a_finding(guideline: Run) -> None:
    header, row = list(csv.reader(io.StringIO(guideline("template", "--format", "csv").text)))
    assert set(header) == {"patient", "subject", *reasoner.load().knowledge.model.findings}
    assert row[2:] == [""] * (len(header) - 2)


@pytest.mark.parametrize(
    "argv",
    [
        (), ("nonsense",), ("assess",), ("assess", "--nonsense", "x"), ("assess", "x", "--format", "pdf"),
        ("assess", "x", "--on", "yesterday"), ("assess", "x", "--on", "2026-02-30"), ("terms", "extra"),
        ("--version", "--knowledge", "/does/not/exist"), ("assess", "x", "--knowledge", "/does/not/exist"),
        ("assess", "-", "--interactive"), ("template", "--output", "/does/not/exist/file"),
    ],
)  # fmt: skip
def test_bad_usage_is_one_line_and_exit_1(guideline: Run, argv: tuple[str, ...]) -> None:
    assert one_line_error(guideline(*argv)).count(";") >= 1


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    for argv, words in (
        (["--help"], ["assess", "terms", "template", "--version", "Exit codes"]),
        (["assess", "--help"], ["--strict", "--on", "--interactive", "--knowledge", "--format", "stdin"]),
    ):
        with pytest.raises(SystemExit) as exit_:
            reasoner_main(argv)
        assert exit_.value.code == 0
        printed = capsys.readouterr().out
        assert all(word in printed for word in words)


def reasoner_main(argv: list[str]) -> int:
    from reasoner.cli import main

    return main(argv)


def command(*argv: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "reasoner.cli", *argv], capture_output=True, check=False, **options)


def test_works_from_an_empty_folder_and_an_ascii_terminal(patient: Patient, tmp_path: Path) -> None:
    path = patient(24)
    empty = tmp_path / "empty"
    empty.mkdir()
    done = command("assess", str(path), cwd=empty, env={"PYTHONIOENCODING": "ascii", "PATH": ""})
    assert done.returncode == 0
    assert b"DO FIRST" in done.stdout
    assert done.stdout.isascii()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_unwritable_output_is_one_line(patient: Patient) -> None:
    with Path("/dev/full").open("wb") as full:
        words = [sys.executable, "-m", "reasoner.cli", "assess", str(patient(24))]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"error: ")


def test_a_reader_that_leaves_is_no_error_message(patient: Patient) -> None:
    files = [str(patient(number)) for number in (3, 24, 34, 57)] * 3
    process = subprocess.Popen(
        [sys.executable, "-m", "reasoner.cli", "assess", "--format", "json", *files],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


def test_json_needs_none_of_the_slow_imports(patient: Patient) -> None:
    code = (
        "import sys; from reasoner.cli import main; main(sys.argv[1:]);"
        "print(sorted({'rdflib', 'jinja2', 'pyshacl', 'importlib.metadata'} & set(sys.modules)), file=sys.stderr)"
    )
    for form in ("json", "text", "ndjson", "turtle"):
        done = subprocess.run(
            [sys.executable, "-c", code, "assess", "--format", form, str(patient(3))], capture_output=True, check=True
        )
        assert done.stderr.strip() == b"[]"


def test_an_unforeseen_error_says_nothing_about_the_patient(
    guideline: Run, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("Jane Doe, born 1950")

    monkeypatch.setattr("reasoner.run.Run._answer", fail)
    error = one_line_error(guideline("assess", patient(3)))
    assert "Jane" not in error
    assert "ValueError" in error


def test_an_interrupt_is_one_line(guideline: Run, patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reasoner.run.Run._answer", interrupt)
    assert "interrupted" in one_line_error(guideline("assess", patient(3)))
