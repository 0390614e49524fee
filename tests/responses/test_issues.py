"""What speaks against something: recommendations against, clashes of guidelines, orders."""

from __future__ import annotations

import json

import pytest

from reasoner.responses import Release, apply, data_requirements, issues, outcome
from reasoner.responses.codes import codes_of
from reasoner.responses.orders import is_about, ordered, orders_in
from reasoner.responses.outcomes import paths, validation_issues
from reasoner.serve.fhir.orders import contradictions, unknown

from .answers import (
    CALCIFICATION,
    FOREFOOT,
    IWGDF,
    MISSING,
    RELEASES,
    ROOT,
    SEVERE,
    Json,
    files,
    loaded,
    part,
    parts,
    resolved,
    told,
)  # fmt: skip

BOTH = ROOT / "examples" / "ulcer-and-calcification-after-failed-offloading.json"
LOCAL = codes_of(loaded()).local


AGAINST = {"eligible": "recommendation-against", "undetermined": "recommendation-against-undetermined"}
ODD: list[Json] = [
    {"codeCodeableConcept": 1},
    {"codeCodeableConcept": {"coding": {}}},
    {"codeCodeableConcept": {"coding": [None, {"code": []}]}},
    {"subject": []},
    {"reason": [3]},
]


def _rows(answer: Json, guideline: str) -> list[Json]:
    """What a guideline says of all subjects of an answer."""
    told = [own for subject in answer["subjects"] for own in subject["guidelines"] if own["id"] == guideline]
    return [row for own in told for row in own["recommendations"]]


def order(code: str, system: str | None = LOCAL, **more: object) -> Json:
    concept = {"coding": [{"system": system, "code": code}]}
    return {"resourceType": "DeviceRequest", "id": "d1", "status": "draft", "codeCodeableConcept": concept, **more}


def against(path: object, *orders: Json) -> list[tuple[str, bool]]:
    answer = loaded().assess(path).to_dict()
    return [(own.why, own.certain) for own in contradictions(loaded(), answer, IWGDF, orders)]


@pytest.mark.parametrize("release", RELEASES)
def test_a_recommendation_against_is_an_issue_wherever_it_applies_or_may(release: Release) -> None:
    seen = set()
    for case in files():
        for guideline in case.knowledge.knowledge.guidelines:
            verdicts = [row["verdict"] for row in _rows(case.answer, guideline.id) if row["direction"] == "against"]
            wanted = sorted(AGAINST[verdict] for verdict in verdicts if verdict in AGAINST)
            found = issues(case.knowledge, case.answer, guideline.id, release)
            codes = sorted(one["code"]["coding"][0]["code"] for one in found)
            assert [code for code in codes if code.startswith("recommendation")] == wanted, case.name
            seen |= set(codes)
    assert seen == {"recommendation-against", "recommendation-against-undetermined"}


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_advised_against_says_on_what_it_rests(release: Release) -> None:
    for case in files():
        for guideline in case.knowledge.knowledge.guidelines:
            rows = {row["id"]: row for row in _rows(case.answer, guideline.id)}
            for one in issues(case.knowledge, case.answer, guideline.id, release):
                ids = [part(own, "id") for own in told(one, "recommendation")]
                rests = [own["valueRelatedArtifact"] for own in told(one, "documentation")]
                wanted = [own["id"] for id_ in ids for own in (*rows[id_]["sources"], *rows[id_]["evidence"])]
                assert ids and sorted(own["label"] for own in rests) == sorted(wanted)
                assert len(told(one, "transcription")) == len(ids)


def test_a_clash_of_guidelines_is_an_issue_of_both_that_names_the_requests() -> None:
    """No patient of the shipped guidelines has one, so this one is made up."""
    (case,) = [c for c in files() if c.name == f"{BOTH.name}#0"]
    (subject,) = case.answer["subjects"]
    ids = [next(r["id"] for r in own["recommendations"] if r["verdict"] == "eligible" and r["direction"] == "for"
                and r["overriddenBy"] is None) for own in subject["guidelines"]]  # fmt: skip
    clash = {"between": ids, "why": "they cannot go together", "guidelines": [IWGDF, CALCIFICATION]}
    answer = case.answer | {"subjects": [subject | {"conflicts": [clash]}]}
    for guideline in (IWGDF, CALCIFICATION):
        response = apply(loaded(), answer, guideline, "R4")
        (own,) = [one for one in parts(response, "DetectedIssue")
                  if one["code"]["coding"][0]["code"] == "guideline-conflict"]  # fmt: skip
        assert all(id_ in own["detail"] for id_ in ids) and "they cannot go together" in own["detail"]
        assert all(resolved(response, one)["status"] == "draft" for one in own["implicated"])


