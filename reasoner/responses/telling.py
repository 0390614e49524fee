"""What every resource of a response tells besides its own content, and how it names the patient and the subject."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reasoner import sentences
from reasoner.answer import NOTICE, Answer
from reasoner.artifacts.frame import Maker
from reasoner.assess import Reasoner
from reasoner.errors import UsageError
from reasoner.guidelines import Guideline, Recommendation
from reasoner.words import Words, listed

from .codes import Codes, codes_of
from .names import CANONICAL, URI_SYSTEM, Json, Release, complex_extension, concept, extension, named, without_none

_TYPED = re.compile(r"(?:^|[/:])([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})$")
_LOCAL = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_REASONS = ("Condition/", "Observation/", "DiagnosticReport/", "DocumentReference/")
"""What a reason may refer to."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One guideline, one input, one release: what the builders of resources share."""

    reasoner: Reasoner
    answer: Mapping[str, Any]
    guideline: Guideline
    release: Release
    codes: Codes = field(init=False)
    """The codes of the knowledge."""
    words: Words = field(init=False)
    """The wording of the knowledge."""
    shared: dict[tuple[str, str], Json] = field(init=False, default_factory=dict)
    """What the requests for one subject by one recommendation have in common, made once."""
    _names: dict[str, str] = field(init=False, default_factory=dict)
    _told: dict[int, tuple[Json, Json]] = field(init=False, default_factory=dict)
    """Rows and what ``reason`` makes of them, by identity: the verdicts of an answer share their rows."""

    def __post_init__(self) -> None:
        codes = codes_of(self.reasoner)
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "words", codes.words)

    @classmethod
    def of(cls, reasoner: Reasoner, answer: Answer | Mapping[str, Any], guideline: str, release: Release) -> Telling:
        """Raises UsageError for a guideline that is not loaded."""
        found = guideline_of(reasoner, guideline)
        content = answer.content if isinstance(answer, Answer) else answer
        return cls(reasoner, content, found, release)

    @property
    def maker(self) -> Maker:
        """What makes the artifacts of this release."""
        return self.codes.makers[self.release]

    @property
    def recommendations(self) -> Mapping[str, Recommendation]:
        """The recommendations of the knowledge by id."""
        return self.words.recommendations

    @property
    def canonical(self) -> str:
        """The PlanDefinition that this response instantiates, with its version."""
        return canonical_of(self.guideline)

    @property
    def base(self) -> str:
        """What decides the content of a response but for the time: its names follow from it."""
        own = self.answer["provenance"]
        parts = (self.answer["input"]["sha256"], self.guideline.id, self.guideline.sha256, own["on"], own["policy"])
        told = self.answer.get("answered")
        return "|".join(str(part) for part in (*parts, self.release, *([told] if told else [])))

    def urn(self, *name: object) -> str:
        """The name of a resource of this response: the same input, knowledge and place give the same."""
        return named(self.base, *name)

    @property
    def evaluated(self) -> str:
        """When the answer was made."""
        return str(self.answer["provenance"]["evaluatedAt"])

    @property
    def engine(self) -> Json:
        """Who answers."""
        return {"display": f"{self.answer['engine']['name']} {self.answer['engine']['version']}"}

    def marks(self) -> list[Json]:
        """The extensions of every resource: which guideline, in which version, and the notice."""
        return self.codes.once(("marks", self.guideline.id), lambda: marks(self.guideline))

    def unread(self) -> list[Json]:
        """The resources of the input of which the answer makes no use, as extensions."""
        read = self.answer["input"]
        rows = [
            *((r["resource"], "unmapped", f"{r['system'] or ''}|{r['code'] or ''}") for r in read["unmapped"]),
            *((r["resource"], "unplaced", r["finding"]) for r in read["unplaced"]),
            *((r["resource"], "unused", r["why"]) for r in read["unused"]),
        ]
        return [
            complex_extension(
                "unread-resource",
                [("resource", "valueString", who), ("why", "valueCode", why), ("detail", "valueString", detail)],
            )
            for who, why, detail in rows
        ]

    # Patients and subjects --------------------------------------------------------------------------------------------

    def subjects(self, patient: str | None = None) -> list[tuple[Json, Json]]:
        """The subjects that the guideline speaks of, each with what it says; ``patient`` is an IRI."""
        return [
            (subject, own)
            for subject in self.answer["subjects"]
            if patient is None or subject["patient"] == patient
            for own in subject["guidelines"]
            if own["id"] == self.guideline.id
        ]

    def patient(self, iri: str | None) -> Json:
        """The reference to a patient."""
        if iri is None:
            return {"display": "the input names no patient"}
        return reference(iri, local_reference(iri))

    def subject(self, subject: Json) -> Json:
        """The reference to a subject."""
        return reference(subject["subject"], subject["reference"]) | {"display": self.name(subject)}

    def name(self, subject: Json) -> str:
        """A subject in words: what it is and where."""
        if subject["subject"] not in self._names:
            self._names[subject["subject"]] = self._name(subject)
        return self._names[subject["subject"]]

    def _name(self, subject: Json) -> str:
        findings = subject["findings"]
        said = [
            self.words.said(name, findings[name])
            for name in self.words.headline(findings)
            if findings[name] is not None
        ]
        side = [self.words.label("side", subject["side"])] if subject["side"] else []
        kind = self.words.kind(subject["kind"])
        return f"{kind}: {', '.join([*side, *said])}" if side or said else kind

    # Reasons ----------------------------------------------------------------------------------------------------------

    def reason(self, row: Json) -> Json:
        """One finding on which a verdict rests, as a CodeableConcept: its text says what was assumed or derived."""
        if id(row) not in self._told:
            self._told[id(row)] = row, self._reason(row)
        return self._told[id(row)][1]

    def _reason(self, row: Json) -> Json:
        kind, via = str(row["resource"] or "").partition("/")[0], str(row.get("code") or "")
        system, _, code = via.rpartition("|")
        stated = system and self.codes.states(kind, via, row["finding"], row["value"])
        codings = [{"system": system, "code": code}] if stated else []
        return concept(sentences.reasons([row], self.words), *codings)

    def because(self, row: Json) -> Json:
        """The same in parts, as an extension."""
        element, value = self.codes.value(row["finding"], row["value"])
        return complex_extension(
            "because",
            [
                ("finding", "valueCoding", self.codes.finding(row["finding"])),
                ("value", element, value),
                ("from", "valueCode", row["from"]),
                ("policy", "valueCode", row.get("policy")),
                ("resource", "valueString", row["resource"]),
            ],
        )

    def reasons(self, rows: Sequence[Json], subject: Json | None = None) -> Json:
        """Findings as the reason elements of a request: R4 parts codes from references, R5 joins them."""
        said = [self.reason(row) for row in rows]
        own = [self.subject(subject)] if subject and (subject["reference"] or "").startswith(_REASONS) else []
        if self.release == "R4":
            return without_none({"reasonCode": said, "reasonReference": own})
        return without_none({"reason": [{"reference": r} for r in own] + [{"concept": c} for c in said]})

    def assumed(self, subject: Json, names: Sequence[str] | None = None) -> list[Json]:
        """The assumptions about a subject, all or those of some findings, as extensions."""
        found = []
        for row in subject["assumed"]:
            if names is None or row["finding"] in names:
                element, value = self.codes.value(row["finding"], row["value"])
                parts = [("finding", "valueCoding", self.codes.finding(row["finding"])), ("value", element, value)]
                found.append(complex_extension("assumed", [*parts, ("policy", "valueCode", row["policy"])]))
        return found

    def assumed_text(self, subject: Json, names: Sequence[str]) -> str:
        """The same in words, empty where nothing was assumed."""
        rows = [row for row in subject["assumed"] if row["finding"] in names]
        return listed([self.words.said(row["finding"], row["value"]) for row in rows], "and")


