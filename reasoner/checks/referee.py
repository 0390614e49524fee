"""HermiT's checks: consistency, satisfiability of every class, and agreement with the compiled form."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

from reasoner.criteria import Named
from reasoner.graph import OWL, TYPE
from reasoner.hermit import Hermit, Probes, logical

from .bench import Bench
from .clash import clashing
from .found import Found
from .problem import Problem

STATES = 10
"""Random partial states that each recommendation is probed at."""
_WORKERS = 2


def satisfiable(bench: Bench) -> Found:
    """The ontology is consistent, and every defined class can have a member."""
    graph = bench.graph
    hermit = Hermit(logical(graph))
    if not hermit.is_consistent():
        clash = clashing(graph)
        names = ", ".join(bench.label(iri) for iri in clash)
        where = bench.locate(clash[0]) if clash else bench.ontology[-1].name
        yield 1
        yield Problem(where, names, "the ontology is inconsistent: these axioms clash", "mend or remove one of them")
        return
    classes = [
        iri for iri in graph.instances(OWL + "Class")
        if not iri.startswith("_:") and graph.nodes(iri, OWL + "equivalentClass")
    ]  # fmt: skip
    yield len(classes) + 1
    for iri, answer in hermit.satisfiable(classes).items():
        if not answer and OWL + "Nothing" not in graph.nodes(iri, TYPE):
            yield bench.problem(iri, "can have no member", "find the parts that exclude each other")


def agreement(bench: Bench) -> Found:
    """HermiT and the compiled form give the same verdicts on random partial states, in both directions."""
    chance = random.Random(bench.dice)
    knowledge = bench.knowledge
    hermit = Hermit(logical(bench.graph))
    sheets: list[tuple[Probes, list[tuple[tuple[str, str], bool | None, Named, str]]]] = []
    for guideline in knowledge.guidelines:
        for _ in range(_WORKERS):
            sheets.append((Probes(knowledge.model, guideline.kind), []))
    for number in range(STATES):
        state, cube = random_state(bench, chance)
        for place, guideline in enumerate(knowledge.guidelines):
            probes, asked = sheets[place * _WORKERS + number % _WORKERS]
            for own in guideline.recommendations:
                verdict = bench.strict.program.named(own.eligibility).verdict(cube)
                asked.append((probes.add(state, own.eligibility.iri), verdict, own.eligibility, own.id))
    with ThreadPoolExecutor(_WORKERS) as pool:
        answers = list(pool.map(lambda sheet: hermit.satisfiable(sheet[0].names, sheet[0].axioms()), sheets))
    for (_, asked), answer in zip(sheets, answers, strict=True):
        yield 2 * len(asked)
        for (without, within), verdict, class_, id_ in asked:
            if (not answer[without], not answer[within]) != (verdict is True, verdict is False):
                fix = "report this: either the program or the ontology's axioms are at fault"
                yield bench.problem(class_.iri, f"HermiT and the program disagree about `{id_}`", fix)


def random_state(bench: Bench, chance: random.Random) -> tuple[dict[str, int], int]:
    """A partial state that the model axioms allow: masks by finding, and the same as a cube."""
    program, model = bench.strict.program, bench.knowledge.model
    while True:
        state: dict[str, int] = {}
        density = chance.choice((0.35, 0.65, 0.9))
        for finding in model.findings.values():
            if finding.values and chance.random() < density:
                whole = chance.random() < 0.75
                some = chance.randrange(1, finding.full + 1)
                state[finding.notation] = 1 << chance.randrange(len(finding.values)) if whole else some
        cube = program.space.full
        for name, mask in state.items():
            field = program.space.fields[name]
            cube &= ~field.mask | (mask << field.offset)
        if program.hull(cube):
            return state, cube
