"""The OpenAPI document: what each surface says of its paths, in one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reasoner import __version__
from reasoner.answer import NOTICE
from reasoner.knowledge import Knowledge

Paths = Mapping[str, Mapping[str, Any]]
ERROR = {
    "type": "object",
    "required": ["error", "hint", "status"],
    "properties": {"error": {"type": "string"}, "hint": {"type": "string"}, "status": {"type": "integer"}},
}


def document(knowledge: Knowledge, surfaces: Iterable[Paths]) -> dict[str, Any]:
    """The document of a server with these surfaces."""
    paths: dict[str, Any] = {}
    for surface in surfaces:
        paths.update(surface)
    served = "\n".join(f"- {own.id} {own.version} (sha256 {own.sha256})" for own in knowledge.guidelines)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Guideline Reasoner",
            "version": __version__,
            "description": f"{NOTICE}\n\nGuidelines served:\n{served}",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": {"Error": ERROR}},
    }


def answer(description: str, *media_types: str, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A response of an operation."""
    return {"description": description, "content": {media: {"schema": schema or {}} for media in media_types}}


def failures(*statuses: int) -> dict[str, Any]:
    """Responses that are errors in the common shape."""
    schema = {"$ref": "#/components/schemas/Error"}
    return {str(status): answer("An error", "application/json", schema=schema) for status in statuses}
