"""What is recorded of subjects as a patient graph in the project's vocabulary: the graph that the shapes look at.

It holds what *holds* as recorded: of dated statements the one that governs, contradicting values side by side, nothing
derived and nothing assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import pyoxigraph as ox

from .graph import OWL, RDF, TYPE, XSD, term
from .model import Fact, Finding, Model, Reading, SubjectFacts
from .settle import Known, Scalar
from .space import Space

_TYPE = ox.NamedNode(TYPE)
_CLASS, _ONE_OF = ox.NamedNode(OWL + "Class"), ox.NamedNode(OWL + "oneOf")
_FIRST, _REST, _NIL = (ox.NamedNode(RDF + name) for name in ("first", "rest", "nil"))
_INTEGER, _DECIMAL, _DOUBLE = (ox.NamedNode(XSD + name) for name in ("integer", "decimal", "double"))

Node = ox.NamedNode | ox.BlankNode


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terms of the model, made once."""

    model: Model
    space: Space
    kinds: Mapping[str, ox.NamedNode]
    links: Mapping[str, ox.NamedNode]
    findings: Mapping[str, ox.NamedNode]
    values: Mapping[str, tuple[ox.NamedNode, ...]]

    @classmethod
    def of(cls, model: Model, space: Space) -> Vocabulary:
        """The vocabulary of a model."""
        return cls(
            model,
            space,
            {kind.name: ox.NamedNode(kind.iri) for kind in model.kinds.values()},
            {kind.name: ox.NamedNode(kind.link) for kind in model.kinds.values() if kind.link},
            {finding.notation: ox.NamedNode(finding.iri) for finding in model.findings.values()},
            {f.notation: tuple(ox.NamedNode(value.iri) for value in f.values) for f in model.findings.values()},
        )


def nodes_of(subject: SubjectFacts, model: Model) -> tuple[Node, ...]:
    """The nodes of a subject and of all it belongs to; those that the input does not name get a name of their own."""
    names = list(subject.nodes)
    if not names:
        lineage = model.lineage(subject.kind)
        names = [subject.iri] + [f"{subject.iri}#{kind.lower()}" for kind in lineage[1:]]
        if len(names) > 1 and subject.patient:
            names[-1] = subject.patient
        if len(names) > 2 and subject.patient and subject.side:
            # Lesions on one foot share it.
            names[1] = f"{subject.patient}#{subject.side}-{lineage[1].lower()}"
    return tuple(_node(name) for name in names)


def patient_graph(
    subjects: Iterable[tuple[SubjectFacts, Mapping[str, Known]]], vocabulary: Vocabulary
) -> list[ox.Triple]:
    """The patient graph of subjects, each with what is recorded of its findings."""
    triples: dict[ox.Triple, None] = {}
    for subject, recorded in subjects:
        nodes = dict(zip(vocabulary.model.lineage(subject.kind), nodes_of(subject, vocabulary.model), strict=False))
        before: tuple[str, Node] | None = None
        for kind, node in nodes.items():
            triples[ox.Triple(node, _TYPE, vocabulary.kinds[kind])] = None
            if before is not None:
                triples[ox.Triple(before[1], vocabulary.links[before[0]], node)] = None
            before = kind, node
        for name, known in recorded.items():
            home = nodes.get(vocabulary.model.findings[name].kind)
            if home is not None:
                for triple in _recorded(home, name, known, vocabulary):
                    triples[triple] = None
    return list(triples)


def _recorded(node: Node, name: str, known: Known, vocabulary: Vocabulary) -> list[ox.Triple]:
    finding, predicate = vocabulary.model.findings[name], vocabulary.findings[name]
    values = vocabulary.values[name]
    if known.contradiction:
        said = [_scalar(finding, value, values) for value in known.contradiction]
        return [ox.Triple(node, predicate, value) for value in said]
    if finding.range is not None:
        assert known.number is not None
        return [ox.Triple(node, predicate, _number(known.number))]
    return _coded(node, finding, known.bits >> vocabulary.space.fields[name].offset, vocabulary)


