"""Reads SSSOM tables: simple lists of code mappings with a YAML header in comment lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reasoner.errors import KnowledgeError

_REQUIRED = ("subject_id", "predicate_id", "object_id", "mapping_justification", "resource_type", "match")
_PREFIX = re.compile(r"#\s+([A-Za-z][\w.-]*):\s+(\S+)\s*$")


@dataclass(frozen=True, slots=True)
class Row:
    """One mapping: the cells by column, and where it stands."""

    cells: dict[str, str]
    where: str

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def error(self, message: str, hint: str) -> KnowledgeError:
        """A KnowledgeError at this row."""
        return KnowledgeError(message, self.where, hint)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one file, and the prefixes of its curie_map."""

    name: str
    prefixes: dict[str, str]
    rows: tuple[Row, ...]

    def expand(self, row: Row, curie: str) -> str:
        """The IRI of a CURIE; raises KnowledgeError when its prefix is not in the curie_map."""
        prefix, colon, local = curie.partition(":")
        if not colon or prefix not in self.prefixes:
            raise row.error(f"`{curie}` has a prefix that the curie_map lacks", "add it to curie_map")
        return self.prefixes[prefix] + local


def read_table(name: str, text: str) -> Table:
    """The table in a file's text."""
    lines = text.splitlines()
    head = [line for line in lines if line.startswith("#")]
    body = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not body:
        raise KnowledgeError("the mapping table has no header row", name, "write the column names after the metadata")
    columns = body[0][1].split("\t")
    for column in _REQUIRED:
        if column not in columns:
            raise KnowledgeError(f"the mapping table lacks the column `{column}`", f"{name}:{body[0][0]}", "add it")
    return Table(name, _curie_map(head), tuple(_rows(name, columns, body[1:])))


def _rows(name: str, columns: list[str], body: list[tuple[int, str]]) -> Iterator[Row]:
    for number, line in body:
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise KnowledgeError(
                f"the row has {len(cells)} cells for {len(columns)} columns", f"{name}:{number}", "part cells by tabs"
            )
        yield Row(dict(zip(columns, (cell.strip() for cell in cells), strict=True)), f"{name}:{number}")


def _curie_map(head: list[str]) -> dict[str, str]:
    """The prefixes, read line by line: the header is YAML, but this block of it is always flat."""
    prefixes: dict[str, str] = {}
    inside = False
    for line in head:
        if line.startswith("#curie_map:"):
            inside = True
        elif inside and (match := _PREFIX.match(line)):
            prefixes[match[1]] = match[2].strip("\"'")
        elif line[1:2].strip():
            inside = False
    return prefixes
