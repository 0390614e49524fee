"""CDS Hooks as a health record calls them: requests, a client in process, and what the specification demands."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from reasoner.assess import Reasoner, load
from reasoner.serve import hooks
from reasoner.serve.answers import refused
from reasoner.serve.auth import Auth, Authenticated
from reasoner.serve.refusal import Refusal, refusal
from reasoner.serve.service import Service
from reasoner.serve.settings import Settings

Json = dict[str, Any]

TESTS = Path(__file__).parents[1]
EXAMPLES = TESTS.parent / "examples"
STATIN = EXAMPLES / "guidelines" / "uspstf-statin-2022"
IWGDF, CALCIFICATION = "iwgdf-offloading-2023", "metatarsal-calcification"
FOOT = "https://w3id.org/guideline-reasoner/CodeSystem/foot"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
OURS = "org.w3id.guideline-reasoner"
_SCHEMA = json.loads((Path(__file__).parent / "cds-hooks.schema.json").read_text(encoding="utf-8"))


@cache
def reasoner() -> Reasoner:
    return load()


@cache
def samples() -> list[Json]:
    lines = (TESTS / "samples" / "samples.ndjson").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 60
    return [json.loads(line) for line in lines]


def example(name: str) -> Json:
    bundle: Json = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return bundle


def resources(bundle: Mapping[str, Any]) -> list[Json]:
    return [entry["resource"] for entry in bundle["entry"]]


def patient_of(bundle: Mapping[str, Any]) -> str:
    (patient,) = [own for own in resources(bundle) if own["resourceType"] == "Patient"]
    return str(patient["id"])


async def _refused(request: Request, error: Exception) -> Response:
    return refused(refusal(error), request.url.path)


def client(
    feedback: Path | None = None, auth: Auth | None = None, own: Reasoner | None = None, **settings: Any
) -> TestClient:
    """The services in process, with nothing else of the server around them."""
    service = Service(own or reasoner(), Settings(feedback=feedback, **settings))
    app = Starlette(
        routes=hooks.routes(service),
        middleware=[] if auth is None else [Middleware(Authenticated, auth=auth)],
        exception_handlers={Refusal: _refused, Exception: _refused},
    )
    return TestClient(app, raise_server_exceptions=False)


@cache
def shared() -> TestClient:
    return client()


def order(code: str, patient: str, **more: Any) -> Json:
    """A draft order for an intervention by its local code."""
    return {
        "resourceType": "DeviceRequest", "id": f"draft-{code}", "status": "draft", "intent": "order",
        "codeCodeableConcept": {"coding": [{"system": FOOT, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"}, **more,
    }  # fmt: skip


def body(hook: str, patient: str, prefetch: Any, drafts: Sequence[Json] = (), **more: Any) -> Json:
    """A call as the specification has it."""
    context: Json = {"userId": "Practitioner/example", "patientId": patient}
    if hook != "patient-view":
        context["draftOrders"] = {
            "resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft} for draft in drafts],
        }  # fmt: skip
    if hook == "order-select":
        context["selections"] = [f"{draft['resourceType']}/{draft.get('id')}" for draft in drafts]
    return {"hook": hook, "hookInstance": INSTANCE, "context": context, "prefetch": prefetch, **more}


def call(
    bundle: Mapping[str, Any],
    guideline: str = IWGDF,
    hook: str = "patient-view",
    drafts: Sequence[Json] = (),
    prefetch: Any = None,
) -> list[Json]:
    """The cards of one call, each as the specification demands."""
    said = body(hook, patient_of(bundle), {"record": bundle} if prefetch is None else prefetch, drafts)
    response = shared().post(f"/cds-services/{guideline}-{hook}", json=said)
    assert response.status_code == 200, response.text
    return cards(response.json())


def cards(answer: Json, knowing: Reasoner | None = None) -> list[Json]:
    """The cards of an answer, after a look at the schema and at what it cannot say."""
    conforms(answer, "response")
    found: list[Json] = answer["cards"]
    names = [card["uuid"] for card in found] + [s["uuid"] for card in found for s in card.get("suggestions", ())]
    assert len(set(names)) == len(names)
    assert all(uuid.UUID(name).version == 8 for name in names)
    for card in found:
        told = card["extension"][OURS]
        own = next(g for g in (knowing or reasoner()).knowledge.guidelines if g.id == told["guideline"])
        assert own.version in card["source"]["label"] and (told["version"], told["sha256"]) == (own.version, own.sha256)
        assert own.sha256[:16] in card["detail"] and "Not a medical device" in card["detail"]
        assert card["overrideReasons"]
    return found


def conforms(document: object, what: str) -> None:
    """Check a document against one definition of the schema."""
    validator = Draft202012Validator({"$ref": f"#/$defs/{what}", "$defs": _SCHEMA["$defs"]})
    problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    assert not problems, problems[:5]


def refuses(response: Any, status: int, *words: str) -> None:
    """Check that an answer is an error of the one shape, and says what is wrong."""
    assert response.status_code == status, response.text
    told = response.json()
    assert set(told) == {"error", "hint", "status"} and told["status"] == status
    for word in words:
        assert word in told["error"] + " " + told["hint"], told
