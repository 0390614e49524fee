"""Which lesion: establishing, merging, placing, feet."""

from __future__ import annotations

from typing import Any

import pytest

from .build import FOOT, ICD, SNOMED, concept, condition, observation, patient, procedure, read

ULCER = condition("u", "ulcer", at=["mth-2", "right"])


def calcified(*at: str, name: str = "c") -> dict[str, Any]:
    return condition(name, "L94.2", ICD, at=at)


# Establishing -----------------------------------------------------------------------------------------------------


def test_an_ulcer_or_a_calcification_is_a_lesion() -> None:
    assert read(ULCER).references == ["Condition/u"]
    assert read(calcified("heel")).references == ["Condition/c"]


def test_other_conditions_and_observations_are_no_lesion() -> None:
    understood = read(condition("d", "diabetes"), observation("o", "ulcer", "present"))
    assert understood.reading.subjects == ()
    assert set(understood.reading.unplaced) == {("Condition/d", "diabetes"), ("Observation/o", "ulcer")}
    assert understood.bucket("unplaced") == 2


def test_a_refuted_lesion_makes_none() -> None:
    understood = read(condition("u", "ulcer", verification="refuted"))
    assert understood.reading.subjects == ()
    assert "no lesion" in understood.why("Condition/u")


def test_a_refuted_lesion_that_another_resource_refers_to_is_one() -> None:
    refuted = condition("u", "ulcer", at=["mth-2", "right"], verification="refuted")
    understood = read(refuted, observation("o", "hyperkeratosis", "present", focus="u"))
    assert understood.values("ulcer") == ["absent"]
    assert understood.values("hyperkeratosis") == ["present"]
    assert understood.values("site") == ["mth-2"]


def test_a_refuted_narrower_lesion_that_is_referred_to_leaves_the_ulcer_open() -> None:
    refuted = condition("u", "L97.511", ICD, verification="refuted")
    understood = read(refuted, observation("o", "hyperkeratosis", "present", focus="u"))
    assert understood.values("ulcer") == []
    assert "narrower" in understood.why("Condition/u")


def test_an_unconfirmed_lesion_exists_once_another_resource_refers_to_it() -> None:
    doubted = condition("u", "ulcer", at=["mth-2", "right"], verification="provisional")
    assert read(doubted).reading.subjects == ()
    understood = read(doubted, observation("o", "hyperkeratosis", "present", focus="u"))
    assert understood.values("ulcer") == []
    assert understood.values("hyperkeratosis") == ["present"]
    assert "provisional" in understood.why("Condition/u")


def test_a_refuted_ulcer_says_so_of_the_calcification_at_its_place() -> None:
    refuted = condition("u", "ulcer", at=["mth-2", "right"], verification="refuted")
    understood = read(refuted, calcified("mth-2", "right"))
    assert understood.references == ["Condition/c"]
    assert understood.values("ulcer") == ["absent"]


def test_a_refuted_ulcer_elsewhere_says_nothing_of_a_lesion() -> None:
    refuted = condition("x", "ulcer", at=["heel", "right"], verification="refuted")
    assert read(ULCER, refuted).values("ulcer") == ["present"]


def test_a_resolved_lesion_is_none_even_when_referred_to() -> None:
    understood = read(
        condition("u", "ulcer", clinical="resolved"), observation("o", "hyperkeratosis", "present", focus="u")
    )
    assert understood.reading.subjects == ()
    assert understood.reading.unplaced == (("Observation/o", "hyperkeratosis"),)


# Merging ----------------------------------------------------------------------------------------------------------


def test_the_same_body_site_is_the_same_lesion() -> None:
    understood = read(condition("z", "ulcer", at=["mth-2", "right"]), condition("b", "371087003", SNOMED,
                      at=["right", "mth-2"]), calcified("mth-2", "right", name="a"))  # fmt: skip
    assert understood.references == ["Condition/b"], "the ulcer that comes first by code point"
    assert understood.subject().same_as == (
        "urn:guideline-reasoner:Condition/a",
        "urn:guideline-reasoner:Condition/z",
    )


