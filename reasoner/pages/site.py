"""What every page needs: the compiled knowledge, its words, and links between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape

from reasoner.assess import Reasoner
from reasoner.criteria import Criterion, Named
from reasoner.draw.pathway import outline
from reasoner.draw.steps import CONDITION, Step, steps
from reasoner.graph import DCTERMS, DEFINITION, GR, LABEL, NOTATION, OWL, SKOS, TYPE
from reasoner.guidelines import Recommendation
from reasoner.knowledge import Knowledge, shipped
from reasoner.manchester import Manchester
from reasoner.owl import short
from reasoner.places import Places
from reasoner.words import Words

from .addresses import Addresses
from .table import Tabulator
from .vocabulary import EVIDENCE, SOURCES, Vocabulary, within

Json = Mapping[str, Any]

_WEB = re.compile(r"https?://\S+")
_DOI = re.compile(r"doi:(10\.\S+)", re.IGNORECASE)
_PUBMED = re.compile(r"PMID:\s*(\d+)", re.IGNORECASE)


class Site:
    """One body of knowledge on its way to pages."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge, self.graph, self.model = knowledge, knowledge.graph, knowledge.model
        self.program = Reasoner(knowledge).program
        self.words = Words(knowledge)
        self.vocabulary = Vocabulary(knowledge)
        self.addresses = Addresses(knowledge, self.vocabulary)
        self.manchester = Manchester(knowledge.graph)
        roots = [root for folder in (knowledge.folder, shipped()) for root in (folder / "ontology", folder)]
        self.places = Places(knowledge.graph, roots)
        self.tabulator = Tabulator(self.program, self.words)
        named = [*self.vocabulary.sources(), *self.vocabulary.shown[EVIDENCE]]
        self._by_id = {knowledge.graph.text(iri, NOTATION) or iri: iri for iri in named}
        self.by_class: dict[str, list[Recommendation]] = {}
        for guideline in knowledge.guidelines:
            for own in guideline.recommendations:
                for iri in sorted({named.iri for named in within(own.eligibility)}):
                    self.by_class.setdefault(iri, []).append(own)

    # Words

    def text(self, iri: str, predicate: str) -> str:
        """A literal of a term, empty where it has none."""
        return self.graph.text(iri, predicate) or ""

    def definition(self, iri: str) -> str:
        """The definition of a term."""
        return self.text(iri, DEFINITION)

    def notes(self, iri: str) -> list[str]:
        """The notes that the knowledge has on a term: readings, statuses, provenance."""
        found = []
        for predicate in (SKOS + "scopeNote", SKOS + "editorialNote"):
            found += sorted(value.value for value in self.graph.values(iri, predicate) if not isinstance(value, str))
        return found

    # Links

    def link(self, iri: str, text: str = "") -> Markup:
        """The label of a term, or another text, as a link to where the term is shown."""
        if iri not in self.graph and _WEB.fullmatch(iri):
            return _outside(iri, text or iri)
        said, address = text or self.graph.text(iri, LABEL) or short(iri), self.addresses.of(iri)
        if address is None:
            return escape(said)
        return Markup('<a href="{}">{}</a>').format(address, said)

    def recommendation(self, id_: str) -> Markup:
        """A recommendation by label and id."""
        own = self.words.recommendations.get(id_)
        if own is None:
            return escape(id_)
        return self.link(own.iri, f"{self.words.recommendation(id_)} [{id_}]")

    def finding(self, name: str, text: str = "") -> Markup:
        """A finding by label, or another text."""
        return self.link(self.model.findings[name].iri, text)

    def term(self, space: str, notation: str | None) -> Markup:
        """An individual such as (``status``, ``verified``) by label."""
        return self.link(f"{GR}{space}/{notation}", self.words.label(space, notation)) if notation else Markup()

    def status(self, notation: str | None) -> Markup:
        """A transcription status in the words that go beside a fact."""
        return self.link(f"{GR}status/{notation}", self.words.status(notation)) if notation else Markup()

    def named_ids(self, ids: Iterable[str]) -> list[Markup]:
        """Links for ids of recommendations or sources."""
        return [
            self.recommendation(id_) if id_ in self.words.recommendations else self.source(id_) for id_ in sorted(ids)
        ]

    def source(self, id_: str) -> Markup:
        """A source or an estimate by its id."""
        return self.link(self._by_id.get(id_, id_), id_)

    def type_of(self, iri: str) -> str:
        """What kind of thing a term is, in words."""
        types = [type_ for type_ in self.graph.nodes(iri, TYPE) if type_.startswith(GR)]
        if not types:
            return "class" if OWL + "Class" in self.graph.nodes(iri, TYPE) else "term"
        return self.graph.text(min(types), LABEL) or short(min(types))

    def by_type(self, iris: Iterable[str]) -> list[tuple[str, list[Markup]]]:
        """Links to terms, by what kind of thing they are."""
        found: dict[str, list[Markup]] = {}
        recommendations = {own.iri: own.id for own in self.words.recommendations.values()}
        for iri in sorted(iris, key=self.vocabulary.sorting):
            own = self.recommendation(recommendations[iri]) if iri in recommendations else self.link(iri)
            found.setdefault(self.type_of(iri), []).append(own)
        return sorted(found.items())

    def sources_of(self, iri: str) -> list[Markup]:
        """Links to the sources that a term names."""
        found = [
            self.link(source, self.graph.text(source, NOTATION) or "")
            for source in self.graph.nodes(iri, DCTERMS + "source")
        ]
        return sorted(found)

    def identifier(self, text: str) -> Markup:
        """An identifier of a document as a link to it."""
        if match := _DOI.fullmatch(text):
            return _outside(f"https://doi.org/{match[1]}", text)
        if match := _PUBMED.fullmatch(text):
            return _outside(f"https://pubmed.ncbi.nlm.nih.gov/{match[1]}/", text)
        return _outside(text, text) if _WEB.fullmatch(text) else escape(text)

    # Criteria

    def steps(self, tree: Criterion) -> Step:
        """The tree as a reader follows it."""
        return steps(tree, self.model, self.words)

    def outline(self, tree: Criterion) -> Markup:
        """The tree as a nested list with links."""
        return Markup(outline(self.steps(tree), self.address))

    def address(self, step: Step) -> str | None:
        """Where what a step names is shown: its class, else its finding."""
        if step.class_ is not None and (found := self.addresses.of(step.class_)):
            return found
        if step.kind == CONDITION and step.finding is not None:
            return self.addresses.of(self.model.findings[step.finding].iri)
        return None

    def axiom(self, iri: str) -> tuple[str, str]:
        """The definition of a class in Manchester syntax, and the file and line where it stands."""
        return self.manchester.definition(iri), self.places.of(iri)

    def classes_in(self, tree: Named) -> list[Markup]:
        """The named classes that a class is made of, directly or through others."""
        inner = {named.iri for named in within(tree, itself=False)}
        return [self.link(iri) for iri in sorted(inner, key=self.vocabulary.sorting)]

    @property
    def statuses(self) -> list[str]:
        """Every transcription status, the surest first as far as the knowledge lists them in order."""
        return [iri for iri in self.vocabulary.shown[SOURCES] if iri in set(self.graph.instances(GR + "Status"))]


def _outside(address: str, text: str) -> Markup:
    return Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, text)
