"""The program equals the referee: on random partial states, on random measurements, and on the given samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

import reasoner

from . import answers
from .brute_force import Answer, axes_of, judge
from .derivations import Derived, derive
from .generate import RECOMMENDATIONS, Findings, random_contradictable, random_measurements, random_state
from .readings import ASSUMED, ELIGIBLE, FINDINGS, GRADES, LINES, VALUES

STATES = 10_000
MEASUREMENTS = 2_500
CONTRADICTIONS = 250

EACH_VERDICT = 30
"""Among 10,000 states every recommendation has every verdict at least this often; else the generator is at fault."""

GRADED: dict[str, tuple[str, ...]] = {
    "ischaemia-grade": GRADES,
    "infection-grade": GRADES,
    "vascular-assessment": VALUES["vascular-assessment"],
}
MODES = pytest.mark.parametrize("strict", [True, False], ids=["strict", "default-policy"])


class Comparison:
    """Counts what was compared, and keeps the first differences with the patient that shows them."""

    def __init__(self) -> None:
        self.compared = 0
        self.seen: Counter[tuple[str, str]] = Counter()
        self.wrong: list[str] = []

    def add(self, findings: Findings, expected: Answer, differences: list[str]) -> None:
        """One patient more."""
        self.compared += 1
        for guideline, guidance in expected.guidelines.items():
            self.seen[guideline, guidance.scope] += 1
            for name, its in guidance.recommendations.items():
                self.seen[name, its.verdict] += 1
                self.seen[name, f"preferred {its.preferred}"] += 1
                self.seen[name, f"overridden {its.overridden_by}"] += 1
                if its.assumed:
                    self.seen[name, "assumed"] += 1
        if differences:
            self.wrong.append("\n  ".join([repr(findings), *differences[:8]]))

    def conclude(self, minimum: int) -> None:
        """No difference, among enough patients."""
        assert not self.wrong, f"{len(self.wrong)} of {self.compared} differ:\n" + "\n".join(self.wrong[:5])
        assert self.compared >= minimum

    def reached(self, case: str, minimum: int, names: list[str]) -> None:
        """Each of these was really tested."""
        rare = {name: self.seen[name, case] for name in names if self.seen[name, case] < minimum}
        assert not rare, f"too few with {case}: {rare}"


def referee(findings: Findings, *, strict: bool) -> tuple[Derived, Answer]:
    """What the referee derives and says; a grade from the ankle alone counts as assumed."""
    derived = derive(findings, strict=strict)
    if not derived.ankle_only:
        return derived, judge(derived.state, strict=strict)
    asked = derive(findings, strict=True).state
    return derived, judge(derived.state, strict=strict, asked=asked, defaulted=["ischaemia-grade"])


@MODES
def test_random_states_get_the_same_answer(strict: bool) -> None:
    guideline = reasoner.load(strict=strict)
    random = Random(f"states {strict}")
    comparison = Comparison()
    for _ in range(STATES):
        findings = random_state(random)
        _, expected = referee(findings, strict=strict)
        actual = answers.from_product(guideline.assess_findings(findings))
        comparison.add(findings, expected, answers.differences(expected, actual))
    comparison.conclude(minimum=STATES)

    every = [name for _, name in RECOMMENDATIONS]
    for verdict in ("eligible", "not-eligible", "undetermined"):
        comparison.reached(verdict, EACH_VERDICT, every)
    for scope in ("in-scope", "out-of-scope", "undetermined"):
        comparison.reached(scope, EACH_VERDICT, ["iwgdf-offloading-2023", "metatarsal-calcification"])
    for outcome in ("preferred True", "preferred False", "preferred undetermined"):
        comparison.reached(outcome, 10, list(LINES))
    comparison.reached("overridden iwgdf-ext-1", 10, ["iwgdf-8", "iwgdf-9"])
    comparison.reached("overridden stc-21", 10, ["stc-12"])
    if not strict:
        comparison.reached("assumed", EACH_VERDICT, [name for name in every if rests_on_defaults(name)])


def rests_on_defaults(recommendation: str) -> bool:
    """Whether the criteria of a recommendation look at a finding that the default policy may assume."""
    (truth,) = (formulas[recommendation] for formulas in ELIGIBLE.values() if recommendation in formulas)
    return not set(axes_of(truth)).isdisjoint(ASSUMED)


@MODES
def test_random_measurements_get_the_same_grades_and_the_same_answer(strict: bool) -> None:
    guideline = reasoner.load(strict=strict)
    random = Random(f"measurements {strict}")
    comparison = Comparison()
    seen: Counter[tuple[str, frozenset[str]]] = Counter()
    ankle_only = 0
    for _ in range(MEASUREMENTS):
        findings = random_measurements(random)
        derived, expected = referee(findings, strict=strict)
        subject = guideline.assess_findings(findings)
        wrong = answers.differences(expected, answers.from_product(subject))
        for finding, values in GRADED.items():
            grades = derived.state.get(finding, frozenset(values))
            seen[finding, grades] += 1
            if (got := shown(subject, finding)) != grades:
                wrong.insert(0, f"{finding}: the referee says {sorted(grades)}, not {sorted(got)}")
        assumptions = [item["finding"] for item in subject["assumed"] if item["policy"] == "ankle-only"]
        if assumptions != ["ischaemia-grade"] * derived.ankle_only:
            wrong.insert(0, f"ankle-only: the referee says {derived.ankle_only}, not {assumptions}")
        ankle_only += derived.ankle_only
        comparison.add(findings, expected, wrong)
    comparison.conclude(minimum=MEASUREMENTS)

    for finding, values in GRADED.items():
        for value in values[:1] if finding == "vascular-assessment" else values:
            assert seen[finding, frozenset([value])] >= 20, (finding, value)
        assert seen[finding, frozenset(values)] >= 20, (finding, "unknown")
    narrowed = [grades for finding, grades in seen if finding == "infection-grade" and 1 < len(grades) < len(GRADES)]
    assert len(narrowed) >= 8, "infection known in part, in many ways"
    assert ankle_only == 0 if strict else ankle_only >= 300


@MODES
def test_a_recorded_grade_against_the_derived_one_counts_as_unknown(strict: bool) -> None:
    guideline = reasoner.load(strict=strict)
    random = Random(f"contradictions {strict}")
    conflicting: Counter[str] = Counter()
    for _ in range(CONTRADICTIONS):
        findings = random_contradictable(random)
        derived, expected = referee(findings, strict=strict)
        subject = guideline.assess_findings(findings)
        for finding in ("ischaemia-grade", "infection-grade"):
            conflict = derived.conflicts.get(finding)
            conflicting[finding] += conflict is not None
            got = subject["findings"][finding]
            if conflict:
                assert got.keys() == {"conflict"} and sorted(got["conflict"]) == sorted(conflict), findings
            else:
                assert got == findings[finding], findings
        actual = answers.from_product(subject)
        for name, its in expected.guidelines.items():
            for key, judgement in its.recommendations.items():
                said = actual.guidelines[name].recommendations[key]
                if not derived.conflicts or judgement.verdict != "undetermined":
                    assert (said.verdict, said.missing) == (judgement.verdict, judgement.missing), (key, findings)
                elif not derived.conflicts.keys().isdisjoint(judgement.missing):
                    assert (said.verdict, said.missing) == ("conflicting-data", ()), (key, findings)
    assert min(conflicting["ischaemia-grade"], conflicting["infection-grade"]) >= 100


@pytest.mark.parametrize("source", ["findings", "bundle"])
def test_the_given_samples_get_the_expected_answer(source: str) -> None:
    guideline = reasoner.load()
    read: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "findings": lambda sample: guideline.assess_findings(answers.recorded(sample)),
        "bundle": lambda sample: _only(guideline.assess(sample["bundle"]).to_dict()["subjects"]),
    }
    samples = answers.samples()
    wrong = []
    for sample in samples:
        subject = read[source](sample)
        # The samples list what was defaulted; a grade that trusts the ankle is not among that.
        defaulted = [item for item in subject["assumed"] if item["policy"] != "ankle-only"]
        actual = answers.without_detail(answers.from_product({**subject, "assumed": defaulted}))
        if differences := answers.differences(answers.from_sample(sample["expected"]), actual):
            wrong.append("\n  ".join([sample["bundle"]["id"], *differences]))
    assert not wrong, "\n".join(wrong)
    assert len(samples) == 60


def _only(subjects: list[dict[str, Any]]) -> dict[str, Any]:
    assert len(subjects) == 1
    return subjects[0]


def shown(subject: dict[str, Any], finding: str) -> frozenset[str]:
    """The values that an answer leaves possible of a graded finding; an assumed one is listed apart."""
    value = subject["findings"][finding]
    if value is None:
        value = next((item["value"] for item in subject["assumed"] if item["finding"] == finding), None)
    if value is None:
        return frozenset(GRADED[finding])
    return frozenset([value] if isinstance(value, str) else value["possible"])


def test_every_finding_that_decides_is_in_the_answer() -> None:
    subject = reasoner.load().assess_findings({"ulcer": "present"})
    assert set(FINDINGS) <= subject["findings"].keys()
    assert subject["findings"]["ulcer"] == "present"
    assert subject["findings"]["aspect"] is None