def test_a_non_removable_device_in_severe_infection_contradicts() -> None:
    assert against(SEVERE, order("total-contact-cast")) == [("something else comes first", True)]


def test_what_the_guideline_prefers_does_not_contradict() -> None:
    assert against(FOREFOOT, order("non-removable-knee-high-device")) == []


def test_an_order_that_may_contradict_is_told_as_such() -> None:
    assert against(MISSING, order("total-contact-cast")) == [
        ("whether it agrees with the guideline is not known", False)
    ]


def test_footwear_is_advised_against() -> None:
    assert against(SEVERE, order("therapeutic-footwear")) == [("the guideline advises against it", True)]


@pytest.mark.parametrize("more", [{"status": "completed"}, {"status": "revoked"}, {"doNotPerform": True}])
def test_what_is_over_or_forbidden_is_no_order(more: Json) -> None:
    assert orders_in([order("total-contact-cast") | more]) == []


def test_an_order_for_another_condition_or_patient_is_not_of_this_subject() -> None:
    (subject,) = loaded().assess(SEVERE).to_dict()["subjects"]
    assert is_about(order("x", reasonReference=[{"reference": subject["reference"]}]), subject)
    assert is_about(order("x", reason=[{"reference": {"reference": subject["subject"]}}]), subject)
    assert not is_about(order("x", reasonReference=[{"reference": "Condition/other"}]), subject)
    assert not is_about(order("x", subject={"reference": "Patient/other"}), subject)


def test_r5_orders_are_read_as_r4_orders_are() -> None:
    concept = {"coding": [{"system": LOCAL, "code": "total-contact-cast"}]}
    new = {"resourceType": "DeviceRequest", "status": "draft", "code": {"concept": concept}}
    assert ordered(codes_of(loaded()), new) == ordered(codes_of(loaded()), order("total-contact-cast")) != []


def test_an_order_nobody_mapped_is_counted_not_judged() -> None:
    strange = order("1", "http://example.org")
    assert unknown(loaded(), [strange]) == 1 and against(SEVERE, strange) == []


@pytest.mark.parametrize("odd", ODD)
def test_a_malformed_order_is_no_accident(odd: Json) -> None:
    assert isinstance(against(SEVERE, order("total-contact-cast") | odd), list)


def test_validation_results_name_the_resource_by_path() -> None:
    document = json.loads(SEVERE.read_bytes())
    wrong = next(e["resource"] for e in document["entry"] if "valueQuantity" in e["resource"])
    wrong["valueQuantity"]["code"] = "furlong"
    place = next(i for i, e in enumerate(document["entry"]) if e["resource"] is wrong)
    results = loaded().assess(document).to_dict()["validation"]["results"]
    told_ = outcome(validation_issues(results, paths(document)))["issue"]
    (issue,) = [one for one in told_ if one["severity"] == "error"]
    assert issue["expression"] == [f"Bundle.entry[{place}].resource"] and "furlong" not in issue["diagnostics"]


def test_an_outcome_without_issues_says_so() -> None:
    assert [one["severity"] for one in outcome([])["issue"]] == ["information"]


def test_data_requirements_name_what_the_guideline_reads() -> None:
    library = data_requirements(loaded(), IWGDF, "R4")
    findings = {part(told(one, "finding")[0], "finding")["code"] for one in library["dataRequirement"]}
    rows = [row for case in files() for row in _rows(case.answer, IWGDF)]
    named = {name for row in rows for name in (*row["missing"], *(reason["finding"] for reason in row["because"]))}
    assert named and named <= findings and len(findings) < len(loaded().knowledge.model.findings) + 1
    assert {one["type"] for one in library["dataRequirement"]} == {"Condition", "Observation", "Procedure"}
