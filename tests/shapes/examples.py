"""The examples of shapes/examples: Turtle files whose names are claims, with what must fire in their first lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import rdflib

from reasoner.graph import GR
from reasoner.shapes import SH
from reasoner.validate import Check

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "shapes" / "examples"
SHAPE = GR + "shape/"


@dataclass(frozen=True)
class Example:
    """One example; ``fires`` holds (shape, component), ``says`` the messages, both as its first lines declare."""

    path: Path
    fires: tuple[tuple[str, str], ...]
    says: tuple[str, ...]

    @property
    def triples(self) -> list[ox.Quad]:
        return list(ox.parse(self.path.read_bytes(), format=ox.RdfFormat.TURTLE))


def examples(of: str, kind: str) -> list[Example]:
    """All examples in a folder, sorted by name."""
    found = []
    for path in sorted((EXAMPLES / of / kind).glob("*.ttl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        fires = tuple(sorted((a, b) for a, b in (line[9:].split() for line in lines if line.startswith("# Fires: "))))
        says = tuple(sorted(line[8:] for line in lines if line.startswith("# Says: ")))
        found.append(Example(path, fires, says))
    return found


def name(example: Example) -> str:
    return example.path.stem


NO_CONSTRAINTS = {
    "path", "property", "targetClass", "targetSubjectsOf", "targetObjectsOf", "severity", "message", "name",
    "description", "group", "order", "qualifiedValueShape",
}  # fmt: skip


def constraints(file: str) -> set[tuple[str, str]]:
    """Every constraint of the shapes of a file that report: (shape, component)."""
    graph, sh = rdflib.Graph().parse(ROOT / "shapes" / file), rdflib.Namespace(SH)
    called = set(graph.objects(None, sh.node))
    shapes = {*graph.subjects(rdflib.RDF.type, sh.NodeShape), *graph.subjects(rdflib.RDF.type, sh.PropertyShape)}
    found = set()
    for shape in shapes - called:
        for predicate in graph.predicates(shape):
            word = str(predicate).removeprefix(SH)
            if str(predicate).startswith(SH) and word not in NO_CONSTRAINTS:
                component = "SPARQL" if word == "sparql" else word[0].upper() + word[1:]
                found.add((str(shape).removeprefix(SHAPE), f"{component}ConstraintComponent"))
    return found


def seen(check: Check) -> tuple[str | None, ...]:
    """What two engines must agree on."""
    return check.focus, check.path, check.shape, check.component, check.severity, check.message


def apart(example: Example) -> list[ox.Triple]:
    """The example with nodes of its own names, so that many can stand in one graph."""
    text = example.path.read_text(encoding="utf-8").replace("urn:example:", f"urn:{example.path.stem}:")
    quads = ox.parse(text, format=ox.RdfFormat.TURTLE)
    return [
        ox.Triple(*(ox.BlankNode(f"{example.path.stem}{n.value}") if isinstance(n, ox.BlankNode) else n for n in parts))
        for q in quads
        for parts in [(q.subject, q.predicate, q.object)]
    ]
