"""The sample bundles: one lesion each, every resource used, and what they state is what was read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reasoner.fhir.bundle import resources_of

from .build import read

SAMPLES = [
    json.loads(line) for line in (Path(__file__).parents[1] / "samples" / "samples.ndjson").read_text().splitlines()
]
DERIVED = {"ischaemia-grade", "infection-grade", "vascular-assessment"}


def test_there_are_sixty() -> None:
    assert len(SAMPLES) == 60


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: str(sample["bundle"]["id"]))
def test_sample(sample: dict[str, Any]) -> None:
    resources, urls = resources_of(sample["bundle"])
    understood = read(*resources, urls=urls)
    assert understood.bucket("used") == len(resources)
    assert not understood.reading.results and not understood.reading.unused
    assert len(understood.references) == 1
    for finding, value in sample["findings"].items():
        said = set(understood.values(finding))
        assert said == {value} or (not said and (value is None or finding in DERIVED)), finding
