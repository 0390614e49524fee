"""What data a decision needs: one DataRequirement for each resource type that can tell a finding."""

from __future__ import annotations

from collections.abc import Iterable

from reasoner.graph import GR
from reasoner.model import Finding

from .codes import Codes
from .frame import Json, Maker, fhir_id


def code_set(finding: str, kind: str) -> str:
    """The id of the value set with the codes of a finding in one resource type."""
    return fhir_id(f"codes-{finding}-{kind}")


class Requirements:
    """DataRequirements by finding, made once."""

    def __init__(self, maker: Maker, codes: Codes) -> None:
        self.maker, self.codes = maker, codes
        self._inputs = _inputs(maker)
        self._made: dict[str, list[Json]] = {}

    def of(self, findings: Iterable[str]) -> list[Json]:
        """Those of the findings and of all from which they are derived, by finding and resource type."""
        names, todo = set[str](), list(findings)
        while todo:
            if (name := todo.pop()) not in names:
                names.add(name)
                todo += self._inputs.get(name, ())
        return [made for name in sorted(names) for made in self._one(name)]

    def _one(self, name: str) -> list[Json]:
        if name not in self._made:
            finding = self.maker.knowledge.model.findings[name]
            head = self._head(finding)
            found = [self._coded(head, finding, kind) for kind in self.codes.kinds_of(name)]
            for kind, rows in sorted(self.maker.knowledge.mapping.elements.items()):
                found += [{"extension": head, "type": kind, "mustSupport": [e]} for e, _, own in rows if own == name]
            self._made[name] = found
        return self._made[name]

    def _head(self, finding: Finding) -> list[Json]:
        maker = self.maker
        said = [
            {"url": "finding", "valueCoding": maker.coding(finding.iri) | {"system": finding_system(maker)}},
            {"url": "when-not-recorded", "valueCoding": maker.coding(f"{GR}policy/{finding.policy}")},
        ]
        said += [
            {"url": "assumed-value", "valueCoding": maker.coding(value.iri)}
            for i, value in enumerate(finding.values)
            if finding.assumed >> i & 1
        ]
        return [maker.extension("finding", extension=said)]

    def _coded(self, head: list[Json], finding: Finding, kind: str) -> Json:
        mapping = self.maker.knowledge.mapping
        resource = mapping.resources.get(kind)
        path = ".".join(resource.code) if resource else "code"
        must = [path, *(status.element for status in mapping.statuses.get(kind, ()))]
        if resource is None:
            must.append("value")
        filters = [{"path": path, "valueSet": self.maker.canonical("ValueSet", code_set(finding.notation, kind))}]
        return {"extension": head, "type": kind, "mustSupport": must, "codeFilter": filters}


def finding_system(maker: Maker) -> str:
    """The address of the code system of all findings."""
    return maker.canonical("CodeSystem", "finding")


def _inputs(maker: Maker) -> dict[str, set[str]]:
    """By finding: the findings from which it is derived."""
    derivations = maker.knowledge.derivations
    found: dict[str, set[str]] = {}
    for grading in derivations.gradings:
        scales = [name for step in grading.steps for scale in step.scales for name in scale.inputs]
        others = [name for discordance in grading.discordances for name in discordance.inputs]
        found.setdefault(grading.finding, set()).update(scales, others, grading.comparison_inputs)
    for own in derivations.recorded:
        found.setdefault(own.finding, set()).update(own.when_recorded)
    return found
