"""``metadata``: what this surface can do, as a CapabilityStatement."""

from __future__ import annotations

import datetime

from reasoner import __version__
from reasoner.answer import NOTICE
from reasoner.artifacts.frame import FHIR_VERSIONS
from reasoner.responses.definitions import VALIDATE
from reasoner.responses.names import CANONICAL, Json, extension
from reasoner.responses.telling import marks

from .endpoint import Asked
from .reading import SEARCHED, types

_STARTED = datetime.datetime.now(datetime.UTC).date().isoformat()
"""The day since which what this process serves has not changed."""
_OPERATIONS = (
    ("apply", "http://hl7.org/fhir/OperationDefinition/PlanDefinition-apply"),
    ("data-requirements", "http://hl7.org/fhir/OperationDefinition/PlanDefinition-data-requirements"),
)


async def metadata(asked: Asked) -> Json:
    """GET metadata."""
    reasoner, request, release = asked.service.reasoner, asked.request, asked.release
    guidelines = reasoner.knowledge.guidelines
    served = ", ".join(f"{own.label} {own.version}" for own in guidelines)
    return {
        "resourceType": "CapabilityStatement",
        "id": "guideline-reasoner",
        "extension": [
            extension("notice", valueString=NOTICE),
            *(mark for own in guidelines for mark in marks(own)[:1]),
        ],
        "url": f"{CANONICAL}CapabilityStatement/guideline-reasoner",
        "version": __version__,
        "name": "GuidelineReasoner",
        "title": "Guideline Reasoner",
        "status": "active",
        "date": _STARTED,
        "description": f"Applies {served}. Read-only: it keeps no patient data and fetches nothing. {NOTICE}",
        "kind": "instance",
        "software": {"name": "guideline-reasoner", "version": __version__},
        "implementation": {"description": "Guideline Reasoner", "url": f"{str(request.base_url).rstrip('/')}/fhir"},
        "fhirVersion": FHIR_VERSIONS[release],
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "R4 and R5, chosen by the fhirVersion of the media type; R4 where none is given.",
                "resource": [_resource(type_) for type_ in types(reasoner, release)],
                "operation": [{"name": "validate-patient", "definition": VALIDATE}],
            }
        ],
    }


def _resource(type_: str) -> Json:
    own = {
        "type": type_,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": [{"name": name, "type": kind} for name, kind in SEARCHED.items()],
    }
    if type_ == "PlanDefinition":
        own["operation"] = [{"name": name, "definition": url} for name, url in _OPERATIONS]
    return own
