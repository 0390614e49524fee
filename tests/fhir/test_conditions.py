"""Conditions: codes, statuses, refutation, dates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .build import FOOT, ICD, LOINC, SNOMED, concept, condition, local, observation, read

ULCER = condition("u", "ulcer", at=["mth-2", "right"])


# Codes ------------------------------------------------------------------------------------------------------------


def test_an_active_condition_means_that_the_finding_is_present() -> None:
    assert read(ULCER).values("ulcer") == ["present"]


@pytest.mark.parametrize("code", ["E08.9", "E09.9", "E10.9", "E11.65", "E13.9", "E11", "E1165"])
def test_diabetes_by_icd_10_cm_with_or_without_dot(code: str) -> None:
    assert read(ULCER, condition("d", code, ICD)).values("diabetes") == ["present"]


@pytest.mark.parametrize("code", ["73211009", "44054006", "46635009"])
def test_diabetes_by_snomed_ct(code: str) -> None:
    assert read(ULCER, condition("d", code, SNOMED)).values("diabetes") == ["present"]


@pytest.mark.parametrize("group", ["E08", "E09", "E10", "E11", "E13"])
@pytest.mark.parametrize("end", [".42", ".610"])
def test_polyneuropathy_and_arthropathy_mean_neuropathy_and_diabetes(group: str, end: str) -> None:
    understood = read(ULCER, condition("n", group + end, ICD))
    assert understood.values("neuropathy") == understood.values("diabetes") == ["present"]


def test_unspecified_neuropathy_is_listed_and_gives_diabetes_only() -> None:
    understood = read(ULCER, condition("n", "E11.40", ICD))
    assert understood.values("diabetes") == ["present"]
    assert understood.values("neuropathy") == []
    assert "broader than `neuropathy`" in understood.why("Condition/n")
    assert understood.bucket("used") == 2


@pytest.mark.parametrize("code", ["E08.621", "E09.621", "E10.621", "E11.621", "E13.621"])
def test_a_diabetic_foot_ulcer_is_ulcer_and_diabetes(code: str) -> None:
    understood = read(condition("u", code, ICD))
    assert understood.values("ulcer") == understood.values("diabetes") == ["present"]


def test_snomed_ct_ulcer_of_foot_due_to_diabetes() -> None:
    understood = read(condition("u", "371087003", SNOMED, at=["right"]))
    assert understood.values("ulcer") == understood.values("diabetes") == ["present"]


def test_l97_4_narrows_the_site_to_heel_or_midfoot() -> None:
    assert read(condition("u", "L97.421", ICD)).values("site") == ["midfoot|heel"]


def test_l97_5_narrows_the_site_to_the_forefoot() -> None:
    assert read(condition("u", "L97.511", ICD)).values("site") == [
        "mth-1|mth-2|mth-3|mth-4|mth-5|hallux|digit-2|digit-3|digit-4|digit-5|other-forefoot"
    ]


def test_the_body_site_is_more_exact_than_the_code() -> None:
    assert read(condition("u", "L97.511", ICD, at=["mth-2", "right"])).values("site") == ["mth-2"]


def test_a_body_site_against_the_code_contradicts_it() -> None:
    assert read(condition("u", "L97.411", ICD, at=["mth-2", "right"])).values("site") == ["midfoot|heel", "mth-2"]


def test_a_side_against_the_code_is_an_error_and_leaves_the_side_open() -> None:
    understood = read(condition("u", "L97.511", ICD, at=["left"]), observation("o", "toe-pressure", (50, "mm[Hg]")))
    assert understood.violations() == [("Condition/u", None)]
    assert understood.values("toe-pressure") == [50]


@pytest.mark.parametrize("code", ["L94.2", "M61.471", "M65.272", "M11.079", "M11079"])
def test_calcification(code: str) -> None:
    assert read(condition("c", code, ICD)).values("calcification") == ["present"]


@pytest.mark.parametrize("code", ["M86.171", "M86.272", "M86.479", "M86.571", "M86.672", "M86.8X7"])
def test_osteomyelitis(code: str) -> None:
    assert read(condition("u", "ulcer"), condition("o", code, ICD)).values("osteomyelitis") == ["present"]


@pytest.mark.parametrize("code", ["M67.01", "M67.00", "M24.571", "M24.572", "M24.573"])
def test_limited_ankle_dorsiflexion(code: str) -> None:
    assert read(condition("u", "ulcer"), condition("e", code, ICD)).values("limited-ankle-dorsiflexion") == ["present"]


def test_hyperkeratosis_and_falls() -> None:
    understood = read(ULCER, condition("h", "L84", ICD), condition("f", "R29.6", ICD))
    assert understood.values("hyperkeratosis") == ["present"]
    assert understood.values("falls-risk") == ["high"]


def test_a_broader_code_is_listed_and_gives_no_value() -> None:
    understood = read(ULCER, condition("f", "Z91.81", ICD))
    assert understood.values("falls-risk") == []
    assert "broader than `falls-risk`" in understood.why("Condition/f")
    assert understood.bucket("unused") == 1


@pytest.mark.parametrize(
    ("system", "code"),
    [(ICD, "E12.9"), (ICD, "L97.311"), (ICD, "L97.9"), (ICD, "M24.574"), (ICD, "R65.10"), (ICD, "R65.11"),
     (ICD, "e11.9"), (ICD, "E11.9; drop"), (SNOMED, "201251005"), (LOINC, "41979-6"),
     ("http://example.org", "ulcer"), (FOOT, "mild")],
)  # fmt: skip
def test_a_code_that_nobody_mapped_is_listed(system: str, code: str) -> None:
    understood = read(ULCER, condition("x", code, system))
    assert understood.reading.unmapped == (("Condition/x", system, code),)


def test_a_condition_without_any_coding_is_unmapped() -> None:
    understood = read(ULCER | {"code": {"text": "a sore"}})
    assert understood.reading.unmapped == (("Condition/u", None, None),)


def test_one_mapped_coding_among_others_is_enough() -> None:
    code = concept(("http://example.org", "x"), (ICD, "L97.511"))
    assert read(condition("u", "ulcer") | {"code": code}).bucket("used") == 1


@pytest.mark.parametrize("finding", ["osteomyelitis", "hyperkeratosis", "flexible-toe-deformity"])
def test_a_condition_may_carry_a_local_finding_code(finding: str) -> None:
    assert read(ULCER, condition("x", finding)).values(finding) == ["present"]


def test_a_local_code_of_a_finding_that_cannot_be_present_gives_no_value() -> None:
    understood = read(ULCER, condition("x", "infection-grade"))
    assert understood.bucket("unused") == 1
    assert "no value `present`" in understood.why("Condition/x")


# Statuses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clinical", ["active", "recurrence", "relapse", None])
@pytest.mark.parametrize("verification", ["confirmed", None])
def test_statuses_that_count(clinical: str | None, verification: str | None) -> None:
    assert read(condition("u", "ulcer", clinical=clinical, verification=verification)).bucket("used") == 1


@pytest.mark.parametrize("clinical", ["inactive", "resolved", "remission", "unknown"])
def test_a_past_condition_gives_no_value_and_is_listed(clinical: str) -> None:
    understood = read(ULCER, condition("d", "73211009", SNOMED, clinical=clinical))
    assert understood.values("diabetes") == []
    assert clinical in understood.why("Condition/d")


@pytest.mark.parametrize("verification", ["unconfirmed", "provisional", "differential"])
def test_an_unconfirmed_condition_gives_no_value_and_is_listed(verification: str) -> None:
    understood = read(ULCER, condition("d", "73211009", SNOMED, verification=verification))
    assert understood.values("diabetes") == []
    assert verification in understood.why("Condition/d")


def test_entered_in_error_is_not_there() -> None:
    understood = read(condition("u", "ulcer", verification="entered-in-error"), observation("o", "aspect", "plantar"))
    assert understood.reading.subjects == ()
    assert understood.reading.unplaced == (("Observation/o", "aspect"),)


def test_refuted_is_absent_for_an_exact_mapping() -> None:
    understood = read(ULCER, condition("d", "73211009", SNOMED, clinical=None, verification="refuted"))
    assert understood.values("diabetes") == ["absent"]
    assert read(ULCER, condition("o", "osteomyelitis", verification="refuted")).values("osteomyelitis") == ["absent"]


@pytest.mark.parametrize(
    ("code", "system", "finding"),
    [("44054006", SNOMED, "diabetes"), ("E11.9", ICD, "diabetes"), ("M86.171", ICD, "osteomyelitis"),
     ("L84", ICD, "hyperkeratosis"), ("R29.6", ICD, "falls-risk")],
)  # fmt: skip
def test_a_refuted_narrower_code_gives_no_value_and_is_listed(code: str, system: str, finding: str) -> None:
    understood = read(ULCER, condition("x", code, system, verification="refuted"))
    assert understood.values(finding) == []
    assert "narrower" in understood.why("Condition/x")


def test_refuting_a_narrower_and_an_exact_code_at_once_refutes_the_narrower() -> None:
    both = condition("x", "osteomyelitis", verification="refuted")
    both["code"] = concept((FOOT, "osteomyelitis"), (ICD, "M86.171"))
    assert read(ULCER, both).values("osteomyelitis") == []


def test_an_abated_condition_without_clinical_status_does_not_count() -> None:
    abated = condition("d", "73211009", SNOMED, clinical=None, abatementDateTime="2020")
    understood = read(ULCER, abated)
    assert understood.values("diabetes") == []
    assert "abatementDateTime" in understood.why("Condition/d")


def test_a_resolved_condition_does_not_end_an_active_one() -> None:
    active = condition("a", "osteomyelitis", recordedDate="2026-01-01")
    resolved = condition("b", "osteomyelitis", clinical="resolved", recordedDate="2026-03-01")
    assert read(ULCER, active, resolved).values("osteomyelitis") == ["present"]


# Dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "when"),
    [
        ({"recordedDate": "2026-03", "onsetDateTime": "2020"}, "2026-03"),
        ({"onsetDateTime": "2020"}, "2020"),
        ({"onsetPeriod": {"start": "2019", "end": "2020-05"}}, "2020-05"),
        ({"onsetPeriod": {"start": "2019"}}, "2019"),
        ({"onsetAge": {"value": 50}}, None),
        ({}, None),
    ],
)
def test_a_condition_counts_by_recorded_date_else_onset(dates: dict[str, Any], when: str | None) -> None:
    assert read(ULCER | dates).facts("ulcer")[0].when == when


def test_a_date_that_is_none_is_an_error_and_leaves_the_fact_undated() -> None:
    understood = read(ULCER | {"recordedDate": "last week"})
    assert understood.violations() == [("Condition/u", None)]
    assert understood.facts("ulcer")[0].when is None


def test_what_begins_after_the_day_of_the_assessment_is_listed() -> None:
    day = date(2026, 3, 1)
    late = condition("d", "73211009", SNOMED, recordedDate="2026-03-02")
    understood = read(ULCER | {"recordedDate": "2026-03"}, late, on=day)
    assert understood.values("ulcer") == ["present"]
    assert understood.why("Condition/d") == "it begins after 2026-03-01"


# Shape ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [{"code": "ulcer"}, {"code": {"coding": "ulcer"}}, {"code": {"coding": [None]}}, {"clinicalStatus": "active"},
     {"verificationStatus": ["confirmed"]}, {"code": {"coding": [{"system": 1, "code": "ulcer"}]}}],
)  # fmt: skip
def test_a_wrong_type_is_a_violation_and_the_resource_is_unused(wrong: dict[str, Any]) -> None:
    understood = read(ULCER | wrong)
    assert understood.violations() == [("Condition/u", None)]
    assert understood.bucket("unused") == 1


def test_a_body_site_of_the_wrong_type_leaves_the_lesion_without_place() -> None:
    understood = read(condition("u", "ulcer", bodySite="toe"))
    assert understood.violations() == [("Condition/u", None)]
    assert understood.values("ulcer") == ["present"]
    assert understood.values("site") == []


def test_one_body_site_where_r4_has_a_list_is_read() -> None:
    assert read(condition("u", "ulcer", bodySite=local("mth-2")[0])).values("site") == ["mth-2"]


def test_a_fact_names_its_source_and_its_code() -> None:
    fact = read(condition("u", "L97511", ICD)).facts("ulcer")[0]
    assert (fact.source, fact.via) == ("Condition/u", f"{ICD}|L97511")


def test_a_resource_type_that_the_mapping_does_not_read_is_listed() -> None:
    understood = read(ULCER, {"resourceType": "Encounter", "id": "e"}, {"id": "x"})
    assert understood.why("Encounter/e") == "the mapping reads no `Encounter`"
    assert understood.bucket("unused") == 2
