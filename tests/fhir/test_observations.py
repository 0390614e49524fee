"""Observations: coded values, numbers, units, statuses; and completed procedures."""

from __future__ import annotations

from typing import Any

import pytest

from .build import FOOT, LOINC, PCS, SNOMED, UCUM, concept, condition, knowledge, observation, procedure, read

ULCER = condition("u", "ulcer", at=["mth-2", "right"])


def test_every_coded_finding_and_value_is_its_own_local_code() -> None:
    model, _ = knowledge()
    coded = [finding for finding in model.findings.values() if finding.range is None]
    assert len(coded) >= 20
    for finding in coded:
        for value in finding.values:
            understood = read(condition("u", "ulcer"), observation("o", finding.notation, value.notation))
            assert value.notation in understood.values(finding.notation)


@pytest.mark.parametrize(
    ("finding", "value", "number"),
    [
        ("toe-pressure", (59.5, "mm[Hg]"), 59.5),
        ("ankle-pressure", (60, "mm[Hg]"), 60),
        ("tcpo2", (35, "mm[Hg]"), 35),
        ("ankle-brachial-index", (0.795, "1"), 0.795),
        ("ankle-brachial-index", (0.8, "{ratio}"), 0.8),
        ("erythema-extent", (1.9, "cm"), 1.9),
        ("local-infection-signs", 2, 2),
        ("local-infection-signs", (3, "1"), 3),
        ("sirs-criteria", (2.0, "1"), 2),
    ],
)
def test_numbers(finding: str, value: Any, number: float) -> None:
    assert read(ULCER, observation("o", finding, value)).values(finding) == [number]


def test_snomed_ct_ankle_brachial_index() -> None:
    understood = read(ULCER, observation("o", "446841001", (0.9, "1"), system=SNOMED))
    assert understood.values("ankle-brachial-index") == [0.9]


def test_loinc_41979_6_is_not_the_ankle_brachial_index() -> None:
    understood = read(ULCER, observation("o", "41979-6", (0.9, "1"), system=LOINC))
    assert understood.reading.unmapped == (("Observation/o", LOINC, "41979-6"),)


def test_kilopascal_and_millimetre_convert() -> None:
    understood = read(
        ULCER, observation("t", "toe-pressure", (8, "kPa")), observation("e", "erythema-extent", (20, "mm"))
    )
    assert understood.values("toe-pressure") == [pytest.approx(60.005, abs=1e-3)]
    assert understood.values("erythema-extent") == [2.0]


def test_a_unit_without_a_code_is_told_with_the_code_to_give() -> None:
    value = {"value": 60, "unit": "millimetres of mercury"}
    understood = read(ULCER, observation("o", "toe-pressure", valueQuantity=value))
    (result,) = understood.reading.results
    assert "is in a unit without a UCUM code, which cannot be converted: give the code `mm[Hg]`" in result.message
    assert "millimetres" not in result.message


@pytest.mark.parametrize("tenth", range(1, 60))
def test_conversion_adds_no_noise(tenth: int) -> None:
    understood = read(ULCER, observation("e", "erythema-extent", (tenth, "mm")))
    assert understood.values("erythema-extent") == [float(f"{tenth / 10:.1f}")]


