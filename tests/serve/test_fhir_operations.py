"""$apply, $data-requirements and $validate-patient as a client of FHIR calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fhirvalid import check

from reasoner.responses.names import CANONICAL

from .fhir_client import APPLY, EXAMPLES, FHIR, IWGDF, R5, client, data, issue, parameters, post

Json = dict[str, Any]
JSON_FILES = sorted(EXAMPLES.glob("*.json"))


def resources(response: Json, kind: str) -> list[Json]:
    found = response.get("contained") or [entry["resource"] for entry in response["entry"]]
    return [own for own in found if own["resourceType"] == kind]


@pytest.mark.parametrize("path", JSON_FILES, ids=lambda path: path.stem)
def test_a_bundle_is_applied_in_both_releases(path: Path) -> None:
    for guideline in (IWGDF, "metatarsal-calcification"):
        url = f"/fhir/PlanDefinition/{guideline}/$apply"
        old, new = post(url, data(path)), post(url, data(path), accept=R5)
        assert (old.status_code, new.status_code) == (200, 200)
        assert old.json()["resourceType"] == "CarePlan"
        assert new.json()["entry"][0]["resource"]["resourceType"] == "RequestOrchestration"
        assert old.headers["content-type"].startswith("application/fhir+json; fhirVersion=4.0")
        assert new.headers["content-type"].startswith("application/fhir+json; fhirVersion=5.0")
        states = [[own["status"] for own in resources(one.json(), "GuidanceResponse")] for one in (old, new)]
        assert states[0] == states[1] != []


def test_parameters_give_the_same_plan_as_the_bundle() -> None:
    path = EXAMPLES / "severe-infection.json"
    told = parameters(path, subject="Patient/p5")
    one, two = post(APPLY, data(path)).json(), post(APPLY, told).json()
    names = [[own["detail"] for own in resources(plan, "DetectedIssue")] for plan in (one, two)]
    assert names[0] == names[1]
    assert one["subject"] == two["subject"] == {"reference": "Patient/p5"}


def test_the_release_of_the_body_is_the_release_of_the_answer() -> None:
    sent = "application/fhir+json; fhirVersion=5.0"
    answer = client().post(APPLY, content=data(EXAMPLES / "severe-infection.json"), headers={"content-type": sent})
    assert answer.json()["resourceType"] == "Bundle"


def test_what_is_wanted_most_is_answered() -> None:
    path = data(EXAMPLES / "severe-infection.json")
    for accept, wanted in (
        ("application/fhir+json;fhirVersion=4.0;q=0.5, application/fhir+json; fhirVersion=5.0", "Bundle"),
        ("application/fhir+xml, application/fhir+json;q=0.1", "CarePlan"),
        ("text/html,*/*;q=0.8", "CarePlan"),
        ("application/fhir+json; fhirVersion=3.0, application/fhir+json; fhirVersion=5.0;q=0.2", "Bundle"),
    ):
        assert post(APPLY, path, accept=accept).json()["resourceType"] == wanted


def test_of_several_patients_one_must_be_named() -> None:
    both = two_patients()
    answer = post(APPLY, both)
    assert answer.status_code == 400 and issue(answer)["code"] == "required"
    one = post(f"{APPLY}?subject=Patient/p5", both)
    assert one.status_code == 200 and one.json()["subject"] == {"reference": "Patient/p5"}
    assert post(APPLY, wrapped(both, "Patient/nobody")).status_code == 422


def test_a_plan_says_nothing_of_the_others() -> None:
    both = json.loads(two_patients())
    coded = {"coding": [{"system": "http://loinc.org", "code": "1-8"}]}
    one = {"resourceType": "Observation", "id": "of-another", "status": "final", "code": coded}
    both["entry"].append({"resource": one | {"subject": {"reference": _other(both)}}})
    answer = post(APPLY, wrapped(json.dumps(both).encode(), "Patient/p5"))
    assert answer.status_code == 200 and "of-another" not in answer.text and _other(both) not in answer.text


def two_patients() -> bytes:
    one, two = (json.loads(data(EXAMPLES / f"{name}.json")) for name in ("severe-infection", "missing-data"))
    return json.dumps(one | {"entry": one["entry"] + two["entry"]}).encode()


def _other(both: Json) -> str:
    (found,) = [f"Patient/{entry['resource']['id']}" for entry in both["entry"]
                if entry["resource"]["resourceType"] == "Patient" and entry["resource"]["id"] != "p5"]  # fmt: skip
    return found


def wrapped(bundle: bytes, subject: str) -> bytes:
    told = [{"name": "subject", "valueString": subject}, {"name": "data", "resource": json.loads(bundle)}]
    return json.dumps({"resourceType": "Parameters", "parameter": told}).encode()


def test_data_may_come_in_several_resources() -> None:
    bundle = json.loads(data(EXAMPLES / "severe-infection.json"))
    each = [{"name": "data", "resource": entry["resource"]} for entry in bundle["entry"]]
    answer = post(APPLY, json.dumps({"resourceType": "Parameters", "parameter": each}).encode())
    whole = post(APPLY, json.dumps(bundle).encode())
    assert [own["status"] for own in resources(answer.json(), "GuidanceResponse")] == [
        own["status"] for own in resources(whole.json(), "GuidanceResponse")
    ]


def test_the_guideline_may_be_named_by_its_url() -> None:
    path = EXAMPLES / "severe-infection.json"
    url = f"{CANONICAL}PlanDefinition/{IWGDF}"
    answer = post("/fhir/PlanDefinition/$apply", parameters(path, url=url, version="1.0.0"))
    assert answer.status_code == 200 and answer.json()["instantiatesCanonical"] == [f"{url}|1.0.0"]
    assert post("/fhir/PlanDefinition/$apply", parameters(path, url=f"{url}|9.9")).status_code == 404
    assert post("/fhir/PlanDefinition/$apply", parameters(path, url="http://elsewhere.example/x")).status_code == 404
    assert post("/fhir/PlanDefinition/$apply", parameters(path)).status_code == 400
    assert post(APPLY, parameters(path, url=url)).status_code == 400


def test_a_parameter_that_changes_nothing_is_told_or_refused() -> None:
    told = parameters(EXAMPLES / "severe-infection.json", encounter="Encounter/e1")
    answer = post(APPLY, told)
    texts = [own["details"]["text"] for one in resources(answer.json(), "OperationOutcome") for own in one["issue"]]
    assert answer.status_code == 200 and any("changes nothing" in text for text in texts)
    strict = client().post(APPLY, content=told, headers={"content-type": FHIR, "prefer": "handling=strict"})
    assert strict.status_code == 400 and "encounter" in issue(strict)["details"]["text"]
    strange = parameters(EXAMPLES / "severe-infection.json", Zebrowski="x")
    strict = client().post(APPLY, content=strange, headers={"content-type": FHIR, "prefer": "handling=strict"})
    assert strict.status_code == 400 and "Zebrowski" not in strict.text


def test_the_day_of_decision_may_be_given() -> None:
    told = json.loads(parameters(EXAMPLES / "severe-infection.json"))
    told["parameter"].append({"name": "on", "valueDate": "2020-01-01"})
    answer = post(APPLY, json.dumps(told).encode())
    assert any("begins after 2020-01-01" in json.dumps(own) for own in answer.json()["extension"])
    told["parameter"][-1]["valueDate"] = "yesterday"
    assert post(APPLY, json.dumps(told).encode()).status_code == 400


def test_a_draft_order_against_the_guideline_is_an_issue() -> None:
    bundle = json.loads(data(EXAMPLES / "severe-infection.json"))
    coded = {
        "coding": [{"system": "https://w3id.org/guideline-reasoner/CodeSystem/foot", "code": "total-contact-cast"}]
    }
    bundle["entry"].append({"resource": {"resourceType": "DeviceRequest", "id": "d1", "status": "draft",
        "intent": "order", "subject": {"reference": "Patient/p5"}, "codeCodeableConcept": coded}})  # fmt: skip
    for accept in (FHIR, R5):
        answer = post(APPLY, json.dumps(bundle).encode(), accept=accept).json()
        found = [own for own in resources(answer, "DetectedIssue") if "implicated" in own]
        assert [own["implicated"] for own in found] == [[{"reference": "DeviceRequest/d1"}]]
        assert found[0]["code"]["coding"][0]["code"] == "order-against-guideline"
    bundle["entry"][-1]["resource"]["codeCodeableConcept"] = {"text": "a thing"}
    assert "name no intervention" in post(APPLY, json.dumps(bundle).encode()).text


@pytest.mark.parametrize("method", ["get", "post"])
def test_data_requirements_are_a_module_definition(method: str) -> None:
    answer = getattr(client(), method)(f"/fhir/PlanDefinition/{IWGDF}/$data-requirements", headers={"accept": R5})
    assert answer.status_code == 200
    library = answer.json()
    assert library["type"]["coding"][0]["code"] == "module-definition" and len(library["dataRequirement"]) > 20
    assert not check([library], "R5")
    assert client().get(library["url"].replace(CANONICAL, "/fhir/"), headers={"accept": R5}).json() == library


def test_a_graph_that_cannot_be_read_is_told_with_its_place() -> None:
    body = b"<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b> ."
    answer = client().post("/fhir/$validate-patient", content=body, headers={"content-type": "text/turtle"})
    assert answer.status_code == 400
    assert issue(answer)["details"]["text"].startswith("`the body`:2 is not Turtle: ")


@pytest.mark.parametrize("path", JSON_FILES, ids=lambda path: path.stem)
def test_patient_data_is_validated(path: Path) -> None:
    answer = post("/fhir/$validate-patient", data(path))
    assert answer.status_code == 200 and not check([answer.json()], "R4")
    assert {one["severity"] for one in answer.json()["issue"]} <= {"error", "warning", "information"}


def test_an_error_in_the_data_is_an_error_with_its_path() -> None:
    bundle = json.loads(data(EXAMPLES / "severe-infection.json"))
    place = next(i for i, one in enumerate(bundle["entry"]) if "valueQuantity" in one["resource"])
    bundle["entry"][place]["resource"]["valueQuantity"]["value"] = 100_000
    (found,) = post("/fhir/$validate-patient", json.dumps(bundle).encode()).json()["issue"]
    assert found["severity"] == "error" and found["expression"] == [f"Bundle.entry[{place}].resource"]


@pytest.mark.parametrize("kind", ["text/turtle", "text/turtle; charset=utf-8"])
def test_a_patient_graph_is_validated(kind: str) -> None:
    sent = data(EXAMPLES / "after-surgery.ttl")
    answer = client().post("/fhir/$validate-patient", content=sent, headers={"content-type": kind})
    assert answer.status_code == 200 and answer.json()["issue"][0]["severity"] == "information"
    broken = client().post("/fhir/$validate-patient", content=b"@prefix", headers={"content-type": kind})
    assert broken.status_code == 400 and issue(broken)["code"] == "invalid"


def test_a_shape_that_a_graph_breaks_is_an_error() -> None:
    graph = b"""@prefix gr: <https://w3id.org/guideline-reasoner/> .
        <urn:example:l> a gr:Lesion ; gr:onFoot <urn:example:f> .
        <urn:example:f> a gr:Foot ; gr:ofPatient <urn:example:p> ; gr:toePressure 900.0 .
        <urn:example:p> a gr:Patient ."""
    answer = client().post("/fhir/$validate-patient", content=graph, headers={"content-type": "text/turtle"})
    assert [one["severity"] for one in answer.json()["issue"]] == ["error"]


def test_every_answer_carries_the_headers_of_the_front() -> None:
    """The tests go through the whole application."""
    assert client().get("/fhir/metadata").headers["x-content-type-options"] == "nosniff"