def test_without_an_ulcer_the_smallest_id_names_the_lesion() -> None:
    understood = read(calcified("mth-2", "right", name="c10"), calcified("mth-2", "right", name="c1"))
    assert understood.references == ["Condition/c1"]


def test_places_are_compared_after_mapping() -> None:
    coded = condition("a", "L97.511", ICD, at=["mth-2"])
    assert read(coded, ULCER).references == ["Condition/a"]


def test_another_site_or_side_is_another_lesion() -> None:
    assert len(read(ULCER, condition("v", "ulcer", at=["mth-3", "right"])).references) == 2
    assert len(read(ULCER, condition("v", "ulcer", at=["mth-2", "left"])).references) == 2
    assert len(read(condition("a", "L97.511", ICD), condition("b", "L97.521", ICD)).references) == 2


def test_an_ulcer_and_a_calcification_join_where_one_place_contains_the_other() -> None:
    understood = read(ULCER, calcified("right"))
    assert understood.references == ["Condition/u"]
    assert understood.values("calcification") == ["present"]
    assert understood.values("site") == ["mth-2"]
    assert understood.warnings() == []


def test_a_calcification_that_two_ulcers_could_bear_is_ambiguous_and_stays_apart() -> None:
    understood = read(ULCER, condition("v", "ulcer", at=["mth-3", "right"]), calcified("right"))
    assert len(understood.references) == 3
    assert understood.warnings() == ["Condition/c"]


def test_a_heel_and_a_forefoot_do_not_join() -> None:
    assert len(read(condition("u", "L97.411", ICD), calcified("mth-2", "right")).references) == 2


def test_body_sites_that_nobody_mapped_are_not_taken_for_the_same_place() -> None:
    heel, toe = concept((SNOMED, "76853006")), concept((SNOMED, "29707007"))
    understood = read(condition("a", "ulcer", bodySite=[heel]), condition("b", "ulcer", bodySite=[toe]))
    assert len(understood.references) == 2
    assert "no mapped code" in understood.why("Condition/a")
    assert len(read(condition("a", "ulcer", bodySite=[heel]), condition("b", "ulcer", bodySite=[heel])).references) == 1


def test_a_wider_site_does_not_outdate_a_narrower_one() -> None:
    understood = read(
        condition("u", "L97.511", ICD, recordedDate="2026-03-01"), observation("o", "site", "mth-2", "2026-01-01")
    )
    assert understood.values("site") == ["mth-2"]


def test_lesions_of_two_patients_are_never_joined() -> None:
    understood = read(ULCER, condition("v", "ulcer", at=["mth-2", "right"], of="q"))
    assert [subject.patient for subject in understood.reading.subjects] == [
        "urn:guideline-reasoner:Patient/p",
        "urn:guideline-reasoner:Patient/q",
    ]


# Codes that ask for another code ----------------------------------------------------------------------------------


def test_e11_621_beside_l97_is_no_lesion_of_its_own() -> None:
    understood = read(condition("e", "E11.621", ICD), condition("l", "L97.511", ICD))
    assert understood.references == ["Condition/l"]
    assert understood.values("diabetes") == ["present"]
    assert understood.bucket("used") == 2


def test_e11_621_alone_is_a_lesion() -> None:
    assert read(condition("e", "E11.621", ICD)).references == ["Condition/e"]


def test_e11_621_with_a_body_site_is_a_lesion() -> None:
    understood = read(condition("e", "E11.621", ICD, at=["heel", "left"]), condition("l", "L97.511", ICD))
    assert understood.references == ["Condition/e", "Condition/l"]


def test_e11_621_beside_a_resolved_l97_is_a_lesion() -> None:
    understood = read(condition("e", "E11.621", ICD), condition("l", "L97.511", ICD, clinical="resolved"))
    assert understood.references == ["Condition/e"]


def test_e11_621_beside_two_l97_gives_diabetes_to_both() -> None:
    understood = read(condition("e", "E11.621", ICD), condition("l", "L97.511", ICD), condition("m", "L97.521", ICD))
    assert understood.references == ["Condition/l", "Condition/m"]
    for name in understood.references:
        assert understood.values("diabetes", name) == ["present"]
    assert understood.reading.unplaced == ()