@pytest.mark.parametrize(
    ("finding", "more"),
    [
        ("toe-pressure", {"valueQuantity": {"value": 60, "system": UCUM, "code": "[psi]"}}),
        ("toe-pressure", {"valueQuantity": {"value": 60}}),
        ("toe-pressure", {"valueQuantity": {"value": "60", "system": UCUM, "code": "mm[Hg]"}}),
        ("toe-pressure", {"valueQuantity": {"value": True, "system": UCUM, "code": "mm[Hg]"}}),
        ("toe-pressure", {"valueQuantity": {"value": 60, "system": "http://x", "code": "mm[Hg]"}}),
        ("toe-pressure", {"valueQuantity": [60]}),
        ("toe-pressure", {"valueQuantity": {"value": 301, "code": "mm[Hg]"}}),
        ("toe-pressure", {"valueQuantity": {"value": -1, "code": "mm[Hg]"}}),
        ("toe-pressure", {"valueInteger": 60}),
        ("toe-pressure", {"valueString": "60 mmHg"}),
        ("ankle-brachial-index", {"valueQuantity": {"value": 80, "code": "%"}}),
        ("ankle-brachial-index", {"valueQuantity": {"value": 3.1, "code": "1"}}),
        ("sirs-criteria", {"valueInteger": 5}),
        ("sirs-criteria", {"valueInteger": "2"}),
        ("sirs-criteria", {"valueInteger": 10**400}),
        ("sirs-criteria", {"valueQuantity": {"value": 1.5, "code": "1"}}),
        ("sirs-criteria", {"valueQuantity": {"value": 1, "code": "{ratio}"}}),
        ("infection-grade", {"valueCodeableConcept": concept((FOOT, "plantar"))}),
        ("infection-grade", {"valueCodeableConcept": concept((FOOT, "mild"), (FOOT, "severe"))}),
        ("infection-grade", {"valueCodeableConcept": "mild"}),
        ("infection-grade", {"valueBoolean": True}),
    ],
)
def test_a_value_that_cannot_be_used_is_a_validation_result(finding: str, more: dict[str, Any]) -> None:
    understood = read(ULCER, observation("o", finding, **more))
    assert understood.violations() == [("Observation/o", finding)]
    assert understood.values(finding) == []
    assert understood.bucket("unused") == 1
    (result,) = understood.reading.results
    assert result.message.endswith(".") and ":" in result.message, "a sentence with the fix"


def test_messages_repeat_no_free_text() -> None:
    secret = "Jane Roe of 5 Elm Street"
    understood = read(
        ULCER,
        observation("a", "toe-pressure", (60, secret)),
        observation("b", "infection-grade", valueCodeableConcept=concept((FOOT, secret))),
        observation("c", "aspect", valueString=secret),
        condition("d", "diabetes", clinicalStatus=concept((None, secret))),
        condition("e", "diabetes", recordedDate=secret),
    )
    assert len(understood.reading.results) == 4
    assert secret not in repr(understood.reading.results) + repr(understood.reading.unused)


def test_a_value_code_that_nobody_mapped_is_listed() -> None:
    understood = read(ULCER, observation("o", "osteomyelitis", valueCodeableConcept=concept((SNOMED, "52101004"))))
    assert understood.why("Observation/o") == "the value of `osteomyelitis` has no mapped code"
    assert not understood.reading.results


def test_data_absent_reason_gives_no_value() -> None:
    understood = read(ULCER, observation("o", "osteomyelitis", "absent", dataAbsentReason=concept((None, "unknown"))))
    assert understood.values("osteomyelitis") == []
    assert "reason why" in understood.why("Observation/o")


def test_no_value_at_all_is_listed() -> None:
    assert read(ULCER, observation("o", "osteomyelitis")).why("Observation/o") == "its `osteomyelitis` has no value"


def test_a_bound_is_no_value() -> None:
    bound = {"value": 30, "comparator": "<", "system": UCUM, "code": "mm[Hg]"}
    understood = read(ULCER, observation("o", "toe-pressure", valueQuantity=bound))
    assert understood.values("toe-pressure") == []
    assert "bound" in understood.why("Observation/o")


@pytest.mark.parametrize("status", ["final", "amended", "corrected", "preliminary"])
def test_statuses_that_count(status: str) -> None:
    assert read(ULCER, observation("o", "aspect", "plantar", status=status)).values("aspect") == ["plantar"]


@pytest.mark.parametrize("status", ["registered", "cancelled", "unknown", "entered-in-error", None])
def test_statuses_that_do_not_count(status: str | None) -> None:
    understood = read(ULCER, observation("o", "aspect", "plantar", status=status))
    assert understood.values("aspect") == []
    assert understood.bucket("unused") == 1


@pytest.mark.parametrize(
    ("dates", "when"),
    [
        ({"effectiveDateTime": "2026-03", "issued": "2026-04-01T00:00:00Z"}, "2026-03"),
        ({"effectivePeriod": {"start": "2026-01", "end": "2026-02"}}, "2026-02"),
        ({"effectiveInstant": "2026-03-01T10:00:00Z"}, "2026-03-01T10:00:00Z"),
        ({"effectiveTiming": {"event": ["2026-03-01", "2026-03-05", "2026-03-02"]}}, "2026-03-05"),
        ({"issued": "2026-04-01T00:00:00Z"}, "2026-04-01T00:00:00Z"),
        ({}, None),
    ],
)
def test_when_an_observation_counts(dates: dict[str, Any], when: str | None) -> None:
    assert read(ULCER, observation("o", "aspect", "plantar", **dates)).facts("aspect")[0].when == when


