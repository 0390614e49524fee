"""FHIR RDF to FHIR JSON: every statement becomes an element, or the place that cannot is named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from reasoner.errors import DataError
from reasoner.graph import RDF, TYPE, XSD

from .jsontext import DEEPEST, Number
from .literals import value_of
from .schema import RELEASES, RESOURCE, Element, Release, Schema, schema
from .turtle import FHIR

Term = ox.NamedNode | ox.BlankNode | ox.Literal
Said = dict[str, list[Term]]

_FIRST, _REST, _NIL = RDF + "first", RDF + "rest", ox.NamedNode(RDF + "nil")
_ROLE, _ROOT = FHIR + "nodeRole", ox.NamedNode(FHIR + "treeRoot")
_INDEX = FHIR + "index"
_LINKS = (FHIR + "link", FHIR + "l")
_WHOLE = re.compile(r"\+?0*(\d{1,9})")
_CARRIERS = ("resource", "contained", "outcome", "issues")


def documents_of(
    triples: Sequence[ox.Quad | ox.Triple], where: str, release: Release | None = None
) -> list[dict[str, Any]]:
    """The resources of a graph, in its order, numbers as :class:`Number`.

    The shape (that of R4, or that of R5) is told by the names of the properties. ``release`` says which elements there
    are; without it those of the shape's release, or else those of the other one, for each resource. Raises DataError
    with the place of what cannot become an element.
    """
    graph = Graph.of(triples, where)
    tried = (release,) if release else (graph.shape, next(own for own in RELEASES if own != graph.shape))
    found = [_document(graph, root, tried) for root in graph.roots()]
    if not found:
        raise DataError("holds no FHIR resource", f"`{where}`", "mark it with `fhir:nodeRole fhir:treeRoot`")
    graph.check_all_read()
    return found


def _document(graph: Graph, root: str, releases: Sequence[Release]) -> dict[str, Any]:
    first: DataError | None = None
    for release in releases:
        reader = Reader(graph, schema(release))
        try:
            document = reader.root(root)
        except DataError as error:
            # What this release does not know, the other one may.
            first = first or error
        else:
            graph.read |= reader.read
            return document
    assert first is not None
    raise first


@dataclass(slots=True)
class Graph:
    """Statements by subject and predicate, and which subjects have been read."""

    where: str
    said: dict[str, Said]
    shape: Release
    read: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, triples: Sequence[ox.Quad | ox.Triple], where: str) -> Graph:
        """The graph, in the shape that its properties have. Raises DataError where they have both."""
        said: dict[str, Said] = {}
        dotted = plain = None
        for t in triples:
            if isinstance(t.subject, ox.Triple) or isinstance(t.object, ox.Triple):
                raise DataError("holds a triple where a term should stand", f"`{where}`", "write it without RDF-star")
            predicate = t.predicate.value
            objects = said.setdefault(str(t.subject), {}).setdefault(predicate, [])
            if t.object not in objects:
                objects.append(t.object)
            if predicate.startswith(FHIR) and predicate not in _LINKS and predicate not in (_ROLE, _INDEX):
                if "." in predicate[len(FHIR) :]:
                    dotted = dotted or predicate
                elif predicate != FHIR + "value":
                    plain = plain or predicate
        if dotted and plain:
            names = f"`fhir:{dotted[len(FHIR) :]}` and `fhir:{plain[len(FHIR) :]}`"
            raise DataError(f"mixes the shapes of R4 and R5: {names}", f"`{where}`", "convert its parts one by one")
        return cls(where, said, "R4" if dotted else "R5")

    def roots(self) -> list[str]:
        """The nodes that resources begin at: those marked, else those of a resource type that nothing carries."""
        marked = [node for node, said in self.said.items() if _ROOT in said.get(_ROLE, ())]
        if marked:
            return marked
        known = [schema(release) for release in RELEASES]
        carried = {
            str(item)
            for said in self.said.values()
            for predicate, objects in said.items()
            if predicate.rpartition("/")[2].rpartition(".")[2].lstrip("_") in _CARRIERS or predicate == _FIRST
            for item in objects
        }
        return [
            node
            for node, said in self.said.items()
            if node not in carried
            and any(own.is_resource(kind) for kind in _fhir_types(said) for own in known)
            and any(predicate.startswith(FHIR) for predicate in said)
        ]

    def check_all_read(self) -> None:
        """Raise DataError where a FHIR statement belongs to no resource: it would be lost."""
        for node, said in self.said.items():
            if node not in self.read and (lost := next((p for p in said if p.startswith(FHIR)), None)):
                name = lost[len(FHIR) :]
                raise DataError(f"holds a node with {_shown(name)} that belongs to no resource", f"`{self.where}`",
                                "join it to its resource, or take it out")  # fmt: skip


@dataclass(slots=True)
class Reader:
    """Reads trees of one graph with the elements of one release."""

    graph: Graph
    schema: Schema
    read: set[str] = field(default_factory=set)
    """The nodes of the tree so far."""

    def root(self, node: str) -> dict[str, Any]:
        """The resource that begins at a node."""
        return self._resource(node, "", 0)

    def _said(self, node: Term | str, place: str) -> Said:
        name = str(node)
        if name in self.read or name in self.graph.read:
            raise self._error("is at two places of the tree", place, "give each place a node of its own")
        self.read.add(name)
        return self.graph.said.get(name, {})

    def _error(self, message: str, place: str, hint: str) -> DataError:
        where = f"`{self.graph.where}`"
        return DataError(message, f"{where}: `{place}`" if place else f"a resource in {where}", hint)

    def _resource(self, node: Term | str, place: str, depth: int) -> dict[str, Any]:
        said = self._said(node, place)
        kinds = [kind for kind in _fhir_types(said) if self.schema.is_resource(kind)]
        if len(kinds) != 1:
            named = ", ".join(_shown(kind) for kind in _fhir_types(said)) or "none"
            raise self._error(f"has no resource type of FHIR {self.schema.release} (its types: {named})", place,
                              "give it one type such as `fhir:Patient`")  # fmt: skip
        found = {"resourceType": kinds[0]}
        return found | self._elements(said, kinds[0], place or kinds[0], depth)

    def _elements(self, said: Said, kind: str, place: str, depth: int) -> dict[str, Any]:
        if depth > DEEPEST:
            raise self._error("is nested too deeply", place, f"nest elements at most {DEEPEST} deep")
        elements = self.schema.elements(kind)
        order = {key: i for i, key in enumerate(elements)}
        read: list[tuple[Element, list[Any]]] = []
        for predicate, objects in said.items():
            if self._is_aside(predicate, elements) or (predicate == self._value and self._is_value(kind)):
                continue
            element = self._element(predicate, objects, elements, kind, place)
            at = f"{place}.{element.key}"
            items = self._items(element, objects, at)
            values = [
                self._item(element, item, f"{at}[{i}]" if element.repeats else at, depth)
                for i, item in enumerate(items)
            ]
            read.append((element, values))
        read.sort(key=lambda one: order[one[0].key])
        found: dict[str, Any] = {}
        seen: dict[str, str] = {}
        for element, values in read:
            if seen.setdefault(element.name, element.key) != element.key or element.key in found:
                raise self._error(f"has `{element.name}` twice", place, "give it once")
            self._put(found, element, values, place)
        if kind == "Reference" and "reference" not in found:
            links = [link.value for name in _LINKS for link in said.get(name, ())]
            found |= {"reference": links[0]} if links else {}
        return found

    @property
    def _value(self) -> str:
        return FHIR + ("value" if self.graph.shape == "R4" else "v")

    def _is_aside(self, predicate: str, elements: Mapping[str, Element]) -> bool:
        """Whether the property says nothing that JSON says; in the shape of R5 some elements have such a name."""
        if predicate in (TYPE, _ROLE):
            return True
        own = self.graph.shape == "R5" and predicate[len(FHIR) :] in elements
        return not own and predicate in (_INDEX, *_LINKS)

    def _is_value(self, kind: str) -> bool:
        """Whether the node is a primitive: its elements are those of Element, and its value is read elsewhere."""
        return kind == "Element"

    def _element(
        self, predicate: str, objects: Sequence[Term], elements: Mapping[str, Element], kind: str, place: str
    ) -> Element:
        if not predicate.startswith(FHIR):
            raise self._error(f"has a property that is not FHIR's: `{predicate}`", place, "take it out")
        name = predicate[len(FHIR) :]
        if self.graph.shape == "R4":
            element = elements.get(name.rpartition(".")[2])
            if element is None or (f"{element.owner}.{element.key}" != name and name != f"{kind}.{element.key}"):
                raise self._unknown(name, place)
            return element
        name = name.removeprefix("_")
        choices = [element for element in elements.values() if element.name == name]
        if not choices:
            raise self._unknown(name, place)
        return choices[0] if not choices[0].choice else self._chosen(choices, objects, f"{place}.{name}")

    def _unknown(self, name: str, place: str) -> DataError:
        return self._error(f"has a property that FHIR {self.schema.release} does not know: {_shown(name)}", place,
                           "take it out, or write it as an extension")  # fmt: skip

    def _chosen(self, choices: Sequence[Element], objects: Sequence[Term], place: str) -> Element:
        """The one of a choice's elements that the type of the value names, or else its datatype or its elements."""
        (value,) = objects if len(objects) == 1 else (None,)
        said = {} if value is None or isinstance(value, ox.Literal) else self.graph.said.get(str(value), {})
        names = {kind[:1].lower() + kind[1:] for kind in _fhir_types(said)}
        found = [element for element in choices if element.kind[:1].lower() + element.kind[1:] in names]
        if not found:
            literals = [value] if isinstance(value, ox.Literal) else said.get(self._value, [])
            datatypes = {one.datatype.value.removeprefix(XSD) for one in literals if isinstance(one, ox.Literal)}
            others = {kind for datatype in datatypes for kind in _KINDS.get(datatype, ())}
            found = [element for element in choices if element.kind in datatypes]
            found = found or [element for element in choices if element.kind in others]
        if not found and said and self._value not in said:
            own = {p[len(FHIR) :] for p in said if p.startswith(FHIR) and p not in _LINKS}
            fitting = [e for e in choices if not self.schema.is_primitive(e.kind) and own <= self._names(e.kind)]
            found = fitting if len(fitting) == 1 else []
        if len(found) != 1:
            raise self._error("has no type, and not one alone fits", place, "give it a type such as `fhir:Quantity`")
        return found[0]

    def _names(self, kind: str) -> set[str]:
        return {element.name for element in self.schema.elements(kind).values()}

    def _items(self, element: Element, objects: Sequence[Term], place: str) -> Sequence[Term]:
        """The values of an element in their order."""
        if self.graph.shape == "R5" and len(objects) == 1 and self._is_list(objects[0]):
            items = self._listed(objects[0], place)
        elif element.repeats and self.graph.shape == "R4" and len(objects) > 1:
            items = self._indexed(objects, place)
        elif len(objects) == 1:
            items = list(objects)
        else:
            raise self._error("has several values and no order", place, "write them as one list")
        if len(items) != 1 and not element.repeats:
            raise self._error(f"has {len(items)} values, and cannot repeat", place, "give one")
        if not items:
            raise self._error("is an empty list", place, "leave it out")
        return items

    def _is_list(self, node: Term) -> bool:
        return node == _NIL or _FIRST in self.graph.said.get(str(node), {})

    def _listed(self, head: Term, place: str) -> list[Term]:
        items: list[Term] = []
        while head != _NIL:
            cell = self._said(head, place)
            if len(cell.get(_FIRST, ())) != 1 or len(cell.get(_REST, ())) != 1:
                raise self._error("is a broken RDF list", place, "mend it")
            items.append(cell[_FIRST][0])
            head = cell[_REST][0]
        return items

    def _indexed(self, objects: Sequence[Term], place: str) -> list[Term]:
        found: dict[int, Term] = {}
        for node in objects:
            index = [o.value for o in self.graph.said.get(str(node), {}).get(_INDEX, ()) if isinstance(o, ox.Literal)]
            match = _WHOLE.fullmatch(index[0]) if len(index) == 1 else None
            if match is not None:
                found[int(match[1])] = node
        if sorted(found) != list(range(len(objects))):
            raise self._error("has no `fhir:index` from 0 on for each value", place, "number them 0, 1, 2, …")
        return [found[i] for i in range(len(found))]

    def _item(self, element: Element, item: Term, place: str, depth: int) -> Any:
        """A complex value; or of a primitive the pair of its value and what stands beside it."""
        if element.kind == RESOURCE:
            if isinstance(item, ox.Literal):
                raise self._error("is a literal where a resource should stand", place, "give the resource")
            return self._resource(item, place, depth + 1)
        if self.schema.is_primitive(element.kind):
            return self._primitive(element.kind, item, place, depth)
        if isinstance(item, ox.Literal):
            raise self._error(f"is a literal where a `{element.kind}` should stand", place, "give it as a node")
        found = self._elements(self._said(item, place), element.kind, place, depth + 1)
        if not found:
            raise self._error("is empty", place, "leave it out")
        return found

    def _primitive(self, kind: str, item: Term, place: str, depth: int) -> tuple[str | bool | Number | None, Any]:
        if isinstance(item, ox.Literal):
            return self._literal(kind, item, place), None
        said = self._said(item, place)
        values = said.get(self._value, [])
        if len(values) > 1 or any(not isinstance(one, ox.Literal) for one in values):
            raise self._error("has no single literal as its value", place, "give one")
        beside = self._elements(said, "Element", place, depth + 1) or None
        value = self._literal(kind, values[0], place) if values and isinstance(values[0], ox.Literal) else None
        return value, beside

    def _literal(self, kind: str, found: ox.Literal, place: str) -> str | bool | Number:
        value = value_of(found, kind)
        if value is None:
            raise self._error(f"is no `{kind}`", place, "correct the literal")
        return value

    def _put(self, found: dict[str, Any], element: Element, values: list[Any], place: str) -> None:
        if not self.schema.is_primitive(element.kind):
            found[element.key] = values if element.repeats else values[0]
            return
        given, beside = [value for value, _ in values], [more for _, more in values]
        if element.repeats:
            if any(value is not None for value in given) or not any(beside):
                found[element.key] = given
            if any(beside):
                found[f"_{element.key}"] = beside
            return
        if given[0] is None and beside[0] is None:
            raise self._error("has no value", f"{place}.{element.key}", "leave it out")
        if given[0] is not None:
            found[element.key] = given[0]
        if beside[0] is not None:
            found[f"_{element.key}"] = beside[0]


_KINDS = {
    "long": ("integer64",),
    "nonNegativeInteger": ("unsignedInt",),
    "positiveInteger": ("positiveInt",),
    "double": ("decimal",),
    "anyURI": ("uri", "url", "canonical", "oid", "uuid"),
    "gYear": ("date", "dateTime"),
    "gYearMonth": ("date", "dateTime"),
    "date": ("dateTime",),
    "dateTime": ("instant",),
    "string": ("code", "markdown", "id"),
}
"""The FHIR types that a datatype may stand for besides the one of its name."""


def _fhir_types(said: Said) -> list[str]:
    return [
        kind.value[len(FHIR) :].removeprefix("_")
        for kind in said.get(TYPE, ())
        if isinstance(kind, ox.NamedNode) and kind.value.startswith(FHIR)
    ]


def _shown(name: str) -> str:
    """A name from outside, as far as it can be one."""
    return f"`fhir:{name}`" if re.fullmatch(r"[A-Za-z_.]{1,120}", name) else "something that is no name"
