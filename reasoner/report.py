"""What validation found, as sentences, as JSON and as a sh:ValidationReport in Turtle."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson
import pyoxigraph as ox

from .errors import DataError, ReasonerError
from .graph import GR, RDF
from .inputs import LARGEST, BrokenLine, Input, read_bytes, read_file
from .shapes import SH
from .validate import Found

if TYPE_CHECKING:
    import datetime

    from .assess import Reasoner

DONE, FAILED, INVALID = 0, 1, 2

OWN_CHECK = GR + "check/reading"
"""Stands for a constraint component where the program and no shape found it."""

_PREFIXES = {"gr": GR, "sh": SH, "shape": GR + "shape/", "rdf": RDF, "check": GR + "check/"}


def validate(
    reasoner: Reasoner,
    files: Iterable[str],
    form: str,
    on: datetime.date | None,
    target: BinaryIO,
    complain: Callable[[ReasonerError], None],
) -> int:
    """One run of ``guideline validate``: every input of every file in order; returns the exit code.

    A file that cannot be read goes to ``complain`` and costs the others nothing.
    """
    run = _Run(reasoner, on, complain)
    checked = run.all(files)
    if form == "text":
        for own in checked:
            target.write(sentences(own).encode())
        return run.code
    every = list(checked)
    if form == "turtle":
        for own in every:
            if own.error is not None:
                complain(own.error)
        target.write(report([own.found for own in every if own.error is None]))
    elif every:
        data = [as_data(own) for own in every]
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        target.write(orjson.dumps(data[0] if len(data) == 1 else data, option=options))
    return run.code


class _Run:
    """Remembers the worst that happened."""

    def __init__(self, reasoner: Reasoner, on: datetime.date | None, complain: Callable[[ReasonerError], None]) -> None:
        self.reasoner, self.on, self.complain = reasoner, on, complain
        self.code = DONE

    def all(self, files: Iterable[str]) -> Iterator[Checked]:
        for file in files:
            try:
                for number, item in enumerate(_inputs(file), 1):
                    own = self._one(file if number == 1 else f"{file}, input {number}", item)
                    if self.code == DONE and not own.is_valid:
                        self.code = INVALID
                    yield own
            except ReasonerError as error:
                self.code = FAILED
                self.complain(error)

    def _one(self, name: str, item: Input) -> Checked:
        if isinstance(item, BrokenLine):
            return Checked(name, (), item.error, item.line)
        return Checked(name, tuple(self.reasoner.validation(item, self.on)))


def _inputs(file: str) -> Iterator[Input]:
    if file == "-":
        return read_bytes(sys.stdin.buffer.read(LARGEST + 1), "stdin")
    return read_file(Path(file))


@dataclass(frozen=True, slots=True)
class Checked:
    """One input that was validated; ``error`` says why a broken line was not."""

    name: str
    found: tuple[Found, ...] = ()
    error: DataError | None = None
    line: int = 0

    @property
    def is_valid(self) -> bool:
        """Whether it could be read and has no violation."""
        return self.error is None and conforms(self.found)


def conforms(found: Iterable[Found]) -> bool:
    """Whether no result is a violation."""
    return not any(own.result.severity == "Violation" for own in found)


def as_data(own: Checked) -> dict[str, Any]:
    """The name of the input and the ``validation`` of its answer."""
    if own.error is not None:
        return {"file": own.name, "error": str(own.error), "line": own.line}
    return {
        "file": own.name,
        "conforms": conforms(own.found),
        "results": [
            {"severity": r.severity, "focus": r.focus, "path": r.path, "message": r.message}
            for r in (found.result for found in own.found)
        ],
    }


def sentences(own: Checked) -> str:
    """One heading, then one sentence a result, the gravest first."""
    if own.error is not None:
        return f"{own.name}: line {own.line} could not be read: {own.error}.\n"
    results = [found.result for found in own.found]
    counted = Counter(result.severity for result in results)
    told = [_plural(counted[word], noun) for word, noun in _NOUNS if counted[word]]
    lines = [": ".join([own.name, ", ".join(["valid" if own.is_valid else "not valid", *told])])]
    ranks = {word: rank for rank, (word, _) in enumerate(_NOUNS)}
    for result in sorted(results, key=lambda r: ranks.get(r.severity, len(ranks))):
        place = ", ".join(part for part in (result.focus, result.path) if part)
        lines += [f"  {result.severity.upper()} {place}", f"    {result.message[:1].upper()}{result.message[1:]}"]
    return "\n".join(lines) + "\n"


_NOUNS = (("Violation", "violation"), ("Warning", "warning"), ("Info", "remark"))


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def report(inputs: Iterable[Sequence[Found]]) -> bytes:
    """One sh:ValidationReport an input, as Turtle; the same results give the same bytes."""
    triples: list[ox.Triple] = []
    for number, found in enumerate(inputs, 1):
        triples += _report(f"report{number}", found)
    text = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES)
    assert text is not None
    return text


def _report(name: str, found: Sequence[Found]) -> list[ox.Triple]:
    node = ox.BlankNode(name)
    triples = [
        ox.Triple(node, _rdf("type"), _sh("ValidationReport")),
        ox.Triple(node, _sh("conforms"), ox.Literal(conforms(found))),
    ]
    results = [ox.BlankNode(f"{name}.{i}") for i, _ in enumerate(found, 1)]
    triples += [ox.Triple(node, _sh("result"), result) for result in results]
    for result, own in zip(results, found, strict=True):
        # Each report has blank nodes of its own.
        triples += [ox.Triple(result, predicate, _apart(value, name)) for predicate, value in _statements(own)]
    return triples


def _apart(value: Any, name: str) -> Any:
    return ox.BlankNode(f"{name}-{value.value}") if isinstance(value, ox.BlankNode) else value


def _statements(own: Found) -> list[tuple[ox.NamedNode, Any]]:
    check, result = own.check, own.result
    component = ox.NamedNode(OWN_CHECK) if check is None else _sh(check.component)
    rows: list[tuple[ox.NamedNode, Any]] = [
        (_rdf("type"), _sh("ValidationResult")),
        (_sh("resultSeverity"), _sh(result.severity)),
        (_sh("focusNode"), _node(result.focus if check is None else check.focus)),
        (_sh("resultMessage"), ox.Literal(result.message, language="en")),
        (_sh("sourceConstraintComponent"), component),
    ]
    if check is not None:
        rows.append((_sh("sourceShape"), _node(check.shape)))
        if check.path is not None:
            rows.append((_sh("resultPath"), _node(check.path)))
        if check.value is not None:
            rows.append((_sh("value"), _term(check.value)))
    elif result.about is not None:
        rows.append((_sh("resultPath"), _node(result.about)))
    return rows


def _node(name: str) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    if name.startswith("_:"):
        return ox.BlankNode(name[2:])
    try:
        return ox.NamedNode(name)
    except ValueError:
        # A resource of which only Type/id is known has no IRI.
        return ox.Literal(name)


def _term(written: str) -> Any:
    return next(iter(ox.parse(f"_:s <p:p> {written} .", format=ox.RdfFormat.N_TRIPLES))).object


def _sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(SH + name)


def _rdf(name: str) -> ox.NamedNode:
    return ox.NamedNode(RDF + name)
