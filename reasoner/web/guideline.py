"""The guideline to browse: the pages that ``guideline docs`` writes, each made when somebody first asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from reasoner.errors import EngineError
from reasoner.pages.command import PROOFS, Book
from reasoner.pages.proofs import proofs_of
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

from .frame import Frame

if TYPE_CHECKING:
    from reasoner.prove.run import Proof

_POLICY = (
    # Each page itself narrows this to its one style sheet, by hash.
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'{watch}"
)
_WATCH = "; script-src 'self'; connect-src 'self'"
_LARGE = 2**30
"""Leaves other requests running: the proofs take seconds."""


class GuidelinePages:
    """The pages of one service."""

    def __init__(self, service: Service, frame: Frame) -> None:
        self.service, self.frame = service, frame
        policy = _POLICY.format(watch=_WATCH if frame.watching else "")
        self._headers = {"content-security-policy": policy, "referrer-policy": "same-origin"}
        self._made: dict[str, str] = {}
        self._one_proof_at_a_time = asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        """The paths of these pages."""
        return [
            Route("/guideline/", self.page, methods=["GET"]),
            Route("/guideline/{file}", self.page, methods=["GET"]),
        ]

    @cached_property
    def book(self) -> Book:
        """Where the pages come from."""
        return Book(self.service.reasoner.knowledge, self._proofs, "/", self.frame.watching)

    async def page(self, request: Request) -> Response:
        """``GET /guideline/{file}``."""
        file = request.path_params.get("file", "index.html")
        if file not in self.book.files:
            raise Refusal(404, "there is no such page", "begin at /guideline/")
        if file == PROOFS:
            async with self._one_proof_at_a_time:
                return await self._page(file)
        return await self._page(file)

    async def _page(self, file: str) -> Response:
        if file not in self._made:
            self._made[file] = await self.service.run(lambda: self.book.text(file), _LARGE)
        return HTMLResponse(self._made[file], headers=self._headers)

    def _proofs(self) -> Sequence[Proof]:
        found = proofs_of(self.service.reasoner.knowledge)
        if isinstance(found, EngineError):
            raise Refusal(501, found.message, found.hint or "see the log of the server")
        return found
