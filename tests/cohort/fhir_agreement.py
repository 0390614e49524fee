"""Compares what columns make of FHIR with what the row path makes of it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from reasoner import Reasoner
from reasoner.cohort.coding import coding
from reasoner.cohort.fhir.assemble import Assembled
from reasoner.cohort.fhir.rowpath import local
from reasoner.cohort.fhir.tally import Tally
from reasoner.derive import State
from reasoner.inputs import FhirInput
from reasoner.model import SubjectFacts
from reasoner.superseded import without_replaced

Decided = tuple[int, int, int, frozenset[tuple[str, int, str]]]


def decided(state: State) -> Decided:
    """All of a state that any verdict rests on."""
    return (
        state.cube,
        state.recorded,
        state.doubtful,
        frozenset((a.finding, a.bits, a.policy) for a in state.assumptions),
    )


def expected(
    reasoner: Reasoner, inputs: Iterable[tuple[list[dict[str, Any]], Sequence[str | None]]],
    on: datetime.date | None = None,
) -> tuple[Counter[tuple[str | None, str | None, Decided]], Tally]:  # fmt: skip
    """What the row path reads: each subject with its state, and the counts."""
    subjects: Counter[tuple[str | None, str | None, Decided]] = Counter()
    tally = Tally()
    for resources, urls in inputs:
        reading = reasoner.read(FhirInput("", resources, list(urls)), on)
        states = reasoner.decided(reading)
        tally.add_reading(without_replaced(reading, states))
        names = {
            u: f"Patient/{r['id']}"
            for r, u in zip(resources, urls, strict=True)
            if u and r.get("resourceType") == "Patient"
        }
        for subject, state in states:
            patient = None if subject.patient is None else names.get(subject.patient) or local(subject.patient)
            subjects[patient, subject.reference or subject.iri, decided(state)] += 1
    return subjects, tally


def found(reasoner: Reasoner, assembled: Assembled) -> Counter[tuple[str | None, str | None, Decided]]:
    """What columns read, their codes turned into states one by one."""
    codes = list(coding(reasoner.knowledge.model, reasoner.program.space).values())
    kind = min(guideline.kind for guideline in reasoner.knowledge.guidelines)
    columns = [assembled.codes[code.name].tolist() for code in codes]
    known: dict[tuple[int, ...], Decided] = {}
    subjects: Counter[tuple[str | None, str | None, Decided]] = Counter()
    for patient, subject, *own in zip(assembled.patients, assembled.subjects, *columns, strict=True):
        key = tuple(own)
        if key not in known:
            facts = tuple(fact for code, value in zip(codes, key, strict=True) for fact in code.facts(value))
            unsettled = frozenset(code.name for code, value in zip(codes, key, strict=True) if value == code.unsettled)
            known[key] = decided(reasoner.state(SubjectFacts("urn:s", None, kind, None, facts, unsettled=unsettled)))
        subjects[patient, subject, known[key]] += 1
    for patient, subject, state in assembled.states:
        subjects[patient, subject, decided(state)] += 1
    return subjects
