"""The extensions that our resources use, as StructureDefinition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reasoner.graph import GR

from .frame import FHIR_VERSIONS, Json, Maker, Release

_BASE = "http://hl7.org/fhir/StructureDefinition/Extension"


@dataclass(frozen=True, slots=True)
class Definition:
    """What an extension is called, means and holds."""

    title: str
    description: str
    where: tuple[str, ...]
    value: str = ""
    """The type of the value; empty where the extension has parts."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """The type of the value of each part; of any type where it is ``*``."""


_STATUS_PARTS = ("text", "strength", "certainty", "grade", "estimate", "source", "mapping")
_ACTION = ("PlanDefinition.action",)

_DEFINITIONS: Mapping[str, Definition] = {
    "notice": Definition("Notice", "What the content is for, and what it is not.", ("Element",), "string"),
    "defined-in": Definition(
        "Defined in", "The version of the ontology document that the content is made from.", ("Element",), "uri"
    ),
    "knowledge-hash": Definition(
        "Hash of the knowledge",
        "SHA-256 over every file that can change what the guideline advises.",
        ("PlanDefinition", "Library"),
        "string",
    ),
    "transcription": Definition(
        "Transcription status",
        "How a fact reached the knowledge, hence how sure it is: read in the primary source, seen in a secondary one, "
        "inferred, calculated, from memory. A part for each fact that has a status.",
        ("Element",),
        parts=dict.fromkeys(_STATUS_PARTS, "Coding"),
    ),
    "source-grade": Definition(
        "Grade of the source", "The grade in a scheme of the source's own, where that is not GRADE.", _ACTION,
        "CodeableConcept",
    ),
    "line-of-choice": Definition(
        "Line of choice", "The place among the recommendations of the decision; smaller comes first.", _ACTION,
        "positiveInt",
    ),
    "preferred-over": Definition(
        "Preferred over", "The id of a recommendation before which this one comes where both apply.", _ACTION, "id"
    ),
    "overrides": Definition(
        "Overrides", "A decision whose other recommendations wait while this one applies.", _ACTION, "Coding"
    ),
    "caution": Definition(
        "Caution", "A warning that goes with the recommendation, always or where a condition holds.", _ACTION,
        parts={"text": "string", "source": "string", "status": "Coding", "when": "Expression", "policy": "Coding"},
    ),
    "disagreement": Definition(
        "Disagreement", "Something that the source asserts and other sources contradict.", _ACTION,
        parts={"claim": "string", "contradiction": "string", "source": "string"},
    ),
    "known-gap": Definition(
        "Known gap", "A part of the population for which the guideline truly has nothing.", ("PlanDefinition",),
        parts={"text": "string", "reason": "string", "when": "Expression"},
    ),
    "evidence-population": Definition(
        "Population of the evidence", "Those from whom the evidence comes; for others it is indirect.",
        ("PlanDefinition",), "Expression",
    ),
    "finding": Definition(
        "Finding", "The finding that a requirement is about, and what happens where it is not recorded.",
        ("DataRequirement",),
        parts={"finding": "Coding", "when-not-recorded": "Coding", "assumed-value": "Coding"},
    ),
    "outcome-role": Definition(
        "Role of the outcome", "Whether the outcome is a benefit sought or a harm feared.",
        ("Evidence", "EffectEvidenceSynthesis"), "Coding",
    ),
    "sha256": Definition("SHA-256", "SHA-256 of the content, in hexadecimal digits.", ("Attachment",), "string"),
}  # fmt: skip


def definitions(maker: Maker) -> Iterator[Json]:
    """One StructureDefinition for each extension."""
    for name, own in _DEFINITIONS.items():
        yield _structure(maker, name, own)


def _structure(maker: Maker, name: str, own: Definition) -> Json:
    iri = maker.document(GR + "Guideline") or GR
    made = maker.artifact("StructureDefinition", name, iri, title=own.title, description=own.description)
    made["identifier"] = [{"system": "urn:ietf:rfc:3986", "value": made["url"]}]
    where = [path for path in own.where if not (maker.r5 and path == "EffectEvidenceSynthesis")]
    where = [path for path in where if maker.r5 or path != "Evidence"]
    return made | structure(maker.release, made["url"], own, where)


def structure(release: Release, url: str, own: Definition, where: Iterable[str]) -> Json:
    """What a StructureDefinition says of an extension beyond its head; ``where`` it may stand."""
    return {
        "fhirVersion": FHIR_VERSIONS[release],
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": path} for path in where],
        "type": "Extension",
        "baseDefinition": _BASE,
        "derivation": "constraint",
        "differential": {"element": list(_elements(url, own))},
    }


def _elements(url: str, own: Definition) -> Iterator[Json]:
    yield {"id": "Extension", "path": "Extension", "short": own.title, "definition": own.description}
    if not own.parts:
        yield {"id": "Extension.extension", "path": "Extension.extension", "max": "0"}
    for name, type_ in own.parts.items():
        head = f"Extension.extension:{name}"
        yield {"id": head, "path": "Extension.extension", "sliceName": name, "min": 0}
        yield {"id": f"{head}.url", "path": "Extension.extension.url", "fixedUri": name}
        value = {"id": f"{head}.value[x]", "path": "Extension.extension.value[x]", "min": 1}
        yield value if type_ == "*" else value | {"type": [{"code": type_}]}
    yield {"id": "Extension.url", "path": "Extension.url", "fixedUri": url}
    if own.parts:
        yield {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"}
    else:
        yield {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [{"code": own.value}]}
