"""No query opens a connection or changes anything, however it is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from serve.listener import Listener

from reasoner.errors import QueryError

from .stores import store


@pytest.fixture
def listener() -> Iterator[Listener]:
    own = Listener()
    yield own
    own.close()


SERVICES = [
    "SELECT * { SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { service <URL> { ?s ?p ?o } }",
    "SELECT * { SeRvIcE SILENT <URL> { ?s ?p ?o } }",
    "SELECT * {SERVICE<URL>{?s ?p ?o}}",
    "SELECT * { # a comment\nSERVICE # one more\n<URL> { ?s ?p ?o } }",
    "PREFIX x: <URL> SELECT * { SERVICE x: { ?s ?p ?o } }",
    "PREFIX : <URL> SELECT * { SERVICE: { ?s ?p ?o } }",
    "PREFIX : <URL> SELECT * { SERVICE:x { ?s ?p ?o } }",
    "BASE <URL> SELECT * { SERVICE <x> { ?s ?p ?o } }",
    "SELECT * { VALUES ?x { <URL> } SERVICE ?x { ?s ?p ?o } }",
    "SELECT * { { SELECT * { SERVICE <URL> { ?s ?p ?o } } } }",
    "SELECT * { VALUES ?a { 1 } FILTER EXISTS { SERVICE <URL> { ?s ?p ?o } } }",
    "SELECT * { VALUES ?a { 1 } OPTIONAL { SERVICE <URL> { ?s ?p ?o } } }",
    "ASK { SERVICE <URL> { ?s ?p ?o } }",
    "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <URL> { ?s ?p ?o } }",
    "DESCRIBE ?s { SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { VALUES ?a { 1SERVICE } }",
    "SELECT * { BIND(1 AS ?a)SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { VALUES ?a { 'it''s' \"#\" } SERVICE <URL> { ?s ?p ?o } }",
    'SELECT * { VALUES ?a { """ \' # """ } SERVICE <URL> { ?s ?p ?o } }',
    "SELECT * { VALUES ?a { '''\"#''' } SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { VALUES ?a { <http://x/#'> } SERVICE <URL> { ?s ?p ?o } VALUES ?b { <http://x/'> } }",
    "SELECT * { VALUES (?a ?b) { (1 2) } FILTER(?a<?b)SERVICE <URL> { ?s ?p ?o } FILTER(?b>?a) }",
    "SELECT * { VALUES (?a ?b) { (1 2) } FILTER(?a<'>')SERVICE <URL>{ ?s ?p ?o } #'\n}",
    "PREFIX b: <http://b/> SELECT * { VALUES ?a { 1 } FILTER(?a<b:c#>'''\n)SERVICE <URL>{ ?s ?p ?o } #'''\n}",
    "PREFIX : <URL> SELECT * { VALUES (?a ?b) { (1 2) } FILTER(?a<?b)SERVICE:x#>\n{ ?s ?p ?o } }",
    "PREFIX a: <http://a/> SELECT * { VALUES ?a { a:b\\' } SERVICE <URL> { ?s ?p ?o } #'\n}",
    "PREFIX a: <http://a/> SELECT * { VALUES ?a { a:b\\# } SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { S\\u0045RVICE <URL> { ?s ?p ?o } }",
    "SELECT * { \\u0053\\u0045RVICE <URL> { ?s ?p ?o } }",
    "SELECT * { S\\U00000045RVICE <URL> { ?s ?p ?o } }",
    "SELECT * { \\u005Cu0053ERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { ?s ?p ?o \\u0023\\u000A SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { SELECT * { LATERAL { SERVICE <URL> { ?s ?p ?o } } } }",
    "\ufeffSELECT * { SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { #\rSERVICE <URL> { ?s ?p ?o } }",
]


@pytest.mark.parametrize("text", SERVICES)
def test_service_is_refused_and_no_socket_is_opened(text: str, listener: Listener) -> None:
    with pytest.raises(QueryError) as error:
        store().run(text.replace("URL", listener.url))
    assert listener.connections == 0
    assert "\n" not in str(error.value) and "the query:" in str(error.value)


