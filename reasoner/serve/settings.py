"""What a server is told: where it listens, what it serves, and how much it gives one request."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20
COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""The folder in which the processes of a server count; without it a process counts for itself."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one server, the same in each of its processes."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    knowledge: Path | None = None
    strict: bool = False
    data: tuple[Path, ...] = ()
    """Patients that are assessed when the server starts, for /sparql."""
    store: Path | None = None
    """The folder that keeps knowledge and patients as a store on disk; None: in memory."""
    remote: str | None = None
    """A SPARQL server that is asked instead of a store of our own."""
    allow_net: tuple[str, ...] = ()
    """Hosts that may be connected to; none but these."""
    auth: Path | None = None
    feedback: Path | None = None
    origins: tuple[str, ...] = ()
    """Web origins whose pages may read answers, besides those of this machine."""
    public: bool = False
    """Whether it may listen beyond this machine without `auth`."""
    body_limit: int = 10 * MIB
    nesting_limit: int = 64
    request_seconds: float = 30.0
    read_seconds: float = 10.0
    """How long a client may take to send a head or a body, or to take in what it was sent."""
    query_seconds: float = 10.0
    query_rows: int = 100_000
    query_memory: int = 1024 * MIB
    watch: bool = False
    """Whether to load the knowledge again when its files change."""
    news: Path | None = None
    """The file that says what the last change did; none without `watch`."""
    run: int = 0
    """Which state of the files this process serves, counted under `watch`; 0 without it."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine and nothing else."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
