"""The report of a cohort, from the file that ``guideline cohort`` writes."""

from __future__ import annotations

import orjson
from jinja2 import UndefinedError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

from .frame import PAGES, Frame
from .received import received

_HEADERS = {
    # The page itself narrows this to its one style sheet, by hash.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
}


class CohortPage:
    """``/cohort`` of one service."""

    def __init__(self, service: Service, frame: Frame) -> None:
        self.service, self.frame = service, frame

    def routes(self) -> list[BaseRoute]:
        """The paths of this page."""
        return [Route("/cohort", self.form, methods=["GET"]), Route("/cohort", self.report, methods=["POST"])]

    async def form(self, _: Request) -> Response:
        """``GET /cohort``: where to choose the file."""
        return self.frame.page("cohort", "Cohort report", here="/cohort", problem="")

    async def report(self, request: Request) -> Response:
        """``POST /cohort``: the report in the file."""
        got = await received(request, self.service)
        text = await self.service.run(lambda: _rendered(got.file), len(got.file))
        if text is None:
            problem = "This is no report of a cohort: choose the file that ends in .report.json."
            return self.frame.page("cohort", "Cohort report", 422, here="/cohort", problem=problem)
        return HTMLResponse(text, headers=_HEADERS)


def _rendered(data: bytes) -> str | None:
    """The page of a report, None where the data is none."""
    try:
        from reasoner.cohort.report_page import render
    except ImportError:
        raise Refusal(501, "reports need the extra `cohort`", "run `pip install '.[cohort]'` in a clone") from None
    try:
        report = orjson.loads(data)
        return render(report, PAGES) if isinstance(report, dict) else None
    except (orjson.JSONDecodeError, UndefinedError, KeyError, TypeError, ValueError, AttributeError):
        return None
