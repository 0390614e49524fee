"""Lets a request through to what needs a token only with one."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from reasoner.serve.answers import refused
from reasoner.serve.refusal import Refusal

from .register import Auth
from .token import check

OPEN = frozenset({"/", "/healthz", "/readyz", "/openapi.json", "/cds-services", "/fhir/metadata", "/.well-known/void"})
"""What tells nothing of a patient and costs nothing: everything else needs a token."""


class Authenticated:
    """ASGI middleware; a path that is not open needs a token that is made for it."""

    def __init__(self, app: ASGIApp, auth: Auth) -> None:
        self.app, self.auth = app, auth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN:
            headers = Headers(scope=scope).getlist("authorization")
            try:
                if len(headers) > 1:
                    raise Refusal(400, "the header Authorization is there twice", "send it once")
                check(self.auth, headers[0] if headers else None, scope["path"])
            except Refusal as error:
                await refused(error, scope["path"])(scope, receive, send)
                return
        elif scope["type"] == "websocket":
            return
        await self.app(scope, receive, send)
