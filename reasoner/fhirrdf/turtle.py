"""Trees of statements as Turtle text: one tree always gives the same text."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyoxigraph as ox

from reasoner.graph import RDF, XSD

from .schema import Release, concepts

FHIR = "http://hl7.org/fhir/"
_BARE = re.compile(r"(true|false)\^\^boolean|[+-]?\d+\^\^integer|[+-]?\d+\.\d+\^\^decimal")
_LOCAL = re.compile(r"_?[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")


@dataclass(slots=True)
class Node:
    """A node with what is said of it; without an IRI it is written where it stands."""

    iri: str | None = None
    statements: list[tuple[str, Object]] = field(default_factory=list)
    """Predicates as IRIs, in the order in which they are written."""

    def add(self, predicate: str, value: Object) -> None:
        """Say one thing more."""
        self.statements.append((predicate, value))


Object = Node | ox.NamedNode | ox.Literal | tuple["Node", ...]
"""A tuple is an RDF list."""


class Writer:
    """Writes trees of one release, with that release's prefixes."""

    def __init__(self, release: Release) -> None:
        known = sorted({(own.prefix, own.stem) for own in concepts(release).values()})
        self.prefixes = [("fhir", FHIR), ("rdf", RDF), ("xsd", XSD), *known]
        self.prefixes.sort()

    def head(self) -> str:
        """The prefixes, the same for every document of the release."""
        return "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in self.prefixes)

    def block(self, root: Node) -> Iterator[str]:
        """The root with all that hangs on it; named nodes within come after it, each on its own."""
        waiting = deque([root])
        while waiting:
            node = waiting.popleft()
            lines = self._statements(node, 1, waiting)
            yield f"\n{self._subject(node)} {lines} .\n"

    def _subject(self, node: Node) -> str:
        return "[]" if node.iri is None else f"<{node.iri}>"

    def _statements(self, node: Node, depth: int, waiting: deque[Node]) -> str:
        lines: list[str] = []
        before = None
        for predicate, value in node.statements:
            text = self._object(value, depth, waiting)
            if predicate == before:
                lines[-1] += f", {text}"
            else:
                lines.append(f"{self._predicate(predicate)} {text}")
            before = predicate
        return f" ;\n{'  ' * depth}".join(lines)

    def _predicate(self, iri: str) -> str:
        return "a" if iri == RDF + "type" else self._name(iri)

    def _object(self, value: Object, depth: int, waiting: deque[Node]) -> str:
        if isinstance(value, tuple):
            return "( " + " ".join(self._object(one, depth, waiting) for one in value) + " )"
        if isinstance(value, Node):
            if value.iri is not None:
                waiting.append(value)
                return f"<{value.iri}>"
            return self._nested(value, depth, waiting)
        return self._literal(value) if isinstance(value, ox.Literal) else self._name(value.value)

    def _nested(self, node: Node, depth: int, waiting: deque[Node]) -> str:
        if not node.statements:
            return "[]"
        if len(node.statements) == 1 and not isinstance(node.statements[0][1], tuple | Node):
            return f"[ {self._statements(node, 0, waiting)} ]"
        inner = "  " * (depth + 1)
        return f"[\n{inner}{self._statements(node, depth + 1, waiting)}\n{'  ' * depth}]"

    def _literal(self, value: ox.Literal) -> str:
        datatype = value.datatype.value
        if datatype == XSD + "string":
            return str(value)
        name = datatype.removeprefix(XSD)
        if _BARE.fullmatch(f"{value.value}^^{name}"):
            return value.value
        return f"{ox.Literal(value.value)}^^{self._name(datatype)}"

    def _name(self, iri: str) -> str:
        for prefix, stem in self.prefixes:
            if iri.startswith(stem) and _LOCAL.fullmatch(local := iri[len(stem) :]):
                return f"{prefix}:{local}"
        return f"<{iri}>"


def text(roots: Iterable[Node], release: Release) -> Iterator[str]:
    """A document in pieces: the prefixes, then each root."""
    writer = Writer(release)
    yield writer.head()
    for root in roots:
        yield from writer.block(root)
