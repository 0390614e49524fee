"""A server as a user starts it: a process of its own, on a port of its own, on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PATIENT = EXAMPLES / "after-surgery.ttl"
START = 60.0
"""Seconds that a server may take to come up on a machine that does much else."""


class Server:
    """A running server. What it wrote to stderr is in ``log``."""

    def __init__(self, *flags: str) -> None:
        # The server appends and we read by name: one open file would have one place for both.
        number, name = tempfile.mkstemp()
        os.close(number)
        self._errors = Path(name)
        with self._errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "reasoner.cli", "serve", "--port", "0", *flags],
                stdout=subprocess.PIPE, stderr=errors, cwd=tempfile.gettempdir(), start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        match = re.search(r"http://\S+:(\d+)/", line)
        if match is None:
            self.process.wait()
            raise AssertionError(f"the server did not start: {line}{self.stderr}")
        self.url, self.port = match[0].rstrip("/"), int(match[1])

    @property
    def stderr(self) -> str:
        return self._errors.read_text(encoding="utf-8")

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stderr.splitlines(keepends=True) if line.endswith("\n")]

    def lines(self, ids: list[str]) -> list[dict[str, Any]]:
        """The lines of some requests, in their order; a line comes after its answer, so it is waited for."""
        end = time.monotonic() + START
        while True:
            by_id = {line.get("id"): line for line in self.log}
            if all(own in by_id for own in ids):
                return [by_id[own] for own in ids]
            assert time.monotonic() < end, "a request has no line in the log"
            time.sleep(0.05)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=START, trust_env=False, verify=False)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=START)

    def children(self) -> list[int]:
        """The processes that the supervisor started, oldest first."""
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, check=False)
        return sorted(int(pid) for pid in found.stdout.split())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(START)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.unlink()


@contextlib.contextmanager
def running(*flags: str) -> Iterator[Server]:
    """A server until the end of the context."""
    server = Server(*flags)
    try:
        yield server
    finally:
        server.close()


def refused(*flags: str) -> tuple[int, str]:
    """Exit code and stderr of a server that does not start."""
    ended = subprocess.run(
        [sys.executable, "-m", "reasoner.cli", "serve", *flags],
        capture_output=True, timeout=START, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return ended.returncode, ended.stderr.decode()


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something becomes true, in a time that no healthy machine needs."""
    end = time.monotonic() + START
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            if holds():
                return True
        time.sleep(0.05)
    return False
