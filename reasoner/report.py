"""What validation found, as sentences, as JSON and as a sh:ValidationReport in Turtle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pyoxigraph as ox

from .graph import GR, RDF
from .shapes import SH
from .validate import Found

OWN_CHECK = GR + "check/reading"
"""Stands for a constraint component where the program and no shape found it."""

_PREFIXES = {"gr": GR, "sh": SH, "shape": GR + "shape/", "rdf": RDF, "check": GR + "check/"}


def conforms(found: Iterable[Found]) -> bool:
    """Whether no result is a violation."""
    return not any(own.result.severity == "Violation" for own in found)


def as_data(found: Sequence[Found]) -> dict[str, Any]:
    """The ``validation`` of the answer."""
    return {
        "conforms": conforms(found),
        "results": [
            {"severity": r.severity, "focus": r.focus, "path": r.path, "message": r.message}
            for r in (own.result for own in found)
        ],
    }


def sentences(name: str, data: dict[str, Any]) -> str:
    """One heading an input, then one line a result, the gravest first."""
    results = data["results"]
    counted = Counter(r["severity"] for r in results)
    told = [_plural(counted[word], noun) for word, noun in _NOUNS if counted[word]]
    lines = [f"{name}: {'valid' if data['conforms'] else 'not valid'}{', ' + ', '.join(told) if told else ''}"]
    ranks = {word: rank for rank, (word, _) in enumerate(_NOUNS)}
    for r in sorted(results, key=lambda r: ranks.get(r["severity"], len(ranks))):
        place = ", ".join(part for part in (r["focus"], r["path"]) if part)
        message = r["message"][:1].upper() + r["message"][1:]
        lines.append(f"  {r['severity'].upper()}  {place}\n    {message}")
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
    for i, own in enumerate(found, 1):
        result = ox.BlankNode(f"{name}.{i}")
        triples.append(ox.Triple(node, _sh("result"), result))
        triples += [ox.Triple(result, predicate, value) for predicate, value in _statements(own)]
    return triples


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
