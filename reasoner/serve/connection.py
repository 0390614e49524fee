"""A connection that does not wait for ever: not for a head that never ends, nor for a client that never reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import h11
import orjson
from uvicorn.protocols.http.h11_impl import H11Protocol

_MOST = 2048
"""Connections that a process holds."""


class Connection(H11Protocol):
    """HTTP/1.1 with a clock for each wait on the client that the server itself has none for."""

    seconds = 10.0
    clock: asyncio.TimerHandle | None = None
    lost: Callable[[], None]
    """Called when a connection has ended."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _MOST:
            transport.abort()
            return
        self._start()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self.clock is None and self.conn.trailing_data[0]:
            self._start()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        # Closing first sends what is left; a client that does not take it is cut off.
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        type(self).lost()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - our own words
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.write(_BAD)
        self.transport.close()

    def _start(self) -> None:
        self._stop()
        self.clock = self.loop.call_later(self.seconds, self.transport.abort)

    def _stop(self) -> None:
        if self.clock is not None:
            self.clock.cancel()
            self.clock = None


def patient_for(seconds: float, lost: Callable[[], None]) -> type[Connection]:
    """The protocol of a server whose clients may be still for so long; ``lost`` is called as each connection ends."""
    return type("Connection", (Connection,), {"seconds": seconds, "lost": staticmethod(lost)})


def _bad() -> bytes:
    content: dict[str, Any] = {
        "error": "the request is not HTTP, or its head is too long",
        "hint": "send HTTP/1.1; send a long query by POST",
        "status": 400,
    }
    body = orjson.dumps(content)
    head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + b"connection: close\r\n\r\n" + body


_BAD = _bad()
