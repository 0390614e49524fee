"""SPARQL over the knowledge and over assessed patients: ``guideline query`` and ``Reasoner.query``.

Everything is in the default graph, and each part besides in a named graph of its own. Nothing is fetched or changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from .errors import DataError, QueryError
from .graph import GR, OWL, TYPE
from .inputs import BrokenLine, FhirInput, GraphInput
from .knowledge import shipped
from .mappings import mapping_quads
from .publish import ANSWERS, INFERRED, PROVENANCE, Assessed, Publisher, as_iri
from .results import QueryResult
from .sparql import Inspected, inspect, nearest, prologue, syntax_error

if TYPE_CHECKING:
    from .answer import Answer
    from .assess import Reasoner, Source
    from .knowledge import Knowledge

_SUFFIX = ".rq"
_MATERIALISE = "materialise"
_HEADER = re.compile(r"#\s*(Question|In|Out|Into):\s*(.+)")
_NAME = re.compile(r"[\w./-]+")


@dataclass(frozen=True, slots=True)
class Query:
    """A query in a file: its name is its path below queries/ without the suffix."""

    name: str
    question: str
    reads: str
    """What the header says that it reads."""
    gives: str
    into: str | None
    """The graph that its triples are materialised into, as written; None where it is only asked."""
    text: str
    file: str

    @property
    def needs_patients(self) -> bool:
        """Whether it says something only of assessed patients."""
        return "assessed patients" in self.reads


def shipped_queries(knowledge: Knowledge) -> dict[str, Query]:
    """All queries by name: those that ship with the program, and those of the knowledge folder, which come first."""
    found: dict[str, Query] = {}
    for folder in _folders(knowledge):
        for path in sorted(folder.rglob("*" + _SUFFIX)):
            query = read_query(path, path.relative_to(folder).as_posix().removesuffix(_SUFFIX))
            found[query.name] = query
    return dict(sorted(found.items(), key=lambda item: ("/" in item[0], item[0])))


def read_query(path: Path, name: str | None = None) -> Query:
    """The query in a file; raises QueryError when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise QueryError(f"cannot be read: {what}", f"`{path}`", "check the path") from error
    said: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if match := _HEADER.match(line):
            said[match[1]] = match[2].strip()
    return Query(
        name or path.stem, said.get("Question", ""), said.get("In", ""), said.get("Out", ""), said.get("Into"), text, str(path)
    )


def _folders(knowledge: Knowledge) -> list[Path]:
    own = knowledge.folder.parent if knowledge.folder.name == "ontology" else knowledge.folder
    folders = [shipped() / "queries", own / "queries"]
    return [folder for i, folder in enumerate(folders) if folder.is_dir() and folder not in folders[:i]]


def prefixes(knowledge: Knowledge) -> dict[str, str]:
    """The prefixes that need no declaration: those of queries/prefixes.sparql, and one for the values of each finding."""
    found = {
        finding.notation: finding.values[0].iri.removesuffix(finding.values[0].notation)
        for finding in knowledge.model.findings.values()
        if finding.values and finding.values[0].iri.endswith("/" + finding.values[0].notation)
    }
    for folder in _folders(knowledge):
        path = folder / "prefixes.sparql"
        if path.is_file():
            found |= prologue(path.read_text(encoding="utf-8"), str(path))
    return found


