"""The tables of elements are what the script writes, and name only what they define."""

from __future__ import annotations

import re

import pytest

from reasoner.fhirrdf.schema import RELEASES, Release, schema

from . import definitions

PRIMITIVES = {
    "base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer",
    "integer64", "markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid", "xhtml",
}  # fmt: skip
WRITTEN = [
    "ActivityDefinition", "AllergyIntolerance", "Bundle", "CapabilityStatement", "CarePlan", "Citation", "CodeSystem",
    "ConceptMap", "Condition", "DetectedIssue", "DeviceRequest", "Encounter", "Evidence", "GuidanceResponse", "Library",
    "MedicationRequest", "MedicationStatement", "Observation", "OperationOutcome", "Parameters", "Patient",
    "PlanDefinition", "Procedure", "ServiceRequest", "StructureDefinition", "ValueSet",
]  # fmt: skip
ONLY = {"R4": ["EffectEvidenceSynthesis", "RequestGroup"], "R5": ["RequestOrchestration", "ArtifactAssessment"]}


@pytest.mark.parametrize("release", RELEASES)
def test_every_type_is_defined_or_primitive(release: Release) -> None:
    found = schema(release)
    kinds = {element.kind for own in found.own.values() for element in own}
    assert {kind for kind in kinds if kind not in found.bases} <= PRIMITIVES
    assert all(not base or base in found.bases for base in found.bases.values())


@pytest.mark.parametrize("release", RELEASES)
def test_all_types_that_are_read_or_written_are_known(release: Release) -> None:
    assert all(schema(release).is_resource(kind) for kind in [*WRITTEN, *ONLY[release]])
    other = next(own for own in RELEASES if own != release)
    assert not any(schema(release).is_resource(kind) for kind in ONLY[other])


def test_the_table_of_r5_is_what_the_script_writes() -> None:
    pytest.importorskip("fhir.resources", reason="the definitions come with fhir.resources")
    # Some types stand for all: to load the whole package takes too long here.
    names = (
        "base", "element", "datatype", "backbonetype", "backboneelement", "resource", "domainresource", "extension",
        "quantity", "age", "timing", "observation", "plandefinition", "evidence", "parameters", "bundle",
    )  # fmt: skip
    made = definitions.from_package("fhir.resources", names)
    assert len(made) > 30
    shipped = (definitions.HOME / "r5.txt").read_text()
    for block in _blocks(definitions.text(made, "")):
        assert block in _blocks(shipped)


def _blocks(table: str) -> list[str]:
    """The types of a table, each with its elements."""
    return re.findall(r"^[A-Z].*\n(?: .*\n)*", table, re.MULTILINE)
