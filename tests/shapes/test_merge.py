"""What the program finds and what the shapes find are one list: nothing twice, nothing lost, no verdict changed."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

import reasoner
from reasoner.graph import GR
from reasoner.inputs import GraphInput, from_document

from .examples import EXAMPLES
from .generate import Generator

REASONER = reasoner.load()
HEAD = f"@prefix gr: <{GR}> . " + "".join(
    f"@prefix {name}: <{GR}{name}/> . " for name in ("site", "aspect", "ulcer", "ischaemia-grade", "infection-grade")
)
LOCAL = GR + "CodeSystem/foot"


def found(turtle: str) -> list[tuple[str, str, str | None]]:
    text = HEAD + turtle
    results = REASONER.assess(text.encode()).to_dict()["validation"]["results"]
    return [(r["severity"], r["focus"], r["path"]) for r in results]


def patient(lesion: str = "", foot: str = "", person: str = "") -> str:
    return (
        f"<urn:l> a gr:Lesion ; gr:onFoot <urn:f> {lesion} . <urn:f> a gr:Foot ; gr:ofPatient <urn:p> {foot} . "
        f"<urn:p> a gr:Patient {person} ."
    )


def test_contradiction_is_said_once_and_names_the_values() -> None:
    answer = REASONER.assess((HEAD + patient("; gr:site site:heel, site:midfoot")).encode()).to_dict()
    (result,) = answer["validation"]["results"]
    assert result["path"] == "site" and "`heel`" in result["message"] and "`midfoot`" in result["message"]


def test_grade_against_measurement_is_said_once_and_names_both() -> None:
    answer = REASONER.assess(
        (HEAD + patient(foot="; gr:ischaemiaGrade ischaemia-grade:none ; gr:toePressure 35.0")).encode()
    ).to_dict()
    (result,) = answer["validation"]["results"]
    assert result["severity"] == "Violation" and "`none`" in result["message"] and "`moderate`" in result["message"]


def test_what_only_a_shape_sees_is_added_at_its_node() -> None:
    assert found("<urn:l> a gr:Lesion ; gr:ulcer ulcer:present .") == [("Warning", "urn:l", None)]
    assert found(patient("; gr:toePressure 50.0")) == [("Warning", "urn:l", None)]


def test_two_statements_that_agree_are_no_contradiction() -> None:
    assert found(patient("; gr:site site:hallux, [ a gr:Toe ]")) == []
    assert found(patient(foot="; gr:toePressure 50, 50.0")) == []


def test_contradicted_measurement_alone_is_answered() -> None:
    assert found(patient(foot="; gr:toePressure 30.0, 60.0")) == [("Violation", "urn:l", "toe-pressure")]


def test_unknown_property_is_said_once_with_what_was_meant() -> None:
    assert found(patient(foot="; gr:toePresure 65")) == [("Violation", "urn:f", None)]


def test_blank_nodes_are_named_as_the_answer_names_them() -> None:
    (result,) = found("[] a gr:Lesion ; gr:ulcer ulcer:present .")
    assert result[1] == "_:n1"


def resource(kind: str, name: str, code: str, **more: Any) -> dict[str, Any]:
    coding = {"coding": [{"system": LOCAL, "code": code}]}
    return {"resourceType": kind, "id": name, "code": coding, "subject": {"reference": "Patient/p"}} | more


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"resourceType": "Patient", "id": "p"}, resource("Condition", "c", "ulcer"), *resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": own} for own in entries]}


def coded(name: str, code: str, value: str, when: str | None = None) -> dict[str, Any]:
    more: dict[str, Any] = {"status": "final", "valueCodeableConcept": {"coding": [{"system": LOCAL, "code": value}]}}
    return resource("Observation", name, code, **more, **({"effectiveDateTime": when} if when else {}))


def measured(name: str, code: str, value: float, when: str | None = None) -> dict[str, Any]:
    quantity = {"value": value, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    more: dict[str, Any] = {"status": "final", "valueQuantity": quantity}
    return resource("Observation", name, code, **more, **({"effectiveDateTime": when} if when else {}))


@pytest.mark.parametrize(("graded", "taken"), [("2026-01-01", "2026-02-01"), ("2026-02-01", "2026-01-01")])
def test_what_dates_settle_is_no_violation(graded: str, taken: str) -> None:
    answer = REASONER.assess(
        bundle(coded("g", "ischaemia-grade", "none", graded), measured("t", "toe-pressure", 35, taken))
    )
    results = answer.to_dict()["validation"]["results"]
    assert answer.is_valid and [r["severity"] for r in results] == ["Info"]


def test_earlier_value_of_a_finding_is_no_violation() -> None:
    answer = REASONER.assess(
        bundle(coded("a", "infection-grade", "none", "2026-01-01"), coded("b", "infection-grade", "mild", "2026-02-01"))
    )
    assert answer.to_dict()["validation"]["results"] == []


def test_simultaneous_contradiction_in_fhir_is_said_once() -> None:
    answer = REASONER.assess(
        bundle(coded("a", "infection-grade", "none", "2026-01-01"), coded("b", "infection-grade", "mild", "2026-01-01"))
    )
    (result,) = answer.to_dict()["validation"]["results"]
    assert (result["focus"], result["path"]) == ("Condition/c", "infection-grade")


def test_shapes_and_derivations_agree_on_what_is_contradicted() -> None:
    """On graphs without formal faults, no shape finds a violation of a finding that the program does not find."""
    generator = Generator(REASONER.knowledge.model, seed=21, spoil=0.0)
    both = 0
    for i in range(600):
        for own in REASONER.validation(GraphInput("", list(generator.graph(f"g{i}")))):
            if own.check is None:
                continue
            both += 1
            if own.result.path is not None:
                assert own.result.about is None, f"only {own.check.shape} says: {own.result}"
    assert both > 200


def test_shapes_find_what_the_derivations_find_in_values_known_whole() -> None:
    """Each invalid example whose findings have values: the program's results all have a shape that says the same."""
    compared = 0
    for path in sorted((EXAMPLES / "patient" / "invalid").glob("*.ttl")):
        if "[ a" in path.read_text(encoding="utf-8") or path.stem == "node-of-two-types":
            continue
        item = GraphInput("", list(ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE)))
        for own in REASONER.validation(item):
            compared += 1
            assert own.check is not None, f"{path.stem}: {own.result}"
    assert compared >= 100


def test_fhir_and_its_patient_graph_are_validated_alike() -> None:
    document = bundle(coded("g", "ischaemia-grade", "none"), measured("t", "toe-pressure", 35))
    item = from_document(document)
    reading = REASONER.read(item, None)
    decided = REASONER.decided(reading)
    graph = REASONER.check.graph(item, reading, decided)
    (check,) = REASONER.check.validator.check(graph)
    assert check.shape == f"{GR}shape/ModerateIschaemiaByToeValuesShape"
    assert check.focus.endswith("#foot") and ox.parse  # the foot that FHIR does not have
