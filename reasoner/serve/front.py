"""The front of the server: each request passes here once, in and out, whatever becomes of it inside."""

from __future__ import annotations

import asyncio
import secrets
import time

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import logs
from .answers import refused
from .metrics import Meters
from .origins import Origins
from .refusal import Refusal, refusal
from .settings import Settings

_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
"""What every answer says unless it says otherwise itself."""
_AT_ONCE = 512
"""Requests that a process works on at the same time."""


class Front:
    """Gives each request an id, its time, the headers of its answer, a line in the log, and an error when it fails."""

    def __init__(self, app: ASGIApp, settings: Settings, meters: Meters) -> None:
        self.app, self.settings, self.meters = app, settings, meters
        self.origins = Origins(settings)
        self.running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        passage = _Passage(scope, send, self.origins)
        self.running += 1
        self.meters.running.inc()
        try:
            await self._answer(scope, receive, passage)
        finally:
            self.running -= 1
            self.meters.running.dec()
            self._record(scope, passage)
        return None

    async def _answer(self, scope: Scope, receive: Receive, passage: _Passage) -> None:
        try:
            if self.running > _AT_ONCE:
                raise Refusal(503, "too many requests at once", "try again", headers={"retry-after": "1"})
            if "content-length" in passage.headers and "transfer-encoding" in passage.headers:
                # Two readers would see two different ends, and the second request begin elsewhere.
                hint = "send one of Content-Length and Transfer-Encoding"
                raise Refusal(400, "the body has two lengths", hint, headers={"connection": "close"})
            self.origins.admit(scope["method"], passage.headers)
            preflight = self.origins.preflight(scope["method"], passage.headers)
            if preflight is not None:
                await Response(status_code=204, headers=preflight)(scope, receive, passage.send)
                return
            async with asyncio.timeout(self.settings.request_seconds):
                await self.app(scope, receive, passage.send)
        except Exception as error:
            # An answer that has begun cannot be taken back; the server cuts the connection, so that nobody takes what
            # came for the whole.
            late = isinstance(error, TimeoutError)
            own = self._too_late() if late else refusal(error)
            passage.error = type(error).__name__ if own.status == 500 else None
            if not passage.status:
                await refused(own, scope["path"])(scope, receive, passage.send)

    def _too_late(self) -> Refusal:
        return Refusal(503, f"unfinished after {self.settings.request_seconds:g} s", "ask for less at once", "timeout")

    def _record(self, scope: Scope, passage: _Passage) -> None:
        seconds = time.perf_counter() - passage.begin
        route = getattr(scope.get("route"), "path", "none")
        self.meters.request(scope["method"], route, passage.status, seconds)
        logs.write(
            method=scope["method"][:10],
            route=route,
            status=passage.status,
            ms=round(seconds * 1000, 1),
            bytes=passage.bytes,
            id=passage.id,
            **({"error": passage.error} if passage.error else {}),
        )


class _Passage:
    """One request on its way, and what its answer has become so far."""

    def __init__(self, scope: Scope, send: Send, origins: Origins) -> None:
        self.headers = Headers(scope=scope)
        self.id = secrets.token_hex(8)
        self.begin = time.perf_counter()
        self.status = self.bytes = 0
        self.error: str | None = None
        self._send, self._origins = send, origins

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            said = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *((name, value) for name, value in _HEADERS.items() if name not in said),
                *self._origins.headers(self.headers),
                (b"x-request-id", self.id.encode()),
            ]
        elif message["type"] == "http.response.body":
            self.bytes += len(message.get("body", b""))
        await self._send(message)
