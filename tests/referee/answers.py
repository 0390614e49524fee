"""Answers in other shapes, brought into the referee's own so that they can be compared one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .brute_force import Answer, Guidance, Judgement
from .readings import ELIGIBLE, IWGDF, STC

SAMPLES = Path(__file__).parents[1] / "samples" / "samples.ndjson"


def samples() -> list[dict[str, Any]]:
    """The 60 given samples: bundle, findings, expected."""
    return [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]


def recorded(sample: Mapping[str, Any]) -> dict[str, str]:
    """The findings that a sample states; what it has as null is not recorded."""
    return {finding: value for finding, value in sample["findings"].items() if value is not None}


def from_sample(expected: Mapping[str, Any]) -> Answer:
    """The `expected` of a sample; it says nothing of what is missing for a scope, or assumed by one recommendation."""
    scopes = {IWGDF: "iwgdf-scope", STC: "stc-scope"}
    applicability = {IWGDF: None, STC: expected["applicability"]}
    said = expected["recommendations"]
    assert sum(len(names) for names in ELIGIBLE.values()) == len(said)
    return Answer(
        tuple(sorted(expected["assumed"])),
        {
            guideline: Guidance(
                expected[scopes[guideline]],
                (),
                applicability[guideline],
                {name: _judgement(said[name], assumed=()) for name in names},
            )
            for guideline, names in ELIGIBLE.items()
        },
    )


def from_product(subject: Mapping[str, Any]) -> Answer:
    """One element of `subjects` of the product's JSON."""
    return Answer(
        tuple(sorted(item["finding"] for item in subject["assumed"])),
        {
            guideline["id"]: Guidance(
                guideline["scope"],
                tuple(guideline["scopeMissing"]),
                guideline["applicability"],
                {item["id"]: _judgement(item, tuple(item["assumed"])) for item in guideline["recommendations"]},
            )
            for guideline in subject["guidelines"]
        },
    )


def _judgement(item: Mapping[str, Any], assumed: tuple[str, ...]) -> Judgement:
    return Judgement(item["verdict"], tuple(item["missing"]), item["preferred"], item["overriddenBy"], assumed)


def without_detail(answer: Answer) -> Answer:
    """The part of an answer that the samples speak about."""
    return Answer(
        answer.assumed,
        {
            name: Guidance(
                guidance.scope,
                (),
                guidance.applicability,
                {
                    key: Judgement(its.verdict, its.missing, its.preferred, its.overridden_by)
                    for key, its in guidance.recommendations.items()
                },
            )
            for name, guidance in answer.guidelines.items()
        },
    )


def differences(expected: Answer, actual: Answer) -> list[str]:
    """One line for each point where two answers differ; empty when they are the same."""
    if expected == actual:
        return []
    found: list[str] = []

    def compare(where: str, wanted: object, got: object) -> None:
        if wanted != got:
            found.append(f"{where}: the referee says {wanted!r}, not {got!r}")

    compare("assumed", expected.assumed, actual.assumed)
    compare("guidelines", sorted(expected.guidelines), sorted(actual.guidelines))
    for name in expected.guidelines.keys() & actual.guidelines.keys():
        wanted, got = expected.guidelines[name], actual.guidelines[name]
        compare(f"{name} scope", wanted.scope, got.scope)
        compare(f"{name} scopeMissing", wanted.scope_missing, got.scope_missing)
        compare(f"{name} applicability", wanted.applicability, got.applicability)
        compare(f"{name} recommendations", sorted(wanted.recommendations), sorted(got.recommendations))
        for key in wanted.recommendations.keys() & got.recommendations.keys():
            for field in Judgement.__slots__:
                its, theirs = getattr(wanted.recommendations[key], field), getattr(got.recommendations[key], field)
                compare(f"{key} {field}", its, theirs)
    return sorted(found)
