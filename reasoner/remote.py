"""The shipped queries on a SPARQL server that exists already, instead of on a store of our own.

The one place of the package that opens a connection, and only to a host that was allowed by name. It follows no
redirect and asks no proxy: both would lead elsewhere.
"""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox

from .catalogue import prefixes
from .errors import QueryError, UsageError
from .graph import GR, OWL, TYPE
from .knowledge import Knowledge
from .query import Dataset, Draw
from .results import QueryResult
from .sparql import Inspected, inspect

_ELSEWHERE = 3
"""The first digit of a redirect."""
_LARGEST = 64 * 2**20
_ROWS, _TRIPLES = "application/sparql-results+json", "application/n-triples"


class Remote:
    """A SPARQL server, asked over the SPARQL 1.1 Protocol."""

    def __init__(self, knowledge: Knowledge, url: str, allowed: Sequence[str], seconds: float = 30.0) -> None:
        """Raises UsageError for a URL that is none, or whose host is not among the allowed."""
        self.knowledge, self.url, self.seconds = knowledge, checked(url, allowed), seconds
        self.prefixes = prefixes(knowledge)
        self._opener = urllib.request.OpenerDirector()
        for handler in (urllib.request.HTTPHandler, urllib.request.HTTPSHandler, urllib.request.HTTPErrorProcessor):
            self._opener.add_handler(handler())
        self._opener.add_handler(_Failing())

    def run(
        self, text: str, where: str = "the query", draw: Draw = QueryResult.of, dataset: Dataset | None = None
    ) -> QueryResult:
        """Run the text of a query there; see ``QueryStore.run``."""
        query = inspect(text, where, self.prefixes)
        default, named = dataset or ((), ())
        self._check_graphs([*query.graphs, *((iri, where) for iri in (*default, *named))])
        is_graph = query.form in ("construct", "describe")
        data = self._asked(query, default, named, where, _TRIPLES if is_graph else _ROWS)
        try:
            if is_graph:
                triples = [quad.triple for quad in ox.parse(data, format=ox.RdfFormat.N_TRIPLES)]
                return draw(triples, {**self.prefixes, **query.prefixes})
            found = ox.parse_query_results(io.BytesIO(data), format=ox.QueryResultsFormat.JSON)
            return draw(found, {**self.prefixes, **query.prefixes})
        except (SyntaxError, ValueError, OSError, RuntimeError) as error:
            raise QueryError(
                "the server answered what is no SPARQL result", f"`{self.url}`", "check the URL"
            ) from error

    def _asked(self, query: Inspected, default: Sequence[str], named: Sequence[str], where: str, media: str) -> bytes:
        declared = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in self.prefixes.items())
        form = [("query", declared + query.text)]
        form += [("default-graph-uri", iri) for iri in default] + [("named-graph-uri", iri) for iri in named]
        request = urllib.request.Request(self.url, urlencode(form).encode(), {"Accept": media})
        try:
            with self._opener.open(request, timeout=self.seconds) as answer:
                data: bytes = answer.read(_LARGEST + 1)
        except urllib.error.HTTPError as error:
            error.close()
            hint = "give the URL it leads to" if error.code // 100 == _ELSEWHERE else "see what it logs"
            raise QueryError(f"the server answered {error.code} to {where}", f"`{self.url}`", hint) from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            kind = getattr(reason, "strerror", None) or type(reason).__name__
            raise QueryError(f"cannot be asked: {kind}", f"`{self.url}`", "check that the server runs") from error
        if len(data) > _LARGEST:
            raise QueryError("the server answered more than 64 MiB", f"`{self.url}`", "ask for less, with LIMIT")
        return data

    def _check_graphs(self, graphs: Sequence[tuple[str, str]]) -> None:
        """Only graphs of the knowledge: some servers fetch a graph that they do not have."""
        graph = self.knowledge.graph
        for iri, place in graphs:
            if not {GR + "NamedGraph", OWL + "Ontology"} & set(graph.nodes(iri, TYPE)):
                raise QueryError(f"`{iri}` is no graph of the knowledge, and nothing is fetched", place, "see graph:")


def checked(url: str, allowed: Sequence[str]) -> str:
    """The URL, if it may be connected to. Raises UsageError."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or parts.fragment:
        raise UsageError("is no URL of a SPARQL server", f"`{url}`", "write it as http://host:port/path")
    if host.lower() not in {own.lower() for own in allowed}:
        raise UsageError("nothing may be asked of this host", f"`{host}`", f"allow it with `--allow-net {host}`")
    return url


class _Failing(urllib.request.BaseHandler):
    """Every answer that is no success is an error, a redirect too."""

    def http_error_default(self, request: Any, response: Any, code: int, message: str, headers: Any) -> Any:
        raise urllib.error.HTTPError(request.full_url, code, message, headers, response)
