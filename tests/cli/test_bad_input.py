"""Input that nobody can use: one clear line with place and hint, no traceback, no network, no lost patient."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rdflib

from .conftest import Outcome
from .test_commands import one_line_error

Run = Callable[..., Outcome]
LOCAL = "https://w3id.org/guideline-reasoner/CodeSystem/foot"
UCUM = "http://unitsofmeasure.org"
EXAMPLE = Path(__file__).parents[2] / "examples" / "severe-infection.json"
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "lol"}">' for i in range(10))
RDF = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="urn:x:">{}</rdf:RDF>'
VALUE = '<rdf:Description rdf:about="urn:a"><rdf:value>{}</rdf:value></rdf:Description>'

UNUSABLE: dict[str, bytes] = {
    "empty.json": b"",
    "blank.ttl": b" \n\t",
    "truncated.json": b'{"resourceType": "Bundle", "entry": [{"resource": {"resour',
    "truncated.ttl": b"<urn:a> <urn:b> ",
    "binary.json": bytes(range(256)) * 8,
    "binary.ttl": bytes(range(256)) * 8,
    "deep-list.json": b"[" * 10_000 + b"]" * 10_000,
    "deep-bundle.json": b'{"resourceType":"Bundle","entry":' + b'[{"a":' * 10_000 + b"1" + b"}]" * 10_000 + b"}",
    "deep.jsonld": b'{"@id":"urn:a","urn:p":' * 10_000 + b"1" + b"}" * 10_000,
    "deep.rdf": RDF.format("<rdf:Description><x:p>" * 10_000 + "</x:p></rdf:Description>" * 10_000).encode(),
    "number.json": b"3",
    "no-type.json": b'{"a": 1}',
    "type-is-a-number.json": b'{"resourceType": 3}',
    "entry-is-a-text.json": b'{"resourceType": "Bundle", "entry": "x"}',
    "relative.ttl": b"<a> <urn:b> <c> .",
    "syntax.ttl": b'<urn:a> "Jane Doe" 3 .',
    "remote-context.jsonld": b'{"@context": "https://example.org/c.jsonld", "@id": "urn:a"}',
    "remote-context.json": b'{"@context": "https://example.org/c.jsonld", "@id": "urn:a"}',
    "laughs.rdf": f"<!DOCTYPE r [{LAUGHS}]>{RDF.format(VALUE.format('&l9;'))}".encode(),
    "external.rdf": f'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>{RDF.format(VALUE.format("&x;"))}'.encode(),
    "latin-1.ttl": '<urn:a> <urn:b> "é" .'.encode("latin-1"),
    "latin-1.json": '{"resourceType": "Patient", "id": "é"}'.encode("latin-1"),
    "surrogate.json": b'{"resourceType": "Patient", "id": "\\ud800"}',
    "empty.ndjson": b"\n\n",
    "content-of-json.xml": b'{"resourceType": "Patient", "name": [{"text": "Jane Doe"}]}',
}


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", sorted(UNUSABLE))
def test_unusable_file_is_one_line_with_its_name(guideline: Run, tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / name
    path.write_bytes(UNUSABLE[name])
    outcome = guideline("assess", "--format", form, path)
    error = one_line_error(outcome)
    assert name in error
    assert ";" in error
    assert outcome.out == b""
    assert "Jane" not in error
    assert len(error) < 400


def test_turtle_on_stdin_may_begin_with_a_patient_without_a_name(guideline: Run) -> None:
    turtle = b"""[ a <https://w3id.org/guideline-reasoner/Lesion> ;
        <https://w3id.org/guideline-reasoner/ulcer> <https://w3id.org/guideline-reasoner/ulcer/present> ] ."""
    outcome = guideline("assess", "--format", "json", "-", stdin=turtle)
    assert outcome.code == 0
    assert outcome.json["subjects"][0]["findings"]["ulcer"] == "present"


@pytest.mark.parametrize("name", sorted(name for name in UNUSABLE if not name.endswith((".rdf", ".xml", ".ndjson"))))
def test_unusable_stdin_is_one_line_too(guideline: Run, name: str) -> None:
    assert "stdin" in one_line_error(guideline("assess", "-", stdin=UNUSABLE[name]))


@pytest.mark.parametrize("command", [("assess",), ("convert", "--to", "fhir")])
def test_what_is_neither_json_nor_rdf_is_told_what_was_tried_and_what_to_give(
    guideline: Run, command: tuple[str, ...]
) -> None:
    error = one_line_error(guideline(*command, "-", stdin=b"Dear colleague, thank you"))
    assert error.startswith("error: `stdin`:1 is neither JSON nor Turtle: ")
    assert error.endswith("; give FHIR as JSON, or RDF as Turtle\n")
    relative = one_line_error(guideline(*command, "-", stdin=b"<a> <b> <c> ."))
    assert "No scheme found in an absolute IRI" in relative


@pytest.mark.parametrize("command", [("assess",), ("convert", "--to", "fhir"), ("explain",), ("validate",)])
def test_a_name_that_no_file_can_have(guideline: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / ("a" * 300)
    assert one_line_error(guideline(*command, path)).startswith(f"error: `{path}` cannot be read: File name too long; ")


XML = b'<?xml version="1.0"?>\n<Patient xmlns="http://hl7.org/fhir"><id value="a"/></Patient>'
OTHERS = {
    "patient.json.gz": (gzip.compress(b"{}"), "is compressed (gzip); unpack it, or give it to `guideline cohort`"),
    "cut.json.gz": (gzip.compress(b"{}")[:12], "is compressed (gzip); unpack it, or give it to `guideline cohort`"),
    "patients.zip": (b"PK\x03\x04 and so on", "is compressed (zip); unpack it"),
    "findings.csv": (b"ulcer\npresent\n", "is a table; give it to `guideline cohort`"),
    "findings.parquet": (b"PAR1 and so on", "is a table; give it to `guideline cohort`"),
    "notepad.json": ("\ufeff{}".encode("utf-16-le"), "is UTF-16; save it as UTF-8"),
    "patient.xml": (XML, "is FHIR XML; give FHIR JSON"),
    "patient": (XML, "is FHIR XML; give FHIR JSON"),
    "list.json": (b'[{"resourceType": "Patient"}]', "is a list; give one a line as .ndjson, or a Bundle"),
}
"""What people have instead of what is read, and what they are told."""


@pytest.mark.parametrize("command", [("assess",), ("convert", "--to", "turtle"), ("convert", "--to", "fhir-turtle")])
@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_kind_is_told_by_its_kind(
    guideline: Run, tmp_path: Path, command: tuple[str, ...], name: str
) -> None:
    data, told = OTHERS[name]
    (tmp_path / name).write_bytes(data)
    error = one_line_error(guideline(*command, tmp_path / name))
    assert error.startswith(f"error: `{tmp_path / name}` {told.split(';')[0]}; ")
    assert command[-1] == "fhir-turtle" or error.endswith(f"{told}\n")


def test_fhir_rdf_in_xml_is_no_fhir_xml(guideline: Run, tmp_path: Path) -> None:
    turtle = guideline("convert", "--to", "fhir-turtle", EXAMPLE).out
    graph = rdflib.Graph().parse(data=turtle, format="turtle")
    (tmp_path / "patient.xml").write_text(graph.serialize(format="xml"), encoding="utf-8")
    verdicts = [
        guideline("assess", "--format", "json", own).json["subjects"] for own in (EXAMPLE, tmp_path / "patient.xml")
    ]
    assert verdicts[0] == verdicts[1] != []


@pytest.mark.parametrize(
    ("words", "command"),
    [(("assess", "--bogus", "x.json"), "assess"), (("serve", "here"), "serve"), (("terms", "-x"), "terms")],
)
def test_what_a_command_does_not_know_is_told_by_the_command(
    guideline: Run, words: tuple[str, ...], command: str
) -> None:
    error = one_line_error(guideline(*words))
    unknown = next(word for word in words[1:] if word != "x.json")
    assert error == f"error: unknown: {unknown}, `guideline {command}`; see `guideline {command} --help`\n"


def test_a_query_that_was_taken_for_data_is_missed(guideline: Run) -> None:
    error = one_line_error(guideline("query", "--data", EXAMPLE, "who-is-eligible"))
    assert error.startswith("error: no query is named, `guideline query`; name it first")


def test_what_the_system_refuses_is_told_with_its_place(
    guideline: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr("reasoner.cli._terms", refuse)
    told = f"error: `{tmp_path}` cannot be read or written: Permission denied; check the path and its rights\n"
    assert one_line_error(guideline("terms")) == told


@pytest.mark.parametrize("begun", ["", "fine.ttl"])
def test_a_folder_that_cannot_be_looked_into_is_not_called_formatted(
    guideline: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    assert one_line_error(guideline("fmt", "--check", tmp_path)) == (
        f"error: `{tmp_path}` holds no Turtle file; name a file, or a folder of the knowledge\n"
    )
    if begun:
        (tmp_path / begun).touch()

    def walk(top: Path, onerror: Callable[[OSError], None]) -> Any:
        yield str(top), ["locked"], [begun] * bool(begun)
        onerror(PermissionError(13, "Permission denied", str(top / "locked")))

    monkeypatch.setattr("os.walk", walk)
    assert f"`{tmp_path / 'locked'}` cannot be read" in one_line_error(guideline("fmt", "--check", tmp_path))


def test_a_missing_file_and_a_folder(guideline: Run, tmp_path: Path) -> None:
    assert "no such file" in one_line_error(guideline("assess", tmp_path / "none.json"))
    assert "is a folder" in one_line_error(guideline("assess", tmp_path))


@pytest.mark.parametrize("name", ["big.json", "big.ttl", "big.ndjson"])
def test_100_megabytes_are_refused_without_being_held(guideline: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    outcome = guideline("assess", "--format", "json", path)
    assert outcome.code == (2 if name.endswith("ndjson") else 1)
    assert "64 MiB" in outcome.err + outcome.text


def test_deep_turtle_neither_fails_nor_hangs(guideline: Run) -> None:
    data = b"<urn:a> <urn:b> " + b"[ <urn:c> " * 10_000 + b"1" + b"]" * 10_000 + b" ."
    assert guideline("assess", "-", stdin=data).code == 0


def bundle(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}).encode()


def observation(finding: str, **value: Any) -> dict[str, Any]:
    code = {"coding": [{"system": LOCAL, "code": finding}]}
    return {"resourceType": "Observation", "id": finding, "status": "final", "code": code} | value


ULCER = {"resourceType": "Condition", "id": "c1", "code": {"coding": [{"system": LOCAL, "code": "ulcer"}]}}
WRONG = {
    "type": observation("neuropathy", valueString="Jane Doe"),
    "unit": observation("toe-pressure", valueQuantity={"value": 6, "system": UCUM, "code": "m"}),
    "range": observation("toe-pressure", valueQuantity={"value": 999, "system": UCUM, "code": "mm[Hg]"}),
    "code": observation("neuropathy", valueCodeableConcept={"coding": [{"system": LOCAL, "code": "no-such-value"}]}),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(WRONG))
def test_a_wrong_value_is_a_violation_and_the_patient_is_still_answered(guideline: Run, what: str) -> None:
    outcome = guideline("assess", "--format", "json", "-", stdin=bundle(ULCER, WRONG[what]))
    assert outcome.code == 2
    answer = outcome.json
    assert len(answer["subjects"]) == 1
    assert answer["subjects"][0]["findings"][WRONG[what]["id"]] is None
    assert not answer["validation"]["conforms"]
    counts = answer["input"]["counts"]
    assert counts["resources"] == 2 == sum(n for key, n in counts.items() if key != "resources")
    text = guideline("assess", "-", stdin=bundle(ULCER, WRONG[what]))
    assert "VIOLATION" in text.text
    assert text.err == ""


def test_an_unknown_code_is_listed(guideline: Run) -> None:
    strange = {"resourceType": "Condition", "id": "c2",
               "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z99.9"}]}}  # fmt: skip
    outcome = guideline("assess", "-", stdin=bundle(ULCER, strange))
    assert outcome.code == 0
    assert "Unmapped: Condition/c2: http://hl7.org/fhir/sid/icd-10-cm Z99.9" in outcome.text


@pytest.mark.parametrize("junk", [None, 3, "x", [], {}, True, [None], {"coding": 3}])
def test_junk_in_any_element_loses_no_patient(guideline: Run, junk: Any) -> None:
    for element in (
        "code",
        "subject",
        "id",
        "status",
        "effectiveDateTime",
        "focus",
        "bodySite",
        "valueQuantity",
        "meta",
    ):
        outcome = guideline(
            "assess", "--format", "json", "-", stdin=bundle(ULCER, observation("toe-pressure") | {element: junk})
        )
        assert outcome.code in (0, 2), (element, outcome.err)
        assert len(outcome.json["subjects"]) == 1


@pytest.mark.parametrize("command", [("assess",), ("check", "--fast"), ("prove",)])
@pytest.mark.parametrize("what", ["a folder", "a link to nothing", "a link to itself"])
def test_a_name_of_knowledge_that_is_no_file(
    guideline: Run, tmp_path: Path, command: tuple[str, ...], what: str
) -> None:
    """What cannot be loaded is not called sound either."""
    home = tmp_path / "ontology"
    home.mkdir()
    path = home / "strange.ttl"
    if what == "a folder":
        path.mkdir()
    else:
        path.symlink_to(path if what == "a link to itself" else tmp_path / "gone")
    place = ("--knowledge", tmp_path, "-") if command == ("assess",) else (tmp_path,)
    outcome = guideline(*command, *place, stdin=b"{}")
    assert outcome.code == (3 if command == ("prove",) else 1)
    assert outcome.err.startswith("error: ") and outcome.err.count("\n") == 1 and "strange.ttl" in outcome.err


def test_no_control_code_of_a_file_reaches_the_terminal(guideline: Run, tmp_path: Path) -> None:
    (tmp_path / "ontology").mkdir()
    (tmp_path / "ontology" / "a.ttl").write_bytes(b"\x1b[31m\x00 garbage")
    error = one_line_error(guideline("assess", "--knowledge", tmp_path, "-", stdin=b"{}"))
    assert error.strip().isprintable() and "\\x1b" in error


def test_an_error_names_its_subject_first(guideline: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.json"
    empty.write_text("", encoding="utf-8")
    assert guideline("assess", empty).err.startswith(f"error: `{empty}` is empty; ")
    assert guideline("assess", tmp_path).err.startswith(f"error: `{tmp_path}` is a folder; ")
    assert guideline("assess", tmp_path / "no").err.startswith(f"error: no such file, `{tmp_path / 'no'}`; ")


@pytest.mark.parametrize("command", ["terms", "query", "template"])
def test_a_folder_in_the_wrong_place_is_told_where_it_goes(guideline: Run, tmp_path: Path, command: str) -> None:
    outcome = guideline(command, tmp_path)
    assert outcome.code == 1 and f"`--knowledge {tmp_path}`" in outcome.err
