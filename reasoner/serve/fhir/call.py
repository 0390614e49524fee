"""What a call of ``$apply`` or ``$validate-patient`` gives: the data, whom it is about, and what we make no use of."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reasoner.fhir.bundle import resources_of
from reasoner.fhir.identity import Identities
from reasoner.inputs import FhirInput, from_document
from reasoner.responses.telling import local_reference
from reasoner.serve.body import parsed
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

Json = dict[str, Any]
ENDPOINTS = frozenset(
    {"dataEndpoint", "contentEndpoint", "terminologyEndpoint", "artifactEndpointConfiguration", "fhirServer",
     "fhirAuthorization", "endpoint"}
)  # fmt: skip
"""Parameters by which a server would be told to fetch from elsewhere."""
UNUSED = frozenset(
    {"encounter", "practitioner", "organization", "userType", "userLanguage", "userTaskContext", "setting",
     "settingContext"}
)  # fmt: skip
"""Parameters of $apply that change nothing here."""
_REFUSED = {
    "planDefinition": "only the guidelines of this server are applied: leave `planDefinition` out",
    "parameters": "the guidelines take no parameters: leave `parameters` out",
}


@dataclass(slots=True)
class Call:
    """A call, taken apart."""

    subject: str | None = None
    url: str | None = None
    version: str | None = None
    on: datetime.date | None = None
    ignored: list[str] = field(default_factory=list)
    """Names of parameters that change nothing."""
    data: list[Json] = field(default_factory=list)
    sha256: str | None = None
    """The hash of the body, where the body is the data."""

    @property
    def document(self) -> Json | None:
        """The data as one FHIR document."""
        if len(self.data) == 1:
            return self.data[0]
        entries = [{"resource": resource} for resource in self.data]
        return {"resourceType": "Bundle", "type": "collection", "entry": entries} if entries else None

    def input(self) -> FhirInput | None:
        """The data as an input; None where there is none. Raises DataError."""
        document = self.document
        if document is None:
            return None
        if self.sha256 is None:
            return from_document(document)
        return FhirInput(self.sha256, *resources_of(document))


def read_call(service: Service, body: bytes) -> Call:
    """The call in a body: Parameters, or the data itself. Raises Refusal."""
    document = parsed(body, service.settings.nesting_limit)
    kind = document.get("resourceType")
    if not isinstance(kind, str):
        raise Refusal(400, "the body is no FHIR resource", "send Parameters, or a Bundle with the patient's resources")
    if kind != "Parameters":
        return Call(data=[document], sha256=hashlib.sha256(body).hexdigest())
    call = Call()
    given = document.get("parameter", [])
    if not isinstance(given, list):
        raise _malformed()
    for parameter in given:
        if not isinstance(parameter, dict) or not isinstance(parameter.get("name"), str):
            raise _malformed()
        _take(call, parameter["name"], parameter)
    return call


def _malformed() -> Refusal:
    return Refusal(400, "`parameter` is not as FHIR says", "send a list of objects with a `name`")


def _take(call: Call, name: str, parameter: Mapping[str, Any]) -> None:
    if name in ENDPOINTS:
        raise Refusal(400, f"`{name}` is not taken: this server fetches nothing", "send the resources as `data`",
                      "not-supported")  # fmt: skip
    if name in _REFUSED:
        raise Refusal(400, f"`{name}` is not taken", _REFUSED[name], "not-supported")
    if name == "data":
        call.data.append(_resource(name, parameter))
    elif name == "prefetchData":
        parts = parameter.get("part")
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict) and part.get("name") == "data":
                call.data.append(_resource(name, part))
    elif name in ("subject", "url", "version"):
        if getattr(call, name) is not None:
            raise Refusal(400, f"`{name}` is given twice", "call once for each", "not-supported")
        setattr(call, name, _text(name, parameter))
    elif name == "on":
        call.on = _date(parameter)
    elif name != "useServerData":
        call.ignored.append(name)


def _resource(name: str, parameter: Mapping[str, Any]) -> Json:
    resource = parameter.get("resource")
    if not isinstance(resource, dict):
        raise Refusal(400, f"`{name}` holds no resource", "give a Bundle as its `resource`")
    return resource


def _text(name: str, parameter: Mapping[str, Any]) -> str:
    """The text of a parameter: a string, a URI, or a Reference."""
    reference = parameter.get("valueReference")
    found = reference.get("reference") if isinstance(reference, dict) else None
    for element in ("valueString", "valueUri", "valueCanonical", "valueUrl", "valueId"):
        found = parameter.get(element, found)
    if not isinstance(found, str) or not found.strip():
        raise Refusal(400, f"`{name}` has no text", "give it as valueString, such as Patient/p1")
    return found.strip()


def _date(parameter: Mapping[str, Any]) -> datetime.date:
    try:
        return datetime.date.fromisoformat(str(parameter.get("valueDate", parameter.get("valueString"))))
    except ValueError:
        raise Refusal(400, "`on` is not a date", "write it as valueDate, such as 2026-03-31") from None


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a call is about, and the input without what is about others."""

    iri: str | None
    item: FhirInput


def person_of(call: Call, item: FhirInput) -> Person:
    """The one person that a call is about. Raises Refusal where the data leaves open who, or is about others."""
    identities = Identities(item.resources, item.full_urls)
    whose = [_person(identities, i, resource) for i, resource in enumerate(item.resources)]
    people = sorted({iri for iri in whose if iri is not None})
    if call.subject is None:
        if len(people) > 1:
            raise Refusal(400, f"the data is about {len(people)} patients", "name one as `subject`", "required")
        return Person(people[0] if people else None, item)
    wanted = local_reference(call.subject) or call.subject
    found = [iri for iri in people if call.subject == iri]
    found = found or [iri for iri in people if wanted in (iri, local_reference(iri), f"Patient/{iri}")]
    if people and not found:
        raise Refusal(422, "the data is not about `subject`", "send the resources of that patient", "not-found")
    if len(found) > 1:
        raise Refusal(422, "`subject` names several patients", "give the full URL of one", "multiple-matches")
    if len(people) < 2:
        return Person(found[0] if found else None, item)
    kept = [i for i, iri in enumerate(whose) if iri in (None, found[0])]
    own = FhirInput(item.sha256, [item.resources[i] for i in kept], [item.full_urls[i] for i in kept])
    return Person(found[0], own)


def _person(identities: Identities, i: int, resource: Mapping[str, Any]) -> str | None:
    """The IRI of the person that a resource is or is about."""
    if resource.get("resourceType") == "Patient":
        return identities.iris[i]
    iri = identities.subject_of(i, resource)
    if iri is None:
        return None
    is_person = identities.types.get(iri) == "Patient" or (local_reference(iri) or "Patient/").startswith("Patient/")
    return iri if is_person else None
