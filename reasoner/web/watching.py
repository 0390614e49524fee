"""What the last change of the knowledge did, for pages that wait for it; see ``reasoner.serve.watching``."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from reasoner.serve.answers import json_response
from reasoner.serve.news import read
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

_LONGEST, _STEP = 20.0, 0.2
"""Seconds that a page waits in one request, and between two looks."""


class WatchPage:
    """``/watch`` of one service."""

    def __init__(self, service: Service) -> None:
        self.news = service.settings.news
        # Each look takes a moment besides, and the request must end before it is out of time.
        self.looks = int(min(_LONGEST, service.settings.request_seconds / 2) / _STEP)

    def routes(self) -> list[BaseRoute]:
        """The path of the news."""
        return [Route("/watch", self.wait, methods=["GET"])]

    async def wait(self, request: Request) -> Response:
        """``GET /watch?seen=N``: the news; where that is run N, not before there are others or the time is over."""
        if self.news is None:
            raise Refusal(404, "no files are watched", "start the server with --watch")
        seen = request.query_params.get("seen", "")
        for _ in range(self.looks):
            news = read(self.news)
            # While the server is being replaced, a request that waits would hold that up.
            if str(news["run"]) != seen or news["loading"]:
                break
            await asyncio.sleep(_STEP)
        return json_response(read(self.news))
