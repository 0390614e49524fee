"""Cards say what the verdicts say: no more, no less, for every sample and both guidelines."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhirvalid import check
from pydantic import ValidationError
from starlette.testclient import TestClient

from reasoner.assess import load
from reasoner.serve.app import application
from reasoner.serve.service import Service
from reasoner.serve.settings import Settings

from .hooking import (
    CALCIFICATION,
    FOOT,
    IWGDF,
    OURS,
    STATIN,
    Json,
    call,
    cards,
    client,
    example,
    order,
    patient_of,
    reasoner,
    refuses,
    samples,
    shared,
)
from .hooking import body as body_of

GUIDELINES = {IWGDF: "iwgdf-scope", CALCIFICATION: "stc-scope"}
LEAST_SUGGESTIONS = 60
BOTH = "ulcer-and-calcification-after-failed-offloading"


def expected(sample: Json, guideline: str) -> dict[str, Json]:
    """The verdicts that came with the sample, of one guideline."""
    ids = {r.id for g in reasoner().knowledge.guidelines if g.id == guideline for r in g.recommendations}
    return {id_: own for id_, own in sample["expected"]["recommendations"].items() if id_ in ids}


def direction(id_: str) -> str:
    return next(r.direction for g in reasoner().knowledge.guidelines for r in g.recommendations if r.id == id_)


def offered(sample: Json, guideline: str) -> set[str]:
    """What may be proposed: eligible, nothing before it, first in its order, evidence from such cases."""
    indirect = guideline == CALCIFICATION and sample["expected"]["applicability"] != "direct"
    return {
        id_
        for id_, own in expected(sample, guideline).items()
        if own["verdict"] == "eligible"
        and direction(id_) == "for"
        and own["overriddenBy"] is None
        and own["preferred"] in (True, None)
        and not indirect
    }


def told(card: Json, kind: str) -> Any:
    return card["extension"][OURS].get(kind, {})


@pytest.mark.parametrize("guideline", GUIDELINES)
def test_cards_equal_the_verdicts_of_every_sample(guideline: str) -> None:
    overriding = {r.id for g in reasoner().knowledge.guidelines for r in g.recommendations if r.overrides}
    seen: Counter[str] = Counter()
    for sample in samples():
        rows, scope = expected(sample, guideline), sample["expected"][GUIDELINES[guideline]]
        own = call(sample["bundle"], guideline)
        if scope == "out-of-scope":
            assert own == []
            seen["out"] += 1
            continue
        eligible = {id_ for id_, row in rows.items() if row["verdict"] == "eligible"}
        advice = [card for card in own if told(card, "decision")]
        verdicts = {row["id"]: row for card in advice for row in told(card, "recommendations")}
        assert {id_ for id_, row in verdicts.items() if row["verdict"] == "eligible"} == eligible
        for id_, row in verdicts.items():
            assert {key: row[key] for key in rows[id_]} == rows[id_], id_
        for card in advice:
            mine = {row["id"] for row in told(card, "recommendations") if row["verdict"] == "eligible"}
            assert mine and all(f"({id_})" in card["detail"] for id_ in mine)
            against = any(direction(id_) == "against" for id_ in mine)
            wanted = "critical" if mine & overriding else "warning" if against else "info"
            assert card["indicator"] == wanted
        proposed = {s["extension"][OURS]["recommendation"] for card in own for s in card.get("suggestions", ())}
        assert proposed == offered(sample, guideline)
        open_ = [row for row in rows.values() if row["verdict"] == "undetermined"]
        asking = [card for card in own if "**Ask**" in card["detail"]]
        assert len(asking) == (1 if open_ or scope == "undetermined" else 0)
        assert all(card["indicator"] == "info" and "suggestions" not in card for card in asking)
        seen.update(proposed=len(proposed), asking=len(asking), advice=len(advice))
    assert min(seen[what] for what in ("out", "proposed", "asking", "advice")) >= 4, seen


def test_the_same_call_gives_the_same_cards_and_another_call_other_names() -> None:
    bundle = example("neuropathic-forefoot-ulcer")
    first, second = call(bundle), call(bundle)
    drop = [card["uuid"] for card in first]
    assert drop == [card["uuid"] for card in second] and drop
    said = body_of("patient-view", patient_of(bundle), {"record": bundle})
    said["hookInstance"] = "00000000-0000-4000-8000-000000000001"
    other = cards(shared().post(f"/cds-services/{IWGDF}-patient-view", json=said).json())
    assert not set(drop) & {card["uuid"] for card in other}
    assert [name[19:] for name in drop] == [card["uuid"][19:] for card in other]


@cache
def proposals() -> list[tuple[Json, Json]]:
    """Every resource that is suggested for a sample, with its suggestion."""
    return [
        (suggestion, action["resource"])
        for guideline in GUIDELINES
        for sample in samples()
        for card in call(sample["bundle"], guideline)
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
    ]


def test_suggestions_are_proposals_for_the_patient_and_valid_fhir() -> None:
    found = proposals()
    assert len(found) >= LEAST_SUGGESTIONS
    kinds = {resource["resourceType"] for _, resource in found}
    assert kinds == {"DeviceRequest", "ServiceRequest"}
    for _, resource in found:
        assert (resource["status"], resource["intent"]) == ("draft", "proposal")
        assert resource["subject"]["reference"].startswith("Patient/pt")
        assert "id" not in resource
        assert plain_problems(resource) == []


def test_suggestions_pass_every_validator() -> None:
    one_of_each = {str(sorted(r)) + r["resourceType"]: r for _, r in proposals()}
    assert check(one_of_each.values(), "R4") == []


def test_only_what_comes_first_is_proposed() -> None:
    (first,) = [card for card in call(example("severe-infection")) if card["indicator"] == "critical"]
    (suggestion,) = first["suggestions"]
    assert ", then " in suggestion["label"].lower()
    assert [action["resource"]["resourceType"] for action in suggestion["actions"]] == ["ServiceRequest"]


def test_all_that_is_open_is_asked_in_one_card() -> None:
    found = call(example("missing-data"))
    asking = [card for card in found if "**Ask**" in card["detail"]]
    assert len(asking) == 1 and asking[0]["indicator"] == "info"
    assert "?" in asking[0]["summary"] and "**Cannot be decided yet**" in asking[0]["detail"]


def test_every_lesion_has_its_own_cards() -> None:
    found = call(example("two-feet"))
    subjects = {told(card, "subject") for card in found if told(card, "decision")}
    assert len(subjects) == 3


@pytest.mark.parametrize("guideline", GUIDELINES)
def test_the_summary_keeps_the_lesion_and_no_two_suggestions_read_alike(guideline: str) -> None:
    advising = [card for card in call(example(BOTH), guideline) if told(card, "decision")]
    assert any("…" in card["summary"] for card in advising)
    for card in advising:
        assert card["summary"].endswith("second metatarsal head, plantar")
        labels = [own["label"] for own in card.get("suggestions", [])]
        assert len(labels) == len(set(labels))


def test_a_record_without_a_case_gets_no_card() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": {"resourceType": "Patient", "id": "p"}}],
    }
    for guideline in GUIDELINES:
        assert call(bundle, guideline) == []


def test_a_record_that_contradicts_itself_is_warned_of() -> None:
    bundle = example("severe-infection")
    entries = [
        entry
        for entry in bundle["entry"]
        if "sirs" not in entry["fullUrl"] and "bone-infection" not in entry["fullUrl"]
    ]
    base = {
        "resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p5"},
        "code": {"coding": [{"system": FOOT, "code": "infection-grade"}]},
        "effectiveDateTime": "2026-06-02T09:00:00Z",
    }  # fmt: skip
    for number, value in enumerate(("none", "severe")):
        coded = {"coding": [{"system": FOOT, "code": value}]}
        entries.append({"resource": base | {"id": f"grade-{number}", "valueCodeableConcept": coded}})
    found = call(bundle | {"entry": entries})
    (warned,) = [card for card in found if "contradicts itself" in card["summary"]]
    assert warned["indicator"] == "warning" and "infection" in warned["summary"]


def digit_ulcer(**more: str) -> Json:
    """An ulcer at a toe for which a device is eligible and, with a flexible deformity, an operation comes first."""
    said = {
        "diabetes": "present", "neuropathy": "present", "aspect": "plantar", "infection-grade": "none",
        "ischaemia-grade": "none", "vascular-assessment": "done", "non-removable-device-contraindication": "absent",
        "falls-risk": "not-high", "non-surgical-offloading": "not-tried", **more,
    }  # fmt: skip
    person = {"reference": "Patient/d1"}
    ulcer = {
        "resourceType": "Condition", "id": "c", "subject": person, "recordedDate": "2026-01-01",
        "code": {"coding": [{"system": FOOT, "code": "ulcer"}]},
        "bodySite": [{"coding": [{"system": FOOT, "code": "digit-2"}, {"system": FOOT, "code": "left"}]}],
    }  # fmt: skip
    own: list[Json] = [{"resourceType": "Patient", "id": "d1"}, ulcer]
    for name, value in said.items():
        told = {"code": {"coding": [{"system": FOOT, "code": name}]}, "valueCodeableConcept": coded(value)}
        own.append({"resourceType": "Observation", "id": name, "status": "final", "subject": person, **told})
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in own]}


def coded(value: str) -> Json:
    return {"coding": [{"system": FOOT, "code": value}]}


def proposed(found: list[Json]) -> set[str]:
    return {own["extension"][OURS]["recommendation"] for card in found for own in card.get("suggestions", ())}


def test_what_is_not_first_is_told_and_not_proposed() -> None:
    bundle = digit_ulcer(**{"flexible-toe-deformity": "present"})
    found = call(bundle)
    assert proposed(found) == {"iwgdf-6"}
    (card,) = [card for card in found if "iwgdf-1a" in card["detail"]]
    assert card["detail"].index("(iwgdf-6)") < card["detail"].index("(iwgdf-1a)")
    assert "Not the first choice" in card["detail"] and card["suggestions"][0]["isRecommended"] is True
    (second,) = call(bundle, hook="order-sign", drafts=[order("total-contact-cast", "d1")])
    assert second["indicator"] == "info" and "not the first choice" in second["summary"]


def test_what_may_not_be_first_is_told_and_not_proposed() -> None:
    found = call(digit_ulcer())
    assert proposed(found) == set()
    (card,) = [card for card in found if "(iwgdf-1a)" in card["detail"]]
    assert "Whether it comes first depends on" in card["detail"] and "(not settled)" in card["summary"]
    (open_,) = call(digit_ulcer(), hook="order-sign", drafts=[order("total-contact-cast", "d1")])
    assert "flexible" in open_["summary"] or "flexible" in open_["detail"]


def test_the_reasons_to_override_are_hl7s_and_have_a_display() -> None:
    card = call(example("severe-infection"))[0]
    systems = {reason["system"] for reason in card["overrideReasons"]}
    assert systems == {"http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"}
    assert len({reason["code"] for reason in card["overrideReasons"]}) == len(card["overrideReasons"]) >= 8


def test_links_lead_to_pages_that_exist_and_sources_to_a_publication() -> None:
    server = TestClient(application(Service(reasoner(), Settings())), base_url="http://127.0.0.1")
    for card in call(example("severe-infection")):
        assert card["links"]
        for link in card["links"]:
            assert link["type"] == "absolute"
            assert server.get(urlsplit(link["url"]).path).status_code == 200
        assert card["source"]["url"].startswith(("https://doi.org/10.", "https://pubmed.ncbi.nlm.nih.gov/"))


def test_another_guideline_needs_no_line_of_code() -> None:
    """The statin guideline: a person is the subject, and what is proposed is a medication."""
    statin = load(STATIN)
    local = "https://example.org/CodeSystem/uspstf-statin-2022"
    coded = {"hypertension": "present", "known-cvd": "absent", "familial-hypercholesterolaemia": "absent"}
    values: Json = {
        name: {"valueCodeableConcept": {"coding": [{"system": local, "code": own}]}} for name, own in coded.items()
    }
    values["age"] = {"valueQuantity": {"value": 55, "system": "http://unitsofmeasure.org", "code": "a"}}
    values["cvd-risk-10-year"] = {"valueQuantity": {"value": 12, "system": "http://unitsofmeasure.org", "code": "%"}}
    values["ldl-c"] = {"valueQuantity": {"value": 130, "system": "http://unitsofmeasure.org", "code": "mg/dL"}}
    entries: list[Json] = [{"resource": {"resourceType": "Patient", "id": "s1"}}]
    entries += [
        {
            "resource": {
                "resourceType": "Observation", "id": name, "status": "final", "subject": {"reference": "Patient/s1"},
                "effectiveDateTime": "2026-01-01", "code": {"coding": [{"system": local, "code": name}]}, **value,
            }
        }
        for name, value in values.items()
    ]  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    with client(own=statin) as other:
        services = other.get("/cds-services").json()["services"]
        assert {service["id"].rsplit("-", 2)[0] for service in services} == {"uspstf-statin-2022"}
        said = body_of("patient-view", "s1", {"record": bundle})
        (card,) = cards(other.post("/cds-services/uspstf-statin-2022-patient-view", json=said).json(), statin)
        (suggestion,) = card["suggestions"]
        assert suggestion["isRecommended"] is True
        assert suggestion["actions"][0]["resource"]["resourceType"] == "MedicationRequest"
        assert plain_problems(suggestion["actions"][0]["resource"]) == []
        refuses(other.post(f"/cds-services/{IWGDF}-patient-view", json=said), 404)


def plain_problems(resource: Json) -> list[str]:
    """What fhir.resources finds wrong with a resource of R4B."""
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValidationError as error:
        return [str(own) for own in error.errors()]
    return []
