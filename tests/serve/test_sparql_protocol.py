"""The SPARQL 1.1 Protocol: the cases of the W3C's test list, on graphs that this store has."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from .running import PATIENT, Server, running

GR = "https://w3id.org/guideline-reasoner/"
MAPPINGS, INFERRED, EMPTY = GR + "graph/mappings", GR + "graph/inferred", GR + "graph/settled"
FORM = {"content-type": "application/x-www-form-urlencoded"}
DIRECT = {"content-type": "application/sparql-query"}
UPDATE = {"content-type": "application/sparql-update"}
ASK, SELECT = "ASK { ?s ?p ?o }", "SELECT * { ?s ?p ?o } LIMIT 2"
CONSTRUCT, DESCRIBE = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 2", f"DESCRIBE <{GR}Lesion>"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("--data", str(PATIENT)) as own:
        yield own


@dataclass(frozen=True)
class Case:
    """One request of the list, and the status that must come back."""

    name: str
    status: int
    method: str = "GET"
    url: dict[str, Any] = field(default_factory=dict)
    body: bytes | dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    boolean: bool | None = None

    def send(self, client: httpx.Client) -> httpx.Response:
        content = urlencode(self.body, doseq=True).encode() if isinstance(self.body, dict) else self.body
        url = "/sparql" + ("?" + urlencode(self.url, doseq=True) if self.url else "")
        return client.request(self.method, url, content=content, headers=self.headers)


def in_graph(graph: str | None = None) -> str:
    return f"ASK {{ GRAPH {'?g' if graph is None else f'<{graph}>'} {{ ?s ?p ?o }} }}"


CASES = [
    Case("query_get", 200, url={"query": ASK}, boolean=True),
    Case("query_post_form", 200, "POST", body={"query": ASK}, headers=FORM, boolean=True),
    Case("query_post_direct", 200, "POST", body=ASK.encode(), headers=DIRECT, boolean=True),
    Case("query_dataset_default_graph_get", 200, url={"query": ASK, "default-graph-uri": MAPPINGS}, boolean=True),
    Case("query_dataset_default_graph_post", 200, "POST", {"default-graph-uri": MAPPINGS}, ASK.encode(), DIRECT,
         boolean=True),
    Case("query_dataset_default_graph_form", 200, "POST", body={"query": ASK, "default-graph-uri": MAPPINGS},
         headers=FORM, boolean=True),
    Case("query_dataset_default_graphs_get", 200,
         url={"query": "ASK { ?m a sssom:Mapping . ?c rdfs:subClassOf ?d . ?d rdfs:subClassOf ?e }",
              "default-graph-uri": [MAPPINGS, INFERRED]}, boolean=True),
    Case("query_dataset_default_graphs_post", 200, "POST", {"default-graph-uri": [MAPPINGS, INFERRED]},
         b"ASK { ?s ?p ?o }", DIRECT, boolean=True),
    Case("query_dataset_named_graphs_get", 200, url={"query": in_graph(), "named-graph-uri": [MAPPINGS, INFERRED]},
         boolean=True),
    Case("query_dataset_named_graphs_post", 200, "POST", {"named-graph-uri": [MAPPINGS, INFERRED]},
         in_graph(INFERRED).encode(), DIRECT, boolean=True),
    Case("named graphs alone leave the default graph empty", 200, url={"query": ASK, "named-graph-uri": MAPPINGS},
         boolean=False),
    Case("a default graph alone leaves no named one", 200, url={"query": in_graph(), "default-graph-uri": MAPPINGS},
         boolean=False),
    Case("query_dataset_full", 200,
         url={"query": f"ASK {{ ?s ?p ?o GRAPH <{INFERRED}> {{ ?a ?b ?c }} }}",
              "default-graph-uri": MAPPINGS, "named-graph-uri": INFERRED}, boolean=True),
    Case("query_multiple_dataset: the protocol's dataset wins over FROM", 200,
         url={"query": f"ASK FROM <{MAPPINGS}> {{ ?s ?p ?o }}", "named-graph-uri": INFERRED}, boolean=False),
    Case("bad_query_method", 405, "PUT", {"query": ASK}),
    Case("bad_multiple_queries", 400, url={"query": [ASK, ASK]}),
    Case("bad_multiple_queries in a form", 400, "POST", body={"query": [ASK, ASK]}, headers=FORM),
    Case("bad_query_wrong_media_type", 415, "POST", body=ASK.encode(), headers={"content-type": "text/plain"}),
    Case("bad_query_missing_form_type", 415, "POST", body={"query": ASK}),
    Case("bad_query_missing_direct_type", 415, "POST", body=ASK.encode()),
    Case("bad_query_non_utf8", 400, "POST", body=ASK.encode("utf-16"), headers=DIRECT),
    Case("bad_query_non_utf8, declared", 415, "POST", body=ASK.encode("utf-16"),
         headers={"content-type": "application/sparql-query; charset=UTF-16"}),
    Case("bad_query_syntax", 400, url={"query": "ASK {"}),
    Case("no query in a form", 400, "POST", body={"q": ASK}, headers=FORM),
    Case("bytes that are no UTF-8 in a form", 400, "POST", body=b"query=ASK%FF", headers=FORM),
    Case("a query in the URL and in the body", 400, "POST", {"query": ASK}, ASK.encode(), DIRECT),
    Case("bad_update_get", 403, url={"update": "CLEAR ALL"}),
    Case("update_post_form: refused", 403, "POST", body={"update": "CLEAR ALL"}, headers=FORM),
    Case("update_post_direct: refused", 403, "POST", body=b"CLEAR ALL", headers=UPDATE),
    Case("update beside a query: refused", 403, "POST", body={"query": ASK, "update": "CLEAR ALL"}, headers=FORM),
    Case("an update as query", 400, url={"query": "INSERT DATA { <urn:a> <urn:b> 1 }"}),
    Case("a graph that the store has not", 400, url={"query": ASK, "default-graph-uri": "http://127.0.0.1:1/g"}),
    Case("a query that is too long", 413, "POST", body=ASK.encode().ljust(2**20 + 1), headers=DIRECT),
    Case("a graph that is no IRI", 400, url={"query": ASK, "named-graph-uri": "not an iri"}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_protocol(client: httpx.Client, case: Case) -> None:
    response = case.send(client)
    assert response.status_code == case.status, response.text
    if response.status_code == 200:
        assert response.headers["content-type"] == "application/sparql-results+json"
        if case.boolean is not None:
            assert response.json()["boolean"] is case.boolean
    else:
        assert set(response.json()) == {"error", "hint", "status"}
        assert response.json()["status"] == response.status_code


ROWS = ["application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values"]
GRAPHS = ["text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml"]
FORMS = {"text/turtle": "turtle", "application/n-triples": "nt", "application/ld+json": "json-ld",
         "application/rdf+xml": "xml"}  # fmt: skip


def in_type(client: httpx.Client, query: str, media: str) -> httpx.Response:
    """What is answered to who accepts one type only."""
    response = client.get("/sparql", params={"query": query}, headers={"accept": media})
    assert response.status_code == 200
    assert response.headers["content-type"].split(";")[0] == media
    assert response.headers["vary"]
    return response


@pytest.mark.parametrize("query", [SELECT, ASK])
@pytest.mark.parametrize("media", ROWS)
def test_rows_come_in_the_type_that_is_accepted(client: httpx.Client, query: str, media: str) -> None:
    response = in_type(client, query, media)
    if "csv" not in media and "tab" not in media:
        found = rdflib.query.Result.parse(io.BytesIO(response.content), content_type=media)
        assert len(found) == 2 if query == SELECT else bool(found)
    else:
        lines = response.text.strip().splitlines()
        assert len(lines) == 3 if query == SELECT else lines == ["true"]


@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE])
@pytest.mark.parametrize("media", GRAPHS)
def test_triples_come_in_the_type_that_is_accepted(client: httpx.Client, query: str, media: str) -> None:
    response = in_type(client, query, media)
    assert len(rdflib.Graph().parse(data=response.content, format=FORMS[media])) >= 2


@pytest.mark.parametrize(
    ("accept", "query", "media"),
    [
        ("", SELECT, ROWS[0]),
        ("*/*", SELECT, ROWS[0]),
        ("text/*", SELECT, "text/csv"),
        ("application/json;q=0.5, text/csv;q=0.9", SELECT, "text/csv"),
        ("text/csv;q=0.1, */*;q=0.2", SELECT, ROWS[0]),
        ("application/sparql-results+json;q=0, */*", SELECT, "application/sparql-results+xml"),
        ("TEXT/CSV; Q=1.0", SELECT, "text/csv"),
        ("application/json", ASK, "application/json"),
        ("application/xml", CONSTRUCT, "application/xml"),
        ("text/turtle;q=0.3, application/ld+json", CONSTRUCT, "application/ld+json"),
        ("nonsense, text/csv", SELECT, "text/csv"),
    ],
)
def test_the_type_that_is_wanted_most_is_chosen(client: httpx.Client, accept: str, query: str, media: str) -> None:
    response = client.get("/sparql", params={"query": query}, headers={"accept": accept})
    assert response.headers["content-type"].split(";")[0] == media


@pytest.mark.parametrize(("query", "accept"), [(SELECT, "text/turtle"), (CONSTRUCT, "text/csv"), (ASK, "image/png")])
def test_a_type_that_there_is_not_is_refused(client: httpx.Client, query: str, accept: str) -> None:
    response = client.get("/sparql", params={"query": query}, headers={"accept": accept})
    assert response.status_code == 406
    assert "accept one of" in response.json()["hint"]


def test_a_result_that_xml_cannot_hold_is_refused_not_written_wrongly(client: httpx.Client) -> None:
    control = 'SELECT ("\\u0001" AS ?x) {}'
    nameless = "CONSTRUCT { <urn:a> <http://example.org/1> 2 } {}"
    for query, accept in ((control, ROWS[1]), (nameless, "application/rdf+xml")):
        response = client.get("/sparql", params={"query": query}, headers={"accept": accept})
        assert response.status_code == 406
    assert client.get("/sparql", params={"query": control}).json()["results"]["bindings"][0]["x"]["value"] == "\u0001"


def test_every_kind_of_term_is_as_the_engine_writes_it(client: httpx.Client, server: Server) -> None:
    import pyoxigraph as ox

    query = 'SELECT * { VALUES (?a ?b) { (<urn:x> "t") ("é"@en-gb 1.50) (true UNDEF) ("d"^^<urn:t> 1e3) } }'
    found = ox.Store().query(query)
    assert isinstance(found, ox.QuerySolutions)
    own = client.get("/sparql", params={"query": query}).json()
    written = found.serialize(format=ox.QueryResultsFormat.JSON)
    assert written is not None
    assert own == json.loads(written)


def test_the_service_describes_itself(client: httpx.Client, server: Server) -> None:
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    for media, form in FORMS.items():
        response = client.get("/sparql", headers={"accept": media})
        graph = rdflib.Graph().parse(data=response.content, format=form)
        service = graph.value(None, rdflib.RDF.type, sd.Service)
        assert graph.value(service, sd.endpoint) == rdflib.URIRef(f"{server.url}/sparql")
        assert {str(name) for name in graph.objects(None, sd.name)} >= {MAPPINGS, INFERRED}


def test_void_counts_what_there_is(client: httpx.Client) -> None:
    void = rdflib.Namespace("http://rdfs.org/ns/void#")
    graph = rdflib.Graph().parse(data=client.get("/.well-known/void").content, format="turtle")
    dataset = next(own for own in graph.subjects(rdflib.RDF.type, void.Dataset) if str(own).endswith("#dataset"))
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    counted = client.get("/sparql", params={"query": query}).json()["results"]["bindings"][0]["n"]["value"]
    assert str(graph.value(dataset, void.triples)) == counted
    assert len(list(graph.objects(dataset, rdflib.DCTERMS.hasPart))) == 2
    assert list(graph.objects(None, rdflib.DCTERMS.license))
    assert list(graph.objects(None, rdflib.DCTERMS.source))


def test_the_shipped_prefixes_and_the_assessed_patients_are_there(client: httpx.Client) -> None:
    query = "SELECT ?input { ?assessment gr:inputName ?input ; gr:answers ?assessed }"
    rows = client.get("/sparql", params={"query": query}).json()["results"]["bindings"]
    assert {row["input"]["value"] for row in rows} == {PATIENT.name}


def test_a_misspelt_term_is_named_with_the_one_that_was_meant(client: httpx.Client) -> None:
    response = client.get("/sparql", params={"query": "SELECT * { ?x a gr:Recommendatoin }"})
    assert response.status_code == 400
    assert "gr:Recommendation" in response.json()["hint"]


def test_a_client_that_nobody_here_wrote_can_ask(server: Server) -> None:
    for method in ("GET", "POST", "POST_FORM"):
        graph = rdflib.Graph(SPARQLStore(f"{server.url}/sparql", method=method))
        rows = list(graph.query("SELECT ?label { ?g a gr:Guideline ; rdfs:label ?label } ORDER BY ?label"))
        assert len(rows) == 2
        assert graph.query("ASK { ?s a gr:Recommendation }").askAnswer
        assert len(graph.query(CONSTRUCT).graph or ()) == 2
