"""What our responses use beyond FHIR, as StructureDefinition, CodeSystem and OperationDefinition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reasoner.answer import NOTICE
from reasoner.artifacts.extensions import Definition, structure
from reasoner.artifacts.frame import name_of

from .issues import KINDS
from .names import CANONICAL, ISSUE, Json, Release, extension

VALIDATE = f"{CANONICAL}OperationDefinition/validate-patient"
_VERSION = "1.0.0"
_ANYWHERE = ("Element",)

_EXTENSIONS: Mapping[str, Definition] = {
    "guideline-version": Definition(
        "Guideline version",
        "The guideline from which the content follows: its canonical URL, its version, and the SHA-256 over every file "
        "that can change what it advises.",
        _ANYWHERE, parts={"guideline": "canonical", "version": "string", "sha256": "string"},
    ),
    "unread-resource": Definition(
        "Unread resource",
        "A resource of the input of which no use was made: unmapped (nobody mapped its code), unplaced (it is not "
        "known what it is about), or unused (why, in words).",
        _ANYWHERE, parts={"resource": "string", "why": "code", "detail": "string"},
    ),
    "assumed": Definition(
        "Assumed", "A finding that is not recorded and was assumed, under which policy.",
        _ANYWHERE, parts={"finding": "Coding", "value": "*", "policy": "code"},
    ),
    "because": Definition(
        "Because",
        "A finding on which a verdict rests: its value, whether it was recorded, derived or assumed, and the resource.",
        _ANYWHERE,
        parts={"finding": "Coding", "value": "*", "from": "code", "policy": "code", "resource": "string"},
    ),
    "recommendation": Definition(
        "Recommendation",
        "A recommendation as it applies to a subject: its id, whether it is preferred (true, false or undetermined), "
        "its line and decision, what comes before it (an id, or undetermined), GRADE, the grade of its source.",
        _ANYWHERE,
        parts={
            "id": "string", "preferred": "code", "line": "integer", "decision": "code", "overriddenBy": "string",
            "strength": "code", "certainty": "code", "sourceGrade": "string",
        },
    ),
    "documentation": Definition(
        "Documentation", "A source of a recommendation, or an effect estimate behind it.", _ANYWHERE, "RelatedArtifact"
    ),
    "subject": Definition("Subject", "What a group of actions is for.", _ANYWHERE, "Reference"),
}  # fmt: skip


def definitions(release: Release) -> Iterator[Json]:
    """All of them."""
    for name, own in _EXTENSIONS.items():
        yield _structure(release, name, own)
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


def _structure(release: Release, name: str, own: Definition) -> Json:
    head = _head("StructureDefinition", name, own.title, own.description)
    return head | structure(release, head["url"], own, own.where)


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
