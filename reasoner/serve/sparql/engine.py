"""Where queries run: each in a process of its own, forked off one that has the store, and stopped at its limits.

A query that is being evaluated cannot be interrupted from within, so the kernel does it: an alarm ends the process when
its time is over, a limit on its memory when that is. Nothing else is touched, and nothing is left behind.

On the socket: the question comes as a length (4 bytes) and JSON; the answer is a byte when the query begins to run, the
length (4 bytes) of a JSON header with ``status`` and ``size``, the header, and ``size`` bytes.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from reasoner.serve.processes import Alarm, fresh
from reasoner.serve.refusal import Refusal, refusal
from reasoner.serve.settings import Settings

BEGUN = b"\x01"
LENGTH = struct.Struct("!I")
LONGEST = 16 * 2**20
"""Bytes of a question: the body limit is below."""
Answering = Callable[[Mapping[str, Any]], tuple[str, bytes]]
"""Takes a question, gives the media type and the answer."""
_OUT_OF_TIME = {signal.SIGALRM, signal.SIGXCPU}
_OUT_OF_MEMORY = {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGTRAP, signal.SIGILL}


class Engine:
    """One process that has the store, and forks another for each query."""

    def __init__(self, listener: socket.socket, prepared: Callable[[], Answering], settings: Settings) -> None:
        """``prepared`` is called in the process of each query and gives what answers it."""
        self.listener, self.prepared, self.settings = listener, prepared, settings
        self.most = max(2, os.cpu_count() or 2)
        self.running: dict[int, socket.socket] = {}

    def run(self, parent: int) -> None:
        """Answer until a signal says to end, or the other end of ``parent`` is closed."""
        alarm = Alarm()
        self.listener.setblocking(False)
        while True:
            poll = select.poll()
            poll.register(alarm.fileno(), select.POLLIN)
            poll.register(parent, select.POLLIN)
            if len(self.running) < self.most:
                poll.register(self.listener.fileno(), select.POLLIN)
            asking = {connection.fileno(): pid for pid, connection in self.running.items()}
            for file in asking:
                poll.register(file, 0)
            for file, event in poll.poll():
                if file == parent or (file == alarm.fileno() and signal.SIGTERM in alarm.drain()):
                    return self._end()
                if file == self.listener.fileno():
                    self._accept()
                elif file in asking and event & (select.POLLHUP | select.POLLERR):
                    # Whoever asked has gone: nobody waits for this answer.
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(asking[file], signal.SIGKILL)
            self._reap()

    def _accept(self) -> None:
        try:
            connection, _ = self.listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        pid = os.fork()
        if pid:
            self.running[pid] = connection
            return
        # Never back into the loop of the parent, whatever happens.
        try:
            fresh()
            for other in (self.listener, *self.running.values()):
                other.close()
            connection.setblocking(True)
            _one(connection, self.prepared, self.settings)
        except BaseException:
            os._exit(1)
        os._exit(0)

    def _reap(self) -> None:
        while self.running:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            connection = self.running.pop(pid, None)
            if connection is not None:
                with connection, contextlib.suppress(OSError):
                    if (ended := self._ended(status)) is not None:
                        connection.setblocking(False)
                        connection.sendall(framed(ended))

    def _ended(self, status: int) -> Refusal | None:
        """What a process that ended without an answer says by that."""
        if not os.WIFSIGNALED(status):
            return None
        by = os.WTERMSIG(status)
        if by in _OUT_OF_TIME:
            return out_of_time(self.settings)
        return out_of_memory(self.settings) if by in _OUT_OF_MEMORY else None

    def _end(self) -> None:
        for pid, connection in self.running.items():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            connection.close()


def out_of_time(settings: Settings) -> Refusal:
    """A query that took too long. Not 408: that asks a client to send the same again."""
    message = f"the query was stopped after {settings.query_seconds:g} s"
    return Refusal(
        503, message, "narrow it: fewer patterns without a shared variable, or LIMIT in a sub-select", "timeout"
    )


def out_of_memory(settings: Settings) -> Refusal:
    """A query that took too much."""
    message = f"the query needs more than {settings.query_memory // 2**20} MiB"
    return Refusal(503, message, "narrow it: ask for less at once", "too-costly")


def framed(error: Refusal | None, media: str = "", body: bytes = b"") -> bytes:
    """An answer as it goes over the socket."""
    if error is not None:
        header: dict[str, Any] = {
            "status": error.status,
            "error": error.message,
            "hint": error.hint,
            "code": error.code,
        }
    else:
        header = {"status": 200, "media": media}
    data = orjson.dumps({**header, "size": len(body)})
    return LENGTH.pack(len(data)) + data + body


def _one(connection: socket.socket, prepared: Callable[[], Answering], settings: Settings) -> None:
    """Read a question, answer it within the limits, write the answer."""
    connection.settimeout(settings.read_seconds)
    question = orjson.loads(_exactly(connection, LENGTH.unpack(_exactly(connection, LENGTH.size))[0]))
    connection.sendall(BEGUN)
    if "ping" in question:
        connection.sendall(framed(None))
        return
    _limit_time(settings)
    try:
        answering = prepared()
        _limit_memory(settings)
        media, body = answering(question)
        data = framed(None, media, body)
    except MemoryError:
        data = framed(out_of_memory(settings))
    except BaseException as error:
        # A panic of the engine is no Exception; its text may quote the data.
        data = framed(refusal(error))
    signal.setitimer(signal.ITIMER_REAL, 0)
    connection.settimeout(settings.request_seconds)
    with contextlib.suppress(OSError):
        connection.sendall(data)


def _exactly(connection: socket.socket, size: int) -> bytes:
    if size > LONGEST:
        raise ValueError("too long a question")
    parts = []
    while size:
        part = connection.recv(min(size, 2**16))
        if not part:
            raise ConnectionError("a question without its end")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _limit_time(settings: Settings) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seconds = int(settings.query_seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    signal.setitimer(signal.ITIMER_REAL, settings.query_seconds)


def _limit_memory(settings: Settings) -> None:
    """So much more than what is there: the store came along with the fork and costs nothing."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - the shortest way to one number
            there = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return  # no /proc: the time limit alone holds
    resource.setrlimit(resource.RLIMIT_AS, (there + settings.query_memory,) * 2)
    # What aborts says so on stderr, which is a log of requests.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
