"""What our responses use beyond FHIR, as StructureDefinition, CodeSystem and OperationDefinition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reasoner.answer import NOTICE
from reasoner.artifacts.frame import FHIR_VERSIONS, name_of

from .issues import KINDS
from .names import CANONICAL, EXTENSION, ISSUE, Json, Release, extension

VALIDATE = f"{CANONICAL}OperationDefinition/validate-patient"
_VERSION = "1.0.0"
_Parts = Mapping[str, str]

_EXTENSIONS: Mapping[str, tuple[str, str | _Parts]] = {
    "guideline-version": (
        "The guideline from which the content follows: its canonical URL, its version, and the SHA-256 over every file "
        "that can change what it advises.",
        {"guideline": "canonical", "version": "string", "sha256": "string"},
    ),
    "unread-resource": (
        "A resource of the input of which no use was made: unmapped (nobody mapped its code), unplaced (it is not "
        "known what it is about), or unused (why, in words).",
        {"resource": "string", "why": "code", "detail": "string"},
    ),
    "assumed": (
        "A finding that is not recorded and was assumed, under which policy.",
        {"finding": "Coding", "value": "*", "policy": "code"},
    ),
    "because": (
        "A finding on which a verdict rests: its value, whether it was recorded, derived or assumed, and the resource.",
        {"finding": "Coding", "value": "*", "from": "code", "policy": "code", "resource": "string"},
    ),
    "recommendation": (
        "A recommendation as it applies to a subject: its id, whether it is preferred (true, false or undetermined), "
        "its line and decision, what comes before it (an id, or undetermined), GRADE, the grade of its source.",
        {
            "id": "string", "preferred": "code", "line": "integer", "decision": "code", "overriddenBy": "string",
            "strength": "code", "certainty": "code", "sourceGrade": "string",
        },
    ),
    "documentation": ("A source of a recommendation, or an effect estimate behind it.", "RelatedArtifact"),
    "subject": ("What a group of actions is for.", "Reference"),
}  # fmt: skip


def definitions(release: Release) -> Iterator[Json]:
    """All of them."""
    for name, (description, value) in _EXTENSIONS.items():
        yield _structure(release, name, description, value)
    yield _head("CodeSystem", "issue", "Kinds of issues", "What an issue is about.") | {
        "url": ISSUE,
        "caseSensitive": True,
        "content": "complete",
        "count": len(KINDS),
        "concept": [{"code": code, "display": text, "definition": f"{text[0].upper()}{text[1:]}."}
                    for code, text in KINDS.items()],
    }  # fmt: skip
    yield _validate()


def _head(type_: str, id_: str, title: str, description: str) -> Json:
    return {
        "resourceType": type_,
        "id": id_,
        "extension": [extension("notice", valueString=NOTICE)],
        "url": f"{CANONICAL}{type_}/{id_}",
        "version": _VERSION,
        "name": name_of(id_),
        "title": title,
        "status": "active",
        "description": description,
    }


def _structure(release: Release, name: str, description: str, value: str | _Parts) -> Json:
    title = name.replace("-", " ").capitalize()
    return _head("StructureDefinition", name, title, description) | {
        "fhirVersion": FHIR_VERSIONS[release],
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": "Element"}],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {"element": list(_elements(name, title, description, value))},
    }


def _elements(name: str, title: str, description: str, value: str | _Parts) -> Iterator[Json]:
    yield {"id": "Extension", "path": "Extension", "short": title, "definition": description}
    parts = {} if isinstance(value, str) else value
    for part, type_ in parts.items():
        head = f"Extension.extension:{part}"
        of = [] if type_ == "*" else [{"code": type_}]
        yield {"id": head, "path": "Extension.extension", "sliceName": part, "min": 0}
        yield {"id": f"{head}.url", "path": "Extension.extension.url", "fixedUri": part}
        yield {"id": f"{head}.value[x]", "path": "Extension.extension.value[x]", "min": 1} | (
            {"type": of} if of else {}
        )
    yield {"id": "Extension.url", "path": "Extension.url", "fixedUri": EXTENSION + name}
    last: Json = {"id": "Extension.value[x]", "path": "Extension.value[x]"}
    yield last | ({"max": "0"} if parts else {"min": 1, "type": [{"code": value}]})


def _validate() -> Json:
    """The one operation that FHIR does not define."""
    text = (
        "Checks patient data, as FHIR or as a patient graph in RDF, against the shapes and data rules of the "
        "knowledge. Every result is an issue of the OperationOutcome."
    )
    return _head("OperationDefinition", "validate-patient", "Validate patient data", text) | {
        "kind": "operation",
        "affectsState": False,
        "code": "validate-patient",
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [
            {
                "name": "data",
                "use": "in",
                "min": 1,
                "max": "*",
                "type": "Resource",
                "documentation": "Bundle or resource.",
            },
            {"name": "return", "use": "out", "min": 1, "max": "1", "type": "OperationOutcome"},
        ],
    }
