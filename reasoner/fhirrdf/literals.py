"""Values of primitive types as RDF literals: the datatype tells how exact a date or a number is."""

from __future__ import annotations

import re

import pyoxigraph as ox

from reasoner.graph import XSD

from .jsontext import Number
from .schema import NUMBERS, Release

_ZONE = r"(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)"
_DAY = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
_MOMENTS = (
    ("dateTime", re.compile(f"{_DAY}T{_TIME}{_ZONE}?")),
    ("date", re.compile(_DAY)),
    ("gYearMonth", re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")),
    ("gYear", re.compile(r"\d{4}")),
)
_TIME_ALONE = re.compile(_TIME)
_WHOLE = re.compile(r"-?\d+")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_URIS = frozenset({"uri", "url", "canonical", "oid", "uuid"})
_LENGTH = {"gYear": 4, "gYearMonth": 7}


def literal(value: str | bool | Number, kind: str, release: Release) -> ox.Literal:
    """The value as a literal. A text that the datatype does not allow stays a plain text, so that it comes back."""
    if isinstance(value, bool):
        return _typed("true" if value else "false", "boolean")
    if isinstance(value, Number):
        return _typed(value.text, _numeric(value.text, kind))
    if kind in ("date", "dateTime", "instant"):
        found = next((name for name, pattern in _MOMENTS if pattern.fullmatch(value)), None)
        return _typed(value, found) if found else ox.Literal(value)
    if kind == "time" and _TIME_ALONE.fullmatch(value):
        return _typed(value, "time")
    if kind == "base64Binary" and _BASE64.fullmatch(value):
        return _typed(value, "base64Binary")
    if kind == "integer64" and _WHOLE.fullmatch(value):
        return _typed(value, "long")
    if kind in _URIS and release == "R5":
        return _typed(value, "anyURI")
    return ox.Literal(value)


def _numeric(text: str, kind: str) -> str:
    if "e" in text.lower():
        # A decimal literal has no exponent, and writing it out would change how exact it is.
        return "double"
    if kind == "decimal" or "." in text:
        return "decimal"
    if kind == "positiveInt" and text.lstrip("0").isdigit():
        return "positiveInteger"
    return "nonNegativeInteger" if kind == "unsignedInt" and text.isdigit() else "integer"


def value_of(found: ox.Literal, kind: str) -> str | bool | Number | None:
    """The JSON value of a literal; None where the type cannot have it."""
    text = found.value
    if kind == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text)
    if kind in NUMBERS:
        return Number.of(text)
    # Some libraries write a year as the first day of it.
    length = _LENGTH.get(found.datatype.value.removeprefix(XSD))
    return text[:length] if length else text


def _typed(text: str, name: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD + name))
