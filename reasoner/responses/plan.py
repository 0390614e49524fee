"""``$apply``: the answer for one patient as a plan of proposals.

R4: a CarePlan whose one activity is a contained RequestGroup, as the operation says; what else is to be told
(GuidanceResponse, DetectedIssue, OperationOutcome) is contained too and named by ``supportingInfo``. R5: a Bundle whose
first entry is the RequestOrchestration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from reasoner import sentences
from reasoner.answer import NOTICE, Answer
from reasoner.assess import Reasoner
from reasoner.errors import UsageError

from .actions import Actions, advised
from .guidance import Guidance, notes_on, status
from .issues import Issues
from .names import Json, Release, identifier, without_none
from .orders import Contradiction
from .outcomes import Issue, paths, validation_issues
from .parts import Parts
from .telling import Telling, local_reference

_TEXT = {
    "success": "Everything is decided.",
    "data-requested": "Decided; it rests on assumptions that data could replace.",
    "data-required": "Not everything is decided: data is missing.",
}


def apply(
    reasoner: Reasoner,
    answer: Answer | Mapping[str, Any],
    guideline: str,
    release: Release,
    patient: str | None = None,
    orders: Sequence[Contradiction] = (),
    document: Mapping[str, Any] | None = None,
    told: Sequence[Issue] = (),
) -> Json:
    """The answer of one guideline for one patient: an R4 CarePlan, or an R5 Bundle.

    ``patient`` (an IRI or ``Patient/id``) is needed where the answer speaks of several; ``orders`` are those that
    contradict the guideline; ``document`` is the FHIR input, for paths into it; ``told`` is what else is to be
    told of the request. Raises UsageError for an unknown
    guideline, and where several patients leave open which is meant.
    """
    telling = Telling.of(reasoner, answer, guideline, release)
    plan = _Plan(telling, _chosen(telling, patient), orders, [*told, *_found(telling, document)])
    return plan.care_plan() if release == "R4" else plan.bundle()


def collection(
    reasoner: Reasoner, answer: Answer | Mapping[str, Any], release: Release, document: Mapping[str, Any] | None = None
) -> Json:
    """The answer for all its patients and by all guidelines that speak of them, as one Bundle."""
    entries: list[Json] = []
    base = ""
    for guideline in reasoner.knowledge.guidelines:
        telling = Telling.of(reasoner, answer, guideline.id, release)
        base = base or telling.base
        for patient in patients(telling.answer) or [None]:
            plan = _Plan(telling, patient, (), _found(telling, document))
            if release == "R4":
                own = plan.care_plan()
                entries.append({"fullUrl": f"urn:uuid:{own['id']}", "resource": own})
            else:
                entries += plan.filled().entries()
    telling = Telling.of(reasoner, answer, reasoner.knowledge.guidelines[0].id, release)
    return _bundle(telling, telling.urn("collection"), entries)


def guidance(
    reasoner: Reasoner, answer: Answer | Mapping[str, Any], guideline: str, release: Release
) -> list[Json]:  # fmt: skip
    """The GuidanceResponses alone, each with what it refers to contained, one for each subject."""
    telling = Telling.of(reasoner, answer, guideline, release)
    found = []
    for patient in patients(telling.answer) or [None]:
        for place, pair in enumerate(telling.subjects(patient) or [None], 1):
            parts = Parts(True, telling.base)
            writer = Guidance(telling, parts)
            if pair is None:
                writer.no_subject(patient, _found(telling, None))
            else:
                writer.of_subject(place, *pair, [], _found(telling, None))
            own = parts.resources("GuidanceResponse")[0]
            id_ = telling.urn("guidance", patient, place).rsplit(":", 1)[-1]
            rest = [resource for resource in parts.contained() if resource is not own]
            found.append({"resourceType": own["resourceType"], "id": id_, "contained": rest} | {
                key: value for key, value in own.items() if key not in ("resourceType", "id")})  # fmt: skip
    return found


def issues(
    reasoner: Reasoner,
    answer: Answer | Mapping[str, Any],
    guideline: str,
    release: Release,
    orders: Sequence[Contradiction] = (),
) -> list[Json]:
    """The DetectedIssues alone: recommendations against, clashes between guidelines, orders against the guideline."""
    telling = Telling.of(reasoner, answer, guideline, release)
    writer = Issues(telling)
    found = [own for pair in telling.subjects() for own in writer.of_subject(*pair, orders, {})]
    return [_identified(telling, own, number) for number, own in enumerate(found, 1)]


def patients(answer: Mapping[str, Any]) -> list[str | None]:
    """The patients of whom an answer speaks, in its order."""
    return list(dict.fromkeys(subject["patient"] for subject in answer["subjects"]))


def _chosen(telling: Telling, wanted: str | None) -> str | None:
    """The IRI of the patient meant."""
    known = patients(telling.answer)
    if wanted is None:
        if len(known) > 1:
            raise UsageError(f"the data is about {len(known)} patients", None, "name one as `subject`")
        return known[0] if known else None
    local = local_reference(wanted) or wanted
    found = [iri for iri in known if iri is not None and wanted in (iri, local_reference(iri))]
    found = found or [iri for iri in known if iri is not None and local == local_reference(iri)]
    if len(found) > 1:
        raise UsageError("`subject` names several patients", None, "give its full URL")
    # Without a patient in the data, all of it is about the one who is asked for.
    return found[0] if found else None if known == [None] else wanted


def _found(telling: Telling, document: Mapping[str, Any] | None) -> list[Issue]:
    return validation_issues(telling.answer["validation"]["results"], paths(document))


def _identified(telling: Telling, issue: Json, number: int) -> Json:
    urn = telling.urn("issue", number)
    own = {"id": urn.rsplit(":", 1)[-1], "identifier": [identifier(urn)]}
    return {"resourceType": issue["resourceType"]} | own | issue


class _Plan:
    """The response for one patient."""

    def __init__(
        self, telling: Telling, patient: str | None, orders: Sequence[Contradiction], found: Sequence[Issue]
    ) -> None:
        self.telling, self.patient, self.orders, self.found = telling, patient, orders, found
        self.subjects = telling.subjects(patient)
        self.base = telling.urn("plan", patient)
        self.parts = Parts(telling.release == "R4", self.base)
        self.told: list[Json] = []
        """The references to guidance and issues."""

    def filled(self) -> Parts:
        """All resources of the response, the plan first."""
        telling, parts = self.telling, self.parts
        actions, issues = Actions(telling, parts), Issues(telling)
        result = {"reference": parts.reserve("plan")}
        groups, noted = [], []
        for place, (subject, own) in enumerate(self.subjects, 1):
            groups.append(actions.group(place, subject, own))
            implicated = {row: drafts for (at, row), drafts in actions.implicated.items() if at == place}
            noted += issues.of_subject(subject, own, self.orders, implicated)
        guidance = Guidance(telling, parts)
        for place, (subject, own) in enumerate(self.subjects, 1):
            self.told.append(guidance.of_subject(place, subject, own, [result], self.found))
        if not self.subjects:
            self.told.append(guidance.no_subject(self.patient, self.found))
        for number, issue in enumerate(noted, 1):
            urn = telling.urn("issue", self.patient, number)
            self.told.append(parts.add(f"issue-{number}", issue | {"identifier": [identifier(urn)]}))
        parts.add("plan", self._requests([group for group in groups if group is not None]))
        parts.first("plan")
        return parts

    def care_plan(self) -> Json:
        """As an R4 CarePlan."""
        telling, parts = self.telling, self.filled()
        plan = {
            "resourceType": "CarePlan",
            "id": self.base.rsplit(":", 1)[-1],
            "text": self._narrative(),
            "contained": parts.contained(),
            "extension": [*telling.marks(), *telling.unread()],
            "identifier": [identifier(self.base)],
            "instantiatesCanonical": [telling.canonical],
            "status": "draft",
            "intent": "proposal",
            "title": telling.guideline.label,
            "subject": telling.patient(self.patient),
            "created": telling.evaluated,
            "author": telling.engine,
            "addresses": self._conditions(),
            "supportingInfo": self.told,
            "activity": [{"reference": {"reference": parts.reserve("plan")}}],
            "note": [{"text": NOTICE}],
        }
        return without_none(plan)

    def bundle(self) -> Json:
        """As an R5 Bundle."""
        return _bundle(self.telling, self.base, self.filled().entries())

    def _requests(self, groups: list[Json]) -> Json:
        """The RequestGroup of R4, the RequestOrchestration of R5."""
        telling, old = self.telling, self.telling.release == "R4"
        about = self._conditions()
        plan = {
            "resourceType": "RequestGroup" if old else "RequestOrchestration",
            "text": None if old else self._narrative(),
            "extension": [*telling.marks(), *([] if old else telling.unread())],
            "identifier": [identifier(telling.urn("requests", self.patient))],
            "instantiatesCanonical": [telling.canonical],
            "status": "draft",
            "intent": "proposal",
            "subject": telling.patient(self.patient),
            "authoredOn": telling.evaluated,
            "author": telling.engine,
            "reasonReference": about if old else None,
            "reason": None if old else [{"reference": one} for one in about],
            "note": [{"text": NOTICE}],
            "action": groups,
        }
        return without_none(plan)

    def _conditions(self) -> list[Json]:
        """The subjects that are Conditions, which a plan can address."""
        return [
            self.telling.subject(subject)
            for subject, _ in self.subjects
            if (subject["reference"] or "").startswith("Condition/")
        ]

    def _narrative(self) -> Json:
        """The plan for the eye."""
        telling = self.telling
        said = [f"<p><b>{escape(telling.guideline.label)}</b>, version {escape(telling.guideline.version)}</p>"]
        for subject, own in self.subjects:
            notes = [f"{telling.name(subject)}.", *notes_on(telling, subject, own), _TEXT[status(own)]]
            said.append(f"<p>{escape(' '.join(notes))}</p>")
            lines = [*map(self._line, advised(own["recommendations"])), *self._against(own)]
            rows = [f"<li>{escape(line)}</li>" for line in lines]
            said += [f"<ul>{''.join(rows)}</ul>"] if rows else ["<p>Nothing is advised.</p>"]
        if not self.subjects:
            said.append("<p>Nothing to decide about.</p>")
        said.append(f"<p>{escape(NOTICE)}</p>")
        return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(said)}</div>'}

    def _against(self, own: Json) -> list[str]:
        """What is advised against."""
        rows = [row for row in own["recommendations"] if row["verdict"] == "eligible" and row["direction"] == "against"]
        return [f"Not: {sentences.action(row, self.telling.words)} [{row['id']}]" for row in rows]

    def _line(self, row: Json) -> str:
        first = "Preferred: " if row["preferred"] is True and not row["overriddenBy"] else ""
        held = " (not now)" if row["overriddenBy"] not in (None, "undetermined") else ""
        return f"{first}{sentences.named(row)}: {sentences.action(row, self.telling.words)}{held}"


def _bundle(telling: Telling, urn: str, entries: Iterable[Json]) -> Json:
    return {
        "resourceType": "Bundle",
        "id": urn.rsplit(":", 1)[-1],
        "identifier": identifier(urn),
        "type": "collection",
        "timestamp": telling.evaluated,
        "entry": list(entries),
    }
