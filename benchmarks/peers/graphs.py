"""rdflib and pyshacl: the patient as a graph, validated with the shapes, then an ASK for each recommendation.

Two-valued: no answer is no. The graph is the one that this project's reader makes of FHIR, as a loader would have to
place and settle findings in any case; the shapes are those of the project, the queries are written by hand.
"""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pyshacl
import rdflib
from rdflib.plugins.sparql import prepareQuery, prepareUpdate

import reasoner
from reasoner.graph import GR
from reasoner.inputs import read_bytes

HERE = Path(__file__).parent / "sparql"
SHAPES = HERE.parents[2] / "shapes" / "patient.ttl"
CONDITION = "Condition/"


class Pipeline:
    """Shapes and queries, read once."""

    def __init__(self, loaded: reasoner.Reasoner) -> None:
        prefixes = (HERE / "prefixes.rq").read_text(encoding="utf-8")
        self.loaded = loaded
        self.shapes = rdflib.Graph().parse(SHAPES)
        self.grades = prepareUpdate(prefixes + (HERE / "grades.ru").read_text(encoding="utf-8"))
        self.asked = {
            path.stem: prepareQuery(prefixes + path.read_text(encoding="utf-8"))
            for path in sorted(HERE.glob("*.rq"))
            if path.stem != "prefixes"
        }

    def answers(self, bundle: bytes) -> dict[str, dict[str, bool]]:
        """By lesion of one Bundle: which recommendations apply."""
        graph = rdflib.Graph()
        graph.parse(data=self._read(bundle), format="nt")
        pyshacl.validate(graph, shacl_graph=self.shapes)
        graph.update(self.grades)
        found = {}
        for lesion in list(graph.subjects(rdflib.RDF.type, rdflib.URIRef(GR + "Lesion"))):
            name = str(lesion).rpartition("/")[2]
            found[name] = {
                own: bool(graph.query(query, initBindings={"lesion": lesion}).askAnswer)
                for own, query in self.asked.items()
            }
        return found

    def _read(self, bundle: bytes) -> bytes:
        """The patient graph as N-Triples."""
        triples: list[ox.Quad | ox.Triple] = []
        for item in read_bytes(bundle, "bundle"):
            reading = self.loaded.read(item, None)
            triples += self.loaded.check.graph(item, reading, self.loaded.decided(reading))
        return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
