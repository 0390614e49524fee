"""Patient graphs by chance, valid and not: what people write, and what they get wrong.

A graph is a lesion with its foot and person. Findings are drawn so that rules often meet what they look for; then, now
and then, something is spoilt: a value that is none, a number out of range or as text, two values, a node known in part
or typed with nonsense, a missing or double link, a finding at the wrong node, a property that nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pyoxigraph as ox

from reasoner.graph import GR, OWL, RDF, TYPE, XSD
from reasoner.model import Finding, Model

Subject = ox.NamedNode | ox.BlankNode
CRITICAL: dict[str, tuple[object, ...]] = {
    "ankle-brachial-index": (0.39, 0.4, 0.59, 0.6, 0.79, 0.795, 0.8, 1.0, 1.3, 1.31, 2.0),
    "ankle-pressure": (40, 49.9, 50, 69.5, 70, 100, 100.1, 120),
    "toe-pressure": (10, 29.9, 30, 39.5, 40, 59, 60, 90),
    "tcpo2": (12, 30, 38, 40, 60, 75),
    "local-infection-signs": (0, 0, 1, 2, 3, 5),
    "erythema-extent": (0.0, 0.5, 0.6, 1.9, 2.0, 5),
    "sirs-criteria": (0, 1, 2, 4),
}


class Generator:
    """Draws graphs; ``spoil`` is how often a thing is wrong."""

    def __init__(self, model: Model, seed: int, spoil: float = 0.08) -> None:
        self.model, self.random, self.spoil = model, Random(seed), spoil
        self._count = 0

    def graph(self, name: str) -> list[ox.Triple]:
        """One graph, whose nodes all bear the name."""
        self.triples: list[ox.Triple] = []
        self.name = name
        self._count = 0
        nodes: dict[str, Subject] = {kind: self._node(kind.lower()) for kind in ("Lesion", "Foot", "Patient")}
        for kind, node in nodes.items():
            if not self._badly():
                self._add(node, TYPE, ox.NamedNode(GR + kind))
        if self._badly():
            self._add(nodes["Foot"], TYPE, ox.NamedNode(GR + self.random.choice(("Lesion", "Patient"))))
        self._link(nodes["Lesion"], "onFoot", nodes["Foot"], nodes["Patient"])
        self._link(nodes["Foot"], "ofPatient", nodes["Patient"], nodes["Lesion"])
        density = self.random.choice((0.15, 0.4, 0.8))
        for finding in self.model.findings.values():
            if self.random.random() < density:
                home = nodes[finding.kind] if not self._badly(0.3) else self.random.choice(list(nodes.values()))
                self._record(home, finding)
        self._extras(nodes)
        return self.triples

    def _badly(self, share: float = 1.0) -> bool:
        return self.random.random() < self.spoil * share

    def _node(self, kind: str) -> Subject:
        if self.random.random() < 0.1:
            return ox.BlankNode(f"{self.name}{kind}")
        return ox.NamedNode(f"urn:{self.name}:{kind}")

    def _fresh(self) -> ox.BlankNode:
        self._count += 1
        return ox.BlankNode(f"{self.name}x{self._count}")

    def _add(self, subject: Subject, predicate: str, value: Subject | ox.Literal) -> None:
        self.triples.append(ox.Triple(subject, ox.NamedNode(predicate), value))

    def _link(self, node: Subject, link: str, target: Subject, wrong: Subject) -> None:
        if not self._badly():
            self._add(node, GR + link, target)
        if self._badly(0.5):
            self._add(
                node,
                GR + link,
                self.random.choice((wrong, ox.Literal(f"left foot of {self.name}"), self._node("other"))),
            )

    def _record(self, node: Subject, finding: Finding) -> None:
        for _ in range(2 if self._badly() else 1):
            if self._badly():
                self._add(node, finding.iri, self._nonsense(finding))
            elif finding.range is not None:
                self._add(node, finding.iri, self._number(finding))
            elif self.random.random() < 0.1:
                self._add(node, finding.iri, self._partly(finding))
            else:
                self._add(node, finding.iri, ox.NamedNode(self.random.choice(finding.values).iri))

    def _number(self, finding: Finding) -> ox.Literal:
        value = self.random.choice(CRITICAL[finding.notation])
        assert finding.range is not None
        if isinstance(value, int):
            kind = self.random.choice(("integer", "integer", "integer", "int", "nonNegativeInteger"))
            return ox.Literal(str(value), datatype=ox.NamedNode(XSD + kind))
        # A double that is no exact binary fraction is a case of its own: see test_agreement.
        exact = isinstance(value, float) and (value * 8).is_integer()
        kind = self.random.choice(("decimal", "decimal", "decimal", "double" if exact else "decimal"))
        return ox.Literal(str(value), datatype=ox.NamedNode(XSD + kind))

    def _partly(self, finding: Finding) -> Subject:
        node = self._fresh()
        if finding.classes and self.random.random() < 0.5:
            self._add(node, TYPE, ox.NamedNode(self.random.choice(sorted(finding.classes))))
            return node
        class_ = self._fresh()
        self._add(node, TYPE, class_)
        some = self.random.sample(finding.values, self.random.randint(1, min(3, len(finding.values))))
        self._list(class_, OWL + "oneOf", [ox.NamedNode(value.iri) for value in some])
        return node

    def _list(self, node: Subject, predicate: str, members: list[ox.NamedNode]) -> None:
        cells: list[Subject] = [*(self._fresh() for _ in members), ox.NamedNode(RDF + "nil")]
        self._add(node, predicate, cells[0])
        for i, member in enumerate(members):
            self._add(cells[i], RDF + "first", member)
            self._add(cells[i], RDF + "rest", cells[i + 1])

    def _nonsense(self, finding: Finding) -> Subject | ox.Literal:
        typed = self._fresh()
        odd: list[Callable[[], Subject | ox.Literal]] = [
            lambda: ox.Literal("yes"),
            lambda: ox.NamedNode(f"{GR}{finding.notation}/perhaps"),
            lambda: ox.Literal("999", datatype=ox.NamedNode(XSD + "integer")),
            lambda: ox.Literal("-1.5", datatype=ox.NamedNode(XSD + "decimal")),
            lambda: ox.Literal("2.5", datatype=ox.NamedNode(XSD + "decimal")),
            lambda: ox.Literal("40"),
            lambda: typed,
        ]
        value = self.random.choice(odd)()
        if value is typed:
            self._add(typed, TYPE, ox.NamedNode(GR + "Nonsense"))
        return value

    def _extras(self, nodes: dict[str, Subject]) -> None:
        if self.random.random() < 0.3:
            self._add(nodes["Foot"], GR + "side", ox.NamedNode(GR + "side/left"))
        if self._badly():
            self._add(
                nodes["Foot"], GR + "side", self.random.choice((ox.NamedNode(GR + "side/right"), ox.Literal("l")))
            )
        if self._badly():
            unknown = self.random.choice(("toePresure", "ulcerDepth", "text"))
            self._add(self.random.choice(list(nodes.values())), GR + unknown, ox.Literal("65"))
        if self.random.random() < 0.3:
            self._add(nodes["Patient"], "http://xmlns.com/foaf/0.1/name", ox.Literal("A. Patient"))
