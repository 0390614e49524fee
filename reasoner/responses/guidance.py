"""GuidanceResponse: how an evaluation went for one subject, what it found of every recommendation, what it lacks.

Nothing to decide, out of scope and undetermined are three answers: the parameter ``scope`` says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reasoner import sentences
from reasoner.answer import NOTICE
from reasoner.words import listed

from .names import Json, identifier, without_none
from .outcomes import Issue, outcome
from .parts import Parts
from .requirements import of_findings, of_subject
from .telling import Telling

NO_SUBJECT = "no-subject"
"""The scope where the input holds nothing that the guideline decides about."""
OUT_OF_SCOPE, UNDETERMINED, CONFLICTING = "out-of-scope", "undetermined", "conflicting-data"
_OPEN = (UNDETERMINED, CONFLICTING)


def _live(own: Json) -> list[Json]:
    """The recommendations that apply or may: the place in the order of one that does not apply decides nothing."""
    return [row for row in own["recommendations"] if row["verdict"] != "not-eligible"]


def lacking(own: Json) -> list[str]:
    """The findings without which something about a subject stays open, contradicted ones included."""
    found = set(own["scopeMissing"])
    for row in _live(own):
        found |= set(row["missing"]) | set(row["preferredMissing"])
    return sorted(found)


def presumed(own: Json) -> list[str]:
    """The findings that were assumed and on which rests what a guideline says, or that it says nothing."""
    found = {row["finding"] for row in own["scopeBecause"] if row["from"] == "assumed"}
    if own["scope"] != OUT_OF_SCOPE:
        found |= {name for row in own["recommendations"] for name in row["assumed"]}
    return sorted(found)


def contradicted(subject: Json, own: Json) -> list[str]:
    """The findings that contradict themselves, where a verdict hangs on that."""
    if not any(row["verdict"] == CONFLICTING for row in own["recommendations"]):
        return []
    findings = subject["findings"].items()
    return sorted(name for name, value in findings if isinstance(value, dict) and "conflict" in value)


def is_open(own: Json) -> bool:
    """Whether more data is required before everything about a subject is decided."""
    parts = ("verdict", "preferred", "overriddenBy")
    return own["scope"] == UNDETERMINED or any(row[part] in _OPEN for row in _live(own) for part in parts)


def status(own: Json) -> str:
    """FHIR's status: what is open requires data; what rests on assumptions is done, but data may make it fuller."""
    if is_open(own):
        return "data-required"
    return "data-requested" if presumed(own) else "success"


def notes_on(telling: Telling, subject: Json, own: Json) -> list[str]:
    """What a reader has to know of a subject besides what is advised: its scope, what was assumed or is missing."""
    words, found = telling.words, list[str]()
    if own["scope"] == OUT_OF_SCOPE:
        found.append(f"Out of scope: {sentences.reasons(own['scopeBecause'], words)}.")
    if own["scope"] == UNDETERMINED:
        found.append("Not known whether the guideline speaks of it.")
    if assumed := telling.assumed_text(subject, [row["finding"] for row in subject["assumed"]]):
        found.append(f"Assumed, not recorded: {assumed}.")
    if missing := lacking(own):
        found.append(f"Missing: {listed([words.finding(name) for name in missing], 'and')}.")
    return found + [sentences.gap(gap, words) for gap in own["gaps"]]


@dataclass(slots=True)
class _Draft:
    """What differs from one guidance to another."""

    state: str
    patient: str | None
    required: list[Json]
    messages: list[Issue]
    parameters: list[Json]
    notes: list[str]
    extensions: list[Json] = field(default_factory=list)
    about: Json = field(default_factory=dict)
    results: list[Json] = field(default_factory=list)


