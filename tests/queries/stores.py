"""The stores that the tests ask: the knowledge with the shipped examples and two patients more, and a bare one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyoxigraph as ox

import reasoner
from reasoner.catalogue import MATERIALISE, Query, prefixes
from reasoner.publish import ASSUMPTIONS, FINDINGS, IMPLICANTS, Assessed, Publisher
from reasoner.query import QueryStore

ROOT = Path(__file__).parents[2]
QUERIES = ROOT / "queries"
EXPECTED = QUERIES / "expected"
PATIENTS = sorted(
    path
    for folder in (ROOT / "examples", Path(__file__).parent / "patients")
    for path in folder.iterdir()
    if path.suffix in (".json", ".ndjson", ".ttl")
)


@cache
def guideline() -> reasoner.Reasoner:
    return reasoner.load()


@cache
def store() -> QueryStore:
    """The knowledge and all the patients."""
    return QueryStore(guideline(), PATIENTS)


def competency_questions() -> list[Query]:
    """Those with a fixed expected result: the queries at the top of queries/."""
    return [query for query in store().queries.values() if "/" not in query.name]


class Bare:
    """A store of the three graphs that the decision may read and nothing else; plain pyoxigraph, no code of ours."""

    def __init__(self) -> None:
        self.reasoner = guideline()
        self.publisher = Publisher(self.reasoner)
        self.prefixes = prefixes(self.reasoner.knowledge)
        self.store = ox.Store()
        self.store.extend(self.publisher.implicants())
        self.store.extend(self.publisher.overriders())

    def add(self, findings: dict[str, object], number: int) -> None:
        """A subject of whom only findings are known."""
        subject = self.reasoner.subject_of(findings, subject=f"urn:subject:{number}")
        about = Assessed(f"urn:assessed:{number}", f"urn:assessment:{number}", subject.iri)
        quads = self.publisher.subject(subject, self.reasoner.state(subject), about)
        self.store.extend(q for q in quads if q.graph_name in (FINDINGS, ASSUMPTIONS))

    def settle(self) -> None:
        """Run decide/settled and keep its triples."""
        settled = ox.NamedNode(self.prefixes["graph"] + "settled")
        triples = list(self.store.query(self.text("settled"), prefixes=self.prefixes))
        self.store.extend(ox.Quad(t.subject, t.predicate, t.object, settled) for t in triples)

    def rows(self, name: str) -> list[list[str | None]]:
        """The rows of a decide query: the local part of IRIs, the text of literals."""
        found = self.store.query(self.text(name), prefixes=self.prefixes)
        return [[None if term is None else local(term) for term in row] for row in found]

    def text(self, name: str) -> str:
        return (QUERIES / "decide" / f"{name}.rq").read_text(encoding="utf-8")

    def graphs(self) -> set[str]:
        return {graph.value for graph in self.store.named_graphs()}


def local(term: object) -> str:
    if isinstance(term, ox.NamedNode):
        return term.value.rsplit("/", 1)[-1]
    assert isinstance(term, ox.Literal)
    return term.value


__all__ = [
    "EXPECTED",
    "IMPLICANTS",
    "MATERIALISE",
    "PATIENTS",
    "QUERIES",
    "ROOT",
    "Bare",
    "competency_questions",
    "guideline",
    "local",
    "store",
]
