"""The guideline to browse: the pages that ``guideline docs`` writes, made when somebody first asks for one."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from reasoner.errors import ReasonerError
from reasoner.pages.command import pages
from reasoner.pages.proofs import proofs_of
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

_HEADERS = {
    # Each page itself narrows this to its one style sheet, by hash.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "same-origin",
}
_LARGE = 2**30


class GuidelinePages:
    """The pages of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._pages: dict[str, str] | None = None
        self._one_at_a_time = asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        """The paths of these pages."""
        return [
            Route("/guideline/", self.page, methods=["GET"]),
            Route("/guideline/{file}", self.page, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """``GET /guideline/{file}``."""
        async with self._one_at_a_time:
            if self._pages is None:
                self._pages = await self.service.run(self._made, _LARGE)
        text = self._pages.get(request.path_params.get("file", "index.html"))
        if text is None:
            raise Refusal(404, "there is no such page", "begin at /guideline/")
        return HTMLResponse(text, headers=_HEADERS)

    def _made(self) -> dict[str, str]:
        knowledge = self.service.reasoner.knowledge
        proofs = proofs_of(knowledge)
        return pages(knowledge, () if isinstance(proofs, ReasonerError) else proofs, home="/")
