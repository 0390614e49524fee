"""Where a term is described: file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from .graph import Graph

_PREFIX = re.compile(r"^\s*@?prefix\s+([\w.-]*):\s*<([^>]*)>", re.IGNORECASE | re.MULTILINE)


def line_of(text: str, iri: str) -> int | None:
    """The first line of a Turtle text that begins with the term, else the first that names it, from 1."""
    names = [f"<{iri}>"]
    for prefix, base in _PREFIX.findall(text):
        if base and iri.startswith(base):
            names.append(f"{prefix}:{iri[len(base) :]}")
    lines = text.splitlines()
    for matches in (str.startswith, str.__contains__):
        for number, line in enumerate(lines, 1):
            if any(matches(line, name) and not _goes_on(line, name) for name in names):
                return number
    return None


class Places:
    """Finds terms in the files that a graph was read from, which are named relative to one of ``roots``."""

    def __init__(self, graph: Graph, roots: Iterable[Path]) -> None:
        self.graph, self.roots = graph, tuple(roots)

    def of(self, iri: str) -> str:
        """``file:line`` of the description of a term, the file as the graph names it; without line if not found."""
        name = self.graph.file(iri)
        text = _text(self.roots, name)
        line = line_of(text, iri) if text else None
        return name if line is None else f"{name}:{line}"


@cache
def _text(roots: tuple[Path, ...], name: str) -> str:
    for root in roots:
        try:
            return (root / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return ""


def _goes_on(line: str, name: str) -> bool:
    after = line[line.find(name) + len(name) :][:1]
    return after.isalnum() or after in ("-", "_", "/")
