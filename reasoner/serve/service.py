"""What every surface is given: the compiled guidelines, the settings, and a place to work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from reasoner.assess import Reasoner

from .refusal import Refusal
from .settings import Settings
from .sparql.inventory import Inventory

T = TypeVar("T")
SMALL = 64 * 1024
"""Bytes of input that are decided in some milliseconds: a thread would cost more than it saves."""


@dataclass(frozen=True, slots=True)
class Service:
    """One reasoner with its settings, shared by all requests of a process."""

    reasoner: Reasoner
    settings: Settings
    engine: str | None = None
    """The socket on which queries are answered; None: /sparql answers that it is not there."""
    inventory: Inventory = field(default_factory=Inventory)
    """What there is to query."""
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(2, thread_name_prefix="large"), repr=False
    )

    async def run(self, work: Callable[[], T], size: int) -> T:
        """What the work gives; ``size`` is how many bytes it reads. Large work leaves the others' requests running."""
        if size <= SMALL:
            return work()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.settings.request_seconds):
                return await loop.run_in_executor(self._threads, work)
        except TimeoutError:
            raise Refusal(
                503, f"unfinished after {self.settings.request_seconds:g} s", "send fewer resources at once", "timeout"
            ) from None
