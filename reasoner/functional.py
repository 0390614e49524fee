"""Reads OWL 2 functional syntax into an rdflib graph, by the W3C mapping of OWL 2 to RDF.

Editors of ontologies write it. What has no mapping here (SWRL rules, annotated n-ary axioms) is refused with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from .errors import KnowledgeError

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<open>\()|(?P<close>\))|(?P<iri><[^<>"\s]*>)|(?P<assign>:?=)
    |(?P<text>"(?:[^"\\]|\\.)*")|(?P<type>\^\^)|(?P<lang>@[A-Za-z0-9-]+)|(?P<anon>_:[^\s()]+)
    |(?P<name>[^\s()<>"=^@]+)""",
    re.VERBOSE | re.DOTALL,
)
_PREFIXES = {"owl": str(OWL), "rdf": str(RDF), "rdfs": str(RDFS), "xsd": str(XSD)}

_TYPES = {
    "Class": OWL.Class, "Datatype": RDFS.Datatype, "ObjectProperty": OWL.ObjectProperty,
    "DataProperty": OWL.DatatypeProperty, "AnnotationProperty": OWL.AnnotationProperty,
    "NamedIndividual": OWL.NamedIndividual,
}  # fmt: skip
_LISTS = {
    "ObjectIntersectionOf": OWL.intersectionOf, "ObjectUnionOf": OWL.unionOf, "ObjectOneOf": OWL.oneOf,
    "DataIntersectionOf": OWL.intersectionOf, "DataUnionOf": OWL.unionOf, "DataOneOf": OWL.oneOf,
}  # fmt: skip
_COMPLEMENTS = {"ObjectComplementOf": OWL.complementOf, "DataComplementOf": OWL.datatypeComplementOf}
_RESTRICTIONS = {"SomeValuesFrom": OWL.someValuesFrom, "AllValuesFrom": OWL.allValuesFrom, "HasValue": OWL.hasValue}
_CARDINALITIES = {
    "MinCardinality": (OWL.minCardinality, OWL.minQualifiedCardinality),
    "MaxCardinality": (OWL.maxCardinality, OWL.maxQualifiedCardinality),
    "ExactCardinality": (OWL.cardinality, OWL.qualifiedCardinality),
}
_PAIRS = {
    "SubClassOf": RDFS.subClassOf, "SubObjectPropertyOf": RDFS.subPropertyOf, "SubDataPropertyOf": RDFS.subPropertyOf,
    "SubAnnotationPropertyOf": RDFS.subPropertyOf, "InverseObjectProperties": OWL.inverseOf,
    "DatatypeDefinition": OWL.equivalentClass,
    **{f"{kind}Property{end}": p for kind in ("Object", "Data", "Annotation")
       for end, p in (("Domain", RDFS.domain), ("Range", RDFS.range))},
}  # fmt: skip
_CHAINS = {
    "EquivalentClasses": OWL.equivalentClass, "EquivalentObjectProperties": OWL.equivalentProperty,
    "EquivalentDataProperties": OWL.equivalentProperty, "SameIndividual": OWL.sameAs,
}  # fmt: skip
_GROUPS = {
    "DisjointClasses": (OWL.AllDisjointClasses, OWL.disjointWith, OWL.members),
    "DisjointObjectProperties": (OWL.AllDisjointProperties, OWL.propertyDisjointWith, OWL.members),
    "DisjointDataProperties": (OWL.AllDisjointProperties, OWL.propertyDisjointWith, OWL.members),
    "DifferentIndividuals": (OWL.AllDifferent, OWL.differentFrom, OWL.distinctMembers),
}
_CHARACTERISTICS = {
    f"{name}{kind}Property": OWL[f"{name}Property"]
    for name in ("Functional", "InverseFunctional", "Reflexive", "Irreflexive", "Symmetric", "Asymmetric", "Transitive")
    for kind in ("Object", "Data")
}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


_ANNOTATED = (OWL.annotatedSource, OWL.annotatedProperty, OWL.annotatedTarget)
_Triple = tuple[Node, Node, Node]


@dataclass(frozen=True, slots=True)
class _Term:
    """An IRI, an anonymous individual or a literal, with its line."""

    node: Node
    line: int


@dataclass(slots=True)
class _Call:
    """``name(arguments)``, with its line."""

    name: str
    line: int
    arguments: list[_Term | _Call] = field(default_factory=list)


