"""What the knowledge describes besides recommendations, by the page that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from reasoner.criteria import All, Any, Criterion, Named, Not
from reasoner.errors import KnowledgeError
from reasoner.graph import DCTERMS, GR, LABEL, NOTATION, OWL, Graph
from reasoner.knowledge import Knowledge
from reasoner.owl import ClassReader, short

SOURCES, CLASSES, INTERVENTIONS, EVIDENCE = "sources.html", "classes.html", "interventions.html", "evidence.html"


class Vocabulary:
    """The terms that have a place on a page, in the order in which it shows them."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.graph = knowledge.graph
        self.classes = _classes(knowledge)
        self.value_classes = {
            iri: (finding, mask)
            for finding in knowledge.model.findings.values()
            for iri, mask in finding.classes.items()
            if mask != finding.full
        }
        self.citations = self._by_notation(GR + "Citation")
        self.statements = self._by_notation(GR + "Statement")
        self.shown: dict[str, list[str]] = {
            SOURCES: [*self.graph.instances(GR + "Status"), *self.sources()],
            CLASSES: [*self.classes, *sorted(self.value_classes, key=self.sorting)],
            INTERVENTIONS: [*self._by_notation(GR + "Intervention"), *self._by_notation(GR + "Outcome")],
            EVIDENCE: self._by_notation(GR + "Evidence"),
        }

    def local(self, iri: str) -> str:
        """A short name for an anchor."""
        return short(iri).removeprefix("gr:")

    def label(self, iri: str) -> str:
        """The label of a term, else its short name."""
        return self.graph.text(iri, LABEL) or self.local(iri)

    def sorting(self, iri: str) -> tuple[str, str]:
        """By label, whatever the capital letters."""
        return self.label(iri).casefold(), iri

    def sources(self) -> list[str]:
        """Documents, statements in them, and whatever else is named as a source and described."""
        known = {*self.citations, *self.statements}
        named = {iri for s, p, iri in self.graph.triples() if p == DCTERMS + "source" and isinstance(iri, str)}
        others = [iri for iri in named - known if iri in self.graph and not iri.startswith("_:")]
        return [*self.citations, *self.statements, *sorted(others)]

    def _by_notation(self, class_: str) -> list[str]:
        return sorted(self.graph.instances(class_), key=lambda iri: (self.graph.text(iri, NOTATION) or iri, iri))


def _classes(knowledge: Knowledge) -> dict[str, Named]:
    """Every named class of subjects, by label: those that decide, and those that only safety properties name."""
    found = {named.iri: named for tree in _trees(knowledge) for named in within(tree)}
    graph: Graph = knowledge.graph
    values = {iri for finding in knowledge.model.findings.values() for iri in finding.classes}
    reader = ClassReader(graph, knowledge.model)
    for iri in graph.instances(OWL + "Class"):
        if iri.startswith("_:") or iri in values or not graph.nodes(iri, OWL + "equivalentClass"):
            continue
        # A class that decides nothing may lie outside the fragment: `check` says so, and there is no tree to show.
        with suppress(KnowledgeError):
            found.setdefault(iri, reader.read(iri))
    return dict(sorted(found.items(), key=lambda item: ((graph.text(item[0], LABEL) or item[0]).casefold(), item[0])))


def _trees(knowledge: Knowledge) -> Iterator[Criterion]:
    for guideline in knowledge.guidelines:
        yield from guideline.trees()
    yield from knowledge.derivations.trees()


def within(tree: Criterion, itself: bool = True) -> Iterator[Named]:
    """The named classes in a tree, outer ones first; ``itself`` may be left out."""
    match tree:
        case Named(_, part):
            if itself:
                yield tree
            yield from within(part)
        case All(parts) | Any(parts):
            for part in parts:
                yield from within(part)
        case Not(part):
            yield from within(part)
        case _:
            return
