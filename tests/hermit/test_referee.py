"""HermiT, asked by satisfiability, agrees with the compiled form on generated partial states, in both directions."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

import reasoner
from reasoner.graph import Graph
from reasoner.hermit import Hermit, Probes, logical

ROOT = Path(__file__).parent.parent.parent

STATES = 200
SEED = 20261122
WORKERS, SHEETS = 2, 8
"""HermiT reads all probes of a sheet before it answers the first: small sheets cost it less."""


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
    sheets = [cases[i::SHEETS] for i in range(SHEETS)]

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


def disagreements(loaded: reasoner.Reasoner, ontology: str, cases: list[tuple[dict[str, int], int]]) -> int:
    """How many of the verdicts on some states HermiT contradicts, given another ontology."""
    probes = Probes(loaded.knowledge.model, "Lesion")
    classes = [own.eligibility for g in loaded.knowledge.guidelines for own in g.recommendations]
    asked = [
        (probes.add(state, c.iri), loaded.program.named(c).verdict(cube)) for state, cube in cases for c in classes
    ]
    answers = Hermit(ontology).satisfiable(probes.names, probes.axioms())
    return sum(
        (not answers[without], not answers[within]) != (verdict is True, verdict is False)
        for (without, within), verdict in asked
    )


def spoilt(file: str, old: str, new: str) -> str:
    """The terminology of the shipped ontology after one edit."""
    graph = Graph()
    for path in sorted((ROOT / "ontology").rglob("*.ttl")):
        if "cases" not in path.parts:
            text = path.read_text(encoding="utf-8")
            if path.name == file:
                assert old in text
                text = text.replace(old, new, 1)
            graph.parse(text.encode(), path.name)
    return logical(graph)


def test_a_mutated_class_is_noticed(loaded: reasoner.Reasoner) -> None:
    """The referee is no yes-man: one value changed in one class, and it disagrees."""
    ontology = spoilt(
        "conditions.ttl", "owl:hasValue offloading-device-availability:available",
        "owl:hasValue offloading-device-availability:unavailable",
    )  # fmt: skip
    assert disagreements(loaded, ontology, states(loaded, 6)) > 0


def test_a_lost_disjointness_is_noticed(loaded: reasoner.Reasoner) -> None:
    """Values that may be equal exclude nothing any more."""
    findings = (ROOT / "ontology/diabetic-foot/findings.ttl").read_text(encoding="utf-8")
    members = next(line for line in findings.splitlines() if "ulcer:absent" in line and "distinctMembers" in line)
    ontology = spoilt("findings.ttl", members, members.replace(" ulcer:absent", ""))
    assert disagreements(loaded, ontology, states(loaded, 6)) > 0


def band_differences(loaded: reasoner.Reasoner, ontology: str) -> tuple[int, int]:
    """Every band at, just below and just above every threshold of its measurement: questions, and disagreements."""
    program, model = loaded.program, loaded.knowledge.model
    feet = Probes(model, "Foot")
    asked: list[tuple[tuple[str, str], bool | None]] = []
    for grading in loaded.knowledge.derivations.gradings:
        for scale in (scale for step in grading.steps for scale in step.scales if len(scale.inputs) == 1):
            field = program.space.fields[scale.inputs[0]]
            assert field.cuts
            for limit in sorted({number for number, _ in field.cuts}):
                for number in (Decimal(str(limit)) + step for step in (Decimal("-0.01"), Decimal(0), Decimal("0.01"))):
                    cube = program.space.full & ~field.mask | field.cell(float(number))
                    for _, band in scale.bands:
                        probe = feet.add({scale.inputs[0]: number}, band.iri)
                        asked.append((probe, program.named(band).verdict(cube)))
    answers = Hermit(ontology).satisfiable(feet.names, feet.axioms())
    wrong = sum(
        (not answers[without], not answers[within]) != (verdict is True, verdict is False)
        for (without, within), verdict in asked
    )
    return len(asked), wrong


def test_bands_are_what_hermit_makes_of_their_facets(loaded: reasoner.Reasoner, hermit: Hermit) -> None:
    """Boundaries included; and one threshold changed is noticed."""
    asked, wrong = band_differences(loaded, hermit.ontology)
    assert asked >= 4 * 4 * 3 * 3 and wrong == 0
    changed = spoilt("gradings.ttl", 'xsd:minInclusive "40.0"', 'xsd:minInclusive "45.0"')
    assert band_differences(loaded, changed)[1] > 0
