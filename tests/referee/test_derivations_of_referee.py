"""The referee's own derivations, anchored in cases that the patient model spells out."""

from __future__ import annotations

import pytest

from .derivations import Recorded, derive
from .readings import GRADES

ISCHAEMIA: list[tuple[str, dict[str, Recorded], str | None]] = [
    ("bands are half open: 0.795 is mild", {"ankle-brachial-index": 0.795}, "mild"),
    ("a bound belongs to the better grade", {"ankle-brachial-index": 0.8}, "none"),
    ("the worst index is below 0.40", {"ankle-brachial-index": 0.399}, "severe"),
    ("an ankle pressure of 100 is mild", {"ankle-pressure": 100}, "mild"),
    ("only more than 100 is none", {"ankle-pressure": 100.5}, "none"),
    ("39.5 at the toe is moderate", {"toe-pressure": 39.5}, "moderate"),
    ("the worse of toe and oxygen governs", {"toe-pressure": 65, "tcpo2": 29.9}, "severe"),
    ("the worse of index and ankle pressure", {"ankle-brachial-index": 0.9, "ankle-pressure": 60}, "moderate"),
    ("toes govern over the ankle", {"toe-pressure": 45, "ankle-brachial-index": 0.5}, "mild"),
    ("worse toes than ankle are no discord", {"toe-pressure": 20, "ankle-brachial-index": 1.0}, "severe"),
    ("a bad ankle against good toes leaves it open", {"toe-pressure": 65, "ankle-pressure": 49}, None),
    ("so does a bad index against mild toes", {"toe-pressure": 45, "ankle-brachial-index": 0.39}, None),
    ("a bad ankle beside moderate toes does not", {"toe-pressure": 35, "ankle-pressure": 49}, "moderate"),
    ("a void index gives nothing", {"ankle-brachial-index": 1.31}, None),
    ("and voids the ankle pressure", {"ankle-brachial-index": 1.31, "ankle-pressure": 40}, None),
    ("even where that would be discordant", {"ankle-brachial-index": 1.4, "ankle-pressure": 40, "tcpo2": 60}, "none"),
    ("1.3 itself is not void", {"ankle-brachial-index": 1.3}, "none"),
    ("nothing recorded, nothing known", {}, None),
]


@pytest.mark.parametrize(("pressures", "grade"), [case[1:] for case in ISCHAEMIA], ids=[case[0] for case in ISCHAEMIA])
@pytest.mark.parametrize("strict", [True, False], ids=["strict", "default-policy"])
def test_ischaemia_follows_from_pressures(pressures: dict[str, Recorded], grade: str | None, strict: bool) -> None:
    derived = derive({"diabetes": "absent", **pressures}, strict=strict)
    assert derived.state.get("ischaemia-grade") == (frozenset([grade]) if grade else None)
    assert not derived.ankle_only


@pytest.mark.parametrize("diabetes", [{"diabetes": "present"}, {}], ids=["diabetes", "diabetes unknown"])
def test_the_ankle_alone_is_an_assumption_in_who_may_have_diabetes(diabetes: dict[str, Recorded]) -> None:
    findings = {**diabetes, "ankle-brachial-index": 0.7}
    trusting, asking = derive(findings, strict=False), derive(findings, strict=True)
    assert trusting.ankle_only and trusting.state["ischaemia-grade"] == {"mild"}
    assert not asking.ankle_only and "ischaemia-grade" not in asking.state
    assert trusting.state["vascular-assessment"] == asking.state["vascular-assessment"] == {"done"}


@pytest.mark.parametrize(
    ("findings", "values"),
    [
        ({"ischaemia-grade": "mild"}, {"done"}),
        ({"tcpo2": 30}, {"done"}),
        ({"toe-pressure": 65, "ankle-pressure": 49}, {"done"}),
        ({"ankle-brachial-index": 1.4, "ankle-pressure": 40}, None),
        ({"vascular-assessment": "not-done"}, {"not-done"}),
        ({}, None),
    ],
)
def test_a_usable_measurement_is_a_vascular_assessment(findings: dict[str, Recorded], values: set[str] | None) -> None:
    assert derive(findings, strict=True).state.get("vascular-assessment") == values


INFECTION: list[tuple[str, dict[str, Recorded], str]] = [
    ("fewer than two signs are no infection", {"local-infection-signs": 1, "osteomyelitis": "absent"}, "none"),
    ("unless the bone may be infected", {"local-infection-signs": 1, "sirs-criteria": 0}, "none moderate"),
    ("just 2 cm is moderate", {"local-infection-signs": 2, "erythema-extent": 2, "sirs-criteria": 1}, "moderate"),
    (
        "small, shallow, without systemic signs",
        {
            "local-infection-signs": 3,
            "erythema-extent": 1.9,
            "deep-tissue-involvement": "absent",
            "sirs-criteria": 1,
            "osteomyelitis": "absent",
        },
        "mild",
    ),
    ("two systemic signs with two local ones", {"local-infection-signs": 2, "sirs-criteria": 2}, "severe"),
    ("two systemic signs with infected bone", {"osteomyelitis": "present", "sirs-criteria": 2}, "severe"),
    ("two systemic signs alone", {"sirs-criteria": 4}, "none severe"),
    ("infected bone alone", {"osteomyelitis": "present"}, "moderate severe"),
    ("local signs alone", {"local-infection-signs": 4}, "mild moderate severe"),
    ("nothing recorded", {}, "none mild moderate severe"),
]


@pytest.mark.parametrize(("signs", "grades"), [case[1:] for case in INFECTION], ids=[case[0] for case in INFECTION])
def test_infection_follows_from_signs_as_far_as_they_go(signs: dict[str, Recorded], grades: str) -> None:
    state = derive(signs, strict=True).state
    assert state.get("infection-grade", frozenset(GRADES)) == set(grades.split())


def test_a_recorded_grade_stands_and_a_contradicted_one_is_unknown() -> None:
    agreeing = derive({"ischaemia-grade": "mild", "toe-pressure": 45}, strict=True)
    assert agreeing.state["ischaemia-grade"] == {"mild"} and not agreeing.conflicts
    against = derive({"ischaemia-grade": "none", "toe-pressure": 45}, strict=True)
    assert "ischaemia-grade" not in against.state
    assert against.conflicts == {"ischaemia-grade": ("none", "mild")}
