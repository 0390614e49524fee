"""CDS Hooks 2.0: guidelines as services of an electronic health record."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from reasoner.serve.answers import json_response
from reasoner.serve.body import json_body
from reasoner.serve.openapi import answer, failures
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

from .answering import Answering
from .call import HOOKS, read_call
from .discovery import service_id, services
from .feedback import Book, read_feedback

__all__ = ["paths", "routes"]


def routes(service: Service) -> list[BaseRoute]:
    """The routes of CDS Hooks; raises UsageError where feedback cannot be kept."""
    surface = _Surface(service)
    return [
        Route("/cds-services", surface.discover, methods=["GET"]),
        Route("/cds-services/{id}", surface.call, methods=["POST"]),
        Route("/cds-services/{id}/feedback", surface.feedback, methods=["POST"]),
    ]


class _Surface:
    def __init__(self, service: Service) -> None:
        self.service = service
        knowledge = service.reasoner.knowledge
        self.answering = Answering(service.reasoner)
        self.services = {service_id(g, hook): (g, hook) for g in knowledge.guidelines for hook in HOOKS}
        words = self.answering.words
        self.discovery = services(knowledge.guidelines, knowledge.mapping, words)
        self.book = None if service.settings.feedback is None else Book.open(service.settings.feedback)

    async def discover(self, _request: Request) -> Response:
        return json_response(self.discovery)

    async def call(self, request: Request) -> Response:
        guideline, hook = self._named(request)
        body = await json_body(request, self.service)
        call = read_call(body, hook)
        length = request.headers.get("content-length", "")
        size = int(length) if length.isdecimal() else self.service.settings.body_limit
        home = str(request.base_url)
        return json_response(await self.service.run(lambda: self.answering.cards(call, guideline, home), size))

    async def feedback(self, request: Request) -> Response:
        self._named(request)
        body = await json_body(request, self.service)
        if self.book is None:
            raise Refusal(404, "feedback is not kept by this server", "start it with --feedback FILE")
        rows = read_feedback(body, request.path_params["id"])
        self.book.add(rows)
        return json_response({"kept": len(rows)})

    def _named(self, request: Request) -> Any:
        found = self.services.get(request.path_params["id"])
        if found is None:
            raise Refusal(404, "there is no such service", "see /cds-services")
        return found


def paths() -> dict[str, Any]:
    """What OpenAPI says of the paths of CDS Hooks."""
    id_ = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}

    def post(summary: str, gives: str, needs: list[str], *errors: int) -> dict[str, Any]:
        schema = {"type": "object", "required": needs}
        body = {"required": True, "content": {"application/json": {"schema": schema}}}
        responses = {"200": answer(gives, "application/json"), **failures(*errors)}
        return {"post": {"summary": summary, "parameters": [id_], "requestBody": body, "responses": responses}}

    listing = {"summary": "The services of CDS Hooks", "responses": {"200": answer("Services", "application/json")}}
    refused = (400, 401, 403, 404, 408, 413, 415)
    return {
        "/cds-services": {"get": listing},
        "/cds-services/{id}": post("Call a service", "Cards", ["hook", "hookInstance", "context"], *refused, 412, 503),
        "/cds-services/{id}/feedback": post(
            "Tell what became of cards", "How many were kept", ["feedback"], *refused, 503
        ),
    }