def read_functional(text: str, file: str) -> Graph:
    """The graph of an ontology in functional syntax; raises KnowledgeError with file and line."""
    graph = Graph(bind_namespaces="none")
    try:
        parser = _Parser(text, file)
        writer = _Writer(graph, file)
        for call in parser.document():
            writer.ontology(call)
    except RecursionError as error:
        raise KnowledgeError("is nested too deeply", f"`{file}`", "write it as Turtle or RDF/XML") from error
    for prefix, namespace in parser.prefixes.items():
        graph.bind(prefix, namespace, replace=True)
    return graph


class _Parser:
    def __init__(self, text: str, file: str) -> None:
        self.file, self.prefixes = file, dict(_PREFIXES)
        self.tokens = list(self._tokens(text))
        self.place = 0

    def _tokens(self, text: str) -> Iterator[tuple[str, str, int]]:
        position, line = 0, 1
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._fail(f"`{text[position]}` is not understood", line)
            if match.lastgroup != "space":
                yield str(match.lastgroup), match[0], line
            line += match[0].count("\n")
            position = match.end()
        yield "end", "", line

    def document(self) -> Iterator[_Call]:
        """The prefixes are noted, the ontology is returned."""
        while self.tokens[self.place][0] != "end":
            if self.tokens[self.place][1] == "Prefix":
                self._prefix()
            else:
                found = self._one()
                if not isinstance(found, _Call) or found.name != "Ontology":
                    raise self._fail("an ontology was expected", found.line)
                yield found

    def _prefix(self) -> None:
        kinds = [kind for kind, _, _ in self.tokens[self.place : self.place + 6]]
        line = self.tokens[self.place][2]
        names = [value for _, value, _ in self.tokens[self.place : self.place + 6]]
        if kinds != ["name", "open", "name", "assign", "iri", "close"]:
            # `Prefix(:=<...>)`: the empty prefix leaves no name before the sign.
            if kinds[:5] != ["name", "open", "assign", "iri", "close"]:
                raise self._fail("a prefix is written `Prefix(p:=<...>)`", line)
            self.prefixes[""] = names[3][1:-1]
            self.place += 5
            return
        self.prefixes[names[2].rstrip(":")] = names[4][1:-1]
        self.place += 6

    def _one(self) -> _Term | _Call:
        kind, value, line = self.tokens[self.place]
        self.place += 1
        if kind == "iri":
            return _Term(URIRef(value[1:-1]), line)
        if kind == "anon":
            return _Term(BNode(re.sub(r"\W", "-", value[2:])), line)
        if kind == "text":
            return _Term(self._literal(value), line)
        if kind == "open":
            # A bare group, as in `HasKey(C (p) (q))`.
            return self._call("", line)
        if kind != "name":
            raise self._fail(f"`{value}` stands where a term should" if value else "the file ends too early", line)
        if self.tokens[self.place][0] == "open" and ":" not in value:
            self.place += 1
            return self._call(value, line)
        return _Term(self._name(value, line) if not value.isdecimal() else Literal(int(value)), line)

    def _call(self, name: str, line: int) -> _Call:
        call = _Call(name, line)
        while self.tokens[self.place][0] != "close":
            call.arguments.append(self._one())
        self.place += 1
        return call

    def _literal(self, value: str) -> Literal:
        text = _ESCAPE.sub(r"\1", value[1:-1])
        kind, said, line = self.tokens[self.place]
        if kind == "lang":
            self.place += 1
            return Literal(text, lang=said[1:])
        if kind != "type":
            return Literal(text)
        self.place += 1
        datatype = self._one()
        if not isinstance(datatype, _Term) or not isinstance(datatype.node, URIRef):
            raise self._fail("a literal has no datatype after ^^", line)
        return Literal(text, datatype=None if datatype.node == XSD.string else datatype.node)

    def _name(self, value: str, line: int) -> URIRef:
        prefix, colon, local = value.partition(":")
        if not colon or prefix not in self.prefixes:
            raise self._fail(f"`{value}` has no declared prefix", line)
        return URIRef(self.prefixes[prefix] + local)

    def _fail(self, message: str, line: int) -> KnowledgeError:
        return KnowledgeError(f"does not parse: {message}", f"{self.file}:{line}", "mend the syntax at this place")


