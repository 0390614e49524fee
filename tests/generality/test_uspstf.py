"""A guideline of another kind: a person, numbers, letters for grades. It works from its folder alone."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest

import reasoner
from reasoner.cases import case_files
from reasoner.checks import check
from reasoner.cli import main
from reasoner.fmt import formatted

from .brute_force import CODED, NUMBERS, judge

ROOT = Path(__file__).parent.parent.parent
HOME = ROOT / "examples" / "guidelines" / "uspstf-statin-2022"
PATIENTS = sorted((HOME / "patients").glob("*.json"))
RECOMMENDATIONS = ("uspstf-statin-b", "uspstf-statin-c")
STATES = 5_000
EACH = 50
"""Among all states, every answer to every question at least this often; else the generator is at fault."""
LEAST_CASES, LEAST_QUERIES = 15, 3
EDGES = {
    "age": (0, 17, 18, 39, 40, 52, 75, 76, 90, 130),
    "cvd-risk-10-year": (0.0, 7.4, 7.49, 7.5, 8, 9.99, 10, 12.5, 100.0),
    "ldl-c": (0.0, 100.0, 189.9, 190, 190.0, 190.1, 300.0),
}


@cache
def guideline() -> reasoner.Reasoner:
    return reasoner.load(HOME)


def run(capsys: pytest.CaptureFixture[str], *arguments: str, expected: int = 0) -> str:
    assert main([*arguments, "--knowledge", str(HOME)]) == expected
    return capsys.readouterr().out


def answer(name: str) -> dict[str, Any]:
    found: dict[str, Any] = guideline().assess(HOME / "patients" / f"{name}.json", on="2026-05-10").to_dict()
    return found


def rows(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (subject,) = found["subjects"]
    return {row["id"]: row for row in subject["guidelines"][0]["recommendations"]}


def random_state(random: Random) -> dict[str, Any]:
    """Findings of a person: each recorded or not, and numbers at and around the limits."""
    density = random.choice((0.3, 0.6, 0.9, 1.0))
    exclusions = random.choice((0.1, 0.5))
    found: dict[str, Any] = {}
    for name in CODED:
        if random.random() < density:
            share = exclusions if name in ("known-cvd", "familial-hypercholesterolaemia") else 0.4
            found[name] = "present" if random.random() < share else "absent"
    for name in NUMBERS:
        if random.random() < density:
            found[name] = random.choice(EDGES[name])
    if random.random() < 0.6 and "age" in found:
        found["age"] = random.randint(40, 75)
    return found


def test_it_equals_the_brute_force_on_partial_states() -> None:
    random, compared, seen = Random("statin"), 0, Counter[tuple[str, bool | None]]()
    while compared < STATES:
        findings = random_state(random)
        expected = judge(findings)
        if expected is None:
            continue
        compared += 1
        (own,) = guideline().assess_findings(findings)["guidelines"]
        words = {"eligible": True, "not-eligible": False, "in-scope": True, "out-of-scope": False, "undetermined": None}
        said = {"scope": words[own["scope"]]} | {row["id"]: words[row["verdict"]] for row in own["recommendations"]}
        missing = {"scope": own["scopeMissing"]} | {row["id"]: row["missing"] for row in own["recommendations"]}
        wanted = {question: expected.holds[question] for question in ("scope", *RECOMMENDATIONS)}
        assert said == wanted, findings
        assert missing == {question: expected.missing[question] for question in wanted}, findings
        # A declared gap is shown where the person certainly lies in it, and in scope.
        gaps = {g for g, held in expected.holds.items() if held and g not in wanted and expected.holds["scope"]}
        assert {gap["id"] for gap in own["gaps"]} == gaps, findings
        seen.update(expected.holds.items())
    assert min(seen[question, held] for question in expected.holds for held in (True, False, None)) >= EACH


def test_everything_that_an_editor_checks_is_sound() -> None:
    """HermiT included."""
    outcomes = list(check(HOME))
    assert {outcome.name: [str(p) for p in outcome.problems] for outcome in outcomes if not outcome.passed} == {}
    assert len(case_files(HOME / "ontology")) >= LEAST_CASES
    assert len(list((HOME / "queries").glob("*.rq"))) >= LEAST_QUERIES
    assert len(list((HOME / "queries" / "expected").iterdir())) >= LEAST_QUERIES


@pytest.mark.parametrize("path", sorted(HOME.rglob("*.ttl")), ids=lambda path: path.name)
def test_its_turtle_is_deterministic(path: Path) -> None:
    if path.parent.name != "cases":
        assert formatted(path) == path.read_bytes()


def test_grade_b_from_a_bundle_with_standard_codes() -> None:
    found = answer("hypertension-and-risk-of-11-percent")
    assert found["validation"]["conforms"] and found["input"]["counts"]["used"] == 7
    row = rows(found)["uspstf-statin-b"]
    assert (row["verdict"], row["preferred"]) == ("eligible", True)
    assert (row["grade"]["scheme"], row["grade"]["value"], row["grade"]["status"]) == ("USPSTF", "B", "secondary")
    # The letter is no strength and no certainty of GRADE.
    assert row["strength"] is row["certainty"] is None
    assert {reason["finding"] for reason in row["because"]} >= {"age", "cvd-risk-10-year", "hypertension", "ldl-c"}
    (subject,) = found["subjects"]
    assert subject["kind"] == "Patient" and subject["subject"] == subject["patient"]
    assert subject["findings"]["age"] == 60 and subject["findings"]["smoking"] == "absent"
    assert subject["findings"]["ldl-c"] == pytest.approx(3.6 * 38.67)


def test_a_lipid_value_in_another_unit_puts_the_person_outside() -> None:
    found = answer("ldl-above-the-limit")
    assert found["subjects"][0]["guidelines"][0]["scope"] == "out-of-scope"


ICD, SCT, LOINC = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct", "http://loinc.org"
CODES: dict[tuple[str, str], dict[str, str]] = {
    (ICD, "I10"): {"hypertension": "present"},
    (ICD, "I1A.0"): {"hypertension": "present"},
    (ICD, "E1165"): {"diabetes": "present"},
    (ICD, "E78.00"): {"dyslipidaemia": "present"},
    (ICD, "E78.010"): {"dyslipidaemia": "present", "familial-hypercholesterolaemia": "present"},
    (ICD, "E78.5"): {},
    (ICD, "E78.1"): {},
    (ICD, "I25.10"): {"known-cvd": "present"},
    (ICD, "Z86.73"): {"known-cvd": "present"},
    (ICD, "F17.210"): {"smoking": "present"},
    (ICD, "F17.211"): {},
    (ICD, "Z72.0"): {},
    (SCT, "38341003"): {"hypertension": "present"},
    (SCT, "398036000"): {"dyslipidaemia": "present", "familial-hypercholesterolaemia": "present"},
}
"""Conditions, and what they state; one that is broader than a finding states nothing and is listed."""


@pytest.mark.parametrize(("system", "code"), CODES, ids=[code for _, code in CODES])
def test_what_a_code_states(system: str, code: str) -> None:
    patient = {"resourceType": "Patient", "id": "p"}
    coding = {"coding": [{"system": system, "code": code}]}
    condition = {"resourceType": "Condition", "id": "c", "code": coding, "subject": {"reference": "Patient/p"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (patient, condition)]}
    found = guideline().assess(bundle).to_dict()
    known = {name: value for name, value in found["subjects"][0]["findings"].items() if value is not None}
    assert known == CODES[system, code]
    assert bool(known) == (found["input"]["counts"]["used"] == 2)


@pytest.mark.parametrize(
    ("code", "smoking"), [("449868002", "present"), ("8517006", "absent"), ("266919005", "absent"), ("77176002", None)]
)
def test_smoking_status_is_a_coded_observation(code: str, smoking: str | None) -> None:
    observation = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "72166-2"}]},
        "subject": {"reference": "Patient/p"},
        "valueCodeableConcept": {"coding": [{"system": SCT, "code": code}]},
    }
    entries = [{"resource": {"resourceType": "Patient", "id": "p"}}, {"resource": observation}]
    found = guideline().assess({"resourceType": "Bundle", "type": "collection", "entry": entries}).to_dict()
    assert found["subjects"][0]["findings"]["smoking"] == smoking


def test_insufficient_evidence_is_a_gap_with_its_grade_and_source() -> None:
    """Grade I is no recommendation, for or against: nothing is eligible, and the reader sees why."""
    found = answer("aged-77")
    assert {row["verdict"] for row in rows(found).values()} == {"not-eligible"}
    (gap,) = found["subjects"][0]["guidelines"][0]["gaps"]
    assert (gap["id"], gap["grade"]["value"]) == ("aged-76-or-older", "I")
    assert [source["id"] for source in gap["sources"]] == ["USPSTF22"]


def test_answers_fit_the_schema() -> None:
    schema = json.loads((ROOT / "reasoner" / "schema" / "answer.schema.json").read_text(encoding="utf-8"))
    for path in PATIENTS:
        jsonschema.validate(answer(path.stem), schema)
    assert len(PATIENTS) >= 2


def test_the_reader_sees_letter_meaning_status_and_unit(capsys: pytest.CaptureFixture[str]) -> None:
    shown = " ".join(run(capsys, "assess", "--on", "2026-05-10", str(HOME / "patients" / "aged-77.json")).split())
    assert "Patient: age 77 years" in shown and "USPSTF grade I (seen only in a secondary source)" in shown
    assert "Source: Statin Use for the Primary Prevention" in shown
    text = run(capsys, "assess", "--on", "2026-05-10", str(PATIENTS[1]))
    assert "USPSTF grade B" in text and "from memory, unchecked" in text
    assert "lesion" not in (shown + text).lower() and "foot" not in (shown + text).lower()


@pytest.mark.parametrize("form", ["html", "json", "ndjson", "turtle"])
def test_every_form_of_an_answer(capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert "uspstf-statin" in run(capsys, "assess", "--format", form, str(PATIENTS[0]))


def test_validate_terms_and_queries(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "valid" in run(capsys, "validate", str(PATIENTS[0]))
    bad = tmp_path / "bad.ttl"
    prefix = "@prefix gr: <https://w3id.org/guideline-reasoner/> .\n"
    bad.write_text(f"{prefix}<urn:x> a gr:Patient ; gr:age 150 .", encoding="utf-8")
    assert "check value and unit" in run(capsys, "validate", str(bad), expected=2)
    assert "cvd-risk-10-year" in run(capsys, "terms")
    assert "USPSTF" in run(capsys, "query", "grades")
    assert "WithDiabetes" in run(capsys, "query", "risk-factors")
    assert "uspstf-statin-03" in run(capsys, "query", "from-memory")
    assert "uspstf-statin-b" in run(capsys, "query", "who-is-eligible", "--data", str(PATIENTS[1]))


def test_every_proof_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """Every gap is declared, both declared properties hold, and no criterion is idle."""
    assert main(["prove", str(HOME), "--format", "json"]) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "json", "html", "turtle"])
@pytest.mark.parametrize("path", PATIENTS, ids=lambda path: path.stem)
def test_every_verdict_is_explained(capsys: pytest.CaptureFixture[str], path: Path, form: str) -> None:
    out = run(capsys, "explain", "--on", "2026-05-10", "--format", form, str(path))
    assert all(recommendation in out for recommendation in RECOMMENDATIONS)


def test_a_moved_threshold_is_reported(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["diff", str(HOME), str(HOME)]) == 0
    assert "No difference" in capsys.readouterr().out
    moved = tmp_path / "moved"
    shutil.copytree(HOME, moved)
    path = moved / "ontology" / HOME.name / "eligibility.ttl"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"7.5"', '"7.0"'), encoding="utf-8")
    assert main(["diff", str(HOME), str(moved)]) == 0
    out = capsys.readouterr().out
    assert "uspstf-statin-c" in out and "No difference" not in out


def test_it_is_published_as_pages(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(capsys, "docs", str(tmp_path / "site"))
    text = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.html"))
    assert all(word in text for word in (*RECOMMENDATIONS, "aged-76-or-older", "jama.2022.12138"))


@pytest.mark.parametrize("form", ["turtle", "fhir", "csv"])
def test_an_empty_template_can_be_assessed(capsys: pytest.CaptureFixture[str], tmp_path: Path, form: str) -> None:
    empty = run(capsys, "template", "--format", form)
    if form == "csv":
        assert empty.splitlines()[0].split(",")[2:] == sorted([*CODED, *NUMBERS])
        return
    path = tmp_path / f"empty.{'ttl' if form == 'turtle' else 'json'}"
    path.write_text(empty, encoding="utf-8")
    assert {row["verdict"] for row in rows(guideline().assess(path).to_dict()).values()} == {"undetermined"}


def words_of_the_guideline() -> set[str]:
    """Names of its findings, classes, recommendations and sources, as they might stand in code."""
    names = {*CODED, *NUMBERS, *RECOMMENDATIONS, "uspstf", "statin", "chou22", "cholesterol", "ldl"} - {"age"}
    parts = {re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower() for name in names}
    return {spelled for name in parts for spelled in (name, name.replace("-", "_"), name.replace("-", ""))}


def codes_of_the_guideline() -> set[str]:
    """Its clinical codes."""
    text = next(HOME.rglob("*.sssom.tsv")).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")][1:]
    return {line.split("\t", 1)[0].split(":", 1)[1] for line in lines}


THRESHOLDS = {7.5, 10.0, 18, 40, 75, 76, 190, 38.67}
PLAIN = {10, 18, 40, 190}
"""Limits of the guideline that are also plain numbers: columns, rows, pixels."""


def test_nothing_in_the_program_names_it() -> None:
    """Not its words, not its codes, not its limits: not even in a comment."""
    words, codes = words_of_the_guideline(), codes_of_the_guideline()
    assert len(words) > 20 and len(codes) > 30
    named = re.compile(
        "|".join([*(rf"\b{re.escape(w)}\b" for w in words), *(rf"\b{re.escape(c)}\b" for c in codes)]), re.I
    )
    assert named.search("a LOINC code 79423-0") and named.search("def known_cvd(") and not named.search("page")
    found, modules = [], sorted((ROOT / "reasoner").rglob("*.py"))
    for path in modules:
        text = path.read_text(encoding="utf-8")
        found += [f"{path.name}: {match[0]}" for match in named.finditer(text)]
        numbers = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
        limits = {number for number in numbers if isinstance(number, int | float)} & (THRESHOLDS - PLAIN)
        found += [f"{path.name}: {limit}" for limit in limits]
    assert len(modules) > 50
    assert not found
