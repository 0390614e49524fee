"""A process that answers requests, until it is told to end: then it finishes those that are under way."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Generator
from functools import partial

import uvicorn

from . import logs
from .connection import Connection, patient_for
from .front import Front
from .settings import Settings
from .taking import Share, Taking

_OBJECTS = 10_000
"""New objects until garbage is looked for: an answer is some thousands, which end with it and are no garbage before."""


class _Server(uvicorn.Server):
    """uvicorn, except for how it takes connections and how it ends."""

    def __init__(self, config: uvicorn.Config, protocol: type[Connection], share: Share, parent: int) -> None:
        super().__init__(config)
        self._protocol, self._share, self._parent = protocol, share, parent
        self._taking: list[Taking] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        make = partial(self._protocol, config=self.config, server_state=self.server_state, app_state={})
        self._taking = [Taking(own, self._share, make) for own in sockets or ()]
        for taking in self._taking:
            taking.begin()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for taking in self._taking:
            taking.end()
        await super().shutdown(sockets=sockets)

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


def work(listener: socket.socket, app: Front, settings: Settings, share: Share, parent: int) -> None:
    """Serve until a signal says to end, or the other end of ``parent`` is closed."""
    logs.quiet()
    gc.set_threshold(_OBJECTS)

    protocol = patient_for(settings.read_seconds, share.leave)
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=int(settings.read_seconds) + 1,
        timeout_graceful_shutdown=int(settings.request_seconds) + 1,
    )
    _Server(config, protocol, share, parent).run([listener])
