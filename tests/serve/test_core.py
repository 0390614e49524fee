"""What every surface shares: starting, health, counts, logs, errors, headers, origins, the OpenAPI document."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from starlette.routing import Route

import reasoner
from reasoner.answer import NOTICE
from reasoner.serve.app import application
from reasoner.serve.body import parsed
from reasoner.serve.metrics import exposed
from reasoner.serve.openapi import ERROR
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service
from reasoner.serve.settings import Settings, is_loopback

from .running import ROOT, Server, refused, running

SECRET = "Mrs-Secret-1953"
CLINIC = "https://ehr.example"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("--workers", "2", "--origin", CLINIC) as own:
        yield own


@pytest.fixture(scope="module")
def app() -> Any:
    return application(Service(reasoner.load(), Settings())).app


# Starting


def test_it_says_where_it_listens_that_it_is_no_medical_device_and_ends_with_zero() -> None:
    with running() as server:
        assert server.process.stdout is not None
        assert NOTICE in server.process.stdout.readline().decode()
        assert server.stop() == 0
        assert [line["event"] for line in server.log] == ["ending"]


def test_ctrl_c_ends_it_cleanly() -> None:
    with running("--workers", "2") as server:
        assert server.stop(signal.SIGINT) == 0
        assert "Traceback" not in server.stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--host", "0.0.0.0"], "`0.0.0.0` would be reached from other machines without any check"),
        (["--origin", "ehr.example"], "`ehr.example` is no origin"),
        (["--origin", "https://ehr.example/app"], "`https://ehr.example/app` is no origin"),
        (["--host", "::"], "would be reached from other machines without any check"),
        (["--host", "192.0.2.1", "--public"], "cannot be listened on"),
        (["--host", "no.such.name.invalid", "--public"], "is no address of this machine"),
        (["--data", "/no/such/file"], "no such file"),
        (["--knowledge", "/no/such/folder"], "no such knowledge folder"),
        (["--port", "70000"], "is not a port"),
        (["--workers", "0"], "is not a number from 1"),
        (["--query-seconds", "nan"], "is not a number of seconds"),
        (["--auth", "/no/such/file"], "/no/such/file"),
    ],
)
def test_what_cannot_be_served_is_one_sentence_and_exit_code_one(flags: list[str], message: str) -> None:
    code, errors = refused("--port", "0", *flags)
    assert (code, errors.count("\n")) == (1, 1), errors
    assert errors.startswith("error: ")
    assert message in errors


def test_a_port_that_is_taken_is_said(server: Server) -> None:
    code, errors = refused("--port", str(server.port))
    assert code == 1
    assert "cannot be listened on: address already in use" in errors


def test_a_missing_package_is_named_with_the_extra() -> None:
    hide = "import sys; sys.modules['uvicorn'] = None; from reasoner.cli import main; sys.exit(main(['serve']))"
    ended = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "error: serving needs uvicorn; run `pip install '.[serve]'` in a clone\n"


def test_beyond_this_machine_it_is_open_only_where_that_was_asked_for() -> None:
    with running("--host", "0.0.0.0", "--public") as server, server.client() as client:
        assert server.process.stdout is not None
        said = server.process.stdout.readline() + server.process.stdout.readline()
        assert b"Anyone who reaches this address may use it" in said
        assert client.get("/healthz", headers={"host": "guidelines.example"}).status_code == 200


def test_with_auth_patients_and_queries_need_a_token_in_every_worker(tmp_path: Path) -> None:
    # The audience is the address as clients know it, which a proxy may make another one.
    audience = "https://guidelines.example"

    def made(*arguments: str) -> str:
        command = [sys.executable, "-m", "reasoner.serve.auth", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()

    register = made("new", str(tmp_path), audience)
    with running("--host", "0.0.0.0", "--auth", register, "--workers", "2") as server, server.client() as client:
        for path in ("/healthz", "/readyz", "/cds-services", "/fhir/metadata", "/openapi.json"):
            assert client.get(path).status_code == 200
        for path in ("/metrics", "/sparql?query=ASK{}", "/fhir/PlanDefinition"):
            assert client.get(path).status_code == 401
        token = {"authorization": f"Bearer {made('token', str(tmp_path), audience + '/sparql')}"}
        statuses = []
        for _ in range(6):
            # A connection each: whichever worker has seen the token, no other takes it again.
            with server.client() as own:
                statuses.append(own.get("/sparql", params={"query": "ASK {}"}, headers=token).status_code)
        assert statuses == [200, 401, 401, 401, 401, 401]


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("[::1]", True), ("127.9.9.9", True), ("0.0.0.0", False),
     ("::", False), ("10.0.0.1", False), ("localhost.evil.example", False), ("", False)],
)  # fmt: skip
def test_only_addresses_of_this_machine_count_as_such(host: str, own: bool) -> None:
    assert is_loopback(host) is own


# Health, counts, logs


def test_it_lives_and_is_ready(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok", "version": reasoner.__version__}
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["queries"]) == ("ready", True)
    assert all(re.fullmatch("[0-9a-f]{64}", own["sha256"]) for own in ready["guidelines"])


def counted(client: httpx.Client, sample: str) -> float:
    found = re.search(rf"^{re.escape(sample)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_counts_are_those_of_all_workers_together(server: Server) -> None:
    sample = 'guideline_http_requests_total{method="GET",route="/openapi.json",status="200"}'
    with server.client() as client:
        before = counted(client, sample)
    for _ in range(40):
        # A connection each, so that both workers get some.
        with server.client() as client:
            assert client.get("/openapi.json").status_code == 200
    for _ in range(5):
        with server.client() as client:
            assert counted(client, sample) == before + 40
    with server.client() as client:
        text = client.get("/metrics")
        assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert 'guideline_http_seconds_bucket{le="+Inf",route="/openapi.json"}' in text.text
        assert f'version="{reasoner.__version__}"' in text.text


def test_a_line_a_request_and_nothing_of_what_it_held(server: Server, client: httpx.Client) -> None:
    direct = {"content-type": "application/sparql-query"}
    asked = [
        client.get(f"/{SECRET}?name={SECRET}", headers={"user-agent": SECRET, "x-request-id": SECRET}),
        client.get("/sparql", params={"query": f'ASK {{ ?s ?p "{SECRET}" }}'}),
        client.get("/sparql", params={"query": f'ASK {{ ?s ?p "{SECRET} }}'}),
        client.post("/sparql", content=SECRET, headers=direct),
        client.request(SECRET, "/healthz"),
    ]
    lines = server.lines([response.headers["x-request-id"] for response in asked])
    assert SECRET not in server.stderr
    assert SECRET not in client.get("/metrics").text
    assert [line["route"] for line in lines] == ["none", "/sparql", "/sparql", "/sparql", "/healthz"]
    assert [line["status"] for line in lines] == [404, 200, 400, 400, 405]
    assert all(set(line) >= {"time", "method", "route", "status", "ms", "bytes", "id"} for line in lines)


# Errors and headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/sparql/", 404), ("DELETE", "/sparql", 405), ("DELETE", "/", 405),
     ("OPTIONS", "/healthz", 405), ("GET", "/sparql?query=x", 400), ("POST", "/sparql", 415), ("BREW", "/", 405)],
)  # fmt: skip
def test_every_error_has_one_shape(client: httpx.Client, method: str, path: str, status: int) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    jsonschema.validate(response.json(), {**ERROR, "additionalProperties": False})
    assert response.json()["status"] == status
    if status == 405:
        assert response.headers["allow"]


def test_below_fhir_an_error_is_an_operation_outcome(client: httpx.Client) -> None:
    response = client.get("/fhir/there/is/nothing")
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("application/fhir+json")
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["severity"] == "error"
    assert outcome["issue"][0]["code"] == "not-found"


def test_an_unforeseen_error_tells_its_type_alone() -> None:
    from starlette.testclient import TestClient

    front = application(Service(reasoner.load(), Settings()))

    async def broken(request: Any) -> Any:
        raise ValueError(SECRET)

    for path in ("/broken", "/fhir/broken"):
        front.app.router.routes.insert(0, Route(path, broken))  # type: ignore[attr-defined]
    with TestClient(front, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        for path in ("/broken", "/fhir/broken"):
            response = client.get(path)
            assert response.status_code == 500
            assert "unforeseen ValueError" in response.text
            assert SECRET not in response.text
            assert "Traceback" not in response.text


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/sparql", "/openapi.json"])
def test_every_answer_has_the_headers_that_keep_browsers_safe(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    # Without a referrer a browser does not say where a form comes from either.
    assert headers["referrer-policy"] == ("same-origin" if path == "/" else "no-referrer")
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_the_page_says_what_is_served_from_what(client: httpx.Client) -> None:
    response = client.get("/about")
    assert response.headers["content-type"].startswith("text/html")
    assert NOTICE in response.text
    assert reasoner.__version__ in response.text
    for guideline in reasoner.load().knowledge.guidelines:
        assert guideline.sha256 in response.text
        assert all(str(source["id"]) in response.text for source in guideline.sources)


# Origins and names


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("http://localhost:3000", True), ("https://127.0.0.1", True), ("http://[::1]:8080", True), (CLINIC, True),
     ("https://ehr.example.evil.example", False), ("http://ehr.example", False), ("https://evil.example", False),
     ("null", False), ("http://localhost.evil.example", False), ("http://[", False), ("file://localhost", False)],
)  # fmt: skip
def test_only_pages_of_allowed_origins_may_use_it(client: httpx.Client, origin: str, allowed: bool) -> None:
    ask = {"origin": origin, "access-control-request-method": "POST"}
    preflight = client.options("/sparql", headers=ask)
    assert preflight.status_code == (204 if allowed else 403)
    posted = client.post("/sparql", data={"query": "ASK {}"}, headers={"origin": origin})
    assert posted.status_code == (200 if allowed else 403)
    read = client.get("/healthz", headers={"origin": origin})
    for response in (preflight, posted, read):
        assert response.headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("127.0.0.1:1", 200), ("[::1]:8000", 200), ("ehr.example", 200), ("evil.example", 421),
     ("localhost.evil.example:8000", 421), ("127.0.0.1.evil.example", 421), ("<script>", 400), ("a b", 400)],
)  # fmt: skip
def test_a_foreign_name_that_leads_here_is_refused(client: httpx.Client, host: str, status: int) -> None:
    response = client.get("/healthz", headers={"host": host})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"


# Bodies


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"{", 400, "invalid"),
        (b"\xff\xfe{}", 400, "invalid"),
        (b'{"a": "\xff"}', 400, "invalid"),
        (b'{"a": "\\ud800"}', 400, "invalid"),
        (b'{"a": NaN}', 400, "invalid"),
        (b"[]", 400, "invalid"),
        (b"null", 400, "invalid"),
        (b"", 400, "invalid"),
        (b'{"a": 1, "b": {"c": [1, 2], "c": 3}}', 400, "invalid"),
        (b'{"a": 1, "\\u0061": 2}', 400, "invalid"),
        (b'{"\\"": 1, "\\u0022": 2}', 400, "invalid"),
        (b'{"a": "\\"", "a": "\\\\"}', 400, "invalid"),
        (b'{"a": ' + b"[" * 9 + b"]" * 9 + b"}", 400, "too-long"),
        (b'{"a": ' + b'{"a": ' * 9 + b"1" + b"}" * 10, 400, "too-long"),
        (b'{"a": ' * 5_000 + b"1" + b"}" * 5_000, 400, "invalid"),
        (b"[" * 1_000_000, 400, "invalid"),
    ],
)
def test_json_that_two_readers_could_take_differently_or_that_nests_too_deep_is_refused(
    data: bytes, status: int, code: str
) -> None:
    with pytest.raises(Refusal) as found:
        parsed(data, 9)
    assert (found.value.status, found.value.code) == (status, code)


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a:": "{[\\"::[["}',
        b'{"a": "\\u0022 \\u005c", "b": "\\\\\\"\\n"}',
        b'{"a": [{}, [], [[]], {"a": ":"}], "b": {"a": 1}}',
        b'{"a": ' + b"[" * 8 + b"]" * 8 + b"}",
    ],
)
def test_json_that_is_well_formed_is_read_as_it_is(data: bytes) -> None:
    assert parsed(data, 9) == json.loads(data.decode("utf-8-sig"))


# OpenAPI


NOTHING = {"/fhir", "/fhir/{rest:path}"}
"""Paths that are there to say that there is nothing."""


def test_the_document_has_every_path_and_method_that_is_served_and_no_other(client: httpx.Client, app: Any) -> None:
    told = {path: {method.upper() for method in item} for path, item in app.state.openapi["paths"].items()}
    assert set(told) == {route.path for route in app.routes if isinstance(route, Route)} - NOTHING
    for path, methods in told.items():
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            status = client.request(method, path.replace("{", "").replace("}", "")).status_code
            assert status != 405 or method not in methods, (method, path)
            assert status == 405 or method in methods, (method, path)


def test_the_document_names_the_guidelines_and_the_notice(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert NOTICE in document["info"]["description"]
    for guideline in reasoner.load().knowledge.guidelines:
        assert f"{guideline.id} {guideline.version}" in document["info"]["description"]


# What is written about it


def test_the_docs_name_every_flag_every_path_and_every_count(app: Any) -> None:
    text = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
    command = subprocess.run(
        [sys.executable, "-m", "reasoner.cli", "serve", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    flags = set(re.findall(r"--[a-z-]+", command)) - {"--help"}
    assert len(flags) > 15
    assert [flag for flag in sorted(flags) if f"`{flag}" not in text] == []
    surfaces = {"/" + path.split("/")[1] for path in app.state.openapi["paths"] if not path.startswith("/.")}
    assert [path for path in sorted(surfaces) if f"`{path}" not in text] == []
    counts = set(re.findall(r"^# TYPE (\w+)", exposed(app.state.meters).decode(), re.MULTILINE))
    names = {name for name in counts if not name.endswith("_created")}
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_every_test_that_the_threat_tables_name_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert len(named) > 40
    for file, test in named:
        assert f"def {test}" in (ROOT / "tests" / file).read_text(encoding="utf-8"), (file, test)
