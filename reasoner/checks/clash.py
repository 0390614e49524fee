"""Which axioms of an inconsistent ontology clash: a smallest set of described terms that is inconsistent alone."""

from __future__ import annotations

from collections.abc import Sequence

from reasoner.graph import OWL, RDF, TYPE, Graph
from reasoner.hermit import Hermit, logical

_LIMIT = 24
"""Runs of HermiT at most: an explanation that is not minimal is better than none."""


def clashing(graph: Graph) -> list[str]:
    """Named terms whose descriptions are inconsistent together, as few as a bounded search finds."""
    search = _Search(graph)
    terms = [node for node in graph.all_subjects() if not node.startswith("_:") and _describes(graph, node)]
    # Later files are more likely to be at fault than the core that they build on.
    return search.smallest([], [], sorted(terms))


class _Search:
    """QuickXplain over the named subjects."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.left = _LIMIT

    def smallest(self, background: list[str], last: list[str], terms: list[str]) -> list[str]:
        """The fewest of ``terms`` that clash with the background."""
        if last and self._clash(background):
            return []
        if len(terms) == 1 or self.left <= 0:
            return terms
        half = len(terms) // 2
        first, second = terms[:half], terms[half:]
        from_second = self.smallest([*background, *first], first, second)
        from_first = self.smallest([*background, *from_second], from_second, first)
        return from_first + from_second

    def _clash(self, terms: Sequence[str]) -> bool:
        self.left -= 1
        return not Hermit(logical(_part(self.graph, terms))).is_consistent()


def _part(graph: Graph, terms: Sequence[str]) -> Graph:
    """The descriptions of some terms, with the blank nodes they hang on and the bare declarations of all others."""
    part = Graph()
    for subject, predicate, object_ in graph.triples():
        if predicate == TYPE and isinstance(object_, str) and object_.startswith(OWL):
            part.add(subject, predicate, object_, graph.file(subject))
    todo = list(terms)
    done: set[str] = set()
    while todo:
        node = todo.pop()
        if node in done:
            continue
        done.add(node)
        for predicate, values in graph.predicates(node).items():
            for value in values:
                part.add(node, predicate, value, graph.file(node))
                if isinstance(value, str) and value.startswith("_:"):
                    todo.append(value)
    return part


def _describes(graph: Graph, node: str) -> bool:
    return any(predicate.startswith(OWL) or not predicate.startswith(RDF) for predicate in graph.predicates(node))
