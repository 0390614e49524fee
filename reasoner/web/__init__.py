"""Pages for people to look at: a form made from the shapes, the answer, SPARQL, and the guideline itself."""

from __future__ import annotations

import weakref
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from reasoner.assess import Reasoner
from reasoner.serve.openapi import answer, failures
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

from .cohort import CohortPage
from .frame import Frame
from .guideline import GuidelinePages
from .query import QueryPage
from .routes import Patients
from .watching import WatchPage


def routes(service: Service) -> list[BaseRoute]:
    """The paths of all pages."""
    frame = _frame(service)

    async def about(request: Request) -> Response:
        return frame.page("about", "About", here=request.url.path)

    return [
        Route("/about", about, methods=["GET"]),
        *Patients(service, frame).routes(),
        *QueryPage(service, frame).routes(),
        *GuidelinePages(service, frame).routes(),
        *WatchPage(service).routes(),
        *CohortPage(service, frame).routes(),
        *frame.routes(),
    ]


def failed(request: Request, error: Refusal) -> Response | None:
    """An error as a page; None where nobody asked for one."""
    if "text/html" not in request.headers.get("accept", ""):
        return None
    response = _frame(request.app.state.service).page("error", "This did not work", error.status, error=error, here="")
    response.headers.update(error.headers)
    return response


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
        "/about": shown("What is served, in which version, from which sources"),
        "/": {**shown("The form of a patient"), "post": posted("The form as it was filled in")},
        "/assess": {"post": posted("The answer about a patient, as a page")},
        "/explain": {"post": posted("Why a verdict is as it is, as a page")},
        "/download": {"post": posted("The answer as a file", "application/json")},
        "/cohort": {**shown("Where to choose a report"), "post": posted("The report of a cohort, as a page")},
        "/watch": {"get": {**shown("What the last change of the knowledge did, under --watch")["get"], **_watched()}},
        "/guideline/": shown("The guideline to browse"),
        "/static/{name}": shown("A style sheet, script or list that a page uses", "name"),
        "/guideline/{file}": shown("A page of the guideline", "file"),
    }


def _watched() -> dict[str, Any]:
    """What differs where no page is given but news."""
    seen = {"name": "seen", "in": "query", "required": False, "schema": {"type": "integer"}}
    return {"parameters": [seen], "responses": {"200": answer("The news", "application/json"), **failures(403, 404)}}


def _frame(service: Service) -> Frame:
    """One frame for the pages and for the errors of a service."""
    frame = _FRAMES.get(service.reasoner)
    if frame is None:
        frame = _FRAMES[service.reasoner] = Frame(service.reasoner, service.settings.run)
    return frame


_FRAMES: weakref.WeakKeyDictionary[Reasoner, Frame] = weakref.WeakKeyDictionary()
