"""Tasks over processes, of which this one is the first: what it has loaded need not be loaded once more."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing.process import BaseProcess
from types import TracebackType

from reasoner.assess import Reasoner
from reasoner.errors import EngineError

from . import tasks
from .plan import Task
from .tasks import SELDOM, Setup, Worker

Tick = Callable[[], None]
_PATIENCE = 0.5
_OFTEN = 0.2
"""Seconds between two looks at what is finished while this process works: each look reads a folder."""
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
        self._before = multiprocessing.active_children()
        self._children: list[BaseProcess] = []

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
        if self._executor is None:
            return
        if type_ is not None:
            # What they have not finished is done again by the next run.
            for child in self._children:
                child.terminate()
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
        left, given = deque(every), _Given(self._executor, there)
        mine = _first(left)
        with _deaf():
            for _ in range(self._others):
                given.next(left)
            self._children = [own for own in multiprocessing.active_children() if own not in self._before]

        told = time.monotonic()

        def between() -> None:
            nonlocal told
            given.check(0)
            if time.monotonic() - told >= _OFTEN:
                tick()
                told = time.monotonic()

        try:
            while True:
                if mine is not None:
                    worker = self._prepared()
                    worker.recorded = between
                    here(worker, *mine)
                elif not given.check(_PATIENCE) and not left:
                    break
                between()
                mine = _first(left)
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


class _Given:
    """Tasks given to other processes, one at a time to each: what has been given cannot be taken back."""

    def __init__(self, executor: ProcessPoolExecutor | None, there: Callable[..., None]) -> None:
        self._executor, self._there = executor, there
        self._lock = threading.Lock()
        """Held while a task is neither among those that are left nor among those that are given."""
        self._futures: set[Future[None]] = set()

    def next(self, left: deque[tuple[object, ...]]) -> None:
        """Give the first task that is left to a process that has none, and the next one when it is done."""
        if self._executor is None:
            return
        with self._lock:
            if (own := _first(left)) is None:
                return
            try:
                future = self._executor.submit(self._there, *own)
            except RuntimeError:
                # The processes have ended or are being ended; whoever asks what was given hears why.
                left.appendleft(own)
                return
            self._futures.add(future)
        future.add_done_callback(lambda done: None if _failed(done) else self.next(left))

    def check(self, patience: float) -> bool:
        """Whether any is not done yet. Raises what one that is done has raised."""
        with self._lock:
            futures = set(self._futures)
        done, _ = wait(futures, patience, FIRST_COMPLETED)
        for future in done:
            future.result()
        with self._lock:
            self._futures -= done
            return bool(self._futures)


def _failed(future: Future[None]) -> bool:
    return future.cancelled() or future.exception() is not None


def _first(left: deque[tuple[object, ...]]) -> tuple[object, ...] | None:
    """The first task, taken; None where somebody else has taken the last."""
    try:
        return left.popleft()
    except IndexError:
        return None


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Processes start whole here: being told to end waits until they have, and they never hear Ctrl-C themselves.

    The one that started them ends them in order.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number in heard:
            signal.raise_signal(number)
