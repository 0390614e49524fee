"""Responses that every surface gives alike."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from .refusal import Refusal

JSON = "application/json"
FHIR_JSON = "application/fhir+json"
FHIR = "/fhir"
"""Below this path an error is an OperationOutcome."""


def json_response(content: Any, status: int = 200, media_type: str = JSON) -> Response:
    """Some data as JSON."""
    return Response(orjson.dumps(content), status, media_type=media_type)


def refused(error: Refusal, path: str) -> Response:
    """An error in the shape that its path has."""
    if path == FHIR or path.startswith(FHIR + "/"):
        response = json_response(_outcome(error), error.status, FHIR_JSON)
    else:
        response = json_response(error.to_dict(), error.status)
    response.headers.update(error.headers)
    return response


def _outcome(error: Refusal) -> dict[str, Any]:
    severity = "fatal" if error.status == 500 else "error"
    issue = {"severity": severity, "code": error.code, "diagnostics": f"{error.message}; {error.hint}"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
