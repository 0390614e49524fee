"""Checks of the files as text and as vocabulary: syntax, declared terms, mappings."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import pyoxigraph as ox

from reasoner.cases import case_files
from reasoner.catalogue import prefixes, shipped_queries
from reasoner.errors import KnowledgeError, QueryError, ReasonerError
from reasoner.graph import GR, OWL, TYPE, Graph
from reasoner.sparql import inspect

from .bench import Bench, Problem

Found = Iterator[Problem | int]
"""Problems as they are found; a number adds to the count of things looked at."""

_INSTANCES = ("probe/", "case/", "recommendation/", "shape/", "mapping-column/", "CodeSystem/")
"""Parts of our namespace whose names are not terms of a vocabulary."""


def syntax(bench: Bench) -> Found:
    """Every Turtle file of ontology, cases and shapes parses."""
    for path in [*bench.turtle, *case_files(bench.ontology), *_shapes(bench)]:
        yield 1
        try:
            Graph().parse(path.read_bytes(), bench.shown(path))
        except KnowledgeError as error:
            yield from bench.from_error(error)
        except OSError as error:
            yield Problem(bench.shown(path), "", f"cannot be read: {error.strerror}", "check the file and its rights")


def terms(bench: Bench) -> Found:
    """Every term of our namespaces that a file uses is declared in the ontology."""
    declared = {s for s in bench.graph.all_subjects() if TYPE in bench.graph.predicates(s)}
    said: set[tuple[str, str]] = set()
    for path in [*bench.turtle, *case_files(bench.ontology), *_shapes(bench)]:
        try:
            quads = list(ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE))
        except SyntaxError:
            continue
        yield len(quads)
        own = {q.subject.value for q in quads if isinstance(q.subject, ox.NamedNode)}
        for quad in quads:
            if quad.predicate.value == OWL + "versionIRI":
                continue
            for node in (quad.subject, quad.predicate, quad.object):
                if not isinstance(node, ox.NamedNode) or not node.value.startswith(GR):
                    continue
                iri = node.value
                if iri in declared or (iri in own and _is_own(path, iri)) or (str(path), iri) in said:
                    continue
                if not iri.startswith(tuple(GR + name for name in ("ontology/", "CodeSystem/", "mapping-column/"))):
                    said.add((str(path), iri))
                    yield bench.problem(iri, "is not declared in the ontology", _meant(bench, iri, declared), path)


def _is_own(path: Path, iri: str) -> bool:
    """Cases and shapes describe nodes of their own, which are no vocabulary."""
    return "cases" in path.parts or "shapes" in path.parts or iri.startswith(tuple(GR + n for n in _INSTANCES))


def _meant(bench: Bench, iri: str, declared: set[str]) -> str:
    near = get_close_matches(iri, [d for d in declared if d.startswith(GR)], 1, 0.85)
    return f"did you mean `{bench.curie(near[0])}`?" if near else "declare it, or mend the name"


def loading(bench: Bench) -> Found:
    """The knowledge loads and compiles: findings, the OWL fragment, guidelines, gradings, mappings, patient shapes."""
    try:
        knowledge = bench.reasoner.knowledge
    except ReasonerError as error:
        yield from bench.from_error(error)
        return
    yield sum(len(guideline.trees()) for guideline in knowledge.guidelines)


def mappings(bench: Bench) -> Found:
    """Every row of every mapping table leads to a finding, a value or a class of values that exists."""
    for path in sorted(bench.ontology.rglob("*.sssom.tsv")):
        rows = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
        yield max(0, len(rows) - 1)
    # Loading raises for a mapping to a term that is gone, with file and line.
    yield from (item for item in loading(bench) if isinstance(item, Problem) and "sssom" in item.where)


def queries(bench: Bench) -> Found:
    """Every query parses, uses declared prefixes and terms, and its header says what it asks."""
    known = prefixes(bench.knowledge)
    for query in shipped_queries(bench.knowledge).values():
        yield 1
        if not query.question:
            yield Problem(bench.shown(query.file), "", "has no question", "begin it with `# Question: …`")
        try:
            inspect(query.text, query.file, known)
        except QueryError as error:
            yield from bench.from_error(error)


def _shapes(bench: Bench) -> list[Path]:
    return sorted((bench.home / "shapes").glob("*.ttl"))
