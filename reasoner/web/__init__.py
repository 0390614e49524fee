"""Pages for people to look at: a form made from the shapes, the answer, SPARQL, and the guideline itself."""

from __future__ import annotations

from typing import Any

from starlette.routing import BaseRoute

from reasoner.serve.openapi import answer, failures
from reasoner.serve.service import Service

from .frame import Frame
from .guideline import GuidelinePages
from .query import QueryPage
from .routes import Patients


def routes(service: Service) -> list[BaseRoute]:
    """The paths of all pages."""
    frame = Frame(service.reasoner)
    return [
        *Patients(service, frame).routes(),
        *QueryPage(service, frame).routes(),
        *GuidelinePages(service).routes(),
        *frame.routes(),
    ]


def paths() -> dict[str, Any]:
    """What OpenAPI says of the pages: they are for people, and forms are all that they take."""
    form = {"type": "object", "additionalProperties": {"type": "string"}}
    content = {"application/x-www-form-urlencoded": {"schema": form}}

    def posted(summary: str, gives: str = "text/html") -> dict[str, Any]:
        responses = {"200": answer(summary, gives), **failures(400, 403, 408, 413, 415, 422)}
        return {"summary": summary, "requestBody": {"required": True, "content": content}, "responses": responses}

    def shown(summary: str, *names: str) -> dict[str, Any]:
        given = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
        responses = {"200": answer(summary, "text/html"), **failures(403, 404)}
        return {"get": {"summary": summary, "parameters": given, "responses": responses}}

    return {
        "/": {**shown("The form of a patient"), "post": posted("The form as it was filled in")},
        "/assess": {"post": posted("The answer about a patient, as a page")},
        "/explain": {"post": posted("Why a verdict is as it is, as a page")},
        "/download": {"post": posted("The answer as a file", "application/json")},
        "/guideline/": shown("The guideline to browse"),
        "/guideline/{file}": shown("A page of the guideline", "file"),
    }
