"""Effect estimates: Evidence in R5, EffectEvidenceSynthesis in R4. What no source gives stays absent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reasoner.graph import GR
from reasoner.guidelines import GuidelineReader
from reasoner.owl import ClassReader

from .frame import ABSENT_REASON, Json, Maker

_ROLES = "http://terminology.hl7.org/CodeSystem/variable-role"
_CERTAINTY_TYPES = "http://terminology.hl7.org/CodeSystem/certainty-type"


def evidence(maker: Maker) -> Iterator[Json]:
    """One resource an estimate."""
    reader = GuidelineReader(maker.graph, ClassReader(maker.graph, maker.knowledge.model))
    for iri in maker.graph.instances(GR + "Evidence"):
        estimate = _Estimate(maker, iri, reader.estimate(iri))
        yield estimate.r5() if maker.r5 else estimate.r4()


class _Estimate:
    """One estimate on its way to a resource."""

    def __init__(self, maker: Maker, iri: str, row: dict[str, Any]) -> None:
        self.maker, self.iri, self.row = maker, iri, row
        self.measure = f"{GR}measure/{row['measure']}"

    def _head(self, type_: str) -> Json:
        maker, row = self.maker, self.row
        said = [status for status in (row["status"], row["certaintyStatus"]) if status]
        made = maker.artifact(
            type_, maker.id_of(self.iri), self.iri, statuses=[f"{GR}status/{status}" for status in said]
        )
        made["extension"] += maker.transcription(estimate=row["status"], certainty=row["certaintyStatus"])
        if row["role"]:
            made["extension"].append(
                maker.extension("outcome-role", valueCoding=maker.coding(f"{GR}role/{row['role']}"))
            )
        if row["note"]:
            made["note"] = [{"text": row["note"]}]
        if sources := maker.sources(self.iri):
            made["relatedArtifact"] = sources
        return made

    def _written(self) -> str:
        """The estimate as the knowledge writes it, with the digits that it has."""
        value, lower, upper = (self.maker.text(self.iri, GR + name) for name in ("value", "lower", "upper"))
        label = self.maker.words.label("measure", self.row["measure"])
        if not value:
            return f"{label}; the source gives no number"
        interval = f" ({lower} to {upper})" if lower and upper else "; no interval given"
        return f"{label} {value}{interval}"

    def _has_interval(self) -> bool:
        return self.row["lower"] is not None and self.row["upper"] is not None

    def _arms(self) -> tuple[str, str, str]:
        words, row = self.maker.words, self.row
        intervention = words.interventions(row["intervention"] or "")
        return intervention, words.interventions(row["comparator"] or ""), words.label("outcome", row["outcome"])

    # R5

    def r5(self) -> Json:
        intervention, comparator, outcome = self._arms()
        made = self._head("Evidence")
        made["assertion"] = self.maker.label(self.iri)
        roles = (("exposure", intervention), ("referenceExposure", comparator), ("measuredVariable", outcome))
        made["variableDefinition"] = [
            {"description": text, "variableRole": {"coding": [{"system": _ROLES, "code": role}]}}
            for role, text in roles
            if text
        ]
        made["statistic"] = [self._statistic()]
        if self.row["certainty"]:
            overall = {"system": _CERTAINTY_TYPES, "code": "Overall", "display": "Overall certainty"}
            rating = self.maker.concept(f"{GR}certainty/{self.row['certainty']}")
            made["certainty"] = [{"type": {"coding": [overall]}, "rating": rating}]
        return made

    def _statistic(self) -> Json:
        row = self.row
        made: Json = {"description": self._written(), "statisticType": self.maker.concept(self.measure)}
        if row["value"] is not None:
            made["quantity"] = {"value": row["value"]}
        sample = {"numberOfStudies": row["studies"], "numberOfParticipants": row["participants"]}
        if size := {key: number for key, number in sample.items() if number is not None}:
            made["sampleSize"] = size
        if self._has_interval():
            interval: Json = {"low": {"value": row["lower"]}, "high": {"value": row["upper"]}}
            made["attributeEstimate"] = [self._leveled({"range": interval})]
        return made

    def _leveled(self, interval: Json) -> Json:
        """An interval with its type and its level."""
        type_, level = self.maker.outer(GR + "lower"), self.maker.level(GR + "lower")
        head: Json = {} if type_ is None else {"type": type_}
        return head | ({} if level is None else {"level": level}) | interval

    # R4

    def r4(self) -> Json:
        made = self._head("EffectEvidenceSynthesis")
        intervention, comparator, outcome = self._arms()
        variables = {"exposure": intervention, "exposureAlternative": comparator, "outcome": outcome}
        made["contained"] = [self._variable(name, text) for name, text in variables.items() if text]
        missing = {"extension": [{"url": ABSENT_REASON, "valueCode": "unknown"}]}
        made["population"] = missing | {"display": "The people studied; not transcribed"}
        for name, text in variables.items():
            made[name] = {"reference": f"#{name}", "display": text} if text else missing
        row = self.row
        sample = {"numberOfStudies": row["studies"], "numberOfParticipants": row["participants"]}
        if size := {key: number for key, number in sample.items() if number is not None}:
            made["sampleSize"] = size
        made["effectEstimate"] = [self._effect()]
        if row["certainty"]:
            made["certainty"] = [{"rating": [self.maker.concept(f"{GR}certainty/{row['certainty']}")]}]
        return made

    def _variable(self, name: str, text: str) -> Json:
        return {
            "resourceType": "EvidenceVariable",
            "id": name,
            "status": "active",
            "description": text,
            "characteristic": [{"description": text, "definitionCodeableConcept": {"text": text}}],
        }

    def _effect(self) -> Json:
        row = self.row
        made: Json = {"description": self._written(), "type": self.maker.concept(self.measure)}
        if row["value"] is not None:
            made["value"] = row["value"]
        if self._has_interval():
            made["precisionEstimate"] = [self._leveled({"from": row["lower"], "to": row["upper"]})]
        return made
