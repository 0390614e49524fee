"""Bytes to inputs: tells FHIR from RDF, takes NDJSON apart, and turns every parser's complaint into one sentence."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyoxigraph as ox

from .errors import DataError, UsageError
from .fhir.bundle import group_by_patient, resources_of
from .graph import GR

LARGEST = 64 * 1024 * 1024
"""Bytes that one input (a file, or one line of NDJSON) may have."""

FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "turtle": ox.RdfFormat.TURTLE,
    "n3": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "rdf": ox.RdfFormat.RDF_XML,
    "owl": ox.RdfFormat.RDF_XML,
    "xml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
"""RDF syntaxes by what the names of their files end in."""
LINES = {"ndjson", "jsonl"}
"""What the names of files of lines end in."""
_FHIR = "http://hl7.org/fhir/"
_DEPTH = 1000
_ECHO = re.compile(
    r"(: |^).+ (is not an? )|(Unexpected text event: |found )(?!in an absolute IRI).+|(prefix ).+?(?= has)"
)
"""Where a parser quotes what it met: that may be about a patient."""
_FHIR_XML = re.compile(rb"<(\w+:)?\w+\s[^<>]*\bxmlns(:\w+)?\s*=\s*[\"']http://hl7\.org/fhir[\"']")
_UNPACK = "unpack it, or give it to `guideline cohort`"
_OTHERS: dict[bytes, tuple[str, str]] = {
    b"\x1f\x8b": ("is compressed (gzip)", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("is compressed (zstd)", _UNPACK),
    b"PK\x03\x04": ("is compressed (zip)", "unpack it"),
    b"PAR1": ("is a table", "give it to `guideline cohort`"),
    b"ARROW1": ("is a table", "give it to `guideline cohort`"),
    b"\xff\xfe": ("is UTF-16", "save it as UTF-8"),
    b"\xfe\xff": ("is UTF-16", "save it as UTF-8"),
}
"""What files that are often given begin with, and what to do with them."""


@dataclass(frozen=True, slots=True)
class FhirInput:
    """The resources of one Bundle, of one resource, or of one patient of an NDJSON file."""

    sha256: str
    resources: list[dict[str, Any]]
    full_urls: list[str | None]


@dataclass(frozen=True, slots=True)
class GraphInput:
    """A patient graph."""

    sha256: str
    triples: list[ox.Quad | ox.Triple]


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line of NDJSON that could not be read; the others go on."""

    line: int
    error: DataError


Input = FhirInput | GraphInput | BrokenLine


def read_file(path: Path) -> Iterator[Input]:
    """The inputs of a file. Raises UsageError when it is not there, DataError when it cannot be read as a whole."""
    suffix = suffix_of(path)
    with reading(path) as file:
        if suffix in LINES:
            yield from read_lines(file, str(path))
            return
        data = file.read(LARGEST + 1)
    yield from read_bytes(data, str(path), suffix)


def suffix_of(path: Path) -> str:
    """What the name of a file ends in, by which its format is told."""
    return path.suffix.lower().lstrip(".")


@contextlib.contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """A file that is read within the context. Raises UsageError when it is not there or cannot be read."""
    try:
        if path.is_dir():
            raise UsageError("is a folder", f"`{path}`", "name the files in it")
        if not path.exists():
            raise UsageError("no such file", f"`{path}`", "check the path")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", f"`{path}`", "check the path and its rights") from error


def read_bytes(data: bytes, where: str, suffix: str = "") -> Iterator[Input]:
    """The inputs in some bytes; the format follows the suffix, else the first characters."""
    if len(data) > LARGEST:
        raise DataError("is larger than 64 MiB", f"`{where}`", "split it, or write one Bundle a line as .ndjson")
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise DataError("is empty", f"`{where}`", "give a FHIR bundle or a patient graph")
    check_kind(data, where, suffix)
    if suffix in LINES:
        yield from read_lines(io.BytesIO(data), where)
    elif suffix in FORMATS:
        yield from _graphs(data, where, FORMATS[suffix])
    elif start[:1] in b"{[" or suffix == "json" or has_resource_line(data):
        yield from _json(data, where)
    elif start.startswith((b"<?xml", b"<rdf:", b"<!DOCTYPE", b"<Bundle", b"<Patient")):
        yield from _graphs(data, where, ox.RdfFormat.RDF_XML)
    else:
        yield from _graphs(data, where, None)


def check_kind(data: bytes, where: str, suffix: str = "") -> None:
    """Raise DataError for what is neither JSON nor RDF, by what it is."""
    for begins, (what, hint) in _OTHERS.items():
        if data.startswith(begins):
            raise DataError(what, f"`{where}`", hint)
    if b"\0" in data[:4096]:
        raise DataError("is binary", f"`{where}`", "give FHIR JSON or RDF as text")
    if suffix == "csv":
        raise DataError("is a table", f"`{where}`", "give it to `guideline cohort`")
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"<" and _FHIR_XML.search(start):
        raise DataError("is FHIR XML", f"`{where}`", "give FHIR JSON")


