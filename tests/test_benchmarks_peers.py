"""The peers that cohorts are measured beside answer the same questions: where both are definite, they agree."""

from __future__ import annotations

import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("polars", reason="polars is not installed")

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "peers")]

from generate import Cohort, bundle, write  # noqa: E402

import reasoner  # noqa: E402

PATIENTS = 300
GRAPHS = 6
CQL = 50
Verdicts = dict[str, dict[str, str]]


@cache
def loaded() -> reasoner.Reasoner:
    return reasoner.load()


@cache
def bundles() -> list[bytes]:
    """Patients without odd shapes, which peers do not look for."""
    return [bundle(own).encode() for own in Cohort(1, 0).patients(0, PATIENTS)]


@cache
def verdicts() -> Verdicts:
    """By lesion, what `assess` says."""
    found: Verdicts = {}
    for one in bundles():
        for subject in loaded().assess(one).to_dict()["subjects"]:
            found[subject["reference"].rpartition("/")[2]] = {
                own["id"]: own["verdict"] for guideline in subject["guidelines"] for own in guideline["recommendations"]
            }
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cohort")
    write(out, PATIENTS, "bulk", 2, False, Cohort(1, 0))
    return out


def compared(theirs: dict[str, dict[str, Any]], recommendations: int) -> Counter[str]:
    """Hold the answers of a peer to ours; it must answer something."""
    from cohort_peers import agreement

    assert {len(said) for said in theirs.values()} == {recommendations}
    counts, differ = agreement(verdicts(), theirs)
    assert differ == []
    assert counts["other lesions"] == 0
    assert any(
        verdicts()[lesion][name] == "eligible" and said[name] for lesion, said in theirs.items() for name in said
    )
    return counts


def test_sql_by_hand_agrees_with_us(folder: Path) -> None:
    duck = pytest.importorskip("duck", reason="duckdb is not installed")
    theirs = duck.answers(folder)
    assert theirs.keys() == verdicts().keys()
    counts = compared(theirs, 33)
    assert counts["same"] > 20 * counts["definite, but it cannot tell"]


def test_structs_and_rules_by_hand_agree_with_us(folder: Path) -> None:
    typed = pytest.importorskip("typed", reason="msgspec is not installed")
    theirs = typed.answers(folder)
    assert theirs.keys() == verdicts().keys()
    assert compared(theirs, 33)["open"] == 0, "a two-valued peer leaves nothing open"


def test_ask_over_a_validated_graph_agrees_with_us() -> None:
    graphs = pytest.importorskip("graphs", reason="pyshacl is not installed")
    pipeline = graphs.Pipeline(loaded())
    eligible = [one for one in bundles() if any(v == "eligible" for v in _first(one, pipeline.asked))][:GRAPHS]
    theirs = {lesion: said for one in eligible for lesion, said in pipeline.answers(one).items()}
    compared(theirs, 8)


def _first(one: bytes, names: Any) -> list[str]:
    """The verdicts of the lesions of a Bundle for some recommendations."""
    lesions = [lesion for lesion in verdicts() if lesion.encode() in one]
    return [verdicts()[lesion][name] for lesion in lesions for name in names]


def test_the_cql_engine_agrees_with_us(tmp_path: Path) -> None:
    import cql_engine

    modules = cql_engine.installed()
    if isinstance(modules, str):
        pytest.skip(modules)
    path = tmp_path / "bundles.ndjson"
    path.write_bytes(b"\n".join(bundles()[:CQL]) + b"\n")
    _, theirs = cql_engine.run(modules, path)
    compared(theirs, 8)


def test_peers_ask_for_recommendations_that_we_have() -> None:
    known = {own.recommendation.id for decider in loaded().deciders for own in decider.compiled}
    sparql = {path.stem for path in (BENCHMARKS / "peers" / "sparql").glob("*.rq")} - {"prefixes"}
    cql = (BENCHMARKS / "peers" / "cql" / "offloading.cql").read_text(encoding="utf-8")
    elm = (BENCHMARKS / "peers" / "cql" / "offloading.elm.json").read_text(encoding="utf-8")
    assert len(sparql) == 8
    assert sparql <= known
    for name in sparql:
        assert f'"{name}": ' in cql
        assert f'"name":"{name}"' in elm
