"""Tasks over processes; with one, in this process."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from types import TracebackType

from reasoner.assess import Reasoner
from reasoner.errors import EngineError

from . import tasks
from .plan import Task
from .tasks import Setup, Worker

Tick = Callable[[], None]
_PATIENCE = 0.5
_THREADS = "POLARS_MAX_THREADS"


class Pool:
    """Does tasks, whatever their order, until one of them fails."""

    def __init__(self, setup: Setup, reasoner: Reasoner, workers: int) -> None:
        cores = os.cpu_count() or 1
        self._setup, self._reasoner = replace(setup, threads=max(1, cores // workers)), reasoner
        self._workers = workers
        self._executor: ProcessPoolExecutor | None = None
        self._worker: Worker | None = None

    def __enter__(self) -> Pool:
        if self._workers == 1:
            self._worker = Worker(self._setup, self._reasoner)
            return self
        # Processes take this from their surroundings before anything else of theirs runs.
        os.environ.setdefault(_THREADS, str(self._setup.threads))
        self._executor = ProcessPoolExecutor(
            self._workers, multiprocessing.get_context("spawn"), tasks.start, (self._setup,)
        )
        return self

    def __exit__(self, type_: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def read(self, todo: Sequence[Task], tick: Tick) -> None:
        """Read tasks; streams first, as each of them is long and nobody can help with it."""
        ordered = sorted(todo, key=lambda task: (not task.is_stream, -sum(p.end - p.start for p in task.pieces)))
        if self._worker is not None:
            for task in ordered:
                self._worker.read(task)
                tick()
            return
        self._all([(tasks.read, (task,)) for task in ordered], tick)

    def decide(self, shares: Sequence[int], steps: list[str], tick: Tick) -> None:
        """Decide shares."""
        if self._worker is not None:
            for number in shares:
                self._worker.share(number, steps)
                tick()
            return
        self._all([(tasks.share, (number, steps)) for number in shares], tick)

    def _all(self, calls: Sequence[tuple[Callable[..., None], tuple[object, ...]]], tick: Tick) -> None:
        assert self._executor is not None
        try:
            waiting = {self._executor.submit(call, *arguments) for call, arguments in calls}
            while waiting:
                done, waiting = wait(waiting, _PATIENCE, FIRST_COMPLETED)
                for future in done:
                    future.result()
                tick()
        except BrokenProcessPool as error:
            raise EngineError(
                "a process of the run was ended from outside, or found no memory", None,
                "run the same command again to continue, with fewer --workers if memory is short",
            ) from error  # fmt: skip
