"""Cards: what a guideline advises for each subject, and one card for all that is still to be asked."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reasoner import sentences as say
from reasoner.artifacts.frame import address_of
from reasoner.blocks import capital
from reasoner.graph import GR
from reasoner.guidelines import Guideline
from reasoner.responses.codes import FALLBACK
from reasoner.responses.judge import is_offered
from reasoner.responses.proposals import request
from reasoner.responses.telling import Telling
from reasoner.words import counted, listed

from . import markdown as md
from .detail import Details
from .discovery import EXTENSION, version
from .names import name

Json = dict[str, Any]
Pair = tuple[Json, Json]
"""A subject, and what the guideline says of it."""

INFO, WARNING, CRITICAL = "info", "warning", "critical"
ONE, ANY = "at-most-one", "any"
_URGENCY = (CRITICAL, WARNING, INFO)
SUMMARY = 139
"""CDS Hooks: fewer than 140 characters."""
_SHORTEST = 48
"""Of these, what is left at least to say what is advised."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the cards of one call."""

    telling: Telling
    details: Details
    call: uuid.UUID
    patient: str
    """The id of the patient in context."""
    reasons: Sequence[Mapping[str, str]]
    """The override reasons of the knowledge."""
    pages: Mapping[str, str]
    """The page that explains a guideline or a recommendation, by id."""

    def card(
        self,
        meaning: str,
        place: int,
        indicator: str,
        summary: str,
        detail: Iterable[str],
        suggestions: Sequence[Json] = (),
        about: Mapping[str, Any] | None = None,
        behaviour: str = ONE,
    ) -> Json:
        """One card. ``meaning`` and ``place`` name it within its call."""
        guideline = self.telling.guideline
        card: Json = {
            "uuid": name(self.call, guideline, meaning, place),
            "summary": md.shortened(capital(summary), SUMMARY),
            "indicator": indicator,
            "detail": md.joined(*detail, self.details.ending),
            "source": self.telling.codes.once(("source", guideline.id), lambda: _source(guideline)),
            "overrideReasons": list(self.reasons),
            "links": self._links(about or {}),
            "extension": {EXTENSION: {**version(guideline), **(about or {})}},
        }
        if suggestions:
            card |= {"suggestions": list(suggestions), "selectionBehavior": behaviour}
        return card

    def _links(self, about: Mapping[str, Any]) -> list[Json]:
        """Where what a card rests on is explained: its recommendations, and the guideline."""
        eligible = [row["id"] for row in about.get("recommendations", ()) if row.get("verdict") == "eligible"]
        named = [(id_, f"Criteria, evidence and sources of {id_}") for id_ in eligible]
        named.append((self.telling.guideline.id, f"The guideline, version {self.telling.guideline.version}"))
        return [{"label": label, "url": self.pages[id_], "type": "absolute"} for id_, label in named]

    # What is advised --------------------------------------------------------------------------------------------------

    def advice(self, place: int, subject: Json, own: Json) -> list[Json]:
        """A card for each decision in which a recommendation is eligible."""
        decisions: dict[str, list[Json]] = {}
        for row in own["recommendations"]:
            decisions.setdefault(row["decision"], []).append(row)
        return [
            self._decision(place, subject, own, decision, rows)
            for decision, rows in decisions.items()
            if any(row["verdict"] == "eligible" for row in rows)
        ]

    def _decision(self, place: int, subject: Json, own: Json, decision: str, rows: Sequence[Json]) -> Json:
        details, words, behaviour = self.details, self.telling.words, self.behaviour(decision, rows)
        eligible = _in_order([row for row in rows if row["verdict"] == "eligible"], own)
        offered = [row for row in eligible if is_offered(row, own)]
        open_ = [row for row in rows if row["verdict"] in ("undetermined", "conflicting-data")]
        detail = (
            details.subject(subject),
            md.section(capital(words.label("decision", decision)), [details.advice(row, own) for row in eligible]),
            details.conflicts(subject, eligible),
            details.cautions(eligible),
            details.evidence(eligible),
            details.claims(eligible),
            details.assumed(subject, eligible),
            details.undecided(open_),
            details.sources(eligible),
        )
        return self.card(
            f"advice|{decision}",
            place,
            self._indicator(eligible),
            self._summary(subject, own, offered or eligible[:1], behaviour),
            detail,
            self.suggestions(place, subject, own, offered),
            self._about(subject, decision, rows),
            behaviour,
        )

    def behaviour(self, decision: str, rows: Iterable[Json]) -> str:
        """How many of the suggestions for a decision may be chosen."""
        said = self.telling.codes.graph.text(f"{GR}decision/{decision}", GR + "selectionBehavior")
        return said or (ONE if any(row["line"] is not None for row in rows) else ANY)

    def _indicator(self, eligible: Sequence[Json]) -> str:
        if any(self.telling.words.overrides(row["id"]) for row in eligible):
            return CRITICAL
        return WARNING if any(row["direction"] == "against" for row in eligible) else INFO

    def _summary(self, subject: Json, own: Json, rows: Sequence[Json], behaviour: str) -> str:
        first, joint = rows[0], "or" if behaviour == ONE else "and"
        does = listed(list(dict.fromkeys(say.action(row, self.telling.words) for row in rows)), joint)
        if first["direction"] == "against":
            does = f"not {does}"
        elif not is_offered(first, own):
            does = f"{does} ({_but(first, own)})"
        return self.of_subject(does, subject)

    def of_subject(self, text: str, subject: Json) -> str:
        """A summary that names its subject, which must not be what is cut off."""
        about = self.details.heading(subject)
        return f"{md.shortened(text, max(_SHORTEST, SUMMARY - len(about) - 2))}: {about}"

    def _about(self, subject: Json, decision: str, rows: Sequence[Json]) -> Json:
        """The verdicts behind a card, for programs."""
        told = [{key: row[key] for key in ("id", "verdict", "preferred", "overriddenBy", "missing")} for row in rows]
        return {"subject": subject["reference"] or subject["subject"], "decision": decision, "recommendations": told}

    # What can be ordered ----------------------------------------------------------------------------------------------

    def suggestions(self, place: int, subject: Json, own: Json, rows: Sequence[Json]) -> list[Json]:
        """A suggestion for each alternative of the recommendations that are offered."""
        found = [
            own_
            for row in rows
            if is_offered(row, own)
            for number, option in enumerate(row["interventions"])
            if (own_ := self._suggestion(place, subject, row, number, option)) is not None
        ]
        if len(found) == 1:
            found[0]["isRecommended"] = True
        labels = [one["label"] for one in found]
        for one in found:
            if labels.count(one["label"]) > 1:
                which = f" [{one['extension'][EXTENSION]['recommendation']}]"
                one["label"] = md.shortened(one["label"], SUMMARY - len(which)) + which
        return found

    def _suggestion(self, place: int, subject: Json, row: Json, number: int, option: list[Json]) -> Json | None:
        telling = self.telling
        first = min(part["order"] for part in option)
        actions = []
        for part in option:
            if part["order"] == first and telling.codes.request_type(part["id"]) != FALLBACK:
                resource = request(telling, subject, row, part["id"]) | {
                    "subject": {"reference": f"Patient/{self.patient}"}
                }
                told = telling.words.label("intervention", part["id"])
                actions.append({"type": "create", "description": f"Propose: {told}", "resource": resource})
        if not actions:
            return None
        return {
            "label": md.shortened(capital(say.action(row | {"interventions": [option]}, telling.words)), SUMMARY),
            "uuid": name(self.call, telling.guideline, f"suggestion|{row['id']}|{number}", place),
            "actions": actions,
            "extension": {EXTENSION: {"recommendation": row["id"]}},
        }

    # What is open -----------------------------------------------------------------------------------------------------

    def questions(self, pairs: Sequence[Pair]) -> list[Json]:
        """One card with what to ask about all subjects, none where nothing is open."""
        parts, first, open_ = [], "", 0
        for subject, own in pairs:
            rows = [row for row in own["recommendations"] if row["verdict"] == "undetermined"]
            if not rows and own["scope"] != "undetermined":
                continue
            asked = say.questions(subject | {"guidelines": [own]})
            open_ += len(rows)
            names = [*own["scopeMissing"], *(question.finding for question in asked)]
            first = first or (self._question(names[0]) if names else "")
            parts += [
                self.details.subject(subject),
                self._scope(own),
                self.details.questions(own["scopeMissing"], asked),
                self.details.undecided(rows),
                self.details.assumed(subject, rows),
            ]
        if not parts:
            return []
        still = f"{counted(open_, 'recommendation')} cannot be decided yet" if open_ else "not known whether it applies"
        return [self.card("questions", 0, INFO, f"{still}. Ask: {first}" if first else still, parts)]

    def _question(self, name_: str) -> str:
        finding = self.telling.words.findings[name_]
        return finding.question or finding.label

    def _scope(self, own: Json) -> str:
        if own["scope"] != "undetermined":
            return ""
        about = self.telling.words.class_label(self.telling.guideline.scope.iri)
        return md.words(f"It is not known whether the guideline speaks about this case. It speaks about: {about}.")

    def contradictions(self, pairs: Sequence[Pair]) -> list[Json]:
        """One card where the record contradicts itself and leaves recommendations open."""
        parts, names = [], []
        words = self.telling.words
        for subject, own in pairs:
            rows = [row for row in own["recommendations"] if row["verdict"] == "conflicting-data"]
            if rows:
                known = subject["findings"]
                said = [n for n, value in known.items() if isinstance(value, dict) and "conflict" in value]
                names += [words.finding(n) for n in said]
                lines = [md.words(capital(words.said(n, known[n]))) for n in said]
                parts += [self.details.subject(subject), md.section("The record contradicts itself", lines)]
                parts.append(self.details.undecided(rows))
        if not parts:
            return []
        about = f": {listed(list(dict.fromkeys(names)), 'and')}" if names else ""
        return [self.card("contradictions", 0, WARNING, f"the record contradicts itself{about}", parts)]

    def gaps(self, pairs: Sequence[Pair]) -> list[Json]:
        """One card for subjects in scope for which the guideline declares that it has nothing."""
        parts = []
        for subject, own in pairs:
            rows = own["recommendations"]
            if own["gaps"] and all(row["verdict"] == "not-eligible" for row in rows):
                lines = [md.words(say.gap(gap, self.telling.words)) for gap in own["gaps"]]
                parts += [self.details.subject(subject), md.section("In scope, but nothing is recommended", lines)]
        if not parts:
            return []
        return [self.card("gaps", 0, INFO, "in scope, but the guideline has no recommendation for this case", parts)]

    def incomplete(self) -> Json:
        """The card that says that what came is not enough to stay silent about."""
        text = "what was sent is incomplete, so that nothing is advised says nothing"
        return self.card("incomplete", 0, INFO, text, ())


