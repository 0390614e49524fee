"""A small read-only triple index: all that loading the knowledge asks of a graph.

IRIs are plain strings, blank nodes strings that begin with ``_:``, literals ``pyoxigraph.Literal``.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator

import pyoxigraph as ox

from .errors import DataError, KnowledgeError

Term = str | ox.Literal

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCTERMS = "http://purl.org/dc/terms/"
GR = "https://w3id.org/guideline-reasoner/"

TYPE = RDF + "type"
LABEL = RDFS + "label"
NOTATION = SKOS + "notation"
DEFINITION = SKOS + "definition"


def term(node: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Term:
    """The plain form of an RDF term."""
    if isinstance(node, ox.NamedNode):
        return node.value
    if isinstance(node, ox.BlankNode):
        return "_:" + node.value
    if isinstance(node, ox.Literal):
        return node
    raise DataError("a triple stands where a term should", hint="write the statement without RDF-star")


class Graph:
    """Triples by subject and by (predicate, object), with the file that each subject comes from."""

    def __init__(self) -> None:
        self._out: dict[str, dict[str, list[Term]]] = {}
        self._in: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._file: dict[str, str] = {}
        self.size = 0

    def parse(self, data: bytes, file: str, rdf_format: ox.RdfFormat = ox.RdfFormat.TURTLE) -> None:
        """Add a file's triples; raises KnowledgeError with file and line when it does not parse."""
        try:
            for quad in ox.parse(io.BytesIO(data), format=rdf_format, rename_blank_nodes=True):
                self.add(term(quad.subject), quad.predicate.value, term(quad.object), file)
        except SyntaxError as error:
            where = f"{file}:{error.lineno}" if error.lineno else file
            raise KnowledgeError(f"does not parse: {error.msg}", where, "mend the syntax at this place") from error

    def add(self, subject: Term, predicate: str, object_: Term, file: str) -> None:
        """Add one triple; a second copy is not counted."""
        assert isinstance(subject, str)
        slot = self._out.setdefault(subject, {}).setdefault(predicate, [])
        if object_ in slot:
            return
        slot.append(object_)
        self._file.setdefault(subject, file)
        if isinstance(object_, str):
            self._in[predicate, object_].append(subject)
        self.size += 1

    def values(self, subject: str, predicate: str) -> list[Term]:
        """All objects, in file order."""
        return self._out.get(subject, {}).get(predicate, [])

    def nodes(self, subject: str, predicate: str) -> list[str]:
        """All objects that are IRIs or blank nodes."""
        return [value for value in self.values(subject, predicate) if isinstance(value, str)]

    def node(self, subject: str, predicate: str) -> str | None:
        """The one IRI or blank node, or None."""
        found = self.nodes(subject, predicate)
        return found[0] if found else None

    def text(self, subject: str, predicate: str) -> str | None:
        """The lexical form of the one literal, or None."""
        for value in self.values(subject, predicate):
            if not isinstance(value, str):
                return value.value
        return None

    def subjects(self, predicate: str, object_: str) -> list[str]:
        """All subjects of the predicate with that IRI as object, in file order."""
        return self._in.get((predicate, object_), [])

    def instances(self, class_: str) -> list[str]:
        """Asserted instances of a class, sorted."""
        return sorted(self.subjects(TYPE, class_))

    def predicates(self, subject: str) -> dict[str, list[Term]]:
        """The subject's statements by predicate."""
        return self._out.get(subject, {})

    def triples(self) -> Iterator[tuple[str, str, Term]]:
        """Every triple."""
        for subject, said in self._out.items():
            for predicate, values in said.items():
                for value in values:
                    yield subject, predicate, value

    def all_subjects(self) -> list[str]:
        """Every node that something is said of."""
        return list(self._out)

    def file(self, subject: str) -> str:
        """The file where the subject was first described."""
        return self._file.get(subject, "?")

    def list(self, head: str) -> Iterator[Term]:
        """The members of an RDF list."""
        seen: set[str] = set()
        while head != RDF + "nil":
            if head in seen:
                raise KnowledgeError("an RDF list runs in a circle", self.file(head))
            seen.add(head)
            yield from self.values(head, RDF + "first")
            rest = self.node(head, RDF + "rest")
            if rest is None:
                raise KnowledgeError("an RDF list has no end", self.file(head), "close the list with rdf:nil")
            head = rest

    def __contains__(self, subject: str) -> bool:
        return subject in self._out
