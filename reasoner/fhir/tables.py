"""The FHIR mapping as tables: from a code, a body site or a unit to what it means for the patient model."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.]{1,15}")
_MEMORY = 8192


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code states: values of a finding, or (``mask`` 0) a finding whose value the resource carries."""

    finding: str
    mask: int
    exact: bool = True
    note: str = ""
    """Why the code gives no value, in words; empty where it does give one."""
    lasting: bool = False
    every_side: bool = False
    order: int = 0
    """Not 0: the value establishes a subject, which the resource of the smallest order names."""
    yields_to: tuple[str, ...] = ()
    """Beginnings of codes (as in :attr:`Coded.code`) beside which no subject of its own is established."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of a mapping table: a meaning, with where the code tells the side and how it narrows the place."""

    meaning: Meaning
    side_position: int = 0
    place: int = 0


@dataclass(frozen=True, slots=True)
class Coded:
    """Everything that one code means in one type of resource."""

    meanings: tuple[Meaning, ...]
    side: int
    place: int
    """The values of the locating finding that the code leaves possible, 0 for no narrowing."""
    code: str
    """``system|code`` without the characters that may be left out."""
    via: str


_UNSEEN = Coded((), 0, 0, "", "")


@dataclass(frozen=True, slots=True)
class System:
    """A code system: its URI, the prefix in SSSOM tables, and the character that codes may leave out."""

    uri: str
    prefix: str
    ignored: str
    notations: bool
    stated: str


@dataclass(frozen=True, slots=True)
class Status:
    """An element whose code decides whether a resource counts; effects are counts, negates, doubts, erases."""

    element: str
    system: str | None
    effects: dict[str, str]
    missing: str
    denied_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodedResource:
    """A resource type that states its code."""

    kind: str
    code: tuple[str, ...]
    dates: tuple[str, ...]
    reasons: tuple[str, ...]
    states_notations: bool
    """Whether its code may be the notation of a finding."""


@dataclass(frozen=True, slots=True)
class Located:
    """The kind of subject that coded resources establish, the finding that locates it, and the sides of its parent.

    A side is a bit: ``1 << i`` for ``sides[i]``.
    """

    kind: str
    by: str
    whole: int
    parent: str
    sides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FhirMapping:
    """How FHIR resources become facts: all that the knowledge says of it, as tables."""

    systems: dict[str, System]
    rules: dict[tuple[str, str, str], tuple[Rule, ...]]
    """By resource type, system and code."""
    beginnings: dict[tuple[str, str], tuple[tuple[str, Rule], ...]]
    """By resource type and system: the beginning of a code, and its rule."""
    values: dict[str, dict[tuple[str | None, str | None], int]]
    """By finding: coded values as masks."""
    value_systems: frozenset[str]
    """Systems that code values by notation: an unknown code of theirs is an error of the data."""
    places: dict[tuple[str | None, str | None], tuple[int, int]]
    """Body sites: the side, and the values of the locating finding."""
    statuses: dict[str, tuple[Status, ...]]
    resources: dict[str, CodedResource]
    units: dict[str, dict[str, Fraction]]
    """By finding: what a UCUM unit is multiplied by."""
    elements: dict[str, tuple[tuple[str, str, str], ...]]
    """By resource type: element, transform, finding."""
    located: Located | None
    side_of: dict[str, int]
    """Laterality characters as sides."""
    _memory: dict[tuple[str, str | None, str | None], Coded | None] = field(default_factory=dict, compare=False)

    def coded(self, kind: str, system: str | None, code: str | None) -> Coded | None:
        """What the code means in that type of resource, None when nobody mapped it."""
        key = (kind, system, code)
        found = self._memory.get(key, _UNSEEN)
        if found is _UNSEEN:
            if len(self._memory) >= _MEMORY:
                # Codes come from outside, so what is remembered must not grow without end.
                self._memory.clear()
            found = self._memory[key] = self._look_up(kind, system, code)
        return found

    def _look_up(self, kind: str, system: str | None, code: str | None) -> Coded | None:
        if system is None or code is None or (known := self.systems.get(system)) is None:
            return None
        plain = code.replace(known.ignored, "") if known.ignored else code
        rules = list(self.rules.get((kind, system, plain), ()))
        if _CODE.fullmatch(code):
            rules += [rule for start, rule in self.beginnings.get((kind, system), ()) if plain.startswith(start)]
        if not rules:
            return None
        side = place = 0
        meanings: dict[tuple[str, int, str], Meaning] = {}
        for rule in rules:
            meaning = rule.meaning
            meanings.setdefault((meaning.finding, meaning.mask, meaning.note), meaning)
            side |= self.side_of.get(plain[rule.side_position - 1 : rule.side_position], 0) if rule.side_position else 0
            place = place & rule.place or rule.place or place
        return Coded(tuple(meanings.values()), side, place, f"{system}|{plain}", f"{system}|{code}")
