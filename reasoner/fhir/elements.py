"""Reads FHIR elements of any shape: what is not as FHIR says is `MalformedError`, never a surprise further on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from reasoner.dates import interval

from .identity import Identities

Coding = tuple[str | None, str | None]

_PLAIN = re.compile(r"[a-z][a-z-]{0,19}|[a-zA-Z%\[\]{}/]{1,8}[0-9]?")
_HUGE = 1e15
_UCUM = "http://unitsofmeasure.org"


class MalformedError(Exception):
    """An element is not of the type that FHIR gives it."""

    def __init__(self, element: str, wanted: str) -> None:
        super().__init__(element)
        self.element, self.wanted = element, wanted


def shown(text: object) -> str:
    """A code or unit as a message may show it; free text is not repeated, it may hold anything."""
    return f"`{text}`" if isinstance(text, str) and _PLAIN.fullmatch(text) else "what stands there"


def codings(concept: object, element: str) -> list[Coding]:
    """The codings of a CodeableConcept, none when it is missing."""
    if (only := _single(concept)) is not None:
        return [only]
    if concept is None:
        return []
    if not isinstance(concept, dict):
        raise MalformedError(element, "a CodeableConcept")
    found = concept.get("coding")
    if found is None:
        return []
    if not isinstance(found, list):
        raise MalformedError(element + ".coding", "a list")
    pairs: list[Coding] = []
    for coding in found:
        if not isinstance(coding, dict):
            raise MalformedError(element + ".coding", "a list of Codings")
        system, code = coding.get("system"), coding.get("code")
        if not (system is None or isinstance(system, str)) or not (code is None or isinstance(code, str)):
            raise MalformedError(element + ".coding", "a list of Codings with texts as system and code")
        pairs.append((system, code))
    return pairs


def _single(concept: object) -> Coding | None:
    """The coding of a concept that has one with system and code: nearly every concept, so it is looked at first."""
    if type(concept) is not dict or type(found := concept.get("coding")) is not list or len(found) != 1:
        return None
    if type(only := found[0]) is not dict or not type(only.get("system")) is type(only.get("code")) is str:
        return None
    return only["system"], only["code"]


def concepts(value: object, element: str) -> list[list[Coding]]:
    """The codings of each CodeableConcept of an element that may repeat."""
    if value is None:
        return []
    if isinstance(value, list):
        return [codings(one if one is not None else "null", element) for one in value]
    return [codings(value, element)]


def references(value: object, element: str, identities: Identities, i: int) -> tuple[str, ...]:
    """The IRIs that an element of References (or CodeableReferences) names."""
    if value is None:
        return ()
    found = []
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, dict):
            raise MalformedError(element, "a list of References")
        target = one.get("reference")
        if isinstance(target, dict):
            target = target.get("reference")
        if isinstance(target, str) and target:
            found.append(identities.resolve(target, i))
        elif target is not None:
            raise MalformedError(element, "a list of References with texts as reference")
    return tuple(found)


def moment(resource: dict[str, Any], elements: Sequence[str]) -> tuple[str | None, str | None]:
    """When the first of the elements that is there counts (a Period by its end), and when it begins."""
    for element in elements:
        value = resource.get(element)
        if value is None:
            continue
        if isinstance(value, str):
            return _date(value, element), value
        if not isinstance(value, dict):
            raise MalformedError(element, "a FHIR date or a Period")
        events = value.get("event")
        if isinstance(events, list) and events:
            dates = [_date(event, element) for event in events]
            return max(dates, key=interval), min(dates, key=interval)
        start, end = (_date(value[part], element) if value.get(part) is not None else None for part in ("start", "end"))
        return end or start, start or end
    return None, None


def _date(value: object, element: str) -> str:
    try:
        if isinstance(value, str):
            interval(value)
            return value
    except ValueError:
        pass
    raise MalformedError(element, "a FHIR date such as 2026-03-01")


def quantity(value: object, element: str) -> tuple[float | int | None, str | None, bool]:
    """Number, UCUM unit, and whether the number is only a bound, of a Quantity."""
    if not isinstance(value, dict):
        raise MalformedError(element, "a Quantity")
    number, system, code, unit = (value.get(part) for part in ("value", "system", "code", "unit"))
    if number is not None and not is_number(number):
        raise MalformedError(element + ".value", "a number")
    if system is not None and system != _UCUM:
        raise MalformedError(element + ".system", _UCUM)
    chosen = unit if code is None else code
    if chosen is not None and not isinstance(chosen, str):
        raise MalformedError(element + ".code", "a UCUM unit as text")
    return number, chosen, value.get("comparator") is not None


def is_number(value: object) -> bool:
    """Whether the JSON value is a number that can be reckoned with; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -_HUGE < value < _HUGE


def scaled(number: float | int, factor: Fraction) -> float | int:
    """The number in another unit, without the noise of binary multiplication."""
    return number if factor == 1 else float(Fraction(repr(number)) * factor)
