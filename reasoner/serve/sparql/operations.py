"""What OpenAPI says of ``/sparql`` and ``/.well-known/void``."""

from __future__ import annotations

from typing import Any

from reasoner.serve.openapi import answer, failures

from .negotiate import GRAPHS, ROWS

_TEXT = {"type": "string", "maxLength": 20000}
_IRIS = {"type": "array", "items": {"type": "string", "format": "uri"}, "maxItems": 50}
_DATASET = {
    "default-graph-uri": "A graph to ask; several are merged",
    "named-graph-uri": "A graph that GRAPH can name",
}
_GRAPHS_GIVEN = [
    {"name": name, "in": "query", "description": description, "schema": _IRIS, "style": "form", "explode": True}
    for name, description in _DATASET.items()
]
_FORM = {
    "type": "object",
    "required": ["query"],
    "properties": {"query": _TEXT, **dict.fromkeys(_DATASET, _IRIS)},
}
_RESPONSES = {
    "200": answer("Rows or a yes or no; triples for CONSTRUCT and DESCRIBE", *ROWS, *GRAPHS),
    **failures(400, 401, 403, 406, 408, 413, 415, 503),
}
PATHS: dict[str, Any] = {
    "/sparql": {
        "get": {
            "summary": "Ask a SPARQL query; without one, the service describes itself in RDF",
            "parameters": [{"name": "query", "in": "query", "schema": _TEXT}, *_GRAPHS_GIVEN],
            "responses": _RESPONSES,
        },
        "post": {
            "summary": "Ask a SPARQL query",
            "parameters": _GRAPHS_GIVEN,
            "requestBody": {
                "required": True,
                "content": {
                    "application/sparql-query": {"schema": _TEXT},
                    "application/x-www-form-urlencoded": {"schema": _FORM},
                },
            },
            "responses": _RESPONSES,
        },
    },
    "/.well-known/void": {
        "get": {
            "summary": "What there is to query, as VoID",
            "responses": {"200": answer("A void:Dataset", *GRAPHS), **failures(406)},
        }
    },
}
