"""SPARQL over the knowledge and over assessed patients: ``guideline query`` and ``Reasoner.query``.

Everything is in the default graph, and each part besides in a named graph of its own. Nothing is fetched or changed.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from .catalogue import MATERIALISE, Query, prefixes, shipped_queries, unknown_query
from .errors import QueryError
from .graph import GR, OWL, TYPE
from .inputs import BrokenLine, FhirInput, GraphInput
from .mappings import mapping_quads
from .publish import ANSWERS, INFERRED, PROVENANCE, Assessed, Publisher, as_iri
from .results import Found, QueryResult
from .sparql import Inspected, inspect, nearest, syntax_error

if TYPE_CHECKING:
    from .assess import Reasoner, Source
    from .knowledge import Knowledge

_WORD = frozenset("-./_")
Draw = Callable[[Found, Mapping[str, str]], QueryResult]
Dataset = tuple[Sequence[str], Sequence[str]]
"""The graphs that are merged into the default graph, and those that stay named."""


class QueryStore:
    """The knowledge as a queryable store, with the patients that were added."""

    def __init__(
        self,
        reasoner: Reasoner,
        data: Iterable[Source] = (),
        on: datetime.date | None = None,
        catalogue: tuple[Mapping[str, Query], Mapping[str, str]] | None = None,
        store: ox.Store | None = None,
    ) -> None:
        """``catalogue`` holds queries and prefixes to take instead of those in the files.

        ``store`` is where to keep it all, default in memory; one that holds something holds all and is only read.
        """
        self.reasoner, self.on = reasoner, on
        self.knowledge = reasoner.knowledge
        queries, known = catalogue or (shipped_queries(self.knowledge), prefixes(self.knowledge))
        self.queries, self.prefixes = dict(queries), dict(known)
        self.store = ox.Store() if store is None else store
        self.broken: list[BrokenLine] = []
        """Lines of NDJSON data that could not be read."""
        self.invalid = 0
        """How many inputs had invalid patient data."""
        self._publisher = Publisher(reasoner)
        if next(self.store.quads_for_pattern(None, None, None), None) is not None:
            return
        self._add(_documents(self.knowledge))
        self._add(mapping_quads(self.knowledge))
        self._add(self._publisher.implicants())
        self._add(self._publisher.overriders())
        self._materialise([q for q in self.queries.values() if q.name.startswith(MATERIALISE)])
        self.add(*data)

    def add(self, *data: Source) -> None:
        """Assess all inputs of some sources, and add what is known of their subjects, and the answers."""
        for source in data:
            name = Path(source).name if isinstance(source, str | Path) else "the input"
            items = list(self.reasoner.inputs(source))
            for number, item in enumerate(items, 1):
                if isinstance(item, BrokenLine):
                    self.broken.append(item)
                else:
                    self._assess(item, f"{name}#{number}" if len(items) > 1 else name)
        if data:
            self.settle()

    def add_quads(self, quads: Iterable[ox.Quad]) -> None:
        """Add quads, such as a Publisher writes; call ``settle`` when all are there."""
        self._add(quads)

    def settle(self) -> None:
        """Derive, by the shipped queries, what they materialise of the subjects that are there."""
        own = [q for q in self.queries.values() if q.into and not q.name.startswith(MATERIALISE)]
        for query in own:
            self.store.remove_graph(self._graph(query))
        self._materialise(own)

    def query(self, query: str) -> QueryResult:
        """Run a query: the name of a shipped one, or its text. Raises QueryError."""
        if (own := self.queries.get(query)) is not None:
            return self.run(own.text, own.file)
        if query.strip() and all(character.isalnum() or character in _WORD for character in query.strip()):
            raise unknown_query(query, self.queries)
        return self.run(query)

    def run(
        self, text: str, where: str = "the query", draw: Draw = QueryResult.of, dataset: Dataset | None = None
    ) -> QueryResult:
        """Run the text of a query; ``where`` names it in errors, ``draw`` takes what the engine finds.

        ``dataset`` names the graphs to ask, instead of what the query says.
        """
        inspected = inspect(text, where, self.prefixes)
        self._check_terms(inspected)
        default, named = dataset or (None, None)
        self._check_graphs((iri, where) for iri in (*(default or ()), *(named or ())))
        try:
            found = self.store.query(
                inspected.text, prefixes=self.prefixes, default_graph=_nodes(default), named_graphs=_nodes(named)
            )
            return draw(found, {**self.prefixes, **inspected.prefixes})
        except SyntaxError as error:
            raise syntax_error(str(error), inspected.text, where) from error
        except (OSError, RuntimeError, ValueError) as error:
            raise QueryError(f"cannot be run: {' '.join(str(error).split())}", where, "simplify it") from error

    def _check_graphs(self, graphs: Iterable[tuple[str, str]]) -> None:
        for iri, place in graphs:
            if not self._is_graph(iri):
                raise QueryError(
                    f"`{iri}` is no graph of this store, and nothing is fetched", place, self._meant(iri, "see graph:")
                )

    def _check_terms(self, query: Inspected) -> None:
        self._check_graphs(query.graphs)
        for iri, place in query.terms:
            # A prefix without a local name is a namespace, which a query may want as text.
            if iri.startswith(GR) and iri not in query.prefixes.values() and not self._is_known(iri):
                raise QueryError(
                    f"`{self._curie(iri)}` is not declared", place, self._meant(iri, "see `guideline terms`")
                )

    def _is_graph(self, iri: str) -> bool:
        if not is_iri(iri):
            return False
        graph = self.knowledge.graph
        return self.store.contains_named_graph(ox.NamedNode(iri)) or GR + "NamedGraph" in graph.nodes(iri, TYPE)

    def _is_known(self, iri: str) -> bool:
        if iri in self.knowledge.graph:
            return True
        node = ox.NamedNode(iri)
        match = self.store.quads_for_pattern
        found = (match(node, None, None), match(None, node, None), match(None, None, node))
        return any(next(quads, None) is not None for quads in found) or self._is_graph(iri)

    def _meant(self, iri: str, otherwise: str) -> str:
        known = {own.removeprefix(GR): own for own in self.knowledge.graph.all_subjects() if own.startswith(GR)}
        close = nearest(iri.removeprefix(GR), list(known))
        return f"did you mean `{self._curie(known[close])}`?" if close else otherwise

    def _curie(self, iri: str) -> str:
        fitting = [(len(ns), prefix) for prefix, ns in self.prefixes.items() if iri.startswith(ns)]
        length, prefix = max(fitting, default=(0, ""))
        return f"{prefix}:{iri[length:]}" if prefix else iri

    # Filling

    def _add(self, quads: Iterable[ox.Quad]) -> None:
        """Each quad in its graph, and its triple in the default graph, which so is the merge of all."""
        quads = list(quads)
        self.store.extend(quads)
        self.store.extend(ox.Quad(q.subject, q.predicate, q.object) for q in quads)

    def _materialise(self, queries: Sequence[Query]) -> None:
        for query in queries:
            graph = self._graph(query)
            self._add(
                ox.Quad(t.subject, t.predicate, t.object, graph) for t in self.run(query.text, query.file).triples
            )

    def _graph(self, query: Query) -> ox.NamedNode:
        prefix, _, local = (query.into or "").partition(":")
        if prefix not in self.prefixes:
            return INFERRED
        return ox.NamedNode(self.prefixes[prefix] + local)

    def _assess(self, item: FhirInput | GraphInput, name: str) -> None:
        answer = self.reasoner.answer(item, self.on)
        self.invalid += not answer.is_valid
        triples = list(ox.parse(answer.to_turtle(), format=ox.RdfFormat.TURTLE))
        self._add(ox.Quad(t.subject, t.predicate, t.object, ANSWERS) for t in triples)
        assessment = ox.NamedNode(GR + "Assessment")
        activity = next(t.subject.value for t in triples if t.predicate.value == TYPE and t.object == assessment)
        self._add(self._known(item, activity, name))

    def _known(self, item: FhirInput | GraphInput, activity: str, name: str) -> Iterator[ox.Quad]:
        yield ox.Quad(ox.NamedNode(activity), ox.NamedNode(GR + "inputName"), ox.Literal(name), PROVENANCE)
        for number, subject in enumerate(self.reasoner.read(item, self.on).subjects, 1):
            node = f"{activity}#subject-{number}"
            iri = as_iri(subject.iri, f"{node}-itself")
            about = Assessed(node, activity, node + "-itself" if iri is None else iri.value)
            yield from self._publisher.subject(subject, self.reasoner.state(subject), about)


def _documents(knowledge: Knowledge) -> Iterator[ox.Quad]:
    """The knowledge, each triple in the graph of the document that first describes its subject."""
    graph = knowledge.graph
    home = {graph.file(iri): ox.NamedNode(iri) for iri in graph.instances(OWL + "Ontology") if not iri.startswith("_:")}
    for subject in graph.all_subjects():
        node = _node(subject)
        document = home.get(graph.file(subject), INFERRED)
        for predicate, values in graph.predicates(subject).items():
            for value in values:
                yield ox.Quad(
                    node, ox.NamedNode(predicate), _node(value) if isinstance(value, str) else value, document
                )


def is_iri(text: str) -> bool:
    """Whether a text can be the IRI of a graph."""
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def _nodes(graphs: Sequence[str] | None) -> list[Any] | None:
    return None if graphs is None else [ox.NamedNode(iri) for iri in graphs]


def _node(text: str) -> ox.NamedNode | ox.BlankNode:
    return ox.BlankNode(text[2:]) if text.startswith("_:") else ox.NamedNode(text)


__all__ = ["Query", "QueryResult", "QueryStore"]
