"""What a plan holds: proposals in order, with reasons, sources and all that must be told."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from reasoner import artifacts
from reasoner.answer import NOTICE
from reasoner.errors import UsageError
from reasoner.responses import Release, apply, collection, guidance
from reasoner.responses.definitions import definitions
from reasoner.responses.names import CANONICAL, EXTENSION

from .answers import (
    CALCIFICATION,
    FEET,
    FOREFOOT,
    IWGDF,
    MISSING,
    RELEASES,
    ROOT,
    SEVERE,
    STATIN,
    Json,
    files,
    loaded,
    part,
    parts,
    plan,
    resolved,
    responses,
    told,
)  # fmt: skip


def applied(path: Any, release: Release = "R4", guideline: str = IWGDF) -> Json:
    return apply(loaded(), loaded().assess(path), guideline, release)


def actions(response: Json) -> list[Json]:
    return [action for group in plan(response).get("action", []) for action in group["action"]]


def leaves(action: Json) -> list[Json]:
    inner = action.get("action")
    return [action] if inner is None else [leaf for own in inner for leaf in leaves(own)]


def test_an_r4_plan_is_a_care_plan_with_one_activity() -> None:
    response = applied(SEVERE)
    assert response["resourceType"] == "CarePlan"
    assert (response["status"], response["intent"]) == ("draft", "proposal")
    (activity,) = response["activity"]
    assert resolved(response, activity["reference"])["resourceType"] == "RequestGroup"


def test_an_r5_plan_is_a_bundle_that_begins_with_the_orchestration() -> None:
    response = applied(SEVERE, "R5")
    assert response["resourceType"] == "Bundle"
    assert response["entry"][0]["resource"]["resourceType"] == "RequestOrchestration"


@pytest.mark.parametrize("release", RELEASES)
def test_every_reference_within_a_response_resolves_and_no_part_stands_alone(release: Release) -> None:
    for case in files():
        for _, _, response in responses(case, release):
            named = {
                one["reference"] for one in _references(response) if one["reference"].startswith(("#", "urn:uuid"))
            }
            known = {f"#{own['id']}" for own in response.get("contained", [])}
            known |= {entry["fullUrl"] for entry in response.get("entry", [])}
            given = {s["patient"] for s in case.answer["subjects"]} | {s["subject"] for s in case.answer["subjects"]}
            assert named - given <= known, case.name
            assert release == "R5" or known <= named, case.name


def _references(node: Any) -> list[Json]:
    if isinstance(node, list):
        return [one for own in node for one in _references(own)]
    if not isinstance(node, dict):
        return []
    own = [node] if isinstance(node.get("reference"), str) else []
    return own + [one for value in node.values() for one in _references(value)]


@pytest.mark.parametrize("release", RELEASES)
def test_all_requests_are_drafts_and_proposals(release: Release) -> None:
    seen: set[str] = set()
    for case, (_, _, response) in ((c, r) for c in files() for r in responses(c, release)):
        for leaf in itertools.chain.from_iterable(leaves(action) for action in actions(response)):
            request = resolved(response, leaf["resource"])
            seen.add(request["resourceType"])
            assert request["status"] == "draft", case.name
            assert request.get("intent", "proposal") == "proposal", case.name
            assert request["note"][-1]["text"] == NOTICE
    assert seen == {"DeviceRequest", "ServiceRequest", "MedicationRequest", "CommunicationRequest"}


def test_what_is_preferred_comes_first_and_is_checked_beforehand() -> None:
    rows = [
        (part(told(a, "recommendation")[0], "preferred"), a["precheckBehavior"]) for a in actions(applied(FOREFOOT))
    ]
    assert rows[0] == ("true", "yes")
    assert [own for own, _ in rows] == sorted((own for own, _ in rows), key=lambda own: own != "true")
    assert all((checked == "yes") == (own == "true") for own, checked in rows)


def test_lines_of_choice_are_in_order() -> None:
    for case in files():
        for _, _, response in responses(case, "R4"):
            for group in plan(response).get("action", []):
                own = [told(action, "recommendation")[0] for action in group["action"]]
                lines = [
                    part(o, "line") or 99 for o in own if not part(o, "overriddenBy") and part(o, "preferred") != "true"
                ]
                assert lines == sorted(lines), case.name


def test_what_waits_is_no_order_but_words() -> None:
    """Nothing is proposed as an order while something else comes first."""
    held = 0
    for case in files():
        for _, _, response in responses(case, "R4"):
            for action in actions(response):
                if part(told(action, "recommendation")[0], "overriddenBy") not in (None, "undetermined"):
                    held += 1
                    request = resolved(response, action["resource"])
                    assert request["resourceType"] == "CommunicationRequest"
                    assert "comes first" in request["payload"][0]["contentString"]
    assert held


def test_parts_of_a_treatment_come_in_their_order() -> None:
    (first,) = actions(applied(SEVERE))
    one, two = first["action"]
    assert "relatedAction" not in one
    assert two["relatedAction"] == [{"actionId": one["id"], "relationship": "after"}]


def test_an_action_tells_sources_evidence_and_reasons() -> None:
    action = actions(applied(FOREFOOT))[0]
    kinds = [one["type"] for one in action["documentation"]]
    assert "citation" in kinds and "justification" in kinds
    assert all(told(one, "transcription") for one in action["documentation"])
    assert told(action, "because") and "Because:" in action["textEquivalent"]
    assert action["description"] and action["title"]


@pytest.mark.parametrize("release", RELEASES)
def test_canonical_urls_in_responses_are_served(release: Release) -> None:
    """PlanDefinition, ActivityDefinition, evidence and sources exist as artifacts, in the version named."""
    known = {own["url"]: own.get("version") for own in artifacts.resources(loaded(), release) if "url" in own}
    named = set()
    for response in (applied(FOREFOOT, release), applied(SEVERE, release), applied(FEET, release)):
        for resource in (plan(response), *parts(response, "DeviceRequest"), *parts(response, "ServiceRequest")):
            named |= set(resource["instantiatesCanonical"])
        for action in actions(response):
            named |= {one["resource"] for one in action["documentation"] if "resource" in one}
        for own in parts(response, "GuidanceResponse"):
            filters = [f for one in own.get("dataRequirement", []) for f in one.get("codeFilter", [])]
            named |= {one["valueSet"] for one in filters if "valueSet" in one}
    assert len(named) > 10
    for url in named:
        address, _, version = url.partition("|")
        assert address in known, url
        assert not version or known[address] == version, url


@pytest.mark.parametrize("release", RELEASES)
def test_extensions_in_responses_are_defined(release: Release) -> None:
    known = {own["url"] for own in (*definitions(release), *artifacts.resources(loaded(), release)) if "url" in own}
    used = {u for case in files() for _, _, r in responses(case, release) for u in _extensions(r)}
    assert len(used) > 6 and not {url for url in used if url.startswith(EXTENSION)} - known


def _extensions(node: Any) -> set[str]:
    if isinstance(node, list):
        return {url for own in node for url in _extensions(own)}
    if not isinstance(node, dict):
        return set()
    own = {one["url"] for one in node.get("extension", []) if one["url"].startswith("http")}
    return own | {url for value in node.values() for url in _extensions(value)}


@pytest.mark.parametrize("release", RELEASES)
def test_every_resource_tells_version_hash_and_notice(release: Release) -> None:
    guideline = loaded().knowledge.guidelines[0]
    response = applied(MISSING, release)
    own = response.get("contained", []) + [entry["resource"] for entry in response.get("entry", [])]
    own += [response] if release == "R4" else []
    for resource in own:
        if resource["resourceType"] == "Parameters":
            continue
        (version,) = told(resource, "guideline-version")
        assert part(version, "sha256") == guideline.sha256
        assert part(version, "guideline") == f"{CANONICAL}PlanDefinition/{guideline.id}|{guideline.version}"
        assert told(resource, "notice")[0]["valueString"] == NOTICE


def test_what_was_assumed_is_told() -> None:
    answer = loaded().assess(SEVERE).to_dict()
    assumed = {row["finding"] for row in answer["subjects"][0]["assumed"]}
    (own,) = parts(applied(SEVERE), "GuidanceResponse")
    assert {part(one, "finding")["code"] for one in told(own, "assumed")} == assumed
    assert own["status"] == "data-requested"


def test_what_was_not_read_is_told() -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": {"resourceType": "Observation", "id": "o1", "status": "final", "code": {
            "coding": [{"system": "http://loinc.org", "code": "4548-4"}]}}}]}  # fmt: skip
    response = apply(loaded(), loaded().assess(bundle), IWGDF, "R4")
    (unread,) = told(response, "unread-resource")
    assert (part(unread, "resource"), part(unread, "why")) == ("Observation/o1", "unmapped")


@pytest.mark.parametrize("release", RELEASES)
def test_nothing_to_decide_out_of_scope_and_undetermined_are_three_answers(release: Release) -> None:
    calcified = ROOT / "examples" / "calcification-without-ulcer.ttl"
    empty = {"resourceType": "Bundle", "type": "collection"}
    found = []
    for source in (empty, calcified, MISSING):
        (own,) = parts(applied(source, release), "GuidanceResponse")
        (parameters,) = parts(applied(source, release), "Parameters")
        scope = next(p["valueCode"] for p in parameters["parameter"] if p["name"] == "scope")
        found.append((own["status"], scope, bool(own.get("dataRequirement"))))
    assert found == [
        ("data-requested", "no-subject", True), ("success", "out-of-scope", False), ("data-required", "in-scope", True),
    ]  # fmt: skip


def test_several_lesions_are_several_groups_with_their_subjects() -> None:
    groups = plan(applied(FEET))["action"]
    named = {told(group, "subject")[0]["valueReference"]["reference"] for group in groups}
    (answer,) = [case.answer for case in files() if case.name == "two-feet.json#0"]
    assert len(groups) == len(named) == len(answer["subjects"]) == 3
    assert len(applied(FEET)["addresses"]) == 3


def test_the_same_input_gives_the_same_plan() -> None:
    one, two = ({**applied(FOREFOOT), "created": ""} for _ in range(2))
    assert (one["id"], one["identifier"]) == (two["id"], two["identifier"])
    assert one["id"] != applied(SEVERE)["id"] != applied(SEVERE, guideline=CALCIFICATION)["id"]


def test_several_patients_must_be_told_apart() -> None:
    one, two = (loaded().assess(path).to_dict() for path in (FOREFOOT, SEVERE))
    both = one | {"subjects": [*one["subjects"], *two["subjects"]]}
    with pytest.raises(UsageError, match="2 patients"):
        apply(loaded(), both, IWGDF, "R4")
    patient = two["subjects"][0]["patient"]
    assert apply(loaded(), both, IWGDF, "R4", patient)["subject"]["reference"] == "Patient/" + patient.rsplit("/")[-1]
    assert len(collection(loaded(), both, "R4")["entry"]) == 4


def test_an_unknown_guideline_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no such guideline"):
        apply(loaded(), loaded().assess(SEVERE), "none", "R4")


def test_guidance_alone_contains_what_it_names() -> None:
    (own,) = guidance(loaded(), loaded().assess(MISSING), IWGDF, "R4")
    assert {one["resourceType"] for one in own["contained"]} == {"OperationOutcome", "Parameters"}


def test_another_guideline_needs_no_code() -> None:
    reasoner = loaded(STATIN)
    answer = reasoner.assess(STATIN / "patients" / "hypertension-and-risk-of-11-percent.json", on="2026-11-01")
    response = apply(reasoner, answer, reasoner.knowledge.guidelines[0].id, "R4")
    assert {own["resourceType"] for own in response["contained"]} >= {"MedicationRequest", "RequestGroup"}
