"""What the knowledge declares about itself: safety properties, demands, what gaps lack, what is acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from reasoner.criteria import Named
from reasoner.errors import KnowledgeError
from reasoner.graph import DCTERMS, GR, LABEL, NOTATION, TYPE, Graph
from reasoner.guidelines import Gap, Guideline, Recommendation, broader_interventions
from reasoner.knowledge import Knowledge
from reasoner.owl import ClassReader, short


@dataclass(frozen=True, slots=True)
class Property:
    """Where ``when`` holds, none of the interventions is advised, comes first, or is advised against."""

    iri: str
    label: str
    when: Named
    forbids: tuple[str, ...]
    forbids_first: tuple[str, ...]
    forbids_against: tuple[str, ...]
    guideline: str | None


@dataclass(frozen=True, slots=True)
class Demand:
    """Where ``when`` holds, one of the interventions is advised, comes first, or is advised against."""

    iri: str
    label: str
    when: Named
    demands: tuple[str, ...]
    demands_first: tuple[str, ...]
    demands_against: tuple[str, ...]
    guideline: str | None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What is truly so; ``about`` are recommendations, findings, gaps or classes, all where it is empty."""

    iri: str
    label: str
    kind: str
    about: frozenset[str]
    when: Named | None
    guideline: str | None
    reason: str
    source: str


