"""The JSON Schema of FHIR 4.0.1 as a validator of R4: element names, types, and the codes of required bindings."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema_rs

from .install import installed


def problems(resource: dict[str, Any]) -> list[str]:
    """What is wrong with one resource; those in it are checked apart. Raises UnavailableError."""
    found = _validator(resource["resourceType"]).iter_errors(resource)
    return [f"{'.'.join(str(step) for step in error.instance_path)}: {error.message[:300]}" for error in found]


def knows(type_: str) -> bool:
    """Whether 4.0.1 has the resource type. Raises UnavailableError."""
    return type_ in _definitions() and "resourceType" in _definitions()[type_].get("properties", {})


@cache
def _definitions() -> dict[str, Any]:
    path = installed() / "@medplum" / "definitions" / "dist" / "fhir" / "r4" / "fhir.schema.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["definitions"]
    # A choice among 150 types would be tried one by one.
    found["ResourceList"] = {}
    # The specification binds the language extensibly: the list of the schema is too short.
    found["Expression"]["properties"]["language"] = {"type": "string"}
    return found


@cache
def _validator(type_: str) -> jsonschema_rs.Draft6Validator:
    schema = {"$ref": f"#/definitions/{type_}", "definitions": _definitions()}
    return jsonschema_rs.Draft6Validator(schema)
