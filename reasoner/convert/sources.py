"""What a file to convert holds, one after the other, numbers with their digits."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from reasoner.errors import DataError
from reasoner.fhirrdf import Release, documents_of, loads, plain
from reasoner.inputs import (
    FORMATS,
    LARGEST,
    LINES,
    GraphInput,
    check_kind,
    has_resource_line,
    is_fhir,
    parse_graph,
    reading,
    suffix_of,
)

_ANSWER = ("engine", "subjects", "guidelines")
"""What an answer of ``guideline assess`` has, and no FHIR resource."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A FHIR resource, from JSON or from RDF."""

    where: str
    document: dict[str, Any]
    rdf: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of ``guideline assess --format json``."""

    where: str
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Own:
    """A patient graph in our vocabulary."""

    where: str
    graph: GraphInput


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that could not be read; the others go on."""

    where: str
    error: DataError


Source = Resource | Told | Own | Broken


def sources(file: str, release: Release | None) -> Iterator[Source]:
    """All that a file holds; ``-`` is stdin. Raises UsageError and DataError for what cannot be read as a whole."""
    if file == "-":
        yield from _data(sys.stdin.buffer.read(LARGEST + 1), "stdin", "", release)
        return
    path = Path(file)
    suffix = suffix_of(path)
    with reading(path) as lines:
        if suffix in LINES:
            yield from _lines(lines, file)
            return
        data = lines.read(LARGEST + 1)
    yield from _data(data, file, suffix, release)


def _data(data: bytes, where: str, suffix: str, release: Release | None) -> Iterator[Source]:
    if len(data) > LARGEST:
        raise DataError("is larger than 64 MiB", f"`{where}`", "split it, or write one Bundle a line as .ndjson")
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise DataError("is empty", f"`{where}`", "give FHIR as JSON or RDF, a patient graph, or an answer")
    check_kind(data, where, suffix)
    if suffix in FORMATS:
        yield from _graph(data, where, FORMATS[suffix], release)
    elif (suffix == "json" or start[:1] in b"{[") and b'"@' in data and b'"resourceType"' not in data:
        yield from _graph(data, where, ox.RdfFormat.JSON_LD, release)
    elif suffix == "json" or start[:1] == b"{":
        if start[:1] == b"[":
            raise DataError("is a list", f"`{where}`", "give one a line as .ndjson")
        yield from _json(data, where)
    elif start.startswith((b"<?xml", b"<rdf:", b"<!DOCTYPE")):
        yield from _graph(data, where, ox.RdfFormat.RDF_XML, release)
    else:
        yield from _graph(data, where, None, release)


def _graph(data: bytes, where: str, syntax: ox.RdfFormat | None, release: Release | None) -> Iterator[Source]:
    graph = parse_graph(data, where, syntax)
    if not is_fhir(graph):
        yield Own(where, graph)
        return
    documents = documents_of(graph.triples, where, release)
    for number, document in enumerate(documents, 1):
        yield Resource(where if len(documents) == 1 else f"{where}, resource {number}", document, rdf=True)


def _json(data: bytes, where: str) -> Iterator[Source]:
    try:
        document = loads(data, where)
    except DataError:
        if not has_resource_line(data):
            raise
        yield from _lines(io.BytesIO(data), where)
        return
    yield _told(document, where)


def _lines(lines: Iterable[bytes], where: str) -> Iterator[Source]:
    seen = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        seen, at = True, f"{where}:{number}"
        if len(line) > LARGEST:
            yield Broken(at, DataError("is larger than 64 MiB", f"`{at}`", "split it"))
            continue
        try:
            yield _told(loads(line, at), at)
        except DataError as error:
            yield Broken(at, error)
    if not seen:
        raise DataError("is empty", f"`{where}`", "give one FHIR Bundle or resource a line")


def _told(document: dict[str, Any], where: str) -> Source:
    if "resourceType" not in document and all(name in document for name in _ANSWER):
        return Told(where, plain(document))
    return Resource(where, document)