def test_the_engine_alone_would_connect(listener: Listener) -> None:
    """Else the tests above would show nothing; most of the ways to write it do reach the network."""
    reached = 0
    for text in SERVICES:
        before = listener.connections
        with contextlib.suppress(OSError, SyntaxError, RuntimeError, TypeError, ValueError):
            list(ox.Store().query(text.replace("URL", listener.url)))
        reached += listener.connections > before
    assert reached >= 20


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <URL>",
        "load silent <URL> INTO GRAPH <http://x/g>",
        "# SELECT\nLOAD <URL>",
        "PREFIX a: <http://a/> LOAD <URL>",
        "INSERT DATA { <http://a/> <http://a/> <http://a/> }",
        "DELETE WHERE { ?s ?p ?o }",
        "WITH <http://a/> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "CLEAR ALL",
        "DROP ALL",
        "CREATE GRAPH <http://a/>",
        "COPY DEFAULT TO <http://a/>",
        "MOVE DEFAULT TO <http://a/>",
        "ADD DEFAULT TO <http://a/>",
        "SELECT * { ?s ?p ?o } ; LOAD <URL>",
        "LO\\u0041D <URL>",
    ],
)
def test_updates_are_refused(text: str, listener: Listener) -> None:
    size = len(store().store)
    with pytest.raises(QueryError):
        store().run(text.replace("URL", listener.url))
    assert listener.connections == 0
    assert len(store().store) == size


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM <URL> { ?s ?p ?o }",
        "SELECT * from named <URL> { GRAPH ?g { ?s ?p ?o } }",
        "PREFIX x: <URL> SELECT * FROM x:y { ?s ?p ?o }",
        "SELECT * FROM gr:ontology/core FROM <URL> { ?s ?p ?o }".replace("gr:ontology/core", "graph:findings"),
        "CONSTRUCT FROM <URL> WHERE { ?s ?p ?o }",
        "DESCRIBE <http://a/> FROM <file:///etc/passwd>",
    ],
)
def test_from_names_only_graphs_of_the_store(text: str, listener: Listener) -> None:
    with pytest.raises(QueryError, match="no graph of this store, and nothing is fetched"):
        store().run(text.replace("URL", listener.url))
    assert listener.connections == 0


def test_a_graph_of_the_store_may_be_named() -> None:
    core = store().run("SELECT * FROM <https://w3id.org/guideline-reasoner/ontology/core> { ?s a owl:Class }").rows
    whole = store().run("SELECT * { ?s a owl:Class }").rows
    assert 0 < len(core) < len(whole)
    found = store().run("SELECT DISTINCT ?state FROM graph:findings { ?state gr:knownBy ?how }").rows
    assert found


@pytest.mark.parametrize(
    "text",
    [
        "# a service for readers: LOAD nothing\nASK { ?service ?load ?from }",
        "ASK { FILTER('SERVICE <http://x/> { }' != \"LOAD\") }",
        'ASK { FILTER("""SERVICE <http://x/>\n{ }""" != "") }',
        "PREFIX x: <http://x.example/service/> ASK { FILTER(x:service != <http://x.example/service#service>) }",
        "ASK { VALUES (?a ?b) { (1 2) } FILTER(?a < ?b && ?b > ?a) }",
        "ASK { VALUES ?a { 'it\\'s' } }",
    ],
)
def test_the_word_alone_is_allowed(text: str) -> None:
    assert store().run(text).boolean


def test_text_that_would_overflow_the_engine_is_refused() -> None:
    binds = " ".join(f"BIND({i} AS ?x{i})" for i in range(5_000))
    for text in ("ASK " + "{" * 5_000 + "}" * 5_000, f"ASK {{ {binds} }}", "ASK { FILTER(" + "!" * 20_000 + "true) }"):
        with pytest.raises(QueryError, match=r"too long|within each other"):
            store().run(text)
    assert store().run("ASK { VALUES ?x {" + " 1" * 10_000 + "} }").boolean


def test_text_without_end_is_quickly_refused() -> None:
    for text in ("'" * 100_000, '"""' + "\\" * 50_001, "<" * 100_000, "SELECT " + "(" * 20_000, "\\u" * 10_000):
        with pytest.raises(QueryError):
            store().run(text)