def test_what_refers_to_e11_621_means_the_l97_beside_it() -> None:
    understood = read(
        condition("e", "E11.621", ICD), condition("l", "L97.511", ICD), observation("o", "aspect", "plantar", focus="e")
    )
    assert understood.values("aspect") == ["plantar"]


# Placing ----------------------------------------------------------------------------------------------------------

TWO = (ULCER, condition("v", "ulcer", at=["heel", "left"]))


def test_focus_names_the_lesion() -> None:
    understood = read(*TWO, observation("o", "infection-grade", "mild", focus="v"))
    assert understood.values("infection-grade", "Condition/v") == ["mild"]
    assert understood.values("infection-grade", "Condition/u") == []


@pytest.mark.parametrize("at", [["mth-2", "right"], ["mth-2"], ["right"]])
def test_the_body_site_names_the_lesion(at: list[str]) -> None:
    understood = read(*TWO, observation("o", "infection-grade", "mild", at=at))
    assert understood.values("infection-grade", "Condition/u") == ["mild"]
    assert understood.values("infection-grade", "Condition/v") == []


def test_a_laterality_character_names_the_lesion() -> None:
    understood = read(*TWO, condition("m", "M86.172", ICD))
    assert understood.values("osteomyelitis", "Condition/v") == ["present"]
    assert understood.values("osteomyelitis", "Condition/u") == []


def test_a_procedure_belongs_to_the_lesion_at_its_body_site_or_of_its_reason() -> None:
    by_site = read(*TWO, procedure("p", "offloading-surgery", at=["heel"]))
    by_reason = read(*TWO, procedure("p", "offloading-surgery", reasonReference=[{"reference": "Condition/v"}]))
    in_r5 = read(*TWO, procedure("p", "offloading-surgery", reason=[{"reference": {"reference": "Condition/v"}}]))
    for understood in (by_site, by_reason, in_r5):
        assert understood.values("offloading-surgery-performed", "Condition/v") == ["present"]
        assert understood.values("offloading-surgery-performed", "Condition/u") == []


def test_with_two_lesions_what_names_none_is_unplaced() -> None:
    understood = read(*TWO, observation("o", "infection-grade", "mild"))
    assert understood.reading.unplaced == (("Observation/o", "infection-grade"),)
    assert understood.bucket("unplaced") == 1


def test_two_lesions_on_the_side_that_is_named_are_not_guessed_between() -> None:
    understood = read(ULCER, condition("v", "ulcer", at=["heel", "right"]), condition("m", "M86.171", ICD))
    assert understood.reading.unplaced == (("Condition/m", "osteomyelitis"),)


def test_with_one_lesion_everything_belongs_to_it() -> None:
    understood = read(ULCER, observation("o", "infection-grade", "mild"), condition("h", "L84", ICD))
    assert understood.bucket("used") == 3


@pytest.mark.parametrize("at", [["left"], ["mth-3"], ["heel", "right"]])
def test_unless_it_names_another_side_or_site(at: list[str]) -> None:
    understood = read(ULCER, observation("o", "infection-grade", "mild", at=at))
    assert understood.reading.unplaced == (("Observation/o", "infection-grade"),)


def test_a_place_that_nobody_mapped_is_not_taken_for_the_lesion() -> None:
    elsewhere = observation("o", "hyperkeratosis", "present", bodySite=concept((SNOMED, "29707007")))
    assert read(ULCER, elsewhere).reading.unplaced == (("Observation/o", "hyperkeratosis"),)


def test_a_focus_that_is_no_lesion_is_not_taken_for_one() -> None:
    understood = read(ULCER, observation("o", "hyperkeratosis", "present", focus="gone"))
    assert understood.reading.unplaced == (("Observation/o", "hyperkeratosis"),)


