"""Takes connections so that every process has its share of them.

Clients keep connections, and the kernel gives each to whoever asks first: one process could have them all, and the
others nothing to do. So a process that has more than another leaves the next one to it, unless that one is too busy.
"""

from __future__ import annotations

import asyncio
import mmap
import select
import socket
from collections.abc import Callable

from prometheus_client import Gauge

_SOON = 0.001
"""Seconds until a process looks whether another has taken what it left."""
_PATIENCE = 0.05
"""Seconds that a connection waits for the process with the fewest."""
_FULL = 0.5
"""Seconds until a process that may open no more files tries again."""
_ALIKE = 8
"""A process may have one more for so many that another has, or a crowd would come in one at a time."""
_AWAY = -1


class Shares:
    """How many connections each of some processes has: made before they are forked, seen by all of them."""

    def __init__(self, processes: int, gauge: Gauge) -> None:
        self._gauge = gauge
        self._counts = memoryview(mmap.mmap(-1, 8 * processes)).cast("q")
        for place in range(processes):
            self._counts[place] = _AWAY

    def of(self, place: int) -> Share:
        """The share of one process."""
        return Share(self._counts, place, self._gauge)


class Share:
    """How many connections one process has."""

    def __init__(self, counts: memoryview, place: int, gauge: Gauge) -> None:
        self._counts, self._place, self._gauge = counts, place, gauge
        self._passed: dict[int, int] = {}
        """Processes that took nothing while they were waited for, with what they had then."""

    def begin(self) -> None:
        """From now on the process takes connections; it has none yet."""
        self._counts[self._place] = 0
        self._told().set(0)

    def end(self) -> None:
        """From now on the process takes no more."""
        self._counts[self._place] = _AWAY

    def come(self) -> None:
        """Count a connection that has come."""
        self._add(1)

    def leave(self) -> None:
        """Count a connection that has gone."""
        self._add(-1)

    def _add(self, connections: int) -> None:
        self._told().inc(connections)
        if self._counts[self._place] != _AWAY:
            self._counts[self._place] += connections

    def _told(self) -> Gauge:
        # Made by the process that it is about, or the one that forks would be listed too.
        return self._gauge.labels("worker")

    def is_due(self) -> bool:
        """Whether no other process has fewer, or not many fewer where all have many."""
        mine = self._counts[self._place]
        return all(
            mine <= other + other // _ALIKE
            for place, other in enumerate(self._counts.tolist())
            if other != _AWAY and self._passed.get(place) != other
        )

    def pass_over(self) -> None:
        """Wait for none of the others until what it has changes: it is too busy, or stopped."""
        self._passed = dict(enumerate(self._counts.tolist()))


class Taking:
    """Takes the connections of a listening socket within the running loop; ``make`` gives a protocol for each."""

    def __init__(self, listener: socket.socket, share: Share, make: Callable[[], asyncio.Protocol]) -> None:
        self.listener, self.share, self.make = listener, share, make
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        """When a connection that now waits was first left to another process."""
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[object]] = set()

    def begin(self) -> None:
        """Take connections from now on."""
        self.listener.setblocking(False)
        self.share.begin()
        self._loop.add_reader(self.listener, self._look)

    def end(self) -> None:
        """Take no more."""
        self.share.end()
        self._loop.remove_reader(self.listener)
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        """Connections wait: take those that are due, and leave the others to another process for a while."""
        while self.share.is_due() or self._is_impatient():
            self._since = None
            if not self._take():
                return
        self._again(_SOON)

    def _is_impatient(self) -> bool:
        """Whether a connection has been left to the others for long enough."""
        now = self._loop.time()
        if self._since is None:
            self._since = now
        if now - self._since < _PATIENCE:
            return False
        self.share.pass_over()
        return True

    def _again(self, seconds: float) -> None:
        # Without this the loop would be told at once, again and again, of what it has just left alone.
        self._loop.remove_reader(self.listener)
        self._timer = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._loop.add_reader(self.listener, self._look)
        if not select.select([self.listener], [], [], 0)[0]:
            self._since = None

    def _take(self) -> bool:
        """Whether a connection was there and could be taken."""
        try:
            connection, _ = self.listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError:
            self._again(_FULL)
            return False
        connection.setblocking(False)
        self.share.come()
        task: asyncio.Task[object] = self._loop.create_task(self._serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _serve(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self.make, connection)
        except OSError:
            # It has gone before it could be served.
            self.share.leave()
            connection.close()
