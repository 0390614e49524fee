"""Dated measurements, contradicted ones, and statements that could not be placed: what must never be read as no."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson

import reasoner

FOOT = "https://w3id.org/guideline-reasoner/CodeSystem/foot"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
ULCER: dict[str, Any] = {
    "resourceType": "Condition", "id": "ulcer", "code": {"coding": [{"system": ICD, "code": "L97.511"}]},
    "subject": {"reference": "Patient/p"}, "bodySite": [{"coding": [{"system": FOOT, "code": "mth-1"}]}],
}  # fmt: skip


@cache
def loaded() -> reasoner.Reasoner:
    """The shipped knowledge."""
    return reasoner.load()


def observed(name: str, value: object, when: str, id_: str | None = None) -> dict[str, Any]:
    """A final Observation of a finding: a code, a whole number, or a quantity in the finding's unit."""
    resource: dict[str, Any] = {
        "resourceType": "Observation", "id": id_ or f"{name}-{when}", "status": "final",
        "subject": {"reference": "Patient/p"}, "code": {"coding": [{"system": FOOT, "code": name}]},
        "effectiveDateTime": when,
    }  # fmt: skip
    finding = loaded().knowledge.model.findings[name]
    if finding.values:
        resource["valueCodeableConcept"] = {"coding": [{"system": FOOT, "code": value}]}
    elif finding.range is not None and finding.range.integer:
        resource["valueInteger"] = value
    else:
        unit = finding.range.unit if finding.range is not None else "1"
        resource["valueQuantity"] = {"value": value, "system": "http://unitsofmeasure.org", "code": unit or "1"}
    return resource


