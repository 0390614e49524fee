"""FHIR resources at random, by the definitions of a release: every element has its turn, with its odd values."""

from __future__ import annotations

import random
from typing import Any

from reasoner.fhirrdf import Number, Release
from reasoner.fhirrdf.schema import RESOURCE, Element, schema

Json = dict[str, Any]

_TEXTS = (
    "plain", "", " ", "two\nlines\r\n", 'a "quoted" \\ word', "ischémie – naïve ☃ 𝄞", "\t", "'''", '"""', "# not",
    "\u0001\u007f\u2028", "https://example.org/a?b=c#d", "<div>", "@en", "^^xsd:date", "null", "true", "1.50",
)  # fmt: skip
_NUMBERS = ("0", "-0", "1", "-7", "1.50", "0.10", "100.000", "3.141592653589793238462643", "1e3", "1.0E-7", "-2.5e+10",
            "123456789012345678901234567890")  # fmt: skip
_WHOLE = ("0", "1", "42", "2147483647")
_DATES = ("2026", "2026-03", "2026-03-31", "0001-01-01", "not a date", "2026-13-40")
_MOMENTS = (
    "2026-03-31T10:00:00Z",
    "2026-03-31T10:00:00.120+01:00",
    "1999-12-31T23:59:59.999999-14:00",
    "2026-03-31T24:00",
)
_URIS = ("http://snomed.info/sct", "http://loinc.org", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "#contained",
         "Patient/p1", "http://example.org/a b", "https://example.org/Library/x|1.0.0", "no uri \"'")  # fmt: skip
_VALUES = {
    "boolean": (True, False),
    "decimal": tuple(Number(text) for text in _NUMBERS),
    "integer": tuple(Number(text) for text in ("-3", *_WHOLE)),
    "unsignedInt": tuple(Number(text) for text in _WHOLE),
    "positiveInt": tuple(Number(text) for text in _WHOLE),
    "integer64": ("9223372036854775807", "-1", "7"),
    "date": _DATES,
    "dateTime": (*_DATES, *_MOMENTS),
    "instant": _MOMENTS,
    "time": ("10:00:00", "23:59:59.5", "25:00"),
    "base64Binary": ("QUJD", "QUI=", "", "not base64!"),
    "xhtml": ('<div xmlns="http://www.w3.org/1999/xhtml"><p>a &lt; b</p>\n</div>',),
    "code": ("final", "73211009", "8867-4", "a b"),
    "uri": _URIS, "url": _URIS, "canonical": _URIS, "oid": ("urn:oid:1.2.3",), "uuid": _URIS[2:3],
}  # fmt: skip


class Generator:
    """Makes resources of one release; the same seed makes the same ones."""

    def __init__(self, release: Release, seed: int) -> None:
        self.schema, self.random = schema(release), random.Random(seed)
        self.kinds = sorted(kind for kind in self.schema.bases if self.schema.is_resource(kind))
        self.made: set[str] = set()

    def resource(self, kind: str, share: float = 0.3, depth: int = 0) -> Json:
        """A resource of a type; ``share`` of its elements are there."""
        return {"resourceType": kind} | self._elements(kind, share, depth)

    def _elements(self, kind: str, share: float, depth: int) -> Json:
        found: Json = {}
        chosen: set[str] = set()
        elements = list(self.schema.elements(kind).values())
        self.random.shuffle(elements)
        for element in elements:
            rare = element.name in ("extension", "modifierExtension", "contained", "id", "meta") and depth
            if element.name in chosen or self.random.random() > (share / 4 if rare else share):
                continue
            if depth > 2 and not self.schema.is_primitive(element.kind):
                continue
            if element.choice and self.random.random() > 0.3:
                continue
            chosen.add(element.name)
            self.made.add(f"{element.owner}.{element.key}")
            self._add(found, element, depth)
        return found or self._one(kind, depth)

    def _one(self, kind: str, depth: int) -> Json:
        """Nodes are never empty."""
        if self.schema.is_resource(kind):
            return {}
        primitives = [e for e in self.schema.elements(kind).values() if self.schema.is_primitive(e.kind)]
        found: Json = {}
        self._add(found, self.random.choice(primitives), depth)
        return found

    def _add(self, found: Json, element: Element, depth: int) -> None:
        size = self.random.choice((1, 1, 2, 3)) if element.repeats else 1
        if not self.schema.is_primitive(element.kind):
            values = [self._complex(element.kind, depth) for _ in range(size)]
            found[element.key] = values if element.repeats else values[0]
            return
        pairs = [self._primitive(element.kind, depth, element.repeats) for _ in range(size)]
        given, beside = [value for value, _ in pairs], [more for _, more in pairs]
        if any(value is not None for value in given) or not any(beside):
            found[element.key] = given if element.repeats else given[0]
        if any(beside):
            found[f"_{element.key}"] = beside if element.repeats else beside[0]

    def _complex(self, kind: str, depth: int) -> Json:
        if kind == RESOURCE:
            return self.resource(self.random.choice(self.kinds), 0.1, depth + 2)
        return self._elements(kind, 0.35 / (depth + 1), depth + 1)

    def _primitive(self, kind: str, depth: int, repeats: bool) -> tuple[Any, Json | None]:
        value: Any = self.random.choice(_VALUES.get(kind, _TEXTS))
        if depth > 2 or kind == "xhtml" or self.random.random() > 0.1:
            return (None if repeats and self.random.random() < 0.05 else value), None
        more: Json = {"extension": [{"url": "https://example.org/x", "valueDecimal": Number("1.00")}]}
        if self.random.random() < 0.5:
            more["id"] = "e1"
        return (None if self.random.random() < 0.4 else value), more
