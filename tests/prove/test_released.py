"""The released knowledge: no alarm, two back ends that agree, and witnesses that ``assess`` replays."""

from __future__ import annotations

from functools import cache

from reasoner.assess import Reasoner
from reasoner.graph import GR
from reasoner.knowledge import Knowledge, load_knowledge
from reasoner.prove import Proof, proofs
from reasoner.prove.replay import differences

KINDS = 20
LEAST = 700
TEXTS = {
    "no recommendation for a plantar ulcer without neuropathy": {"plantar-without-neuropathy"},
    "no surgical option after failure": {
        "no-surgery-rigid-lesser-digit", "no-surgery-other-forefoot", "no-surgery-midfoot", "no-surgery-heel",
        "no-surgery-non-plantar-hallux", "no-surgery-non-plantar-metatarsal-head", "no-surgery-for-other-calcification",
    },
    "no second operation": {"second-operation", "second-operation-in-calcification"},
}  # fmt: skip
"""The gaps of docs/readings.md that are about a class of lesions."""


@cache
def released() -> Knowledge:
    return load_knowledge()


@cache
def found() -> list[Proof]:
    return proofs(released())


def test_there_is_no_alarm() -> None:
    assert [f"{own.status} {own.obligation.id}" for own in found() if own.is_alarm] == []
    assert len(found()) >= LEAST


def test_both_back_ends_were_asked_and_agree() -> None:
    assert all(len(own.answers) == 2 and len(set(own.answers)) == 1 for own in found())


def test_every_kind_of_proof_is_declared_and_described() -> None:
    kinds = {iri.rsplit("/", 1)[-1] for iri in released().graph.instances(GR + "ProofKind")}
    assert {own.obligation.kind for own in found()} <= kinds
    assert len(kinds) == KINDS


def test_names_of_obligations_are_unique() -> None:
    names = [own.obligation.id for own in found()]
    assert len(names) == len(set(names))


def test_what_is_known_is_acknowledged_and_replays() -> None:
    known = [own for own in found() if own.status == "known"]
    assert len(known) > 20
    for proof in known:
        assert all(own.reason and own.source for own in proof.acknowledged), proof.obligation.id
        assert proof.witness is not None and proof.witness.replays == (), proof.obligation.id
        for form in (proof.witness.turtle, proof.witness.fhir):
            strict, default = (reasoner.assess(form.encode()).to_dict() for reasoner in reasoners())
            assert differences(strict, default, proof.witness.claims) == [], proof.obligation.id


@cache
def reasoners() -> tuple[Reasoner, Reasoner]:
    return Reasoner(released(), strict=True), Reasoner(released())


def test_the_known_gaps_of_the_readings_are_declared_and_no_others() -> None:
    declared = {gap.id for guideline in released().guidelines for gap in guideline.gaps if gap.when}
    assert declared == set().union(*TEXTS.values())


def test_every_declared_gap_is_true_and_needed() -> None:
    status = {own.obligation.id: own.status for own in found()}
    for gap in set().union(*TEXTS.values()):
        assert status[f"needless-gap:{gap}"] == "proved"
        true = [one for name, one in status.items() if name.startswith(f"untrue-gap:{gap}+")]
        assert true and set(true) == {"proved"}


def test_only_a_declared_gap_excuses_a_missing_recommendation() -> None:
    """No acknowledgement stands in for a gap that readers are told of."""
    status = {own.obligation.id: own.status for own in found() if own.obligation.kind in ("gap", "unmet-demand")}
    assert "unmet-demand:calcification-surgery-after-failure" in status
    assert set(status.values()) == {"proved"}
