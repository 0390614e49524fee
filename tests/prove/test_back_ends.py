"""The two back ends against enumeration: random criteria over coded findings and a whole number."""

from __future__ import annotations

import random
from itertools import product

import pytest

from reasoner.criteria import All, Among, Any, Criterion, Not, Within
from reasoner.knowledge import Knowledge, load_knowledge
from reasoner.program import Program
from reasoner.prove.implicants import Implicants
from reasoner.prove.smt import Smt

from .tiny import Tiny

NUMBER, LIMITS = "years", (-1.0, 0.0, 17.0, 18.0, 18.5, 19.0, 120.0, 121.0)


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return load_knowledge(Tiny().write(tmp_path_factory.mktemp("tiny") / "knowledge"))


def grown(chance: random.Random, depth: int) -> Criterion:
    """A random criterion; its limits touch one another and the ends of the range."""
    pick = chance.random()
    if depth and pick < 0.35:
        return All(tuple(grown(chance, depth - 1) for _ in range(chance.randrange(1, 4))))
    if depth and pick < 0.6:
        return Any(tuple(grown(chance, depth - 1) for _ in range(chance.randrange(1, 4))))
    if depth and pick < 0.75:
        return Not(grown(chance, depth - 1))
    if pick < 0.85:
        return Among(chance.choice(("fever", "allergy")), chance.randrange(4))
    low, high = (chance.choice((None, *LIMITS)) for _ in range(2))
    return Within(NUMBER, low, chance.random() < 0.5, high, chance.random() < 0.5)


def holds(tree: Criterion, state: dict[str, int]) -> bool:
    match tree:
        case Among(finding, mask):
            return bool(mask >> state[finding] & 1)
        case Within(finding, low, low_closed, high, high_closed):
            number = state[finding]
            above = low is None or (number >= low if low_closed else number > low)
            return above and (high is None or (number <= high if high_closed else number < high))
        case All(parts):
            return all(holds(part, state) for part in parts)
        case Any(parts):
            return any(holds(part, state) for part in parts)
        case Not(part):
            return not holds(part, state)
    raise AssertionError(tree)


STATES = [
    {"fever": fever, "allergy": allergy, NUMBER: years} for fever, allergy, years in product((0, 1), (0, 1), range(121))
]


@pytest.mark.parametrize("seed", range(60))
def test_both_answer_as_enumeration_does(seed: int, knowledge: Knowledge) -> None:
    chance = random.Random(seed)
    trees = [grown(chance, 3) for _ in range(5)]
    axiom = grown(chance, 2)
    implicants = Implicants(Program(knowledge.model, [axiom], trees))
    solver = Smt(knowledge.model, [axiom])
    for tree in trees:
        expected = any(holds(axiom, state) and holds(tree, state) for state in STATES)
        assert implicants.anybody(tree) == expected, tree
        assert solver.anybody(tree) == expected, tree


def test_the_random_criteria_are_of_both_answers() -> None:
    chance = random.Random(0)
    trees = [grown(chance, 3) for _ in range(200)]
    met = sum(any(holds(tree, state) for state in STATES) for tree in trees)
    assert 40 < met < 190
