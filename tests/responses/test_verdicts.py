"""What the FHIR output says is what `assess` says, and nothing that is open is left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reasoner.responses import Release

from .answers import (
    CALCIFICATION,
    IWGDF,
    RELEASES,
    SEVERE,
    Case,
    Json,
    files,
    generated,
    part,
    parts,
    plan,
    resolved,
    responses,
    told,
    values,
)

Row = tuple[str, str, str, str, str | None, str | None, tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def assessed(case: Case, guideline: str, patient: str | None) -> list[list[Row]]:
    """Of each subject: scope, id, direction, verdict, preferred, override, missing, missing for choice, assumed."""
    return [
        [
            (
                own["scope"], row["id"], row["direction"], row["verdict"], _word(row["preferred"]), row["overriddenBy"],
                tuple(row["missing"]), tuple(row["preferredMissing"]), tuple(row["assumed"]),
            )
            for row in own["recommendations"]
        ]
        for subject in case.answer["subjects"] if subject["patient"] == patient
        for own in subject["guidelines"] if own["id"] == guideline
    ]  # fmt: skip


def _word(preferred: bool | str | None) -> str | None:
    return None if preferred is None else str(preferred).lower()


def said(response: Json) -> list[list[Row]]:
    """The same as the Parameters of the guidance tell it."""
    found = []
    for parameters in parts(response, "Parameters"):
        scope = next(p["valueCode"] for p in parameters["parameter"] if p["name"] == "scope")
        if scope != "no-subject":
            rows = [p for p in parameters["parameter"] if p["name"] == "recommendation"]
            found.append([_row(scope, row) for row in rows])
    return found


def _row(scope: str, row: Json) -> Row:
    lists = (tuple(values(row, name)) for name in ("missing", "preferredMissing", "assumed"))
    one = (part(row, name) for name in ("id", "direction", "verdict", "preferred", "overriddenBy"))
    return (scope, *one, *lists)


def advised(response: Json) -> list[str]:
    """The ids of the recommendations that the plan proposes, in order."""
    groups = plan(response).get("action", [])
    return [part(told(action, "recommendation")[0], "id") for group in groups for action in group["action"]]


def _check(case: Case, release: Release) -> Iterator[str]:
    for guideline, patient, response in responses(case, release):
        expected = assessed(case, guideline, patient)
        if said(response) != expected:
            yield f"{case.name} {guideline} {release}: verdicts differ"
        wanted = sorted(r[1] for rows in expected for r in rows if r[3] == "eligible" and r[2] == "for")
        if sorted(advised(response)) != wanted:
            yield f"{case.name} {guideline} {release}: proposed {advised(response)}, eligible {wanted}"
        yield from (f"{case.name} {guideline} {release}: {p}" for p in _guidance(case, guideline, patient, response))


def _guidance(case: Case, guideline: str, patient: str | None, response: Json) -> Iterator[str]:
    """What is open is required, one guidance a subject."""
    subjects = [(s, own) for s in case.answer["subjects"] if s["patient"] == patient
                for own in s["guidelines"] if own["id"] == guideline]  # fmt: skip
    found = parts(response, "GuidanceResponse")
    if len(found) != max(1, len(subjects)):
        yield "not one guidance a subject"
    for (_, own), guidance in zip(subjects, found, strict=False):
        rows = [row for row in own["recommendations"] if row["verdict"] != "not-eligible"]
        if guidance["status"] != (expected := _status(own, rows)):
            yield f"{guidance['status']}, not {expected}"
        missing = {name for row in rows for name in (*row["missing"], *row["preferredMissing"])} | {
            *own["scopeMissing"]
        }
        asked = {part(told(one, "finding")[0], "finding")["code"] for one in guidance.get("dataRequirement", [])}
        if missing - asked:
            yield f"missing and not required: {missing - asked}"
        texts = " ".join(issue["details"]["text"] for issue in resolved(response, _message(guidance))["issue"])
        lost = [r["id"] for r in rows if r["verdict"] in ("undetermined", "conflicting-data") and r["id"] not in texts]
        if lost:
            yield f"open and not told: {lost}"


def _status(own: Json, rows: list[Json]) -> str:
    """Open where something may still apply otherwise; else whether anything rests on an assumption, the scope too."""
    parts = [row[name] for row in rows for name in ("verdict", "preferred", "overriddenBy")]
    if own["scope"] == "undetermined" or "undetermined" in parts or "conflicting-data" in parts:
        return "data-required"
    scope = any(reason["from"] == "assumed" for reason in own["scopeBecause"])
    rest = own["scope"] == "in-scope" and any(row["assumed"] for row in own["recommendations"])
    return "data-requested" if scope or rest else "success"


def _message(guidance: Json) -> Json:
    message = guidance["evaluationMessage"]
    return dict(message[0] if isinstance(message, list) else message)


@pytest.mark.parametrize("release", RELEASES)
def test_every_example_and_sample_says_what_assess_says(release: Release) -> None:
    problems = [problem for case in files() for problem in _check(case, release)]
    assert not problems
    assert len(files()) > 30


def test_five_hundred_generated_patients_say_what_assess_says() -> None:
    problems, seen, several = [], set(), 0
    for number, case in enumerate(generated()):
        problems += list(_check(case, RELEASES[number % 2]))
        several += len(case.answer["subjects"]) > 1
        seen |= {row["verdict"] for subject in case.answer["subjects"] for own in subject["guidelines"]
                 for row in own["recommendations"]}  # fmt: skip
    assert not problems
    assert seen == {"eligible", "not-eligible", "undetermined", "conflicting-data"} and several > 20


@pytest.mark.parametrize("release", RELEASES)
def test_the_plan_says_for_the_eye_what_is_out_of_scope_and_what_was_assumed(release: Release) -> None:
    (case,) = [own for own in files() if own.name == f"{SEVERE.name}#0"]
    for guideline, _, response in responses(case, release):
        text = (response if release == "R4" else plan(response))["text"]["div"]
        assert ("Out of scope: calcification absent (ASSUMED)" in text) == (guideline == CALCIFICATION)
        assert ("Not: conventional footwear" in text) == (guideline == IWGDF) and "Assumed, not recorded" in text
