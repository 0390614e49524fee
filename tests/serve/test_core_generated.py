"""Requests that schemathesis makes up from the OpenAPI document: whatever comes, the server does not fail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from .running import running

TYPES = ["PlanDefinition", "ActivityDefinition", "Evidence", "Library", "CodeSystem", "Nothing"]
EACH = 8
"""Requests made up for each operation, besides those that the schema itself suggests."""


def filled(client: httpx.Client) -> dict[str, Any]:
    """The document, with what the ids in paths can be: a made-up one would only ever be unknown."""
    document: dict[str, Any] = client.get("/openapi.json").json()
    services = [own["id"] for own in client.get("/cds-services").json()["services"]]
    plans = [own["id"] for own in client.get("/readyz").json()["guidelines"]]
    for path, item in document["paths"].items():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] == "id":
                    known = services if path.startswith("/cds-services") else plans
                    parameter["schema"] = {"type": "string", "enum": [*known, "unknown"]}
                elif parameter["in"] == "path" and parameter["name"] == "type":
                    parameter["schema"] = {"type": "string", "enum": TYPES}
    return document


def test_no_generated_request_is_answered_with_a_server_error(tmp_path: Path) -> None:
    with running() as server, server.client() as client:
        (tmp_path / "openapi.json").write_text(json.dumps(filled(client)), encoding="utf-8")
        ended = subprocess.run(
            [
                sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", server.url,
                "--checks", "not_a_server_error", "--phases", "coverage,fuzzing", "--max-examples", str(EACH),
                "--generation-deterministic", "--no-color",
            ],
            capture_output=True, text=True, check=False, cwd=tmp_path, timeout=300,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
        asked = [line for line in server.log if "status" in line]
        assert len(asked) > 100
        assert {line["route"] for line in asked} >= {
            "/sparql",
            "/cds-services/{id}",
            "/fhir/PlanDefinition/{id}/$apply",
        }
        assert not [line for line in asked if line["status"] >= 500]
