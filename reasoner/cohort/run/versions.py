"""Which version of FHIR resources are written in, told from what only some versions have.

A resource does not name its version, and most are alike in all of them. So this is for the report only: resources of
all versions are read by the same rules, one by one, and a mixture changes no verdict.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from reasoner.errors import DataError
from reasoner.fhir.bundle import resources_of
from reasoner.fhir.statement import type_name

from .counting import Counts, under

ALL, SHARE = 1 << 22, 1 / 128
"""Inputs of so many bytes are looked at whole; of larger ones this share of every block, or as much as ``ALL`` is."""
_EARLIEST, _LATEST = 0, 9
Versions = tuple[int, int]
"""The first and the last version that something may be of; 3 is STU3."""
_STU3, _UP_TO_R4, _R4, _FROM_R4, _FROM_R5 = (
    (_EARLIEST, 3), (_EARLIEST, 4), (4, 4), (4, _LATEST), (5, _LATEST),
)  # fmt: skip
_WORDS = {
    _STU3: "before R4", _UP_TO_R4: "before R5", _R4: "R4 or R4B", _FROM_R4: "R4 or later", _FROM_R5: "R5 or later",
}  # fmt: skip
ALIKE, SEVERAL = "alike in all versions", "of several versions at once"
_RANGES = {word: versions for versions, word in _WORDS.items()}

_REASONS = "reasonCode reasonReference"
_MEDICATION = "medicationCodeableConcept medicationReference"
_ELEMENTS: dict[Versions, dict[str, str]] = {
    _STU3: {
        "Condition": "assertedDate context",
        "DiagnosticReport": "codedDiagnosis context image",
        "MedicationRequest": "context",
        "MedicationStatement": "notTaken reasonNotTaken taken",
        "Observation": "comment context related",
        "Patient": "animal",
        "Procedure": "context definition notDone notDoneReason",
    },
    _UP_TO_R4: {
        "AllergyIntolerance": "asserter recorder",
        "Condition": "asserter recorder",
        "DeviceRequest": f"codeCodeableConcept codeReference {_REASONS}",
        "DiagnosticReport": "imagingStudy",
        "Encounter": f"classHistory hospitalization period statusHistory {_REASONS}",
        "Immunization": _REASONS,
        "MedicationAdministration": f"{_MEDICATION} {_REASONS}",
        "MedicationDispense": _MEDICATION,
        "MedicationRequest": f"detectedIssue reportedBoolean reportedReference {_MEDICATION} {_REASONS}",
        "MedicationStatement": f"basedOn statusReason {_MEDICATION} {_REASONS}",
        "Procedure": "asserter complicationDetail performedAge performedDateTime performedPeriod performedRange "
        f"performedString usedCode usedReference {_REASONS}",
        "ServiceRequest": _REASONS,
    },
    _FROM_R5: {
        "AllergyIntolerance": "participant",
        "Condition": "participant",
        "Encounter": "actualPeriod admission plannedEndDate plannedStartDate subjectStatus virtualService",
        "MedicationRequest": "effectiveDosePeriod informationSource renderedDosageInstruction",
        "MedicationStatement": "adherence relatedClinicalInformation renderedDosageInstruction",
        "Observation": "bodyStructure instantiatesCanonical instantiatesReference triggeredBy valueAttachment "
        "valueReference",
        "Procedure": "occurrenceAge occurrenceDateTime occurrencePeriod occurrenceRange occurrenceString "
        "occurrenceTiming recorded reportedBoolean reportedReference supportingInfo",
        "ServiceRequest": "bodyStructure focus",
    },
}  # fmt: skip
_CODES = dict.fromkeys(("AllergyIntolerance", "Condition"), ("clinicalStatus", "verificationStatus"))
"""Codes in STU3, coded concepts since."""
_TYPES: dict[Versions, str] = {
    _STU3: "BodySite DataElement DeviceComponent EligibilityRequest EligibilityResponse ExpansionProfile "
    "ImagingManifest ProcedureRequest ProcessRequest ProcessResponse ReferralRequest Sequence ServiceDefinition",
    _UP_TO_R4: "DeviceUseStatement DocumentManifest Media RequestGroup",
    _R4: "CatalogEntry EffectEvidenceSynthesis ResearchDefinition ResearchElementDefinition RiskEvidenceSynthesis",
    _FROM_R4: "BodyStructure MolecularSequence ServiceRequest",
    _FROM_R5: "ArtifactAssessment BiologicallyDerivedProductDispense DeviceAssociation DeviceDispense DeviceUsage "
    "EncounterHistory FormularyItem GenomicStudy ImagingSelection InventoryItem InventoryReport NutritionIntake "
    "Permission RequestOrchestration Requirements TestPlan Transport",
}
_OF_TYPE = {name: versions for versions, names in _TYPES.items() for name in names.split()}
_OF_ELEMENT: dict[str, dict[str, Versions]] = {}
for _versions, _kinds in _ELEMENTS.items():
    for _kind, _names in _kinds.items():
        _OF_ELEMENT.setdefault(_kind, {}).update(dict.fromkeys(_names.split(), _versions))
_CODEABLE_REFERENCE = {"id", "extension", "concept", "reference"}
_PROFILE = re.compile(
    r"https?://hl7\.org/fhir/(?:(?P<path>\d)\.\d/)?StructureDefinition/[^|]*(?:\|(?P<own>\d)\.\d+(?:\.\d+)?)?"
)
_PROFILED = {"1": _STU3, "3": _STU3, "4": _R4, "5": _FROM_R5, "6": _FROM_R5}
_TOLD = 1000
"""Names of elements come from outside and could be of any number."""
_LOOKED, _RESOURCES, _SIGNS = "fhir looked at", "fhir version", "fhir sign"


def share_of(size: int) -> float:
    """Which share of the lines of inputs of so many bytes is looked at."""
    return min(1.0, max(SHARE, ALL / size)) if size else 1.0


def told(block: bytes, share: float) -> Counts:
    """What the first lines of a block, up to a share of it, tell of their version."""
    counts: Counts = Counter()
    at, end = 0, share * len(block)
    while at < end:
        stop = block.find(b"\n", at) + 1 or len(block)
        for resource in _resources(block[at:stop]):
            _count(resource, counts)
        at = stop
    return counts


def report(counts: Counts) -> dict[str, Any]:
    """What a run tells of versions."""
    resources = {str(key[0]): count for key, count in under(counts, _RESOURCES).items()}
    signs = under(counts, _SIGNS)
    return {
        "lookedAt": counts[_LOOKED,],
        "resources": [{"version": word, "count": count} for word, count in resources.items()],
        "elements": [{"version": key[0], "element": key[1], "count": count} for key, count in signs.items()][:_TOLD],
        "mixed": _are_mixed(resources),
    }


def _are_mixed(words: Iterable[str]) -> bool:
    """Whether no single version has all that was found."""
    ranges = [_RANGES[word] for word in words if word in _RANGES]
    disjoint = bool(ranges) and max(first for first, _ in ranges) > min(last for _, last in ranges)
    return disjoint or SEVERAL in words


def _resources(line: bytes) -> Iterator[dict[str, Any]]:
    """The resources of a line; one that is broken is told elsewhere."""
    try:
        yield from resources_of(orjson.loads(line.removeprefix(b"\xef\xbb\xbf")))[0]
    except (orjson.JSONDecodeError, DataError):
        return


def _count(resource: Mapping[str, Any], counts: Counts) -> None:
    found = dict(_signs(resource))
    first = max((versions[0] for versions in found.values()), default=_EARLIEST)
    last = min((versions[1] for versions in found.values()), default=_LATEST)
    counts[_LOOKED,] += 1
    counts[_RESOURCES, _WORDS.get((first, last), ALIKE) if first <= last else SEVERAL] += 1
    for sign, versions in found.items():
        counts[_SIGNS, _WORDS[versions], sign] += 1


def _signs(resource: Mapping[str, Any]) -> Iterator[tuple[str, Versions]]:
    """What is not in all versions, and in which it is."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        return
    if kind in _OF_TYPE:
        yield type_name(kind).strip("`"), _OF_TYPE[kind]
    elements = _OF_ELEMENT.get(kind)
    if elements is not None:
        for name in elements.keys() & resource.keys():
            yield f"{kind}.{name}", elements[name]
    for name in _CODES.get(kind, ()):
        if (code := resource.get(name)) is not None:
            yield (f"{kind}.{name} as a code", _STU3) if isinstance(code, str) else (f"{kind}.{name}", _FROM_R4)
    for name, value in resource.items():
        one = value[0] if type(value) is list and value else value
        if type(one) is dict and _is_codeable_reference(one) and f"{kind}{name}".isalpha():
            yield f"{kind}.{name} as a CodeableReference", _FROM_R5
    meta = resource.get("meta")
    if isinstance(meta, dict):
        yield from _profiled(meta.get("profile"))


def _is_codeable_reference(one: dict[str, Any]) -> bool:
    if "concept" not in one and type(one.get("reference")) is not dict:
        return False
    return one.keys() <= _CODEABLE_REFERENCE


def _profiled(profiles: object) -> Iterator[tuple[str, Versions]]:
    """The version of FHIR in profiles of HL7's own: in their path, or after a bar."""
    for profile in profiles if isinstance(profiles, list) else ():
        if isinstance(profile, str) and (match := _PROFILE.fullmatch(profile)):
            number = match["path"] or match["own"]
            if number in _PROFILED:
                yield f"meta.profile {number}", _PROFILED[number]
