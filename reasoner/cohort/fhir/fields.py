"""Which elements of a resource the reader looks at, as types that decode these elements and skip the rest.

What stands in an element stays as it was written (``Raw``): equal bytes say the same, so a statement is looked up by
its bytes and only a new one is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
from msgspec import Raw

from reasoner.fhir.statement import OBSERVED
from reasoner.fhir.tables import FhirMapping

_NONE: Any = b""
"""What stands for an element that is not there: plain bytes join faster than empty ``Raw`` ones."""
OBSERVATION, PATIENT, BUNDLE = "Observation", "Patient", "Bundle"
CODE = "code"
"""The element that tells what a resource is about, also in types that the mapping does not read."""
COMPONENT = "component"
_READ_VALUES = ("valueCodeableConcept", "valueQuantity", "valueInteger")
_OTHER_VALUES = (
    "valueString", "valueBoolean", "valueRange", "valueRatio", "valueSampledData", "valueTime", "valueDateTime",
    "valuePeriod", "valueAttachment", "valueReference",
)  # fmt: skip
"""The other values that FHIR has: the reader says only that they are there."""
VALUES = (*_READ_VALUES, *_OTHER_VALUES, "dataAbsentReason", COMPONENT)
"""Where nothing of these is there, the resource may hold a value of a type that FHIR does not have."""
_PLACE = ("bodySite", "bodyStructure")
_ENCODER = msgspec.json.Encoder()
Joined = Callable[[list[tuple[Any, ...]]], list[bytes]]


class Reference(msgspec.Struct, gc=False, frozen=True):
    """A Reference by its text alone."""

    reference: str = ""


_NOBODY = Reference()


class Component(msgspec.Struct, gc=False, omit_defaults=True):
    """A component of an Observation by its code alone."""

    code: Raw = _NONE


_COMPONENTS: msgspec.json.Decoder[Any] = msgspec.json.Decoder(list[Component])


class Fields:
    """The elements of one resource type, by what they are needed for."""

    def __init__(self, kind: str, mapping: FhirMapping) -> None:
        self.kind = kind
        self.top: tuple[str, ...] = ()
        """Elements that tell whether the resource says anything at all."""
        self.deep: tuple[str, ...] = ()
        """Further elements that tell what it says."""
        self.present: tuple[str, ...] = ()
        """Elements of which only matters that they are there."""
        self.dates: tuple[str, ...] = ()
        self.targets: tuple[str, ...] = ()
        """Elements that refer to the subjects."""
        statuses = mapping.statuses.get(kind, ())
        status = tuple(status.element for status in statuses)
        denied = tuple(name for status in statuses for name in status.denied_by)
        spec = mapping.resources.get(kind)
        self.read = True
        if kind == OBSERVATION:
            self.top = (CODE, COMPONENT)
            self.deep = (*status, *_READ_VALUES, "dataAbsentReason", *_PLACE)
            self.present, self.dates, self.targets = (*denied, *_OTHER_VALUES), OBSERVED, ("focus",)
        elif spec is not None:
            self.top = (spec.code[0],)
            self.deep = tuple(dict.fromkeys((*status, *_PLACE)))
            self.present, self.dates, self.targets = denied, spec.dates, spec.reasons
        elif kind == PATIENT:
            self.deep = tuple(element for element, _, _ in mapping.elements.get(PATIENT, ()))
        else:
            self.read = False

    @property
    def said(self) -> tuple[str, ...]:
        """Those that tell what the resource says, but for whose it is and when."""
        return tuple(one for one in (*self.top, *self.deep, *self.present) if one not in self.dates + self.targets)

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, those that are needed together side by side."""
        return (*self.said, *self.dates, *self.targets)


class Shapes:
    """The types to decode with, made from the mapping."""

    def __init__(self, mapping: FhirMapping) -> None:
        self.mapping = mapping
        kinds = dict.fromkeys((OBSERVATION, PATIENT, *mapping.resources))
        self.fields = {kind: Fields(kind, mapping) for kind in kinds}
        self.any = _struct("AnyResource", (name for fields in self.fields.values() for name in fields.names))
        self._lines: dict[str, msgspec.json.Decoder[Any]] = {
            kind: msgspec.json.Decoder(_struct(kind, fields.names, kind)) for kind, fields in self.fields.items()
        }
        entry: Any = msgspec.defstruct("Entry", [("resource", self.any | None, None), ("fullUrl", str, "")], gc=False)
        entries: Any = msgspec.field(default_factory=list)
        bundle = msgspec.defstruct(BUNDLE, [("resourceType", str, ""), ("entry", list[entry], entries)], gc=False)
        self._lines[BUNDLE] = msgspec.json.Decoder(bundle)
        self._other = msgspec.json.Decoder(_struct("OtherResource", (CODE,)))

    def of(self, kind: str) -> Fields:
        """The elements of a resource type, also of one that nothing reads."""
        found = self.fields.get(kind)
        return Fields(kind, self.mapping) if found is None else found

    def decoder(self, kind: str) -> msgspec.json.Decoder[Any]:
        """What decodes resources of that type."""
        return self._lines.get(kind, self._other)


def _struct(name: str, names: Iterable[str], kind: str | None = None) -> Any:
    """A type with some elements; with ``kind`` it takes resources of that type only."""
    fields: list[Any] = [("id", str, ""), ("subject", Reference, _NOBODY)]
    fields += [(one, Raw, _NONE) for one in dict.fromkeys(names)]
    if kind is None:
        return msgspec.defstruct(name, [("resourceType", str, ""), *fields], gc=False, omit_defaults=True)
    return msgspec.defstruct(name, fields, gc=False, omit_defaults=True, tag_field="resourceType", tag=kind)


def codes_of(names: tuple[str, ...]) -> Callable[[list[Any]], list[bytes]]:
    """Gives the codes of resources as they were written, and after a zero byte those of the components of some."""
    code = attrgetter(names[0])
    if len(names) == 1:
        return lambda items: list(map(bytes, map(code, items)))
    components = attrgetter(names[1])

    def give(items: list[Any]) -> list[bytes]:
        raws, more = list(map(bytes, map(code, items))), list(map(components, items))
        if more.count(_NONE) < len(items):
            for i, own in enumerate(more):
                if own != _NONE:
                    raws[i] = b"\0".join((raws[i], codes_alone(own)))
        return raws

    return give


def codes_alone(components: Any) -> bytes:
    """Components with nothing but their codes, which tell whether any of them is mapped: their values hardly repeat.

    What is not as FHIR says stays as it is.
    """
    try:
        return _ENCODER.encode(_COMPONENTS.decode(components))
    except msgspec.DecodeError:
        return bytes(components)


def joined(struct: Any, names: Sequence[str]) -> Joined:
    """Gives the named elements of resources, taken as tuples, as they were written: joined by zero bytes."""
    places = [struct.__struct_fields__.index(name) for name in names]
    first, end = min(places, default=0), max(places, default=-1) + 1
    side_by_side = places == list(range(first, end))
    take: Any = itemgetter(slice(first, end)) if side_by_side else itemgetter(*places)
    return lambda rows: list(map(b"\0".join, map(take, rows)))


def stripped(struct: Any, names: Sequence[str]) -> Joined:
    """The same without the zero bytes after the last element that is there, which tell nothing."""
    give = joined(struct, names)
    return give if len(names) < 2 else lambda rows: [raw.rstrip(b"\0") for raw in give(rows)]