class Guidance:
    """Writes the GuidanceResponses of one response; they and what they refer to go into ``parts``."""

    def __init__(self, telling: Telling, parts: Parts) -> None:
        self.telling, self.parts = telling, parts

    def of_subject(self, place: int, subject: Json, own: Json, results: list[Json], found: Sequence[Issue]) -> Json:
        """The reference to the guidance on a subject; ``results`` refer to the plan, ``found`` is about the input."""
        telling, state = self.telling, status(own)
        asked = sorted({*lacking(own), *contradicted(subject, own)}) or presumed(own)
        draft = _Draft(
            state=state,
            patient=subject["patient"],
            required=[] if state == "success" else of_findings(telling.codes, asked, telling.release),
            messages=[*self._issues(subject, own), *found],
            parameters=self._verdicts(subject, own),
            notes=[
                f"{telling.guideline.label} {telling.guideline.version}; {telling.name(subject)}.",
                *notes_on(telling, subject, own),
            ],
            extensions=telling.assumed(subject),
            about=telling.reasons(own["scopeBecause"], subject),
            results=results,
        )
        return self._keep(place, draft)

    def no_subject(self, patient: str | None, found: Sequence[Issue]) -> Json:
        """The guidance where the input holds nothing to decide about: it asks for what would establish a subject."""
        telling = self.telling
        kind = telling.words.kind(telling.guideline.kind).lower()
        text = telling.answer.get("note") or f"The input holds no {kind} of this patient."
        draft = _Draft(
            state="data-requested",
            patient=patient,
            required=of_subject(telling.codes, telling.guideline.kind, telling.release),
            messages=[Issue("information", "informational", text), *found],
            parameters=[
                {"name": "guideline", "valueCanonical": telling.canonical},
                {"name": "scope", "valueCode": NO_SUBJECT},
            ],
            notes=[text],
        )
        return self._keep(1, draft)

    def _keep(self, place: int, draft: _Draft) -> Json:
        telling, parts = self.telling, self.parts
        old = telling.release == "R4"
        said = parts.add(f"messages-{place}", outcome(draft.messages, telling.marks()))
        told = parts.add(f"verdicts-{place}", {"resourceType": "Parameters", "parameter": draft.parameters})
        resource = {
            "resourceType": "GuidanceResponse",
            "extension": [*telling.marks(), *draft.extensions, *telling.unread()],
            "identifier": [identifier(telling.urn("guidance", draft.patient, place))],
            "moduleCanonical": telling.canonical,
            "status": draft.state,
            "subject": telling.patient(draft.patient),
            "occurrenceDateTime": telling.evaluated,
            "performer": telling.engine,
            "evaluationMessage": [said] if old else said,
            "outputParameters": told,
            "result": next(iter(draft.results), None) if old else draft.results,
            "dataRequirement": draft.required,
            "note": [{"text": text} for text in [*draft.notes, NOTICE]],
        }
        return parts.add(f"guidance-{place}", without_none(resource | draft.about))

    # What is said of a subject ----------------------------------------------------------------------------------------

    def _issues(self, subject: Json, own: Json) -> list[Issue]:
        """What is not decided and why, as issues of the evaluation."""
        words, name = self.telling.words, self.telling.name(subject)
        found = []
        if own["scope"] == OUT_OF_SCOPE:
            why = sentences.reasons(own["scopeBecause"], words)
            found.append(Issue("information", "informational", f"{name} is out of scope: {why}."))
        if own["scope"] == UNDETERMINED:
            asked = listed([words.finding(n) for n in own["scopeMissing"]], "and")
            found.append(Issue("warning", "incomplete", f"Whether {name} is in scope is not known; asked: {asked}."))
        for row in own["recommendations"]:
            if row["verdict"] == CONFLICTING:
                names = contradicted(subject, own)
                said = listed([words.said(n, subject["findings"][n]) for n in names], "and")
                found.append(Issue("warning", "conflict", f"{sentences.named(row)}: the data contradict: {said}."))
            elif row["verdict"] == UNDETERMINED:
                asked = listed([words.finding(n) for n in row["missing"]], "and")
                found.append(Issue("information", "incomplete", f"{sentences.named(row)} is open; missing: {asked}."))
        return found

    def _verdicts(self, subject: Json, own: Json) -> list[Json]:
        """Everything that was decided, as parameters."""
        found: list[Json] = [
            {"name": "guideline", "valueCanonical": self.telling.canonical},
            {"name": "subject", "valueReference": self.telling.subject(subject)},
            {"name": "scope", "valueCode": own["scope"]},
            *({"name": "scopeMissing", "valueCode": name} for name in own["scopeMissing"]),
        ]
        if own["applicability"]:
            found.append({"name": "applicability", "valueCode": own["applicability"]})
        found += [{"name": "recommendation", "part": self._verdict(row)} for row in own["recommendations"]]
        for question in own["ask"]:
            found.append({"name": "ask", "part": self._question(question)})
        return found

    def _question(self, question: Json) -> list[Json]:
        finding = self.telling.codes.finding(question["finding"])
        asked = self.telling.words.findings[question["finding"]].question
        parts: list[Json] = [{"name": "finding", "valueCoding": finding}]
        parts += [{"name": "question", "valueString": asked}] if asked else []
        for value, settled in question["values"].items():
            settles = [{"name": id_, "valueCode": verdict} for id_, verdict in settled.items()]
            answer = {"name": "value", "valueString": str(value)}
            parts.append({"name": "answer", "part": [answer, *settles]})
        return parts

    def _verdict(self, row: Json) -> list[Json]:
        preferred = row["preferred"]
        parts: list[Json] = [
            {"name": "id", "valueString": row["id"]},
            {"name": "direction", "valueCode": row["direction"]},
            {"name": "verdict", "valueCode": row["verdict"]},
        ]
        if preferred is not None:
            parts.append({"name": "preferred", "valueCode": str(preferred).lower()})
        if row["overriddenBy"] is not None:
            parts.append({"name": "overriddenBy", "valueString": row["overriddenBy"]})
        for name in ("missing", "preferredMissing", "assumed"):
            parts += [{"name": name, "valueCode": finding} for finding in row[name]]
        if row["because"]:
            parts.append({"name": "because", "valueString": sentences.reasons(row["because"], self.telling.words)})
        return parts
