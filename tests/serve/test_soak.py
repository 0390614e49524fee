"""A short soak of CDS Hooks: many requests over many connections, a worker lost in between, and memory that stays.

The long one, over a hundred thousand requests, is in benchmarks/serve.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess

import httpx

from .hooking import IWGDF, body, patient_of, samples
from .running import START, Server, eventually, running

PATH = f"/cds-services/{IWGDF}-patient-view"
FEW, MANY = 16, 128
"""Connections."""
GROWTH = 8.0
"""MiB that a worker may grow by after warming up: a leak of 15 kB a request, less than most answers, is more."""


class Load:
    """Clients that call for one patient after another, and what became of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        bundles = [sample["bundle"] for sample in samples()]
        calls = [body("patient-view", patient_of(own), {"record": own}) for own in bundles]
        self.bodies = [json.dumps(call).encode() for call in calls]
        self.cards: dict[int, str] = {}
        """By patient what the cards say, which is always the same."""
        self.cut = 0
        """Connections that ended before their answer: the request was sent again."""

    def send(self, requests: int, connections: int, victim: int | None = None) -> None:
        """Send requests; once a quarter of them is answered, kill the process ``victim``."""
        asyncio.run(self._send(requests, connections, victim))

    async def _send(self, requests: int, connections: int, victim: int | None) -> None:
        left, done = iter(range(requests)), 0

        async def client() -> None:
            nonlocal done
            # Without `verify=False` each would read the certificates of the system.
            async with httpx.AsyncClient(base_url=self.server.url, timeout=START, trust_env=False, verify=False) as own:
                for number in left:
                    await self._call(own, number % len(self.bodies))
                    done += 1
                    if victim is not None and done == requests // 4:
                        os.kill(victim, signal.SIGKILL)

        await asyncio.gather(*(client() for _ in range(connections)))
        assert done == requests

    async def _call(self, client: httpx.AsyncClient, patient: int) -> None:
        headers = {"content-type": "application/json"}
        while True:
            try:
                answer = await client.post(PATH, content=self.bodies[patient], headers=headers)
                break
            except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
                self.cut += 1
        assert answer.status_code == 200, answer.text
        said = json.dumps([[card["uuid"], card["summary"], card["detail"]] for card in answer.json()["cards"]])
        assert said == self.cards.setdefault(patient, said)


def resident(pids: list[int]) -> list[float]:
    """MiB in memory of each process."""
    found = subprocess.run(["ps", "-o", "rss=", "-p", ",".join(map(str, pids))], capture_output=True, check=True)
    return [int(size) / 1024 for size in found.stdout.split()]


def test_many_connections_and_a_lost_worker_cost_no_answer_and_no_memory() -> None:
    with running("--workers", "2") as server:
        load, workers = Load(server), server.children()[:2]
        load.send(400, FEW)
        warm = resident(workers)
        load.send(600, FEW)
        load.send(600, MANY)
        assert load.cut == 0
        grown = [now - then for now, then in zip(resident(workers), warm, strict=True)]
        assert max(grown) < GROWTH, grown

        load.send(400, MANY, victim=workers[0])
        assert 0 < load.cut <= MANY
        assert eventually(lambda: len(set(server.children()) - {workers[0]}) == 3)
        (after,) = resident(workers[1:])
        assert after - warm[1] < GROWTH, (after, warm)
        load.send(60, FEW)
        assert load.cut <= MANY
        lines = [line for line in server.log if "status" in line]
        assert {line["status"] for line in lines} == {200}
        assert server.stop() == 0