def read_lines(lines: Iterable[bytes], where: str) -> Iterator[Input]:
    """NDJSON: every Bundle an input, bare resources grouped by patient at the place of the patient's first one."""
    held: list[Input | tuple[int, dict[str, Any]]] = []
    holding = False
    seen = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        seen = True
        item: Input | tuple[int, dict[str, Any]]
        try:
            document = _parse(line, f"{where}:{number}")
            if document.get("resourceType") == "Bundle":
                item = _fhir(line, document, f"{where}:{number}")
            else:
                resources_of(document)
                item, holding = (number, document), True
        except DataError as error:
            item = BrokenLine(number, error)
        if holding:
            held.append(item)
        else:
            assert not isinstance(item, tuple)
            yield item
    if not seen:
        raise DataError("is empty", f"`{where}`", "give one FHIR Bundle or resource a line")
    yield from _release(held)


def _release(held: list[Input | tuple[int, dict[str, Any]]]) -> Iterator[Input]:
    bare = [item[1] for item in held if isinstance(item, tuple)]
    groups = group_by_patient(bare)
    place = {id(resource): group for group, members in enumerate(groups) for resource in members}
    done: set[int] = set()
    for item in held:
        if not isinstance(item, tuple):
            yield item
        elif (group := place[id(item[1])]) not in done:
            done.add(group)
            members = groups[group]
            data = b"\n".join(orjson.dumps(member) for member in members)
            yield FhirInput(hashlib.sha256(data).hexdigest(), members, [None] * len(members))


def from_document(document: dict[str, Any]) -> FhirInput:
    """A FHIR document given as Python data."""
    try:
        data = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise DataError(f"is not JSON: {error}", "`the document`", "give plain dicts, lists and numbers") from error
    return _fhir(data, document, "the document")


def from_graph(graph: object) -> FhirInput | GraphInput:
    """An rdflib graph, or a pyoxigraph store or dataset: a patient graph, or FHIR resources in RDF."""
    if isinstance(graph, (ox.Store, ox.Dataset)):
        triples: list[ox.Quad | ox.Triple] = list(graph)
    elif hasattr(graph, "serialize"):
        # N-Triples carries every rdflib graph whole and needs no import of rdflib here.
        text = graph.serialize(format="nt")
        read = parse_graph(text if isinstance(text, bytes) else text.encode(), "the graph", ox.RdfFormat.N_TRIPLES)
        return _together(read) if is_fhir(read) else read
    else:
        raise UsageError(
            f"cannot assess a `{type(graph).__name__}`",
            None,
            "give a path, bytes, a dict, an rdflib or pyoxigraph graph",
        )
    lines = sorted(f"{t.subject} {t.predicate} {t.object} ." for t in triples)
    read = GraphInput(hashlib.sha256("\n".join(lines).encode()).hexdigest(), triples)
    return _together(read) if is_fhir(read) else read


def _together(graph: GraphInput) -> FhirInput:
    """All FHIR resources of a graph as one input."""
    resources: list[dict[str, Any]] = []
    full_urls: list[str | None] = []
    for document in _documents(graph, "the graph"):
        own, urls = resources_of(document)
        resources += own
        full_urls += urls
    return FhirInput(graph.sha256, resources, full_urls)


def _documents(graph: GraphInput, where: str) -> list[dict[str, Any]]:
    from .fhirrdf import documents_of, plain

    return [plain(document) for document in documents_of(graph.triples, where)]


def is_fhir(graph: GraphInput) -> bool:
    """Whether the graph speaks of FHIR resources, and not of patients in our own words."""
    found = False
    for triple in graph.triples:
        predicate = triple.predicate.value
        if predicate.startswith(GR):
            return False
        found = found or predicate.startswith(_FHIR)
    return found


def _hidden(match: re.Match[str]) -> str:
    """What a parser quotes, without the quotation."""
    if match[2]:
        return f"{match[1]}what stands there {match[2]}"
    return f"{match[3]}something else" if match[3] else f"{match[4]}that stands there"


def _parse(data: bytes, where: str) -> dict[str, Any]:
    if len(data) > LARGEST:
        raise DataError("is larger than 64 MiB", f"`{where}`", "split it")
    try:
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise DataError(f"is not JSON: {error.msg} at line {error.lineno} column {error.colno}", f"`{where}`",
                        "check that the file is whole and is UTF-8 JSON") from error  # fmt: skip
    if not isinstance(document, dict):
        raise DataError("is not a FHIR resource", f"`{where}`", "give a JSON object with a resourceType")
    return document


