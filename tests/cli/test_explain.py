"""``guideline explain``: forms, exit codes, errors, and two texts kept as they are."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import rdflib

from reasoner.answer import NOTICE

from .conftest import Outcome
from .test_commands import TWO_LESIONS, one_line_error

Run = Callable[..., Outcome]
ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
GOLDEN = ROOT / "tests" / "explain" / "golden"
PROV = rdflib.Namespace("http://www.w3.org/ns/prov#")
GR = rdflib.Namespace("https://w3id.org/guideline-reasoner/")
SEVERE = EXAMPLES / "severe-infection.json"
TEXTS = (("severe-infection.json", "iwgdf-5b"), ("missing-data.json", "iwgdf-1a"))


def settled(text: str) -> str:
    """Without what differs from run to run and with every edit of the knowledge: time, hashes, lines."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:+]+", "TIME", text)
    return re.sub(r"(sha256 )[0-9a-f]{16}", r"\1HASH", re.sub(r"(\.ttl):\d+", r"\1:LINE", text))


@pytest.mark.parametrize(("file", "recommendation"), TEXTS)
def test_text_is_as_it_was_read_and_approved(guideline: Run, file: str, recommendation: str) -> None:
    outcome = guideline("explain", EXAMPLES / file, "--recommendation", recommendation)
    assert (outcome.code, outcome.err) == (0, "")
    path = GOLDEN / f"{Path(file).stem}-{recommendation}.txt"
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(settled(outcome.text))
    assert settled(outcome.text) == path.read_text()
    assert max(map(len, outcome.text.splitlines())) <= 100


def test_all_recommendations_get_a_few_lines_each(guideline: Run) -> None:
    text = guideline("explain", SEVERE).text
    ids = {
        own["recommendation"]
        for own in guideline("explain", SEVERE, "--format", "json").json["subjects"][0]["explanations"]
    }
    assert len(ids) > 30
    assert all(f"[{id_}]" in " ".join(text.split()) for id_ in ids)
    assert "Not a medical device" in text and "version" not in text.splitlines()[0]


def test_json_is_of_the_recommendations_asked_for(guideline: Run) -> None:
    asked = ("--recommendation", "iwgdf-5b", "--recommendation", "iwgdf-1a")
    document = guideline("explain", SEVERE, *asked, "--format", "json").json
    (subject,) = document["subjects"]
    assert [own["recommendation"] for own in subject["explanations"]] == ["iwgdf-1a", "iwgdf-5b"]
    blocker = subject["explanations"][1]["sets"][0][0]["finding"]
    row = subject["findings"][blocker]
    assert row["rule"]["where"].startswith("diabetic-foot/gradings.ttl:")
    assert [given["resource"] for given in row["inputs"]] == [
        "Condition/bone-infection",
        "Observation/p5-sirs-criteria",
    ]
    assert document["guidelines"][0]["version"] and "Not a medical device" in document["provenance"]["notice"]


def test_turtle_tells_rule_and_source_of_each_statement(guideline: Run) -> None:
    command = ("explain", SEVERE, "--recommendation", "iwgdf-5b", "--format", "turtle")
    graph = rdflib.Graph().parse(data=guideline(*command).out, format="turtle")
    again = re.sub(rb'"[^"]*"\^\^xsd:dateTime', b"", guideline(*command).out)
    assert again == re.sub(rb'"[^"]*"\^\^xsd:dateTime', b"", guideline(*command).out)
    (verdict,) = graph.subjects(GR.verdict, GR["verdict/not-eligible"])
    (set_,) = graph.objects(verdict, PROV.wasDerivedFrom)
    (statement,) = graph.objects(set_, PROV.hadMember)
    (made,) = graph.objects(statement, PROV.wasGeneratedBy)
    assert GR["grading/infection"] in set(graph.objects(made, GR.byRule))
    inputs = [node for node in graph.objects(statement, PROV.wasDerivedFrom) if (node, GR.aboutFinding, None) in graph]
    assert len(inputs) == 2
    assert all(
        any((s, rdflib.RDF.type, PROV.Entity) in graph for s in graph.objects(i, PROV.wasDerivedFrom)) for i in inputs
    )
    assert list(graph.subjects(GR.leadsTo, GR["verdict/eligible"]))


def test_html_asks_for_nothing_outside(guideline: Run) -> None:
    page = guideline("explain", SEVERE, "--recommendation", "iwgdf-5b", "--format", "html").text
    assert "<h1>Explanation</h1>" in page and "<script" not in page and "src=" not in page
    assert "What would make it eligible" in page


def test_unknown_recommendation_gets_a_suggestion(guideline: Run) -> None:
    error = one_line_error(guideline("explain", SEVERE, "--recommendation", "iwgdf-5bb"))
    assert "no such recommendation" in error and "did you mean `iwgdf-5b`?" in error


def test_every_input_is_explained_in_order(guideline: Run) -> None:
    outcome = guideline(
        "explain", EXAMPLES / "several-patients.ndjson", "--format", "json", "--recommendation", "iwgdf-1a"
    )
    patients = [document["subjects"][0]["patient"] for document in outcome.json]
    assert outcome.code == 0 and len(patients) == len(set(patients)) > 1


def test_broken_line_stands_in_its_place(guideline: Run) -> None:
    lines = (EXAMPLES / "several-patients.ndjson").read_bytes().splitlines()[:2]
    outcome = guideline("explain", "-", "--format", "json", stdin=b"\n".join([lines[0], b"{ nonsense", lines[1]]))
    assert outcome.code == 2
    assert [own.get("line") for own in outcome.json] == [None, 2, None]


def test_input_without_subject_gets_a_sentence(guideline: Run) -> None:
    outcome = guideline("explain", "-", stdin=b'{"resourceType": "Bundle", "type": "collection", "entry": []}')
    assert outcome.code == 0
    assert "The input holds no lesion" in outcome.text


def test_invalid_patient_is_explained_and_exits_2(guideline: Run) -> None:
    case = ROOT / "ontology" / "iwgdf-offloading-2023" / "cases" / "two-infection-grades-are-conflicting-data.ttl"
    outcome = guideline("explain", case, "--recommendation", "iwgdf-1a")
    assert outcome.code == 2
    assert "What is recorded contradicts itself" in " ".join(outcome.text.split())


def test_one_subject_of_several(guideline: Run) -> None:
    document = guideline("explain", "-", "--subject", "urn:x:l2", "--format", "json", stdin=TWO_LESIONS).json
    assert [subject["subject"] for subject in document["subjects"]] == ["urn:x:l2"]
    outcome = guideline("explain", "-", "--subject", "urn:x:l9", stdin=TWO_LESIONS)
    assert outcome.code == 0 and "no subject `urn:x:l9`" in outcome.text


def test_strict_leaves_nothing_assumed(guideline: Run) -> None:
    file = EXAMPLES / "neuropathic-forefoot-ulcer.json"
    documents = [json.loads(guideline("explain", file, "--format", "json", *more).out) for more in ((), ("--strict",))]
    assumed = [{n for n, r in d["subjects"][0]["findings"].items() if r["from"] == "assumed"} for d in documents]
    assert assumed[0] and not assumed[1]


@pytest.mark.parametrize("command", ["assess", "explain"])
@pytest.mark.parametrize("form", ["text", "json", "html", "turtle"])
def test_every_form_carries_notice_and_versions(guideline: Run, command: str, form: str) -> None:
    told = " ".join(guideline(command, SEVERE, "--format", form).text.split())
    assert NOTICE in told
    assert "1.0.0" in told and "iwgdf-offloading-2023" in told
