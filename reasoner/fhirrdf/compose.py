"""FHIR JSON to FHIR RDF: every element of a resource becomes a statement, or the place that cannot is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from reasoner.errors import DataError
from reasoner.graph import TYPE

from .jsontext import DEEPEST, Number
from .literals import literal
from .schema import NUMBERS, RELEASES, RESOURCE, Element, Release, Schema, concepts, schema
from .turtle import FHIR, Node, Object, text

_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?")
_ABSOLUTE = ("http://", "https://", "urn:uuid:", "urn:oid:")
ENTRY = "Bundle.entry"


def turtle_of(resources: Iterable[Mapping[str, Any]], release: Release, base: str | None = None) -> Iterator[str]:
    """Resources as one Turtle document, in pieces: each is a tree of its own.

    Numbers are :class:`Number` where their digits matter. ``base`` is the address that relative references and the ids
    of the resources are understood by; without it resources have no IRI but the fullUrl of a Bundle's entries. Raises
    DataError with the place of what is not FHIR of this release.
    """
    composer = Composer(release, base)
    return text((composer.root(resource) for resource in resources), release)


@dataclass(slots=True)
class Composer:
    """Makes trees of resources; IRIs are used once a document, so that no two resources become one."""

    release: Release
    base: str | None = None
    schema: Schema = field(init=False)
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.schema = schema(self.release)

    def root(self, resource: Mapping[str, Any]) -> Node:
        """The tree of one resource."""
        kind = self._kind(resource, None)
        own = resource.get("id")
        iri = f"{self.base}{kind}/{own}" if self.base and isinstance(own, str) else None
        node = Node(self._name(iri))
        self._resource(node, resource, kind, kind, 0, self.base)
        return node

    def _name(self, iri: object) -> str | None:
        if not isinstance(iri, str) or iri in self._taken or _iri(iri) is None:
            return None
        self._taken.add(iri)
        return iri

    def _kind(self, resource: object, place: str | None) -> str:
        where = f"`{place}`" if place else "the document"
        if not isinstance(resource, Mapping):
            raise DataError("is no resource", where, "give an object with a `resourceType`")
        kind = resource.get("resourceType")
        if not isinstance(kind, str):
            raise DataError("has no `resourceType`", where, "name the type of the resource")
        if not self.schema.is_resource(kind):
            raise DataError(f"has a `resourceType` that FHIR {self.release} does not know: {_shown(kind)}", where,
                            self._elsewhere(lambda other: other.is_resource(kind)) or "correct it")  # fmt: skip
        return kind

    def _resource(
        self, node: Node, resource: Mapping[str, Any], kind: str, place: str, depth: int, base: str | None
    ) -> None:
        modified = self.release == "R5" and "modifierExtension" in resource
        node.add(TYPE, ox.NamedNode(f"{FHIR}{'_' if modified else ''}{kind}"))
        if not depth:
            node.add(FHIR + "nodeRole", ox.NamedNode(FHIR + "treeRoot"))
        self._elements(node, resource, kind, place, depth, base)

    def _elements(
        self, node: Node, found: Mapping[str, Any], kind: str, place: str, depth: int, base: str | None
    ) -> None:
        if depth > DEEPEST:
            raise DataError("is nested too deeply", f"`{place}`", f"nest elements at most {DEEPEST} deep")
        known = self.schema.elements(kind)
        left = set(found)
        if self.schema.is_resource(kind):
            left.discard("resourceType")
        chosen: dict[str, str] = {}
        for key, element in known.items():
            primitive = self.schema.is_primitive(element.kind)
            beside = f"_{key}" if primitive else None
            if key not in left and beside not in left:
                continue
            left -= {key, f"_{key}"} if primitive else {key}
            if element.choice and chosen.setdefault(element.name, key) != key:
                raise DataError(f"has both `{chosen[element.name]}` and `{key}`", f"`{place}`", "give one of them")
            values = self._values(element, found, beside, f"{place}.{key}")
            # The resource of an entry has the fullUrl beside it as its address.
            url = found.get("fullUrl") if kind == ENTRY and element.kind == RESOURCE else None
            self._state(node, element, values, place, depth, url if isinstance(url, str) else base)
        if left:
            raise self._unknown(min(left), kind, place)

    def _values(
        self, element: Element, found: Mapping[str, Any], beside: str | None, place: str
    ) -> list[tuple[Any, Any]]:
        """The values of an element, each with what stands beside it in ``_element``."""
        for key in (element.key, beside or element.key):
            if key in found and found[key] is None:
                raise DataError("is null", f"`{place}`", "leave it out")
        value, more = found.get(element.key), found.get(beside) if beside else None
        if not element.repeats:
            if isinstance(value, list) or isinstance(more, list):
                raise DataError("is a list, and cannot repeat", f"`{place}`", "give one value")
            return [(value, more)]
        sizes = {len(own) for own in (value, more) if isinstance(own, list)}
        if not sizes or any(own is not None and not isinstance(own, list) for own in (value, more)):
            raise DataError("is not a list", f"`{place}`", "write it as a JSON array")
        if sizes == {0}:
            raise DataError("is an empty list", f"`{place}`", "leave it out")
        if len(sizes) > 1:
            raise DataError(f"has another length than `{beside}`", f"`{place}`", "fill the shorter one with null")
        size = sizes.pop()
        return list(zip(value or [None] * size, more or [None] * size, strict=True))

    def _state(
        self, node: Node, element: Element, values: Sequence[tuple[Any, Any]], place: str, depth: int, base: str | None
    ) -> None:
        objects: list[Object] = []
        for i, (value, more) in enumerate(values):
            at = f"{place}.{element.key}" + (f"[{i}]" if element.repeats else "")
            objects.append(self._object(element, value, more, at, depth, base))
        if self.release == "R4":
            for i, own in enumerate(objects):
                if element.repeats and isinstance(own, Node):
                    own.statements.insert(_after_type(own), (FHIR + "index", literal(Number(str(i)), "integer", "R4")))
                node.add(f"{FHIR}{element.owner}.{element.key}", own)
            return
        modified = any(isinstance(value, Mapping) and "modifierExtension" in value for value, _ in values)
        predicate = f"{FHIR}{'_' if modified and element.kind != RESOURCE else ''}{element.name}"
        listed = tuple(own for own in objects if isinstance(own, Node))
        node.add(predicate, listed if element.repeats else objects[0])

    def _object(
        self, element: Element, value: Any, more: Any, place: str, depth: int, base: str | None
    ) -> Node | ox.Literal:
        kind = element.kind
        if kind == RESOURCE:
            own = self._kind(value, place)
            if element.owner != ENTRY or base is None or base.endswith("/"):
                node = Node()
                self._resource(node, value, own, place, depth + 1, base)
            else:
                node = Node(self._name(base))
                self._resource(node, value, own, place, depth + 1, _stem(base, value))
            return node
        if kind == "xhtml" and more is None and isinstance(value, str):
            return ox.Literal(_encodable(value, place))
        node = Node()
        if element.choice and self.release == "R5":
            node.add(TYPE, ox.NamedNode(FHIR + kind))
        if self.schema.is_primitive(kind):
            self._primitive(node, element, value, more, place, depth)
            return node
        if not isinstance(value, Mapping):
            raise DataError(f"is no {_title(kind)}", f"`{place}`", "write it as a JSON object")
        if not value:
            raise DataError("is empty", f"`{place}`", "leave it out")
        self._decorate(node, kind, value, base)
        self._elements(node, value, kind, place, depth + 1, base)
        return node

    def _primitive(self, node: Node, element: Element, value: Any, more: Any, place: str, depth: int) -> None:
        kind = element.kind
        if value is not None:
            given = Number.of(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value
            wanted = bool if kind == "boolean" else Number if kind in NUMBERS else str
            if not isinstance(given, wanted):
                word = {bool: "true or false", Number: "a number", str: "a text"}[wanted]
                raise DataError(f"is not {word}", f"`{place}`", f"write it as {word}")
            if isinstance(given, str):
                _encodable(given, place)
            node.add(FHIR + ("value" if self.release == "R4" else "v"), literal(given, kind, self.release))
            if kind == "canonical" and (target := _iri(_versioned(value))) is not None:
                node.add(FHIR + "link", target)
        if more is not None:
            if not isinstance(more, Mapping) or not more:
                raise DataError("has beside it what is no element", f"`{place}`", "give id or extension in an object")
            self._elements(node, more, "Element", place, depth + 1, None)

    def _decorate(self, node: Node, kind: str, value: Mapping[str, Any], base: str | None) -> None:
        """What RDF can use and JSON does not say: the IRI of a concept, and that of a reference's target."""
        if kind == "Coding":
            known = concepts(self.release).get(str(value.get("system")))
            code = value.get("code")
            if known is not None and isinstance(code, str) and _CODE.fullmatch(code):
                node.add(TYPE, ox.NamedNode(known.stem + code))
        if kind == "Reference" and isinstance(target := value.get("reference"), str):
            if _RELATIVE.fullmatch(target) and base:
                target = base + target
            if (iri := _iri(target)) is not None:
                node.add(FHIR + "link", iri)

    def _unknown(self, key: str, kind: str, place: str) -> DataError:
        hint = self._elsewhere(lambda other: kind in other.bases and key.lstrip("_") in other.elements(kind))
        shown = _shown(key)
        return DataError(f"has an element that FHIR {self.release} does not know: {shown}", f"`{place}`",
                         hint or "take it out, or write it as an extension")  # fmt: skip

    def _elsewhere(self, knows: Any) -> str | None:
        other = next(own for own in RELEASES if own != self.release)
        return f"give `--release {other}`, which knows it" if knows(schema(other)) else None


def _after_type(node: Node) -> int:
    return sum(1 for predicate, _ in node.statements if predicate == TYPE)


def _stem(url: str, resource: Mapping[str, Any]) -> str | None:
    """What relative references in a resource are relative to, by its address."""
    tail = f"{resource.get('resourceType')}/{resource.get('id')}"
    return url.removesuffix(tail) if url.endswith(f"/{tail}") else None


def _iri(text: str) -> ox.NamedNode | None:
    if not text.startswith(_ABSOLUTE):
        return None
    try:
        return ox.NamedNode(text)
    except ValueError:
        return None


def _versioned(canonical: object) -> str:
    url, bar, version = str(canonical).partition("|")
    return f"{url}{'&' if '?' in url else '?'}version={version}" if bar else url


def _encodable(value: str, place: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise DataError("holds half a character", f"`{place}`", "write the text in UTF-8") from error
    return value


def _title(kind: str) -> str:
    return f"element `{kind}`" if "." in kind else kind


def _shown(name: str) -> str:
    """A name from outside, as far as it can be one."""
    return f"`{name}`" if re.fullmatch(r"_?[A-Za-z][A-Za-z0-9]{0,63}", name) else "something that is no name"
