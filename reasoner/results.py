"""The result of a query: rows, a yes or no, or triples, and how they are written."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pyoxigraph as ox

from .errors import QueryError

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Triples = ox.QueryTriples | list[ox.Triple]
Found = ox.QuerySolutions | ox.QueryBoolean | Triples
"""What an engine gives: rows, a yes or no, or triples."""
_JSON = ox.QueryResultsFormat.JSON
FORMATS = ("text", "csv", "tsv", "json", "xml", "turtle")


@dataclass(frozen=True)
class QueryResult:
    """What a query gave. ``kind`` is ``rows``, ``boolean`` or ``triples``."""

    kind: str
    prefixes: Mapping[str, str]
    answer: bytes = b""
    """Rows or a yes or no, as SPARQL JSON."""
    triples: tuple[ox.Triple, ...] = ()
    """The triples of CONSTRUCT and DESCRIBE, in order."""

    @classmethod
    def of(cls, found: Found, prefixes: Mapping[str, str]) -> QueryResult:
        """The result that the engine gives, drawn to its end."""
        if isinstance(found, ox.QueryTriples | list):
            return cls("triples", prefixes, b"", tuple(sorted(set(found), key=_order)))
        answer = found.serialize(format=_JSON)
        assert answer is not None
        return cls("rows" if isinstance(found, ox.QuerySolutions) else "boolean", prefixes, answer)

    @property
    def boolean(self) -> bool:
        """The answer to an ASK."""
        found = self._parsed()
        if not isinstance(found, ox.QueryBoolean):
            raise QueryError("the query gives no yes or no", None, "write it as ASK")
        return bool(found)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(variable.value for variable in self._solutions().variables)

    @property
    def rows(self) -> list[tuple[Term | None, ...]]:
        """The rows as RDF terms, None where nothing is bound."""
        found = self._solutions()
        return [tuple(row) for row in found]

    def to_json(self) -> bytes:
        """SPARQL 1.1 JSON."""
        self._solutions_or_boolean()
        return orjson.dumps(orjson.loads(self.answer), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    def to_csv(self) -> bytes:
        """SPARQL 1.1 CSV: values without their types."""
        return self._written(ox.QueryResultsFormat.CSV).replace(b"\r\n", b"\n")

    def to_tsv(self) -> bytes:
        """SPARQL 1.1 TSV: terms as in Turtle."""
        return self._written(ox.QueryResultsFormat.TSV)

    def to_xml(self) -> bytes:
        """SPARQL 1.1 XML."""
        return self._written(ox.QueryResultsFormat.XML) + b"\n"

    def to_turtle(self) -> bytes:
        """The triples of a CONSTRUCT as Turtle; the same triples give the same bytes."""
        if self.kind != "triples":
            raise QueryError("only CONSTRUCT and DESCRIBE give Turtle", None, "choose csv, tsv, json or xml")
        used = {
            prefix: namespace
            for prefix, namespace in sorted(self.prefixes.items())
            if any(isinstance(t, ox.NamedNode) and t.value.startswith(namespace) for own in self.triples for t in own)
        }
        data = ox.serialize(self.triples, format=ox.RdfFormat.TURTLE, prefixes=used)
        assert data is not None
        lines = data.splitlines(keepends=True)
        # The serializer writes the prefixes in an order that differs from run to run.
        return b"".join([*sorted(lines[: len(used)]), *lines[len(used) :]])

    def written(self, form: str, width: int = 100) -> bytes:
        """The result in one of FORMATS."""
        if form == "text":
            return self.table(width).encode()
        write: dict[str, Any] = {
            "csv": self.to_csv, "tsv": self.to_tsv, "json": self.to_json, "xml": self.to_xml, "turtle": self.to_turtle,
        }  # fmt: skip
        data: bytes = write[form]()
        return data

    def table(self, width: int = 100) -> str:
        """The result for a terminal: columns side by side, names short, long cells over several lines."""
        from .table import table

        if self.kind == "triples":
            return self.to_turtle().decode()
        if self.kind == "boolean":
            return "yes\n" if self.boolean else "no\n"
        rows = [["" if term is None else self.short(term) for term in row] for row in self.rows]
        return table(self.variables, rows, width)

    def short(self, term: Term) -> str:
        """A term as a person reads it: a prefixed name, or the text of a literal."""
        if isinstance(term, ox.NamedNode):
            fitting = [(len(ns), prefix) for prefix, ns in self.prefixes.items() if term.value.startswith(ns)]
            if not fitting:
                return term.value
            length, prefix = max(fitting)
            return f"{prefix}:{term.value[length:]}"
        return term.value if isinstance(term, ox.Literal) else str(term)

    def df(self) -> Any:
        """A typed data frame, with nulls: of polars where that is installed, else of pandas."""
        from .frames import frame

        return frame(self.variables, self.rows)

    def _written(self, form: ox.QueryResultsFormat) -> bytes:
        found = self._solutions_or_boolean()
        if isinstance(found, ox.QueryBoolean) and form in (ox.QueryResultsFormat.CSV, ox.QueryResultsFormat.TSV):
            return b"true\n" if found else b"false\n"
        data = found.serialize(format=form)
        assert data is not None
        return data

    def _parsed(self) -> ox.QuerySolutions | ox.QueryBoolean | None:
        return ox.parse_query_results(io.BytesIO(self.answer), format=_JSON) if self.answer else None

    def _solutions_or_boolean(self) -> ox.QuerySolutions | ox.QueryBoolean:
        found = self._parsed()
        if found is None:
            raise QueryError("the query gives triples, not rows", None, "choose turtle")
        return found

    def _solutions(self) -> ox.QuerySolutions:
        found = self._solutions_or_boolean()
        if not isinstance(found, ox.QuerySolutions):
            raise QueryError("the query gives a yes or no, not rows", None, "choose text, csv, tsv, json or xml")
        return found


def _order(triple: ox.Triple) -> tuple[str, str, str]:
    return str(triple.subject), str(triple.predicate), str(triple.object)
