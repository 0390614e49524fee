"""The command ``guideline query``: list the shipped queries, or run one over the knowledge and some patients."""

from __future__ import annotations

import datetime
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

from .assess import Reasoner, Source
from .catalogue import MATERIALISE, Query, read_query, shipped_queries, unknown_query
from .edges import DONE, INVALID, complain
from .errors import QueryError, UsageError
from .knowledge import Knowledge
from .query import QueryStore
from .results import FORMATS

__all__ = ["FORMATS", "Request", "ask", "catalogue"]


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for; ``data`` are files, ``-`` is stdin."""

    query: str | None
    data: Sequence[str] = ()
    form: str = "text"
    strict: bool = False
    on: datetime.date | None = None
    remote: str | None = None
    """A SPARQL server to ask instead; its host must be among ``allowed``."""
    allowed: Sequence[str] = ()


def ask(knowledge: Knowledge, request: Request, target: BinaryIO) -> int:
    """Run the command and return its exit code."""
    if request.query is None:
        if request.data or request.remote:
            hint = "name it first: `guideline query NAME --data FILE`; `guideline query` lists them"
            raise UsageError("no query is named", "`guideline query`", hint)
        target.write(catalogue(knowledge, request.form))
        return DONE
    query = _find(knowledge, request.query)
    if request.remote is not None:
        return _ask_remote(knowledge, request, query, target)
    if query.needs_patients and not request.data:
        print("note: this query asks about patients; add --data FILE", file=sys.stderr)
    store = QueryStore(Reasoner(knowledge, request.strict), (_source(file) for file in request.data), request.on)
    for line in store.broken:
        complain(line.error)
    result = store.run(query.text, query.file)
    target.write(result.written(request.form, _width()))
    return INVALID if store.broken or store.invalid else DONE


def _ask_remote(knowledge: Knowledge, request: Request, query: Query, target: BinaryIO) -> int:
    if request.data or request.strict or request.on:
        raise UsageError(
            "--remote asks another server, which has its own data", None, "leave --data, --strict and --on out"
        )
    # Kept out of the start of every command: it loads what speaks HTTP.
    from .remote import Remote

    result = Remote(knowledge, request.remote or "", request.allowed).run(query.text, query.file)
    target.write(result.written(request.form, _width()))
    return DONE


def catalogue(knowledge: Knowledge, form: str = "text") -> bytes:
    """The shipped queries with their questions, as text or JSON."""
    queries = [query for query in shipped_queries(knowledge).values() if not query.name.startswith(MATERIALISE)]
    if form == "json":
        rows = [{"name": q.name, "question": q.question, "in": q.reads, "out": q.gives} for q in queries]
        return orjson.dumps(rows, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if form != "text":
        raise QueryError("the list of queries is text or json", None, "choose one of them, or name a query")
    width = max((len(query.name) for query in queries), default=0)
    lines = []
    for title, wanted in (("Of the knowledge", False), ("Of patients, with --data FILE", True)):
        lines += [title, *(f"  {q.name:<{width}}  {q.question}" for q in queries if q.needs_patients is wanted), ""]
    lines.append("Run one with `guideline query NAME`, or a file of your own with `guideline query FILE.rq`.")
    return ("\n".join(lines) + "\n").encode()


def _find(knowledge: Knowledge, name: str) -> Query:
    queries = shipped_queries(knowledge)
    if (own := queries.get(name) or queries.get(name.removesuffix(".rq"))) is not None and not Path(name).is_file():
        return own
    if Path(name).is_file():
        return read_query(Path(name))
    if name in queries:
        return queries[name]
    raise unknown_query(name, queries)


def _source(file: str) -> Source:
    return sys.stdin.buffer.read() if file == "-" else Path(file)


def _width() -> int:
    return shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else 160
