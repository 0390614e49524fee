"""The actions of a plan: a group for each subject, in it the eligible recommendations, in them what they advise."""

from __future__ import annotations

from collections.abc import Sequence

from reasoner import sentences
from reasoner.artifacts.frame import fhir_id

from .names import RECOMMENDATION, Json, coding, complex_extension, extension, without_none
from .parts import Parts
from .proposals import communication, in_words, notes, request, suspended
from .telling import Telling


def advised(rows: Sequence[Json]) -> list[Json]:
    """The eligible recommendations for something: the preferred first, then by line, what has none last."""

    def order(row: Json) -> tuple[bool, bool, int, str]:
        return suspends(row), row["preferred"] is not True, row["line"] or len(rows) + 1, row["id"]

    return sorted((r for r in rows if r["verdict"] == "eligible" and r["direction"] == "for"), key=order)


def suspends(row: Json) -> bool:
    """Whether another recommendation is known to come first."""
    return row["overriddenBy"] not in (None, "undetermined")


class Actions:
    """Writes the actions of one response; the requests that they name go into ``parts``."""

    def __init__(self, telling: Telling, parts: Parts) -> None:
        self.telling, self.parts, self._requests = telling, parts, 0
        self.implicated: dict[tuple[int, str], list[Json]] = {}
        """The requests that follow from a recommendation for a subject, by place of the subject and id."""

    def group(self, place: int, subject: Json, own: Json) -> Json | None:
        """The group of a subject; None where nothing is advised, because a group must not be empty."""
        rows = advised(own["recommendations"])
        if not rows:
            return None
        telling = self.telling
        group = self._identified(f"subject-{place}") | {
            "extension": [extension("subject", valueReference=telling.subject(subject))],
            "title": telling.name(subject),
            "description": self._scope(own),
            "groupingBehavior": "logical-group",
            "selectionBehavior": "any",
            "action": [self._recommendation(place, number, subject, row) for number, row in enumerate(rows, 1)],
        }
        return without_none(group)

    def _identified(self, name: str) -> Json:
        return {"id": name} if self.telling.release == "R4" else {"linkId": name}

    def _scope(self, own: Json) -> str | None:
        """How far the evidence of the guideline reaches to this subject, where it says for whom it is."""
        return {
            "indirect": "Indirect: this subject is not of the population that the evidence is about.",
            "undetermined": "Not known whether this subject is of the population that the evidence is about.",
        }.get(own["applicability"] or "")

    def _recommendation(self, place: int, number: int, subject: Json, row: Json) -> Json:
        telling = self.telling
        name = f"subject-{place}-action-{number}"
        own = self._identified(name) | {
            "extension": [
                *marked(telling, row),
                *telling.assumed(subject, row["assumed"]),
                *(telling.because(reason) for reason in row["because"]),
            ],
            "prefix": str(number),
            "title": row["label"],
            "description": row["statement"],
            "textEquivalent": in_words(telling, row, notes(telling, subject, row)),
            "code": [{"coding": [coding(RECOMMENDATION, row["id"], row["label"])]}],
            "documentation": documentation(telling, row),
            "precheckBehavior": "yes" if row["preferred"] is True and not suspends(row) else "no",
        }
        return without_none(own | self._content(place, name, subject, row))

    def _content(self, place: int, name: str, subject: Json, row: Json) -> Json:
        """The request of an action, or the actions for its alternatives."""
        if suspends(row):
            text = f"{sentences.named(row)}. {suspended(row, self.telling)}"
            return {"resource": self._add(place, row, communication(self.telling, subject, row, text))}
        options = row["interventions"]
        if len(options) == 1:
            return self._option(place, name, subject, row, options[0])
        return {
            "groupingBehavior": "logical-group",
            "selectionBehavior": "at-most-one",
            "action": [
                self._identified(f"{name}-{number}")
                | {"title": " with ".join(self.telling.words.label("intervention", p["id"]) for p in option)}
                | self._option(place, f"{name}-{number}", subject, row, option)
                for number, option in enumerate(options, 1)
            ],
        }

    def _option(self, place: int, name: str, subject: Json, row: Json, option: list[Json]) -> Json:
        """One alternative: its one request, or an action for each of its parts in their order."""
        drafts = [self._add(place, row, request(self.telling, subject, row, part["id"])) for part in option]
        if len(drafts) == 1:
            return {"resource": drafts[0]}
        ids = [f"{name}-part-{number}" for number in range(1, len(option) + 1)]
        actions = []
        for own, part, draft in zip(ids, option, drafts, strict=True):
            before = [i for i, other in zip(ids, option, strict=True) if other["order"] == part["order"] - 1]
            action = self._identified(own) | {
                "title": self.telling.words.label("intervention", part["id"]),
                "relatedAction": [self._after(i) for i in before],
                "resource": draft,
            }
            actions.append(without_none(action))
        return {"groupingBehavior": "logical-group", "selectionBehavior": "all", "action": actions}

    def _after(self, other: str) -> Json:
        key = "actionId" if self.telling.release == "R4" else "targetId"
        return {key: other, "relationship": "after"}

    def _add(self, place: int, row: Json, resource: Json) -> Json:
        self._requests += 1
        added = self.parts.add(f"request-{self._requests}", resource)
        self.implicated.setdefault((place, row["id"]), []).append(added)
        return added


def marked(telling: Telling, row: Json) -> list[Json]:
    """Which recommendation it is, what the verdict says beyond that it is eligible, and how it was transcribed."""
    preferred, grade = row["preferred"], row["grade"]
    verdict = complex_extension(
        "recommendation",
        [
            ("id", "valueString", row["id"]),
            ("preferred", "valueCode", None if preferred is None else str(preferred).lower()),
            ("line", "valueInteger", row["line"]),
            ("decision", "valueCode", row["decision"]),
            ("overriddenBy", "valueString", row["overriddenBy"]),
            ("strength", "valueCode", row["strength"]),
            ("certainty", "valueCode", row["certainty"]),
            ("sourceGrade", "valueString", grade and grade["label"]),
        ],
    )
    return [verdict, *telling.maker.transcription(**row["transcription"], grade=grade and grade["status"])]


def documentation(telling: Telling, row: Json) -> list[Json]:
    """The sources and the evidence of a recommendation, each with its transcription status."""
    maker, iri = telling.maker, telling.recommendations[row["id"]].iri
    kind = "EffectEvidenceSynthesis" if telling.release == "R4" else "Evidence"
    found = maker.sources(iri)
    for own in row["evidence"]:
        found.append(
            {
                "extension": maker.transcription(estimate=own["status"], certainty=own["certaintyStatus"]),
                "type": "justification",
                "label": own["id"],
                "display": sentences.estimate(own, telling.words),
                "citation": sentences.estimate_standing(own, telling.words),
                "resource": maker.canonical(kind, fhir_id(own["id"])),
            }
        )
    return [without_none(artifact) for artifact in found]
