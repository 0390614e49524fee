"""FHIR resources in few words, and a reading that shows what was understood of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from reasoner.fhir.mapping import FhirMapping, load_mapping
from reasoner.fhir.read import read_resources
from reasoner.findings import read_model
from reasoner.graph import Graph
from reasoner.model import Fact, Model, Reading, SubjectFacts

ONTOLOGY = Path(__file__).parents[2] / "ontology"
FOOT = "https://w3id.org/guideline-reasoner/CodeSystem/foot"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
_STATUS = "http://terminology.hl7.org/CodeSystem/condition-"
_FILES = ("core/core.ttl", "core/fhir.ttl", "diabetic-foot/findings.ttl", "diabetic-foot/fhir-mapping.ttl")
CODES = "diabetic-foot/codes.sssom.tsv"

Resource = dict[str, Any]


@cache
def knowledge() -> tuple[Model, FhirMapping]:
    """The model and the mapping that are shipped."""
    graph = Graph()
    for name in _FILES:
        graph.parse((ONTOLOGY / name).read_bytes(), name)
    model = read_model(graph)
    return model, load_mapping(graph, {CODES: (ONTOLOGY / CODES).read_text()}, model)


@dataclass(frozen=True)
class Understood:
    """A reading, with shorter questions."""

    reading: Reading
    model: Model

    @property
    def references(self) -> list[str | None]:
        return [subject.reference for subject in self.reading.subjects]

    def subject(self, reference: str | None = None) -> SubjectFacts:
        """The one subject, or the one of that reference."""
        found = [s for s in self.reading.subjects if reference in (None, s.reference)]
        assert len(found) == 1, self.references
        return found[0]

    def facts(self, finding: str, reference: str | None = None) -> list[Fact]:
        return [fact for fact in self.subject(reference).facts if fact.finding == finding]

    def values(self, finding: str, reference: str | None = None) -> list[Any]:
        """What the facts say: a number, or the values left possible joined by a bar."""
        coded = self.model.findings[finding].range is None
        facts = self.facts(finding, reference)
        said = ["|".join(self.model.findings[finding].notations(f.mask)) if coded else f.number for f in facts]
        return sorted(said)

    def bucket(self, name: str) -> int:
        return self.reading.counts[name]

    def why(self, reference: str) -> str:
        """Why the resource, or a part of it, is listed as unused."""
        return "; ".join(why for label, why in self.reading.unused if label == reference)

    def violations(self) -> list[tuple[str, str | None]]:
        return [(r.focus, r.path) for r in self.reading.results if r.severity == "Violation"]

    def warnings(self) -> list[str]:
        return [r.focus for r in self.reading.results if r.severity == "Warning"]


def read(*resources: Any, on: date | None = None, urls: Sequence[str | None] | None = None) -> Understood:
    """Read resources as one input with the shipped mapping; the counts must always add up."""
    model, mapping = knowledge()
    given = list(resources)
    reading = read_resources(given, mapping, model, frozenset({"Lesion"}), urls or [None] * len(given), on)
    check_counts(reading, len(given))
    return Understood(reading, model)


def check_counts(reading: Reading, resources: int) -> None:
    """Every resource is in exactly one of the four counts, and what is not used is listed."""
    counts = reading.counts
    assert counts["resources"] == reading.resources == resources
    assert sum(counts[name] for name in ("used", "unmapped", "unplaced", "unused")) == resources
    assert counts["used"] == reading.used
    assert counts["unmapped"] == len(reading.unmapped)
    for name, listed in (("unplaced", reading.unplaced), ("unused", reading.unused)):
        assert not counts[name] or listed


def concept(*codings: tuple[str | None, str]) -> Resource:
    return {"coding": [{"code": code} | ({"system": system} if system else {}) for system, code in codings]}


def local(*codes: str) -> list[Resource]:
    """Body sites, one concept for each local code."""
    return [concept((FOOT, code)) for code in codes]


def patient(name: str = "p", **more: Any) -> Resource:
    return {"resourceType": "Patient", "id": name, **more}


def condition(
    name: str,
    code: str,
    system: str = FOOT,
    at: Sequence[str] = (),
    clinical: str | None = "active",
    verification: str | None = "confirmed",
    of: str = "p",
    **more: Any,
) -> Resource:
    resource = _resource("Condition", name, of) | {"code": concept((system, code))}
    if clinical:
        resource["clinicalStatus"] = concept((_STATUS + "clinical", clinical))
    if verification:
        resource["verificationStatus"] = concept((_STATUS + "ver-status", verification))
    if at:
        resource["bodySite"] = local(*at)
    return resource | more


def observation(
    name: str,
    code: str,
    value: Any = None,
    when: str | None = None,
    focus: str | None = None,
    at: Sequence[str] = (),
    system: str = FOOT,
    of: str = "p",
    **more: Any,
) -> Resource:
    """A local value (text), a whole number, or a quantity given as (number, unit)."""
    resource = _resource("Observation", name, of) | {"status": "final", "code": concept((system, code))}
    if isinstance(value, str):
        resource["valueCodeableConcept"] = concept((FOOT, value))
    elif isinstance(value, tuple):
        resource["valueQuantity"] = {"value": value[0], "unit": value[1], "system": UCUM, "code": value[1]}
    elif value is not None:
        resource["valueInteger"] = value
    if when:
        resource["effectiveDateTime"] = when
    if focus:
        resource["focus"] = [{"reference": f"Condition/{focus}"}]
    if at:
        # R4 has one body site, with the side as a second coding.
        resource["bodySite"] = concept(*[(FOOT, code) for code in at])
    return resource | more


def procedure(
    name: str,
    code: str,
    system: str = FOOT,
    at: Sequence[str] = (),
    when: str | None = None,
    of: str = "p",
    **more: Any,
) -> Resource:
    resource = _resource("Procedure", name, of) | {"status": "completed", "code": concept((system, code))}
    if at:
        resource["bodySite"] = local(*at)
    if when:
        resource["performedDateTime"] = when
    return resource | more


def _resource(kind: str, name: str, of: str) -> Resource:
    return {"resourceType": kind, "id": name, "subject": {"reference": f"Patient/{of}"}}