def test_a_focus_may_be_absolute_versioned_or_a_full_url() -> None:
    base = "http://example.org/fhir/"
    for reference in (base + "Condition/v", "Condition/v/_history/2", base + "Condition/v/_history/1"):
        seen = observation("o", "aspect", "plantar", focus=None) | {"focus": [{"reference": reference}]}
        understood = read(*TWO, seen, urls=[base + "Condition/u", base + "Condition/v", None])
        assert understood.values("aspect", "Condition/v") == ["plantar"]
    seen = observation("o", "aspect", "plantar") | {"focus": [{"reference": "urn:uuid:v"}]}
    assert read(*TWO, seen, urls=[None, "urn:uuid:v", None]).values("aspect", "Condition/v") == ["plantar"]


def test_a_contained_focus_is_no_lesion() -> None:
    seen = observation("o", "aspect", "plantar") | {"focus": [{"reference": "#c"}]}
    assert read(ULCER, seen).bucket("unplaced") == 1


# Feet -------------------------------------------------------------------------------------------------------------


def test_foot_findings_go_by_side() -> None:
    understood = read(
        *TWO,
        observation("r", "toe-pressure", (25, "mm[Hg]"), at=["right"]),
        observation("l", "toe-pressure", (80, "mm[Hg]"), at=["left"]),
    )
    assert understood.values("toe-pressure", "Condition/u") == [25]
    assert understood.values("toe-pressure", "Condition/v") == [80]


def test_lesions_of_one_foot_share_it() -> None:
    understood = read(
        ULCER,
        condition("v", "ulcer", at=["heel", "right"]),
        observation("o", "neuropathy", "present", focus="v"),
    )
    assert understood.values("neuropathy", "Condition/u") == ["present"]


def test_a_finding_of_the_other_foot_is_unplaced() -> None:
    understood = read(ULCER, observation("o", "toe-pressure", (25, "mm[Hg]"), at=["left"]))
    assert understood.reading.unplaced == (("Observation/o", "toe-pressure"),)


def test_a_sideless_foot_finding_holds_for_each_foot() -> None:
    understood = read(*TWO, observation("o", "neuropathy", "present"))
    for name in understood.references:
        assert understood.values("neuropathy", name) == ["present"]


def test_unless_the_foot_is_told_otherwise() -> None:
    understood = read(
        *TWO, condition("n", "E11.42", ICD), observation("o", "neuropathy", "absent", "2026-03-01", at=["left"])
    )
    assert understood.values("neuropathy", "Condition/u") == ["present"]
    assert understood.values("neuropathy", "Condition/v") == ["absent"]


def test_a_later_neuropathy_of_both_feet_is_told_to_each() -> None:
    understood = read(
        *TWO,
        observation("o", "neuropathy", "absent", "2020-03-01", at=["left"]),
        condition("n", "E11.42", ICD, recordedDate="2026-01-01"),
    )
    assert understood.values("neuropathy", "Condition/v") == ["absent", "present"]


def test_a_later_sideless_measurement_may_be_of_the_other_foot() -> None:
    understood = read(
        *TWO,
        observation("l", "toe-pressure", (25, "mm[Hg]"), "2025-01-01", at=["left"]),
        observation("o", "toe-pressure", (70, "mm[Hg]"), "2026-01-01"),
    )
    assert understood.values("toe-pressure", "Condition/v") == [25]
    assert understood.values("toe-pressure", "Condition/u") == [70]


def test_an_unknown_side_is_a_foot_of_its_own() -> None:
    understood = read(
        condition("a", "ulcer", at=["heel"]),
        condition("b", "ulcer", at=["mth-2", "right"]),
        observation("o", "toe-pressure", (25, "mm[Hg]"), at=["right"]),
    )
    assert understood.values("toe-pressure", "Condition/a") == []
    assert understood.values("toe-pressure", "Condition/b") == [25]


def test_one_lesion_of_unknown_side_takes_the_only_side_that_is_named() -> None:
    lesion = condition("a", "ulcer", at=["heel"])
    right = observation("r", "toe-pressure", (25, "mm[Hg]"), at=["right"])
    left = observation("l", "toe-pressure", (80, "mm[Hg]"), at=["left"])
    assert read(lesion, right).values("toe-pressure") == [25]
    assert read(lesion, right, left).bucket("unplaced") == 2