def _json(data: bytes, where: str) -> Iterator[Input]:
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"[" and b'"@' not in data:
        if _is_json(data):
            raise DataError("is a list", f"`{where}`", "give one a line as .ndjson, or a Bundle")
        # A patient without a name begins so too.
        yield from _graphs(data, where, ox.RdfFormat.TURTLE)
        return
    if start[:1] == b"[" or (b'"@' in data and b'"resourceType"' not in data):
        yield from _graphs(data, where, ox.RdfFormat.JSON_LD)
        return
    try:
        document = _parse(data, where)
    except DataError:
        if has_resource_line(data):
            yield from read_lines(io.BytesIO(data), where)
            return
        raise
    yield _fhir(data, document, where)


def _is_json(data: bytes) -> bool:
    try:
        orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return False
    return True


def has_resource_line(data: bytes) -> bool:
    """Whether some line is a resource by itself: then these are lines, however many of them are broken."""
    for line in data.splitlines():
        if line.lstrip()[:1] == b"{" and line.rstrip()[-1:] == b"}" and b'"resourceType"' in line:
            try:
                found = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            if isinstance(found, dict) and "resourceType" in found:
                return True
    return False


def _fhir(data: bytes, document: dict[str, Any], where: str) -> FhirInput:
    try:
        resources, full_urls = resources_of(document)
    except DataError as error:
        raise DataError(error.message, error.where or f"`{where}`", error.hint) from error
    return FhirInput(hashlib.sha256(data).hexdigest(), resources, full_urls)


def _graphs(data: bytes, where: str, rdf_format: ox.RdfFormat | None) -> Iterator[Input]:
    """A patient graph; or FHIR resources in RDF, which are taken as the lines of NDJSON are."""
    graph = parse_graph(data, where, rdf_format)
    if not is_fhir(graph):
        yield graph
        return
    documents = _documents(graph, where)
    if len(documents) == 1:
        yield FhirInput(graph.sha256, *resources_of(documents[0]))
        return
    held: list[Input | tuple[int, dict[str, Any]]] = [
        _fhir(orjson.dumps(document), document, where) if document["resourceType"] == "Bundle" else (number, document)
        for number, document in enumerate(documents)
    ]
    yield from _release(held)


def parse_graph(data: bytes, where: str, syntax: ox.RdfFormat | None) -> GraphInput:
    """The statements of some RDF, whatever they speak of; no ``syntax``: nothing tells it. Raises DataError."""
    # TriG takes Turtle and N-Triples too, which are what somebody means who does not say.
    rdf_format = syntax or ox.RdfFormat.TRIG
    named = syntax.name if syntax else "Turtle"
    if rdf_format == ox.RdfFormat.RDF_XML:
        _check_xml(data, where)
    elif rdf_format == ox.RdfFormat.JSON_LD:
        _check_json(data, where)
    try:
        triples: list[ox.Quad | ox.Triple] = list(ox.parse(data, format=rdf_format))
    except (SyntaxError, ValueError, OSError) as error:
        if "remote context" in str(error):
            raise DataError("names a remote JSON-LD context", f"`{where}`",
                            "nothing is fetched: write the context into the file") from error  # fmt: skip
        line = getattr(error, "lineno", None)
        message = _ECHO.sub(_hidden, (getattr(error, "msg", None) or str(error)).splitlines()[0])
        raise DataError(
            f"is {f'not {named}' if syntax else f'neither JSON nor {named}'}: {message}",
            f"`{where}`" + (f":{line}" if line else ""),
            "mend this place" if syntax else "give FHIR as JSON, or RDF as Turtle",
        ) from error
    if not triples:
        raise DataError(f"holds no statement, read as {named}", f"`{where}`", "give a patient graph")
    return GraphInput(hashlib.sha256(data).hexdigest(), triples)


def _check_xml(data: bytes, where: str) -> None:
    """Refuse what would make the RDF parser work without end."""
    from xml.parsers import expat

    if b"<!ENTITY" in data:
        # A few nested entities stand for gigabytes, and an external one for a file of this machine.
        raise DataError("declares XML entities", f"`{where}`", "write their values in their places")
    depth = 0

    def start(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            raise DataError(f"nests XML elements more than {_DEPTH} deep", f"`{where}`", "write it flat")

    def end(_: object) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    # What is not well-formed, the RDF parser says better.
    with contextlib.suppress(expat.ExpatError):
        parser.Parse(data, True)


def _check_json(data: bytes, where: str) -> None:
    """Refuse nesting so deep that the JSON-LD parser would end the process: orjson stops at some thousand levels."""
    try:
        orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise DataError(f"is not JSON: {error.msg} at line {error.lineno} column {error.colno}", f"`{where}`",
                        "check that the file is whole and is UTF-8 JSON") from error  # fmt: skip