def test_all_facts_on_a_finding_are_given_with_their_dates() -> None:
    understood = read(
        ULCER,
        observation("a", "infection-grade", "mild", "2026-03"),
        observation("b", "infection-grade", "none", "2026-03-02T10:00:00+02:00"),
    )
    assert {fact.when for fact in understood.facts("infection-grade")} == {"2026-03", "2026-03-02T10:00:00+02:00"}


def test_components_are_read_like_observations() -> None:
    parts = [
        {"code": concept((FOOT, "toe-pressure")), "valueQuantity": {"value": 60, "code": "mm[Hg]"}},
        {"code": concept((FOOT, "ankle-pressure")), "valueQuantity": {"value": 90, "code": "mm[Hg]"}},
    ]
    understood = read(ULCER, observation("o", "panel", component=parts))
    assert understood.values("toe-pressure") == [60]
    assert understood.values("ankle-pressure") == [90]


def test_two_codings_of_one_finding_are_one_fact() -> None:
    both = observation("o", "ankle-brachial-index", (0.9, "1"))
    both["code"] = concept((FOOT, "ankle-brachial-index"), (SNOMED, "446841001"))
    assert read(ULCER, both).values("ankle-brachial-index") == [0.9]


# Procedures -------------------------------------------------------------------------------------------------------


def test_resection_of_the_metatarsal_head_is_also_offloading_surgery() -> None:
    understood = read(ULCER, procedure("p", "metatarsal-head-resection"))
    assert understood.values("metatarsal-head-resection-performed") == ["present"]
    assert understood.values("offloading-surgery-performed") == ["present"]


@pytest.mark.parametrize(
    "code",
    ["achilles-tendon-lengthening", "joint-arthroplasty", "metatarsal-osteotomy", "digital-flexor-tenotomy",
     "offloading-surgery"],
)  # fmt: skip
def test_offloading_surgery(code: str) -> None:
    understood = read(ULCER, procedure("p", code, at=["mth-2", "right"]))
    assert understood.values("offloading-surgery-performed") == ["present"]
    assert understood.values("metatarsal-head-resection-performed") == []


@pytest.mark.parametrize("status", ["preparation", "in-progress", "not-done", "on-hold", "stopped", "unknown"])
def test_a_procedure_counts_only_when_completed(status: str) -> None:
    understood = read(ULCER, procedure("p", "offloading-surgery", status=status))
    assert understood.values("offloading-surgery-performed") == []
    assert status in understood.why("Procedure/p")


def test_a_completed_procedure_lasts() -> None:
    understood = read(
        ULCER,
        procedure("p", "offloading-surgery", when="2026-01-01"),
        observation("o", "offloading-surgery-performed", "absent", "2026-03-01"),
    )
    facts = understood.facts("offloading-surgery-performed")
    assert {fact.source: fact.lasting for fact in facts} == {"Procedure/p": True, "Observation/o": False}


@pytest.mark.parametrize(
    ("dates", "when"),
    [
        ({"performedDateTime": "2026-01"}, "2026-01"),
        ({"performedPeriod": {"start": "2026-01", "end": "2026-02"}}, "2026-02"),
        ({"occurrenceDateTime": "2026-01-05"}, "2026-01-05"),
        ({"occurrencePeriod": {"end": "2026-02"}}, "2026-02"),
    ],
)
def test_dates_of_procedures_in_r4_and_r5(dates: dict[str, Any], when: str) -> None:
    assert (
        read(ULCER, procedure("p", "offloading-surgery", **dates)).facts("offloading-surgery-performed")[0].when == when
    )


@pytest.mark.parametrize("code", ["0QBN0ZZ", "0QBP0ZZ", "0SBM0ZZ", "0SBN0ZZ", "0L8V3ZZ", "0L8W3ZZ", "0JCQ0ZZ"])
def test_icd_10_pcs_says_what_was_cut_not_why(code: str) -> None:
    understood = read(ULCER, procedure("p", code, PCS))
    assert understood.values("offloading-surgery-performed") == []
    assert "broader" in understood.why("Procedure/p")
    assert understood.bucket("unused") == 1


def test_a_procedure_that_nobody_mapped_is_listed() -> None:
    assert read(ULCER, procedure("p", "ulcer")).reading.unmapped == (("Procedure/p", FOOT, "ulcer"),)
