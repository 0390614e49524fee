"""Draft orders held against a guideline: what contradicts is warned of, what is not judged is said to be so."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reasoner.graph import NOTATION
from reasoner.guidelines import broader_interventions

from .hooking import (
    CALCIFICATION,
    FOOT,
    IWGDF,
    OURS,
    Json,
    body,
    call,
    cards,
    example,
    order,
    patient_of,
    reasoner,
    refuses,
    samples,
    shared,
)

HOOKS = ("order-select", "order-sign")
INFECTED, OPEN, FEET = "severe-infection", "missing-data", "two-feet"
CONTRADICTION = "contradiction"


def said(card: Json) -> Json:
    own: Json = card["extension"][OURS]
    return own


def about(name: str, *codes: str, hook: str = "order-sign") -> list[Json]:
    bundle = example(name)
    return call(bundle, hook=hook, drafts=[order(code, patient_of(bundle)) for code in codes])


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("code", ["total-contact-cast", "non-removable-walker", "non-removable-knee-high-device"])
def test_a_non_removable_device_in_severe_infection_is_warned_of(hook: str, code: str) -> None:
    (card,) = about(INFECTED, code, hook=hook)
    assert card["indicator"] == "warning" and said(card)[CONTRADICTION] == "first"
    assert [row["id"] for row in said(card)["recommendations"]] == ["iwgdf-7c"]
    assert "contradicts the guideline" in card["summary"] and "severe infection" in card["detail"]
    assert f"`DeviceRequest/draft-{code}`" in card["detail"]
    (suggestion,) = card["suggestions"]
    assert suggestion["extension"][OURS]["recommendation"] == "iwgdf-7c"


def test_what_is_advised_against_is_warned_of_also_by_a_narrower_name() -> None:
    for code in ("conventional-footwear", "therapeutic-footwear"):
        (card,) = about("neuropathic-forefoot-ulcer", code)
        assert (card["indicator"], said(card)[CONTRADICTION]) == ("warning", "against")


def test_what_cannot_go_with_the_advice_is_warned_of() -> None:
    (card,) = about("neuropathic-forefoot-ulcer", "removable-knee-high-device")
    assert said(card)[CONTRADICTION] == "clash"
    assert {row["id"] for row in said(card)["recommendations"]} <= {"iwgdf-1a", "iwgdf-1b", "iwgdf-7a"}


def test_an_operation_whose_criteria_are_not_met_is_warned_of_with_the_reason() -> None:
    barred = "iwgdf-5d"
    sample = next(
        s for s in samples()
        if s["expected"]["iwgdf-scope"] == "in-scope"
        and s["expected"]["recommendations"][barred]["verdict"] == "not-eligible"
        and all(s["expected"]["recommendations"][i]["verdict"] == "not-eligible" for i in ("iwgdf-7c", "iwgdf-ext-1"))
    )  # fmt: skip
    bundle = sample["bundle"]
    (card,) = call(bundle, hook="order-sign", drafts=[order("metatarsal-osteotomy", patient_of(bundle))])
    assert (card["indicator"], said(card)[CONTRADICTION]) == ("warning", "unmet")
    assert "criteria" in card["summary"] and "iwgdf-5d" in card["detail"]


def test_a_later_step_is_no_contradiction_and_is_told() -> None:
    (card,) = about(INFECTED, "removable-knee-high-device")
    assert card["indicator"] == "info" and "only after something else" in card["summary"]


def test_what_comes_first_needs_no_card() -> None:
    assert about(INFECTED, "treat-infection-first") == []
    assert about("neuropathic-forefoot-ulcer", "total-contact-cast") == []


def test_what_is_suggested_is_never_warned_of() -> None:
    count = 0
    for guideline in (IWGDF, CALCIFICATION):
        for sample in samples()[::2]:
            bundle = sample["bundle"]
            for card in call(bundle, guideline):
                for suggestion in card.get("suggestions", ()):
                    drafts = [a["resource"] | {"id": f"d{n}"} for n, a in enumerate(suggestion["actions"])]
                    assert call(bundle, guideline, "order-sign", drafts) == [], suggestion["label"]
                    count += 1
    assert count >= 40


def test_no_order_is_passed_in_silence_unless_it_is_advised() -> None:
    """Every intervention of the knowledge as an order for samples: a card, or an eligible recommendation for it."""
    knowledge = reasoner().knowledge
    broader = broader_interventions(knowledge.graph)
    assert len(broader) >= 25
    guideline = next(own for own in knowledge.guidelines if own.id == IWGDF)
    kinds: dict[str, int] = {}
    for sample in samples()[::10]:
        bundle, scope = sample["bundle"], sample["expected"]["iwgdf-scope"]
        rows = sample["expected"]["recommendations"]
        eligible = [own for own in guideline.recommendations if rows[own.id]["verdict"] == "eligible"]
        for iri, wide in broader.items():
            name = knowledge.graph.text(iri, NOTATION) or ""
            found = call(bundle, IWGDF, "order-sign", [order(name, patient_of(bundle))])
            if scope == "out-of-scope":
                assert found == []
                continue
            for card in found:
                kind = said(card).get(CONTRADICTION, "told")
                kinds[kind] = kinds.get(kind, 0) + 1
                assert (card["indicator"] == "warning") == (kind != "told")
            if not found:
                assert any(wide & set(option) for own in eligible for option in own.interventions), name
                kinds["silent"] = kinds.get("silent", 0) + 1
    assert {"first", "unmet", "told", "silent"} <= set(kinds), kinds


def test_an_order_on_which_nothing_can_be_said_yet_is_asked_about() -> None:
    (card,) = about(OPEN, "total-contact-cast")
    assert card["indicator"] == "info" and "not known" in card["summary"] and "**Ask**" in card["detail"]


def test_orders_that_cannot_be_recognised_are_named() -> None:
    bundle = example(INFECTED)
    patient = {"subject": {"reference": f"Patient/{patient_of(bundle)}"}}
    amoxicillin = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "723"}]}
    drafts: list[Json] = [
        {"resourceType": "MedicationRequest", "id": "m1", "medicationCodeableConcept": amoxicillin, **patient},
        {"resourceType": "ServiceRequest", "id": "s1", "code": {"text": "a cast"}, **patient},
        order("total-contact-cast", "p5", id="d1", doNotPerform=True),
        order("total-contact-cast", "p5", id="d2", status="revoked"),
        order("cushioning", "p5", id="d3"),
    ]
    (card,) = call(bundle, hook="order-sign", drafts=drafts)
    assert card["indicator"] == "info" and card["summary"].startswith("5 draft orders not judged")
    for name in (
        "MedicationRequest/m1",
        "ServiceRequest/s1",
        "DeviceRequest/d1",
        "DeviceRequest/d2",
        "DeviceRequest/d3",
    ):
        assert f"`{name}`" in card["detail"]


def test_a_selection_that_is_no_draft_is_named() -> None:
    bundle = example(INFECTED)
    said_ = body("order-select", "p5", {"record": bundle}, [order("treat-infection-first", "p5")])
    said_["context"]["selections"].append("DeviceRequest/lost")
    (card,) = cards(shared().post(f"/cds-services/{IWGDF}-order-select", json=said_).json())
    assert "`DeviceRequest/lost`" in card["detail"] and "among the draft orders" in card["detail"]


def test_codes_beyond_the_local_ones_name_interventions() -> None:
    bundle = example(INFECTED)
    concept = {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "29445"}]}
    draft = {"resourceType": "ServiceRequest", "id": "s", "code": concept, "subject": {"reference": "Patient/p5"}}
    (card,) = call(bundle, hook="order-sign", drafts=[draft])
    assert said(card)[CONTRADICTION] == "first"
    r5 = {
        "resourceType": "DeviceRequest",
        "id": "r5",
        "code": {"concept": concept},
        "subject": {"reference": "Patient/p5"},
    }
    (card,) = call(bundle, hook="order-sign", drafts=[r5])
    assert said(card)[CONTRADICTION] == "first"


def test_an_order_that_names_its_lesion_is_judged_for_that_one_alone() -> None:
    bundle = example(FEET)
    patient = patient_of(bundle)
    open_ = call(bundle, hook="order-sign", drafts=[order("total-contact-cast", patient)])
    subjects = {said(card).get("subject") for card in open_}
    own = order("total-contact-cast", patient, reasonReference=[{"reference": "Condition/left-toe-ulcer"}])
    named = call(bundle, hook="order-sign", drafts=[own])
    assert {said(card).get("subject") for card in named} <= subjects | {None}
    details = "".join(card["detail"] for card in named)
    assert "left-toe-ulcer" in details and "`Condition/right-ulcer`" not in details


def test_a_warning_says_which_of_several_lesions_it_is_about() -> None:
    cards = [card for card in about(FEET, "conventional-footwear", "toe-amputation") if CONTRADICTION in said(card)]
    subjects = {said(card)["subject"] for card in cards}
    assert len(subjects) > 1, "both lesions are warned of"
    summaries = {card["summary"] for card in cards}
    assert len(summaries) == len(cards) and all(len(own) < 140 for own in summaries)
    assert all(("left" in card["summary"]) == ("left" in said(card)["subject"]) for card in cards)


def test_an_order_for_another_person_is_refused() -> None:
    bundle = example(INFECTED)
    said_ = body("order-sign", "p5", {"record": bundle}, [order("total-contact-cast", "somebody-else")])
    refuses(shared().post(f"/cds-services/{IWGDF}-order-sign", json=said_), 400, "not about the patient")


def test_orders_for_somebody_out_of_scope_get_no_card() -> None:
    sample = next(s for s in samples() if s["expected"]["iwgdf-scope"] == "out-of-scope")
    bundle = sample["bundle"]
    assert call(bundle, IWGDF, "order-sign", [order("total-contact-cast", patient_of(bundle))]) == []


@pytest.mark.parametrize(
    "code", [None, 7, [], {}, {"coding": 1}, {"coding": [1, {"code": 3}, {"system": [], "code": "x"}]}]
)
def test_a_draft_of_odd_shape_is_not_judged_and_breaks_nothing(code: Any) -> None:
    bundle = example(INFECTED)
    draft = {
        "resourceType": "DeviceRequest",
        "codeCodeableConcept": code,
        "reasonReference": [None, 3],
        "id": 4,
        "status": [],
    }
    said_ = body("order-sign", "p5", {"record": bundle}, [copy.deepcopy(draft)])
    response = shared().post(f"/cds-services/{IWGDF}-order-sign", json=said_)
    assert response.status_code == 200, response.text
    (card,) = cards(response.json())
    assert "not judged" in card["summary"]


def test_the_local_code_system_is_the_one_of_the_findings() -> None:
    assert FOOT in reasoner().knowledge.mapping.value_systems
