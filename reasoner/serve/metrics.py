"""Counts for Prometheus, summed over all processes of the server: each keeps its own in a folder they share."""

from __future__ import annotations

import os
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from starlette.requests import Request
from starlette.responses import Response

from reasoner import __version__

from .service import Service
from .settings import COUNTS

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})
_BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Meters:
    """What is counted. Labels are route templates, never what a client chose."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    running: Gauge
    connections: Gauge
    queries: Counter
    restarts: Counter
    build: Gauge

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that is done."""
        self.requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)


def meters() -> Meters:
    """A set of meters of their own."""
    own = CollectorRegistry()
    return Meters(
        own,
        Counter(
            "guideline_http_requests", "Requests answered", ["method", "route", "status"], registry=own
        ),
        Histogram("guideline_http_seconds", "Time to answer", ["route"], buckets=_BOUNDS, registry=own),
        Gauge(
            "guideline_http_running", "Requests being answered", registry=own, multiprocess_mode="livesum"
        ),
        Gauge(
            "guideline_http_connections", "Connections of each process", ["kind"], registry=own,
            multiprocess_mode="liveall",
        ),
        Counter("guideline_queries", "SPARQL queries by how they ended", ["outcome"], registry=own),
        Counter("guideline_worker_restarts", "Processes that died and were replaced", ["kind"], registry=own),
        Gauge(
            "guideline_build_info", "What is served", ["version", "guideline", "guideline_version", "sha256"],
            registry=own, multiprocess_mode="max",
        ),
    )  # fmt: skip


def declare(own: Meters, service: Service) -> None:
    """Say which program and which guidelines these are."""
    for guideline in service.reasoner.knowledge.guidelines:
        own.build.labels(__version__, guideline.id, guideline.version, guideline.sha256).set(1)


def forget(pid: int) -> None:
    """What a process that ended was doing is no longer going on; what it has done stays counted."""
    if COUNTS in os.environ:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def exposed(own: Meters) -> bytes:
    """All counts as Prometheus text."""
    if COUNTS not in os.environ:
        return generate_latest(own.registry)
    # What several processes count cannot be read from one of them, but from the files they keep.
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)


async def metrics(request: Request) -> Response:
    """``GET /metrics``."""
    return Response(exposed(request.app.state.meters), media_type=_TYPE)