def answered(*resources: dict[str, Any]) -> dict[str, Any]:
    """The answer to a bundle of these resources."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}
    return loaded().assess(bundle).to_dict()


def finding(answer: dict[str, Any], name: str) -> Any:
    """What the answer shows of a finding of the only subject."""
    (subject,) = answer["subjects"]
    return subject["findings"][name]


def messages(answer: dict[str, Any], severity: str) -> list[str]:
    """The validation results of one severity."""
    return [r["message"] for r in answer["validation"]["results"] if r["severity"] == severity]


def test_reassuring_news_does_not_revive_an_older_grade() -> None:
    """Signs in January, a grade in February, no bone infection in March: the grade of February stands."""
    answer = answered(
        ULCER, observed("local-infection-signs", 3, "2026-01-01"), observed("infection-grade", "none", "2026-02-01"),
        observed("osteomyelitis", "absent", "2026-03-01"),
    )  # fmt: skip
    assert finding(answer, "infection-grade") == "none"
    assert answer["validation"]["conforms"]


def test_a_later_measurement_that_excludes_the_grade_by_itself_governs() -> None:
    """A grade in January, a toe pressure in February that says otherwise."""
    answer = answered(
        ULCER, observed("ischaemia-grade", "none", "2026-01-01"), observed("toe-pressure", 25, "2026-02-01")
    )
    assert finding(answer, "ischaemia-grade") == "severe"
    assert "later and governs" in messages(answer, "Info")[0]


def test_a_better_second_measurement_does_not_overrule_the_grade() -> None:
    """Toe pressure moderate in January, grade none in February, TcPO2 none in March: none."""
    answer = answered(
        ULCER, observed("toe-pressure", 35, "2026-01-01"), observed("ischaemia-grade", "none", "2026-02-01"),
        observed("tcpo2", 70, "2026-03-01"),
    )  # fmt: skip
    assert finding(answer, "ischaemia-grade") == "none"


def test_a_measurement_at_the_same_time_contradicts_the_grade() -> None:
    """Neither governs; both values are shown."""
    answer = answered(
        ULCER, observed("ischaemia-grade", "none", "2026-02-01"), observed("toe-pressure", 25, "2026-02-01")
    )
    assert finding(answer, "ischaemia-grade") == {"conflict": ["none", "severe"]}
    assert not answer["validation"]["conforms"]


def test_a_derived_grade_names_the_measurement_that_decides() -> None:
    """Of toe pressure and TcPO2 the worse one decides, whichever is newer."""
    answer = answered(
        ULCER, observed("diabetes", "present", "2026-01-01"), observed("neuropathy", "present", "2026-01-01"),
        observed("aspect", "plantar", "2026-01-01"), observed("infection-grade", "none", "2026-01-01"),
        observed("toe-pressure", 25, "2026-01-01", "toe"), observed("tcpo2", 70, "2026-02-01", "tc"),
    )  # fmt: skip
    rows = answer["subjects"][0]["guidelines"][0]["recommendations"]
    because = next(r for r in rows if r["id"] == "iwgdf-7c")["because"]
    reason = next(reason for reason in because if reason["finding"] == "ischaemia-grade")
    assert reason["resource"] == "Observation/toe"
    assert reason["inputs"] == [{"finding": "toe-pressure", "value": 25, "resource": "Observation/toe"}]


def test_two_toe_pressures_at_once_do_not_let_the_ankle_speak() -> None:
    """A contradicted measurement leaves the grade open, and nothing about it is decided on the lesser one."""
    answer = answered(
        ULCER, observed("toe-pressure", 25, "2026-02-01", "a"), observed("toe-pressure", 82, "2026-02-01", "b"),
        observed("ankle-pressure", 120, "2026-02-01"),
    )  # fmt: skip
    assert finding(answer, "ischaemia-grade") is None


def test_an_index_that_may_be_void_gives_no_grade() -> None:
    """Of two contradicting indices one would void both ankle values."""
    answer = answered(
        ULCER, observed("ankle-brachial-index", 1.4, "2026-02-01", "a"),
        observed("ankle-brachial-index", 1.0, "2026-02-01", "b"), observed("ankle-pressure", 60, "2026-02-01"),
    )  # fmt: skip
    assert finding(answer, "ischaemia-grade") is None


def test_discordant_values_are_reported_together() -> None:
    """A severe ankle value beside a good toe pressure: both numbers in one sentence, and the grade unknown."""
    answer = answered(ULCER, observed("ankle-pressure", 25, "2026-02-01"), observed("toe-pressure", 82, "2026-02-01"))
    (message,) = messages(answer, "Warning")
    assert "25" in message and "82" in message
    assert finding(answer, "ischaemia-grade") is None


def test_what_a_later_record_replaced_is_listed_as_unused() -> None:
    """Nothing vanishes: the older toe pressure is counted and named."""
    answer = answered(
        ULCER, observed("toe-pressure", 25, "2026-02-01", "old"), observed("toe-pressure", 82, "2026-02-02", "new")
    )
    assert {"resource": "Observation/old", "why": "a later record of `toe-pressure` governs"} in answer["input"][
        "unused"
    ]
    counts = answer["input"]["counts"]
    assert counts["used"] == 2 and counts["unused"] == 1
    assert counts["resources"] == sum(counts[key] for key in ("used", "unmapped", "unplaced", "unused"))


def test_surgery_that_could_not_be_placed_is_not_assumed_absent() -> None:
    """One operation, two lesions: neither may be told that there was none."""
    other = {**ULCER, "id": "other", "bodySite": [{"coding": [{"system": FOOT, "code": "mth-2"}]}]}
    surgery = {
        "resourceType": "Procedure", "id": "surgery", "status": "completed", "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": FOOT, "code": "offloading-surgery"}]}, "performedDateTime": "2026-01-01",
    }  # fmt: skip
    answer = answered(ULCER, other, surgery)
    assert [row["resource"] for row in answer["input"]["unplaced"]] == ["Procedure/surgery"]
    assert len(answer["subjects"]) == 2
    for subject in answer["subjects"]:
        assert "offloading-surgery-performed" not in [row["finding"] for row in subject["assumed"]]


def test_two_resources_of_one_id_are_two_lesions_and_an_error() -> None:
    """A second ulcer under the same id is not swallowed."""
    twin = {**ULCER, "code": {"coding": [{"system": ICD, "code": "L97.521"}]}}
    answer = answered(ULCER, twin)
    assert sorted(subject["side"] for subject in answer["subjects"]) == ["left", "right"]
    assert any("this id" in message for message in messages(answer, "Violation"))


def test_a_caution_about_ankle_values_comes_only_with_them() -> None:
    """It goes with a grade that rests on ankle values, not with one from the toe."""
    common = (
        ULCER, observed("diabetes", "present", "2026-01-01"), observed("neuropathy", "present", "2026-01-01"),
        observed("aspect", "plantar", "2026-01-01"), observed("infection-grade", "none", "2026-01-01"),
    )  # fmt: skip

    def told(*more: dict[str, Any]) -> bool:
        rows = answered(*common, *more)["subjects"][0]["guidelines"][0]["recommendations"]
        return any("ankle values alone" in c["text"] for row in rows for c in row["cautions"])

    assert told(observed("ankle-brachial-index", 0.9, "2026-01-01"))
    assert not told(observed("toe-pressure", 82, "2026-01-01"))


def test_lines_on_stdin_are_read_whatever_the_first_one_is() -> None:
    """A broken or blank line costs no patient."""
    whole = orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": ULCER}]})
    for data, broken in ((b"garbage\n" + whole + b"\n" + whole, 1), (whole + b"\n\n" + whole, 0),
                         (b"{bad\n" + whole + b"\n" + whole, 1)):  # fmt: skip
        answers = list(loaded().assess_all(data))
        assert len([a for a in answers if isinstance(a, reasoner.Answer)]) == 2
        assert len(answers) == 2 + broken


def test_what_a_graph_says_in_words_is_not_repeated() -> None:
    """A text where a value belongs may be about the patient."""
    data = b'@prefix gr: <https://w3id.org/guideline-reasoner/> . <urn:l> a gr:Lesion ; gr:ulcer "Jane Doe" .'
    assert b"Jane" not in loaded().assess(data).to_json()
