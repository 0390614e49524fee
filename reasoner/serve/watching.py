"""``--watch``: one process looks at the files of the knowledge, another serves it and is replaced when they change."""

from __future__ import annotations

import datetime
import os
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import orjson

from reasoner.checks.session import Session
from reasoner.checks.snapshot import read_snapshot
from reasoner.checks.watch import changes_of
from reasoner.edges import DONE, FAILED, complain
from reasoner.errors import ReasonerError
from reasoner.knowledge import shipped

from . import logs
from .news import news, read, write
from .processes import Alarm, fresh
from .settings import Settings

Serve = Callable[[Settings, socket.socket, int], None]
"""Serves until a signal says to end, or until the file is closed."""


class Watching:
    """Starts the two processes; it neither loads nor watches itself, so that it can always fork a fresh one."""

    def __init__(self, serve: Serve, settings: Settings, listener: socket.socket) -> None:
        self.serve, self.settings, self.listener = serve, settings, listener
        self._above, self._tie = os.pipe()
        self._alarm = Alarm()

    def run(self) -> int:
        """Serve until a signal says to end; the exit code."""
        with tempfile.TemporaryDirectory(prefix="guideline-watch-") as folder:
            file = Path(folder) / "news.json"
            reader, writer = os.pipe()
            watcher = self._fork(lambda: _watch(self.settings.knowledge or shipped(), writer, self._above))
            os.close(writer)
            try:
                return self._replacing(file, reader)
            finally:
                os.kill(watcher, signal.SIGKILL)
                os.waitpid(watcher, 0)
                self._alarm.close()

    def _replacing(self, file: Path, reader: int) -> int:
        """Begin with the first run; each later one that can be decided on is served instead."""
        served = server = 0
        with os.fdopen(reader, "rb", buffering=0) as told:
            while True:
                heard = self._wait(reader)
                if heard & {signal.SIGTERM, signal.SIGINT}:
                    return self._end(server, file) if server else DONE
                if server and self._has_ended(server):
                    return FAILED
                line = told.readline() if not heard else b""
                if not heard and not line:
                    complain("the process that watches the files has died", "error")
                    return self._end(server, file) or FAILED if server else FAILED
                if not line:
                    continue
                content = orjson.loads(line) | {"served": served}
                content["loading"] = content["decided"] or not served
                write(file, content)
                if content["loading"]:
                    if server:
                        self._end(server, file)
                    served = content["run"]
                    server = self._start(replace(self.settings, news=file, run=served))

    def _wait(self, reader: int) -> set[int]:
        """The signals that were heard; none where there is something to read."""
        with suppress(InterruptedError):
            select.select([self._alarm.fileno(), reader], [], [])
        return self._alarm.drain()

    def _start(self, settings: Settings) -> int:
        return self._fork(lambda: self.serve(settings, self.listener, self._above))

    def _fork(self, work: Callable[[], None]) -> int:
        pid = os.fork()
        if pid:
            return pid
        code = FAILED
        try:
            fresh()
            # Ctrl-C at a terminal goes to a whole group; only the first process is to hear it.
            os.setpgid(0, 0)
            self._alarm.close()
            os.close(self._tie)
            work()
            code = DONE
        except ReasonerError as error:
            complain(error)
        except BaseException as error:
            logs.write(event="died", kind="watch", error=type(error).__name__)
        sys.stdout.flush()
        os._exit(code)

    def _end(self, pid: int, file: Path) -> int:
        """Let a server finish what is under way; its exit code."""
        # Pages that wait for news would hold it up.
        write(file, read(file) | {"loading": True})
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        with suppress(ChildProcessError):
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return DONE

    def _has_ended(self, pid: int) -> bool:
        return os.waitpid(pid, os.WNOHANG)[0] == pid


def _watch(folder: Path, target: int, above: int) -> None:
    """Write what each change does, a line of JSON each, until ``above`` is closed."""
    session = Session()
    for changed in changes_of(folder):
        if select.select([above], [], [], 0)[0]:
            return
        if not changed:
            continue
        try:
            run = session.look(read_snapshot(folder))
        except ReasonerError as error:
            complain(error)
            continue
        if run is not None:
            content = news(run, 0, datetime.datetime.now().strftime("%H:%M:%S"))
            logs.write(event="watched", run=run.number, decided=run.decided, sound=run.passed, flips=len(run.flips))
            os.write(target, orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE))
