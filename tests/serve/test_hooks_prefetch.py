"""Prefetched data whole, in part, absent, null, failed, or of somebody else: used, told of, or refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reasoner.serve.hooks.discovery import kinds

from .hooking import IWGDF, Json, body, cards, conforms, example, patient_of, reasoner, refuses, resources, shared

OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "timeout", "diagnostics": "secret-7"}],
}
SERVICE = f"/cds-services/{IWGDF}-patient-view"
NAME = "neuropathic-forefoot-ulcer"
PARTS = {"Condition": "conditions", "Observation": "observations", "Procedure": "procedures"}


def post(prefetch: Any, patient: str | None = None, **more: Any) -> Any:
    own = patient or patient_of(example(NAME))
    return shared().post(SERVICE, json=body("patient-view", own, prefetch, **more))


def bundle(*kinds_: str) -> Json:
    entries = [{"resource": own} for own in resources(example(NAME)) if own["resourceType"] in kinds_]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def person() -> Json:
    (own,) = [own for own in resources(example(NAME)) if own["resourceType"] == "Patient"]
    return own


def advice(found: list[Json]) -> list[str]:
    return sorted(s["label"] for card in found for s in card.get("suggestions", ()))


def test_discovery_conforms_and_asks_for_what_the_mapping_reads() -> None:
    answer = shared().get("/cds-services").json()
    conforms(answer, "services")
    guidelines = [g.id for g in reasoner().knowledge.guidelines]
    wanted = {(f"{g}-{hook}", hook) for g in guidelines for hook in ("patient-view", "order-select", "order-sign")}
    assert {(own["id"], own["hook"]) for own in answer["services"]} == wanted
    assert set(kinds(reasoner().knowledge.mapping)) == set(PARTS)
    for own in answer["services"]:
        assert set(own["prefetch"]) == {"patient", "record", *PARTS.values()}
        assert own["prefetch"]["patient"] == "Patient/{{context.patientId}}"
        for kind in PARTS:
            assert f"_revinclude={kind}:patient" in own["prefetch"]["record"]
        assert "https://w3id.org/guideline-reasoner/CodeSystem/foot|toe-pressure" in own["prefetch"]["observations"]
        # Whole families of codes are read, which a search cannot name.
        assert own["prefetch"]["conditions"] == "Condition?patient={{context.patientId}}"


def test_the_record_alone_is_enough_and_parts_give_the_same_advice() -> None:
    whole = cards(post({"record": example(NAME)}).json())
    parts = cards(post({"patient": person(), **{key: bundle(kind) for kind, key in PARTS.items()}}).json())
    both = cards(post({"record": example(NAME), "observations": bundle("Observation"), "patient": person()}).json())
    assert advice(whole) == advice(parts) == advice(both) != []
    assert [card["uuid"] for card in whole] == [card["uuid"] for card in both]
    assert all("Prefetch" not in card["detail"] for card in whole + parts + both)
    counted = len(example(NAME)["entry"])
    assert all(f"- {counted} resources read" in card["detail"] for card in whole + both)


@pytest.mark.parametrize(
    "prefetch",
    [
        None,
        {},
        {"patient": {"resourceType": "Patient", "id": "p1"}},
        {"record": None},
        {"record": OUTCOME},
        {"record": "Patient/p1"},
        {"record": []},
        {"record": {"resourceType": "Bundle", "entry": 3}},
        {"conditions": None, "observations": None, "procedures": None},
        {"conditions": OUTCOME, "observations": None},
        {"other": {"resourceType": "Bundle"}},
        {"record": {"resourceType": "Patient", "id": "p1"}},
        {"observations": {"resourceType": "Observation", "id": "o"}, "patient": {"resourceType": "Group"}},
    ],
)
def test_no_record_is_a_failed_precondition_even_where_a_server_is_named(prefetch: Any) -> None:
    more: Json = {"fhirServer": "https://ehr.example.org/fhir", "fhirAuthorization": {"access_token": "x"}}
    response = post(prefetch, **more)
    refuses(response, 412, "no record", "`record`", "fetches none")
    assert "secret-7" not in response.text


@pytest.mark.parametrize(
    ("missing", "word"),
    [(None, "null"), (OUTCOME, "could not get it"), ("absent", "not sent"), (7, "not a FHIR resource")],
)
def test_a_part_that_did_not_come_is_told_in_every_card(missing: Any, word: str) -> None:
    prefetch = {"patient": person(), "conditions": bundle("Condition"), "procedures": bundle("Procedure")}
    if missing != "absent":
        prefetch["observations"] = missing
    found = cards(post(prefetch).json())
    assert found and all("`observations`" in card["detail"] and word in card["detail"] for card in found)
    assert all("secret-7" not in card["detail"] for card in found)
    asking = [card for card in found if "**Ask**" in card["detail"]]
    assert len(asking) == 1


def test_silence_is_not_mistaken_for_advice_where_something_is_missing() -> None:
    (card,) = cards(post({"patient": person(), "procedures": bundle("Procedure"), "conditions": OUTCOME}).json())
    assert card["uuid"] and "suggestions" not in card
    assert card["indicator"] == "info" and "incomplete" in card["summary"]
    assert "`conditions`" in card["detail"] and "`observations`" in card["detail"]


def test_an_error_among_the_entries_and_further_pages_are_told() -> None:
    record = copy.deepcopy(example(NAME))
    record["entry"].append({"search": {"mode": "outcome"}, "resource": OUTCOME})
    record["link"] = [{"relation": "self", "url": "x"}, {"relation": "next", "url": "https://ehr.example.org/page2"}]
    found = cards(post({"record": record}).json())
    for card in found:
        assert "OperationOutcome among its entries" in card["detail"] and "only its first page" in card["detail"]
        assert "page2" not in card["detail"]
    assert advice(found) == advice(cards(post({"record": example(NAME)}).json()))


def test_entries_without_a_resource_and_fewer_than_were_found_are_told() -> None:
    record = copy.deepcopy(example(NAME))
    record["entry"].append({"response": {"status": "403 Forbidden"}})
    record["total"] = 400
    for card in cards(post({"record": record}).json()):
        assert "1 entry of it without a resource" in card["detail"] and " of 400 came" in card["detail"]


def test_a_missing_patient_and_an_unasked_key_are_told() -> None:
    prefetch = {"record": bundle("Condition", "Observation", "Procedure"), "labs": bundle("Observation")}
    for card in cards(post(prefetch).json()):
        assert "`patient`" in card["detail"] and "`labs`" in card["detail"]


@pytest.mark.parametrize("where", ["patient", "record", "subject", "absolute", "unknown", "draft"])
def test_data_of_another_person_is_refused(where: str) -> None:
    record, prefetch = copy.deepcopy(example(NAME)), {}
    if where == "patient":
        prefetch["patient"] = {"resourceType": "Patient", "id": "another"}
    elif where == "record":
        record["entry"].append({"resource": {"resourceType": "Patient", "id": "another"}})
    else:
        other = {
            "subject": "Patient/another", "absolute": "https://ehr.example.org/fhir/Patient/another",
            "unknown": "urn:uuid:00000000-0000-4000-8000-00000000000a", "draft": "Patient/another/_history/3",
        }[where]  # fmt: skip
        observation = next(own for own in resources(record) if own["resourceType"] == "Observation")
        observation["subject"] = {"reference": other}
    refuses(post({"record": record, **prefetch}), 400, "not about the patient")


def test_two_people_by_identifier_are_refused() -> None:
    record = copy.deepcopy(example(NAME))
    for number, own in enumerate(own for own in resources(record) if own["resourceType"] == "Condition"):
        own["subject"] = {"identifier": {"system": "urn:x", "value": str(number)}}
    response = post({"record": record})
    assert response.status_code in (200, 400)
    if response.status_code == 200:
        people = {line for card in response.json()["cards"] for line in card["detail"].splitlines() if "urn:x" in line}
        assert not people


def test_references_by_full_url_and_of_a_version_are_understood() -> None:
    record = copy.deepcopy(example(NAME))
    patient = next(entry for entry in record["entry"] if entry["resource"]["resourceType"] == "Patient")
    patient["fullUrl"] = "urn:uuid:11111111-2222-4333-8444-555555555555"
    for own in resources(record):
        if "subject" in own:
            own["subject"] = {"reference": patient["fullUrl"]}
    found = cards(post({"record": record}).json())
    assert advice(found) == advice(cards(post({"record": example(NAME)}).json()))
    subjects = {
        a["resource"]["subject"]["reference"] for c in found for s in c.get("suggestions", ()) for a in s["actions"]
    }
    assert subjects == {f"Patient/{patient_of(example(NAME))}"}


def test_no_address_of_a_request_is_ever_called(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def connect(*_: object, **__: object) -> None:
        raise AssertionError("somebody was called")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "create_connection", connect)
    more: Json = {"fhirServer": "http://169.254.169.254/latest", "fhirAuthorization": {"access_token": "t"}}
    assert post({"record": example(NAME)}, **more).status_code == 200
    assert post({}, **more).status_code == 412