def in_urgency(cards: Iterable[Json]) -> list[Json]:
    """Cards, the most urgent first."""
    return sorted(cards, key=lambda card: _URGENCY.index(card["indicator"]))


def _in_order(rows: Iterable[Json], own: Json) -> list[Json]:
    """What is offered first, then by line."""
    return sorted(rows, key=lambda row: (not is_offered(row, own), row["line"] is None, row["line"] or 0, row["id"]))


def _but(row: Json, own: Json) -> str:
    if row["overriddenBy"] not in (None, "undetermined"):
        return "has to wait"
    if own["applicability"] == "indirect":
        return "indirect evidence"
    if own["applicability"] == "undetermined":
        return "not known whether its evidence applies"
    return "not the first choice" if row["preferred"] is False else "not settled"


def _source(guideline: Guideline) -> Json:
    source = {"label": md.shortened(f"{capital(guideline.label)} {guideline.version}", SUMMARY)}
    if (url := _address(guideline.sources)) is not None:
        source["url"] = url
    return source


def _address(sources: Iterable[Mapping[str, Any]]) -> str | None:
    """Where to read the guideline: the address of the first source that was read itself and has one."""
    verified = [own for own in sources if own["status"] == say.VERIFIED]
    return next((url for own in verified if (url := address_of(own["identifier"] or ""))), None)
