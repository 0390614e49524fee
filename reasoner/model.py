"""The patient model as data: findings, their values, and how subjects hang together.

A set of possible values is a bit mask over ``Finding.values`` (bit i is ``values[i]``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a coded finding; ``order`` grows with severity."""

    notation: str
    iri: str
    label: str
    order: int


@dataclass(frozen=True, slots=True)
class Range:
    """What a numeric finding may be; ``unit`` is UCUM, empty for a bare number."""

    integer: bool
    minimum: float | None
    maximum: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: coded (``values``) or a number (``range``)."""

    notation: str
    iri: str
    label: str
    definition: str
    kind: str
    values: tuple[Value, ...]
    range: Range | None
    policy: str
    assumed: int
    question: str
    group: str
    immutable: bool
    classes: Mapping[str, int]
    """Named value classes (IRI) as masks."""

    @property
    def full(self) -> int:
        """The mask of all values."""
        return (1 << len(self.values)) - 1

    def notations(self, mask: int) -> list[str]:
        """The notations of a mask, in the model's order."""
        return [value.notation for i, value in enumerate(self.values) if mask >> i & 1]

    def mask(self, notation: str) -> int:
        """The mask of one notation, 0 when the finding has no such value."""
        return next((1 << i for i, value in enumerate(self.values) if value.notation == notation), 0)


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of subjects, and the functional link to what it belongs to (a lesion: gr:onFoot to gr:Foot).

    ``apart`` is the property that tells several of one owner apart (a foot: gr:side), ``parts`` its values with their
    notations.
    """

    name: str
    iri: str
    link: str | None
    parent: str | None
    apart: str | None = None
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """All findings by notation and all kinds of subject by name."""

    findings: Mapping[str, Finding]
    kinds: Mapping[str, Kind]

    def lineage(self, kind: str) -> tuple[str, ...]:
        """The kind and all it belongs to: Lesion, Foot, Patient."""
        names = [kind]
        while (parent := self.kinds[names[-1]].parent) is not None:
            names.append(parent)
        return tuple(names)

    def findings_of(self, kind: str) -> list[Finding]:
        """The findings that a subject of this kind has, itself or by what it belongs to."""
        names = self.lineage(kind)
        return [finding for finding in self.findings.values() if finding.kind in names]


@dataclass(frozen=True, slots=True)
class Fact:
    """What one source says of one finding: the values it leaves possible, or a number."""

    finding: str
    mask: int = 0
    number: float | int | None = None
    when: str | None = None
    """The FHIR date or dateTime as written (the end of a Period); None is undated."""
    source: str | None = None
    """``Type/id`` of the resource, or the IRI of the node, that says it."""
    via: str | None = None
    """``system|code`` of the mapped coding."""
    lasting: bool = False
    """A completed act: a later statement to the contrary contradicts it instead of replacing it."""


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """A subject with all that is said of it, of its foot and of its patient."""

    iri: str
    reference: str | None
    kind: str
    patient: str | None
    facts: tuple[Fact, ...]
    same_as: tuple[str, ...] = ()
    unsettled: frozenset[str] = frozenset()
    """Findings of which something is said that could not be placed: it may be about this subject."""
    side: str | None = None
    """Which of the person's, where the kind that it belongs to is told apart: the notation of a part."""
    nodes: tuple[str, ...] = ()
    """The nodes of the input from the subject to what it belongs to, where the input names them (a patient graph)."""


@dataclass(frozen=True, slots=True)
class Result:
    """One validation result; ``severity`` is Violation, Warning or Info, as in SHACL."""

    severity: str
    focus: str
    path: str | None
    message: str
    about: str | None = None
    """The IRI of what a result without a finding is about; never shown."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of one input; every resource is in exactly one of the four counts."""

    subjects: tuple[SubjectFacts, ...]
    resources: int
    used: int
    unmapped: tuple[tuple[str, str | None, str | None], ...] = ()
    unplaced: tuple[tuple[str, str], ...] = ()
    unused: tuple[tuple[str, str], ...] = ()
    results: tuple[Result, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """resources, used, unmapped, unplaced, unused: resources in each."""
