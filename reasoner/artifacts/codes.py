"""The rows of the mapping tables with what their codes mean, and the code systems and value sets that they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from reasoner.fhir.sssom import Row, Table, read_table
from reasoner.fhir.tables import System
from reasoner.graph import GR, NOTATION
from reasoner.model import Finding, Value

from .frame import Json, Maker, fhir_id

_GIVES = ("skos:exactMatch", "skos:broadMatch")
_META = re.compile(r"^#(mapping_set_\w+|license):\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Mapped:
    """One row of a table: a code, and the term of ours that it is mapped to."""

    system: System
    code: str
    label: str
    target: str
    """IRI of a finding, of a value, or of a part that tells subjects apart."""
    finding: str
    """The finding's notation, empty where the target is no finding and no value."""
    predicate: str
    kind: str
    """The resource type, or ``value`` for a code that only stands as a value or a body site."""
    begins: bool
    """Whether every code that begins so is meant."""
    comment: str
    verification: str

    @property
    def gives(self) -> bool:
        """Whether the code gives a value, rather than being listed only."""
        return self.predicate in _GIVES


@dataclass(frozen=True, slots=True)
class MappingSet:
    """A table: its name, what its header says of it, and its rows."""

    name: str
    iri: str
    title: str
    version: str
    licence: str
    description: str
    rows: tuple[Mapped, ...]


