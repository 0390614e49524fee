"""A call of a service, checked: what CDS Hooks requires is there, and nothing else is looked at.

``fhirServer`` and ``fhirAuthorization`` are never used: this server calls nobody.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reasoner.serve.refusal import Refusal

Json = dict[str, Any]

PATIENT_VIEW, ORDER_SELECT, ORDER_SIGN = "patient-view", "order-select", "order-sign"
HOOKS = (PATIENT_VIEW, ORDER_SELECT, ORDER_SIGN)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SPEC = "see the CDS Hooks 2.0 specification"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a service."""

    hook: str
    instance: uuid.UUID
    patient: str
    """The id of the patient in context."""
    prefetch: Mapping[str, Any]
    selections: frozenset[str]
    """What was just selected: ``Type/id``."""
    drafts: tuple[Json, ...]
    """The draft orders."""

    @property
    def has_orders(self) -> bool:
        """Whether the hook is about orders."""
        return self.hook != PATIENT_VIEW


def is_uuid(text: object) -> bool:
    """Whether it is a UUID as CDS Hooks writes one."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def read_call(body: Json, hook: str) -> Call:
    """The call in a body; raises Refusal 400 for what is no call of that hook."""
    if body.get("hook") != hook:
        raise Refusal(400, f"`hook` is not {hook}, which this service is for", "call the service of that hook")
    if not is_uuid(body.get("hookInstance")):
        raise Refusal(400, "`hookInstance` is no UUID", "send a UUID of this call alone")
    for name, kind, article in (("fhirServer", str, "text"), ("fhirAuthorization", dict, "object")):
        if body.get(name) is not None and not isinstance(body[name], kind):
            raise Refusal(400, f"`{name}` is no {article}", "leave it out: it is not used")
    context, prefetch = body.get("context"), body.get("prefetch")
    if not isinstance(context, dict):
        raise Refusal(400, "`context` is no object", _SPEC)
    if prefetch is not None and not isinstance(prefetch, dict):
        raise Refusal(400, "`prefetch` is no object", "send the data by the keys of /cds-services")
    user, patient = context.get("userId"), context.get("patientId")
    if not isinstance(user, str) or not user:
        raise Refusal(400, "`context.userId` is missing or no text", "send it as Practitioner/ID")
    if not isinstance(patient, str) or not _ID.fullmatch(patient):
        raise Refusal(400, "`context.patientId` is missing or no FHIR id", "send the id of the Patient alone")
    encounter = context.get("encounterId")
    if encounter is not None and not isinstance(encounter, str):
        raise Refusal(400, "`context.encounterId` is no text", "send the id of the Encounter, or leave it out")
    return Call(
        hook,
        uuid.UUID(body["hookInstance"]),
        patient,
        prefetch or {},
        _selections(context) if hook == ORDER_SELECT else frozenset(),
        () if hook == PATIENT_VIEW else _drafts(context),
    )


def _selections(context: Json) -> frozenset[str]:
    selections = context.get("selections")
    if not isinstance(selections, list) or not all(isinstance(own, str) for own in selections):
        raise Refusal(400, "`context.selections` is missing or no list of texts", "send it as [Type/ID]")
    return frozenset(selections)


def _drafts(context: Json) -> tuple[Json, ...]:
    bundle = context.get("draftOrders")
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise Refusal(400, "`context.draftOrders` is missing or no Bundle", "send the draft orders as a FHIR Bundle")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refusal(400, "`context.draftOrders.entry` is no list of entries", _SPEC)
    resources = [entry.get("resource") for entry in entries]
    if not all(isinstance(own, dict) and isinstance(own.get("resourceType"), str) for own in resources):
        raise Refusal(400, "an entry of `context.draftOrders` holds no resource", _SPEC)
    return tuple(resources)
