"""Whatever goes wrong under /fhir is told as an OperationOutcome, and nothing is fetched from anywhere."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from fhirvalid import check
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .fhir_client import APPLY, EXAMPLES, FHIR, client, data, issue, parameters, post

VALIDATE = "/fhir/$validate-patient"
SEVERE = EXAMPLES / "severe-infection.json"


def sent(content: bytes, kind: str = FHIR, **headers: str) -> dict[str, Any]:
    return {"content": content, "headers": {"content-type": kind, **headers}}


NOTHING = json.dumps({"resourceType": "Parameters"}).encode()
CASES: dict[str, tuple[int, str, str, dict[str, Any], str]] = {
    "no such path": (404, "GET", "/fhir/a/b/c/d", {}, "not-found"),
    "no resource named": (404, "GET", "/fhir", {}, "not-found"),
    "no such type": (404, "GET", "/fhir/Patient", {}, "not-supported"),
    "no such resource": (404, "GET", "/fhir/PlanDefinition/none", {}, "not-found"),
    "no such operation": (404, "GET", "/fhir/PlanDefinition/$everything", {}, "not-supported"),
    "history": (404, "GET", "/fhir/PlanDefinition/x/_history", {}, "not-found"),
    "traversal": (404, "GET", "/fhir/PlanDefinition/..%2f..%2fetc%2fpasswd", {}, "not-found"),
    "no such guideline": (404, "POST", "/fhir/PlanDefinition/none/$apply", sent(NOTHING), "not-found"),
    "no such guideline's data": (404, "GET", "/fhir/PlanDefinition/none/$data-requirements", {}, "not-found"),
    "write": (405, "PUT", "/fhir/PlanDefinition/x", sent(b"{}"), "not-supported"),
    "delete": (405, "DELETE", "/fhir/PlanDefinition/x", {}, "not-supported"),
    "create": (405, "POST", "/fhir/PlanDefinition", sent(b"{}"), "not-supported"),
    "validate by get": (405, "GET", VALIDATE, {}, "not-supported"),
    "apply by get": (400, "GET", f"{APPLY}?subject=Patient/p5", {}, "required"),
    "apply of a type by get": (400, "GET", "/fhir/PlanDefinition/$apply", {}, "required"),
    "xml wanted": (406, "GET", "/fhir/metadata", {"headers": {"accept": "application/fhir+xml"}}, "not-supported"),
    "xml by _format": (406, "GET", "/fhir/metadata?_format=application/fhir%2Bxml", {}, "not-supported"),
    "html only": (406, "GET", "/fhir/metadata", {"headers": {"accept": "text/html"}}, "not-supported"),
    "json refused": (406, "GET", "/fhir/metadata", {"headers": {"accept": "application/json;q=0"}}, "not-supported"),
    "stu3 wanted": (
        406, "GET", "/fhir/metadata", {"headers": {"accept": f"{FHIR}; fhirVersion=3.0"}}, "not-supported",
    ),
    "xml sent": (415, "POST", APPLY, sent(b"<Bundle/>", "application/fhir+xml"), "not-supported"),
    "turtle sent": (415, "POST", APPLY, sent(b"", "text/turtle"), "not-supported"),
    "nothing declared": (415, "POST", APPLY, {"content": b"{}"}, "not-supported"),
    "stu3 sent": (415, "POST", APPLY, sent(b"{}", f"{FHIR}; fhirVersion=3.0"), "not-supported"),
    "xml to validate": (415, "POST", VALIDATE, sent(b"<a/>", "application/xml"), "not-supported"),
    "search that is no form": (415, "POST", "/fhir/PlanDefinition/_search", sent(b"{}"), "not-supported"),
    "not json": (400, "POST", APPLY, sent(b"{"), "invalid"),
    "a list": (400, "POST", APPLY, sent(b"[]"), "invalid"),
    "no resource": (400, "POST", APPLY, sent(b"{}"), "invalid"),
    "another resource": (400, "POST", APPLY, sent(b'{"resourceType":"Patient"}'), "invalid"),
    "a key twice": (400, "POST", APPLY, sent(b'{"resourceType":"Bundle","entry":[],"entry":[]}'), "invalid"),
    "too deep": (400, "POST", APPLY, sent(b'{"a":' * 80 + b"1" + b"}" * 80), "too-long"),
    "no data": (400, "POST", APPLY, sent(NOTHING), "required"),
    "entries that are none": (400, "POST", APPLY, sent(b'{"resourceType":"Bundle","entry":{}}'), "invalid"),
    "parameters that are none": (400, "POST", APPLY, sent(b'{"resourceType":"Parameters","parameter":1}'), "invalid"),
    "a parameter without a name": (
        400, "POST", APPLY, sent(b'{"resourceType":"Parameters","parameter":[{}]}'), "invalid",
    ),
    "data without a resource": (
        400, "POST", APPLY, sent(b'{"resourceType":"Parameters","parameter":[{"name":"data"}]}'), "invalid",
    ),
    "a broken form": (
        400, "POST", "/fhir/PlanDefinition/_search", sent(b"\xff=1", "application/x-www-form-urlencoded"), "invalid",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_error_is_an_operation_outcome(name: str) -> None:
    status, method, path, more, code = CASES[name]
    answer = client().request(method, path, **more)
    found = issue(answer)
    assert (answer.status_code, found["code"]) == (status, code), found
    assert found["severity"] == "error" and found["details"]["text"]
    assert not check([answer.json()], "R4")
    assert status != 405 or "GET" in answer.headers["allow"] or "POST" in answer.headers["allow"]
    assert "Traceback" not in answer.text


def test_a_body_over_the_limit_is_refused() -> None:
    answer = client(body_limit=1000).post(APPLY, **sent(b" " * 1001))
    assert answer.status_code == 413 and issue(answer)["code"] == "too-long"


@pytest.mark.parametrize("name", ["dataEndpoint", "contentEndpoint", "terminologyEndpoint", "fhirServer", "endpoint"])
def test_nothing_is_fetched_on_demand(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("a connection was opened")

    body = json.loads(parameters(SEVERE))
    body["parameter"].append({"name": name, "valueString": "http://127.0.0.1:9/fhir", "resource": {
        "resourceType": "Endpoint", "address": "http://127.0.0.1:9/fhir"}})  # fmt: skip
    monkeypatch.setattr(socket.socket, "connect", connect)
    answer = post(APPLY, json.dumps(body).encode())
    assert answer.status_code == 400 and issue(answer)["code"] == "not-supported"


def test_a_remote_context_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", connect)
    body = b'{"@context": "http://127.0.0.1:9/context.jsonld", "@id": "urn:x", "@type": "y"}'
    answer = client().post(VALIDATE, **sent(body, "application/ld+json"))
    assert answer.status_code == 400 and "remote" in issue(answer)["details"]["text"]


def test_what_a_request_holds_is_not_repeated() -> None:
    secret = "Jane-Doe-1970"
    for path, body in (
        (APPLY, json.dumps({"resourceType": secret}).encode()),
        (f"/fhir/PlanDefinition/{secret}/$apply", NOTHING),
        (APPLY, json.dumps({"resourceType": "Bundle", "entry": [secret]}).encode() + secret.encode()),
        (f"/fhir/{secret}/1", b""),
    ):
        answer = client().request("POST" if body else "GET", path, **sent(body))
        assert answer.status_code >= 400 and secret not in answer.text


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "Patient/p5", "Bundle", "x", "draft"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["resourceType", "entry", "resource", "parameter", "name", "subject", "reference", "id", "code", "coding",
             "codeCodeableConcept", "status", "fullUrl", "valueString", "valueReference", "part"]
        ),
        inner, max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(kind=st.sampled_from(["Bundle", "Parameters", "DeviceRequest"]), content=_VALUES, entry=_VALUES)
def test_no_json_is_an_accident(kind: str, content: Any, entry: Any) -> None:
    document = {**(content if isinstance(content, dict) else {}), "resourceType": kind}
    if kind == "Bundle":
        order = entry if isinstance(entry, dict) else {}
        document["entry"] = [{"resource": {**order, "resourceType": "DeviceRequest"}}, entry]
    elif kind == "Parameters":
        document["parameter"] = [{"name": "data", "resource": entry}, {"name": "subject", "valueString": "Patient/p5"}]
    body = json.dumps(document).encode()
    for path in (APPLY, VALIDATE):
        answer = post(path, body)
        assert answer.status_code in (200, 400, 422), answer.text
        assert "resourceType" in answer.json()


def test_the_examples_still_work_after_all_that() -> None:
    assert post(APPLY, data(SEVERE)).status_code == 200
