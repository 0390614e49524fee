"""Checks of the files as text: syntax, mappings, queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyoxigraph as ox

from reasoner.catalogue import Query
from reasoner.errors import KnowledgeError, QueryError
from reasoner.fhir.mapping import load_mapping
from reasoner.fhir.sssom import Table, read_table
from reasoner.graph import GR
from reasoner.sparql import Inspected, inspect, syntax_error
from reasoner.spelling import nearest

from .bench import Bench
from .found import Found
from .problem import Problem
from .snapshot import ONTOLOGY, QUERIES, Document
from .syntax import folded


def syntax(bench: Bench) -> Found:
    """Every Turtle file of the ontology and the shapes parses."""
    yield from _syntax([*bench.ontology, *bench.shapes])


def case_syntax(bench: Bench) -> Found:
    """Every case file parses."""
    yield from _syntax(bench.cases)


def _syntax(documents: list[Document]) -> Found:
    for document in documents:
        yield 1
        for mistake, more in folded(document.mistakes):
            name = document.text.subject_at(mistake.line)
            iri = name and document.text.expand(name)
            label = document.text.label_at(mistake.line)
            term = f"`{name}` ({label or 'no label that could be read'})" if name else f"`{document.name}` (the file)"
            message = mistake.message + (f" (and in {more} more places)" if more else "")
            yield Problem(f"{document.name}:{mistake.line}", term, message, mistake.fix, iri or "")


def mappings(bench: Bench) -> Found:
    """Every row of every mapping table leads to a finding, a value or a class of values that exists, once."""
    try:
        load_mapping(bench.graph, {n.removeprefix(f"{ONTOLOGY}/"): t for n, t in bench.tables.items()}, bench.model)
    except KnowledgeError as error:
        for problem in bench.from_error(error):
            yield _of_row(bench, problem)
    for name, text in bench.tables.items():
        try:
            table = read_table(name, text)
        except KnowledgeError:
            continue  # told above
        yield len(table.rows)
        yield from _twice(table)


def _of_row(bench: Bench, problem: Problem) -> Problem:
    """A problem of a row, with the code and its label as the term."""
    name, _, line = problem.where.rpartition(":")
    if problem.term or name not in bench.tables:
        return problem if problem.term else replace(problem, term=f"`{problem.where.split(':')[0]}` (mapping table)")
    lines = bench.tables[name].splitlines()
    header = next((row.split("\t") for row in lines if row and not row.startswith("#")), [])
    cells = dict(zip(header, lines[int(line) - 1].split("\t"), strict=False))
    if list(cells.values()) == header:
        return replace(problem, term=f"`{name}` (mapping table)")
    code, label = cells.get("subject_id", name), cells.get("subject_label") or "mapping row"
    return replace(problem, term=f"`{code}` ({label})")


def _twice(table: Table) -> Iterator[Problem]:
    first: dict[tuple[str, ...], str] = {}
    for row in table.rows:
        key = tuple(
            row[c] for c in ("subject_id", "object_id", "resource_type", "match", "site_class", "side_position")
        )
        before = first.setdefault(key, row.where)
        if before != row.where:
            term = f"`{row['subject_id']}` ({row['subject_label'] or 'mapping row'})"
            message = f"is mapped to `{row['object_id']}` already in line {before.rpartition(':')[2]}"
            yield Problem(row.where, term, message, "remove one of the two rows")


def queries(bench: Bench) -> Found:
    """Every query parses, uses declared prefixes and terms, and its header says what it asks."""
    for query in bench.queries.values():
        if query.file not in bench.files:
            continue
        yield 1
        key = ("query", query.file, query.text, bench.key, tuple(bench.prefixes.items()))
        yield from bench.memo.get(key, lambda q=query: list(_query(bench, q)))  # type: ignore[misc]


def _query(bench: Bench, query: Query) -> Iterator[Problem]:
    term = asked(query)
    if not query.question:
        yield Problem(f"{query.file}:1", term, "does not say what it asks", "begin the file with `# Question: …`")
    try:
        inspected = inspect(query.text, query.file, bench.prefixes)
        _parse(query, inspected, bench)
        yield from _terms(bench, inspected, term)
    except QueryError as error:
        where = error.where or query.file
        where = where if where != query.file else f"{query.file}:1"
        yield Problem(where, term, error.message, error.hint or "mend the query")


def _parse(query: Query, inspected: Inspected, bench: Bench) -> None:
    try:
        ox.Store().query(inspected.text, prefixes=bench.prefixes)
    except SyntaxError as error:
        raise syntax_error(str(error), inspected.text, query.file) from error


def _terms(bench: Bench, inspected: Inspected, term: str) -> Iterator[Problem]:
    for iri, place in dict.fromkeys(inspected.terms):
        if iri.startswith(GR) and iri not in inspected.prefixes.values() and not _is_known(bench, iri):
            names = [own for own in bench.graph.all_subjects() if own.startswith(GR)]
            meant = nearest(iri, names)
            fix = f"did you mean {bench.label(meant)}?" if meant else "see `guideline terms` for the names"
            yield Problem(place, term, f"`{bench.curie(iri)}` is not declared", fix)


def _is_known(bench: Bench, iri: str) -> bool:
    if iri in bench.graph:
        return True
    node, match = ox.NamedNode(iri), bench.store.store.quads_for_pattern
    found = (match(node, None, None), match(None, node, None), match(None, None, node), match(None, None, None, node))
    return any(next(quads, None) is not None for quads in found)


def asked(query: Query) -> str:
    """A query as a labelled term: its name and its question."""
    return f"`{query.name}` ({query.question or 'a query without question'})"


def expected(bench: Bench, query: Query) -> Iterator[tuple[str, bytes]]:
    """The files that hold what a query gives, by form."""
    for form in ("tsv", "srj", "ttl"):
        if (data := bench.files.get(f"{QUERIES}/expected/{query.name}.{form}")) is not None:
            yield form, data
