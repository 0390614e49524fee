"""A form made from the shapes of patient data: groups, order, help, units and allowed values are all theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pyoxigraph as ox

from reasoner.blocks import capital
from reasoner.graph import LABEL, XSD, Graph, Term
from reasoner.knowledge import Knowledge
from reasoner.model import Finding, Kind
from reasoner.shapes import SH
from reasoner.words import Words

_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that may be chosen."""

    name: str
    iri: str
    label: str


def brief(labels: Sequence[str]) -> list[str]:
    """Labels without the words that all of them begin with, which the question says already."""
    words = [label.split() for label in labels]
    common = 0
    while len(words) > 1 and all(len(own) > common + 1 for own in words) and len({own[common] for own in words}) == 1:
        common += 1
    return [" ".join(own[common:]) for own in words]


@dataclass(frozen=True, slots=True)
class Field:
    """One question: ``choices``, or a number within the limits; ``unit`` is empty for a bare one."""

    name: str
    path: str
    label: str
    help: str
    choices: tuple[Choice, ...]
    minimum: str | None
    maximum: str | None
    is_whole: bool
    unit: str

    def problem(self, text: str) -> str | None:
        """What is wrong with a value as it was written, as a sentence; None where nothing is."""
        if self.choices:
            is_known = any(choice.name == text for choice in self.choices)
            return None if is_known else f"{capital(self.label)}: choose one of the values."
        whole = " whole" if self.is_whole else ""
        wanted = f"{capital(self.label)}: write a{whole} number{self.limits()}, with a point and without a unit."
        if not _NUMBER.fullmatch(text):
            return wanted
        number = float(text)
        low = self.minimum is not None and number < float(self.minimum)
        high = self.maximum is not None and number > float(self.maximum)
        return wanted if low or high or (self.is_whole and not number.is_integer()) else None

    def limits(self) -> str:
        """From where to where, with the unit, as the end of a phrase."""
        unit = f" {self.unit}" if self.unit not in ("", "1") else ""
        if self.minimum is not None and self.maximum is not None:
            return f" from {self.minimum} to {self.maximum}{unit}"
        if self.minimum is not None:
            return f" of {self.minimum}{unit} or more"
        return f" of {self.maximum}{unit} or less" if self.maximum is not None else unit and f" in{unit}"

    def term(self, text: str) -> ox.NamedNode | ox.Literal:
        """The value in a patient graph; ``text`` has no problem."""
        for choice in self.choices:
            if choice.name == text:
                return ox.NamedNode(choice.iri)
        if self.is_whole:
            return ox.Literal(str(int(float(text))), datatype=ox.NamedNode(XSD + "integer"))
        return ox.Literal(text, datatype=ox.NamedNode(XSD + "decimal"))


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that belong together."""

    label: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """What is asked of one kind of thing: a person, what belongs to the person, and the subject last."""

    kind: Kind
    label: str
    groups: tuple[Group, ...]
    apart: str | None
    """The name of the field that tells several of one owner apart."""

    def fields(self) -> Iterator[Field]:
        """All of its questions, in order."""
        for group in self.groups:
            yield from group.fields


class FormReader:
    """Reads the form for the guidelines of one kind of subject."""

    def __init__(self, knowledge: Knowledge, kind: str) -> None:
        self.knowledge, self.model = knowledge, knowledge.model
        self.words = Words(knowledge)
        self.graph = Graph()
        self.graph.parse(knowledge.shapes.to_ntriples().encode(), "shapes", ox.RdfFormat.N_TRIPLES)
        self.lineage = knowledge.model.lineage(kind)
        self._findings = {finding.iri: finding for finding in knowledge.model.findings.values()}

    def blocks(self) -> tuple[Block, ...]:
        """What is asked of the person first, of the subject last."""
        return tuple(self._block(self.model.kinds[name]) for name in reversed(self.lineage))

    def _block(self, kind: Kind) -> Block:
        found: dict[tuple[float, str], list[tuple[float, Field]]] = {}
        apart = None
        for shape in self.graph.subjects(SH + "targetClass", kind.iri):
            for part in self.graph.nodes(shape, SH + "property"):
                field = self._field(part, kind)
                if field is None:
                    continue
                group = self.graph.node(part, SH + "group")
                place = (self._order(group), self.graph.text(group, LABEL) or "") if group else (float("inf"), "")
                if field.path == kind.apart:
                    apart, place = field.name, (float("-inf"), "")
                found.setdefault(place, []).append((self._order(part), field))
        asked = {field.path for rows in found.values() for _, field in rows}
        for finding in self.model.findings.values():
            if finding.kind == kind.name and finding.iri not in asked:
                unit = self.words.unit(finding.notation) if finding.range else ""
                found.setdefault((float("inf"), finding.group), []).append((float("inf"), _unshaped(finding, unit)))
        groups = tuple(
            Group(label, tuple(field for _, field in sorted(rows, key=lambda row: (row[0], row[1].name))))
            for (_, label), rows in sorted(found.items())
        )
        return Block(kind, self.knowledge.graph.text(kind.iri, LABEL) or kind.name, groups, apart)

    def _field(self, part: str, kind: Kind) -> Field | None:
        """The question that a property shape asks; None where it only adds a rule, or leads to an owner."""
        graph = self.graph
        label, path = graph.text(part, SH + "name"), graph.node(part, SH + "path")
        if label is None or path is None or path == kind.link:
            return None
        finding = self._findings.get(path)
        choices = _brief(self._choices(part, path))
        low, high = (self._limit(part, SH + side + "Inclusive") for side in ("min", "max"))
        types = {own for alternative in self._alternatives(part) for own in graph.nodes(alternative, SH + "datatype")}
        if not choices and not types:
            return None
        return Field(
            finding.notation if finding else path.rsplit("/", 1)[-1].rsplit("#", 1)[-1],
            path,
            label,
            graph.text(part, SH + "description") or "",
            choices,
            low,
            high,
            finding.range.integer if finding and finding.range else types == {XSD + "integer"},
            self.words.unit(finding.notation) if finding and finding.range else "",
        )

    def _alternatives(self, part: str) -> Iterator[str]:
        yield part
        for head in self.graph.nodes(part, SH + "or"):
            yield from (str(own) for own in self.graph.list(head))

    def _choices(self, part: str, path: str) -> Iterator[Choice]:
        finding = self._findings.get(path)
        named = {value.iri: value for value in finding.values} if finding else {}
        for alternative in self._alternatives(part):
            head = self.graph.node(alternative, SH + "in")
            if head is None:
                continue
            for own in self.graph.list(head):
                iri = str(own)
                known = named.get(iri)
                label = known.label if known else self.knowledge.graph.text(iri, LABEL) or iri
                yield Choice(known.notation if known else iri.rsplit("/", 1)[-1], iri, label)
            return

    def _order(self, node: str) -> float:
        written = self._limit(node, SH + "order")
        return float("inf") if written is None else float(written)

    def _limit(self, node: str, predicate: str) -> str | None:
        values: list[Term] = self.graph.values(node, predicate)
        return next((str(v.value) for v in values if isinstance(v, ox.Literal)), None)


def _brief(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    found = tuple(choices)
    return tuple(replace(own, label=label) for own, label in zip(found, brief([c.label for c in found]), strict=True))


def _unshaped(finding: Finding, unit: str) -> Field:
    """The question of a finding that no shape asks: the model knows enough of it."""
    limits = [None, None] if finding.range is None else [finding.range.minimum, finding.range.maximum]
    low, high = (None if limit is None else f"{limit:g}" for limit in limits)
    choices = _brief(Choice(value.notation, value.iri, value.label) for value in finding.values)
    is_whole = finding.range is not None and finding.range.integer
    return Field(finding.notation, finding.iri, finding.label, finding.question, choices, low, high, is_whole, unit)
