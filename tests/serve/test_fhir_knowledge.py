"""The knowledge under /fhir: what the server can do, artifacts to read and to search."""

from __future__ import annotations

from typing import Any

import pytest
from fhirvalid import check

from reasoner.responses.definitions import VALIDATE
from reasoner.responses.names import CANONICAL

from .fhir_client import FHIR, IWGDF, R5, client, issue

Json = dict[str, Any]
ACCEPT = {"R4": FHIR, "R5": R5}


def get(path: str, accept: str = FHIR, **headers: str) -> Any:
    return client().get(path, headers={"accept": accept, **headers})


@pytest.mark.parametrize(("release", "version"), [("R4", "4.0.1"), ("R5", "5.0.0")])
def test_the_capability_statement_is_valid_and_says_what_is_served(release: str, version: str) -> None:
    answer = get("/fhir/metadata", ACCEPT[release])
    statement = answer.json()
    assert statement["fhirVersion"] == version and not check([statement], release)
    (rest,) = statement["rest"]
    assert [own["name"] for own in rest["operation"]] == ["validate-patient"]
    plan = next(own for own in rest["resource"] if own["type"] == "PlanDefinition")
    assert {own["name"] for own in plan["operation"]} == {"apply", "data-requirements"}


@pytest.mark.parametrize("release", ACCEPT)
def test_every_type_of_the_statement_can_be_searched_and_read(release: str) -> None:
    accept = ACCEPT[release]
    for own in get("/fhir/metadata", accept).json()["rest"][0]["resource"]:
        found = get(f"/fhir/{own['type']}?_count=2", accept).json()
        assert found["type"] == "searchset" and found["total"] >= len(found["entry"]) > 0
        for entry in found["entry"]:
            one = get(entry["fullUrl"], accept)
            assert one.status_code == 200 and one.json() == entry["resource"]


def test_what_is_searched_is_found() -> None:
    (one,) = get(f"/fhir/PlanDefinition?_id={IWGDF}").json()["entry"]
    url = f"{CANONICAL}PlanDefinition/{IWGDF}"
    assert one["resource"]["url"] == url and one["search"] == {"mode": "match"}
    assert get(f"/fhir/PlanDefinition?url={url}").json()["total"] == 1
    assert get("/fhir/PlanDefinition?url=http://elsewhere.example").json()["total"] == 0
    name = one["resource"]["name"]
    assert get(f"/fhir/PlanDefinition?name={name[:5].lower()}").json()["total"] == 1
    assert get(f"/fhir/PlanDefinition?name={name[2:6]}").json()["total"] == 0
    assert get(f"/fhir/PlanDefinition?name:contains={name[2:6]}").json()["total"] == 1
    assert get(f"/fhir/PlanDefinition?name:exact={name}").json()["total"] == 1
    assert get(f"/fhir/PlanDefinition?_id={IWGDF},metatarsal-calcification").json()["total"] == 2
    assert get("/fhir/PlanDefinition?_id=none&name=x").json()["total"] == 0


def test_a_search_may_be_posted() -> None:
    answer = client().post("/fhir/PlanDefinition/_search", data={"_id": IWGDF})
    assert answer.status_code == 200 and answer.json()["total"] == 1


def test_pages_follow_one_another_and_lose_nothing() -> None:
    url, seen = "/fhir/ValueSet?_count=40", []
    while url:
        page = get(url).json()
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    assert len(seen) == len(set(seen)) == page["total"] > 80
    assert get("/fhir/ValueSet?_count=0").json()["total"] == page["total"]


def test_an_unknown_search_parameter_is_told_or_refused() -> None:
    found = get(f"/fhir/PlanDefinition?_id={IWGDF}&colour=red").json()
    assert found["total"] == 1 and [entry["search"]["mode"] for entry in found["entry"]] == ["match", "outcome"]
    assert "colour" not in next(link["url"] for link in found["link"] if link["relation"] == "self")
    assert not check([found], "R4")
    strict = get(f"/fhir/PlanDefinition?_id={IWGDF}&colour=red", prefer="return=minimal; handling=strict")
    assert strict.status_code == 400 and issue(strict)["code"] == "not-supported"


@pytest.mark.parametrize("query", ["name:missing=true", "url:below=x", "_count=-1", "_count=x", "name=", "_offset=1e3"])
def test_a_search_that_cannot_be_done_is_refused(query: str) -> None:
    answer = get(f"/fhir/PlanDefinition?{query}")
    assert answer.status_code == 400 and issue(answer)["severity"] == "error"


def test_the_operation_of_our_own_is_defined() -> None:
    assert get(VALIDATE.replace(CANONICAL, "/fhir/")).json()["url"] == VALIDATE


def test_r4_serves_no_type_that_only_r4b_has() -> None:
    assert get("/fhir/Citation").status_code == 404
    assert get("/fhir/Citation", R5).json()["total"] > 5


def test_head_is_get_without_a_body() -> None:
    answer = client().head("/fhir/metadata")
    assert answer.status_code == 200 and answer.content == b""
