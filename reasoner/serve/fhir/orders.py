"""Open orders in the data that the guideline speaks against, judged as the hooks judge them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reasoner.assess import Reasoner
from reasoner.responses.codes import codes_of
from reasoner.responses.judge import AGAINST, CLASH, DOUBTFUL, FIRST, OPEN, UNMET, Judge
from reasoner.responses.orders import Contradiction, is_about, ordered, orders_in
from reasoner.responses.telling import guideline_of

_WHY = {
    AGAINST: "the guideline advises against it",
    FIRST: "something else comes first",
    CLASH: "it cannot go together with what is advised",
    UNMET: "the criteria of what advises it are not met",
    DOUBTFUL: "the data on which it hangs contradict",
    OPEN: "whether it agrees with the guideline is not known",
}


def contradictions(
    reasoner: Reasoner, answer: Mapping[str, Any], guideline: str, resources: Sequence[Mapping[str, Any]]
) -> list[Contradiction]:
    """What the orders among some resources contradict, or may contradict, in an answer."""
    return list(_contradictions(reasoner, answer, guideline, orders_in(resources)))


def _contradictions(
    reasoner: Reasoner, answer: Mapping[str, Any], guideline: str, orders: Sequence[Mapping[str, Any]]
) -> Iterator[Contradiction]:
    if not orders:
        return
    codes = codes_of(reasoner)
    judge = Judge(guideline_of(reasoner, guideline), codes)
    for subject in answer["subjects"]:
        for own in subject["guidelines"]:
            if own["id"] != guideline:
                continue
            for order in orders:
                for iri in ordered(codes, order) if is_about(order, subject) else ():
                    judged = judge.judge(iri, own)
                    if judged.kind in _WHY:
                        yield Contradiction(
                            subject["subject"], order, iri, tuple(dict(row) for row in judged.rows),
                            _WHY[judged.kind], judged.contradicts,
                        )  # fmt: skip


def unknown(reasoner: Reasoner, resources: Sequence[Mapping[str, Any]]) -> int:
    """How many open orders name no intervention of the knowledge, so that nothing can be said of them."""
    codes = codes_of(reasoner)
    return sum(1 for order in orders_in(resources) if not ordered(codes, order))
