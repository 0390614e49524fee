"""Resources that a later one replaced: they are counted and listed as unused, so that nothing vanishes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .derive import State
from .model import Reading, SubjectFacts

_TYPED = re.compile(r"[A-Z][A-Za-z]*/[^/]+$")
"""The ``Type/id`` at the end of an IRI, whatever base stands before it."""


def without_replaced(reading: Reading, decided: Sequence[tuple[SubjectFacts, State]]) -> Reading:
    """The reading with every resource of which nothing is current moved from the used to the unused."""
    if not any(state.replaced for _, state in decided):
        return reading
    current: set[str | None] = set()
    names: dict[str, set[str]] = {}
    for subject, state in decided:
        gone = {id(fact) for fact in state.replaced}
        current |= {fact.source for fact in subject.facts if id(fact) not in gone}
        current |= set(_establishing(subject))
        for fact in state.replaced:
            if fact.source is not None:
                names.setdefault(fact.source, set()).add(fact.finding)
    idle = {source: found for source, found in names.items() if source not in current}
    rows = [(source, f"a later record of {_listed(found)} governs") for source, found in sorted(idle.items())]
    counts = dict(reading.counts)
    if counts:
        counts["used"] -= len(rows)
        counts["unused"] += len(rows)
    return replace(
        reading, unused=tuple(sorted((*reading.unused, *rows))), used=reading.used - len(rows), counts=counts
    )


def _establishing(subject: SubjectFacts) -> Iterable[str]:
    """The resources that make the subject: they are used whatever becomes of their facts."""
    if subject.reference is not None:
        yield subject.reference
    for iri in subject.same_as:
        if (named := _TYPED.search(iri)) is not None:
            yield named[0]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
