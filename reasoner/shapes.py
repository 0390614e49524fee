"""Reads shape files: authoring.ttl speaks of the knowledge, every other file of shapes/ of patients."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

import pyoxigraph as ox

from .errors import KnowledgeError
from .graph import GR, RDF, Graph, Term, term
from .owl import short

SH = "http://www.w3.org/ns/shacl#"
AUTHORING = "authoring.ttl"
ABOUT = GR + "aboutFinding"

_STEPS = {SH + name for name in ("inversePath", "alternativePath", "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath")}
_CALLS = ("property", "node", "not", "qualifiedValueShape", "sparql")
_SEVERITIES = {SH + name for name in ("Violation", "Warning", "Info")}
_WORDS = frozenset(
    [
        "alternativePath",
        "and",
        "ask",
        "class",
        "closed",
        "datatype",
        "deactivated",
        "declare",
        "defaultValue",
        "description",
        "disjoint",
        "equals",
        "flags",
        "group",
        "hasValue",
        "ignoredProperties",
        "in",
        "inversePath",
        "languageIn",
        "lessThan",
        "lessThanOrEquals",
        "maxCount",
        "maxExclusive",
        "maxInclusive",
        "maxLength",
        "message",
        "minCount",
        "minExclusive",
        "minInclusive",
        "minLength",
        "name",
        "namespace",
        "node",
        "nodeKind",
        "not",
        "oneOrMorePath",
        "or",
        "order",
        "path",
        "pattern",
        "prefix",
        "prefixes",
        "property",
        "qualifiedMaxCount",
        "qualifiedMinCount",
        "qualifiedValueShape",
        "qualifiedValueShapesDisjoint",
        "select",
        "severity",
        "sparql",
        "target",
        "targetClass",
        "targetNode",
        "targetObjectsOf",
        "targetSubjectsOf",
        "uniqueLang",
        "xone",
        "zeroOrMorePath",
        "zeroOrOnePath",
    ]
)


@dataclass(frozen=True, slots=True)
class Shapes:
    """A shapes graph; ``triples`` are those of all files."""

    files: tuple[str, ...]
    triples: tuple[ox.Triple, ...]
    about: Mapping[str, str]
    """The finding (IRI) that a shape without a path of its own is about, by shape."""

    def to_ntriples(self) -> str:
        """All of it as N-Triples."""
        return ntriples(self.triples)


def ntriples(triples: Iterable[ox.Triple | ox.Quad]) -> str:
    """Statements as N-Triples; the name of their graph is left out."""
    return "".join([f"{t.subject} {t.predicate} {t.object} .\n" for t in triples])


def patient_shapes(folder: Path) -> Shapes:
    """The shapes of patient data in a knowledge folder; none where it has no shapes/. Raises KnowledgeError."""
    return read_shapes(sorted(p for p in (folder / "shapes").glob("*.ttl") if p.name != AUTHORING))


def authoring_shapes(folder: Path) -> Shapes:
    """The shapes of the knowledge itself. Raises KnowledgeError."""
    return read_shapes([folder / "shapes" / AUTHORING])


def read_shapes(paths: Iterable[Path]) -> Shapes:
    """Read shape files into one graph; raises KnowledgeError that names file and shape for the first thing wrong."""
    files = {}
    for path in paths:
        try:
            files[f"shapes/{path.name}"] = path.read_bytes()
        except OSError as error:
            raise KnowledgeError(f"cannot be read: {error.strerror}", str(path), "check the path") from error
    return shapes_of(files)


def shapes_of(files: Mapping[str, bytes]) -> Shapes:
    """The shapes in the contents of files by name; raises KnowledgeError as ``read_shapes`` does."""
    names, triples, about = [], [], {}
    for where, data in files.items():
        graph = Graph()
        own = _parse(data, where)
        for triple in own:
            graph.add(term(triple.subject), triple.predicate.value, term(triple.object), where)
        _Inspector(graph, where).inspect()
        about.update({node: values[0] for node in graph.all_subjects() if (values := graph.nodes(node, ABOUT))})
        names.append(where)
        triples += own
    return Shapes(tuple(names), tuple(triples), about)


def _parse(data: bytes, where: str) -> list[ox.Triple]:
    try:
        parsed = ox.parse(io.BytesIO(data), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
        return [ox.Triple(quad.subject, quad.predicate, quad.object) for quad in parsed]
    except SyntaxError as error:
        place = f"{where}:{error.lineno}" if error.lineno else where
        raise KnowledgeError(f"does not parse: {error.msg}", place, "mend the syntax at this place") from error


class _Inspector:
    """Finds what an engine would stumble over, or silently ignore, and names the shape."""

    def __init__(self, graph: Graph, where: str) -> None:
        self.graph, self.where = graph, where

    def inspect(self) -> None:
        """Raise KnowledgeError for the first thing wrong."""
        nodes = sorted(self.graph.all_subjects())
        for node in nodes:
            for predicate in self.graph.predicates(node):
                if predicate.startswith(SH) and predicate.removeprefix(SH) not in _WORDS:
                    near = get_close_matches(predicate.removeprefix(SH), _WORDS, 1)
                    hint = f"did you mean `sh:{near[0]}`" if near else "see the SHACL specification"
                    self._fail(node, f"uses `sh:{predicate.removeprefix(SH)}`, which SHACL does not have", hint)
        for node in nodes:
            self._node(node, self.graph.predicates(node))

    def _node(self, node: str, said: Mapping[str, list[Term]]) -> None:
        paths = said.get(SH + "path", [])
        if len(paths) > 1:
            self._fail(node, "has more than one sh:path", "keep one")
        if paths:
            self._path(node, paths[0])
        for called in (c for call in _CALLS for c in said.get(SH + call, [])):
            if not isinstance(called, str) or not self.graph.predicates(called):
                self._fail(node, f"refers to `{short(called)}`, which is no shape of this file", "correct the name")
        for called in said.get(SH + "property", []):
            if isinstance(called, str) and not self.graph.values(called, SH + "path"):
                self._fail(called, "has no sh:path", "say which property it is about")
        for pattern in said.get(SH + "pattern", []):
            self._pattern(node, short(pattern))
        for severity in said.get(SH + "severity", []):
            if severity not in _SEVERITIES:
                self._fail(node, f"has the severity `{short(severity)}`", "use sh:Violation, sh:Warning or sh:Info")
        for query in said.get(SH + "select", []):
            self._query(node, short(query))

    def _path(self, node: str, path: Term) -> None:
        """A property, a list of at least two paths, or one step over paths."""
        advice = "write a property, a list of two or more, or one of sh:inversePath and the like"
        if not isinstance(path, str):
            self._fail(node, f"has a bad path: the literal `{path.value}` is none", advice)
        if not path.startswith("_:"):
            return
        steps = [predicate for predicate in self.graph.predicates(path) if predicate in _STEPS]
        parts: list[Term] = []
        if self.graph.values(path, RDF + "first"):
            parts = self._members(node, path)
        elif len(steps) == 1 and steps[0] == SH + "alternativePath":
            parts = self._members(node, self.graph.values(path, steps[0])[0])
        elif len(steps) == 1:
            self._path(node, self.graph.values(path, steps[0])[0])
            return
        if len(parts) < 2:
            self._fail(node, "has a bad path", advice)
        for part in parts:
            self._path(node, part)

    def _members(self, node: str, head: Term) -> list[Term]:
        if not isinstance(head, str):
            self._fail(node, "has a bad path: no list", "write a list")
        try:
            return list(self.graph.list(head))
        except KnowledgeError as error:
            self._fail(node, f"has a bad path: {error.message}", "close the list")

    def _pattern(self, node: str, pattern: str) -> None:
        try:
            re.compile(pattern)
        except re.error as error:
            self._fail(node, f"has a bad regular expression `{pattern}`: {error.msg}", "mend sh:pattern")

    def _query(self, node: str, query: str) -> None:
        prefixes = {}
        for document in self.graph.nodes(node, SH + "prefixes"):
            for own in self.graph.nodes(document, SH + "declare"):
                prefixes[self.graph.text(own, SH + "prefix") or ""] = self.graph.text(own, SH + "namespace") or ""
        try:
            ox.Store().query(query, prefixes=prefixes)
        except SyntaxError as error:
            message = str(error).splitlines()[0]
            self._fail(node, f"has a bad query: {message}", "mend sh:select")

    def _fail(self, node: str, message: str, hint: str) -> NoReturn:
        name = node if not node.startswith("_:") else self._owner(node)
        error = KnowledgeError(f"shape `{short(name)}` {message}", self.where, hint)
        error.term = name
        raise error

    def _owner(self, node: str) -> str:
        """The named shape around a blank one."""
        seen: set[str] = set()
        while node.startswith("_:") and node not in seen:
            seen.add(node)
            node = next(
                (s for s in self.graph.all_subjects() for v in self.graph.predicates(s).values() if node in v), node
            )
        return node if not node.startswith("_:") else "a nameless shape"


__all__ = ["ABOUT", "AUTHORING", "SH", "Shapes", "authoring_shapes", "ntriples", "patient_shapes", "read_shapes"]