class QueryStore:
    """The knowledge as a queryable store, with the patients that were added."""

    def __init__(self, reasoner: Reasoner, data: Iterable[Source] = ()) -> None:
        self.reasoner = reasoner
        self.knowledge = reasoner.knowledge
        self.queries = shipped_queries(self.knowledge)
        self.prefixes = prefixes(self.knowledge)
        self.store = ox.Store()
        self.broken: list[BrokenLine] = []
        """Lines of NDJSON data that could not be read."""
        self.invalid = 0
        """How many inputs had invalid patient data."""
        self._publisher = Publisher(reasoner)
        self._add(_documents(self.knowledge))
        self._add(mapping_quads(self.knowledge))
        self._add(self._publisher.implicants())
        self._add(self._publisher.overriders())
        self._materialise([q for q in self.queries.values() if q.name.startswith(_MATERIALISE + "/")])
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
        own = [q for q in self.queries.values() if q.into and not q.name.startswith(_MATERIALISE + "/")]
        for query in own:
            self.store.remove_graph(self._graph(query))
        self._materialise(own)

    def query(self, query: str) -> QueryResult:
        """Run a query: the name of a shipped one, or its text. Raises QueryError."""
        if (own := self.queries.get(query)) is not None:
            return self.run(own.text, own.file)
        if _NAME.fullmatch(query.strip()):
            raise unknown_query(query, self.queries)
        return self.run(query)

    def run(self, text: str, where: str = "the query") -> QueryResult:
        """Run the text of a query; ``where`` names it in errors."""
        inspected = inspect(text, where, self.prefixes)
        self._check_terms(inspected)
        try:
            found = self.store.query(inspected.text, prefixes=self.prefixes)
            return QueryResult.of(found, {**self.prefixes, **inspected.prefixes})
        except SyntaxError as error:
            raise syntax_error(str(error), inspected.text, where) from error
        except (OSError, RuntimeError, ValueError) as error:
            raise QueryError(f"cannot be run: {' '.join(str(error).split())}", where, "simplify it") from error

    def _check_terms(self, query: Inspected) -> None:
        for iri, place in query.graphs:
            if not self._is_graph(iri):
                raise QueryError(
                    f"`{iri}` is no graph of this store, and nothing is fetched", place, self._meant(iri, "see graph:")
                )
        for iri, place in query.terms:
            if iri.startswith(GR) and not self._is_known(iri):
                raise QueryError(f"`{self._curie(iri)}` is not declared", place, self._meant(iri, "see `guideline terms`"))

    def _is_graph(self, iri: str) -> bool:
        graph = self.knowledge.graph
        return self.store.contains_named_graph(ox.NamedNode(iri)) or GR + "NamedGraph" in graph.nodes(iri, TYPE)

    def _is_known(self, iri: str) -> bool:
        if iri in self.knowledge.graph:
            return True
        node = ox.NamedNode(iri)
        patterns = ((node, None, None), (None, node, None), (None, None, node))
        return any(next(self.store.quads_for_pattern(*own, None), None) is not None for own in patterns) or self._is_graph(iri)

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
            self._add(ox.Quad(t.subject, t.predicate, t.object, graph) for t in self.run(query.text, query.file).triples)

    def _graph(self, query: Query) -> ox.NamedNode:
        prefix, _, local = (query.into or "").partition(":")
        if prefix not in self.prefixes:
            return INFERRED
        return ox.NamedNode(self.prefixes[prefix] + local)

    def _assess(self, item: FhirInput | GraphInput, name: str) -> None:
        answer = self.reasoner.answer(item)
        self.invalid += not answer.is_valid
        triples = list(ox.parse(answer.to_turtle(), format=ox.RdfFormat.TURTLE))
        self._add(ox.Quad(t.subject, t.predicate, t.object, ANSWERS) for t in triples)
        activity = next(
            t.subject.value for t in triples if t.predicate.value == TYPE and t.object == ox.NamedNode(GR + "Assessment")
        )
        self._add(self._known(item, answer, activity, name))

    def _known(
        self, item: FhirInput | GraphInput, answer: Answer, activity: str, name: str
    ) -> Iterator[ox.Quad]:
        yield ox.Quad(ox.NamedNode(activity), ox.NamedNode(GR + "inputName"), ox.Literal(name), PROVENANCE)
        for number, subject in enumerate(self.reasoner.read(item, None).subjects, 1):
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
                yield ox.Quad(node, ox.NamedNode(predicate), _node(value) if isinstance(value, str) else value, document)


def _node(text: str) -> ox.NamedNode | ox.BlankNode:
    return ox.BlankNode(text[2:]) if text.startswith("_:") else ox.NamedNode(text)


def unknown_query(name: str, queries: Mapping[str, Query]) -> QueryError:
    """The error for a name that no query has."""
    meant = nearest(name.strip(), list(queries))
    return QueryError(
        "no such query or file", f"`{name}`", f"did you mean `{meant}`?" if meant else "list them with `guideline query`"
    )


__all__ = ["DataError", "Query", "QueryResult", "QueryStore", "prefixes", "read_query", "shipped_queries"]
