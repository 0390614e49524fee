"""Random patients: partial states and measurement sets, from a seeded generator.

A state comes from one whole patient, of whom some findings are then forgotten, some remembered only in part; so it
always has a completion. Most of the whole patients are drawn so that a chosen recommendation is eligible for them:
criteria of ten findings are seldom met by chance, and what is never eligible would never be tested. Densities differ
from state to state, from everything known to most things unknown.
"""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from .brute_force import Question, eligibility, is_consistent
from .derivations import Recorded
from .readings import ELIGIBLE, FINDINGS, GRADES, LESSER_DIGIT, METATARSAL_HEAD, VALUES

Findings = dict[str, Recorded]

RECOMMENDATIONS = [(guideline, name) for guideline, formulas in ELIGIBLE.items() for name in formulas]


def random_state(random: Random) -> Findings:
    """What might be recorded of one lesion: values, possible values, or nothing, of the findings that decide."""
    patient = _any_patient(random)
    if random.random() < 0.7:
        patient = _patient_for(random, *random.choice(RECOMMENDATIONS))
        if random.random() < 0.3:
            patient = _near(random, patient)
    known = random.choice((0.4, 0.7, 0.85, 0.95, 0.98, 1.0))
    partly = random.choice((0.0, 0.1, 0.4))
    findings: Findings = {}
    for finding, value in patient.items():
        if random.random() < known:
            findings[finding] = _blurred(random, finding, value) if random.random() < partly else value
    return _made_recordable(random, findings)


def random_measurements(random: Random) -> Findings:
    """What might be recorded of one lesion with pressures and signs instead of grades, and some findings besides."""
    findings = random_state(random)
    for derived in ("ischaemia-grade", "vascular-assessment", "infection-grade", "osteomyelitis"):
        findings.pop(derived, None)
    density = random.choice((0.3, 0.6, 0.9))

    def maybe(finding: str, *values: Recorded) -> None:
        if random.random() < density:
            findings[finding] = random.choice(values)

    maybe("ankle-brachial-index", *_around(0.4, 0.6, 0.8, 1.3, step=0.005), round(random.uniform(0, 3), 2))
    maybe("ankle-pressure", *_around(50, 70, 100, step=0.5), round(random.uniform(0, 300), 1))
    if random.random() < 0.6:
        maybe("toe-pressure", *_around(30, 40, 60, step=0.5), round(random.uniform(0, 120), 1))
        maybe("tcpo2", *_around(30, 40, 60, step=0.5), round(random.uniform(0, 100), 1))
    maybe("local-infection-signs", 0, 1, 2, 3, 5)
    # Redness wider than half a centimetre is itself a sign: with none it would contradict.
    if findings.get("local-infection-signs") != 0:
        maybe("erythema-extent", *_around(0.5, 2, step=0.1), round(random.uniform(0, 30), 1))
    maybe("deep-tissue-involvement", "present", "absent")
    maybe("sirs-criteria", 0, 1, 2, 4)
    maybe("osteomyelitis", "present", "absent", "absent")
    return findings


def random_contradictable(random: Random) -> Findings:
    """Measurements that settle a grade, and a recorded grade that may be another one."""
    findings = random_measurements(random)
    findings["toe-pressure"] = random.choice((10, 35, 50, 80))
    findings.pop("ankle-brachial-index", None)
    findings.pop("ankle-pressure", None)
    findings["ischaemia-grade"] = random.choice(GRADES)
    findings["local-infection-signs"] = random.choice((1, 3))
    findings["sirs-criteria"] = random.choice((0, 3))
    findings["erythema-extent"] = random.choice((0.4, 3.0))
    findings["osteomyelitis"] = "absent"
    findings["deep-tissue-involvement"] = random.choice(("present", "absent"))
    findings["infection-grade"] = random.choice(GRADES)
    return findings


def _any_patient(random: Random) -> dict[str, str]:
    while True:
        patient = {finding: random.choice(values) for finding, values in VALUES.items()}
        if is_consistent({finding: frozenset([value]) for finding, value in patient.items()}):
            return patient


def _patient_for(random: Random, guideline: str, recommendation: str) -> dict[str, str]:
    """Somebody for whom the recommendation is eligible."""
    question, cells = _eligible_cells(guideline, recommendation)
    cell = np.unravel_index(cells[random.randrange(len(cells))], question.yes.shape)
    fixed = {finding: VALUES[finding][at] for finding, at in zip(question.axes, cell, strict=True)}
    while True:
        patient = _any_patient(random) | fixed
        if is_consistent({finding: frozenset([value]) for finding, value in patient.items()}):
            return patient


@cache
def _eligible_cells(guideline: str, recommendation: str) -> tuple[Question, NDArray[np.intp]]:
    question = eligibility(guideline)[recommendation]
    return question, np.flatnonzero(question.yes)


def _near(random: Random, patient: dict[str, str]) -> dict[str, str]:
    """The same patient with one finding changed."""
    while True:
        finding = random.choice(FINDINGS)
        changed = patient | {finding: random.choice(VALUES[finding])}
        if is_consistent({name: frozenset([value]) for name, value in changed.items()}):
            return changed


def _blurred(random: Random, finding: str, value: str) -> Recorded:
    """A value known only in part, where there is more than two to confuse it with."""
    others = [other for other in VALUES[finding] if other != value]
    if len(others) < 2:
        return value
    if finding == "site":
        named = [group for group in (METATARSAL_HEAD, LESSER_DIGIT, ("midfoot", "heel")) if value in group]
        if named and random.random() < 0.6:
            return list(named[0])
    also = {value, *random.sample(others, random.randrange(1, len(others)))}
    return [other for other in VALUES[finding] if other in also]


def recordable(findings: Findings) -> bool:
    """Whether nobody would reject the findings as contradicting, or could read them in more than one way.

    An ischaemia grade means that the vessels were assessed; one known only in part leaves open whether they were.
    Bone infection narrows an infection grade that is not recorded; one known only in part leaves open which governs.
    """
    ischaemia, vascular = findings.get("ischaemia-grade"), findings.get("vascular-assessment")
    if ischaemia is not None and vascular == "not-done":
        return False
    if isinstance(ischaemia, list) and vascular != "done":
        return False
    return not (isinstance(findings.get("infection-grade"), list) and findings.get("osteomyelitis") == "present")


def _made_recordable(random: Random, findings: Findings) -> Findings:
    """The findings, with what stands in the way of recording them settled or left out."""
    if findings.get("vascular-assessment") == "not-done":
        findings.pop("ischaemia-grade", None)
    elif isinstance(findings.get("ischaemia-grade"), list):
        findings["vascular-assessment"] = "done"
    infection = findings.get("infection-grade")
    if isinstance(infection, list) and findings.get("osteomyelitis") == "present":
        findings["infection-grade"] = random.choice(infection)
    assert recordable(findings)
    return findings


def _around(*bounds: float, step: float) -> list[Recorded]:
    """Each bound, and the values next to it on either side."""
    return [round(bound + shift * step, 3) for bound in bounds for shift in (-1, 0, 1)]
