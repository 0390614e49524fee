"""The URLs and the small shapes that every resource we write shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reasoner.artifacts.frame import CANONICAL as CANONICAL
from reasoner.artifacts.frame import Json as Json
from reasoner.artifacts.frame import Release as Release
from reasoner.fhir.identity import content_name
from reasoner.graph import GR

EXTENSION = CANONICAL + "StructureDefinition/"
RECOMMENDATION = GR + "recommendation/"
"""The code system of recommendations: system and id joined are the IRI of the recommendation."""
ISSUE = CANONICAL + "CodeSystem/issue"
URI_SYSTEM = "urn:ietf:rfc:3986"


def extension(name: str, **value: Any) -> Json:
    """An extension of ours with one value: ``extension("notice", valueString="…")``."""
    return {"url": EXTENSION + name, **value}


def complex_extension(name: str, parts: Sequence[tuple[str, str, Any]]) -> Json:
    """An extension of parts (name, value element, value); a part whose value is None is left out."""
    inner = [{"url": part, element: value} for part, element, value in parts if value is not None]
    return {"url": EXTENSION + name, "extension": inner}


def coding(system: str | None, code: str, display: str | None = None) -> Json:
    """A Coding."""
    return without_none({"system": system, "code": code, "display": display})


def concept(text: str, *codings: Json) -> Json:
    """A CodeableConcept."""
    return {"coding": list(codings), "text": text} if codings else {"text": text}


def without_none(resource: Mapping[str, Any]) -> Json:
    """The object without elements that are None or empty, which FHIR does not allow."""
    return {key: value for key, value in resource.items() if value is not None and value != [] and value != {}}


def named(*parts: object) -> str:
    """A ``urn:uuid:`` made of some parts: the same input, knowledge and place give the same name."""
    return content_name("|".join(str(part) for part in parts))


def identifier(urn: str) -> Json:
    """A ``urn:uuid:`` as a business identifier."""
    return {"system": URI_SYSTEM, "value": urn}
