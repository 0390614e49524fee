"""Tasks over processes, of which this one is the first: what it has loaded need not be loaded once more."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from types import TracebackType

from reasoner.assess import Reasoner
from reasoner.errors import EngineError

from . import tasks
from .plan import Task
from .tasks import SELDOM, Setup, Worker

Tick = Callable[[], None]
_PATIENCE = 0.5
_THREADS = "POLARS_MAX_THREADS"


class Pool:
    """Does tasks, whatever their order, until one of them fails."""

    def __init__(self, setup: Setup, reasoner: Reasoner, workers: int) -> None:
        cores = os.cpu_count() or 1
        self._setup, self._reasoner = replace(setup, threads=max(1, cores // workers)), reasoner
        self._others = workers - 1
        self._executor: ProcessPoolExecutor | None = None
        self._worker: Worker | None = None
        self._thresholds = gc.get_threshold()

    def __enter__(self) -> Pool:
        if self._others:
            # Processes take this from their surroundings before anything else of theirs runs.
            os.environ.setdefault(_THREADS, str(self._setup.threads))
            self._executor = ProcessPoolExecutor(
                self._others, multiprocessing.get_context("spawn"), tasks.start, (self._setup,)
            )
        gc.set_threshold(*SELDOM)
        return self

    def __exit__(self, type_: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        gc.set_threshold(*self._thresholds)
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def read(self, todo: Sequence[Task], tick: Tick) -> None:
        """Read tasks; streams first, as each of them is long and nobody can help with it."""
        ordered = sorted(todo, key=lambda task: (not task.is_stream, -sum(p.end - p.start for p in task.pieces)))
        self._all(tasks.read, Worker.read, [(task,) for task in ordered], tick)

    def decide(self, shares: Sequence[int], steps: list[str], tick: Tick) -> None:
        """Decide shares."""
        self._all(tasks.share, Worker.share, [(number, steps) for number in shares], tick)

    def _all(
        self, there: Callable[..., None], here: Callable[..., None], every: Sequence[tuple[object, ...]], tick: Tick
    ) -> None:
        """Do all, those first that come first; this process does what no other one has begun."""
        try:
            begun = [None if self._executor is None else self._executor.submit(there, *own) for own in every]
            waiting = {future for future in begun if future is not None}
            for future, own in zip(begun, every, strict=True):
                if future is None or future.cancel():
                    waiting.discard(future)
                    here(self._prepared(), *own)
                    waiting = _ended(waiting, 0)
                    tick()
            while waiting:
                waiting = _ended(waiting, _PATIENCE)
                tick()
        except BrokenProcessPool as error:
            raise EngineError(
                "a process of the run was ended from outside, or found no memory", None,
                "run the same command again to continue, with fewer --workers if memory is short",
            ) from error  # fmt: skip

    def _prepared(self) -> Worker:
        """The worker that this process is, made when the others were told to start."""
        if self._worker is None:
            self._worker = Worker(self._setup, self._reasoner)
        return self._worker


def _ended(waiting: set[Future[None]], patience: float) -> set[Future[None]]:
    """Those that are not done yet. Raises what one that is done has raised."""
    done, rest = wait(waiting, patience, FIRST_COMPLETED)
    for future in done:
        future.result()
    return rest
