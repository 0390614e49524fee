"""``$validate-patient``: what the shapes and the data rules say of patient data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reasoner.answer import validation
from reasoner.inputs import BrokenLine, FhirInput, GraphInput, read_bytes
from reasoner.responses import outcome
from reasoner.responses.names import Json
from reasoner.responses.outcomes import paths, validation_issues
from reasoner.serve.body import raw_body
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

from .call import read_call
from .endpoint import Asked
from .negotiate import FHIR_JSON, body_type

_GRAPHS: Mapping[str, str] = {
    "text/turtle": "ttl",
    "application/fhir+turtle": "ttl",
    "application/n-triples": "nt",
    "application/n-quads": "nq",
    "application/trig": "trig",
    "application/rdf+xml": "rdf",
    "application/ld+json": "jsonld",
}
_JSON = (FHIR_JSON, "application/json")


async def validate(asked: Asked) -> Json:
    """POST $validate-patient: FHIR JSON (a resource, a Bundle, or Parameters with ``data``), or a graph in RDF."""
    service, kind = asked.service, body_type(asked.request)
    if kind not in _JSON and kind not in _GRAPHS:
        raise Refusal(415, "the body is neither FHIR JSON nor RDF", "send application/fhir+json or text/turtle")
    body = await raw_body(asked.request, service)
    return await service.run(lambda: _validated(service, kind, body), len(body))


def _validated(service: Service, kind: str, body: bytes) -> Json:
    document: Mapping[str, Any] | None = None
    if kind in _JSON:
        call = read_call(service, body)
        document = call.document
        item: FhirInput | GraphInput | None = call.input()
        if item is None:
            raise Refusal(400, "there is no `data`", "send the patient's resources", "required")
    else:
        item = _graph(body, _GRAPHS[kind])
    found = [own.result for own in service.reasoner.validation(item)]
    return outcome(validation_issues(validation(found)["results"], paths(document)))


def _graph(body: bytes, suffix: str) -> FhirInput | GraphInput:
    inputs = list(read_bytes(body, "the body", suffix))
    if len(inputs) != 1 or isinstance(inputs[0], BrokenLine):
        raise Refusal(400, "the body holds more than one input", "send one at a time")
    return inputs[0]
