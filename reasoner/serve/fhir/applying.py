"""``PlanDefinition/{id}/$apply`` and ``$data-requirements``."""

from __future__ import annotations

from reasoner.inputs import FhirInput
from reasoner.responses import Issue, Release, apply, data_requirements
from reasoner.responses.names import CANONICAL, Json
from reasoner.serve.body import raw_body
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

from .call import UNUSED, Call, person_of, read_call
from .endpoint import Asked, is_strict
from .negotiate import require_json
from .orders import contradictions, unknown


async def apply_instance(asked: Asked) -> Json:
    """POST PlanDefinition/{id}/$apply."""
    return await _apply(asked, _guideline(asked))


async def apply_type(asked: Asked) -> Json:
    """POST PlanDefinition/$apply, the guideline by ``url``."""
    return await _apply(asked, None)


async def apply_get(asked: Asked) -> Json:
    """GET of $apply: there is nothing that it could be applied to."""
    if "id" in asked.request.path_params:
        _guideline(asked)
    raise Refusal(
        400, "$apply needs the patient's data, and this server keeps none",
        "POST Parameters with `subject` and `data` (a Bundle), or the Bundle itself", "required",
    )  # fmt: skip


async def requirements(asked: Asked) -> Json:
    """GET or POST PlanDefinition/{id}/$data-requirements."""
    return data_requirements(asked.service.reasoner, _guideline(asked), asked.release)


def _guideline(asked: Asked) -> str:
    id_ = str(asked.request.path_params["id"])
    known = [own.id for own in asked.service.reasoner.knowledge.guidelines]
    if id_ not in known:
        raise Refusal(404, "there is no such PlanDefinition", f"use one of: {', '.join(known)}")
    return id_


async def _apply(asked: Asked, guideline: str | None) -> Json:
    service, request, release = asked.service, asked.request, asked.release
    require_json(request)
    strict = is_strict(request)
    queried = request.query_params.get("subject")
    body = await raw_body(request, service)
    return await service.run(lambda: _applied(service, body, release, guideline, queried, strict), len(body))


def _applied(
    service: Service, body: bytes, release: Release, guideline: str | None, queried: str | None, strict: bool
) -> Json:
    call = read_call(service, body)
    call.subject = call.subject or queried
    if call.sha256 is not None and call.data[0].get("resourceType") != "Bundle":
        raise Refusal(400, "the body is neither Parameters nor a Bundle", "send one of the two")
    if call.ignored and strict:
        # A name that FHIR does not define may hold anything: it is not repeated.
        names = ", ".join(f"`{name}`" for name in sorted({*call.ignored} & UNUSED)) or "their names are not of $apply"
        raise Refusal(400, f"nothing would be made of some parameters: {names}", "leave them out", "not-supported")
    name = guideline or _by_url(service, call)
    if guideline is not None and (call.url or call.version):
        raise Refusal(400, "`url` and `version` are for PlanDefinition/$apply", "leave them out here")
    item = call.input()
    if item is None:
        raise Refusal(400, "there is no `data`", "send the patient's resources as `data`, a Bundle", "required")
    return _answered(service, call, item, name, release)


def _answered(service: Service, call: Call, item: FhirInput, guideline: str, release: Release) -> Json:
    reasoner, person = service.reasoner, person_of(call, item)
    answer = reasoner.answer(person.item, call.on).to_dict()
    told = [Issue("information", "not-supported", "A parameter that changes nothing here was left unread.")
            for _ in call.ignored]  # fmt: skip
    if number := unknown(reasoner, person.item.resources):
        text = f"{number} open order(s) name no intervention that the knowledge has: nothing is said of them."
        told.append(Issue("information", "code-invalid", text))
    orders = contradictions(reasoner, answer, guideline, person.item.resources)
    return apply(reasoner, answer, guideline, release, person.iri or call.subject, orders, call.document, told)


def _by_url(service: Service, call: Call) -> str:
    """The guideline that ``url`` and ``version`` name."""
    if call.url is None:
        raise Refusal(400, "no guideline is named", "give its canonical `url`, or call PlanDefinition/{id}/$apply",
                      "required")  # fmt: skip
    url, _, version = call.url.partition("|")
    for own in service.reasoner.knowledge.guidelines:
        if url == f"{CANONICAL}PlanDefinition/{own.id}":
            if (call.version or version or own.version) != own.version:
                raise Refusal(404, "this version of the guideline is not served", f"use version {own.version}")
            return own.id
    raise Refusal(404, "no guideline of this server has that `url`", "see GET PlanDefinition")
