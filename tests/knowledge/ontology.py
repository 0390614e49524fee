"""The ontology as graphs, for the tests: one graph a file, and the whole."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from rdflib import DCTERMS, OWL, PROV, RDF, RDFS, SKOS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

GR = Namespace("https://w3id.org/guideline-reasoner/")
ROOT = Path(__file__).parent.parent.parent
ONTOLOGY = ROOT / "ontology"
DATA = Path(__file__).parent / "data"
BUILT_IN = (
    "http://www.w3.org/2002/07/owl#",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://www.w3.org/2000/01/rdf-schema#",
    "http://www.w3.org/2001/XMLSchema#",
)
"""Namespaces of OWL's own vocabulary, which needs no declaration."""


def ontology_files() -> list[Path]:
    """Every Turtle file of the ontology but the cases, which are patients."""
    files = sorted(path for path in ONTOLOGY.rglob("*.ttl") if path.parent.name != "cases")
    assert len(files) >= 14
    return files


def case_files() -> list[Path]:
    return sorted(ONTOLOGY.rglob("cases/*.ttl"))


@cache
def graph_of(path: Path) -> Graph:
    return Graph(bind_namespaces="none").parse(path, format="turtle")


@cache
def whole() -> Graph:
    """All files of the ontology in one graph."""
    graph = Graph(bind_namespaces="none")
    for path in ontology_files():
        for triple in graph_of(path):
            graph.add(triple)
    return graph


def documents() -> set[Node]:
    return set(whole().subjects(RDF.type, OWL.Ontology))


def ours(node: Node) -> bool:
    """Whether the node is an IRI of our namespace."""
    return isinstance(node, URIRef) and node.startswith(GR)


@cache
def terms() -> frozenset[URIRef]:
    """Our named terms: everything of our namespace that is given a type, but the documents themselves."""
    found = {node for node in whole().subjects(RDF.type, None) if isinstance(node, URIRef) and ours(node)}
    return frozenset(node for node in found if node not in documents())


def instances(class_: str) -> list[URIRef]:
    return sorted(node for node in whole().subjects(RDF.type, GR[class_]) if isinstance(node, URIRef))


def notation(node: Node | None) -> str:
    """The notation of an individual; empty for None, as in a table."""
    return "" if node is None else str(whole().value(node, SKOS.notation) or short(node))


def text(node: Node, predicate: URIRef) -> str:
    """The one value as a table shows it; empty where there is none."""
    values = list(whole().objects(node, predicate))
    assert len(values) <= 1, f"{short(node)} has several {short(predicate)}"
    return "" if not values else str(values[0]) if isinstance(values[0], Literal) else notation(values[0])


def short(node: Node) -> str:
    """The IRI without our namespace, for messages."""
    return str(node).removeprefix(GR)


def table(name: str) -> list[dict[str, str]]:
    """A transcription table of data/, as it was given."""
    with (DATA / f"{name}.tsv").open(encoding="utf-8", newline="") as lines:
        return [dict(row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def members(head: Node, graph: Graph) -> Iterator[Node]:
    """The members of an RDF list."""
    while head != RDF.nil:
        first, rest = graph.value(head, RDF.first), graph.value(head, RDF.rest)
        assert first is not None and rest is not None, "a list lacks its end"
        yield first
        head = rest


__all__ = [
    "BUILT_IN",
    "DCTERMS",
    "GR",
    "ONTOLOGY",
    "OWL",
    "PROV",
    "RDF",
    "RDFS",
    "ROOT",
    "SKOS",
    "XSD",
    "Graph",
    "case_files",
    "documents",
    "graph_of",
    "instances",
    "members",
    "notation",
    "ontology_files",
    "ours",
    "short",
    "table",
    "terms",
    "text",
    "whole",
]