def guideline_of(reasoner: Reasoner, id_: str) -> Guideline:
    """The loaded guideline of that id; raises UsageError."""
    found = next((g for g in reasoner.knowledge.guidelines if g.id == id_), None)
    if found is None:
        known = ", ".join(g.id for g in reasoner.knowledge.guidelines)
        raise UsageError("no such guideline", None, f"use one of: {known}")
    return found


def canonical_of(guideline: Guideline) -> str:
    """The canonical URL of the guideline's PlanDefinition with its version."""
    return f"{CANONICAL}PlanDefinition/{guideline.id}|{guideline.version}"


def marks(guideline: Guideline) -> list[Json]:
    """The extensions of every resource: which guideline, in which version, and the notice."""
    version = complex_extension(
        "guideline-version",
        [
            ("guideline", "valueCanonical", canonical_of(guideline)),
            ("version", "valueString", guideline.version),
            ("sha256", "valueString", guideline.sha256),
        ],
    )
    return [version, extension("notice", valueString=NOTICE)]


def local_reference(iri: str) -> str | None:
    """``Type/id`` at the end of an IRI."""
    found = _TYPED.search(iri)
    return found[1] if found else None


def pointer(label: str) -> Json:
    """The reference to a resource or a node by what the answer calls it: ``Type/id`` or an IRI."""
    return reference(label, label if _LOCAL.fullmatch(label) else None)


def reference(iri: str, local: str | None) -> Json:
    """A Reference: relative where the input has ``Type/id``, a URN as it is, anything else by its IRI as identifier."""
    if local is not None:
        return {"reference": local}
    if iri.startswith(("urn:uuid:", "urn:oid:")):
        return {"reference": iri}
    if iri.startswith("_:"):
        return {"display": "a node without a name"}
    return {"identifier": {"system": URI_SYSTEM, "value": iri}}
