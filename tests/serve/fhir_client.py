"""A client of the FHIR surface, and what it sends."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import httpx

import reasoner
from reasoner.serve.app import application
from reasoner.serve.service import Service
from reasoner.serve.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

EXAMPLES = Path(__file__).parents[2] / "examples"
IWGDF = "iwgdf-offloading-2023"
APPLY = f"/fhir/PlanDefinition/{IWGDF}/$apply"
FHIR, R5 = "application/fhir+json", "application/fhir+json; fhirVersion=5.0"


@cache
def client(**settings: Any) -> TestClient:
    service = Service(reasoner.load(), Settings(**settings))
    return TestClient(application(service), base_url="http://127.0.0.1:8000")


@cache
def data(path: Path) -> bytes:
    return path.read_bytes()


def post(path: str, body: bytes, accept: str = FHIR) -> httpx.Response:
    answer: httpx.Response = client().post(path, content=body, headers={"content-type": FHIR, "accept": accept})
    return answer


def parameters(path: Path, **texts: str) -> bytes:
    """Parameters with the data of a file."""
    told: list[dict[str, Any]] = [{"name": name, "valueString": text} for name, text in texts.items()]
    told.append({"name": "data", "resource": json.loads(data(path))})
    return json.dumps({"resourceType": "Parameters", "parameter": told}).encode()


def issue(answer: httpx.Response) -> dict[str, Any]:
    """The one issue of an error."""
    content = answer.json()
    assert content["resourceType"] == "OperationOutcome", content
    assert answer.headers["content-type"].startswith(FHIR)
    (found,) = content["issue"]
    return dict(found)
