"""Resources that are wrong in one known way, to show which validator notices what."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
TOOLS = {"R4": ("fhir.resources", "schema", "medplum", "bindings"), "R5": ("fhir.resources", "bindings")}
"""The validators of each release, in the order of the table in docs/fhir.md."""


def sound(release: str) -> Mapping[str, Json]:
    """A resource of each type that the seeds spoil, with nothing wrong."""
    target: Json = {"code": "y", "comment": "why"}
    target |= {"equivalence": "narrower"} if release == "R4" else {"relationship": "source-is-broader-than-target"}
    other = {"actionId": "b"} if release == "R4" else {"targetId": "b"}
    return {
        "PlanDefinition": {
            "resourceType": "PlanDefinition",
            "id": "p",
            "status": "draft",
            "subjectCodeableConcept": {"text": "person"},
            "action": [{"id": "a", "relatedAction": [other | {"relationship": "after"}]}, {"id": "b"}],
        },
        "ConceptMap": {
            "resourceType": "ConceptMap",
            "id": "m",
            "status": "active",
            "group": [{"source": "urn:a", "target": "urn:b", "element": [{"code": "x", "target": [target]}]}],
        },
        "Condition": {
            "resourceType": "Condition",
            "id": "c",
            "clinicalStatus": {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
            },
            "subject": {"reference": "Patient/1"},
        },
        "Bundle": {
            "resourceType": "Bundle",
            "id": "b",
            "type": "collection",
            "entry": [{"fullUrl": "urn:x:1", "resource": {"resourceType": "Patient", "id": "1", "gender": "other"}}],
        },
    }


@dataclass(frozen=True, slots=True)
class Seed:
    """A mistake: what it is, in which resource, and how it is made."""

    name: str
    type_: str
    spoil: Callable[[Json], object]

    def resource(self, release: str) -> Json:
        """The resource with the mistake."""
        made = copy.deepcopy(sound(release)[self.type_])
        self.spoil(made)
        return made


def _target(made: Json) -> Json:
    found: Json = made["group"][0]["element"][0]["target"][0]
    return found


def _no_reason(made: Json) -> None:
    _target(made).pop("comment")


SEEDS = (
    Seed("`status` is a code that there is not", "PlanDefinition", lambda r: r.update(status="published")),
    Seed(
        "a code deep inside is one that there is not",
        "PlanDefinition",
        lambda r: r["action"][0]["relatedAction"][0].update(relationship="later"),
    ),
    Seed(
        "a CodeableConcept has no code of its required binding",
        "Condition",
        lambda r: r["clinicalStatus"]["coding"][0].update(code="ongoing"),
    ),
    Seed("an invariant is broken (a broader source without a comment)", "ConceptMap", _no_reason),
    Seed("a text is a number", "PlanDefinition", lambda r: r.update(title=7)),
    Seed("a date is no date", "PlanDefinition", lambda r: r.update(date="yesterday")),
    Seed("an element that there is not", "PlanDefinition", lambda r: r.update(colour="red")),
    Seed("a required element is missing", "Condition", lambda r: r.pop("subject")),
    Seed("a required code is missing", "PlanDefinition", lambda r: r.pop("status")),
    Seed(
        "two values of one choice",
        "PlanDefinition",
        lambda r: r.update(subjectReference={"reference": "Group/1"}),
    ),
    Seed("a list where one value belongs", "PlanDefinition", lambda r: r.update(title=["a", "b"])),
    Seed(
        "a reference to a type that may not stand there",
        "Condition",
        lambda r: r["subject"].update(reference="Device/1"),
    ),
    Seed(
        "a code that there is not, in a resource inside a Bundle",
        "Bundle",
        lambda r: r["entry"][0]["resource"].update(gender="m"),
    ),
    Seed(
        "a code of a wider binding that its code system does not have",
        "PlanDefinition",
        lambda r: r.update(
            type={
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/plan-definition-type", "code": "recipe"}]
            }
        ),
    ),
)
