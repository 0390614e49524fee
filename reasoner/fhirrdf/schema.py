"""What FHIR says of its types: which elements they have, of which types, and which of them repeat.

The tables ``r4.txt`` and ``r5.txt`` hold HL7's definitions (CC0) and say where they come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Release = Literal["R4", "R5"]
RELEASES: tuple[Release, ...] = ("R4", "R5")

RESOURCE = "Resource"
NUMBERS = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})
"""Types that JSON writes as numbers; every other primitive but boolean is a text there."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element under one of the names that JSON has for it: a choice has one for each of its types."""

    key: str
    """As in JSON: ``valueQuantity``."""
    name: str
    """As in the specification, without ``[x]``: ``value``."""
    kind: str
    owner: str
    """The type that declares it."""
    repeats: bool
    choice: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """The types of one release."""

    release: Release
    bases: Mapping[str, str]
    own: Mapping[str, tuple[Element, ...]]
    memory: dict[str, Mapping[str, Element]]

    def elements(self, kind: str) -> Mapping[str, Element]:
        """All elements of a type by their names in JSON, in the order of the specification."""
        found = self.memory.get(kind)
        if found is None:
            inherited = self.elements(base) if (base := self.bases[kind]) else {}
            found = self.memory[kind] = {**inherited, **{element.key: element for element in self.own[kind]}}
        return found

    def is_resource(self, kind: str) -> bool:
        """Whether the type can be the ``resourceType`` of a resource."""
        if "." in kind or kind not in self.bases or kind in _ABSTRACT:
            return False
        while base := self.bases[kind]:
            if base == RESOURCE:
                return True
            kind = base
        return False

    def is_primitive(self, kind: str) -> bool:
        """Whether the type has a value of its own and no elements but id and extension."""
        return kind not in self.bases


_ABSTRACT = {RESOURCE, "DomainResource", "CanonicalResource", "MetadataResource"}


@cache
def schema(release: Release) -> Schema:
    """The types of a release."""
    text = files("reasoner.fhirrdf").joinpath(f"{release.lower()}.txt").read_text("utf-8")
    bases: dict[str, str] = {}
    own: dict[str, list[Element]] = {}
    kind = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if line.startswith(" "):
            own[kind] += _elements(kind, line)
        else:
            kind, _, base = line.partition("<")
            bases[kind], own[kind] = base, []
    return Schema(release, bases, {name: tuple(elements) for name, elements in own.items()}, {})


def _elements(owner: str, line: str) -> list[Element]:
    label, kinds = line.split()
    repeats = label.endswith("*")
    name = label.removesuffix("*")
    if not name.endswith("[x]"):
        return [Element(name, name, kinds, owner, repeats, False)]
    name = name.removesuffix("[x]")
    return [Element(name + kind[0].upper() + kind[1:], name, kind, owner, repeats, True) for kind in kinds.split(",")]


@dataclass(frozen=True, slots=True)
class Concepts:
    """A code system whose codes have IRIs."""

    system: str
    prefix: str
    stem: str


@cache
def concepts(release: Release) -> Mapping[str, Concepts]:
    """The code systems whose codes have IRIs, by system."""
    text = files("reasoner.fhirrdf").joinpath("concepts.txt").read_text("utf-8")
    rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    place = 2 + RELEASES.index(release)
    return {row[0]: Concepts(row[0], row[1], row[place]) for row in rows}
