"""DetectedIssue: what speaks against something. No severity is invented: the knowledge grades none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reasoner import sentences
from reasoner.answer import NOTICE
from reasoner.blocks import capital

from .actions import documentation, marked
from .names import ISSUE, Json, coding, concept, extension, without_none
from .orders import Contradiction
from .proposals import notes
from .telling import Telling, pointer

KINDS = {
    "recommendation-against": "a recommendation against an intervention applies",
    "recommendation-against-undetermined": "a recommendation against an intervention may apply: data is missing",
    "guideline-conflict": "recommendations of two guidelines cannot both be followed",
    "order-against-guideline": "an order contradicts the guideline",
    "order-against-guideline-undetermined": "an order may contradict the guideline: data is missing",
}
"""The codes of issues and what they mean."""


class Issues:
    """Writes the issues of one response."""

    def __init__(self, telling: Telling) -> None:
        self.telling = telling

    def of_subject(
        self, subject: Json, own: Json, orders: Iterable[Contradiction], implicated: Mapping[str, list[Json]]
    ) -> list[Json]:
        """The issues about one subject; ``implicated`` are the proposed requests by recommendation."""
        found = [self._against(subject, row) for row in own["recommendations"]
                 if row["direction"] == "against" and row["verdict"] in ("eligible", "undetermined")]  # fmt: skip
        ids = {row["id"] for row in own["recommendations"]}
        found += [self._conflict(subject, own, pair, implicated) for pair in subject["conflicts"]
                  if ids & set(pair["between"])]  # fmt: skip
        return found + [self._order(subject, clash) for clash in orders if clash.subject == subject["subject"]]

    def _issue(self, subject: Json, kind: str, detail: str, rows: list[Json], more: Json) -> Json:
        telling = self.telling
        who = "patient" if telling.release == "R4" else "subject"
        because = [row for own in rows for row in own["because"]]
        codes = [telling.reason(row) for row in because]
        details = [pointer(row["resource"]) for row in because if row["resource"]]
        unique = [one for i, one in enumerate(details) if one not in details[:i]]
        evidence = without_none({"code": codes, "detail": unique})
        issue = {
            "resourceType": "DetectedIssue",
            "extension": [*telling.marks(), *(one for own in rows for one in self._about(subject, own))],
            "status": "preliminary",
            "code": concept(KINDS[kind], coding(ISSUE, kind, KINDS[kind])),
            who: telling.patient(subject["patient"]),
            "identifiedDateTime": telling.evaluated,
            "author": telling.engine,
            "evidence": [evidence] if evidence else [],
            "detail": detail,
        }
        return without_none(issue | more)

    def _about(self, subject: Json, row: Json) -> list[Json]:
        """One recommendation, with what it rests on, as extensions."""
        telling = self.telling
        rests = [extension("documentation", valueRelatedArtifact=own) for own in documentation(telling, row)]
        return [*marked(telling, row), *rests, *telling.assumed(subject, row["assumed"])]

    def _against(self, subject: Json, row: Json) -> Json:
        telling, words = self.telling, self.telling.words
        open_ = row["verdict"] != "eligible"
        said = [f"{row['statement']} ({telling.name(subject)})", *notes(telling, subject, row)]
        said += [f"Evidence: {sentences.estimate(own, words)} {sentences.estimate_standing(own, words)}."
                 for own in row["evidence"]]  # fmt: skip
        if open_:
            asked = ", ".join(words.finding(name) for name in row["missing"])
            said.insert(0, f"Not known whether it applies; missing: {asked}.")
        kind = "recommendation-against-undetermined" if open_ else "recommendation-against"
        what = f"{sentences.action(row, words)} [{row['id']}]"
        return self._issue(subject, kind, f"Against {what}. {' '.join(said)}", [row], {})

    def _conflict(self, subject: Json, own: Json, pair: Json, implicated: Mapping[str, list[Json]]) -> Json:
        rows = [row for row in own["recommendations"] if row["id"] in pair["between"]]
        ours = [request for row in rows for request in implicated.get(row["id"], [])]
        named = sentences.named_ids(pair["between"], self.telling.words)
        between = ", ".join(pair["guidelines"])
        detail = f"{named} ({between}): {pair['why']}. {self.telling.name(subject)}."
        return self._issue(subject, "guideline-conflict", detail, rows, {"implicated": ours})

    def _order(self, subject: Json, clash: Contradiction) -> Json:
        telling, order = self.telling, clash.order
        kind = "order-against-guideline" if clash.certain else "order-against-guideline-undetermined"
        what = telling.codes.label(clash.intervention)
        said = [f"{capital(what)}: {clash.why} ({telling.name(subject)})."]
        said += [f"{sentences.named(row)}: {row['statement']}" for row in clash.rows]
        missing = sorted({name for row in clash.rows for name in row["missing"]})
        if not clash.certain and missing:
            said.append(f"Missing: {', '.join(telling.words.finding(name) for name in missing)}.")
        local = f"{order['resourceType']}/{order['id']}" if order.get("id") else None
        named = [{"reference": local} if local else {"display": what}]
        return self._issue(subject, kind, " ".join([*said, NOTICE]), list(clash.rows), {"implicated": named})