class _Writer:
    """Adds axioms to a graph as triples."""

    def __init__(self, graph: Graph, file: str) -> None:
        self.graph, self.file = graph, file
        self.special: dict[str, Callable[[_Call], _Triple | None]] = {
            "AnnotationAssertion": self._assertion,
            "ClassAssertion": self._class_assertion,
            "DataPropertyAssertion": self._assertion,
            "Declaration": self._declaration,
            "DisjointUnion": self._listed,
            "HasKey": self._listed,
            "NegativeDataPropertyAssertion": self._negative,
            "NegativeObjectPropertyAssertion": self._negative,
            "ObjectPropertyAssertion": self._assertion,
            "SubObjectPropertyOf": self._sub_property,
        }

    def ontology(self, call: _Call) -> None:
        """Everything between the brackets of ``Ontology(...)``."""
        terms = [a for a in call.arguments if isinstance(a, _Term)]
        subject: Node = terms[0].node if terms else BNode()
        self._say(subject, RDF.type, OWL.Ontology)
        if len(terms) > 1:
            self._say(subject, OWL.versionIRI, terms[1].node)
        for own in call.arguments:
            if isinstance(own, _Term):
                continue
            if own.name == "Import":
                self._say(subject, OWL.imports, self._only(own))
            elif own.name == "Annotation":
                self._annotate(subject, own)
            else:
                self._axiom(own)

    def _axiom(self, call: _Call) -> None:
        notes = [a for a in call.arguments if isinstance(a, _Call) and a.name == "Annotation"]
        bare = _Call(call.name, call.line, [a for a in call.arguments if a not in notes])
        try:
            said = self.special.get(call.name, self._plain)(bare)
        except (IndexError, ValueError) as error:
            raise self._fail(call, "lacks a part, or has one too many") from error
        if not notes:
            return
        if said is None:
            raise self._fail(call, "bears an annotation but is no single triple")
        axiom = BNode()
        self._say(axiom, RDF.type, OWL.Axiom)
        for predicate, node in zip(_ANNOTATED, said, strict=True):
            self._say(axiom, predicate, node)
        for note in notes:
            self._annotate(axiom, note)

    def _plain(self, call: _Call) -> _Triple | None:
        nodes = [self._node(a) for a in call.arguments]
        if call.name in _PAIRS and len(nodes) == 2:
            return self._say(nodes[0], _PAIRS[call.name], nodes[1])
        if call.name in _CHARACTERISTICS and len(nodes) == 1:
            return self._say(nodes[0], RDF.type, _CHARACTERISTICS[call.name])
        if call.name in _CHAINS and len(nodes) > 1:
            said = [self._say(a, _CHAINS[call.name], b) for a, b in pairwise(nodes)]
            return said[0] if len(said) == 1 else None
        if call.name in _GROUPS and len(nodes) > 1:
            kind, pair, members = _GROUPS[call.name]
            if len(nodes) == 2:
                return self._say(nodes[0], pair, nodes[1])
            group = BNode()
            self._say(group, RDF.type, kind)
            self._say(group, members, self._list(nodes))
            return None
        raise self._fail(call, "is not understood here")

    def _declaration(self, call: _Call) -> _Triple:
        entity = call.arguments[0] if call.arguments else None
        if not isinstance(entity, _Call) or entity.name not in _TYPES:
            raise self._fail(call, "declares nothing")
        return self._say(self._only(entity), RDF.type, _TYPES[entity.name])

    def _assertion(self, call: _Call) -> _Triple:
        first = call.arguments[0] if call.arguments else None
        if isinstance(first, _Call) and first.name == "ObjectInverseOf" and len(call.arguments) == 3:
            # The inverse of a property says the same the other way round.
            subject, object_ = (self._node(a) for a in call.arguments[1:])
            return self._say(object_, self._only(first), subject)
        predicate, subject, object_ = self._nodes(call, 3)
        return self._say(subject, predicate, object_)

    def _class_assertion(self, call: _Call) -> _Triple:
        class_, individual = self._nodes(call, 2)
        return self._say(individual, RDF.type, class_)

    def _sub_property(self, call: _Call) -> _Triple | None:
        first = call.arguments[0] if call.arguments else None
        if isinstance(first, _Call) and first.name == "ObjectPropertyChain":
            chain = self._list([self._node(a) for a in first.arguments])
            return self._say(self._node(call.arguments[1]), OWL.propertyChainAxiom, chain)
        return self._plain(call)

    def _listed(self, call: _Call) -> _Triple:
        """``DisjointUnion(C a b)``, ``HasKey(C (p) (q))``: a list hangs on the class."""
        members: list[Node] = []
        for part in call.arguments[1:]:
            group = part.arguments if isinstance(part, _Call) and not part.name else [part]
            members += [self._node(a) for a in group]
        predicate = OWL.disjointUnionOf if call.name == "DisjointUnion" else OWL.hasKey
        return self._say(self._node(call.arguments[0]), predicate, self._list(members))

    def _negative(self, call: _Call) -> None:
        predicate, subject, object_ = self._nodes(call, 3)
        node = BNode()
        self._say(node, RDF.type, OWL.NegativePropertyAssertion)
        self._say(node, OWL.sourceIndividual, subject)
        self._say(node, OWL.assertionProperty, predicate)
        self._say(node, OWL.targetValue if call.name.startswith("NegativeData") else OWL.targetIndividual, object_)

    def _annotate(self, subject: Node, call: _Call) -> None:
        predicate, value = self._nodes(call, 2)
        self._say(subject, predicate, value)

    def _node(self, argument: _Term | _Call) -> Node:
        """The node of a term, or of an expression, which is written down."""
        if isinstance(argument, _Term):
            return argument.node
        name, node = argument.name, BNode()
        if name in _LISTS:
            self._say(node, RDF.type, RDFS.Datatype if name.startswith("Data") else OWL.Class)
            self._say(node, _LISTS[name], self._list([self._node(a) for a in argument.arguments]))
        elif name in _COMPLEMENTS:
            self._say(node, RDF.type, RDFS.Datatype if name.startswith("Data") else OWL.Class)
            self._say(node, _COMPLEMENTS[name], self._only(argument))
        elif name == "ObjectInverseOf":
            self._say(node, OWL.inverseOf, self._only(argument))
        elif name == "DatatypeRestriction":
            self._facets(node, argument)
        else:
            self._restriction(node, argument)
        return node

    def _facets(self, node: Node, call: _Call) -> None:
        base, *facets = (self._node(a) for a in call.arguments)
        limits: list[Node] = []
        for facet, value in zip(facets[::2], facets[1::2], strict=True):
            limits.append(BNode())
            self._say(limits[-1], facet, value)
        self._say(node, RDF.type, RDFS.Datatype)
        self._say(node, OWL.onDatatype, base)
        self._say(node, OWL.withRestrictions, self._list(limits))

    def _restriction(self, node: Node, call: _Call) -> None:
        kind = call.name.removeprefix("Object").removeprefix("Data")
        arguments = [self._node(a) for a in call.arguments]
        self._say(node, RDF.type, OWL.Restriction)
        if kind in _RESTRICTIONS and len(arguments) == 2:
            self._say(node, OWL.onProperty, arguments[0])
            self._say(node, _RESTRICTIONS[kind], arguments[1])
        elif kind == "HasSelf" and len(arguments) == 1:
            self._say(node, OWL.onProperty, arguments[0])
            self._say(node, OWL.hasSelf, Literal(True))
        elif kind in _CARDINALITIES and len(arguments) in (2, 3):
            bare, qualified = _CARDINALITIES[kind]
            number = Literal(str(arguments[0]), datatype=XSD.nonNegativeInteger)
            self._say(node, OWL.onProperty, arguments[1])
            self._say(node, bare if len(arguments) == 2 else qualified, number)
            if len(arguments) == 3:
                self._say(node, OWL.onDataRange if call.name.startswith("Data") else OWL.onClass, arguments[2])
        else:
            raise self._fail(call, "is not understood here")

    def _list(self, nodes: list[Node]) -> Node:
        head = BNode()
        Collection(self.graph, head, nodes)
        return head if nodes else RDF.nil

    def _only(self, call: _Call) -> Node:
        return self._nodes(call, 1)[0]

    def _nodes(self, call: _Call, count: int) -> list[Node]:
        if len(call.arguments) != count:
            raise self._fail(call, f"has {len(call.arguments)} parts, not {count}")
        return [self._node(a) for a in call.arguments]

    def _say(self, subject: Node, predicate: Node, object_: Node) -> _Triple:
        self.graph.add((subject, predicate, object_))
        return subject, predicate, object_

    def _fail(self, call: _Call, message: str) -> KnowledgeError:
        return KnowledgeError(f"`{call.name}` {message}", f"{self.file}:{call.line}", "write it as Turtle or RDF/XML")
