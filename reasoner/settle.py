"""From all that sources say of a subject to what is known of it: latest wins, simultaneous differences contradict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .dates import later
from .model import Fact, Finding, Model
from .space import Space

Scalar = str | int | float


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one finding.

    ``bits`` are the values still possible, in place in a cube; ``origin`` is recorded, derived or assumed;
    ``contradiction`` holds the values that clash, in which case the finding counts as unknown.
    """

    bits: int
    number: float | int | None
    origin: str
    source: str | None = None
    when: str | None = None
    via: str | None = None
    contradiction: tuple[Scalar, ...] = ()
    lasting: bool = False
    inputs: tuple[tuple[str, Known], ...] = ()
    """Of a derived grade: the findings that it rests on."""


def settle(facts: Sequence[Fact], model: Model, space: Space) -> tuple[dict[str, Known], list[Fact]]:
    """What is known of each finding that has facts, and the facts that a later one replaced."""
    by_finding: dict[str, list[Fact]] = {}
    for fact in facts:
        by_finding.setdefault(fact.finding, []).append(fact)
    known: dict[str, Known] = {}
    replaced: list[Fact] = []
    for name, said in sorted(by_finding.items()):
        current = said if len(said) == 1 else _current(said)
        if len(current) < len(said):
            replaced += [fact for fact in said if all(fact is not other for other in current)]
        known[name] = _settle_one(current, model.findings[name], space)
    return known, replaced


def _settle_one(facts: list[Fact], finding: Finding, space: Space) -> Known:
    first = facts[0]
    if len(facts) > 1:
        # The same answer whatever the order in which the sources came.
        first = min(facts, key=lambda f: (f.source or "", f.mask, f.number or 0, f.via or ""))
    field = space.fields[finding.notation]
    if finding.range is not None:
        numbers = {f.number for f in facts if f.number is not None}
        if len(numbers) > 1:
            return contradicted(field.mask, sorted(numbers), first)
        assert first.number is not None
        return _known(field.cell(first.number), first)
    mask = finding.full
    for fact in facts:
        mask &= fact.mask
    if not mask:
        said = 0
        for fact in facts:
            said |= fact.mask
        return contradicted(field.mask, finding.notations(said), first)
    narrow = min(facts, key=lambda f: (f.mask != mask, f.source or "", f.via or ""))
    return _known(mask << field.offset, narrow)


def _current(facts: list[Fact]) -> list[Fact]:
    """The facts that no later one replaces; an act once done stays done."""
    return [
        f
        for f in facts
        if f.lasting or not any(g is not f and g.when != f.when and later(g.when, f.when) > 0 for g in facts)
    ]


def _known(bits: int, fact: Fact) -> Known:
    return Known(bits, fact.number, "recorded", fact.source, fact.when, fact.via, (), fact.lasting)


def contradicted(bits: int, values: Sequence[Scalar], fact: Fact | Known) -> Known:
    """A finding whose sources clash."""
    return Known(bits, None, "recorded", fact.source, fact.when, fact.via, tuple(values))


def as_contradiction(known: Known, finding: Finding, space: Space) -> Known:
    """The same finding, its value set aside because it clashes with another finding."""
    if known.contradiction:
        return known
    field = space.fields[finding.notation]
    values: list[Scalar] = (
        list(finding.notations(known.bits >> field.offset)) if known.number is None else [known.number]
    )
    return replace(contradicted(field.mask, values, known), origin=known.origin)