class Codes:
    """The tables of one body of knowledge, read once."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        model = maker.knowledge.model
        self.findings = {finding.iri: finding for finding in model.findings.values()}
        self.values: dict[str, tuple[Finding, Value]] = {
            value.iri: (finding, value) for finding in model.findings.values() for value in finding.values
        }
        self.parts = {iri: name for kind in model.kinds.values() for iri, name in kind.parts}
        self._systems = {system.prefix: system for system in maker.knowledge.mapping.systems.values()}
        self.sets = tuple(self._set(name, text) for name, text in sorted(maker.knowledge.tables.items()))
        self.local = tuple(system for system in self._systems.values() if system.notations)

    def _set(self, name: str, text: str) -> MappingSet:
        table, head = read_table(name, text), _header(text)
        rows = tuple(self._row(table, row) for row in table.rows)
        iri = head.get("mapping_set_id") or f"{GR}mapping/{name.removesuffix('.sssom.tsv')}"
        return MappingSet(
            name=fhir_id(name.removesuffix(".sssom.tsv").replace("/", "-")),
            iri=iri,
            title=head.get("mapping_set_title", name),
            version=head.get("mapping_set_version", ""),
            licence=head.get("license", ""),
            description=head.get("mapping_set_description", ""),
            rows=rows,
        )

    def _row(self, table: Table, row: Row) -> Mapped:
        prefix, _, code = row["subject_id"].partition(":")
        target = table.expand(row, row["object_id"])
        finding = self.findings.get(target) or (self.values[target][0] if target in self.values else None)
        return Mapped(
            system=self._systems[prefix],
            code=code,
            label=row["subject_label"],
            target=target,
            finding=finding.notation if finding else "",
            predicate=row["predicate_id"],
            kind=row["resource_type"],
            begins=row["match"] == "descendants",
            comment=row["comment"],
            verification=row["verification"],
        )

    def kinds_of(self, finding: str) -> list[str]:
        """The resource types whose code can say something of a finding, sorted."""
        rules = self.maker.knowledge.mapping.rules
        said = ((kind, rule.meaning) for (kind, _, _), own in rules.items() for rule in own)
        found = {kind for kind, meaning in said if meaning.finding == finding and not meaning.note}
        found |= {row.kind for own in self.sets for row in own.rows if row.finding == finding and row.gives}
        return sorted(found - {"value"})

    def rows(self, finding: str, kind: str) -> Iterator[Mapped]:
        """The rows of all tables by which a resource of that type gives a value of the finding."""
        for own in self.sets:
            for row in own.rows:
                if row.finding == finding and row.kind == kind and row.gives:
                    yield row

    def value_set(self, finding: str, kind: str) -> list[Json]:
        """The codes of a finding in one resource type, as the includes of a value set."""
        concepts: dict[str, dict[str, str]] = {}
        patterns: dict[str, set[str]] = {}
        for system in self.local:
            for rule in self.maker.knowledge.mapping.rules.get((kind, system.uri, finding), ()):
                if not rule.meaning.note:
                    concepts.setdefault(system.uri, {})[finding] = self.maker.words.finding(finding)
        for row in self.rows(finding, kind):
            if row.begins:
                patterns.setdefault(row.system.uri, set()).add(_beginning(row))
            else:
                concepts.setdefault(row.system.uri, {})[row.code] = self.label(row)
        made: list[Json] = [
            {"system": uri, "concept": [_concept(code, label) for code, label in sorted(own.items())]}
            for uri, own in sorted(concepts.items())
        ]
        for uri, own in sorted(patterns.items()):
            # One include for each: the filters of one include must all hold.
            made += [{"system": uri, "filter": [{"property": "code", "op": "regex", "value": p}]} for p in sorted(own)]
        return made

    def label(self, row: Mapped) -> str:
        """The display of a row's code; one of a local system has the display that its code system gives."""
        return self.displays[row.system.uri].get(row.code, row.label) if row.system.notations else row.label

    @cached_property
    def displays(self) -> dict[str, dict[str, str]]:
        """By local code system: the display of each code."""
        return {system.uri: {code: said[0] for code, said in self.locals(system).items()} for system in self.local}

    def locals(self, system: System) -> dict[str, tuple[str, str]]:
        """The codes of a local code system, by code: display and definition."""
        maker, found = self.maker, dict[str, tuple[str, str]]()
        for iri in maker.graph.instances(GR + "Intervention"):
            found[maker.notation(iri)] = (maker.label(iri), f"The intervention {maker.label(iri)}.")
        for iri, name in self.parts.items():
            found[name] = (maker.label(iri), f"Tells apart: {maker.label(iri)}.")
        holders: dict[str, list[str]] = {}
        for finding, value in self.values.values():
            holders.setdefault(value.notation, []).append(finding.label)
        for notation, owners in holders.items():
            said = f"As a value of {', '.join(owners)}."
            found[notation] = (maker.words.label("value", notation), said)
        for finding in self.findings.values():
            found[finding.notation] = (finding.label, finding.definition)
        for own in self.sets:
            for row in own.rows:
                if row.system.uri == system.uri:
                    found.setdefault(row.code, (row.label or row.code, row.label or row.code))
        return found

    def local_iri(self, system: System) -> str:
        """The term that declares a local code system."""
        graph = self.maker.graph
        declared = graph.instances(GR + "CodeSystem")
        return next(iri for iri in declared if graph.text(iri, GR + "systemUri") == system.uri)

    def statuses(self, own: MappingSet) -> list[str]:
        """The transcription statuses of the rows of a table, as IRIs."""
        notations = {row.verification for row in own.rows if row.verification}
        known = {self.maker.graph.text(iri, NOTATION): iri for iri in self.maker.graph.instances(GR + "Status")}
        return sorted(known[notation] for notation in notations if notation in known)


def _concept(code: str, label: str) -> Json:
    return {"code": code, "display": label} if label else {"code": code}


def _beginning(row: Mapped) -> str:
    """What every code of a row matches; a character that may be left out may stand anywhere or not at all."""
    if not row.system.ignored:
        return re.escape(row.code) + ".*"
    gap = re.escape(row.system.ignored) + "?"
    plain = row.code.replace(row.system.ignored, "")
    return gap.join(re.escape(character) for character in plain) + ".*"


def _header(text: str) -> dict[str, str]:
    """The one-line and the folded entries of a table's header."""
    found: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if match := _META.match(line):
            key = match[1]
            found[key] = "" if match[2] == ">-" else match[2].strip("\"'")
        elif line.startswith("#  ") and key and not found[key].startswith("http"):
            found[key] = f"{found[key]} {line[1:].strip()}".strip()
        else:
            key = ""
    return found
