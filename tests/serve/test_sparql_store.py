"""The store on disk, kept from start to start, and another SPARQL server asked instead of one of our own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reasoner.assess import load
from reasoner.cli import main
from reasoner.errors import UsageError
from reasoner.query import QueryStore
from reasoner.remote import checked
from reasoner.serve.sparql.inventory import Inventory, count

from .listener import Listener
from .running import EXAMPLES, PATIENT, ROOT, Server, refused, running

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
INPUTS = "SELECT DISTINCT ?name { ?a gr:inputName ?name }"


def rows(client: httpx.Client, query: str) -> list[str]:
    found = client.get("/sparql", params={"query": query}).json()["results"]
    return [cell["value"] for row in found["bindings"] for cell in row.values()]


def stores(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_dir()]


def test_a_second_start_takes_the_store_as_it_is_and_a_change_makes_it_anew(tmp_path: Path) -> None:
    folder, patient = tmp_path / "store", tmp_path / "patient.ttl"
    shutil.copy(PATIENT, patient)
    flags = "--store", str(folder), "--data", str(patient)
    with running(*flags) as server, server.client() as client:
        first, (name,) = rows(client, COUNT), stores(folder)
        assert folder.stat().st_mode & 0o077 == 0, "it holds patients"
        assert rows(client, INPUTS) == [patient.name]
        code, errors = refused("--port", "0", "--store", str(folder))
        assert code == 1
        assert "is locked: another server uses it, with other knowledge or patients" in errors
        # What is there was made whole, so a second server with the same may read along.
        made = (folder / name).stat().st_ino
        with running(*flags) as second, second.client() as other:
            assert rows(other, COUNT) == first
        assert server.stop() == 0
    with running(*flags) as server, server.client() as client:
        assert rows(client, COUNT) == first
        assert (folder / name).stat().st_ino == made
    patient.write_text(patient.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    with running(*flags) as server, server.client() as client:
        assert stores(folder) != [name]
        assert len(stores(folder)) == 1


def test_what_a_store_holds_is_counted_as_its_own_queries_count_it() -> None:
    store = QueryStore(load(), [PATIENT]).store

    def number(pattern: str) -> int:
        (row,) = store.query(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}")
        return int(row["n"].value)

    found = count(store, 1, ("broken",))
    assert found.triples == number("?s ?p ?o") > 0
    assert found.classes == number("SELECT DISTINCT ?c { ?s a ?c }") > 0
    assert found.properties == number("SELECT DISTINCT ?p { ?s ?p ?o }") > 0
    rows = store.query("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g")
    assert list(found.graphs.items()) == [(row["g"].value, int(row["n"].value)) for row in rows] != []
    assert Inventory.from_dict(found.to_dict()) == found


def test_a_store_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.docx").touch()
    (tmp_path / "file").touch()
    for folder, message in (("other", "holds other files than a store"), ("file", "cannot hold a store")):
        code, errors = refused("--port", "0", "--store", str(tmp_path / folder))
        assert (code, errors.count("\n")) == (1, 1)
        assert message in errors
    assert (tmp_path / "other" / "thesis.docx").exists()


def test_a_damaged_store_is_one_sentence_and_an_interrupted_one_is_made_anew(tmp_path: Path) -> None:
    flags = "--store", str(tmp_path)
    (tmp_path / "building").mkdir()
    (tmp_path / "building" / "half").touch()
    with running(*flags) as server, server.client() as client:
        assert int(rows(client, COUNT)[0]) > 1000
    (name,) = stores(tmp_path)
    for path in (tmp_path / name).iterdir():
        path.write_bytes(b"damaged")
    code, errors = refused("--port", "0", *flags)
    assert (code, errors.count("\n")) == (1, 1)
    assert "is damaged" in errors


@pytest.fixture(scope="module")
def remote() -> Iterator[Server]:
    with running("--data", *(str(path) for path in sorted(EXAMPLES.glob("*.json")))) as own:
        yield own


def test_serve_remote_asks_the_other_server_and_keeps_its_own_rules(remote: Server) -> None:
    flags = "--remote", f"{remote.url}/sparql", "--allow-net", "127.0.0.1", "--query-rows", "100"
    with running(*flags) as server, server.client() as client, remote.client() as other:
        assert client.get("/readyz").status_code == 200
        for query in (COUNT, INPUTS, "SELECT ?g { ?g a gr:Guideline } ORDER BY ?g"):
            assert rows(client, query) == rows(other, query)
        construct = {"query": "CONSTRUCT { ?g a gr:Guideline } WHERE { ?g a gr:Guideline }"}
        accept = {"accept": "text/turtle"}
        assert client.get("/sparql", params=construct, headers=accept).text == other.get(
            "/sparql", params=construct, headers=accept
        ).text  # fmt: skip
        begin = other.get("/healthz").headers["x-request-id"]
        for query, said in (
            ("SELECT * { ?s ?p ?o }", "more than 100 rows"),
            ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "SERVICE would open a network connection"),
            ("CLEAR ALL", "is an update"),
            ("SELECT * FROM <http://127.0.0.1:1/g> { ?s ?p ?o }", "is no graph of the knowledge"),
        ):
            response = client.get("/sparql", params={"query": query})
            assert response.status_code == 400
            assert said in response.json()["error"]
        end = other.get("/healthz").headers["x-request-id"]
        remote.lines([begin, end])
        ids = [line.get("id") for line in remote.log]
        assert ids.index(end) == ids.index(begin) + 2, "only the first of these reaches the other server"


@pytest.mark.parametrize("name", ["sources", "decide/verdicts", "who-is-eligible", "decide/eligible-triples"])
def test_query_remote_gives_what_the_same_data_give_here(
    remote: Server, name: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    form = "turtle" if name.endswith("triples") else "csv"
    data = [str(path) for path in sorted(EXAMPLES.glob("*.json"))]
    main(["query", name, "--format", form, "--data", *data])
    here = capfdbinary.readouterr().out
    away = ["query", name, "--format", form, "--remote", f"{remote.url}/sparql", "--allow-net", "127.0.0.1"]
    assert main(away) == 0
    assert capfdbinary.readouterr().out == here
    assert here


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:9/sparql", []),
        ("http://127.0.0.1:9/sparql", ["localhost"]),
        ("http://localhost:9/sparql", ["127.0.0.1"]),
        ("http://allowed.example@127.0.0.1:9/", ["allowed.example"]),
        ("http://127.0.0.1:9/#allowed.example", ["allowed.example"]),
        ("http://127.0.0.1.allowed.example/", ["127.0.0.1"]),
        ("file:///etc/passwd", [""]),
        ("ftp://127.0.0.1/", ["127.0.0.1"]),
        ("//127.0.0.1/", ["127.0.0.1"]),
        ("http://[::1", ["::1"]),
        ("http://127.0.0.1:port/", ["127.0.0.1"]),
        ("", [""]),
    ],
)
def test_only_a_host_that_is_allowed_by_its_name_may_be_asked(url: str, allowed: list[str]) -> None:
    with pytest.raises(UsageError):
        checked(url, allowed)


def test_nothing_is_connected_to_without_leave(capsys: pytest.CaptureFixture[str]) -> None:
    listener = Listener()
    try:
        assert main(["query", "sources", "--remote", listener.url]) == 1
        assert "allow it with `--allow-net 127.0.0.1`" in capsys.readouterr().err
        assert main(["serve", "--remote", listener.url]) == 1
        assert "allow it with `--allow-net 127.0.0.1`" in capsys.readouterr().err
        assert listener.connections == 0
    finally:
        listener.close()


def test_a_redirect_and_a_proxy_are_not_followed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import http.server
    import threading

    listener = Listener()

    class Redirect(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("location", listener.url)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{listener.port}")
    server = http.server.HTTPServer(("127.0.0.1", 0), Redirect)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        assert main(["query", "sources", "--remote", url, "--allow-net", "127.0.0.1"]) == 1
        assert "the server answered 307" in capsys.readouterr().err
        assert listener.connections == 0
    finally:
        server.shutdown()
        server.server_close()
        listener.close()


def test_what_a_remote_server_may_not_be_combined_with_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    url = ["--remote", "http://127.0.0.1:9/", "--allow-net", "127.0.0.1"]
    assert main(["serve", *url, "--data", str(PATIENT)]) == 1
    assert main(["query", "sources", *url, "--data", str(PATIENT)]) == 1
    assert main(["serve", "--allow-net", "127.0.0.1"]) == 1
    assert capsys.readouterr().err.count("\n") == 3
    assert (ROOT / "queries" / "sources.rq").exists()