def _coded(node: Node, finding: Finding, mask: int, vocabulary: Vocabulary) -> list[ox.Triple]:
    """A value, or where only a part is known a node typed with the class of the values that are left."""
    predicate, values = vocabulary.findings[finding.notation], vocabulary.values[finding.notation]
    if mask & (mask - 1) == 0:
        return [ox.Triple(node, predicate, values[mask.bit_length() - 1])]
    stem = f"{quote(node.value, safe='')}.{finding.notation}".replace("%", "-").replace("~", "-").strip(".-")
    partly = ox.BlankNode(stem)
    triples = [ox.Triple(node, predicate, partly)]
    named = next((iri for iri, own in finding.classes.items() if own == mask), None)
    if named is not None:
        return [*triples, ox.Triple(partly, _TYPE, ox.NamedNode(named))]
    class_ = ox.BlankNode(f"{stem}.class")
    left = [value for i, value in enumerate(values) if mask >> i & 1]
    cells: list[Node] = [*(ox.BlankNode(f"{stem}.{i}") for i in range(len(left))), _NIL]
    triples += [
        ox.Triple(partly, _TYPE, class_),
        ox.Triple(class_, _TYPE, _CLASS),
        ox.Triple(class_, _ONE_OF, cells[0]),
    ]
    for i, value in enumerate(left):
        triples += [ox.Triple(cells[i], _FIRST, value), ox.Triple(cells[i], _REST, cells[i + 1])]
    return triples


def settled_graph(
    triples: Sequence[ox.Quad | ox.Triple], reading: Reading, vocabulary: Vocabulary
) -> list[ox.Quad | ox.Triple]:
    """The input's own graph, in which statements of one finding that agree with each other are one statement.

    A site that is a toe in one statement and the hallux in another is no contradiction.
    """
    twice = _several(triples, {node.value for node in vocabulary.findings.values()})
    if not twice:
        return list(triples)
    names = {vocabulary.findings[name].value: name for name in vocabulary.findings}
    said: dict[tuple[str, str], list[Fact]] = {}
    for subject in reading.subjects:
        # Subjects share feet and patients: what is said of one node is the same list for each of them.
        own: dict[tuple[str, str], list[Fact]] = {}
        for fact in subject.facts:
            own.setdefault((fact.source or "", fact.finding), []).append(fact)
        said.update(own)
    agreed: dict[tuple[str, str], list[ox.Triple]] = {}
    for (node, predicate), statements in twice.items():
        finding = vocabulary.model.findings[names[predicate]]
        facts = said.get((str(term(node)), finding.notation), [])
        if len(facts) != statements:
            continue
        mask = finding.full
        for fact in facts:
            mask &= fact.mask
        numbers = {fact.number for fact in facts if fact.number is not None}
        if finding.range is None and mask:
            agreed[str(node), predicate] = _coded(node, finding, mask, vocabulary)
        elif len(numbers) == 1:
            agreed[str(node), predicate] = [ox.Triple(node, ox.NamedNode(predicate), _number(numbers.pop()))]
    kept = [t for t in triples if (str(t.subject), t.predicate.value) not in agreed]
    return kept + [triple for settled in agreed.values() for triple in settled]


def _several(triples: Sequence[ox.Quad | ox.Triple], findings: set[str]) -> dict[tuple[Node, str], int]:
    """The nodes and findings with more than one statement, and how many."""
    seen: dict[tuple[Node, str], set[str]] = {}
    for t in triples:
        if t.predicate.value in findings and isinstance(t.subject, (ox.NamedNode, ox.BlankNode)):
            seen.setdefault((t.subject, t.predicate.value), set()).add(str(t.object))
    return {key: len(objects) for key, objects in seen.items() if len(objects) > 1}


def _scalar(finding: Finding, value: Scalar, values: tuple[ox.NamedNode, ...]) -> ox.NamedNode | ox.Literal:
    if isinstance(value, str):
        return values[finding.mask(value).bit_length() - 1]
    return _number(value)


def _number(number: float) -> ox.Literal:
    if isinstance(number, int):
        return ox.Literal(str(number), datatype=_INTEGER)
    text = repr(number)
    return ox.Literal(text, datatype=_DOUBLE if "e" in text or "n" in text else _DECIMAL)


def _node(name: str) -> Node:
    if name.startswith("_:"):
        return ox.BlankNode(name[2:])
    try:
        return ox.NamedNode(name)
    except ValueError:
        # What FHIR calls a URL need not be an IRI.
        return ox.NamedNode("urn:guideline-reasoner:node:" + quote(name, safe=""))
