"""A process that answers requests, until it is told to end: then it finishes those that are under way."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Generator

import uvicorn

from . import logs
from .connection import patient_for
from .front import Front
from .settings import Settings

_QUEUE = 2048
"""Connections that wait to be taken."""
_OBJECTS = 10_000
"""New objects until garbage is looked for: an answer is some thousands, which end with it and are no garbage before."""


class _Server(uvicorn.Server):
    """uvicorn, except for how it takes connections and how it ends."""

    def __init__(self, config: uvicorn.Config, parent: int) -> None:
        super().__init__(config)
        self._parent = parent

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        # asyncio takes as many connections at once as it makes the queue long: one process would take them all. With
        # a queue of one it takes one at a time, and whoever is free takes the next; then the queue gets its length.
        for own in sockets or ():
            own.listen(_QUEUE)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Being told to end is no failure: no signal is raised again afterwards."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._end)
        # When the process that started us has gone, however it went, the other end of this file closes.
        loop.add_reader(self._parent, self._end)
        yield

    def _end(self) -> None:
        self.should_exit = True
        asyncio.get_running_loop().remove_reader(self._parent)


def work(listener: socket.socket, app: Front, settings: Settings, parent: int) -> None:
    """Serve until a signal says to end, or the other end of ``parent`` is closed."""
    logs.quiet()
    gc.set_threshold(_OBJECTS)
    config = uvicorn.Config(
        app,
        http=patient_for(settings.read_seconds),
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=1,
        timeout_keep_alive=int(settings.read_seconds) + 1,
        timeout_graceful_shutdown=int(settings.request_seconds) + 1,
    )
    _Server(config, parent).run([listener])
