"""What the checks work on: the files of a knowledge folder, what they say, and where they say it of a term."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from reasoner.assess import Reasoner
from reasoner.catalogue import Query, query_of, value_prefixes
from reasoner.errors import KnowledgeError, ReasonerError
from reasoner.findings import read_model
from reasoner.graph import DEFINITION, GR, LABEL, NOTATION, TYPE, Graph
from reasoner.knowledge import Knowledge, build_knowledge, shipped
from reasoner.model import Model
from reasoner.query import QueryStore
from reasoner.shapes import AUTHORING, shapes_of
from reasoner.sparql import prologue

from .problem import Problem
from .snapshot import ONTOLOGY, QUERIES, SHAPES, Document, Memo, Snapshot, key_of, read_snapshot

_TICKED = re.compile(r"`([^`\s]+)`")
_PATH = re.compile(r"`gr:([\w.-]+/[\w./-]*)`")
_TITLE = "http://purl.org/dc/terms/title"


class Bench:
    """A snapshot of a knowledge folder under the checks; what did not change since the last one comes from ``memo``."""

    def __init__(self, snapshot: Snapshot, memo: Memo | None = None, dice: int = 20261122) -> None:
        self.snapshot, self.files, self.dice = snapshot, snapshot.files, dice
        self.memo = memo or Memo()

    @classmethod
    def of(cls, folder: Path) -> Bench:
        """The bench of a folder as it is now."""
        return cls(read_snapshot(folder))

    # Files

    def document(self, name: str) -> Document:
        """A Turtle file, parsed once for its content."""
        data = self.files[name]
        return self.memo.get(("document", name, data), lambda: Document(name, data))

    def names(self, part: str, suffix: str) -> list[str]:
        """The files of a part with a suffix, the core first."""
        found = [name for name in self.files if name.startswith(f"{part}/") and name.endswith(suffix)]
        return sorted(found, key=lambda name: (not name.startswith(f"{ONTOLOGY}/core/"), name))

    @cached_property
    def ontology(self) -> list[Document]:
        """The Turtle files of the ontology, the core first, without the cases."""
        return [self.document(n) for n in self.names(ONTOLOGY, ".ttl") if "cases" not in n.split("/")[:-1]]

    @cached_property
    def cases(self) -> list[Document]:
        """The patient cases."""
        return [self.document(n) for n in self.names(ONTOLOGY, ".ttl") if "cases" in n.split("/")[:-1]]

    @cached_property
    def shapes(self) -> list[Document]:
        """The shape files."""
        return [self.document(n) for n in self.names(SHAPES, ".ttl")]

    @cached_property
    def tables(self) -> dict[str, str]:
        """The mapping tables."""
        return {n: self.files[n].decode("utf-8", "replace") for n in self.names(ONTOLOGY, ".sssom.tsv")}

    def shown(self, name: str | Path) -> str:
        """A file as the reader knows it; the graph names it relative to the ontology."""
        text = str(name).strip("`")
        for base in (str(self.snapshot.folder), str(shipped())):
            text = text.removeprefix(base + "/")
        bare, colon, line = text.partition(":")
        known = f"{ONTOLOGY}/{bare}"
        return known + colon + line if known in self.files else text

    # Meaning

    @cached_property
    def key(self) -> str:
        """A hash of all that the loaded knowledge depends on."""
        names = [document.name for document in self.ontology]
        patient = [n for n in self.names(SHAPES, ".ttl") if not n.endswith(AUTHORING)]
        return key_of(self.files, [*names, *self.tables, *patient])

    @cached_property
    def graph(self) -> Graph:
        """Every description in the ontology that parses."""
        return self.memo.get(("graph", self.key), self._graph)

    def _graph(self) -> Graph:
        graph = Graph()
        for document in self.ontology:
            document.add_to(graph, document.name.removeprefix(f"{ONTOLOGY}/"))
        return graph

    @cached_property
    def model(self) -> Model:
        """The findings and kinds of subject; raises KnowledgeError."""
        return self.memo.get(("model", self.key), lambda: read_model(self.graph))

    @cached_property
    def knowledge(self) -> Knowledge:
        """The knowledge as the program loads it; raises ReasonerError."""
        return self.memo.get(("knowledge", self.key), self._knowledge)

    def _knowledge(self) -> Knowledge:
        names = [*(d.name for d in self.ontology), *self.tables]
        files = {name.removeprefix(f"{ONTOLOGY}/"): self.files[name] for name in names}
        patient = {n: self.files[n] for n in self.names(SHAPES, ".ttl") if not n.endswith(AUTHORING)}
        return build_knowledge(files, self.graph, self.snapshot.folder, lambda: shapes_of(patient))

    @cached_property
    def reasoner(self) -> Reasoner:
        """The compiled knowledge under the default policy."""
        return self.memo.get(("reasoner", self.key), lambda: Reasoner(self.knowledge))

    @cached_property
    def strict(self) -> Reasoner:
        """The compiled knowledge in strict mode."""
        return self.memo.get(("strict", self.key), lambda: Reasoner(self.knowledge, strict=True))

    @cached_property
    def queries(self) -> dict[str, Query]:
        """The queries of the folder by name, and those that ship with the program."""
        found = {name: self._query(name, data) for name, data in self._shipped_queries() if name.endswith(".rq")}
        found |= {n: self._query(n, self.files[n]) for n in self.names(QUERIES, ".rq")}
        return {query.name: query for query in found.values()}

    def _query(self, name: str, data: bytes) -> Query:
        return query_of(data.decode("utf-8", "replace"), name, name.removeprefix(f"{QUERIES}/").removesuffix(".rq"))

    def _shipped_queries(self) -> list[tuple[str, bytes]]:
        root = shipped() / QUERIES
        read = lambda: [  # noqa: E731
            (f"{QUERIES}/{path.relative_to(root).as_posix()}", path.read_bytes())
            for path in sorted(root.rglob("*"))
            if path.suffix in (".rq", ".sparql")
        ]
        return self.memo.get(("shipped queries",), read)

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """The prefixes that every query knows."""
        found = value_prefixes(self.knowledge)
        for name, data in {**dict(self._shipped_queries()), **self.files}.items():
            if name == f"{QUERIES}/prefixes.sparql":
                found |= prologue(data.decode("utf-8", "replace"), name)
        return found

    @cached_property
    def store(self) -> QueryStore:
        """The knowledge as a store that queries can ask."""
        own = [(q.name, q.text) for q in self.queries.values() if q.into]
        key = ("store", self.key, tuple(own), tuple(sorted(self.prefixes.items())))
        return self.memo.get(key, lambda: QueryStore(self.reasoner, catalogue=(self.queries, self.prefixes)))

    # Words

    @cached_property
    def namespaces(self) -> list[tuple[str, str]]:
        """Namespaces with the prefix that the ontology gives them, the longest first."""
        found: dict[str, str] = {}
        for document in (*self.ontology, *self.cases, *self.shapes):
            for prefix, base in document.text.prefixes.items():
                found.setdefault(base, prefix)
        return sorted(found.items(), key=lambda pair: (-len(pair[0]), pair))

    def curie(self, iri: str) -> str:
        """A short name of a term."""
        for base, prefix in self.namespaces:
            if prefix and iri.startswith(base) and "/" not in iri[len(base) :]:
                return f"{prefix}:{iri[len(base) :]}"
        local = iri[len(GR) :]
        return f"gr:{local}" if iri.startswith(GR) and "/" not in local else f"<{iri}>"

    def label(self, iri: str) -> str:
        """A term with its label: `gr:Foot` (foot); without a label its notation, or what kind of thing it is."""
        return f"`{self.curie(iri)}` ({self._called(iri)})"

    def _called(self, iri: str) -> str:
        graph = self.graph
        for predicate in (LABEL, _TITLE, NOTATION):
            if text := graph.text(iri, predicate):
                return text
        for document in (*self.ontology, *self.cases, *self.shapes):
            block = document.text.block(iri)
            if block and (text := document.text.label_at(block[0])):
                return text
        kinds = [kind for kind in graph.nodes(iri, TYPE) if not kind.endswith("NamedIndividual")]
        kind = next((graph.text(kind, LABEL) or kind.rsplit("#")[-1] for kind in reversed(kinds)), "term")
        return f"{'a' if graph.text(iri, DEFINITION) else 'an undescribed'} {kind.lower()} without label"

    def locate(self, iri: str, clues: Sequence[str] = (), file: str | None = None) -> str:
        """``file:line`` of what is said of a term: the line of the first clue in its description, else its first."""
        name = file or self.shown(self.graph.file(iri))
        if name not in self.files:
            return name
        line = self.document(name).text.line(iri, clues)
        return f"{name}:{line or 1}"

    def owner(self, node: str) -> str:
        """The named term whose description a blank node is part of."""
        holders = self.memo.get(("holders", self.key), self._holders)
        seen: set[str] = set()
        while node.startswith("_:") and node in holders and node not in seen:
            seen.add(node)
            node = holders[node]
        return node

    def _holders(self) -> dict[str, str]:
        return {
            value: subject
            for subject, _, value in self.graph.triples()
            if isinstance(value, str) and value.startswith("_:")
        }

    def problem(
        self, iri: str, message: str, fix: str, file: str | None = None, clues: Iterable[str] = (), coarse: bool = False
    ) -> Problem:
        """A problem of a term, placed where its description says what is wrong; a message's `names` are clues too."""
        owner, message, fix = self.owner(iri), self._curies(message), self._curies(fix)
        named = tuple(iri for iri in self._names(message) if iri != owner)
        texts = [f'"{name}"' for name in _TICKED.findall(message) if ":" not in name]
        where = self.locate(owner, [*clues, *named, *texts], file)
        return Problem(where, self.label(owner), message, fix, owner, coarse, named)

    def _curies(self, text: str) -> str:
        """A text in which a name of ours that no prefix can write is written as it is."""
        return _PATH.sub(lambda match: f"`{self.curie(GR + match[1])}`", text)

    def _names(self, message: str) -> Iterator[str]:
        spaces = [(prefix, base) for base, prefix in self.namespaces]
        for name in _TICKED.findall(message):
            prefix, colon, local = name.partition(":")
            if name.startswith("<"):
                yield name[1:-1]
            yield from (base + local for known, base in spaces if colon and known == prefix)

    def from_error(self, error: ReasonerError) -> Iterator[Problem]:
        """An error of the program, and those that came with it, as problems."""
        if isinstance(error, KnowledgeError) and error.others:
            for other in error.others:
                yield from self.from_error(other)
            return
        term = error.term if isinstance(error, KnowledgeError) else None
        fix = error.hint or "mend it"
        if term is not None and self.owner(term) in self.graph:
            yield self.problem(self.owner(term), error.message, fix, coarse=True)
            return
        shape = next((d for d in self.shapes if term is not None and d.text.block(term)), None)
        if term is not None and shape is not None:
            yield self.problem(term, error.message, fix, shape.name, _TICKED.findall(error.message)[1:])
            return
        user = next((d for d in self.ontology if term and d.text.find(term)), None)
        if term is not None and user is not None:
            yield self.problem(term, error.message, fix, user.name, coarse=True)
            return
        where = self.shown(error.where or self.snapshot.folder)
        yield Problem(where, "" if term is None else self.label(term), self._curies(error.message), self._curies(fix))
