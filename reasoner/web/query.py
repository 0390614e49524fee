"""The page for SPARQL: an editor that knows our terms by label, and the shipped questions as examples."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from reasoner.catalogue import Query, prefixes, shipped_queries
from reasoner.graph import DEFINITION, GR, LABEL, OWL, TYPE
from reasoner.knowledge import Knowledge
from reasoner.serve.service import Service

from .frame import Frame

_KINDS = {OWL + "Class": "class", OWL + "ObjectProperty": "property", OWL + "DatatypeProperty": "property",
          OWL + "AnnotationProperty": "property"}  # fmt: skip


class _ForBrowsers(Route):
    """Takes what a browser asks for without a query, and leaves the rest to the protocol."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http":
            accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
            if b"text/html" not in accept or scope.get("query_string"):
                return Match.NONE, {}
        match, found = super().matches(scope)
        return (match, found) if match is Match.FULL else (Match.NONE, {})


class QueryPage:
    """``GET /sparql`` of a browser."""

    def __init__(self, service: Service, frame: Frame) -> None:
        self.frame = frame
        knowledge = service.reasoner.knowledge
        self.queries = list(shipped_queries(knowledge).values())
        self.has_patients = bool(service.settings.data)
        self.terms = frame.add("terms.json", orjson.dumps(_terms(knowledge, self.queries)))

    def routes(self) -> list[BaseRoute]:
        """The path of this page."""
        return [_ForBrowsers("/sparql", self.page, methods=["GET"])]

    async def page(self, _: Request) -> Response:
        """The editor."""
        shown = [query for query in self.queries if query.question and "/" not in query.name]
        return self.frame.page(
            "sparql", "SPARQL", here="/sparql", queries=shown, first=shown[0] if shown else None, terms=self.terms,
            has_patients=self.has_patients, nonce=secrets.token_urlsafe(16),
        )  # fmt: skip


def _terms(knowledge: Knowledge, queries: list[Query]) -> dict[str, Any]:
    known = prefixes(knowledge)
    return {
        "prefixes": known,
        "queries": [{"name": query.name, "text": query.text} for query in queries],
        "terms": list(_named(knowledge, known)),
    }


def _named(knowledge: Knowledge, known: dict[str, str]) -> Iterator[dict[str, str]]:
    graph = knowledge.graph
    # The longest namespace first: the values of a finding lie within ours.
    spaces = sorted(known.items(), key=lambda item: -len(item[1]))
    for iri in sorted(graph.all_subjects()):
        label = graph.text(iri, LABEL)
        if label is None or not iri.startswith(GR):
            continue
        short = next((f"{prefix}:{iri.removeprefix(space)}" for prefix, space in spaces if iri.startswith(space)), "")
        types = graph.nodes(iri, TYPE)
        kind = next((_KINDS[own] for own in types if own in _KINDS), "constant")
        yield {
            "iri": iri,
            "short": "" if "/" in short else short,
            "label": label,
            "definition": graph.text(iri, DEFINITION) or "",
            "kind": kind,
        }