def test_a_finding_of_both_sides_holds_for_both() -> None:
    understood = read(*TWO, observation("o", "neuropathy", "present", at=["left", "right"]))
    for name in understood.references:
        assert understood.values("neuropathy", name) == ["present"]


def test_a_lesion_on_both_sides_is_said_to_be_none() -> None:
    understood = read(condition("u", "ulcer", at=["left", "right"]))
    assert understood.warnings() == ["Condition/u"]


# Patients ---------------------------------------------------------------------------------------------------------


def test_findings_of_the_patient_reach_every_lesion_of_that_patient_alone() -> None:
    understood = read(ULCER, condition("q", "ulcer", of="q"), condition("d", "diabetes"))
    assert understood.values("diabetes", "Condition/u") == ["present"]
    assert understood.values("diabetes", "Condition/q") == []


def test_a_patient_without_lesion_does_not_lend_findings() -> None:
    understood = read(ULCER, condition("d", "diabetes", of="q"))
    assert understood.reading.unplaced == (("Condition/d", "diabetes"),)


def test_patients_are_found_by_any_form_of_reference() -> None:
    base = "http://example.org/fhir/"
    forms = ["Patient/p", base + "Patient/p", "Patient/p/_history/3"]
    seen = [observation(f"o{i}", "diabetes", "present") | {"subject": {"reference": r}} for i, r in enumerate(forms)]
    for known in (patient(), {"resourceType": "Basic", "id": "x"}):
        urls = [base + "Condition/u", f"{base}{known['resourceType']}/{known['id']}", None, None, None]
        understood = read(ULCER, known, *seen, urls=urls)
        assert understood.subject().patient == base + "Patient/p"
        assert len(understood.facts("diabetes")) == 3


def test_a_patient_may_be_named_by_identifier() -> None:
    number = {"system": "urn:hospital", "value": "7"}
    understood = read(
        patient(identifier=[number]), ULCER, condition("d", "diabetes") | {"subject": {"identifier": number}}
    )
    assert understood.values("diabetes") == ["present"]


def test_without_a_subject_a_resource_is_of_the_only_patient() -> None:
    lonely = observation("o", "diabetes", "present")
    del lonely["subject"]
    assert read(patient(), ULCER, lonely).values("diabetes") == ["present"]
    assert read(ULCER, condition("v", "ulcer", of="q"), lonely).reading.unplaced == (("Observation/o", "diabetes"),)


def test_a_group_is_no_patient() -> None:
    of_group = condition("d", "diabetes") | {"subject": {"reference": "Group/g"}}
    assert read(ULCER, of_group).why("Condition/d") == "its subject is not a patient"


# Identity ---------------------------------------------------------------------------------------------------------


def test_the_subject_is_the_full_url_else_made_of_type_and_id() -> None:
    assert read(ULCER, urls=["http://x.org/Condition/u"]).subject().iri == "http://x.org/Condition/u"
    assert read(ULCER, urls=["not an iri"]).subject().iri == "urn:guideline-reasoner:Condition/u"
    assert read(ULCER, patient(), urls=[None, "http://x.org/Patient/p"]).subject().iri == "http://x.org/Condition/u"


def test_a_resource_without_id_is_named_by_its_content_wherever_it_stands() -> None:
    nameless = condition("x", "ulcer")
    del nameless["id"]
    first, second = read(nameless, patient()).subject(), read(patient(), nameless).subject()
    assert first.iri == second.iri
    assert first.iri.startswith("urn:uuid:")
    assert first.reference is None


def test_the_order_of_resources_does_not_matter() -> None:
    resources = [*TWO, patient(), condition("n", "E11.42", ICD), calcified("right"), observation("o", "aspect", "apex")]
    assert read(*resources).reading == read(*reversed(resources)).reading


def test_local_body_site_codes_may_be_codings_of_one_concept() -> None:
    site = [concept((FOOT, "mth-2"), (FOOT, "right"), (SNOMED, "29707007"))]
    understood = read(condition("u", "ulcer", bodySite=site))
    assert understood.values("site") == ["mth-2"]
    assert understood.why("Condition/u") == ""
