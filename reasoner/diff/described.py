"""What a graph says of each named term, blank nodes written out so that neither their names nor order matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reasoner.graph import OWL, RDF, XSD, Graph, Term

_UNORDERED = ("intersectionOf", "unionOf", "oneOf", "withRestrictions", "distinctMembers", "members", "disjointUnionOf")
_LISTS = frozenset(OWL + name for name in _UNORDERED)
_NUMBERS = frozenset(XSD + name for name in ("decimal", "integer", "nonNegativeInteger", "positiveInteger"))

Said = Mapping[str, frozenset[str]]
"""Predicate to values, each value as a text that is equal exactly where the value means the same."""


@dataclass(frozen=True)
class Descriptions:
    """Every named term with what is said of it, and the statements that hang on no named term."""

    terms: Mapping[str, Said]
    loose: frozenset[str]


def describe(graph: Graph) -> Descriptions:
    """Write out everything in a graph."""
    writer = _Writer(graph)
    terms: dict[str, Said] = {}
    loose: set[str] = set()
    held = {o for _, _, o in graph.triples() if isinstance(o, str) and o.startswith("_:")}
    for node in graph.all_subjects():
        if not node.startswith("_:"):
            terms[node] = {
                predicate: frozenset(map(writer.value, values)) for predicate, values in graph.predicates(node).items()
            }
        elif node not in held:
            loose.add(writer.value(node))
    return Descriptions(terms, frozenset(loose))


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._open: set[str] = set()

    def value(self, node: Term) -> str:
        """A literal with language or type, an IRI in angle brackets, a blank node by what is said of it."""
        if not isinstance(node, str):
            return self._literal(node)
        if not node.startswith("_:"):
            return f"<{node}>"
        if node in self._open:
            return "[in a circle]"
        self._open.add(node)
        try:
            if self.graph.values(node, RDF + "first"):
                return "(" + " ".join(self.value(member) for member in self.graph.list(node)) + ")"
            return "[" + " ; ".join(sorted(self._said(node))) + "]"
        finally:
            self._open.discard(node)

    def _said(self, node: str) -> list[str]:
        said = []
        for predicate, values in self.graph.predicates(node).items():
            if predicate in _LISTS:
                for head in values:
                    members = list(self.graph.list(head)) if isinstance(head, str) else [head]
                    said.append(f"<{predicate}> {{{' '.join(sorted({self.value(m) for m in members}))}}}")
            else:
                said.append(f"<{predicate}> {' , '.join(sorted(self.value(value) for value in values))}")
        return said

    def _literal(self, node: Term) -> str:
        assert not isinstance(node, str)
        if node.language:
            return f'"{node.value}"@{node.language}'
        if node.datatype.value in _NUMBERS:
            # 2 and 2.0 are one number, however it is written.
            return f'"{_plain(node.value)}"'
        return f'"{node.value}"^^{node.datatype.value}'


def _plain(text: str) -> str:
    try:
        return f"{float(text):.12g}"
    except ValueError:
        return text
