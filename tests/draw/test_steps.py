"""What a reader follows says exactly what the criteria say."""

from __future__ import annotations

import random

import pytest

from reasoner.criteria import All, Among, Any, Criterion, Named, Not, Within
from reasoner.draw.steps import ALL, ANY, CONDITION, NONE, NOT_ALL, Step, every, marks
from reasoner.space import Space

from .bodies import CRITERIA, IDS, Body, body

STATES = 150


def holds(tree: Criterion, state: int, space: Space) -> bool:
    """The tree in one complete state, read naively."""
    match tree:
        case Among() | Within():
            return not state & ~space.literal(tree)
        case All(parts):
            return all(holds(part, state, space) for part in parts)
        case Any(parts):
            return any(holds(part, state, space) for part in parts)
        case Not(part):
            return not holds(part, state, space)
        case Named(_, part):
            return holds(part, state, space)


def followed(step: Step, state: int, space: Space) -> bool:
    """The step as its operators say, conditions by what they were made from."""
    parts = [followed(part, state, space) for part in step.parts]
    match step.kind:
        case "all":
            return all(parts)
        case "any":
            return any(parts)
        case "none":
            return not any(parts)
        case "not-all":
            return not all(parts)
        case _:
            return holds(step.tree, state, space)


def states(own: Body, seed: int) -> list[int]:
    chance, fields = random.Random(seed), own.program.space.fields.values()
    return [sum(1 << (f.offset + chance.randrange(f.width)) for f in fields) for _ in range(STATES)]


@pytest.mark.parametrize(("name", "tree"), CRITERIA, ids=IDS)
def test_steps_mean_what_the_criteria_mean(name: str, tree: Named) -> None:
    own = body(name)
    root = own.steps(tree)
    for state in states(own, 1):
        for step in every(root):
            assert followed(step, state, own.program.space) == holds(step.tree, state, own.program.space)


def test_random_states_reach_both_answers() -> None:
    """Else the test above would compare nothing but False."""
    own, (_, tree) = body("statin"), CRITERIA[-1]
    deep = [step for step in every(own.steps(tree)) if step.kind != CONDITION]
    answers = {followed(step, state, own.program.space) for step in deep for state in states(own, 1)}
    assert answers == {True, False}


def simple(own: Body) -> tuple[Among, Among]:
    first, second = [f for f in own.knowledge.model.findings.values() if len(f.values) > 3][:2]
    return Among(first.notation, 1), Among(second.notation, 2)


def test_groups_of_one_and_groups_in_their_like_are_left_out() -> None:
    own = body("shipped")
    a, b = simple(own)
    assert own.steps(All((Any((a,)),))).kind == CONDITION
    nested = own.steps(All((a, All((b, All(()))))))
    assert (nested.kind, [part.tree for part in nested.parts]) == (ALL, [a, b])


def test_denial_turns_the_operator_round() -> None:
    own = body("shipped")
    a, b = simple(own)
    assert own.steps(Not(Any((a, b)))).kind == NONE
    assert own.steps(Not(All((a, b)))).kind == NOT_ALL
    assert own.steps(Not(Not(Any((a, b))))).kind == ANY
    denied = own.steps(Not(a))
    assert denied.denied
    assert denied.text.startswith("not: ")


def test_a_name_never_stands_over_its_contrary() -> None:
    """A class defined as *none of*, denied, keeps its name inside a frame that denies it."""
    own = body("shipped")
    a, b = simple(own)
    step = own.steps(Not(Named("urn:none", Not(Any((a, b))))))
    assert (step.kind, step.class_, step.parts[0].kind, step.parts[0].class_) == (NONE, None, NONE, "urn:none")


@pytest.mark.parametrize(
    ("limits", "said"),
    [((45, True, None, False), "less than 45"), ((45, False, None, False), "at most 45"),
     ((None, False, 45, True), "more than 45"), ((None, False, 45, False), "at least 45")],
)  # fmt: skip
def test_beyond_a_single_limit_is_said_without_not(
    limits: tuple[float | None, bool, float | None, bool], said: str
) -> None:
    own = body("statin")
    number = next(f for f in own.knowledge.model.findings.values() if f.range is not None)
    inside = Within(number.notation, *limits)
    for tree in (inside, Named("urn:class", inside)):
        step = own.steps(Not(tree))
        assert (step.denied, step.class_, step.tree) == (False, None, Not(tree))
        assert step.text.startswith(f"{number.label} {said}")
    between = own.steps(Not(Within(number.notation, 40, True, 50, True)))
    assert between.denied and between.text.startswith("not: ")


def test_the_last_value_left_is_named_instead_of_denied() -> None:
    own = body("shipped")
    finding = next(f for f in own.knowledge.model.findings.values() if len(f.values) == 2)
    step = own.steps(Not(Among(finding.notation, 1)))
    assert not step.denied
    assert step.text == finding.values[1].label


def test_marks_say_what_is_so_of_each_box() -> None:
    own, (_, tree) = body("shipped"), CRITERIA[1]
    root, formula = own.steps(tree), own.program.formula
    cube = own.program.named(tree).yes[0]
    marked = marks(root, lambda part: formula(part).verdict(cube))
    assert marked.keys() == {step.node for step in every(root)}
    assert marked[root.node] == "met"
    assert set(marks(root, lambda part: formula(part).verdict(own.program.space.full)).values()) == {"open"}
