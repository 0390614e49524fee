"""The decisions of the row path in the shape in which columns tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import reasoner
from reasoner.cohort import Kernel, Results
from reasoner.cohort.results import APPLICABILITIES, PREFERRED, SCOPES, VERDICTS
from reasoner.derive import State

Batch = dict[str, np.ndarray]


class Told(NamedTuple):
    """What is decided of one subject and recommendation."""

    scope: str
    applicability: str | None
    id: str
    verdict: str
    preferred: str | None
    overridden: str | None
    missing: list[str]
    assumed: list[str]
    reason: list[str]


def word(preferred: bool | str | None) -> str | None:
    """How columns write it."""
    return preferred if preferred is None or isinstance(preferred, str) else str(preferred).lower()


def by_rows(loaded: reasoner.Reasoner, state: State, kind: str) -> list[Told]:
    """The decisions on one state by the deciders."""
    space = loaded.program.space
    guarded = space.guarded
    return [
        Told(
            decided.scope, decided.applicability, own.recommendation.id, own.verdict, word(own.preferred),
            own.overridden_by, guarded(own.missing), guarded(own.assumed),
            [] if own.proof is None else [field.name for field in space.constrained(own.proof)],
        )
        for decider in loaded.deciders
        if decider.guideline.kind == kind
        for decided in [decider.decide(state)]
        for own in decided.verdicts
    ]  # fmt: skip


def by_columns(results: Results, row: int) -> list[Told]:
    """The same of one row of results; what was not asked for is empty."""
    told = []
    for i, column in enumerate(results.columns):
        place = results.headers.index(column.guideline)
        applicability, preferred, overridden = (
            results.applicability[place], results.preferred[i], results.overridden[i],
        )  # fmt: skip
        sets = [
            [name for bit, name in enumerate(column.findings) if own is not None and int(own[i][row]) >> bit & 1]
            for own in (results.missing, results.assumed)
        ]
        told.append(
            Told(
                SCOPES[results.scope[place][row]],
                None if applicability is None else APPLICABILITIES[applicability[row]],
                column.id,
                VERDICTS[results.verdict[i][row]],
                None if preferred is None else PREFERRED[preferred[row]],
                None if overridden is None else (None, "undetermined", *column.overriders)[overridden[row]],
                sets[0],
                sets[1],
                list(((), *column.reasons)[0 if results.reason is None else results.reason[i][row]]),
            )
        )
    return told


def coded(kernel: Kernel, rows: Sequence[Mapping[str, Any]]) -> Batch:
    """Findings as codes, written apart from the product's own reader of frames."""

    def code(name: str, said: Any) -> int:
        finding, own = kernel.model.findings[name], kernel.codes[name]
        if said is None:
            return 0
        if finding.range is not None:
            return own.number(said)
        return sum(finding.mask(value) for value in ([said] if isinstance(said, str) else said))

    return {
        name: np.array([code(name, row.get(name)) for row in rows], own.dtype) for name, own in kernel.codes.items()
    }
