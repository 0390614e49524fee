"""An endpoint under /fhir: its methods, its media type, and an OperationOutcome for everything that goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reasoner.errors import ReasonerError
from reasoner.responses import Release, outcome
from reasoner.responses.names import Json
from reasoner.serve.answers import issue_of
from reasoner.serve.refusal import Refusal, refusal
from reasoner.serve.service import Service

from .negotiate import media_type_of, release_of


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, with the release that it is to be answered in."""

    service: Service
    request: Request
    release: Release


Handler = Callable[[Asked], Awaitable[Json]]
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def endpoint(service: Service, path: str, handlers: Mapping[str, Handler]) -> Route:
    """The route of a path, with what answers each method."""
    allowed = ", ".join(sorted({*handlers, *(["HEAD"] if "GET" in handlers else [])}))

    async def answer(request: Request) -> Response:
        release: Release = "R4"
        try:
            release = release_of(request)
            method = "GET" if request.method == "HEAD" else request.method
            if method not in handlers:
                if not handlers:
                    raise Refusal(404, "there is nothing at this path", "see /fhir/metadata for what is served")
                hint = f"use {allowed}; the server keeps nothing and changes nothing"
                raise Refusal(405, "this path has no such method", hint, headers={"allow": allowed})
            return respond(await handlers[method](Asked(service, request, release)), release)
        except (Refusal, ReasonerError) as error:
            return refused(refusal(error), release)

    return Route(path, answer, methods=list(_METHODS))


def respond(content: Json, release: Release, status: int = 200) -> Response:
    """A resource as an answer."""
    return Response(orjson.dumps(content), status, {"content-type": media_type_of(release), "vary": "accept"})


def refused(error: Refusal, release: Release) -> Response:
    """An error as an OperationOutcome."""
    response = respond(outcome([issue_of(error)]), release, error.status)
    response.headers.update(error.headers)
    return response


def is_strict(request: Request) -> bool:
    """Whether ``Prefer: handling=strict`` asks to refuse what is not understood."""
    preferred = ",".join(request.headers.getlist("prefer")).replace(" ", "").lower()
    return "handling=strict" in preferred.replace(";", ",").split(",")
