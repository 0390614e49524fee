"""The service in its own words: the SPARQL service description, and VoID."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox

from reasoner import __version__
from reasoner.answer import NOTICE
from reasoner.graph import GR, LABEL, OWL, TYPE, XSD
from reasoner.results import QueryResult
from reasoner.serve.service import Service

from .inventory import Inventory
from .written import graph_in

SD = "http://www.w3.org/ns/sparql-service-description#"
VOID = "http://rdfs.org/ns/void#"
DCTERMS = "http://purl.org/dc/terms/"
FORMATS = "http://www.w3.org/ns/formats/"
_PREFIXES = {"sd": SD, "void": VOID, "dcterms": DCTERMS, "formats": FORMATS, "owl": OWL, "xsd": XSD, "gr": GR}
_WRITTEN = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "N-Triples", "JSON-LD", "RDF_XML",
)  # fmt: skip
Subject = ox.NamedNode | ox.BlankNode


class Description:
    """Triples, and how they are written."""

    def __init__(self) -> None:
        self.triples: list[ox.Triple] = []

    def say(self, subject: Subject, predicate: str, *objects: Any) -> None:
        """Some statements: an object is a node, a number or a text."""
        for value in objects:
            self.triples.append(ox.Triple(subject, ox.NamedNode(predicate), _object(value)))

    def serialized(self, form: str) -> bytes:
        """The triples in a form of ``negotiate.GRAPHS``."""
        return graph_in(QueryResult("triples", _PREFIXES, b"", tuple(self.triples)), form)


def service_description(service: Service, base: str) -> Description:
    """What ``/sparql`` is and can do."""
    own, inventory = Description(), service.inventory
    endpoint, dataset, default = ox.NamedNode(base + "sparql"), ox.BlankNode("dataset"), ox.BlankNode("default")
    own.say(endpoint, TYPE, _node(SD + "Service"))
    own.say(endpoint, SD + "endpoint", endpoint)
    own.say(endpoint, SD + "supportedLanguage", _node(SD + "SPARQL11Query"))
    own.say(endpoint, SD + "resultFormat", *(_node(FORMATS + name) for name in _WRITTEN))
    own.say(endpoint, LABEL, f"Guideline Reasoner {__version__}")
    own.say(endpoint, DCTERMS + "description", NOTICE)
    own.say(endpoint, DCTERMS + "hasPart", _void_iri(base))
    own.say(endpoint, SD + "defaultDataset", dataset)
    own.say(dataset, TYPE, _node(SD + "Dataset"))
    own.say(dataset, SD + "defaultGraph", default)
    own.say(default, TYPE, _node(SD + "Graph"))
    if service.settings.remote is None:
        # The default graph is all named graphs together.
        own.say(endpoint, SD + "feature", _node(SD + "UnionDefaultGraph"))
        own.say(default, VOID + "triples", inventory.triples)
    for number, (iri, size) in enumerate(sorted(inventory.graphs.items())):
        named, graph = ox.BlankNode(f"named{number}"), ox.BlankNode(f"graph{number}")
        own.say(dataset, SD + "namedGraph", named)
        own.say(named, TYPE, _node(SD + "NamedGraph"))
        own.say(named, SD + "name", _node(iri))
        own.say(named, SD + "graph", graph)
        own.say(graph, TYPE, _node(SD + "Graph"))
        own.say(graph, VOID + "triples", size)
    return own


def void(service: Service, base: str) -> Description:
    """What there is to query, from which guidelines and sources."""
    own, inventory = Description(), service.inventory
    dataset, knowledge = _void_iri(base), service.reasoner.knowledge
    own.say(dataset, TYPE, _node(VOID + "Dataset"))
    own.say(dataset, DCTERMS + "title", f"Guideline Reasoner {__version__}: knowledge and assessed patients")
    own.say(dataset, DCTERMS + "description", NOTICE)
    own.say(dataset, VOID + "sparqlEndpoint", _node(base + "sparql"))
    own.say(dataset, VOID + "vocabulary", *(_node(iri) for iri in (GR, OWL, "http://www.w3.org/ns/prov#")))
    own.say(dataset, VOID + "uriSpace", GR)
    if service.settings.remote is None:
        _sizes(own, dataset, inventory)
    graph = knowledge.graph
    for guideline in knowledge.guidelines:
        part = _node(guideline.iri)
        own.say(dataset, DCTERMS + "hasPart", part)
        own.say(part, LABEL, guideline.label)
        own.say(part, OWL + "versionInfo", guideline.version)
        own.say(part, DCTERMS + "identifier", f"sha256:{guideline.sha256}")
        own.say(
            part, DCTERMS + "source", *(str(source["title"]) for source in guideline.sources if source.get("title"))
        )
    for iri, size in sorted(inventory.graphs.items()):
        own.say(dataset, VOID + "subset", _node(iri))
        own.say(_node(iri), TYPE, _node(VOID + "Dataset"))
        own.say(_node(iri), VOID + "triples", size)
        own.say(_node(iri), DCTERMS + "license", *(_node(own_) for own_ in graph.nodes(iri, DCTERMS + "license")))
    return own


def _sizes(own: Description, dataset: Subject, inventory: Inventory) -> None:
    own.say(dataset, VOID + "triples", inventory.triples)
    own.say(dataset, VOID + "classes", inventory.classes)
    own.say(dataset, VOID + "properties", inventory.properties)


def _void_iri(base: str) -> ox.NamedNode:
    return _node(base + ".well-known/void#dataset")


def _node(iri: str) -> ox.NamedNode:
    return ox.NamedNode(iri)


def _object(value: Any) -> Any:
    if isinstance(value, int):
        return ox.Literal(str(value), datatype=ox.NamedNode(XSD + "integer"))
    return ox.Literal(value) if isinstance(value, str) else value
