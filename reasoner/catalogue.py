"""The queries that ship as files, by name, with the question that each answers, and the prefixes they all know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import QueryError
from .knowledge import Knowledge, shipped
from .sparql import nearest, prologue

MATERIALISE = "materialise/"
"""Queries whose names begin so are run once over the knowledge."""
_SUFFIX = ".rq"
_HEADER = re.compile(r"#\s*(Question|In|Out|Into):\s*(.+)")


@dataclass(frozen=True, slots=True)
class Query:
    """A query in a file: its name is its path below queries/ without the suffix."""

    name: str
    question: str
    reads: str
    """What the header says that it reads."""
    gives: str
    into: str | None
    """The graph that its triples are materialised into, as written; None where it is only asked."""
    text: str
    file: str

    @property
    def needs_patients(self) -> bool:
        """Whether it says something only of assessed patients."""
        return "assessed patients" in self.reads


def shipped_queries(knowledge: Knowledge) -> dict[str, Query]:
    """All queries by name: those that ship with the program, and those of the knowledge folder, which come first."""
    found: dict[str, Query] = {}
    for folder in _folders(knowledge):
        for path in sorted(folder.rglob("*" + _SUFFIX)):
            query = read_query(path, path.relative_to(folder).as_posix().removesuffix(_SUFFIX))
            found[query.name] = query
    return dict(sorted(found.items(), key=lambda item: ("/" in item[0], item[0])))


def read_query(path: Path, name: str | None = None) -> Query:
    """The query in a file; raises QueryError when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise QueryError(f"cannot be read: {what}", f"`{path}`", "check the path") from error
    return query_of(text, str(path), name or path.stem)


def query_of(text: str, file: str, name: str) -> Query:
    """The query in a text: what its header says, and itself."""
    said: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if match := _HEADER.match(line):
            said[match[1]] = match[2].strip()
    question, reads, gives = (said.get(key, "") for key in ("Question", "In", "Out"))
    return Query(name, question, reads, gives, said.get("Into"), text, file)


def _folders(knowledge: Knowledge) -> list[Path]:
    own = knowledge.folder.parent if knowledge.folder.name == "ontology" else knowledge.folder
    folders = [shipped() / "queries", own / "queries"]
    return [folder for i, folder in enumerate(folders) if folder.is_dir() and folder not in folders[:i]]


def prefixes(knowledge: Knowledge) -> dict[str, str]:
    """The prefixes known to every query: those of queries/prefixes.sparql, and one for the values of each finding."""
    found = value_prefixes(knowledge)
    for folder in _folders(knowledge):
        path = folder / "prefixes.sparql"
        if path.is_file():
            found |= prologue(path.read_text(encoding="utf-8"), str(path))
    return found


def value_prefixes(knowledge: Knowledge) -> dict[str, str]:
    """A prefix for the values of each finding."""
    return {
        finding.notation: finding.values[0].iri.removesuffix(finding.values[0].notation)
        for finding in knowledge.model.findings.values()
        if finding.values and finding.values[0].iri.endswith("/" + finding.values[0].notation)
    }


def unknown_query(name: str, queries: Mapping[str, Query]) -> QueryError:
    """The error for a name that no query has."""
    meant = nearest(name.strip(), list(queries))
    hint = f"did you mean `{meant}`?" if meant else "list them with `guideline query`"
    if Path(name).is_dir():
        hint = f"give a knowledge folder as `--knowledge {name}`"
    return QueryError("no such query or file", f"`{name}`", hint)
