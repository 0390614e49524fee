"""The application: every surface's routes behind one front."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from reasoner import web

from . import fhir, health, hooks, sparql
from .answers import json_response, refused
from .auth import Auth, Authenticated
from .front import Front
from .metrics import Meters, declare, meters, metrics
from .openapi import answer, document, failures
from .refusal import Refusal, refusal
from .service import Service

SURFACES = (web, sparql, fhir, hooks)


def application(service: Service, own: Meters | None = None) -> Front:
    """The ASGI application of a service; in tests reach it as http://127.0.0.1, which is a name it knows."""
    own = own or meters()
    declare(own, service)
    auth = service.settings.auth
    app = Starlette(
        routes=[*_routes(), *(route for surface in SURFACES for route in surface.routes(service))],
        middleware=[] if auth is None else [Middleware(Authenticated, auth=Auth.read(auth))],
        exception_handlers={HTTPException: _http, Exception: _any, Refusal: _any},
    )
    app.router.redirect_slashes = False
    app.state.service, app.state.meters = service, own
    app.state.openapi = document(service.reasoner.knowledge, (paths(), *(surface.paths() for surface in SURFACES)))
    return Front(app, service.settings, own)


def _routes() -> Iterator[BaseRoute]:
    for path, endpoint in (
        ("/healthz", health.healthz),
        ("/readyz", health.readyz),
        ("/metrics", metrics),
        ("/openapi.json", _openapi),
    ):
        yield Route(path, endpoint, methods=["GET"])


def paths() -> dict[str, Any]:
    """What OpenAPI says of the paths that belong to no surface."""

    def get(summary: str, media_type: str, *errors: int) -> dict[str, Any]:
        responses = {"200": answer(summary, media_type), **failures(*errors)}
        return {"get": {"summary": summary, "responses": responses}}

    ready = get("Whether guidelines are loaded and queries are answered", "application/json")
    ready["get"]["responses"]["503"] = answer("Not yet, or no longer", "application/json")
    return {
        "/healthz": get("Whether the process lives", "application/json"),
        "/readyz": ready,
        "/metrics": get("Counts for Prometheus", "text/plain", 401, 403),
        "/openapi.json": get("This document", "application/json"),
    }


async def _openapi(request: Request) -> Response:
    return json_response(request.app.state.openapi)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        own = Refusal(404, "there is nothing at this path", "see / or /openapi.json for what is served")
    elif error.status_code == 405:
        own = Refusal(405, "this path has no such method", "see the header Allow", headers=error.headers)
    else:
        own = Refusal(error.status_code, "the request cannot be answered", "see /openapi.json", headers=error.headers)
    return _told(request, own)


async def _any(request: Request, error: Exception) -> Response:
    return _told(request, refusal(error))


def _told(request: Request, own: Refusal) -> Response:
    """An error as a page to whoever asks for a page, else as the path has it."""
    return web.failed(request, own) or refused(own, request.url.path)
