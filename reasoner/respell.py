"""Takes back what an editor of ontologies changed in the spelling of a graph, not in its meaning.

OWL tools sort operands, write pairs of different individuals in another form, type strings, and declare again what
other files declare. Beside the Turtle that the file came from, all of that is undone, so that a change of one label is
a change of one line.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

_SETS = (OWL.intersectionOf, OWL.unionOf, OWL.oneOf, OWL.distinctMembers, OWL.members, OWL.withRestrictions)
"""The lists whose order means nothing."""
_DECLARATIONS = {
    OWL.AnnotationProperty, OWL.Class, OWL.DatatypeProperty, OWL.NamedIndividual, OWL.ObjectProperty, RDFS.Datatype,
}  # fmt: skip

Key = tuple[Node, Node]
Signature = Hashable


def respell(graph: Graph, original: Graph | None) -> None:
    """Write the graph as its original does, as far as the two say the same."""
    _plain_strings(graph)
    _different(graph)
    if original is None:
        return
    for node in set(graph.subjects()):
        if isinstance(node, URIRef) and _only_declared(graph, node) and _only_named(original, node):
            graph.remove((node, None, None))
        elif (node, RDF.type, None) in original and (node, RDF.type, OWL.NamedIndividual) not in original:
            graph.remove((node, RDF.type, OWL.NamedIndividual))
    _order(graph, original)


def _plain_strings(graph: Graph) -> None:
    typed = [(s, p, o) for s, p, o in graph if isinstance(o, Literal) and o.datatype == XSD.string]
    for subject, predicate, value in typed:
        graph.remove((subject, predicate, value))
        graph.add((subject, predicate, Literal(str(value))))


def _different(graph: Graph) -> None:
    """Different individuals always as owl:AllDifferent with owl:distinctMembers, also two of them."""
    for group in list(graph.subjects(RDF.type, OWL.AllDifferent)):
        for head in list(graph.objects(group, OWL.members)):
            graph.remove((group, OWL.members, head))
            graph.add((group, OWL.distinctMembers, head))
    for one, other in list(graph.subject_objects(OWL.differentFrom)):
        graph.remove((one, OWL.differentFrom, other))
        group, head = BNode(), BNode()
        Collection(graph, head, sorted((one, other), key=str))
        graph.add((group, RDF.type, OWL.AllDifferent))
        graph.add((group, OWL.distinctMembers, head))


def _only_declared(graph: Graph, node: URIRef) -> bool:
    said = set(graph.predicate_objects(node))
    return all(p == RDF.type and o in _DECLARATIONS for p, o in said)


def _only_named(original: Graph, node: URIRef) -> bool:
    """Whether the original uses a term, or takes it as built in, without saying anything of it."""
    if (node, None, None) in original:
        return False
    return (None, node, None) in original or (None, None, node) in original


def _order(graph: Graph, original: Graph) -> None:
    """Give every list without a meaning in its order the order of the original's list that is most like it."""
    models: dict[Signature, list[list[Signature]]] = {}
    known = _Signatures(original)
    for place, _, members in _lists(original):
        models.setdefault(place, []).append([known.of(member) for member in members])
    own = _Signatures(graph)
    # All are compared before any is changed.
    for place, head, members in list(_lists(graph)):
        signed = [own.of(member) for member in members]
        best = max(models.get(place, []), key=lambda model: _likeness(model, signed), default=None)
        if best is None or not _likeness(best, signed):
            continue
        rank = {signature: i for i, signature in enumerate(best)}
        places = sorted(range(len(members)), key=lambda i: (rank.get(signed[i], len(best)), i))
        for cell, i in zip(_cells(graph, head), places, strict=True):
            graph.set((cell, RDF.first, members[i]))


def _likeness(model: list[Signature], signed: list[Signature]) -> float:
    common = len(set(model) & set(signed))
    return common / max(len(model), len(signed))


def _lists(graph: Graph) -> Iterator[tuple[Signature, Node, list[Node]]]:
    """Each list without a meaning in its order: under which term and property, its head, its members."""
    roots: dict[Node, Node] = {}
    for predicate in _SETS:
        for owner, head in graph.subject_objects(predicate):
            yield (_root(graph, owner, roots), predicate), head, list(Collection(graph, head))


def _root(graph: Graph, node: Node, roots: dict[Node, Node]) -> Node:
    """The named term that a blank node hangs on; nothing where it stands alone."""
    path = []
    while isinstance(node, BNode) and node not in roots:
        path.append(node)
        holder = next(graph.subjects(None, node), None)
        if holder is None or holder in path:
            node = RDF.nil
            break
        node = holder
    found = roots.get(node, node)
    roots.update(dict.fromkeys(path, found))
    return found


def _cells(graph: Graph, head: Node) -> list[Node]:
    cells = []
    while head != RDF.nil:
        cells.append(head)
        head = next(graph.objects(head, RDF.rest), RDF.nil)
    return cells


class _Signatures:
    """What a node is, without the names of blank nodes and the order of such lists."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._known: dict[Node, Signature] = {}

    def of(self, node: Node) -> Signature:
        """Equal for nodes that say the same."""
        if not isinstance(node, BNode):
            return node
        if node not in self._known:
            self._known[node] = "…"  # a cycle ends here
            self._known[node] = frozenset(self._said(node))
        return self._known[node]

    def _said(self, node: Node) -> Iterator[Signature]:
        for predicate, value in self.graph.predicate_objects(node):
            if predicate in _SETS:
                yield predicate, frozenset(self.of(member) for member in Collection(self.graph, value))
            else:
                yield predicate, self.of(value)
