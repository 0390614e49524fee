"""Whether the server lives, and whether it can do its work."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from reasoner import __version__

from .answers import json_response
from .service import Service
from .sparql.client import ping


async def healthz(request: Request) -> Response:  # noqa: ARG001 - what a route is given
    """``GET /healthz``: this process answers."""
    return json_response({"status": "ok", "version": __version__})


async def readyz(request: Request) -> Response:
    """``GET /readyz``: the guidelines are loaded and queries are answered; 503 while that is not so."""
    service: Service = request.app.state.service
    queries = await ping(service)
    guidelines = [
        {"id": own.id, "version": own.version, "sha256": own.sha256} for own in service.reasoner.knowledge.guidelines
    ]
    content = {"status": "ready" if queries else "not ready", "guidelines": guidelines, "queries": queries}
    return json_response(content, 200 if queries else 503)
