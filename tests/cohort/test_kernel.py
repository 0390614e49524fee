"""Columns give the decisions of the row path, one for one."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from queries.test_other_guideline import HEART, RECOMMENDATION
from referee.generate import random_contradictable, random_measurements, random_state

import reasoner
from reasoner.cohort import Kernel, States, derivation, kernel, states
from reasoner.model import Fact, SubjectFacts

from .rowpath import Batch, by_columns, by_rows, coded

ROWS = {False: 14_000, True: 6_000}
GENERATORS = (random_state, random_measurements, random_contradictable)


@pytest.fixture(scope="module", params=[False, True], ids=["default", "strict"])
def loaded(request: pytest.FixtureRequest) -> reasoner.Reasoner:
    return reasoner.load(strict=request.param)


@pytest.fixture(scope="module")
def own(loaded: reasoner.Reasoner) -> Kernel:
    return loaded.kernel()


def findings_of(seed: int, count: int) -> list[dict[str, Any]]:
    random = Random(seed)
    return [random.choice(GENERATORS)(random) for _ in range(count)]


def same(loaded: reasoner.Reasoner, own: Kernel, facts: list[SubjectFacts], batch: Batch) -> Counter[str]:
    """Assert that a batch is decided as its subjects are; how often each verdict came."""
    results = own.decide(batch, len(facts), reasons=True)
    alone = own.decide(batch, len(facts), missing=False)
    assert (alone.invalid == results.invalid).all()
    seen: Counter[str] = Counter()
    for row, subject in enumerate(facts):
        state = loaded.state(subject)
        expected = by_rows(loaded, state, own.kind)
        assert by_columns(results, row) == expected, subject.facts
        assert [t[:6] for t in by_columns(alone, row)] == [t[:6] for t in expected], subject.facts
        assert results.invalid[row] == any(r.severity == "Violation" for r in state.results)
        for told in expected:
            seen[told.verdict] += 1
            seen[f"preferred {told.preferred}"] += 1
            seen["missing"] += bool(told.missing)
            seen["assumed"] += bool(told.assumed)
            seen["overridden"] += told.overridden is not None
    return seen


def test_rows_are_decided_as_one_by_one(loaded: reasoner.Reasoner, own: Kernel) -> None:
    rows = findings_of(11, ROWS[loaded.strict])
    seen = same(loaded, own, [loaded.subject_of(row) for row in rows], coded(own, rows))
    least = {"eligible", "not-eligible", "undetermined", "conflicting-data", "missing", "overridden"}
    least |= {f"preferred {word}" for word in ("true", "false", "undetermined", None)}
    assert {name for name, count in seen.items() if count > 100} >= least | (set() if loaded.strict else {"assumed"})


def said(random: Random, own: Kernel, name: str) -> tuple[int, list[Fact]]:
    """A code of any kind, and facts that mean the same; numbers are drawn anew from their cells."""
    code, finding = own.codes[name], own.model.findings[name]
    if random.random() < 0.4:
        return (code.unsettled if random.random() < 0.3 else 0), []

    def one(place: int) -> Fact:
        return Fact(name, 1 << place) if code.cuts is None else Fact(name, number=random.uniform(*code.numbers[place]))

    places = random.sample(range(code.width), min(code.width, random.choice((1, 1, 1, 2, 3))))
    if len(places) == 1:
        return (places[0] + 1 if code.cuts is not None else 1 << places[0]), [one(places[0])]
    mask = sum(1 << place for place in places)
    if code.cuts is None and random.random() < 0.5:
        assert mask <= finding.full
        return mask, [Fact(name, mask)]
    return code.flag | mask, [one(place) for place in places]


def test_contradictions_and_doubts_are_decided_alike(loaded: reasoner.Reasoner, own: Kernel) -> None:
    random = Random(12)
    subjects, codes = [], []
    for _ in range(1500):
        row = {name: said(random, own, name) for name in own.codes}
        facts = tuple(fact for _, own_facts in row.values() for fact in own_facts)
        unsettled = frozenset(name for name, (code, _) in row.items() if code == own.codes[name].unsettled)
        subjects.append(SubjectFacts("urn:subject", None, own.kind, None, facts, unsettled=unsettled))
        codes.append({name: code for name, (code, _) in row.items()})
    batch = {name: np.array([row[name] for row in codes], code.dtype) for name, code in own.codes.items()}
    seen = same(loaded, own, subjects, batch)
    assert seen["conflicting-data"] > 100
    counts: Counter[tuple[str, str | None]] = Counter()
    for subject in subjects:
        counts.update((r.severity, r.path) for r in loaded.state(subject).results)
    found: Counter[tuple[str, str | None]] = Counter()
    for (severity, path, _), rows in own.violations(batch, len(subjects)).items():
        found[severity, path] += rows
    assert found == counts


def test_a_coded_contradiction_needs_no_values(own: Kernel) -> None:
    for name, code in own.codes.items():
        if code.cuts is None:
            codes = np.array([code.contradicted, code.flag | 1, code.flag | (1 << code.width) - 1], code.dtype)
            found = own.states({name: codes}, slice(0, 3))
            assert len({tuple(found.cube[:, i].tolist()) for i in range(3)}) == 1
            assert found.invalid.all()


def test_states_of_the_row_path_can_be_added(loaded: reasoner.Reasoner, own: Kernel) -> None:
    random = Random(13)
    dates = (None, "2026-01-01", "2026-02-01", "2026-03")
    made = []
    for findings in findings_of(13, 600):
        facts = loaded.subject_of(findings).facts
        more = [fact for fact in loaded.subject_of(random_measurements(random)).facts if random.random() < 0.3]
        dated = [Fact(f.finding, f.mask, f.number, random.choice(dates)) for f in (*facts, *more)]
        made.append(loaded.state(SubjectFacts("urn:subject", None, own.kind, None, tuple(dated))))
    rows = findings_of(14, 100)
    joined = States.joined([own.states(coded(own, rows), slice(0, 100)), own.from_states(made)])
    results = own.decide(joined, len(joined), reasons=True)
    made = [*(loaded.state(loaded.subject_of(row)) for row in rows), *made]
    for row, state in enumerate(made):
        assert by_columns(results, row) == by_rows(loaded, state, own.kind)
    assert sum(bool(state.overruled) for state in made) > 20


def test_a_cell_stands_for_each_of_its_numbers(loaded: reasoner.Reasoner, own: Kernel) -> None:
    random = Random(15)
    numeric = [finding for finding in own.model.findings.values() if finding.range is not None]
    assert numeric
    for finding in numeric * 60:
        others = {n: v for n, v in random.choice(GENERATORS)(random).items() if n != finding.notation}
        range_ = finding.range
        assert range_ is not None and range_.minimum is not None and range_.maximum is not None
        number = random.uniform(range_.minimum, range_.maximum)
        number = round(number) if range_.integer else number
        state = loaded.state(loaded.subject_of({**others, finding.notation: number}))
        found = own.states(coded(own, [{**others, finding.notation: number}]), slice(0, 1))
        alone = own.from_states([state])
        for name in ("cube", "recorded", "doubtful", "assumed", "invalid"):
            assert getattr(found, name).tolist() == getattr(alone, name).tolist(), (finding.notation, number)


def test_nothing_recorded_and_nobody(loaded: reasoner.Reasoner, own: Kernel) -> None:
    nobody = own.decide({}, 0)
    assert len(nobody) == 0 and all(len(array) == 0 for array in nobody.verdict)
    same(loaded, own, [loaded.subject_of({})] * 3, {})
    same(loaded, own, [loaded.subject_of({})], coded(own, [{}]))


def test_blocks_and_threads_change_nothing(own: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = coded(own, findings_of(16, 1000))
    whole = own.decide(batch, 1000)
    monkeypatch.setattr(kernel, "_BLOCK", 96)
    for n in (1000, 97, 96, 95, 65, 64, 63, 1):
        part = own.decide({name: column[:n] for name, column in batch.items()}, n, threads=3)
        for name in ("verdict", "preferred", "overridden", "missing", "assumed", "scope", "applicability"):
            for one, other in zip(getattr(part, name), getattr(whole, name), strict=True):
                assert one is other is None or (one == other[:n]).all()


@pytest.mark.parametrize(("name", "value"), [("_QUICK", 1 << 18), ("_QUICK", 2000), ("_BITS", 32)])
def test_verdicts_alone_by_one_look_up_a_group_are_the_same(
    loaded: reasoner.Reasoner, own: Kernel, monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    """Whether or not the tables are large, know the combination already, or have several words."""
    random = Random(20)
    rows = [{name: said(random, own, name)[0] for name in own.codes} for _ in range(200)]
    odd = {name: np.array([row[name] for row in rows], code.dtype) for name, code in own.codes.items()}
    plain = coded(own, findings_of(17, 1000))
    batch = {name: np.concatenate([plain[name], odd[name]]) for name in own.codes}
    whole = own.decide(batch, 1200)
    monkeypatch.setattr(states if name == "_BITS" else derivation, name, value)
    monkeypatch.setattr(kernel, "_BLOCK", 96)
    other = Kernel(loaded)
    assert (other.register.words > 1) == (name == "_BITS")
    for _ in range(2):
        alone = other.decide(batch, 1200, missing=False, threads=3)
        assert alone.missing is alone.assumed is None
        assert (alone.invalid == whole.invalid).all()
        for told in ("verdict", "preferred", "overridden", "scope", "applicability"):
            for one, expected in zip(getattr(alone, told), getattr(whole, told), strict=True):
                assert one is expected is None or (one == expected).all()


def test_tables_too_large_are_replaced_by_dictionaries(
    loaded: reasoner.Reasoner, own: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derivation, "_DENSE", 1)
    sparse = Kernel(loaded)
    batch = coded(own, findings_of(17, 300))
    one, other = sparse.states(batch, slice(0, 300)), own.states(batch, slice(0, 300))
    assert (one.cube == other.cube).all() and (one.assumed == other.assumed).all()


def test_a_kernel_can_be_sent_to_another_process(own: Kernel) -> None:
    batch = coded(own, findings_of(18, 50))
    copy = pickle.loads(pickle.dumps(own))
    for one, other in zip(copy.decide(batch, 50).verdict, own.decide(batch, 50).verdict, strict=True):
        assert (one == other).all()


def test_findings_that_derivations_couple_are_told(own: Kernel) -> None:
    derived = {grading.finding for grading in reasoner.load().knowledge.derivations.gradings}
    assert derived <= {name for group in own.coupled for name in group}
    assert sum(len(group) for group in own.coupled) < len(own.codes)


def test_what_is_no_code_is_refused(own: Kernel) -> None:
    name, code = next((n, c) for n, c in own.codes.items() if c.cuts is None)
    with pytest.raises(reasoner.UsageError, match="no code"):
        own.decide({name: np.array([code.radix], code.dtype)}, 1)
    with pytest.raises(reasoner.UsageError, match="coded as"):
        own.decide({name: np.array([1], np.int64)}, 1)
    with pytest.raises(reasoner.UsageError, match="no finding"):
        own.decide({"shoe-size": np.array([1], np.uint8)}, 1)
    with pytest.raises(reasoner.UsageError, match="rows"):
        own.decide({name: np.array([1], code.dtype)}, 2)
    with pytest.raises(reasoner.UsageError, match="no guideline decides"):
        reasoner.load().kernel("Shoe")


@pytest.fixture(scope="module")
def heart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[reasoner.Reasoner]:
    """Persons, numbers in the criteria, and two axioms that can be kept one by one but not together."""
    folder = tmp_path_factory.mktemp("heart")
    (folder / "ontology" / "heart").mkdir(parents=True)
    coded = "".join(
        f"""
