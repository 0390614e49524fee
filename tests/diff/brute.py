"""The count that a diff must give, by going through every state: OWL expressions over a grid, one axis a finding.

Shares no code with the engine but the triple index: classes are evaluated as they stand in the graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reasoner.graph import GR, OWL, RDFS, TYPE, XSD, Graph

Truth = npt.NDArray[np.bool_]
_COMPARE = {
    "minInclusive": lambda x, t: x >= t,
    "minExclusive": lambda x, t: x > t,
    "maxInclusive": lambda x, t: x <= t,
    "maxExclusive": lambda x, t: x < t,
}


@dataclass(frozen=True)
class Count:
    """What a brute-force comparison found."""

    findings: tuple[str, ...]
    states: int
    gained: int
    lost: int


class Grid:
    """All states of the findings that two graphs mention; both must have the same findings and values."""

    def __init__(self, old: Graph, new: Graph) -> None:
        self.graphs = (old, new)
        self.kinds = set(old.subjects(RDFS + "subClassOf", GR + "Subject"))
        findings = old.instances(GR + "Finding")
        self.cells: dict[str, list[str] | list[float]] = {iri: self._cells(iri) for iri in findings}

    def _cells(self, finding: str) -> list[str] | list[float]:
        graph = self.graphs[0]
        range_ = graph.node(finding, RDFS + "range")
        assert range_ is not None
        if (enumeration := graph.node(range_, OWL + "equivalentClass")) is not None:
            head = graph.node(enumeration, OWL + "oneOf")
            assert head is not None
            return [str(value) for value in graph.list(head)]
        (low,), (high,) = ([t for _, n, t in _facets(graph, range_) if n == name] for name in (
            "minInclusive", "maxInclusive"))  # fmt: skip
        facets = sorted(set(self._thresholds(finding)))
        limits = [low, high, *(t for _, t in facets if low <= t <= high)]
        is_whole = graph.node(range_, OWL + "onDatatype") == XSD + "integer"
        step = 1.0 if is_whole else 1e-6
        tries = sorted({x for t in limits for x in (t - step, t, t + step) if low <= x <= high})
        cells: list[float] = []
        seen: list[tuple[bool, ...]] = []
        for number in tries:
            signature = tuple(bool(_COMPARE[name](number, t)) for name, t in facets)
            if signature not in seen:
                seen.append(signature)
                cells.append(number)
        return cells

    def _thresholds(self, finding: str) -> Iterator[tuple[str, float]]:
        for graph in self.graphs:
            for node in graph.subjects(OWL + "onProperty", finding):
                if (filler := graph.node(node, OWL + "someValuesFrom")) is not None:
                    yield from ((name, t) for _, name, t in _facets(graph, filler))

    # Evaluation

    def holds(self, graph: Graph, node: str, axes: tuple[str, ...]) -> Truth:
        """The truth of an expression in every state of the axes."""
        if node in self.kinds:
            return np.ones((1,) * len(axes), dtype=bool)
        if not node.startswith("_:"):
            definition = graph.node(node, OWL + "equivalentClass")
            assert definition is not None, node
            return self.holds(graph, definition, axes)
        for construct, join in (("intersectionOf", np.logical_and), ("unionOf", np.logical_or)):
            if (head := graph.node(node, OWL + construct)) is not None:
                parts = [self.holds(graph, str(part), axes) for part in graph.list(head)]
                result: Truth = parts[0]
                for part in parts[1:]:
                    result = join(result, part)
                return result
        if (whole := graph.node(node, OWL + "complementOf")) is not None:
            return ~self.holds(graph, whole, axes)
        path = graph.node(node, OWL + "onProperty")
        assert path is not None
        filler = graph.node(node, OWL + "someValuesFrom")
        if path not in self.cells:
            assert filler is not None
            return self.holds(graph, filler, axes)
        return self._atom(graph, path, graph.node(node, OWL + "hasValue"), filler, axes)

    def _atom(self, graph: Graph, path: str, value: str | None, filler: str | None, axes: tuple[str, ...]) -> Truth:
        cells = self.cells[path]
        if value is not None:
            truth = [cell == value for cell in cells]
        else:
            assert filler is not None
            facets = list(_facets(graph, filler))
            if facets or graph.node(filler, OWL + "onDatatype"):
                truth = [all(_COMPARE[name](cell, t) for _, name, t in facets) for cell in cells]
            else:
                members = self._members(graph, filler, set(map(str, cells)))
                truth = [cell in members for cell in cells]
        shape = [1] * len(axes)
        shape[axes.index(path)] = len(cells)
        return np.array(truth, dtype=bool).reshape(shape)

    def _members(self, graph: Graph, node: str, every: set[str]) -> set[str]:
        if (head := graph.node(node, OWL + "oneOf")) is not None:
            return {str(value) for value in graph.list(head)}
        if (head := graph.node(node, OWL + "unionOf")) is not None:
            return set().union(*(self._members(graph, str(part), every) for part in graph.list(head)))
        if (whole := graph.node(node, OWL + "complementOf")) is not None:
            return every - self._members(graph, whole, every)
        definition = graph.node(node, OWL + "equivalentClass")
        assert definition is not None
        return self._members(graph, definition, every)

    def mentioned(self, graph: Graph, node: str) -> set[str]:
        """The findings that an expression names."""
        if node in self.kinds:
            return set()
        if node in self.cells:
            return {node}
        found: set[str] = set()
        for predicate, values in graph.predicates(node).items():
            if node.startswith("_:") or predicate == OWL + "equivalentClass":
                for value in values:
                    if isinstance(value, str) and predicate != TYPE:
                        found |= self.mentioned(graph, value)
        return found

    def axioms(self, graph: Graph) -> list[tuple[str, str]]:
        """Defined classes below other defined classes, where both speak of findings."""
        found = []
        for class_ in graph.instances(OWL + "Class"):
            for parent in graph.nodes(class_, RDFS + "subClassOf"):
                if all(graph.node(c, OWL + "equivalentClass") for c in (class_, parent)) and self.mentioned(
                    graph, class_
                ):
                    found.append((class_, parent))
        return found

    # Counting

    def count(self, old: str, new: str) -> Count:
        """Compare a class of the old graph with one of the new, over the findings that matter to either."""
        pairs = list(zip(self.graphs, (old, new), strict=True))
        named = {f for graph, node in pairs for f in self.mentioned(graph, node)}
        named |= {
            f for graph in self.graphs for pair in self.axioms(graph) for c in pair for f in self.mentioned(graph, c)
        }
        axes = tuple(sorted(named))
        truths = [self.holds(graph, node, axes) for graph, node in pairs]
        matters = [i for i in range(len(axes)) if any(_varies(truth, i) for truth in truths)]
        allowed: Truth = np.ones((1,) * len(axes), dtype=bool)
        for graph in self.graphs:
            own: Truth = np.ones((1,) * len(axes), dtype=bool)
            for class_, parent in self.axioms(graph):
                own = own & (~self.holds(graph, class_, axes) | self.holds(graph, parent, axes))
            # A state of the findings that matter is allowed when the others can complete it.
            others = tuple(i for i in range(len(axes)) if i not in matters)
            allowed = allowed & own.any(axis=others, keepdims=True)
        a, b = (
            truth.any(axis=tuple(i for i in range(len(axes)) if i not in matters), keepdims=True) for truth in truths
        )
        shape = [len(self.cells[axes[i]]) if i in matters else 1 for i in range(len(axes))]
        return Count(
            tuple(sorted(self._notation(axes[i]) for i in matters)),
            *(int(np.broadcast_to(truth, shape).sum()) for truth in (allowed, allowed & ~a & b, allowed & a & ~b)),
        )

    def _notation(self, finding: str) -> str:
        return self.graphs[0].text(finding, "http://www.w3.org/2004/02/skos/core#notation") or finding


def _varies(truth: Truth, axis: int) -> bool:
    first = truth.take([0], axis=axis)
    return bool((truth != first).any())


def _facets(graph: Graph, datatype: str) -> list[tuple[str, str, float]]:
    head = graph.node(datatype, OWL + "withRestrictions")
    found = []
    for cell in graph.list(head) if head else ():
        assert isinstance(cell, str)
        for predicate, (value, *_) in graph.predicates(cell).items():
            assert not isinstance(value, str)
            found.append((datatype, predicate.removeprefix(XSD), float(value.value)))
    return found
