"""Deterministic Turtle: the same statements give the same bytes, so a diff shows what changed and nothing else."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pyoxigraph as ox

from .edges import DONE, FAILED, FOUND, complain
from .errors import EngineError, KnowledgeError, ReasonerError, UsageError
from .graph import Graph

if TYPE_CHECKING:
    import rdflib

XML, FUNCTIONAL = (".owl", ".rdf", ".xml"), (".ofn", ".fss")
_LEFT = {"cases", "examples", "expected"}
"""Folders of what is laid out by hand, or is the result of a query: it is formatted where it is named itself."""
_PREFIX = re.compile(r"^\s*@?prefix\s+([\w.-]+):\s*<([^>]*)>", re.IGNORECASE | re.MULTILINE)
_FUNCTIONAL = re.compile(r"(\s|#[^\n]*\n)*(Prefix|Ontology)\s*\(")
"""Editors also write functional syntax into .owl files."""
_RDF = re.compile(r"<(\w+:)?RDF[\s>]")
_PART = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|' + r"'''(?:[^'\\]|\\.|'(?!''))*'''|" + r'"(?:[^"\\\n]|\\.)*"|'
    r"'(?:[^'\\\n]|\\.)*'|<[^<>\s]*>|\#[^\n]*|\n|[^\"'<#\n]+|.",
    re.DOTALL,
)


def fmt(files: list[str], check: bool, target: BinaryIO) -> int:
    """Write files as deterministic Turtle; with ``check`` only say which would change. Returns the exit code."""
    _need()
    changed, same, failed = [], 0, False
    for path in _named(files):
        try:
            home = path.with_suffix(".ttl")
            text = formatted(path)
            if home.is_file() and home.read_bytes() == text:
                same += 1
                continue
            if not check:
                replace_file(home, text)
            changed.append(home)
        except (ReasonerError, OSError) as error:
            failed = True
            said = error if isinstance(error, ReasonerError) else UsageError(
                f"cannot be written: {error.strerror}", f"`{path}`", "check the folder and its rights"
            )  # fmt: skip
            complain(said)
    verb = "would change" if check else "wrote"
    target.write("".join(f"{verb} {path}\n" for path in changed).encode())
    target.write(f"{len(changed)} {'to change' if check else 'written'}, {same} as they should be\n".encode())
    return FAILED if failed else FOUND if check and changed else DONE


def formatted(path: Path) -> bytes:
    """The deterministic Turtle of a file, with the comments at its head; raises KnowledgeError, UsageError.

    RDF/XML and functional syntax are written as the Turtle of the same name beside them, where there is one.
    """
    home = path.with_suffix(".ttl")
    head, original = "", None
    if home.is_file():
        head = _head(_text(home), str(home))
        original = None if home == path else _turtle(home)
    graph = _turtle(path) if home == path else _converted(path)
    if home != path:
        from .respell import respell

        respell(graph, original)
    return (head + _written(graph, original, home)).encode()


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path = path.resolve()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if path.exists():
            shutil.copymode(path, name)
        else:
            Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _need() -> None:
    try:
        import diffable_rdf  # noqa: F401
    except ImportError as error:
        raise EngineError(
            "diffable-rdf is not installed", None, "run: pip install '.[author]' in a clone of the program"
        ) from error


def _named(files: Sequence[str]) -> Iterator[Path]:
    """The files that the arguments stand for, each once."""
    seen = set()
    for name in files:
        path = Path(name)
        for found in _inside(path) if path.is_dir() else [path]:
            if found not in seen:
                seen.add(found)
                yield found


def _inside(folder: Path) -> list[Path]:
    def unreadable(error: OSError) -> None:
        raise UsageError(f"cannot be read: {error.strerror}", f"`{error.filename}`", "check its rights") from error

    walked = os.walk(folder, onerror=unreadable)
    found = sorted(Path(top) / name for top, _, names in walked for name in names if name.endswith(".ttl"))
    if not found:
        raise UsageError("holds no Turtle file", f"`{folder}`", "name a file, or a folder of the knowledge")
    return [p for p in found if p.name[0] != "." and not _LEFT & {*p.relative_to(folder).parts[:-1]}]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise KnowledgeError("is not UTF-8 text", f"`{path}`", "save it as UTF-8") from error
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", f"`{path}`", "check the path") from error


def _turtle(path: Path) -> rdflib.Graph:
    import rdflib

    text = _text(path)
    # Asked first, since it names the line of a mistake.
    Graph().parse(text.encode(), str(path))
    return _parse(rdflib.Graph(bind_namespaces="none"), text, "turtle", path)


def _converted(path: Path) -> rdflib.Graph:
    import rdflib

    if path.exists() and not path.name.endswith(XML + FUNCTIONAL):
        raise UsageError("is in no known syntax", f"`{path}`", "name a .ttl, .owl, .rdf or .ofn file")
    text = _text(path)
    if path.name.endswith(FUNCTIONAL) or _FUNCTIONAL.match(text):
        from .functional import read_functional

        return read_functional(text, str(path))
    if not _RDF.search(text):
        # OWL/XML would parse as RDF/XML and mean nothing.
        raise KnowledgeError("is neither RDF/XML nor functional syntax", f"`{path}`", "save it as RDF/XML or Turtle")
    Graph().parse(text.encode(), str(path), ox.RdfFormat.RDF_XML)
    return _parse(rdflib.Graph(bind_namespaces="none"), text, "xml", path)


def _parse(graph: rdflib.Graph, text: str, syntax: str, path: Path) -> rdflib.Graph:
    try:
        return graph.parse(data=text, format=syntax)
    except Exception as error:  # rdflib's parsers raise what they like
        said = " ".join(str(error).split())[:200]
        raise KnowledgeError(f"does not parse: {said}", f"`{path}`", "mend the syntax") from error


def _head(text: str, name: str) -> str:
    """The comments that a file begins with; raises KnowledgeError where another would be lost."""
    lines = text.splitlines()
    end = next((i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))
    line = 1
    for match in _PART.finditer(text):
        part = match[0]
        if part.startswith("#") and line > end:
            raise KnowledgeError(
                "has a comment that formatting would lose",
                f"{name}:{line}",
                "move it to the head of the file, or into rdfs:comment",
            )
        line += part.count("\n")
    head = "\n".join(lines[:end]).strip("\n")
    return f"{head}\n\n" if head else ""


def _written(graph: rdflib.Graph, original: rdflib.Graph | None, home: Path) -> str:
    import diffable_rdf
    import rdflib

    clean = rdflib.Graph(bind_namespaces="none")
    clean += graph
    bindings = {}
    if original is None and not home.is_file():
        bindings = _neighbours(home)
    bindings |= {str(p): str(n) for p, n in graph.namespaces() if p}
    bindings |= {} if original is None else {str(p): str(n) for p, n in original.namespaces()}
    for prefix, namespace in bindings.items():
        clean.bind(prefix, namespace, override=True, replace=True)
    clean.bind("rdf", rdflib.RDF)
    try:
        text: str = diffable_rdf.deterministic_turtle(clean)
    except (ValueError, RuntimeError) as error:
        said = " ".join(str(error).split())
        raise KnowledgeError(f"cannot be written as Turtle: {said}", f"`{home}`", "mend the terms named") from error
    return text


def _neighbours(home: Path) -> dict[str, str]:
    """The prefixes that the Turtle files of the same folder use."""
    found: dict[str, str] = {}
    for path in sorted(home.parent.glob("*.ttl")):
        with contextlib.suppress(ReasonerError):
            found |= dict(_PREFIX.findall(_text(path)))
    return found


__all__ = ["fmt", "formatted", "replace_file"]
