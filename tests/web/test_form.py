"""The form that shapes make, what may be written in it, and the patient graph that it becomes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import reasoner
from reasoner.errors import DataError
from reasoner.web.filled import MOST, Filled
from reasoner.web.form import Block, Field, FormReader, brief

ROOT = Path(__file__).parents[2]
OTHER = ROOT / "examples" / "guidelines" / "uspstf-statin-2022"


@cache
def loaded(folder: Path | None = None) -> reasoner.Reasoner:
    return reasoner.load(folder)


@cache
def blocks(folder: Path | None = None) -> tuple[Block, ...]:
    knowledge = loaded(folder).knowledge
    return FormReader(knowledge, min(g.kind for g in knowledge.guidelines)).blocks()


def field(name: str, folder: Path | None = None) -> Field:
    return next(own for block in blocks(folder) for own in block.fields() if own.name == name)


def sent(filled: Filled, **written: str) -> list[tuple[str, str]]:
    """What a browser sends; ``__`` stands for the dot, ``_`` for a hyphen."""
    nodes = [("node", f"{entry.name} {entry.owner}" if entry.owner else entry.name) for entry in filled.entries]
    return nodes + [(key.replace("__", ".").replace("_", "-"), text) for key, text in written.items()]


@pytest.mark.parametrize("folder", (None, OTHER), ids=("shipped", "another"))
def test_every_finding_is_asked_exactly_once(folder: Path | None) -> None:
    knowledge = loaded(folder).knowledge
    lineage = {name for block in blocks(folder) for name in [block.kind.name]}
    asked = [own.path for block in blocks(folder) for own in block.fields()]
    assert len(asked) == len(set(asked))
    assert {f.iri for f in knowledge.model.findings.values() if f.kind in lineage} <= set(asked)


def test_groups_order_help_units_and_values_come_from_the_shape() -> None:
    foot = blocks()[1]
    assert [block.label for block in blocks()] == ["patient", "foot", "lesion"]
    assert foot.apart == "side"
    assert [group.label for group in foot.groups] == ["", "Foot mechanics", "Nerves and circulation"]
    pressure = field("toe-pressure")
    assert (pressure.minimum, pressure.maximum, pressure.unit) == ("0", "300", "mmHg")
    assert pressure.help.endswith("?")
    assert [choice.name for choice in field("infection-grade").choices] == ["none", "mild", "moderate", "severe"]
    assert [choice.label for choice in field("side").choices] == ["left", "right"]


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["ulcer present", "ulcer absent"], ["present", "absent"]),
        (["device tolerated", "device not tolerated"], ["tolerated", "not tolerated"]),
        (["high risk", "risk not high"], ["high risk", "risk not high"]),
        (["left", "left"], ["left", "left"]),
        (["alone here"], ["alone here"]),
        ([], []),
    ],
)
def test_a_choice_does_not_say_again_what_its_question_says(labels: list[str], shown: list[str]) -> None:
    assert brief(labels) == shown


def test_the_person_and_the_ulcer_are_asked_first() -> None:
    assert blocks()[0].groups[0].label == "Person"
    assert blocks()[2].groups[0].fields[0].name == "ulcer"


@pytest.mark.parametrize(
    ("name", "text", "is_right"),
    [
        ("toe-pressure", "30", True), ("toe-pressure", "30.5", True), ("toe-pressure", "300", True),
        ("toe-pressure", "301", False), ("toe-pressure", "-1", False), ("toe-pressure", "30,5", False),
        ("toe-pressure", "nan", False), ("toe-pressure", "1e2", False), ("toe-pressure", "30 mmHg", False),
        ("local-infection-signs", "2", True), ("local-infection-signs", "2.5", False),
        ("infection-grade", "mild", True), ("infection-grade", "Mild", False),
    ],
)  # fmt: skip
def test_a_value_is_right_or_gets_a_sentence(name: str, text: str, is_right: bool) -> None:
    problem = field(name).problem(text)
    assert (problem is None) is is_right
    if problem is not None:
        assert problem.endswith(".")
        assert text not in problem, "what somebody wrote is not said back"


def test_an_empty_form_records_nothing() -> None:
    answer = loaded().assess(Filled.empty(blocks()).turtle()).to_dict()
    assert len(answer["subjects"]) == 1
    assert all(value is None for value in answer["subjects"][0]["findings"].values())


def test_what_is_written_is_what_is_assessed() -> None:
    items = sent(
        Filled.empty(blocks()), lesion_1__ulcer="present", lesion_1__site="mth-1", foot_1__toe_pressure="30.5",
        foot_1__side="left", patient_1__diabetes="present", lesion_1__local_infection_signs="0",
        patient_1__falls_risk="",
    )  # fmt: skip
    filled = Filled.read(blocks(), items)
    assert filled.problems() == {}
    subject = loaded().assess(filled.turtle()).to_dict()["subjects"][0]
    known = {name: value for name, value in subject["findings"].items() if value is not None}
    assert {k: known[k] for k in ("ulcer", "site", "toe-pressure", "diabetes", "local-infection-signs")} == {
        "ulcer": "present", "site": "mth-1", "toe-pressure": 30.5, "diabetes": "present", "local-infection-signs": 0,
    }  # fmt: skip
    assert subject["side"] == "left"
    assert "falls-risk" not in known


def test_another_foot_brings_a_lesion_of_its_own_and_goes_with_it() -> None:
    two = Filled.empty(blocks()).with_another("patient-1")
    assert [entry.name for entry in two.entries] == ["patient-1", "foot-1", "lesion-1", "foot-2", "lesion-2"]
    assert len(loaded().assess(two.turtle()).to_dict()["subjects"]) == 2
    assert [entry.name for entry in two.without("foot-1").entries] == ["patient-1", "foot-2", "lesion-2"]


def test_the_last_of_a_kind_stays() -> None:
    one = Filled.empty(blocks())
    assert one.without("foot-1") == one
    assert one.without("patient-1") == one


def test_a_form_does_not_grow_without_end() -> None:
    filled = Filled.empty(blocks())
    for _ in range(2 * MOST):
        filled = filled.with_another("foot-1")
    assert len(filled.entries) == MOST
    assert Filled.read(blocks(), sent(filled)) == filled


@pytest.mark.parametrize(
    "items",
    [
        [],
        [("node", "patient-1"), ("node", "patient-1")],
        [("node", "lesion-1")],
        [("node", "patient-1"), ("node", "lesion-1 patient-1")],
        [("node", "foot-1 patient-1"), ("node", "patient-1")],
        [("node", "dragon-1")],
        [("node", "patient-1"), ("patient-1.ulcer", "present")],
        [("node", "patient-1"), ("foot-1.side", "left")],
        [("node", "patient-1"), ("other", "x")],
        [("node", "patient-1<script>")],
    ],
)
def test_what_no_form_of_ours_sends_is_refused(items: list[tuple[str, str]]) -> None:
    with pytest.raises(DataError, match="does not have"):
        Filled.read(blocks(), items)
