"""A difference as plain data: the JSON of ``guideline diff``."""

from __future__ import annotations

from typing import Any

from reasoner.answer import NOTICE

from .cohort import Cohort
from .compare import Affected, Difference
from .decisions import Change
from .definitions import Redefined
from .partly import Partly
from .patients import Patient, worded
from .sides import Side

Json = dict[str, Any]


def content(difference: Difference, cohort: Cohort | None) -> Json:
    """Everything that was found, in the order of the reports: who, which decisions, which axioms, which words."""
    old, new = difference.sides
    axioms = difference.allowed
    return {
        "old": side(old),
        "new": side(new),
        "identical": difference.is_empty,
        "clinical": difference.is_clinical,
        "compared": difference.compared,
        "affected": {
            "cohort": None if cohort is None else _cohort(cohort),
            "states": [_affected(one) for one in difference.affected],
            "partlyRecorded": None if difference.partly is None else _partly(difference.partly),
        },
        "decisions": {
            "changes": [_change(change) for change in difference.decisions],
            "gradings": [
                {
                    "finding": one.finding,
                    "change": one.what,
                    "inputs": list(one.inputs),
                    "records": one.records,
                    "changed": one.changed,
                    "moves": [{"old": a, "new": b, "records": many} for a, b, many in one.moves],
                }
                for one in difference.regraded
            ],
            "rules": [
                {
                    "rule": one.id,
                    "change": one.what,
                    "details": list(one.details),
                    "states": None if one.states is None else dict(zip(_COUNTS, one.states, strict=True)),
                }
                for one in difference.rules
            ],
            "recorded": [{"finding": name, "change": what} for name, what in difference.recorded],
            "allowed": None
            if axioms is None
            else {
                "findings": list(axioms.findings),
                "states": axioms.states,
                "onlyOld": axioms.only_old,
                "onlyNew": axioms.only_new,
            },
        },
        "definitions": [_redefined(one) for one in difference.definitions],
        "metadata": [_change(change) for change in difference.metadata],
        "notice": NOTICE,
    }


_COUNTS = ("states", "gained", "lost")


def side(own: Side) -> Json:
    """What was compared: where it came from, its versions and hashes."""
    return {
        "name": own.name,
        "kind": own.kind,
        "commit": own.commit,
        "core": own.core,
        "triples": own.knowledge.graph.size,
        "guidelines": [
            {"id": g.id, "iri": g.iri, "version": g.version, "sha256": g.sha256} for g in own.knowledge.guidelines
        ],
    }


def _affected(one: Affected) -> Json:
    question, moved = one.question, one.shift
    return {
        "guideline": question.guideline,
        "recommendation": question.recommendation or None,
        "about": question.about,
        "item": question.item or None,
        "change": one.change,
        "findings": list(moved.findings),
        "states": moved.states,
        "gained": moved.gained,
        "lost": moved.lost,
        "membersOld": moved.members[0],
        "membersNew": moved.members[1],
        "onlyOld": {"states": moved.apart[0][0], "members": moved.apart[0][1]},
        "onlyNew": {"states": moved.apart[1][0], "members": moved.apart[1][1]},
        "witnesses": {"gained": _patient(one.gained), "lost": _patient(one.lost)} if one.has_patients else None,
    }


def _partly(one: Partly) -> Json:
    return {
        "guideline": one.question.guideline,
        "recommendation": one.question.recommendation or None,
        "about": one.question.about,
        "old": worded(one.question.about, one.old),
        "new": worded(one.question.about, one.new),
        "witness": _patient(one.patient),
    }


def _patient(patient: Patient | None) -> Json | None:
    if patient is None:
        return None
    return {
        "findings": dict(patient.findings),
        "turtle": patient.turtle,
        "turtleOld": patient.turtle_old if patient.turtle_old and patient.turtle_old != patient.turtle else None,
    }


def _change(change: Change) -> Json:
    return {
        "about": change.about,
        "what": change.what,
        "old": change.old or None,
        "new": change.new or None,
        "clinical": change.clinical,
    }


def _redefined(one: Redefined) -> Json:
    return {
        "iri": one.iri,
        "label": one.name,
        "renamedFrom": one.renamed_from,
        "old": list(one.old),
        "new": list(one.new),
        "sameMembers": one.same,
    }


def _cohort(cohort: Cohort) -> Json:
    return {
        "inputs": cohort.inputs,
        "answered": cohort.answered,
        "broken": [{"file": file, "line": line} for file, line in cohort.broken],
        "failed": [{"file": file, "why": why} for file, why in cohort.failed],
        "invalid": cohort.invalid,
        "subjects": cohort.subjects,
        "changed": cohort.changed,
        "unchanged": cohort.unchanged,
        "moves": [
            {
                "guideline": move.guideline or None,
                "recommendation": move.recommendation or None,
                "about": move.about,
                "old": move.old,
                "new": move.new,
                "count": len(subjects),
                "subjects": subjects,
            }
            for move, subjects in sorted(cohort.moves.items())
        ],
    }
