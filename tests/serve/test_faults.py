"""Clients that are slow, rude or hostile, and processes that die: whoever else asks is served on."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .running import Server, eventually, running

ASK = "ASK { ?s ?p ?o }"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
LIMIT = 2**20
FORM = "content-type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    flags = ("--workers", "2", "--read-seconds", "1", "--body-limit", "1", "--query-seconds", "5")
    with running(*flags) as own:
        yield own


def everything(connection: socket.socket) -> bytes:
    """What comes until the server hangs up; empty where it does so without a word."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


# Clients that do not go on


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET / HTT",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx-never:",
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\nGET /healthz HTT",
    ],
)
def test_a_head_that_never_ends_is_hung_up_on(server: Server, head: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(head)
        answer = everything(connection)
    assert answer.count(b"HTTP/1.1 200") == head.count(b"\r\n\r\n")


@pytest.mark.parametrize(
    "framing", [b"content-length: 100\r\n", b"transfer-encoding: chunked\r\n"], ids=["length", "chunked"]
)
def test_a_body_that_never_ends_is_answered_and_hung_up_on(server: Server, framing: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(b"POST /sparql HTTP/1.1\r\nhost: localhost\r\n" + FORM.encode() + framing + b"\r\n")
        connection.sendall(b"5\r\nquery\r\n" if b"chunked" in framing else b"query")
        assert status(everything(connection)) == 408


def test_a_client_that_drips_is_hung_up_on_while_others_are_served(server: Server, client: httpx.Client) -> None:
    with server.connect() as connection:
        connection.sendall(
            b"POST /sparql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5000\r\n" + FORM.encode() + b"\r\n"
        )
        done = threading.Event()

        def drip() -> None:
            try:
                while not done.wait(0.05):
                    connection.sendall(b"q")
            except OSError:
                pass

        thread = threading.Thread(target=drip)
        thread.start()
        assert client.get("/healthz").status_code == 200
        answer = everything(connection)
        done.set()
        thread.join()
    # The answer may be lost when the server hangs up on bytes that it has not read.
    assert not answer or status(answer) == 408


def test_a_client_that_never_reads_is_hung_up_on(server: Server, client: httpx.Client) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", server.port))
        query = "SELECT * { ?s ?p ?o } LIMIT 19000"
        target = "/sparql?query=" + query.replace(" ", "%20").replace("?", "%3F")
        connection.sendall(f"GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        mine = connection.getsockname()[1]
        assert eventually(lambda: any(line.get("route") == "/sparql" and line["ms"] > 900 for line in server.log))
        assert eventually(lambda: not _is_open(mine, server.port))
    assert client.get("/healthz").status_code == 200


def _is_open(here: int, there: int) -> bool:
    """Whether the server still holds its end of a connection."""
    with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: PTH123
        rows = [line.split() for line in table.readlines()[1:]]
    return any(row[1].endswith(f":{there:04X}") and row[2].endswith(f":{here:04X}") and row[3] == "01" for row in rows)


# Too much


def test_a_body_over_the_limit_is_refused_however_it_is_announced(server: Server, client: httpx.Client) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(LIMIT // 2**14 + 2):
            yield b"x" * 2**14

    headers = {"content-type": "application/sparql-query"}
    for content in (b"x" * (LIMIT + 1), parts()):
        try:
            assert client.post("/sparql", content=content, headers=headers).status_code == 413
        except httpx.TransportError:
            # It may hang up before it has read what it will not read.
            assert not isinstance(content, bytes)
    with server.connect() as connection:
        connection.sendall(
            b"POST /sparql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/sparql-query\r\n"
            b"content-length: 99999999999999999999\r\n\r\n"
        )
        assert status(everything(connection)) == 413
    assert client.post("/sparql", content=b"ASK {}".ljust(LIMIT), headers=headers).status_code == 200


def test_a_head_that_is_too_long_is_refused(server: Server, client: httpx.Client) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"x" * 200_000)
        answer = everything(connection)
    assert not answer or status(answer) == 400
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "head",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nquery",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost : localhost\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_one_answer(server: Server, head: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        answer = everything(connection)
    assert not answer or status(answer) == 400
    if answer:
        assert b'{"error":' in answer


def test_a_length_and_chunks_in_one_request_are_never_read_as_two(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(
            b"POST /sparql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/sparql-query\r\n"
            b"content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
            b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n"
        )
        answer = everything(connection)
    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1") == 1
    assert b"guideline_http" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/.well-known/../../etc/passwd",
        "/.well-known/void/../../../pyproject.toml",
        "/fhir/../../../etc/passwd",
        "/fhir/PlanDefinition/..%2F..%2Fetc%2Fpasswd",
        "/cds-services/..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
        "/%00",
        "/\\..\\..\\etc\\passwd",
        "http://127.0.0.1:1/",
    ],
)
def test_no_path_leads_to_a_file(server: Server, path: str) -> None:
    with server.connect() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
        answer = everything(connection)
    assert 400 <= status(answer) < 500
    assert b"root:" not in answer
    assert b"[project]" not in answer


# Connections


def test_the_connections_of_each_process_are_counted() -> None:
    with running("--workers", "2") as server, contextlib.ExitStack() as open_:
        assert eventually(lambda: sum(_held(server).values()) == 1), "the client that asks has a connection too"
        for _ in range(12):
            open_.enter_context(server.connect())
        assert eventually(lambda: sum(_held(server).values()) == 13)
        open_.close()
        assert eventually(lambda: sum(_held(server).values()) == 1)


def test_a_connection_is_not_left_to_a_process_that_does_not_answer() -> None:
    with running("--workers", "2") as server:
        stopped, _, _ = server.children()
        os.kill(stopped, signal.SIGSTOP)
        try:
            held = [server.connect() for _ in range(4)]
            for connection in held:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
                connection.close()
        finally:
            os.kill(stopped, signal.SIGCONT)
        assert server.stop() == 0


def _held(server: Server) -> dict[str, int]:
    """The connections of each process."""
    with server.client() as client:
        counts = re.findall(
            r'guideline_http_connections\{kind="worker",pid="(\d+)"\} (\d+)', client.get("/metrics").text
        )
    assert {pid for pid, _ in counts} <= {str(pid) for pid in server.children()[:-1]}
    return {pid: int(count) for pid, count in counts}


# Processes that die


def test_a_worker_that_is_killed_under_load_is_replaced_while_others_serve_on() -> None:
    with running("--workers", "2") as server:
        engine = server.children()[-1]
        stop = threading.Event()
        good: list[int] = []
        lost: list[str] = []

        def load() -> None:
            while not stop.is_set():
                try:
                    with server.client() as own:
                        good.append(own.get("/openapi.json").status_code)
                except httpx.TransportError as error:
                    # What the killed one was answering is lost; nothing else may be.
                    lost.append(type(error).__name__)

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert eventually(lambda: len(good) > 20)
        for killed in range(1, 4):
            os.kill(min(set(server.children()) - {engine}), signal.SIGKILL)
            assert eventually(lambda: _replaced(server, "worker") == killed)  # noqa: B023
            so_far = len(good)
            assert eventually(lambda: len(good) > so_far + 20)  # noqa: B023
        stop.set()
        for thread in threads:
            thread.join()
        assert set(good) == {200}
        assert len(lost) <= 3 * len(threads)
        with server.client() as client:
            assert 'guideline_worker_restarts_total{kind="worker"} 3.0' in client.get("/metrics").text
        assert server.stop() == 0


def _replaced(server: Server, kind: str) -> int:
    return sum(line.get("event") == "replaced" and line["kind"] == kind for line in server.log)


def test_the_process_of_the_queries_is_replaced_too(server: Server, client: httpx.Client) -> None:
    os.kill(server.children()[-1], signal.SIGKILL)
    assert eventually(lambda: _replaced(server, "engine") == 1)
    assert eventually(lambda: client.get("/readyz").status_code == 200)
    assert client.get("/sparql", params={"query": ASK}).json()["boolean"] is True


def test_all_processes_end_when_the_first_is_killed() -> None:
    with running("--workers", "2") as server:
        children = server.children()
        assert len(children) == 3
        server.stop(signal.SIGKILL)
        assert eventually(lambda: not any(_lives(pid) for pid in children))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123
        return file.read().rsplit(")", 1)[1].split()[0] != "Z"


def test_sigterm_lets_a_request_under_way_finish_and_takes_no_other() -> None:
    with running("--query-seconds", "3") as server:
        answers: list[Any] = []

        def ask() -> None:
            with server.client() as own:
                answers.append(own.get("/sparql", params={"query": SLOW}))

        engine = server.children()[-1]
        thread = threading.Thread(target=ask)
        thread.start()
        assert eventually(lambda: bool(_children(engine)))
        server.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: _refuses(server))
        assert server.process.wait(60) == 0
        thread.join()
    assert [answer.status_code for answer in answers] == [503]
    assert answers[0].json()["error"] == "the query was stopped after 3 s"


def _children(pid: int) -> str:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:  # noqa: PTH123
        return file.read().strip()


def _refuses(server: Server) -> bool:
    try:
        with server.connect() as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
            connection.settimeout(0.5)
            return not connection.recv(1)
    except (ConnectionError, TimeoutError):
        return True


def test_a_body_under_way_is_read_to_its_end_after_sigterm() -> None:
    with running() as server, server.connect() as connection:
        body = f"query={ASK.replace(' ', '+')}".encode()
        head = f"POST /sparql HTTP/1.1\r\nhost: localhost\r\n{FORM}content-length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:3])
        with server.client() as client:
            # A request later than ours on another connection is answered: ours has begun.
            assert client.get("/healthz").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: any(line.get("event") == "ending" for line in server.log))
        connection.sendall(body[3:])
        answer = everything(connection)
        assert status(answer) == 200
        assert b'"boolean":true' in answer
        assert server.process.wait(60) == 0
