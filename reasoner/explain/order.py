"""Why a recommendation that holds does not come first: what comes before it, or suspends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reasoner.decide import CONFLICTING, ELIGIBLE, UNDETERMINED, Compiled, Decider, comes_before

from .rows import Rows

if TYPE_CHECKING:
    from .explainer import _Subject

Json = dict[str, Any]


class Order:
    """Writes the ``order`` of a recommendation."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def of(self, decider: Decider, compiled: Compiled, given: Mapping[str, Json], subject: _Subject) -> Json:
        """Its place, and the recommendations that hold or may hold before it, each with why."""
        own = given[compiled.recommendation.id]
        told = {key: own[key] for key in ("preferred", "preferredMissing", "overriddenBy")}
        if own["verdict"] not in (ELIGIBLE, UNDETERMINED):
            return {**told, "before": []}
        before = []
        for place, other in enumerate(decider.compiled):
            how = self._how(place, other, compiled)
            row = given[other.recommendation.id]
            if how and row["verdict"] in (ELIGIBLE, UNDETERMINED, CONFLICTING):
                sets = subject.sets(other, row["verdict"])
                before.append({
                    "recommendation": other.recommendation.id,
                    "label": self.rows.term(other.recommendation.iri)["label"],
                    "how": how,
                    "verdict": row["verdict"],
                    "because": sets[0] if sets else [],
                    "missing": row["missing"],
                })  # fmt: skip
        return {**told, "before": before}

    def _how(self, place: int, other: Compiled, own: Compiled) -> str:
        if place in own.overriders:
            return "overrides"
        if own.preferred is None or not comes_before(other.recommendation, own.recommendation):
            return ""
        return "declared" if own.recommendation.id in other.recommendation.preferred_over else "line"