class Declared:
    """The declarations of one body of knowledge; raises KnowledgeError for one that lacks what it needs."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.graph, self._classes = knowledge.graph, ClassReader(knowledge.graph, knowledge.model)
        self._guidelines = {g.iri: g.id for g in knowledge.guidelines}
        graph = self.graph
        self.properties = tuple(self._property(iri) for iri in graph.instances(GR + "SafetyProperty"))
        self.demands = tuple(self._demand(iri) for iri in graph.instances(GR + "Demand"))
        self.acknowledgements = tuple(self._acknowledgement(iri) for iri in graph.instances(GR + "Acknowledgement"))

    @cached_property
    def broader(self) -> Mapping[str, frozenset[str]]:
        """Every intervention with itself and all broader ones."""
        return broader_interventions(self.graph)

    def trees(self) -> list[Named]:
        """Every class that is named here."""
        trees = [own.when for own in self.properties] + [own.when for own in self.demands]
        return trees + [own.when for own in self.acknowledgements if own.when]

    def offers(self, own: Recommendation, interventions: tuple[str, ...]) -> bool:
        """Whether the recommendation advises one of the interventions or a narrower one."""
        wanted = set(interventions)
        return any(
            wanted & self.broader.get(node, frozenset({node})) for option in own.interventions for node in option
        )

    def gap_iri(self, gap: Gap) -> str:
        """The IRI of a declared gap."""
        known = {self.graph.text(iri, NOTATION) or iri: iri for iri in self.graph.instances(GR + "KnownGap")}
        return known.get(gap.id, gap.id)

    def lacking(self, gap: Gap) -> tuple[str, ...]:
        """The interventions that nothing advises in the gap; empty means nothing at all."""
        return tuple(self.graph.nodes(self.gap_iri(gap), GR + "lacks"))

    def covers(self, gap: Gap, demand: Demand) -> bool:
        """Whether the gap exempts from the demand: all that is demanded is something that it says is lacking."""
        lacking = set(self.lacking(gap))
        wanted = (*demand.demands, *demand.demands_first)
        # What is lacking is advice for something: a gap is no reason to leave out advice against it.
        if demand.demands_against:
            return False
        return not lacking or all(lacking & self.broader.get(node, frozenset({node})) for node in wanted)

    def warns(self, own: Recommendation, interventions: tuple[str, ...]) -> bool:
        """Whether the recommendation advises against one of the interventions, itself or as part of a broader one."""
        wide = {other for node in interventions for other in self.broader.get(node, frozenset({node}))}
        return any(node in wide for option in own.interventions for node in option)

    def excuses(self, own: Acknowledgement, about: tuple[str, ...]) -> bool:
        """Whether the acknowledgement speaks of all these terms; of a sort that it does not name, it speaks of all."""
        sorts = {self._sort(iri) for iri in own.about}
        return all(iri in own.about for iri in about if self._sort(iri) in sorts)

    def _sort(self, iri: str) -> str:
        kinds = self.graph.nodes(iri, TYPE)
        return next((name for name in ("Finding", "Recommendation") if GR + name in kinds), "")

    def concerns(self, guideline: str | None, own: Guideline) -> bool:
        """Whether something declared for a guideline, or for all (None), is about this one."""
        return guideline is None or guideline == own.id

    def _property(self, iri: str) -> Property:
        plain, first, against = (self._nodes(iri, name) for name in ("forbids", "forbidsFirst", "forbidsAgainst"))
        if not (plain or first or against):
            raise self._error(iri, "forbids nothing", "add gr:forbids, gr:forbidsFirst or gr:forbidsAgainst")
        return Property(iri, self._label(iri), self._when(iri), plain, first, against, self._guideline(iri))

    def _demand(self, iri: str) -> Demand:
        plain, first, against = (self._nodes(iri, name) for name in ("demands", "demandsFirst", "demandsAgainst"))
        if not (plain or first or against):
            raise self._error(iri, "demands nothing", "add gr:demands, gr:demandsFirst or gr:demandsAgainst")
        return Demand(iri, self._label(iri), self._when(iri), plain, first, against, self._guideline(iri))

    def _acknowledgement(self, iri: str) -> Acknowledgement:
        graph = self.graph
        kind, reason = graph.node(iri, GR + "acknowledges"), graph.text(iri, GR + "reason")
        if kind is None or not reason or GR + "ProofKind" not in graph.nodes(kind, TYPE):
            raise self._error(iri, "names no kind of proof or no reason", "add gr:acknowledges and gr:reason")
        about = graph.nodes(iri, GR + "concerns")
        for node in about:
            if node not in graph:
                raise self._error(iri, f"is about `{short(node)}`, which nothing describes", "mend the name")
        when = graph.node(iri, GR + "when")
        return Acknowledgement(
            iri,
            self._label(iri),
            graph.text(kind, NOTATION) or short(kind),
            frozenset(about),
            None if when is None else self._classes.read(when),
            self._guideline(iri),
            reason,
            graph.text(iri, GR + "sourceText")
            or ", ".join(graph.text(s, LABEL) or short(s) for s in graph.nodes(iri, DCTERMS + "source")),
        )

    def _label(self, iri: str) -> str:
        return self.graph.text(iri, LABEL) or short(iri)

    def _nodes(self, iri: str, name: str) -> tuple[str, ...]:
        found = tuple(sorted(self.graph.nodes(iri, GR + name)))
        for node in found:
            if GR + "Intervention" not in self.graph.nodes(node, TYPE):
                raise self._error(iri, f"names `{short(node)}`, which is no intervention", f"mend gr:{name}")
        return found

    def _when(self, iri: str) -> Named:
        when = self.graph.node(iri, GR + "when")
        if when is None:
            raise self._error(iri, "has no gr:when", "name the class of subjects that it is about")
        return self._classes.read(when)

    def _guideline(self, iri: str) -> str | None:
        node = self.graph.node(iri, GR + "partOfGuideline")
        if node is not None and node not in self._guidelines:
            raise self._error(iri, f"belongs to `{short(node)}`, which is no guideline", "mend gr:partOfGuideline")
        return None if node is None else self._guidelines[node]

    def _error(self, iri: str, what: str, hint: str) -> KnowledgeError:
        error = KnowledgeError(f"`{short(iri)}` {what}", self.graph.file(iri), hint)
        error.term = iri
        return error


def source_text(graph: Graph, iri: str) -> str:
    """Where a declaration comes from, as cited."""
    cited = graph.text(iri, GR + "sourceText")
    return cited or ", ".join(graph.text(s, LABEL) or short(s) for s in graph.nodes(iri, DCTERMS + "source"))
