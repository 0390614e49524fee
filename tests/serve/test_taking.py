"""How processes that listen on one socket divide its connections among themselves."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import CollectorRegistry, Gauge

from reasoner.serve.taking import Share, Shares, Taking


class Held(asyncio.Protocol):
    """One connection of a process."""

    def __init__(self, share: Share) -> None:
        self.share = share

    def connection_lost(self, exc: Exception | None) -> None:
        self.share.leave()


class Process:
    """What a process does with its copy of the listening socket, in the loop of the test."""

    def __init__(self, listener: socket.socket, share: Share) -> None:
        self.protocols: list[Held] = []
        self.listener, self.share = listener.dup(), share
        self.taking = Taking(self.listener, share, self._made)

    @property
    def connections(self) -> int:
        return len(self.protocols)

    def _made(self) -> Held:
        self.protocols.append(Held(self.share))
        return self.protocols[-1]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as own:
        yield own


def shares(processes: int) -> Shares:
    return Shares(processes, Gauge("connections", "of a process", ["kind"], registry=CollectorRegistry()))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(("processes", "each"), [(1, 12), (2, 6), (3, 4)])
def test_connections_that_stay_are_divided_evenly(listener: socket.socket, processes: int, each: int) -> None:
    async def held() -> list[int]:
        among = shares(processes)
        every = [Process(listener, among.of(place)) for place in range(processes)]
        for own in every:
            own.taking.begin()
        with contextlib.ExitStack() as open_:
            for _ in range(12):
                open_.enter_context(socket.create_connection(listener.getsockname()))
            await until(lambda: sum(own.connections for own in every) == 12)
            for own in every:
                own.taking.end()
            return [own.connections for own in every]

    assert asyncio.run(held()) == [each] * processes


def test_a_crowd_is_divided_nearly_evenly(listener: socket.socket) -> None:
    async def held() -> list[int]:
        among = shares(2)
        every = [Process(listener, among.of(place)) for place in range(2)]
        with contextlib.ExitStack() as open_:
            for _ in range(100):
                open_.enter_context(socket.create_connection(listener.getsockname()))
            for own in every:
                own.taking.begin()
            await until(lambda: sum(own.connections for own in every) == 100)
            for own in every:
                own.taking.end()
            return [own.connections for own in every]

    assert min(asyncio.run(held())) >= 45


@pytest.mark.parametrize(("other", "most"), [(0, 1), (7, 8), (8, 10), (64, 73)])
def test_a_process_may_be_ahead_by_little_where_there_are_many(other: int, most: int) -> None:
    among = shares(2)
    mine, others = among.of(0), among.of(1)
    mine.begin()
    others.begin()
    for _ in range(other):
        others.come()
    taken = 0
    while mine.is_due():
        mine.come()
        taken += 1
    assert taken == most


def test_what_a_process_lost_it_gets_again(listener: socket.socket) -> None:
    async def held() -> list[int]:
        among = shares(2)
        every = [Process(listener, among.of(place)) for place in range(2)]
        for own in every:
            own.taking.begin()
        clients = []
        for number in range(8):
            clients.append(socket.create_connection(listener.getsockname()))
            await until(lambda: sum(own.connections for own in every) == number + 1)  # noqa: B023
        # Each took every second one: all that go are of one process.
        for client in clients[::2]:
            client.close()
        left = [among.of(place) for place in range(2)]
        await until(lambda: left[0].is_due() != left[1].is_due())
        clients += [socket.create_connection(listener.getsockname()) for _ in range(4)]
        await until(lambda: sum(own.connections for own in every) == 12)
        for own in every:
            own.taking.end()
        for client in clients:
            client.close()
        return sorted(own.connections for own in every)

    assert asyncio.run(held()) == [4, 8]


def test_a_process_takes_what_the_one_with_fewer_does_not_take(listener: socket.socket) -> None:
    async def held() -> int:
        among = shares(2)
        among.of(1).begin()
        own = Process(listener, among.of(0))
        own.taking.begin()
        with contextlib.ExitStack() as open_:
            for _ in range(4):
                open_.enter_context(socket.create_connection(listener.getsockname()))
            await until(lambda: own.connections == 4)
            own.taking.end()
        return own.connections

    assert asyncio.run(held()) == 4


def test_a_process_that_has_ended_is_waited_for_by_nobody() -> None:
    among = shares(2)
    first, second = among.of(0), among.of(1)
    first.begin()
    first.come()
    assert first.is_due(), "the second has not begun"
    second.begin()
    assert not first.is_due()
    second.end()
    assert first.is_due()
    second.leave()
    assert first.is_due(), "a connection that ends later counts for nothing"


def test_a_process_that_was_waited_for_in_vain_is_waited_for_once() -> None:
    among = shares(2)
    mine, stuck = among.of(0), among.of(1)
    mine.begin()
    stuck.begin()
    mine.come()
    assert not mine.is_due()
    mine.pass_over()
    for _ in range(100):
        assert mine.is_due()
        mine.come()
    stuck.come()
    assert not mine.is_due(), "it shows life, so it is waited for again"
