"""What OpenAPI says of the paths under /fhir."""

from __future__ import annotations

from typing import Any

from reasoner.serve.openapi import answer

_FHIR = "application/fhir+json"
_RESOURCE = {"type": "object", "required": ["resourceType"], "properties": {"resourceType": {"type": "string"}}}
_OUTCOME = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {"resourceType": {"const": "OperationOutcome"}, "issue": {"type": "array", "minItems": 1}},
}
_SENT = (400, 408, 413, 415, 422)


def _parameter(name: str, where: str, text: str, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": where, "description": text, "required": required, "schema": {"type": "string"}}


def _operation(summary: str, *errors: int, parameters: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    statuses = sorted({*errors, 401, 403, 406, 503})
    responses = {str(status): answer("An error", _FHIR, schema=_OUTCOME) for status in statuses}
    found = {"summary": summary, "responses": {"200": answer(summary, _FHIR, schema=_RESOURCE), **responses}}
    return found | ({"parameters": list(parameters)} if parameters else {})


def _refused(summary: str, *errors: int, parameters: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """An operation that never succeeds."""
    found = _operation(summary, *errors, parameters=parameters)
    return found | {"responses": {status: told for status, told in found["responses"].items() if status != "200"}}


def _body(*media_types: str) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {media: {"schema": _RESOURCE} for media in media_types}}}


def paths() -> dict[str, Any]:
    """The paths, each with its methods."""
    id_, type_ = _parameter("id", "path", "The id", True), _parameter("type", "path", "The resource type", True)
    subject = _parameter("subject", "query", "The patient, where the data is about several")
    searched = tuple(_parameter(name, "query", "Search parameter") for name in ("_id", "url", "name"))
    applied = "The guideline applied to the patient whose data is sent"
    refused = "Always an error: no patient's data is kept that a guideline could be applied to"
    needed = "The data that the guideline reads"
    form = {"schema": {"type": "object"}}
    one = "/fhir/PlanDefinition/{id}"
    return {
        "/fhir/metadata": {"get": _operation("What this server can do")},
        "/fhir/$validate-patient": {"post": _operation("What is wrong with patient data", *_SENT) | _body(_FHIR)},
        "/fhir/PlanDefinition/$apply": {
            "get": _refused(refused, 400),
            "post": _operation(applied, *_SENT, 404) | _body(_FHIR),
        },
        f"{one}/$apply": {
            "get": _refused(refused, 400, 404, parameters=(id_,)),
            "post": _operation(applied, *_SENT, 404, parameters=(id_, subject)) | _body(_FHIR),
        },
        f"{one}/$data-requirements": {
            "get": _operation(needed, 404, parameters=(id_,)),
            "post": _operation(needed, 404, parameters=(id_,)),
        },
        "/fhir/{type}": {"get": _operation("Artifacts of the knowledge", 400, 404, parameters=(type_, *searched))},
        "/fhir/{type}/_search": {
            "post": _operation("Artifacts of the knowledge", *_SENT, 404, parameters=(type_,))
            | {"requestBody": {"content": {"application/x-www-form-urlencoded": form}}}
        },
        "/fhir/{type}/{id}": {"get": _operation("One artifact of the knowledge", 404, parameters=(type_, id_))},
    }
