"""Whether an order agrees with what a guideline decides about a subject.

Everything rests on verdicts, directions and the order of interventions in the knowledge. What is said of a broader
intervention holds for the one that is ordered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reasoner.graph import GR
from reasoner.guidelines import Guideline, Recommendation

from .codes import Codes

Json = Mapping[str, Any]
Pair = tuple[Recommendation, Json]

AGAINST, FIRST, CLASH, UNMET, DOUBTFUL = "against", "first", "clash", "unmet", "doubtful"
CONTRADICTIONS = (AGAINST, FIRST, CLASH, UNMET, DOUBTFUL)
"""Advised against; something else comes first; cannot go with what is advised; criteria not met; data contradictory."""
OPEN, LATER, SECOND, AGREES, VAGUE, SILENT = "open", "later", "second", "agrees", "vague", "silent"
"""Not known; only after something else; not the first choice; fine; too broad to tell; nothing is said of it."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a guideline says to an order, with the recommendations that say it."""

    kind: str
    rows: tuple[Json, ...] = ()

    @property
    def contradicts(self) -> bool:
        """Whether the order should be looked at again."""
        return self.kind in CONTRADICTIONS


def is_offered(row: Json, own: Json) -> bool:
    """Whether a recommendation is one to act on now: eligible, first in its order, its evidence from such cases."""
    return (
        row["verdict"] == "eligible"
        and row["direction"] == "for"
        and row["overriddenBy"] is None
        and row["preferred"] in (True, None)
        and own["applicability"] in ("direct", None)
    )


class Judge:
    """One guideline."""

    def __init__(self, guideline: Guideline, codes: Codes) -> None:
        self.guideline, self.broader = guideline, codes.broader
        graph = codes.graph
        pairs = {(iri, other) for iri in codes.broader for other in graph.nodes(iri, GR + "incompatibleWith")}
        self._apart = pairs | {(b, a) for a, b in pairs}

    def judge(self, iri: str, own: Json) -> Judgement:
        """The judgement on an order for an intervention; ``own`` is what the guideline says of the subject."""
        if own["scope"] == "out-of-scope":
            return Judgement(SILENT)
        by_id = {row["id"]: row for row in own["recommendations"]}
        pairs = [(r, by_id[r.id]) for r in self.guideline.recommendations]
        advising = [pair for pair in pairs if pair[0].direction == "for"]
        covering = [pair for pair in advising if self._step(pair[0], iri) is not None]
        against = [row for r, row in pairs if r.direction == "against" and self._step(r, iri) is not None]
        if hit := _having(against, "eligible"):
            return Judgement(AGAINST, hit)
        if (suspended := self._suspended(iri, advising, covering)) is not None:
            return suspended
        clashing = [(r, row) for r, row in advising if is_offered(row, own) and self._clashes(r, iri)]
        if hit := tuple(row for r, row in clashing if not _is_offered_beside(r, covering, own)):
            return Judgement(CLASH, hit)
        if (said := self._said(covering, own)) is not None:
            return said
        if hit := _having(against, "undetermined", "conflicting-data"):
            return Judgement(OPEN, hit)
        return Judgement(VAGUE if any(self._wide(r, iri) for r, _ in pairs) else SILENT)

    def _suspended(self, iri: str, advising: Sequence[Pair], covering: Sequence[Pair]) -> Judgement | None:
        """Where something comes before all else: whether the order is it, follows it, or has to wait."""
        first = [(r, row) for r, row in advising if r.overrides and row["verdict"] == "eligible"]
        mine = [(r, row, step) for r, row in first if (step := self._step(r, iri) or self._wide(r, iri)) is not None]
        if mine:
            later = tuple(row for _, row, step in mine if step > 1)
            return Judgement(LATER, later) if len(later) == len(mine) else Judgement(AGREES, (mine[0][1],))
        waiting = tuple(
            row for r, row in first
            if self._clashes(r, iri) or any(other.decision in r.overrides for other, _ in covering)
        )  # fmt: skip
        return Judgement(FIRST, waiting) if waiting else None

    def _said(self, covering: Sequence[Pair], own: Json) -> Judgement | None:
        """What the recommendations for the ordered intervention say; None where there is none."""
        rows = [row for _, row in covering]
        eligible = [row for row in rows if row["verdict"] == "eligible" and row["overriddenBy"] is None]
        if ready := [row for row in eligible if row["preferred"] in (True, None)]:
            return Judgement(AGREES, tuple(ready))
        if second := [row for row in eligible if row["preferred"] is False]:
            return Judgement(SECOND, tuple(second))
        if unsettled := _having(rows, "eligible", "undetermined"):
            return Judgement(OPEN, unsettled)
        if own["scope"] == "undetermined":
            return Judgement(OPEN, tuple(rows))
        if doubtful := _having(rows, "conflicting-data"):
            return Judgement(DOUBTFUL, doubtful)
        return Judgement(UNMET, tuple(rows)) if rows else None

    def _step(self, own: Recommendation, iri: str) -> int | None:
        """The place in order at which a recommendation names the intervention or a broader one, from 1."""
        up = self.broader.get(iri, frozenset({iri}))
        steps = []
        for option, said in zip(own.interventions, own.static["interventions"], strict=True):
            order = sorted({part["order"] for part in said})
            steps += [order.index(part["order"]) + 1 for node, part in zip(option, said, strict=True) if node in up]
        return min(steps, default=None)

    def _wide(self, own: Recommendation, iri: str) -> int | None:
        """The place at which a recommendation names a kind of the intervention."""
        kinds = (node for option in own.interventions for node in option if iri in self.broader.get(node, ()))
        return min((step for node in kinds if (step := self._step(own, node)) is not None), default=None)

    def _clashes(self, own: Recommendation, iri: str) -> bool:
        """Whether no alternative of the recommendation can go with the intervention."""
        up = self.broader.get(iri, frozenset({iri}))

        def apart(node: str) -> bool:
            return any((p, q) in self._apart for p in up for q in self.broader.get(node, {node}))

        return all(any(apart(node) for node in option) for option in own.interventions)


def _is_offered_beside(clashing: Recommendation, covering: Sequence[Pair], own: Json) -> bool:
    """Whether the ordered intervention is offered too, as an answer to the same question."""
    return any(r.decision == clashing.decision and is_offered(row, own) for r, row in covering)


def _having(rows: Sequence[Json], *verdicts: str) -> tuple[Json, ...]:
    return tuple(row for row in rows if row["verdict"] in verdicts)
