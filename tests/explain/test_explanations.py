"""What an explanation says: it agrees with the answer, its sets are minimal, and its changes flip when rerun."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import reasoner
from reasoner.errors import UsageError
from reasoner.explain.explanation import Explanation
from reasoner.model import Finding
from reasoner.space import Field
from reasoner.witness import number_in

from .inputs import Json, everything, explained, explainer, items, loaded

SCHEMA = Path(reasoner.__file__).parent / "schema" / "explanation.schema.json"
POINTS = 12
LEAST_CHANGES = 400


def rows(subject: Json) -> dict[str, Json]:
    return {row["id"]: row for guideline in subject["guidelines"] for row in guideline["recommendations"]}


@pytest.mark.parametrize("strict", (False, True))
def test_verdicts_reasons_and_missing_are_those_of_assess(strict: bool) -> None:
    keys = ("verdict", "missing", "assumed", "transcription", "sources")
    for name, place, document in everything(strict, every=9 if strict else 2):
        answer = loaded(strict).answer(items()[place][1]).to_dict()
        for subject, own in zip(document["subjects"], answer["subjects"], strict=True):
            said = rows(own)
            assert [e["recommendation"] for e in subject["explanations"]] == list(said)
            for row in subject["explanations"]:
                other = said[row["recommendation"]]
                assert {k: row[k] for k in keys} == {k: other[k] for k in keys}, name
                first = {part["finding"] for part in row["sets"][0]} if row["sets"] else set()
                assert first == {part["finding"] for part in other["because"]}, name
                for key in ("preferred", "preferredMissing", "overriddenBy"):
                    assert row["order"][key] == other[key]


def test_declared_gaps_of_the_answer_stand_in_the_explanation_and_its_text() -> None:
    told = 0
    for _, place, document in everything(False, every=1):
        item = items()[place][1]
        gaps = {
            (own["subject"], guideline["id"]): guideline["gaps"]
            for own in loaded(False).answer(item).to_dict()["subjects"]
            for guideline in own["guidelines"]
        }
        for subject in document["subjects"]:
            for row in subject["explanations"]:
                assert row["gaps"] == gaps[subject["subject"], row["guideline"]]
                told += len(row["gaps"])
                if row["gaps"] and told == len(row["gaps"]):
                    text = " ".join(Explanation(document, loaded(False).knowledge).to_text().split())
                    assert all(f"Declared gap: {gap['text']}" in text for gap in row["gaps"])
    assert told


def test_what_follows_is_what_was_decided_on() -> None:
    """The ground of a change, left as it is, gives the very state that was decided."""
    for strict in (False, True):
        own = explainer(strict)
        for _, item in items()[::2]:
            for facts, state in own.reasoner.decided(own.reasoner.read(item, None)):
                assert own.settler.settle(own.settler.ground(facts, state)) == state.cube


def test_every_set_is_minimal_and_known() -> None:
    for name, _, document in everything():
        for subject, own in explained(document):
            found = [frozenset(part["finding"] for part in parts) for parts in own["sets"]]
            assert bool(found) == (own["verdict"] in ("eligible", "not-eligible")), name
            assert not any(one < other for one in found for other in found)
            for parts in own["sets"]:
                for part in parts:
                    row = subject["findings"][part["finding"]]
                    assert part["from"] in ("recorded", "derived", "assumed")
                    assert (part["value"], part["from"]) == (row["value"], row["from"])


def cell(name: str, told: str, finding: Finding, field: Field) -> Any:
    """A value that a change asks for, a number of an interval."""
    if finding.range is None:
        return told
    space = loaded().program.space
    place = next(i for i in range(field.width) if space.cell_name(field, i) == told)
    return number_in(field, place, finding)


@pytest.mark.parametrize("strict", (False, True))
def test_every_change_flips_the_verdict_when_rerun(strict: bool) -> None:
    """Through ``assess_findings``, with the findings held that the change does not name."""
    count = 0
    own, model, fields = explainer(strict), loaded().knowledge.model, loaded().program.space.fields
    for name, place, document in everything(strict, every=12 if strict else 4):
        decided = own.reasoner.decided(own.reasoner.read(items()[place][1], None))
        for (facts, state), subject in zip(decided, document["subjects"], strict=True):
            held = own.settler.findings(own.settler.ground(facts, state))
            wanted: dict[str, list[tuple[str, str]]] = {}
            for row in subject["explanations"]:
                for parts in row["changes"]["sets"][:4] if row["changes"] else ():
                    assert not any(subject["findings"][p["finding"]]["immutable"] and p["from"] for p in parts)
                    names = [p["finding"] for p in parts]
                    points = product(*([cell(n, to, model.findings[n], fields[n]) for to in p["to"]]
                                       for n, p in zip(names, parts, strict=True)))  # fmt: skip
                    for point in list(points)[:POINTS:5]:
                        key = json.dumps({**held, **dict(zip(names, point, strict=True))})
                        wanted.setdefault(key, []).append((row["recommendation"], row["changes"]["to"]))
            for key, flips in wanted.items():
                again = rows(own.reasoner.assess_findings(json.loads(key), facts.kind))
                for id_, to in flips:
                    count += 1
                    assert again[id_]["verdict"] == to, (name, id_, key)
    assert count >= LEAST_CHANGES


def test_answers_lead_where_they_say() -> None:
    own, count = explainer(), 0
    for name, place, document in everything(every=9):
        decided = own.reasoner.decided(own.reasoner.read(items()[place][1], None))
        for (facts, state), subject in zip(decided, document["subjects"], strict=True):
            held = own.settler.findings(own.settler.ground(facts, state))
            for row in subject["explanations"][::4]:
                for question in row["answers"]["questions"]:
                    assert not row["answers"]["fixed"]
                    for value, verdict in question["leads"].items():
                        again = rows(own.reasoner.assess_findings({**held, question["finding"]: value}, facts.kind))
                        count += 1
                        assert again[row["recommendation"]]["verdict"] == verdict, (name, row["recommendation"], value)
    assert count >= 80


def test_no_answer_can_change_what_is_fixed() -> None:
    """Without any assumption the verdict is the same, so no answer to what is open alters it."""
    seen = set()
    for _, place, document in everything(every=5):
        answer = loaded(True).answer(items()[place][1]).to_dict()
        for subject, strict in zip(document["subjects"], answer["subjects"], strict=True):
            for row in subject["explanations"]:
                fixed = row["answers"]["fixed"]
                seen.add(fixed)
                assert fixed == (row["verdict"] == rows(strict)[row["recommendation"]]["verdict"] and bool(row["sets"]))
    assert seen == {True, False}


def test_schema_covers_every_explanation() -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for strict in (False, True):
        for name, _, document in everything(strict, every=30):
            assert [error.message for error in validator.iter_errors(document)] == [], name


def test_only_history_in_the_way_is_said() -> None:
    document = loaded().explain(Path(__file__).parent.parent.parent / "examples" / "after-surgery.ttl").to_dict()
    told = {own["recommendation"]: own["changes"] for _, own in explained(document)}
    assert told["iwgdf-5a"]["sets"] == []
    assert told["iwgdf-5a"]["onlyImmutable"] == ["metatarsal-head-resection-performed"]


def test_python_names_one_recommendation_and_refuses_another() -> None:
    path = Path(__file__).parent.parent.parent / "examples" / "severe-infection.json"
    own = loaded().explain(path, "iwgdf-5b", on="2026-11-01")
    assert [e["recommendation"] for _, e in explained(own.to_dict())] == ["iwgdf-5b"]
    assert own.is_valid and own.to_json() and "Severe infection" in own.to_text()
    assert own.to_html().startswith("<!DOCTYPE html>")
    assert len(own.to_graph()) > 20
    with pytest.raises(UsageError, match="no such recommendation"):
        loaded().explain(path, "iwgdf-55b")
