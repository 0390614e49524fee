"""Witnesses: the fewest findings that show a failure, and what ``assess`` says of them, as Turtle and as FHIR."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from reasoner.assess import Reasoner
from reasoner.criteria import Criterion, support
from reasoner.errors import KnowledgeError
from reasoner.knowledge import Knowledge
from reasoner.witness import bundle, findings_in, turtle

from .implicants import Implicants
from .obligation import (
    ASSUMED,
    ELIGIBLE,
    FIRST,
    GAP,
    IN_FORCE,
    IN_SCOPE,
    NO_GAP,
    NOT_ELIGIBLE,
    NOT_FIRST,
    NOT_IN_FORCE,
    OPEN,
    OUT_OF_SCOPE,
    RULED_OUT,
    Claim,
    Obligation,
)

Json = Mapping[str, Any]
_TRIES = 24
"""Smallest patients tried: one that a data rule sets aside, or that leaves a claim open, gives way to the next."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A patient: findings, both forms, and whether each form is answered as claimed."""

    kind: str
    findings: Mapping[str, str | int | float]
    turtle: str
    fhir: str
    claims: tuple[Claim, ...]
    replays: tuple[str, ...]
    """What was answered otherwise than claimed, a sentence each; empty where all is as claimed."""
    no_fhir: str = ""
    """Why there is no FHIR form: the knowledge maps nothing to a finding."""


class Replayer:
    """Makes witnesses and assesses them."""

    def __init__(self, knowledge: Knowledge, implicants: Implicants) -> None:
        self.knowledge, self.implicants = knowledge, implicants
        self._strict, self._default = Reasoner(knowledge, strict=True), Reasoner(knowledge)
        self._kinds = {guideline.id: guideline.kind for guideline in knowledge.guidelines}

    def witness(self, obligation: Obligation, criteria: Sequence[Criterion]) -> Witness | None:
        """The smallest patient of the first criterion that anybody meets; one that replays, where there is one."""
        kind = self._kinds[obligation.guideline]
        for criterion in criteria:
            first: Witness | None = None
            for findings in self._patients(criterion, kind):
                made = self._made(kind, findings, obligation.claims)
                if not made.replays:
                    return made
                first = first or made
            if first is not None:
                return first
        return None

    def _patients(self, criterion: Criterion, kind: str) -> Iterator[dict[str, str | int | float]]:
        program = self.implicants.program
        cubes = self.implicants.sufficient(criterion)
        for cube in cubes[:_TRIES]:
            yield self._findings(cube, kind)
        # Complete ones: where no single proof holds for all completions, each verdict is still definite.
        names = support(criterion)
        for cube in cubes[:_TRIES]:
            findings = self._findings(cube, kind)
            for name in sorted(names - findings.keys()):
                place = program.space.fields[name]
                possible = program.hull(cube & self.implicants.real) & place.mask
                # The last value first: the first ones are most often what makes things eligible.
                cube &= ~place.mask | (1 << (possible.bit_length() - 1))
            yield self._findings(cube, kind)

    def _findings(self, cube: int, kind: str) -> dict[str, str | int | float]:
        program = self.implicants.program
        for place in program.space.constrained(cube):
            # A cell between two limits may hold no number of the finding.
            cube &= ~place.mask | self.implicants.real
        found = findings_in(cube, program)
        if not found:
            # A patient of whom nothing is said is no patient graph.
            own = self.knowledge.model.findings_of(kind)
            coded = next((finding for finding in own if finding.values), None)
            if coded is not None:
                found[coded.notation] = coded.values[-1].notation
        return found

    def _made(self, kind: str, findings: Mapping[str, str | int | float], claims: tuple[Claim, ...]) -> Witness:
        graph = turtle(self.knowledge, kind, findings)
        forms: list[tuple[str, bytes | dict[str, Any]]] = [("Turtle", graph.encode())]
        pretty = why = ""
        try:
            document = bundle(self.knowledge, kind, findings)
        except KnowledgeError as error:
            why = error.message
        else:
            forms.append(("FHIR", document))
            pretty = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
        wrong: list[str] = []
        for form, source in forms:
            strict, default = self._strict.assess(source).to_dict(), self._default.assess(source).to_dict()
            wrong += [f"{form}: {what}" for what in differences(strict, default, claims)]
        return Witness(kind, dict(findings), graph, pretty, claims, tuple(wrong), why)


def differences(strict: Json, default: Json, claims: Sequence[Claim]) -> list[str]:
    """What the answers say otherwise than claimed; ``default`` is the answer where assumptions are allowed."""
    if len(strict["subjects"]) != 1 or len(default["subjects"]) != 1:
        return [f"{len(strict['subjects'])} subjects instead of one"]
    wrong = [] if strict["validation"]["conforms"] else ["the data are called invalid"]
    for claim in claims:
        answer = default if claim.what in (ASSUMED, RULED_OUT) else strict
        row = next(g for g in answer["subjects"][0]["guidelines"] if g["id"] == claim.guideline)
        if not _holds(claim, row):
            wrong.append(f"{claim.about or claim.guideline} is not {claim.what}")
    return wrong


def _holds(claim: Claim, guideline: Json) -> bool:
    if claim.what in (IN_SCOPE, OUT_OF_SCOPE):
        return bool(guideline["scope"] == claim.what.replace(" ", "-"))
    if claim.what in (GAP, NO_GAP):
        return any(gap["id"] == claim.about for gap in guideline["gaps"]) == (claim.what == GAP)
    row = next(r for r in guideline["recommendations"] if r["id"] == claim.about)
    eligible, overridden = row["verdict"] == "eligible", row["overriddenBy"]
    out_of_force = row["verdict"] == "not-eligible" or overridden not in (None, "undetermined")
    return bool(
        {
            ELIGIBLE: eligible,
            NOT_ELIGIBLE: row["verdict"] == "not-eligible",
            IN_FORCE: eligible and overridden is None,
            NOT_IN_FORCE: out_of_force,
            FIRST: row["preferred"] is True,
            NOT_FIRST: row["preferred"] in (False, None),
            OPEN: row["verdict"] == "undetermined" and claim.finding in row["missing"],
            ASSUMED: eligible and claim.finding in row["assumed"],
            RULED_OUT: row["verdict"] == "not-eligible" and claim.finding in row["assumed"],
        }[claim.what]
    )
