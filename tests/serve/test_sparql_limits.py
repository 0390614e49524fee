"""A query ends at its limits, opens no connection, changes nothing, and leaves the server as it was."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest

from .listener import Listener
from .running import Server, eventually, running

PRODUCT = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
SORTED = "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f"
ASK = "ASK { ?s ?p ?o }"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("--query-seconds", "2", "--query-rows", "500", "--query-memory", "100", "--workers", "2") as own:
        yield own


def answers(client: httpx.Client) -> bool:
    response = client.get("/sparql", params={"query": ASK})
    return response.status_code == 200 and response.json()["boolean"] is True


@pytest.mark.parametrize("form", ["SELECT (COUNT(*) AS ?n)", "ASK", "CONSTRUCT { ?a ?b ?i } WHERE"])
def test_a_product_of_the_whole_store_is_stopped(client: httpx.Client, form: str) -> None:
    pattern = '{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(CONCAT(STR(?c), STR(?f)) = CONCAT(STR(?i), "none")) }'
    response = client.get("/sparql", params={"query": f"{form} {pattern}"})
    assert response.status_code == 503
    assert response.json()["error"] == "the query was stopped after 2 s"
    assert answers(client)


def test_a_query_that_takes_too_much_memory_is_stopped(client: httpx.Client) -> None:
    response = client.get("/sparql", params={"query": SORTED})
    assert response.status_code == 503
    assert response.json()["error"] == "the query needs more than 100 MiB"
    assert answers(client)


def test_too_many_rows_are_an_error_and_never_a_part(client: httpx.Client) -> None:
    for query in ("SELECT * { ?s ?p ?o }", "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"):
        response = client.get("/sparql", params={"query": query})
        assert response.status_code == 400
        assert "more than 500 rows" in response.json()["error"]
        assert client.get("/sparql", params={"query": f"{query} LIMIT 500"}).status_code == 200


def test_many_runaway_queries_at_once_leave_the_server_answering(server: Server, client: httpx.Client) -> None:
    statuses: list[int] = []

    def runaway() -> None:
        with server.client() as own:
            statuses.append(own.get("/sparql", params={"query": PRODUCT}).status_code)

    threads = [threading.Thread(target=runaway) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert client.get("/healthz").status_code == 200
    for thread in threads:
        thread.join()
    assert statuses == [503] * 6
    assert answers(client)


def test_the_query_of_a_client_that_has_gone_is_stopped(server: Server) -> None:
    with running("--query-seconds", "600") as own, own.client() as client:
        engine = own.children()[-1]
        with own.connect() as connection:
            body = f"query={PRODUCT.replace(' ', '+')}"
            head = f"POST /sparql HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n"
            connection.sendall(f"{head}content-type: application/x-www-form-urlencoded\r\n\r\n{body}".encode())
            assert eventually(lambda: len(_children(engine)) == 1)
        assert eventually(lambda: not _children(engine))
        assert answers(client)


def _children(pid: int) -> list[str]:
    import subprocess

    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, check=False, text=True)
    return found.stdout.split()


def test_what_the_parser_could_choke_on_is_refused(client: httpx.Client) -> None:
    for query in (
        "ASK {" + "{" * 50_000,
        "SELECT * { " + "OPTIONAL { ?s ?p ?o " * 20_000,
        "ASK { FILTER(" + "!" * 90_000,
    ):
        # By what it is, or by how long a slow machine takes to see that.
        assert client.post("/sparql", data={"query": query}).status_code in (400, 503)
    assert answers(client)


DOORS = [
    "SELECT * { SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { SERVICE SILENT <URL> { ?s ?p ?o } }",
    "SELECT * { VALUES ?x { <URL> } SERVICE ?x { ?s ?p ?o } }",
    "SELECT * { \\u0053ERVICE <URL> { ?s ?p ?o } }",
    "SELECT * FROM <URL> { ?s ?p ?o }",
    "SELECT * FROM NAMED <URL> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    "LOAD <URL>",
    "LOAD SILENT <URL> INTO GRAPH <urn:g>",
    "CLEAR ALL",
    "DROP ALL",
    "INSERT DATA { <urn:a> <urn:b> 1 }",
    "DELETE WHERE { ?s ?p ?o }",
    "ASK {} ; CLEAR ALL",
]


@pytest.mark.parametrize("query", DOORS)
def test_no_query_opens_a_connection_or_changes_anything(client: httpx.Client, query: str) -> None:
    listener = Listener()
    try:
        text = query.replace("URL", listener.url)
        assert client.get("/sparql", params={"query": text}).status_code == 400
        assert client.post("/sparql", data={"query": text}).status_code == 400
        for name in ("default-graph-uri", "named-graph-uri", "using-graph-uri"):
            response = client.get("/sparql", params={"query": ASK, name: listener.url})
            assert response.status_code == (200 if name.startswith("using") else 400)
        assert listener.connections == 0
        assert answers(client)
    finally:
        listener.close()


def test_the_log_and_the_counts_say_how_queries_ended(server: Server, client: httpx.Client) -> None:
    counts = client.get("/metrics").text
    for outcome in ("answered", "refused", "timeout", "too-costly"):
        assert f'guideline_queries_total{{outcome="{outcome}"}}' in counts
    assert "SELECT" not in server.stderr
    assert "query=" not in server.stderr
