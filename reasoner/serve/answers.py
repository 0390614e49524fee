"""Responses that every surface gives alike."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from reasoner.responses import Issue, outcome

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
        response = json_response(outcome([issue_of(error)]), error.status, FHIR_JSON)
    else:
        response = json_response(error.to_dict(), error.status)
    response.headers.update(error.headers)
    return response


def issue_of(error: Refusal) -> Issue:
    """An error as an issue of an OperationOutcome."""
    return Issue("fatal" if error.status >= 500 else "error", error.code, f"{error.message}; {error.hint}")
