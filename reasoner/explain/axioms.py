"""The OWL classes behind a verdict, in Manchester syntax."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from reasoner.assess import Reasoner
from reasoner.criteria import All, Among, Criterion, Named, Not, Within, support
from reasoner.criteria import Any as Either
from reasoner.manchester import Manchester

from .rows import Rows

Json = dict[str, Any]


class Axioms:
    """Finds the classes that matter for some findings, and writes each once."""

    def __init__(self, reasoner: Reasoner, rows: Rows) -> None:
        self._manchester = Manchester(reasoner.knowledge.graph)
        self._rows = rows
        self._written: dict[str, Json] = {}
        self._parts: dict[str, list[tuple[str, frozenset[str]]]] = {}

    def concerning(self, class_: Named, findings: Collection[str]) -> list[str]:
        """The class itself, then the named classes in it that speak of one of the findings."""
        parts = self._parts.get(class_.iri)
        if parts is None:
            found = {part.iri: support(part) for part in _named(class_)}
            parts = self._parts[class_.iri] = list(found.items())
        return [iri for place, (iri, about) in enumerate(parts) if not place or not about.isdisjoint(findings)]

    def written(self, iri: str) -> Json:
        """The definition of a class with label and place."""
        row = self._written.get(iri)
        if row is None:
            definition = self._manchester.definition(iri)
            row = self._written[iri] = {**self._rows.term(iri), "manchester": definition}
        return row


def _named(tree: Criterion) -> Iterator[Named]:
    """Every named class of a tree, the outermost first."""
    match tree:
        case Among() | Within():
            return
        case Named(_, part):
            yield tree
            yield from _named(part)
        case Not(part):
            yield from _named(part)
        case All(parts) | Either(parts):
            for part in parts:
                yield from _named(part)
