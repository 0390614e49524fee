"""The explanation as an RDF graph: each verdict derived from statements of findings, each statement from its rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from reasoner.graph import GR, LABEL, TYPE
from reasoner.knowledge import Knowledge
from reasoner.turtle import PROV, AnswerWriter, Json, iri_of, serialized, text_of, triple

_DERIVED = PROV + "wasDerivedFrom"


def turtle(explanations: Iterable[Json], knowledge: Knowledge) -> bytes:
    """The graph of some explanations as one Turtle document; the same explanations give the same bytes."""
    return serialized({t for own in explanations for t in ExplanationWriter(own, knowledge).triples()})


class ExplanationWriter(AnswerWriter):
    """The triples of one explanation."""

    def triples(self) -> Iterator[ox.Triple]:
        """All of them."""
        yield from self.head()
        for number, subject in enumerate(self.answer["subjects"], 1):
            yield from self._explained(subject, f"{self.base}#subject-{number}")

    def _explained(self, subject: Json, node: str) -> Iterator[ox.Triple]:
        yield from self.about(subject, node)
        needed: set[str] = set()
        for row in subject["explanations"]:
            own = f"{node}/{row['recommendation']}"
            yield from self.typed(own, "RecommendationVerdict")
            yield triple(node, GR + "explains", ox.NamedNode(own))
            yield triple(own, GR + "onRecommendation", ox.NamedNode(row["iri"]))
            yield triple(own, GR + "verdict", ox.NamedNode(GR + "verdict/" + row["verdict"]))
            for name in row["missing"]:
                yield triple(own, GR + "missingFinding", ox.NamedNode(self.model.findings[name].iri))
            for class_ in row["classes"]:
                yield triple(own, GR + "byCriterion", ox.NamedNode(class_))
            for number, parts in enumerate(row["sets"], 1):
                set_ = f"{own}/set-{number}"
                yield triple(own, _DERIVED, ox.NamedNode(set_))
                yield from self.typed(set_, "SufficientSet")
                for part in parts:
                    needed.add(part["finding"])
                    yield triple(set_, PROV + "hadMember", ox.NamedNode(f"{node}/finding/{part['finding']}"))
            for number, parts in enumerate((row["changes"] or {"sets": ()})["sets"], 1):
                yield from self._change(parts, own, number, row["changes"]["to"])
        yield from self._statements(subject["findings"], node, needed)

    def _change(self, parts: Iterable[Json], own: str, number: int, verdict: str) -> Iterator[ox.Triple]:
        change = f"{own}/change-{number}"
        yield triple(own, GR + "wouldChangeBy", ox.NamedNode(change))
        yield from self.typed(change, "Change")
        yield triple(change, GR + "leadsTo", ox.NamedNode(GR + "verdict/" + verdict))
        for part in parts:
            finding = self.model.findings[part["finding"]]
            step = f"{change}/{finding.notation}"
            yield triple(change, GR + "changes", ox.NamedNode(step))
            yield from self.typed(step, "ChangedFinding")
            yield triple(step, GR + "aboutFinding", ox.NamedNode(finding.iri))
            for value in part["to"]:
                # A number is told as the interval that it must lie in.
                told = self.values(finding.notation, value) if finding.values else [text_of(value)]
                for term in told:
                    yield triple(step, GR + "wouldBe", term)

    def _statements(self, rows: Json, node: str, needed: set[str]) -> Iterator[ox.Triple]:
        """The findings that verdicts rest on, and those that these were derived from in turn."""
        todo, done = sorted(needed), set[str]()
        while todo:
            name = todo.pop()
            if name in done:
                continue
            done.add(name)
            row, own = rows[name], f"{node}/finding/{name}"
            yield triple(own, TYPE, ox.NamedNode(GR + "Reason"))
            made_by = f"{own}/derivation" if row.get("rule") else self.base
            yield triple(own, PROV + "wasGeneratedBy", ox.NamedNode(made_by))
            yield triple(own, GR + "aboutFinding", ox.NamedNode(row["iri"]))
            yield triple(own, GR + "origin", text_of(row["from"]))
            for value in self.values(name, row["value"]):
                yield triple(own, GR + "reasonValue", value)
            if row["resource"]:
                yield from self._source(own, row["resource"])
            if row.get("code"):
                yield triple(own, GR + "mappedFrom", text_of(row["code"]))
            if row.get("policy"):
                yield triple(own, GR + "reasonPolicy", text_of(row["policy"]))
            for rule in (row["rule"],) if row.get("rule") else ():
                yield triple(made_by, TYPE, ox.NamedNode(GR + "Derivation"))
                for used in (rule, *row.get("bands", ())):
                    yield triple(made_by, GR + "byRule", ox.NamedNode(used["iri"]))
                    yield triple(used["iri"], LABEL, text_of(used["label"]))
            for given in row.get("inputs", ()):
                yield triple(own, _DERIVED, ox.NamedNode(f"{node}/finding/{given['finding']}"))
                todo.append(given["finding"])

    def _source(self, own: str, resource: str) -> Iterator[ox.Triple]:
        """The resource or node that says it, as an entity of its own."""
        yield triple(own, GR + "fromResource", text_of(resource))
        entity = iri_of(resource) or ox.NamedNode(f"{self.base}#resource-{_safe(resource)}")
        yield triple(own, _DERIVED, entity)
        yield ox.Triple(entity, ox.NamedNode(TYPE), ox.NamedNode(PROV + "Entity"))


def _safe(resource: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in resource)
