"""What the inputs are, by what they hold: bulk exports, Bundles, tables of findings or RDF."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson

from reasoner.errors import DataError, UsageError
from reasoner.inputs import LARGEST

from .blocks import MAGIC, unpacked, whole_lines
from .streams import MAGIC as STREAM

LINES, DOCUMENT, TABLE, RDF = "lines", "document", "table", "rdf"
"""A resource or Bundle a line; one FHIR document; a table of findings; a patient graph."""
FHIR = (LINES, DOCUMENT)
TABLES = "tables"
_NAMES = {LINES: "lines of FHIR", DOCUMENT: "FHIR documents", TABLE: TABLES, RDF: "RDF"}
_TABLES = {".csv", ".parquet", ".arrow", ".arrows", ".feather", ".ipc"}
_GRAPHS = {".ttl", ".turtle", ".n3", ".nt", ".nq", ".trig", ".rdf", ".owl", ".xml", ".jsonld"}
_LINES = {".ndjson", ".jsonl"}
_PACKED = {".gz", ".zst", ".zstd"}
_TABLE_MAGIC = (b"PAR1", b"ARROW1", STREAM)
_HIDDEN = (".", "_")
_SMALL = 1 << 20
PACKED = 8
"""Compressed JSON grows about so much."""


@dataclass(frozen=True)
class Source:
    """A file to read."""

    path: Path
    kind: str
    size: int
    identity: str
    """Changes when the file does."""
    packing: str | None = None
    resource: str | None = None
    """The resource type of the first line."""


@dataclass(frozen=True)
class Inputs:
    """All files to read, in the order in which they are read."""

    sources: tuple[Source, ...]
    ignored: tuple[Path, ...]
    """Files of folders that are nothing that could be read."""

    @property
    def kind(self) -> str:
        """Fhir, table or rdf."""
        return "fhir" if self.sources[0].kind in FHIR else self.sources[0].kind

    @property
    def unpacked(self) -> int:
        """How many bytes there are to read, roughly."""
        return sum(source.size * (PACKED if source.packing else 1) for source in self.sources)

    @property
    def described(self) -> dict[str, int]:
        """How many files there are of each sort."""
        told: dict[str, int] = {}
        for source in self.sources:
            if source.kind == LINES:
                name = "Bundles, one a line" if source.resource == "Bundle" else "bulk export, a resource a line"
            else:
                name = _NAMES[source.kind]
            name += f", {source.packing}" if source.packing else ""
            told[name] = told.get(name, 0) + 1
        return told


def recognise(paths: Sequence[Path]) -> Inputs:
    """The files of the inputs. Raises UsageError where there are none, or kinds that do not go together."""
    sources, ignored = [], []
    for path in paths:
        if not path.exists():
            raise UsageError("no such file", f"`{path}`", "check the path")
        found = list(_inside(path)) if path.is_dir() else [path]
        has_lines = any(_suffixes(own)[0] in _LINES for own in found)
        for own in found:
            source = _source(own, path.is_dir(), has_lines)
            if source is None:
                ignored.append(own)
            else:
                sources.append(source)
    if not sources:
        raise UsageError("holds nothing that can be read", f"`{paths[0]}`", "give NDJSON, FHIR JSON, tables or RDF")
    names = {source.path.resolve() for source in sources}
    if len(names) < len(sources):
        raise UsageError("a file is named twice", None, "name each input once")
    inputs = Inputs(tuple(sources), tuple(ignored))
    first = {"fhir" if source.kind in FHIR else source.kind: source for source in reversed(sources)}
    if len(first) > 1:
        told = " and ".join(f"{_NAMES[own.kind]} (`{own.path.name}`)" for _, own in sorted(first.items()))
        raise UsageError(f"inputs of different kinds: {told}", None, "run once for each kind")
    return inputs


def _inside(folder: Path) -> Iterator[Path]:
    """The files below a folder, in order. Raises UsageError for a part of it that cannot be looked into."""

    def unreadable(error: OSError) -> None:
        raise _unreadable(Path(error.filename), error) from error

    found, been = [], set[str]()
    for top, folders, names in os.walk(folder, onerror=unreadable, followlinks=True):
        # Links may lead back to where they are.
        been.add(os.path.realpath(top))
        inner = [name for name in folders if not name.startswith(_HIDDEN)]
        folders[:] = [name for name in inner if os.path.realpath(Path(top) / name) not in been]
        found += [Path(top) / name for name in names if not name.startswith(_HIDDEN)]
    return iter(sorted(path for path in found if path.is_file()))


def _suffixes(path: Path) -> tuple[str, bool]:
    """The suffix that tells what a file holds, and whether another one tells that it is compressed."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        return (suffixes[-2] if len(suffixes) > 1 else ""), True
    return (suffixes[-1] if suffixes else ""), False


def _source(path: Path, in_folder: bool, has_lines: bool) -> Source | None:
    """A file as a source; None for a file of a folder that is none."""
    suffix, _ = _suffixes(path)
    known = suffix in _TABLES | _GRAPHS | _LINES | {".json"}
    # A bulk export lies beside a manifest, which is JSON too.
    if in_folder and (not known or (suffix == ".json" and has_lines)):
        return None
    try:
        stat = path.stat()
        with path.open("rb") as file:
            start = file.read(4096)
        packing = next((name for magic, name in MAGIC.items() if start.startswith(magic)), None)
        identity = f"{stat.st_size}:{stat.st_mtime_ns}"
        if stat.st_size <= _SMALL:
            identity = sha256(path.read_bytes()).hexdigest()
        kind, resource = _kind(path, suffix, start, packing)
    except OSError as error:
        raise _unreadable(path, error) from error
    return Source(path, kind, stat.st_size, identity, packing, resource)


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot be read: {error.strerror}", f"`{path}`", "check the path and its rights")


def _kind(path: Path, suffix: str, start: bytes, packing: str | None) -> tuple[str, str | None]:
    if start.startswith(_TABLE_MAGIC) or (suffix in _TABLES and packing is None):
        return TABLE, None
    if suffix in _TABLES or (suffix in _GRAPHS and packing):
        raise UsageError("is a compressed file that only FHIR may be", f"`{path}`", "unpack it")
    if suffix in _GRAPHS:
        return RDF, None
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    # A document that is damaged must not be taken for a graph, and end a run over others.
    is_json = text[:1] == b"{" or suffix in _LINES or (suffix == ".json" and text[:1] != b"[")
    if packing is None and not is_json:
        return RDF, None
    first = _first_line(path, packing)
    resource = _resource_type(first)
    if suffix in _LINES or packing is not None or (resource is not None and len(first) < path.stat().st_size):
        return LINES, resource
    if b'"@context"' in start and b'"resourceType"' not in start:
        return RDF, None
    return DOCUMENT, None


def _first_line(path: Path, packing: str | None) -> bytes:
    """The first line that is not blank, as far as it can be read."""
    try:
        if packing is not None:
            for block in whole_lines(unpacked(path, packing), 1):
                if block.strip():
                    return block
            return b""
        with path.open("rb") as file:
            while line := file.readline(LARGEST + 1):
                if line.strip():
                    return line
    except DataError:
        # Told when the file is read.
        pass
    return b""


def _resource_type(line: bytes) -> str | None:
    try:
        document = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None
    found = document.get("resourceType") if isinstance(document, dict) else None
    return found if isinstance(found, str) else None
