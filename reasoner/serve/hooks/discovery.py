"""What /cds-services tells: a service for each guideline and hook, and the data that each asks for."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from reasoner.answer import NOTICE
from reasoner.blocks import capital
from reasoner.fhir.tables import FhirMapping
from reasoner.guidelines import Guideline
from reasoner.words import Words, listed

from .call import HOOKS, ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW
from .prefetch import PATIENT, RECORD, keys

Json = dict[str, Any]

SPECIFICATION, HOOK_VERSION = "2.0.0", "1.0"
EXTENSION = "org.w3id.guideline-reasoner"
"""The name of our extensions."""
_ID = "{{context.patientId}}"
_TITLES = {
    PATIENT_VIEW: "what it advises",
    ORDER_SELECT: "orders as they are selected",
    ORDER_SIGN: "orders before they are signed",
}


def kinds(mapping: FhirMapping) -> list[str]:
    """The resource types that the mapping reads."""
    coded = {kind for kind, _, _ in mapping.rules} | {kind for kind, _ in mapping.beginnings}
    return sorted(coded | set(mapping.elements))


def prefetch(mapping: FhirMapping) -> Json:
    """The prefetch templates: the patient, the whole record, or the same by resource type."""
    by_kind = keys(kinds(mapping))
    included = "".join(f"&_revinclude={kind}:patient" for kind in by_kind)
    templates = {PATIENT: f"Patient/{_ID}", RECORD: f"Patient?_id={_ID}{included}"}
    return templates | {key: _search(mapping, kind) for kind, key in by_kind.items()}


def _search(mapping: FhirMapping, kind: str) -> str:
    """A search for the codes that are read; without codes where a whole family of them is, which no search can name."""
    search = f"{kind}?patient={_ID}"
    if any(own == kind for own, _ in mapping.beginnings) or kind in mapping.elements:
        return search
    codes = sorted({(system, code) for own, system, code in mapping.rules if own == kind})
    return f"{search}&code={','.join(quote(f'{system}|{code}', safe=':/|') for system, code in codes)}"


def service_id(guideline: Guideline, hook: str) -> str:
    """The id of a service."""
    return f"{guideline.id}-{hook}"


def services(guidelines: tuple[Guideline, ...], mapping: FhirMapping, words: Words) -> Json:
    """The answer of /cds-services."""
    templates = prefetch(mapping)
    return {"services": [_service(own, hook, templates, words) for own in guidelines for hook in HOOKS]}


def _service(guideline: Guideline, hook: str, templates: Json, words: Words) -> Json:
    others = listed([key for key in templates if key not in (PATIENT, RECORD)], "and")
    return {
        "hook": hook,
        "id": service_id(guideline, hook),
        "title": f"{capital(guideline.label)}: {_TITLES[hook]}",
        "description": f"{capital(guideline.label)} {guideline.version}, for: "
        f"{words.class_label(guideline.scope.iri)}. {NOTICE}",
        "prefetch": templates,
        "usageRequirements": f"Send {PATIENT}, and either {RECORD} or {others}. Nothing is fetched from the FHIR "
        "server of the client. Suggestions are FHIR R4.",
        "version": SPECIFICATION,
        "hookVersion": HOOK_VERSION,
        "extension": {EXTENSION: version(guideline)},
    }


def version(guideline: Guideline) -> Json:
    """Which knowledge answers."""
    return {"guideline": guideline.id, "version": guideline.version, "sha256": guideline.sha256}
