"""Answers to write as FHIR: of all examples, all samples, and generated patients."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from fhirvalid.inside import inner as inner

import reasoner
from reasoner.answer import Answer
from reasoner.inputs import FhirInput, read_bytes
from reasoner.responses import Release, apply, patients

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from generate import Cohort, bundle  # noqa: E402

Json = dict[str, Any]
RELEASES: tuple[Release, ...] = ("R4", "R5")
GENERATED = 500
FILES = sorted([*(ROOT / "examples").glob("*.json"), *(ROOT / "examples").glob("*.ttl"),
                *(ROOT / "examples").glob("*.ndjson")])  # fmt: skip
SAMPLES = ROOT / "tests" / "samples" / "samples.ndjson"
STATIN = ROOT / "examples" / "guidelines" / "uspstf-statin-2022"
FOREFOOT, SEVERE, MISSING, FEET = (
    ROOT / "examples" / f"{name}.json"
    for name in ("neuropathic-forefoot-ulcer", "severe-infection", "missing-data", "two-feet")
)
IWGDF, CALCIFICATION = "iwgdf-offloading-2023", "metatarsal-calcification"


class Case(NamedTuple):
    name: str
    knowledge: reasoner.Reasoner
    answer: Json


@cache
def loaded(folder: Path | None = None) -> reasoner.Reasoner:
    return reasoner.load(folder)


@cache
def files() -> tuple[Case, ...]:
    """Every example and every sample; the guideline of persons too."""
    found = [
        Case(f"{path.name}#{number}", loaded(), answer.to_dict())
        for path in FILES
        for number, answer in enumerate(loaded().assess_all(path))
        if isinstance(answer, Answer)
    ]
    for number, line in enumerate(SAMPLES.read_bytes().splitlines()):
        found.append(Case(f"sample {number}", loaded(), loaded().assess(orjson.loads(line)["bundle"]).to_dict()))
    for path in sorted((STATIN / "patients").glob("*.json")):
        found.append(Case(path.name, loaded(STATIN), loaded(STATIN).assess(path, on="2026-11-01").to_dict()))
    return tuple(found)


def generated(number: int = GENERATED) -> Iterator[Case]:
    """Generated patients with every odd shape of records, often."""
    for i, own in enumerate(Cohort(21, 3.0).patients(0, number)):
        (item,) = read_bytes(bundle(own).encode(), "generated")
        assert isinstance(item, FhirInput)
        yield Case(f"generated {i}", loaded(), loaded().answer(item).to_dict())


def responses(case: Case, release: Release) -> Iterator[tuple[str, str | None, Json]]:
    """The plan of each guideline for each patient, with the guideline and the patient."""
    for guideline in case.knowledge.knowledge.guidelines:
        for patient in patients(case.answer) or [None]:
            own = apply(case.knowledge, case.answer, guideline.id, release, patient)
            yield guideline.id, patient, own


def parts(response: Json, kind: str) -> list[Json]:
    """The resources of a type in a response, in either release."""
    found = response.get("contained") or [entry["resource"] for entry in response["entry"]]
    return [resource for resource in found if resource["resourceType"] == kind]


def plan(response: Json) -> Json:
    """The RequestGroup or RequestOrchestration."""
    (found,) = parts(response, "RequestGroup") + parts(response, "RequestOrchestration")
    return found


def resolved(response: Json, reference: Json) -> Json:
    """What a reference within a response names."""
    name = reference["reference"]
    if name.startswith("#"):
        (found,) = [own for own in response["contained"] if own["id"] == name[1:]]
    else:
        (found,) = [entry["resource"] for entry in response["entry"] if entry["fullUrl"] == name]
    return dict(found)


def told(resource: Json, name: str) -> list[Json]:
    """The extensions of ours with that name."""
    return [own for own in resource.get("extension", []) if own["url"].endswith(f"/StructureDefinition/{name}")]


def part(extension: Json, name: str) -> Any:
    """The value of a part of an extension or parameter, None where it is not there."""
    for own in extension.get("extension") or extension.get("part") or []:
        if own.get("url", own.get("name")) == name:
            return next(value for key, value in own.items() if key.startswith("value"))
    return None


def values(parameter: Json, name: str) -> list[Any]:
    """The values of all parts of that name."""
    return [next(value for key, value in own.items() if key.startswith("value"))
            for own in parameter["part"] if own["name"] == name]  # fmt: skip
