"""The SPARQL 1.1 Protocol: a query by GET, by POST of a form, or by POST of itself."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

from prometheus_client import Counter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from reasoner.serve.body import media_type, raw_body
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

from .client import Reply, ask
from .describe import service_description, void
from .negotiate import GRAPHS, chosen

_FORM, _DIRECT, _UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
_FIELDS = 100
_LONGEST = 2**20
"""Characters of a query."""
_DATASET = ("default-graph-uri", "named-graph-uri")
Pairs = list[tuple[str, str]]


class Endpoint:
    """``/sparql`` and ``/.well-known/void`` of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        return [
            Route("/sparql", self.query, methods=["GET", "POST"]),
            Route("/.well-known/void", self.void, methods=["GET"]),
        ]

    async def query(self, request: Request) -> Response:
        """Answer a query, or describe the service where a GET has none."""
        given = _pairs(request.scope["query_string"])
        if request.method == "POST":
            text, given = await self._posted(request, given)
        else:
            _refuse_updates(given)
            texts = [value for name, value in given if name == "query"]
            if not texts:
                return self._described(request, service_description)
            text = _only(texts)
        if len(text) > _LONGEST:
            raise Refusal(413, f"the query is longer than {_LONGEST} characters", "write it in several")
        default, named = ([value for name, value in given if name == wanted] for wanted in _DATASET)
        accept = _accept(request)
        question = {"query": text, "default": default, "named": named, "accept": accept}
        counter: Counter = request.app.state.meters.queries
        try:
            reply = await self._asked(request, question)
        except Refusal as error:
            counter.labels({400: "refused", 503: error.code}.get(error.status, "failed")).inc()
            raise
        counter.labels("answered").inc()
        return StreamingResponse(
            reply.body(),
            media_type=reply.media,
            headers={"content-length": str(reply.size), "vary": "Accept"},
        )

    async def void(self, request: Request) -> Response:
        """What there is to query."""
        return self._described(request, void)

    async def _posted(self, request: Request, url: Pairs) -> tuple[str, Pairs]:
        """The query of a POST, and what is given beside it."""
        kind = media_type(request)
        if kind == _UPDATE:
            raise _updating()
        if kind not in (_FORM, _DIRECT):
            raise Refusal(415, "a query is not posted so", f"send it as {_DIRECT} or {_FORM}")
        charset = _charset(request)
        if charset not in ("", "utf-8", "utf8", "us-ascii"):
            raise Refusal(415, "the body is not declared as UTF-8", "send it in UTF-8")
        body = await raw_body(request, self.service)
        if kind == _DIRECT:
            _refuse_updates(url)
            if any(name == "query" for name, _ in url):
                raise Refusal(400, "there is a query in the URL and in the body", "send one")
            return _text(body), url
        # Only what the form says counts; the protocol allows nothing in the URL beside it.
        form = _pairs(body)
        _refuse_updates([*form, *url])
        return _only([value for name, value in [*form, *url] if name == "query"]), form

    async def _asked(self, request: Request, question: dict[str, Any]) -> Reply:
        """The reply; a client that goes away takes its query along."""
        asking = asyncio.ensure_future(ask(self.service, question))
        gone = asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait({asking, gone}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return asking.result()
            raise Refusal(400, "the client has gone", "wait for the answer")
        finally:
            for task in (asking, gone):
                if not task.done():
                    task.cancel()

    def _described(self, request: Request, describe: Any) -> Response:
        media, form = chosen(_accept(request), GRAPHS)
        data = describe(self.service, str(request.base_url)).serialized(form)
        return Response(data, media_type=media, headers={"vary": "Accept"})


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _accept(request: Request) -> str:
    return ", ".join(request.headers.getlist("accept"))[:4000]


def _charset(request: Request) -> str:
    parts = request.headers.get("content-type", "").lower().split(";")[1:]
    found = [part.split("=", 1)[1].strip(" \"'") for part in parts if part.strip().startswith("charset=")]
    return found[0] if found else ""


def _pairs(data: bytes) -> Pairs:
    try:
        return parse_qsl(
            data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS, separator="&"
        )
    except ValueError:
        # A UnicodeDecodeError is one too.
        raise Refusal(
            400, "the parameters are not UTF-8, percent-encoded", f"send at most {_FIELDS}, encoded"
        ) from None


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refusal(400, "the query is not UTF-8", "send it in UTF-8") from None


def _only(texts: list[str]) -> str:
    if len(texts) != 1:
        raise Refusal(400, f"there are {len(texts)} queries", "send one, as the parameter `query`")
    return texts[0]


def _refuse_updates(given: Pairs) -> None:
    if any(name == "update" for name, _ in given):
        raise _updating()


def _updating() -> Refusal:
    return Refusal(403, "this store is not updated", "only ask: nothing is changed here")
