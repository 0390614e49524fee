"""What a resource says before it is placed, and the lists of what could not be used."""

from __future__ import annotations

from dataclasses import dataclass, field

from reasoner.model import Fact, Result

from .elements import Coding, MalformedError


@dataclass(slots=True)
class Sheet:
    """The lists of an input: what was not mapped, not used, not placed, and what is wrong."""

    unmapped: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    unused: list[tuple[str, str]] = field(default_factory=list)
    unplaced: list[tuple[str, str]] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    heard: dict[str | None, set[str]] = field(default_factory=dict)
    """By patient: findings that a resource of a type that nothing reads speaks of, so that they are not assumed."""

    def violation(self, focus: str, path: str | None, message: str) -> None:
        """Something is wrong with the data."""
        self.results.append(Result("Violation", focus, path, message))

    def malformed(self, focus: str, path: str | None, problem: MalformedError) -> None:
        """An element is not as FHIR says."""
        self.violation(focus, path, f"`{problem.element}` is not {problem.wanted}: write it so.")

    def not_placed(self, said: Said, finding: str) -> None:
        """A fact that belongs nowhere for certain."""
        said.unplaced = True
        self.unplaced.append((said.label, finding))

    def not_used(self, label: str, why: str) -> None:
        """A resource, or a part of it, gives no value."""
        self.unused.append((label, why))


@dataclass(slots=True, eq=False)
class Said:
    """What one resource says: facts, the place that it names, and whether it establishes a subject."""

    index: int
    label: str
    iri: str
    reference: str | None
    patient: str | None
    facts: list[Fact] = field(default_factory=list)
    side: int = 0
    """Sides named, as bits; 0 names none."""
    body_place: int = 0
    code_place: int = 0
    """Values of the locating finding that the body site, and the code, leave possible; 0 names none."""
    unread: frozenset[Coding] = frozenset()
    """Body sites that nobody mapped: a place is named that cannot be compared with others."""
    sited: bool = False
    focus: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    every_side: frozenset[str] = frozenset()
    """Findings that hold for every side by the meaning of the code."""
    order: int = 0
    establishing: str = ""
    effect: str = "counts"
    codes: tuple[str, ...] = ()
    yields_to: tuple[str, ...] = ()
    when: str | None = None
    via: str | None = None
    used: bool = False
    unplaced: bool = False
