"""What every benchmark prints first, and how it measures."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("guideline-reasoner", "pyoxigraph", "orjson", "rdflib", "owlready2", "owlrl")


def describe() -> str:
    """One line on the machine and one on the versions."""
    model = platform.processor() or platform.machine()
    if (cpu := Path("/proc/cpuinfo")).exists():
        lines = cpu.read_text(encoding="utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    versions = []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} not installed")
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}\n" + ", ".join(
        versions
    )


def medians(job: Callable[[Any], object], inputs: Sequence[Any], rounds: int = 7) -> tuple[float, float]:
    """Median and 95th percentile, in milliseconds, of one call over distinct inputs (all rounds pooled)."""
    times = []
    for item in inputs:
        job(item)
    for _ in range(rounds):
        for item in inputs:
            start = time.perf_counter()
            job(item)
            times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.95)]


def child(command: Sequence[str], times: int = 7) -> tuple[float, float]:
    """Median wall time in milliseconds and peak memory in MB of a command run in a fresh process."""
    walls, peak = [], 0.0
    for _ in range(times):
        start = time.perf_counter()
        pid = os.posix_spawn(command[0], command, os.environ, file_actions=_quiet())
        _, status, usage = os.wait4(pid, 0)
        walls.append((time.perf_counter() - start) * 1e3)
        if status:
            raise SystemExit(f"`{' '.join(command)}` ended with status {status}")
        peak = max(peak, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024))
    return statistics.median(walls), peak


def _quiet() -> Iterable[tuple[Any, ...]]:
    return [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
