"""The ontology as files: deterministic, versioned, and closed under imports through the catalog."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import diffable_rdf
import pytest
from rdflib import Graph, URIRef

from .ontology import DCTERMS, GR, ONTOLOGY, OWL, RDF, SKOS, graph_of, ontology_files, short, terms, whole

FILES = ontology_files()
CATALOG = ONTOLOGY / "catalog-v001.xml"
LICENCE = URIRef("https://creativecommons.org/licenses/by/4.0/")
SCHEMA = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
DOCUMENTS = f"{GR}ontology/"


def relative(path: Path) -> str:
    return path.relative_to(ONTOLOGY).as_posix()


def document_of(path: Path) -> URIRef:
    """The one ontology that a file declares."""
    found = list(graph_of(path).subjects(RDF.type, OWL.Ontology))
    assert len(found) == 1 and isinstance(found[0], URIRef), f"{relative(path)} must declare one ontology"
    return found[0]


def catalog() -> dict[str, Path]:
    """The files that the XML catalog names, by IRI."""
    entries = ElementTree.parse(CATALOG).getroot().iter("{urn:oasis:names:tc:entity:xmlns:xml:catalog}uri")
    found: dict[str, Path] = {}
    for entry in entries:
        assert entry.attrib["name"] not in found, f"{entry.attrib['name']} is listed twice"
        found[entry.attrib["name"]] = ONTOLOGY / entry.attrib["uri"]
    return found


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_file_is_deterministic_turtle(path: Path) -> None:
    """Byte by byte what diffable-rdf prints, so that a change of meaning is a small diff and nothing else is one."""
    graph = Graph(bind_namespaces="none").parse(path, format="turtle")
    graph.bind("rdf", RDF)
    assert path.read_text(encoding="utf-8") == diffable_rdf.deterministic_turtle(graph), "write it with `guideline fmt`"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_file_declares_one_versioned_ontology(path: Path) -> None:
    graph, document = graph_of(path), document_of(path)
    version = graph.value(document, OWL.versionInfo)
    assert version is not None
    assert graph.value(document, OWL.versionIRI) == URIRef(f"{document}/{version}")
    for predicate in (DCTERMS.title, DCTERMS.description):
        assert graph.value(document, predicate) is not None
    assert graph.value(document, DCTERMS.license) == LICENCE


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_iri_of_the_ontology_follows_its_path(path: Path) -> None:
    name = relative(path).removesuffix(".ttl")
    folder, _, file = name.partition("/")
    assert str(document_of(path)) == DOCUMENTS + (folder if file == folder else name)


def test_one_file_beside_the_catalog_opens_everything() -> None:
    """Editors look for the catalog in the folder of the file that they open: that file must lead to all others."""
    reached, todo = set[Path](), [CATALOG.parent / "all.ttl"]
    while todo:
        current = todo.pop()
        if current not in reached:
            reached.add(current)
            todo += [catalog()[str(t)] for t in graph_of(current).objects(document_of(current), OWL.imports)]
    assert reached == set(FILES)


def test_catalog_lists_every_document_under_both_its_names() -> None:
    """And nothing else: every entry leads to an existing file, which declares just that IRI or version IRI."""
    expected: dict[str, Path] = {}
    for path in FILES:
        document = document_of(path)
        expected[str(document)] = path
        expected[str(graph_of(path).value(document, OWL.versionIRI))] = path
    assert catalog() == expected


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_are_found_through_the_catalog(path: Path) -> None:
    """No import leads out of the house, so that Protégé opens everything without a network."""
    for target in graph_of(path).objects(document_of(path), OWL.imports):
        assert str(target) in catalog(), f"{target} is not in the catalog"
        assert document_of(catalog()[str(target)]) == target


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_file_imports_the_classes_and_properties_that_it_uses(path: Path) -> None:
    """They are declared in it or in what it imports, directly or not, so that each document opens alone.

    Individuals may be named from elsewhere: a source, a recommendation that an estimate supports.
    """
    reached, todo = set[Path](), [path]
    while todo:
        current = todo.pop()
        if current not in reached:
            reached.add(current)
            todo += [catalog()[str(t)] for t in graph_of(current).objects(document_of(current), OWL.imports)]
    declared = {node for file in reached for kind in SCHEMA for node in graph_of(file).subjects(RDF.type, kind)}
    schema = {node for kind in SCHEMA for node in whole().subjects(RDF.type, kind) if isinstance(node, URIRef)}
    used = {node for triple in graph_of(path) for node in triple if node in schema}
    assert not sorted(map(str, used - declared)), "import the document that declares them"


def test_each_term_is_defined_in_one_document() -> None:
    """Other documents may say more of it, but only one says what it is."""
    homes = Counter(node for path in FILES for node in graph_of(path).subjects(SKOS.definition, None))
    assert not sorted(short(node) for node in terms() if homes[node] != 1)
