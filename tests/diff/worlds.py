"""Knowledge changed in memory: the shipped graph with one edit, as a side to compare."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from functools import cache

import pyoxigraph as ox

from reasoner.diff.sides import Side
from reasoner.findings import read_model
from reasoner.gradings import DerivationReader
from reasoner.graph import GR, OWL, RDF, TYPE, XSD, Graph, Term
from reasoner.guidelines import GuidelineReader
from reasoner.knowledge import Knowledge, load_knowledge
from reasoner.owl import ClassReader

EQUIVALENT = OWL + "equivalentClass"
Triple = tuple[str, str, Term]


@cache
def shipped() -> Knowledge:
    """The knowledge as released, read once."""
    return load_knowledge()


@cache
def base() -> Side:
    """The shipped knowledge as a side."""
    return Side("base", "folder", shipped())


class World:
    """A copy of the shipped triples that can be edited."""

    def __init__(self, triples: Iterable[Triple] | None = None) -> None:
        self.triples: list[Triple] = list(shipped().graph.triples() if triples is None else triples)
        self._fresh = itertools.count()

    def side(self, name: str = "edited", reads_model: bool = False) -> Side:
        """The edited knowledge; the model is read again only where an edit touches it."""
        known, graph = shipped(), self.graph()
        model = read_model(graph) if reads_model else known.model
        classes = ClassReader(graph, model)
        derivations = DerivationReader(graph, model, classes).read()
        reader = GuidelineReader(graph, classes)
        guidelines = [reader.guideline(iri, "0" * 64) for iri in graph.instances(GR + "Guideline")]
        assert not reader.problems, reader.problems
        found = tuple(sorted((g for g in guidelines if g is not None), key=lambda g: g.id))
        own = Knowledge(
            graph, model, derivations, found, known.mapping, known.clashes, known.folder, known.shapes
        )  # fmt: skip
        return Side(name, "folder", own)

    def graph(self) -> Graph:
        """The triples indexed, each where it was."""
        graph, old = Graph(), shipped().graph
        held = {o for _, _, o in self.triples}
        free = set(old.all_subjects()) - {o for _, _, o in old.triples()}
        triples = self.triples
        # An expression that an edit took out of use must not stay behind.
        while gone := {s for s, _, _ in triples if s.startswith("_:") and s not in held and s not in free}:
            triples = [t for t in triples if t[0] not in gone]
            held = {o for _, _, o in triples}
        for subject, predicate, value in triples:
            graph.add(subject, predicate, value, old.file(subject))
        return graph

    # Editing

    def blank(self) -> str:
        return f"_:fresh{next(self._fresh)}"

    def add(self, subject: str, predicate: str, value: Term) -> None:
        self.triples.append((subject, predicate, value))

    def value(self, subject: str, predicate: str) -> Term:
        (found,) = (o for s, p, o in self.triples if s == subject and p == predicate)
        return found

    def node(self, subject: str, predicate: str) -> str:
        found = self.value(subject, predicate)
        assert isinstance(found, str)
        return found

    def set(self, subject: str, predicate: str, value: Term) -> None:
        self.triples = [t for t in self.triples if t[:2] != (subject, predicate)]
        self.add(subject, predicate, value)

    def redefine(self, class_: str, build: Callable[[str], str]) -> None:
        """Put ``build(old expression)`` in the place of a class's definition."""
        self.set(class_, EQUIVALENT, build(self.node(class_, EQUIVALENT)))

    def rename(self, old: str, new: str) -> None:
        self.triples = [
            (new if s == old else s, new if p == old else p, new if o == old else o) for s, p, o in self.triples
        ]

    def remove(self, subject: str) -> None:
        self.triples = [t for t in self.triples if t[0] != subject and t[2] != subject]

    # Expressions

    def listed(self, members: Iterable[Term]) -> str:
        head = RDF + "nil"
        for member in reversed(list(members)):
            cell = self.blank()
            self.add(cell, RDF + "first", member)
            self.add(cell, RDF + "rest", head)
            head = cell
        return head

    def members(self, head: str) -> list[Term]:
        found = []
        while head != RDF + "nil":
            found.append(self.value(head, RDF + "first"))
            head = self.node(head, RDF + "rest")
        return found

    def expression(self, construct: str, value: Term) -> str:
        node = self.blank()
        self.add(node, TYPE, OWL + "Class")
        self.add(node, OWL + construct, value)
        return node

    def both(self, *parts: str) -> str:
        return self.expression("intersectionOf", self.listed(parts))

    def either(self, *parts: str) -> str:
        return self.expression("unionOf", self.listed(parts))

    def negated(self, part: str) -> str:
        return self.expression("complementOf", part)

    def has(self, finding: str, *values: str) -> str:
        """A restriction on a coded finding; the link to what it belongs to is put around it."""
        one = self.blank()
        self.add(one, TYPE, OWL + "Restriction")
        self.add(one, OWL + "onProperty", finding)
        if len(values) == 1:
            self.add(one, OWL + "hasValue", values[0])
        else:
            self.add(one, OWL + "someValuesFrom", self.expression("oneOf", self.listed(values)))
        return self.linked(finding, one)

    def number(self, finding: str, **facets: float) -> str:
        """A restriction on a numeric finding, such as ``minInclusive=30``."""
        own = next(f for f in shipped().model.findings.values() if f.iri == finding)
        assert own.range is not None
        type_ = ox.NamedNode(XSD + ("integer" if own.range.integer else "decimal"))
        cells = []
        for facet, limit in facets.items():
            cell = self.blank()
            text = str(int(limit)) if own.range.integer else str(float(limit))
            self.add(cell, XSD + facet, ox.Literal(text, datatype=type_))
            cells.append(cell)
        datatype, one = self.blank(), self.blank()
        self.add(datatype, OWL + "onDatatype", type_.value)
        self.add(datatype, OWL + "withRestrictions", self.listed(cells))
        self.add(one, TYPE, OWL + "Restriction")
        self.add(one, OWL + "onProperty", finding)
        self.add(one, OWL + "someValuesFrom", datatype)
        return self.linked(finding, one)

    def linked(self, finding: str, part: str) -> str:
        """The part as said of a subject that decisions are about."""
        model = shipped().model
        kind = next(f for f in model.findings.values() if f.iri == finding).kind
        path = list(model.lineage(shipped().guidelines[0].kind))
        for name in reversed(path[: path.index(kind)]):
            link = model.kinds[name].link
            assert link is not None
            outer = self.blank()
            self.add(outer, TYPE, OWL + "Restriction")
            self.add(outer, OWL + "onProperty", link)
            self.add(outer, OWL + "someValuesFrom", part)
            part = outer
        return part

    def named(self, iri: str, expression: str) -> str:
        """A new named class."""
        self.add(iri, TYPE, OWL + "Class")
        self.add(iri, EQUIVALENT, expression)
        return iri

    def copied(self, node: Term) -> Term:
        """An expression with blank nodes of its own."""
        if not isinstance(node, str) or not node.startswith("_:"):
            return node
        own = self.blank()
        for subject, predicate, value in [t for t in self.triples if t[0] == node]:
            assert subject == node
            self.add(own, predicate, self.copied(value))
        return own