gr:{name} a owl:ObjectProperty, owl:FunctionalProperty, gr:Finding ; rdfs:label "{name}" ; skos:notation "{name}" ;
  rdfs:domain gr:Patient ; rdfs:range gr:{name.capitalize()} ; gr:whenNotRecorded policy:ask .
gr:{name.capitalize()} a owl:Class ; owl:equivalentClass [ a owl:Class ; owl:oneOf ( gr:{name}-no gr:{name}-yes ) ] .
gr:{name}-no a gr:{name.capitalize()} ; skos:notation "no" ; gr:order 0 .
gr:{name}-yes a gr:{name.capitalize()} ; skos:notation "yes" ; gr:order 1 .
gr:Has{name} a owl:Class ; owl:equivalentClass
  [ a owl:Restriction ; owl:onProperty gr:{name} ; owl:hasValue gr:{name}-yes ] .
gr:Not{name} a owl:Class ; owl:equivalentClass
  [ a owl:Restriction ; owl:onProperty gr:{name} ; owl:hasValue gr:{name}-no ] .
"""
        for name in ("apple", "pear", "plum")
    )
    axioms = "gr:Hasapple rdfs:subClassOf gr:Hasplum . gr:Haspear rdfs:subClassOf gr:Notplum .\n"
    asked = [("h-1", 1, "AtRisk", ""), ("h-2", 2, "Anybody", ""), ("h-3", 3, "Over75", ""), ("h-5", 4, "Hasplum", "")]
    asked.append(("h-4", 9, "Smoker", "; gr:overrides decision:drug"))
    rest = "".join(RECOMMENDATION.format(name=n, line=li, eligibility=e, more=m) for n, li, e, m in asked)
    (folder / "ontology" / "heart" / "heart.ttl").write_text(HEART + coded + axioms + rest)
    yield reasoner.load(Path(folder))


def test_another_guideline_about_persons(heart: reasoner.Reasoner) -> None:
    random = Random(19)
    values = [None, "no", "yes", ["no", "yes"]]
    rows = [
        {"age": random.choice((None, 20, 40, 41, 74, 75, 90))}
        | {name: random.choice(values) for name in ("smoking", "apple", "pear", "plum")}
        for _ in range(1500)
    ]
    own = heart.kernel()
    subjects = [heart.subject_of(row) for row in rows]
    assert sum(heart.state(subject).impossible for subject in subjects) > 20
    seen = same(heart, own, subjects, coded(own, rows))
    assert min(seen[word] for word in ("eligible", "not-eligible", "undetermined", "conflicting-data")) > 20
