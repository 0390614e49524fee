"""The process that starts all others, replaces those that die, and ends them in order."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from reasoner.errors import EngineError

from . import logs
from .metrics import Meters, forget
from .processes import Alarm, fresh

_DEATHS, _WITHIN = 10, 10.0
"""So many processes that die in so many seconds: the next one would too."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a process is for; ``run`` gets the file that closes when the supervisor has gone."""

    kind: str
    run: Callable[[int], None]
    ended: Callable[[], None] = lambda: None
    """Called, here, when its process has ended."""


class Supervisor:
    """Keeps one process a role alive. The last roles end last: the others may need them to finish."""

    def __init__(self, roles: list[Role], meters: Meters, patience: float, above: int | None = None) -> None:
        """``patience`` is how many seconds a process has to finish what it does.

        ``above`` is a file that closes when whoever started this process has gone, which ends it too.
        """
        self.roles, self.meters, self.patience = roles, meters, patience
        self.above = [] if above is None else [above]
        self.alive: dict[int, Role] = {}
        self._deaths: list[float] = []
        self._parent, self._tie = os.pipe()
        self._alarm = Alarm()

    def run(self, started: Callable[[], None]) -> None:
        """Start all, and return once all have ended because a signal said so. Raises EngineError when they die."""
        for role in self.roles:
            self._start(role)
        started()
        try:
            while not self._alarm_in(None) & {signal.SIGTERM, signal.SIGINT}:
                for role in self._ended():
                    self._replace(role)
            logs.write(event="ending")
            for kind in dict.fromkeys(role.kind for role in self.roles):
                self._finish(kind)
        finally:
            self._kill()

    def _start(self, role: Role) -> None:
        pid = os.fork()
        if pid:
            self.alive[pid] = role
            return
        code = 1
        try:
            fresh()
            # Ctrl-C at a terminal goes to a whole group; only the supervisor is to hear it.
            os.setpgid(0, 0)
            self._alarm.close()
            os.close(self._tie)
            role.run(self._parent)
            code = 0
        except BaseException as error:
            logs.write(event="died", kind=role.kind, error=type(error).__name__)
        os._exit(code)

    def _replace(self, role: Role) -> None:
        self._deaths = [*(when for when in self._deaths if when > time.monotonic() - _WITHIN), time.monotonic()]
        if len(self._deaths) >= _DEATHS:
            raise EngineError(
                f"{_DEATHS} processes died within {_WITHIN:g} s", None, "see stderr, and report what is there"
            )
        logs.write(event="replaced", kind=role.kind)
        self.meters.restarts.labels(role.kind).inc()
        self._start(role)

    def _alarm_in(self, seconds: float | None) -> set[int]:
        with contextlib.suppress(InterruptedError):
            heard, _, _ = select.select([self._alarm.fileno(), *self.above], [], [], seconds)
            if set(self.above) & set(heard):
                self.above = []
                return {signal.SIGTERM}
        return self._alarm.drain()

    def _ended(self) -> list[Role]:
        found = []
        while self.alive:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            forget(pid)
            if (role := self.alive.pop(pid, None)) is not None:
                role.ended()
                found.append(role)
        return found

    def _finish(self, kind: str) -> None:
        """Tell the processes of a kind to end, and wait; a second signal ends the waiting."""
        self._signal(signal.SIGTERM, kind)
        deadline = time.monotonic() + self.patience
        while any(role.kind == kind for role in self.alive.values()):
            left = deadline - time.monotonic()
            heard = self._alarm_in(max(0.0, left)) & {signal.SIGTERM, signal.SIGINT}
            self._ended()
            if heard or left <= 0:
                self._signal(signal.SIGKILL, kind)
                deadline = time.monotonic() + self.patience

    def _kill(self) -> None:
        for role in self.roles:
            self._signal(signal.SIGKILL, role.kind)
        for pid in list(self.alive):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def _signal(self, number: signal.Signals, kind: str) -> None:
        for pid, role in self.alive.items():
            if role.kind == kind:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
