"""The shipped queries over implicants and findings say what ``assess`` says, without a verdict of it in the data."""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random
from typing import Any

import pyoxigraph as ox
import pytest
from referee.answers import recorded, samples
from referee.generate import random_measurements, random_state

from reasoner.graph import GR

from .stores import Bare, guideline, store

STATES = 1_000
Verdicts = dict[tuple[str, str], tuple[str, str | None, str | None]]


def decided(bare: Bare) -> tuple[Verdicts, dict[tuple[str, str], tuple[str | None, str | None]]]:
    """What the queries derive: verdict, preferred, overriddenBy by subject and recommendation; scopes by guideline."""
    preferred = {(row[0], row[1]): row[2] for row in bare.rows("preferred")}
    overridden = {(row[0], row[1]): row[2] or "undetermined" for row in bare.rows("overridden")}
    verdicts = {
        (str(a), str(r)): (str(v), preferred.get((a, r)), overridden.get((a, r))) for a, r, v in bare.rows("verdicts")
    }
    return verdicts, {(str(a), str(g)): (scope, place) for a, g, scope, place in bare.rows("scope")}


def expected(subject: dict[str, Any]) -> tuple[Verdicts, dict[str, tuple[str, str | None]]]:
    verdicts: Verdicts = {}
    for answer in subject["guidelines"]:
        for row in answer["recommendations"]:
            # What data contradict is unknown to the queries too, but they do not say that it is why.
            verdict = row["verdict"].replace("conflicting-data", "undetermined")
            first = None if row["preferred"] is None else str(row["preferred"]).lower()
            verdicts[subject["subject"], row["id"]] = (verdict, first, row["overriddenBy"])
    return verdicts, {a["id"]: (a["scope"], a["applicability"]) for a in subject["guidelines"]}


def agree(patients: list[dict[str, Any]]) -> Counter[str]:
    """Compare every patient's verdicts; the counter says what was seen."""
    bare = Bare()
    for number, findings in enumerate(patients):
        bare.add(findings, number)
    assert bare.graphs() <= {GR + "graph/" + name for name in ("implicants", "findings", "assumptions")}
    bare.settle()
    verdicts, scopes = decided(bare)
    wrong, seen = [], Counter[str]()
    for number, findings in enumerate(patients):
        name = f"urn:assessed:{number}"
        wanted, places = expected(guideline().assess_findings(findings, subject=name))
        for key, its in wanted.items():
            seen.update({its[0]: 1, f"preferred {its[1]}": 1, f"overridden {its[2] is not None}": 1})
            if verdicts[key] != its:
                wrong.append(f"{key}: assess says {its}, the queries {verdicts[key]}, of {findings}")
        wrong += [f"{name} {g}: {scopes[name, g]}, not {its}" for g, its in places.items() if scopes[name, g] != its]
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:5])
    assert len(verdicts) == len(patients) * 33
    return seen


def test_all_samples_are_decided_alike() -> None:
    patients = [recorded(sample) for sample in samples()]
    assert len(patients) == 60
    agree(patients)


def test_samples_are_decided_as_they_expect() -> None:
    bare = Bare()
    for number, sample in enumerate(samples()):
        bare.add(recorded(sample), number)
    bare.settle()
    verdicts, _ = decided(bare)
    for number, sample in enumerate(samples()):
        for name, its in sample["expected"]["recommendations"].items():
            first = None if its["preferred"] is None else str(its["preferred"]).lower()
            assert verdicts[f"urn:assessed:{number}", name] == (its["verdict"], first, its["overriddenBy"])


def test_random_states_are_decided_alike() -> None:
    random = Random("queries")
    seen = agree([random_measurements(random) if i % 2 else random_state(random) for i in range(STATES)])
    for case in ("eligible", "not-eligible", "undetermined", "overridden True"):
        assert seen[case] >= 1_000, case
    for case in ("preferred true", "preferred false", "preferred undetermined", "preferred None"):
        assert seen[case] >= 200, case


@cache
def one() -> Bare:
    bare = Bare()
    bare.add({"ulcer": "present"}, 1)
    return bare


@pytest.mark.parametrize("word", ["eligible", "eligibleFor", "verdict", "preferred", "because", "missing"])
def test_no_verdict_is_in_what_the_queries_read(word: str) -> None:
    quads = list(one().store)
    assert quads
    for quad in quads:
        assert not quad.predicate.value.endswith("/" + word)
        assert not (isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(GR + "verdict/"))


def test_triples_say_what_the_rows_say() -> None:
    triples = {tuple(map(str, t)) for t in store().query("decide/eligible-triples").triples}
    relation = {"eligible": "eligibleFor", "not-eligible": "notEligibleFor", "undetermined": "undeterminedFor"}
    for assessed, recommendation, verdict in store().query("decide/verdicts").rows:
        assert isinstance(verdict, ox.NamedNode)
        word = relation[verdict.value.rsplit("/", 1)[-1]]
        assert (str(assessed), f"<{GR}{word}>", str(recommendation)) in triples
    first = {(str(a), str(r)) for a, r, p in store().query("decide/preferred").rows if p == ox.Literal("true")}
    assert first and first == {(s, o) for s, p, o in triples if p == f"<{GR}preferredFor>"}


def test_answers_in_the_store_say_the_same() -> None:
    """The program's answers and the queries' are in one store, each in its graph, and agree."""
    own = store().run(
        "SELECT ?assessed ?recommendation ?verdict { GRAPH graph:answers { ?assessed gr:guidelineAnswer ?g . "
        "?g gr:recommendationVerdict ?v . ?v gr:onRecommendation ?recommendation ; gr:verdict ?verdict } }"
    )
    answers = {tuple(map(str, row)) for row in own.rows}
    conflicting = f"<{GR}verdict/conflicting-data>"
    assert any(row[2] == conflicting for row in answers)
    for row in store().query("decide/verdicts").rows:
        assert tuple(map(str, row)) in answers or (str(row[0]), str(row[1]), conflicting) in answers
