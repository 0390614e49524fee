"""One query, run to its end within a number of rows, and written in the form that the client wants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

import orjson
import pyoxigraph as ox

from reasoner.errors import QueryError
from reasoner.query import Dataset, Draw
from reasoner.results import Found, QueryResult
from reasoner.serve.refusal import Refusal

from .negotiate import GRAPHS, ROWS, chosen

_STRING = "http://www.w3.org/2001/XMLSchema#string"
_LOCAL = re.compile(r"[^\W\d][\w.\-]*$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML 1.0 has no way to write."""
_FORMATS = {"n-triples": ox.RdfFormat.N_TRIPLES, "json-ld": ox.RdfFormat.JSON_LD, "rdf-xml": ox.RdfFormat.RDF_XML}


class Asked(Protocol):
    """What answers queries: a store of our own, or another server."""

    def run(self, text: str, where: str = ..., draw: Draw = ..., dataset: Dataset | None = ...) -> QueryResult:
        """The result of a query."""


def written(asked: Asked, question: Mapping[str, Any], most: int) -> tuple[str, bytes]:
    """(media type, answer) to a question: its ``query``, ``default`` and ``named`` graphs, and ``accept``."""
    graphs = question["default"], question["named"]

    def draw(found: Found, prefixes: Mapping[str, str]) -> QueryResult:
        # Before anything is computed: nobody waits for an answer that cannot be written.
        chosen(question["accept"], GRAPHS if isinstance(found, ox.QueryTriples | list) else ROWS)
        return limited(found, prefixes, most)

    result = asked.run(question["query"], "the query", draw, graphs if any(graphs) else None)
    media, form = chosen(question["accept"], GRAPHS if result.kind == "triples" else ROWS)
    return media, graph_in(result, form) if result.kind == "triples" else _rows(result, form)


def limited(found: Found, prefixes: Mapping[str, str], most: int) -> QueryResult:
    """The whole of a result, or an error where it has too many rows: a part is never taken for the whole."""
    if isinstance(found, ox.QueryBoolean):
        return QueryResult.of(found, prefixes)
    if isinstance(found, ox.QueryTriples | list):
        triples = list(islice(found, most + 1))
        _check(len(triples), most)
        return QueryResult("triples", prefixes, b"", tuple(sorted(set(triples), key=_order)))
    names = [variable.value for variable in found.variables]
    rows = [
        {name: _term(term) for name, term in zip(names, row, strict=True) if term is not None}
        for row in islice(found, most + 1)
    ]
    _check(len(rows), most)
    return QueryResult("rows", prefixes, orjson.dumps({"head": {"vars": names}, "results": {"bindings": rows}}))


def _check(count: int, most: int) -> None:
    if count > most:
        raise QueryError(f"gives more than {most} rows", "the query", "narrow it, or add LIMIT and OFFSET")


def _term(term: Any) -> dict[str, Any]:
    """A term as SPARQL 1.1 JSON writes it."""
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, ox.BlankNode):
        return {"type": "bnode", "value": term.value}
    if isinstance(term, ox.Literal):
        said = {"type": "literal", "value": term.value}
        if term.language:
            said["xml:lang"] = term.language
            if term.direction is not None:
                said["its:dir"] = term.direction.value
        elif term.datatype.value != _STRING:
            said["datatype"] = term.datatype.value
        return said
    parts = {"subject": _term(term.subject), "predicate": _term(term.predicate), "object": _term(term.object)}
    return {"type": "triple", "value": parts}


def _order(triple: ox.Triple) -> tuple[str, str, str]:
    return str(triple.subject), str(triple.predicate), str(triple.object)


def _rows(result: QueryResult, form: str) -> bytes:
    if form == "json":
        return result.answer
    if form == "xml":
        _check_xml(term.value for row in _literals(result) for term in row)
    data: bytes = {"xml": result.to_xml, "csv": result.to_csv, "tsv": result.to_tsv}[form]()
    return data


def _literals(result: QueryResult) -> Iterator[list[ox.Literal]]:
    if result.kind == "rows":
        for row in result.rows:
            yield [term for term in row if isinstance(term, ox.Literal)]


def graph_in(result: QueryResult, form: str) -> bytes:
    """The triples of a result in a form of ``negotiate.GRAPHS``; raises Refusal where it cannot write them."""
    if form == "turtle":
        return result.to_turtle()
    if form == "rdf-xml":
        _check_xml(t.object.value for t in result.triples if isinstance(t.object, ox.Literal))
        for triple in result.triples:
            if not _LOCAL.search(triple.predicate.value):
                raise _unwritable("a property has no name that XML could give it")
    data = ox.serialize(result.triples, format=_FORMATS[form])
    assert data is not None
    return data


def _check_xml(texts: Iterator[str]) -> None:
    if any(_CONTROL.search(text) for text in texts):
        raise _unwritable("a value holds a character that XML has not")


def _unwritable(message: str) -> Refusal:
    return Refusal(406, message, "accept another form than XML")
