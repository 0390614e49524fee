"""The shipped examples: each is clean input, and gives the answer that examples/README.md promises."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

import reasoner

EXAMPLES = Path(__file__).parent.parent / "examples"
README = EXAMPLES / "README.md"
FILES = sorted(path for path in EXAMPLES.iterdir() if path.is_file() and path.suffix in (".json", ".ndjson", ".ttl"))
LEAST_EXAMPLES = 8
UNUSED = {"missing-data.json": {"Observation/p4-toe-pressure-right"}}
"""Resources that an example holds to show that they give no value; everything else must be used."""
FREE_TEXT = ("name", "telecom", "address", "birthDate", "photo", "contact", "identifier")


class Promise(NamedTuple):
    """A line of the README's table."""

    file: str
    lesion: str
    preferred: list[str]
    besides: list[str]


def promises() -> list[Promise]:
    rows = re.findall(r"^\| ([\w-]+\.\w+) \| (\S+) \| (.*?)\| (.*?)\|$", README.read_text(), re.MULTILINE)
    return [Promise(file, lesion, listed(preferred), listed(besides)) for file, lesion, preferred, besides in rows]


def listed(cell: str) -> list[str]:
    return [item.strip() for item in cell.split(",") if item.strip()]


@cache
def loaded() -> reasoner.Reasoner:
    return reasoner.load()


@cache
def answers(file: str) -> list[dict[str, Any]]:
    found = []
    for answer in loaded().assess_all(EXAMPLES / file):
        assert isinstance(answer, reasoner.Answer), "no line of an example is broken"
        found.append(answer.to_dict())
    return found


def subject(file: str, lesion: str) -> dict[str, Any]:
    subjects = [s for answer in answers(file) for s in answer["subjects"] if lesion in (s["reference"], s["subject"])]
    assert len(subjects) == 1
    return dict(subjects[0])


def recommendations(subject: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for guideline in subject["guidelines"] for row in guideline["recommendations"]]


def test_all_examples_are_collected_and_described() -> None:
    assert len(FILES) >= LEAST_EXAMPLES
    assert {path.suffix for path in FILES} == {".json", ".ndjson", ".ttl"}
    text = README.read_text()
    for path in FILES:
        assert f"[{path.name}]({path.name})" in text
        assert re.search(rf"`guideline assess [^`]*examples/{re.escape(path.name)}`", text), (
            f"no command for {path.name}"
        )
    assert {promise.file for promise in promises()} == {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_example_is_read_whole(path: Path) -> None:
    """No violation, no unmapped code, nothing unplaced, nothing unused but what is meant to be."""
    for answer in answers(path.name):
        assert answer["validation"] == {"conforms": True, "results": []}
        counts = answer["input"]["counts"]
        assert counts["resources"] == sum(value for key, value in counts.items() if key != "resources")
        assert answer["input"]["unmapped"] == []
        assert answer["input"]["unplaced"] == []
        assert {row["resource"] for row in answer["input"]["unused"]} == UNUSED.get(path.name, set())
        assert answer["subjects"]


@pytest.mark.parametrize("promise", promises(), ids=lambda promise: f"{promise.file}:{promise.lesion}")
def test_answer_is_the_one_documented(promise: Promise) -> None:
    rows = recommendations(subject(promise.file, promise.lesion))
    eligible = [row["id"] for row in rows if row["verdict"] == "eligible"]
    assert [row["id"] for row in rows if row["preferred"] is True] == promise.preferred
    assert [own for own in eligible if own not in promise.preferred] == promise.besides


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_lesion_is_documented(path: Path) -> None:
    lesions = {s["reference"] or s["subject"] for answer in answers(path.name) for s in answer["subjects"]}
    assert lesions == {promise.lesion for promise in promises() if promise.file == path.name}


def test_calcification_without_ulcer_is_indirect() -> None:
    iwgdf, stc = subject("calcification-without-ulcer.ttl", "urn:example:p2/lesion")["guidelines"]
    assert (iwgdf["scope"], stc["scope"], stc["applicability"]) == ("out-of-scope", "in-scope", "indirect")


def test_ulcer_and_calcification_are_one_lesion() -> None:
    lesion = subject("ulcer-and-calcification-after-failed-offloading.json", "Condition/ulcer")
    assert lesion["sameAs"] == ["https://example.org/fhir/Condition/calcification"]
    assert [g["scope"] for g in lesion["guidelines"]] == ["in-scope", "in-scope"]


def test_missing_data_are_asked_for() -> None:
    lesion = subject("missing-data.json", "Condition/ulcer")
    iwgdf = lesion["guidelines"][0]
    assert iwgdf["scope"] == "in-scope"
    assert {"aspect", "neuropathy", "infection-grade", "ischaemia-grade", "falls-risk"} <= {
        asked["finding"] for asked in iwgdf["ask"]
    }
    assert lesion["findings"]["ankle-brachial-index"] == 1.42
    assert lesion["findings"]["ischaemia-grade"] is None and lesion["findings"]["vascular-assessment"] is None


def test_severe_infection_is_derived_from_its_signs() -> None:
    lesion = subject("severe-infection.json", "Condition/ulcer")
    assert (lesion["findings"]["infection-grade"], lesion["findings"]["ischaemia-grade"]) == ("severe", "mild")
    resection = next(row for row in recommendations(lesion) if row["id"] == "iwgdf-5b")
    assert resection["verdict"] == "not-eligible"


def test_resection_counts_as_surgery() -> None:
    lesion = subject("after-surgery.ttl", "urn:example:p7/lesion")
    assert lesion["findings"]["offloading-surgery-performed"] == "present"


def test_each_foot_keeps_its_own_perfusion() -> None:
    grades = {s["reference"]: s["findings"]["ischaemia-grade"] for s in answers("two-feet.json")[0]["subjects"]}
    assert grades == {
        "Condition/left-toe-ulcer": "none",
        "Condition/left-ulcer": "none",
        "Condition/right-ulcer": "severe",
    }


def test_no_example_names_a_person() -> None:
    documents = [orjson.loads(p.read_bytes()) for p in FILES if p.suffix == ".json"]
    documents += [orjson.loads(line) for p in FILES if p.suffix == ".ndjson" for line in p.read_bytes().splitlines()]
    people = [e["resource"] for d in documents for e in d["entry"] if e["resource"]["resourceType"] == "Patient"]
    assert len(people) >= len(documents)
    for person in people:
        assert not set(person) & set(FREE_TEXT)
