"""The files of a knowledge folder at one moment, and what each holds once parsed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar, cast

import pyoxigraph as ox

from reasoner.errors import KnowledgeError
from reasoner.graph import Graph, term
from reasoner.knowledge import read_part, shipped

from .lines import Text, blocks
from .syntax import Mistake, mistake

T = TypeVar("T")

ONTOLOGY, SHAPES, QUERIES = "ontology", "shapes", "queries"
CATALOG = "catalog-v001.xml"
FOREIGN = (".owl", ".rdf", ".owx", ".ofn", ".omn")
"""How the files of ontology editors end in which the knowledge is not kept."""
_SUFFIXES = (".ttl", ".rq", ".sparql", ".tsv", ".srj", CATALOG, *FOREIGN)
_CORE = "core/"


@dataclass(frozen=True)
class Snapshot:
    """File contents by name: ``ontology/…``, ``shapes/…``, ``queries/…``; the core is always the shipped one."""

    folder: Path
    files: Mapping[str, bytes]

    @cached_property
    def key(self) -> str:
        """A hash of everything."""
        return _hash(*(part for name, data in sorted(self.files.items()) for part in (name.encode(), data)))


def places(folder: Path) -> dict[str, Path]:
    """Where the three parts of a knowledge folder lie; the folder may be the ontology itself."""
    ontology = folder / ONTOLOGY if (folder / ONTOLOGY).is_dir() else folder
    home = ontology.parent if ontology.name == ONTOLOGY else folder
    return {ONTOLOGY: ontology, SHAPES: home / SHAPES, QUERIES: home / QUERIES}


def is_knowledge(name: str) -> bool:
    """Whether a file of this name is read; what begins with a dot is an editor's."""
    return name.endswith(_SUFFIXES) and not name.startswith(".")


def read_snapshot(folder: Path) -> Snapshot:
    """The files as they are now; one that vanishes meanwhile is left out. Raises KnowledgeError for an unreadable one.

    Queries and shapes that ship with the program stand in only where the folder is the shipped one.
    """
    files = {f"{ONTOLOGY}/{name}": data for name, data in _read(shipped() / ONTOLOGY, "core").items()}
    for part, place in places(folder).items():
        own = _read(place, deep=part != SHAPES)  # shapes/ has examples below it
        if part == ONTOLOGY and place == folder:
            own = {name: data for name, data in own.items() if not name.startswith((f"{SHAPES}/", f"{QUERIES}/"))}
        for name, data in own.items():
            if part != ONTOLOGY or not name.startswith(_CORE):
                files[f"{part}/{name}"] = data
    return Snapshot(folder, dict(sorted(files.items())))


def _read(root: Path, below: str = "", deep: bool = True) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in sorted((root / below).rglob("*") if deep else (root / below).glob("*")):
        if not is_knowledge(path.name):
            continue
        try:
            found[path.relative_to(root).as_posix()] = read_part(path)
        except KnowledgeError:
            if path.is_symlink() or path.exists():
                raise
            # Replaced at this moment: the next look finds it.
    return found


class Document:
    """One Turtle file: its statements, and where they stand.

    Of a file that does not parse, the statements that do are kept, so that one slip does not make the rest of the
    knowledge look wrong.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data = name, data

    @cached_property
    def text(self) -> Text:
        """The text with its lines."""
        return Text(self.data.decode("utf-8", "replace"))

    @cached_property
    def _parsed(self) -> tuple[list[ox.Quad], list[Mistake], frozenset[str]]:
        if not self.data.strip():
            empty = Mistake(1, "holds nothing", "restore the file or remove it; it may be half-written")
            return [], [empty], frozenset()
        try:
            return _quads(self.data), [], frozenset()
        except SyntaxError as error:
            return self._recovered(error)

    @property
    def quads(self) -> list[ox.Quad]:
        """Every statement that parses; blank nodes are unique across files."""
        return self._parsed[0]

    @property
    def mistakes(self) -> list[Mistake]:
        """What does not parse, one for each description of a term."""
        return self._parsed[1]

    @property
    def broken(self) -> frozenset[str]:
        """The terms whose descriptions do not parse."""
        return self._parsed[2]

    @property
    def is_cut(self) -> bool:
        """Whether the file seems to stop before its end, so that terms are lost."""
        if not self.mistakes:
            return False
        heads = self.text.heads
        return not heads or (self.text.expand(heads[-1][1]) or "") in self.broken

    def _recovered(self, error: SyntaxError) -> tuple[list[ox.Quad], list[Mistake], frozenset[str]]:
        header, parts = blocks(self.text)
        quads: list[ox.Quad] = []
        mistakes: list[Mistake] = []
        broken: set[str] = set()
        prologue = "".join(f"@prefix {p}: <{n}> .\n" for p, n in self.text.prefixes.items()).encode()
        try:
            _quads(header.encode())
        except SyntaxError as own:
            # Nothing can be read without the prefixes.
            return [], [mistake(self.text, 1, header, own)], frozenset(self._terms())
        for start, part in parts:
            try:
                quads += _quads(prologue + part.encode())
            except SyntaxError as own:
                shift = start - 1 - prologue.count(b"\n")
                found = mistake(self.text, start, part, own, shift)
                mistakes.append(found)
                name = self.text.subject_at(start)
                if name is not None and (iri := self.text.expand(name)) is not None:
                    broken.add(iri)
        # Every part parses by itself and the whole does not: the parser knows best.
        return quads, mistakes or [mistake(self.text, 1, self.text.text, error)], frozenset(broken)

    def _terms(self) -> list[str]:
        return [iri for _, name in self.text.heads if (iri := self.text.expand(name)) is not None]

    @cached_property
    def triples(self) -> str:
        """The statements as N-Triples with names for blank nodes: a SHACL engine would give them others."""
        return "".join(f"{_named(q.subject)} {q.predicate} {_named(q.object)} .\n" for q in self.quads)

    def add_to(self, graph: Graph, name: str) -> None:
        """Add the statements to a graph under a file name."""
        for quad in self.quads:
            graph.add(term(quad.subject), quad.predicate.value, term(quad.object), name)


BLANK = "urn:guideline-reasoner:blank:"


def _named(node: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
    return f"<{BLANK}{node.value}>" if isinstance(node, ox.BlankNode) else str(node)


def _quads(data: bytes) -> list[ox.Quad]:
    return list(ox.parse(data, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True))


class Memo:
    """Results by what they were made of: what did not change in the last turns is not made again.

    Two turns back are kept, so that taking back an edit costs nothing.
    """

    def __init__(self) -> None:
        self._new: dict[Hashable, object] = {}
        self._old: dict[Hashable, object] = {}
        self._older: dict[Hashable, object] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The result for a key, made once."""
        if key not in self._new:
            home = next((kept for kept in (self._old, self._older) if key in kept), None)
            self._new[key] = make() if home is None else home[key]
        return cast(T, self._new[key])

    def turn(self) -> None:
        """Forget what was not asked for in the last two turns."""
        self._new, self._old, self._older = {}, self._new, self._old

    def fork(self) -> Memo:
        """Another that begins with what this one knows."""
        other = Memo()
        other._old = {**self._older, **self._old, **self._new}
        return other


def _hash(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def key_of(files: Mapping[str, bytes], names: list[str]) -> str:
    """A hash of some files with their names."""
    return _hash(*(part for name in names for part in (name.encode(), files[name])))
