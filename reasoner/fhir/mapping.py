"""Builds the FHIR mapping from the knowledge graph and the SSSOM tables."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from fractions import Fraction

from reasoner.errors import KnowledgeError, raise_all
from reasoner.graph import GR, NOTATION, Graph
from reasoner.model import Finding, Model
from reasoner.spelling import nearest

from .sssom import Row, Table, read_table
from .tables import CodedResource, FhirMapping, Located, Meaning, Rule, Status, System

_EXACT, _BROADER, _NARROWER = "skos:exactMatch", "skos:broadMatch", "skos:narrowMatch"
_RELATIONS = (_EXACT, _BROADER, _NARROWER, "skos:closeMatch", "skos:relatedMatch")
_EFFECTS = ("counts", "negates", "doubts", "erases")
_TRANSFORMS = frozenset({"age-in-years"})
_OBSERVATION = "Observation"


def load_mapping(graph: Graph, sssom: Mapping[str, str], model: Model) -> FhirMapping:
    """The mapping in the knowledge; ``sssom`` is the text of each table by file name.

    Raises KnowledgeError with file and line for a mapping to a term that is not in the model.
    """
    return _Loader(graph, model).load(sssom)


class _Loader:
    def __init__(self, graph: Graph, model: Model) -> None:
        self.graph, self.model = graph, model
        systems = [self._system(iri) for iri in graph.instances(GR + "CodeSystem")]
        self.systems = {system.uri: system for system in systems}
        self.by_prefix = {system.prefix: system for system in systems}
        self.findings = {finding.iri: finding for finding in model.findings.values()}
        self.value_iris = {
            value.iri: (finding, 1 << i)
            for finding in model.findings.values()
            for i, value in enumerate(finding.values)
        }
        self.orders = self._orders()
        self.sides = [iri for kind in model.kinds.values() for iri, _ in kind.parts]
        self.located = self._located()
        self.resources = self._coded_resources()
        self.rules: dict[tuple[str, str, str], list[Rule]] = {}
        self.beginnings: dict[tuple[str, str], list[tuple[str, Rule]]] = {}
        self.values: dict[str, dict[tuple[str | None, str | None], int]] = {name: {} for name in model.findings}
        self.places: dict[tuple[str | None, str | None], tuple[int, int]] = {}

    def load(self, sssom: Mapping[str, str]) -> FhirMapping:
        for system in self.systems.values():
            if system.notations:
                self._notations(system)
        problems = []
        for name, text in sorted(sssom.items()):
            try:
                table = read_table(name, text)
            except KnowledgeError as error:
                problems.append(error)
                continue
            for row in table.rows:
                try:
                    self._row(table, row)
                except KnowledgeError as error:
                    problems.append(error)
        raise_all(problems)
        return FhirMapping(
            systems=self.systems,
            rules={key: tuple(rules) for key, rules in self.rules.items()},
            beginnings={key: tuple(rules) for key, rules in self.beginnings.items()},
            values=self.values,
            value_systems=frozenset(system.uri for system in self.systems.values() if system.notations),
            places=self.places,
            statuses=self._statuses(),
            resources=self.resources,
            units=self._units(),
            elements=self._elements(),
            located=self.located,
            side_of={
                character: 1 << i
                for i, iri in enumerate(self.sides)
                if (character := self.graph.text(iri, GR + "lateralityCharacter"))
            },
        )

    def _text(self, iri: str, name: str) -> str:
        text = self.graph.text(iri, GR + name)
        if text is None:
            raise KnowledgeError(f"`{_short(iri)}` lacks gr:{name}", self.graph.file(iri), "add it")
        return text

    def _texts(self, iri: str, name: str) -> list[str]:
        return [value.value for value in self.graph.values(iri, GR + name) if not isinstance(value, str)]

    def _finding(self, iri: str | None, holder: str) -> Finding:
        if iri not in self.findings:
            name = _short(iri) if iri else "nothing"
            raise KnowledgeError(
                f"`{_short(holder)}` maps to `{name}`, which is no finding of the model",
                self.graph.file(holder),
                "name a gr:Finding",
            )
        return self.findings[iri]

    def _system(self, iri: str) -> System:
        return System(
            uri=self._text(iri, "systemUri"),
            prefix=self._text(iri, "curiePrefix"),
            ignored=self.graph.text(iri, GR + "ignoredCharacter") or "",
            notations=self.graph.text(iri, GR + "codesAreNotations") == "true",
            stated=self.graph.text(iri, GR + "statedValue") or "",
        )

    def _orders(self) -> dict[str, int]:
        """The naming order of each value that establishes a subject."""
        return {
            iri: int(self._text(iri, "namingOrder"))
            for iri in self.value_iris
            if self.graph.node(iri, GR + "establishes") is not None
        }

    def _located(self) -> Located | None:
        found = [kind for kind in self.model.kinds.values() if self.graph.node(kind.iri, GR + "locatedBy")]
        established = {self.graph.node(iri, GR + "establishes") for iri in self.orders}
        if not found and not established:
            return None
        if len(found) != 1 or established - {found[0].iri}:
            raise KnowledgeError(
                "resources establish subjects of more than one class, or of one that nothing locates",
                self.graph.file(found[0].iri) if found else None,
                "give one class gr:locatedBy and let all gr:establishes name it",
            )
        kind = found[0]
        by = self._finding(self.graph.node(kind.iri, GR + "locatedBy"), kind.iri)
        names = tuple(self.graph.text(iri, NOTATION) or _short(iri) for iri in self.sides)
        return Located(kind.name, by.notation, by.full, kind.parent or "", names)

    def _coded_resources(self) -> dict[str, CodedResource]:
        found = {}
        for iri in self.graph.instances(GR + "CodedResource"):
            kind = self._text(iri, "resourceType")
            found[kind] = CodedResource(
                kind,
                tuple(self._text(iri, "codeElement").split(".")),
                tuple(self._text(iri, "dateElements").split()),
                tuple((self.graph.text(iri, GR + "reasonElements") or "").split()),
                self.graph.text(iri, GR + "statesNotations") == "true",
            )
        return found

    def _statuses(self) -> dict[str, tuple[Status, ...]]:
        found: dict[str, list[tuple[int, Status]]] = {}
        for iri in self.graph.instances(GR + "StatusElement"):
            effects = {code: effect for effect in _EFFECTS for code in self._texts(iri, effect + "Code")}
            missing = "counts" if self._text(iri, "missingCounts") == "true" else ""
            denied = tuple((self.graph.text(iri, GR + "deniedByElements") or "").split())
            status = Status(
                self._text(iri, "element"), self.graph.text(iri, GR + "systemUri"), effects, missing, denied
            )
            order = int(self.graph.text(iri, GR + "order") or 0)
            found.setdefault(self._text(iri, "resourceType"), []).append((order, status))
        return {kind: tuple(s for _, s in sorted(rows, key=lambda row: row[0])) for kind, rows in found.items()}

    def _units(self) -> dict[str, dict[str, Fraction]]:
        units = {
            finding.notation: {finding.range.unit or "1": Fraction(1)}
            for finding in self.model.findings.values()
            if finding.range is not None
        }
        for iri in self.graph.instances(GR + "UnitConversion"):
            start, end, factor = (self._text(iri, name) for name in ("fromUnit", "toUnit", "factor"))
            only = {self._finding(node, iri).notation for node in self.graph.nodes(iri, GR + "onlyForFinding")}
            for finding in self.model.findings.values():
                fits = finding.range is not None and (finding.range.unit or "1") == end
                if fits and (not only or finding.notation in only):
                    units[finding.notation][start] = Fraction(factor)
        return units

    def _elements(self) -> dict[str, tuple[tuple[str, str, str], ...]]:
        found: dict[str, list[tuple[str, str, str]]] = {}
        for iri in self.graph.instances(GR + "ElementMapping"):
            node = self.graph.node(iri, GR + "transform")
            transform = self.graph.text(node, NOTATION) if node else None
            if transform not in _TRANSFORMS:
                raise KnowledgeError(
                    f"`{_short(iri)}` names no known transform",
                    self.graph.file(iri),
                    f"use one of: {', '.join(sorted(_TRANSFORMS))}",
                )
            finding = self._finding(self.graph.node(iri, GR + "toFinding"), iri)
            if finding.range is None:
                raise KnowledgeError(f"`{_short(iri)}` maps a number to a coded finding", self.graph.file(iri),
                                     "name a numeric finding")  # fmt: skip
            found.setdefault(self._text(iri, "resourceType"), []).append(
                (self._text(iri, "element"), transform, finding.notation)
            )
        return {kind: tuple(rows) for kind, rows in found.items()}

    def _notations(self, system: System) -> None:
        """The rule of a local code system: every notation is a code."""
        for finding in self.model.findings.values():
            name = finding.notation
            self._rule(_OBSERVATION, system.uri, name, Rule(Meaning(name, 0)))
            stated = finding.mask(system.stated)
            note = "" if stated else f"`{name}` has no value `{system.stated}` that a code alone could state"
            for kind in (kind for kind, resource in self.resources.items() if resource.states_notations):
                meaning = Meaning(name, stated, note=note, order=self._order(finding, stated))
                self._rule(kind, system.uri, name, Rule(meaning))
            for i, value in enumerate(finding.values):
                self.values[name][system.uri, value.notation] = 1 << i
        if self.located is not None:
            for pair, mask in self.values[self.located.by].items():
                self.places[pair] = (0, mask)
        for i, iri in enumerate(self.sides):
            self.places[system.uri, self.graph.text(iri, NOTATION)] = (1 << i, 0)

    def _order(self, finding: Finding, mask: int) -> int:
        return next((self.orders.get(v.iri, 0) for i, v in enumerate(finding.values) if mask == 1 << i), 0)

    def _rule(self, kind: str, uri: str, code: str, rule: Rule) -> None:
        self.rules.setdefault((kind, uri, code), []).append(rule)

    def _row(self, table: Table, row: Row) -> None:
        system, code = self._code(row, row["subject_id"])
        target = table.expand(row, row["object_id"])
        kind, match = row["resource_type"], row["match"]
        if target in self.sides:
            self.places[system.uri, code] = (1 << self.sides.index(target), 0)
            return
        if target in self.value_iris:
            finding, mask = self.value_iris[target]
        elif target in self.findings:
            finding, mask = self.findings[target], 0
        else:
            meant = nearest(target, [*self.value_iris, *self.findings])
            hint = f"did you mean `{_short(meant)}`?" if meant else "name a term of the findings"
            raise row.error(f"`{row['object_id']}` is no finding or value of the model", hint)
        if kind == "value":
            self._value(row, system, code, finding, mask)
            return
        if kind != _OBSERVATION and kind not in self.resources:
            raise row.error(f"`{kind}` is no resource type that states a code", "declare a gr:CodedResource")
        if (mask == 0) != (kind == _OBSERVATION):
            hint = (
                "name the finding in object_id" if kind == _OBSERVATION else "name a value of the finding in object_id"
            )
            raise row.error("an Observation maps to a finding, any other resource to a value", hint)
        rule = self._rule_of(table, row, finding, mask)
        if match == "code":
            self._rule(kind, system.uri, code, rule)
        elif match == "descendants":
            self.beginnings.setdefault((kind, system.uri), []).append((code, rule))
        else:
            raise row.error(f"`{match}` is no way to match", "write code or descendants")

    def _value(self, row: Row, system: System, code: str, finding: Finding, mask: int) -> None:
        """A row for a coded value or a body site: it states no finding by itself."""
        if row["predicate_id"] not in (_EXACT, _BROADER) or not mask:
            raise row.error("a coded value must be the same as or narrower than its object", "mend predicate_id")
        self.values[finding.notation][system.uri, code] = mask
        if self.located is not None and finding.notation == self.located.by:
            self.places[system.uri, code] = (0, mask)

    def _rule_of(self, table: Table, row: Row, finding: Finding, mask: int) -> Rule:
        predicate, place = row["predicate_id"], 0
        if predicate not in _RELATIONS:
            near = get_close_matches(predicate, _RELATIONS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"write one of {', '.join(_RELATIONS[:3])}"
            raise row.error(f"`{predicate}` is no SKOS mapping relation", hint)
        gives = predicate in (_EXACT, _BROADER)
        note = "" if gives else f"its code is broader than `{finding.notation}` and gives no value of it"
        if row["site_class"]:
            classes = self.model.findings[self.located.by].classes if self.located else {}
            place = classes.get(table.expand(row, row["site_class"]), 0)
            if not place:
                raise row.error(f"`{row['site_class']}` is no class of places", "name a value class of the findings")
        yields = tuple(
            f"{system.uri}|{code}"
            for curie in row["yields_to"].split("|")
            if curie
            for system, code in (self._code(row, curie),)
        )
        meaning = Meaning(
            finding=finding.notation,
            mask=mask,
            exact=predicate == _EXACT,
            note=note,
            lasting=row["lasting"] == "true",
            every_side=row["every_side"] == "true",
            order=self._order(finding, mask) if gives else 0,
            yields_to=yields,
        )
        if row["side_position"] and not row["side_position"].isdecimal():
            raise row.error("side_position is not a number", "write the place of the character, counted from 1")
        return Rule(meaning, int(row["side_position"] or 0), place)

    def _code(self, row: Row, curie: str) -> tuple[System, str]:
        prefix, _, code = curie.partition(":")
        system = self.by_prefix.get(prefix)
        if system is None or not code:
            raise row.error(f"`{curie}` has no known code system", "declare a gr:CodeSystem with this gr:curiePrefix")
        return system, code.replace(system.ignored, "") if system.ignored else code


def _short(iri: str) -> str:
    return "gr:" + iri.removeprefix(GR) if iri.startswith(GR) else iri


__all__ = ["FhirMapping", "load_mapping"]
