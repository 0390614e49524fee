"""HermiT, asked by satisfiability, agrees with the compiled form on generated partial states, in both directions."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

import reasoner
from reasoner.hermit import Hermit, Probes, logical

STATES = 200
SEED = 20261122
WORKERS = 2


@pytest.fixture(scope="module")
def loaded() -> reasoner.Reasoner:
    """The shipped knowledge."""
    return reasoner.load(strict=True)


@pytest.fixture(scope="module")
def hermit(loaded: reasoner.Reasoner) -> Hermit:
    """HermiT over the shipped terminology."""
    return Hermit(logical(loaded.knowledge.graph))


def states(loaded: reasoner.Reasoner, number: int) -> list[tuple[dict[str, int], int]]:
    """Seeded partial states that the axioms allow: masks by finding, and the same as a cube."""
    chance = random.Random(SEED)
    program, model = loaded.program, loaded.knowledge.model
    found: list[tuple[dict[str, int], int]] = []
    while len(found) < number:
        state: dict[str, int] = {}
        density = chance.choice((0.3, 0.6, 0.9))
        for finding in model.findings.values():
            if finding.values and chance.random() < density:
                whole = chance.random() < 0.8
                state[finding.notation] = (
                    1 << chance.randrange(len(finding.values)) if whole else chance.randrange(1, finding.full + 1)
                )
        cube = program.space.full
        for name, mask in state.items():
            field = program.space.fields[name]
            cube &= ~field.mask | (mask << field.offset)
        if program.hull(cube):
            found.append((state, cube))
    return found


def test_the_ontology_is_consistent(hermit: Hermit) -> None:
    """It has a model."""
    assert hermit.is_consistent()


def test_every_eligibility_class_is_satisfiable(loaded: reasoner.Reasoner, hermit: Hermit) -> None:
    """No recommendation is impossible."""
    classes = [own.eligibility.iri for g in loaded.knowledge.guidelines for own in g.recommendations]
    assert len(classes) >= 33
    answers = hermit.satisfiable(classes)
    assert not [iri for iri, satisfiable in answers.items() if not satisfiable]


def test_hermit_agrees_with_the_compiled_form(loaded: reasoner.Reasoner, hermit: Hermit) -> None:
    """Entailed exactly when the verdict is eligible, complement entailed exactly when it is not-eligible."""
    classes = [own.eligibility for g in loaded.knowledge.guidelines for own in g.recommendations]
    cases = states(loaded, STATES)
    sheets = [cases[i::WORKERS] for i in range(WORKERS)]

    def differences(sheet: list[tuple[dict[str, int], int]]) -> tuple[int, list[str]]:
        probes = Probes(loaded.knowledge.model, "Lesion")
        asked = [
            (probes.add(state, c.iri), loaded.program.named(c).verdict(cube), c.iri)
            for state, cube in sheet
            for c in classes
        ]
        answers = hermit.satisfiable(probes.names, probes.axioms())
        wrong = []
        for (without, within), verdict, iri in asked:
            entailed, excluded = not answers[without], not answers[within]
            if (entailed, excluded) != (verdict is True, verdict is False):
                wrong.append(iri)
        return len(asked), wrong

    with ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(differences, sheets))
    assert sum(number for number, _ in results) == STATES * len(classes) >= 200 * 33
    assert [iri for _, wrong in results for iri in wrong] == []
