"""Orders in the input: which resources are some, what they order, and of whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .codes import Codes
from .names import Json

ORDERS = frozenset({"DeviceRequest", "ServiceRequest", "MedicationRequest"})
"""The resource types that order an intervention."""
_CODED = ("code", "codeCodeableConcept", "medication", "medicationCodeableConcept")
"""Where the requests of FHIR R4 and R5 say what is requested."""
_OPEN = ("draft", "active", "on-hold")
_REASONS = ("reasonReference", "reason", "focus")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An order against what a guideline says of a subject (an IRI); ``certain`` is False where data is missing."""

    subject: str
    order: Mapping[str, Any]
    intervention: str
    rows: tuple[Json, ...]
    why: str
    certain: bool


def orders_in(resources: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The open orders among some resources; what must not be done is no order."""
    return [
        resource
        for resource in resources
        if resource.get("resourceType") in ORDERS
        and resource.get("status", "draft") in _OPEN
        and resource.get("doNotPerform") is not True
    ]


def ordered(codes: Codes, order: Mapping[str, Any]) -> list[str]:
    """The IRIs of the interventions that an order names; none where nobody mapped its codes."""
    found = (codes.by_code.get(coding) for coding in codings_of(order))
    return list(dict.fromkeys(iri for iri in found if iri is not None))


def codings_of(order: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    """The codes of what an order requests, each with its code system."""
    for element in _CODED:
        said = order.get(element)
        concept = said.get("concept", said) if isinstance(said, Mapping) else None
        codings = concept.get("coding") if isinstance(concept, Mapping) else None
        for own in codings if isinstance(codings, list) else []:
            if isinstance(own, Mapping) and isinstance(own.get("code"), str):
                system = own.get("system")
                yield system if isinstance(system, str) else None, own["code"]


def is_about(order: Mapping[str, Any], subject: Mapping[str, Any]) -> bool:
    """Whether an order may be for a subject: its patient's, unless its reasons name Conditions and none of it."""
    whose = _reference(order.get("subject"))
    patient = subject["patient"]
    if whose and patient and patient.rsplit("/", 1)[-1] != whose.rsplit("/", 1)[-1]:
        return False
    named = {name for element in _REASONS for name in _references(order.get(element)) if "Condition/" in name}
    own = {subject["subject"], subject["reference"], *subject["sameAs"]} - {None}
    return not named or any(name == one or one.endswith("/" + name) for name in named for one in own)


def _references(value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if (name := _reference(one)) is not None:
            yield name


def _reference(value: object) -> str | None:
    found = value.get("reference") if isinstance(value, Mapping) else None
    if isinstance(found, Mapping):
        found = found.get("reference")
    return found if isinstance(found, str) else None
