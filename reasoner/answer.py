"""The answer to one input: the contract's JSON, frozen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import TYPE_CHECKING, Any

import orjson

from .decide import NOT_ELIGIBLE, GuidelineVerdict, Verdict
from .derive import State
from .guidelines import Gap, Guideline, Recommendation
from .model import Model, Reading, Result, SubjectFacts
from .program import Program
from .settle import Known

if TYPE_CHECKING:
    import rdflib

    from .knowledge import Knowledge

NOTICE = (
    "Supports a professional and replaces none. Not a medical device. Check the sources, what was assumed and what is "
    "missing before acting."
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Document(ABC):
    """What is told of one input; the same input, knowledge and date give the same bytes but for ``evaluatedAt``."""

    _content: Json = attribute(repr=False)
    _knowledge: Knowledge = attribute(repr=False)

    @property
    def content(self) -> Mapping[str, Any]:
        """What is told, not copied: to read, never to change, as all answers share what the knowledge says."""
        return self._content

    def to_dict(self) -> Json:
        """A fresh copy as plain Python data."""
        copy: Json = orjson.loads(self.to_json())
        return copy

    def to_json(self) -> bytes:
        """UTF-8 JSON without line breaks: one line of NDJSON."""
        return orjson.dumps(self._content)

    @abstractmethod
    def to_turtle(self) -> bytes:
        """A PROV-O graph in Turtle; the same document gives the same bytes."""

    def to_graph(self) -> rdflib.Graph:
        """The PROV-O graph in rdflib."""
        import rdflib

        return rdflib.Graph().parse(data=self.to_turtle(), format="turtle")

    @property
    def is_valid(self) -> bool:
        """Whether the patient data had no violation."""
        return bool(self._content["validation"]["conforms"])


class Answer(Document):
    """One input's answer."""

    __slots__ = ()

    def to_turtle(self) -> bytes:
        from .turtle import turtle

        return turtle([self._content], self._knowledge)


class Scribe:
    """Writes what was decided as the contract's JSON."""

    def __init__(self, model: Model, program: Program, clashes: Sequence[tuple[str, str, str, str, str]]) -> None:
        self.model, self.program, self.space = model, program, program.space
        self.clashes = clashes

    def subject(self, subject: SubjectFacts, state: State, decided: Sequence[GuidelineVerdict]) -> Json:
        """One element of ``subjects``."""
        reasons = _Reasons(self, state)
        return {
            "subject": subject.iri,
            "reference": subject.reference,
            "sameAs": list(subject.same_as),
            "kind": subject.kind,
            "patient": subject.patient,
            "side": subject.side,
            "findings": self._findings(subject.kind, state),
            "assumed": self._assumed(state),
            "conflicts": self._conflicts(decided),
            "guidelines": [self._guideline(verdict, state, reasons) for verdict in decided],
        }

    def _findings(self, kind: str, state: State) -> Json:
        found: Json = {}
        for finding in self.model.findings_of(kind):
            field = self.space.fields[finding.notation]
            known = state.known.get(finding.notation)
            if known is not None and known.contradiction:
                found[finding.notation] = {"conflict": list(known.contradiction)}
            elif finding.range is not None:
                found[finding.notation] = None if known is None else known.number
            else:
                mask = ((state.cube if known is not None else state.recorded) & field.mask) >> field.offset
                # What an axiom alone narrows is no record; what it settles is derived.
                entailed = mask & (mask - 1) == 0
                found[finding.notation] = self._value(finding.notation, mask) if known or entailed else None
        return found

    def _value(self, name: str, mask: int) -> str | Json | None:
        finding = self.model.findings[name]
        if not mask & (mask - 1):
            return finding.values[mask.bit_length() - 1].notation
        return None if mask == finding.full else {"possible": finding.notations(mask)}

    def _assumed(self, state: State) -> list[Json]:
        rows = []
        for assumption in sorted(state.assumptions, key=lambda a: a.finding):
            offset = self.space.fields[assumption.finding].offset
            value = self._value(assumption.finding, assumption.bits >> offset)
            rows.append({"finding": assumption.finding, "value": value, "policy": assumption.policy})
        return rows

    def _conflicts(self, decided: Sequence[GuidelineVerdict]) -> list[Json]:
        if len(decided) < 2 or not self.clashes:
            return []
        eligible = {
            (g.guideline.id, v.recommendation.id) for g in decided for v in g.verdicts if v.verdict == "eligible"
        }
        return [
            {"between": [a, b], "why": why, "guidelines": [one, other]}
            for one, a, other, b, why in self.clashes
            if (one, a) in eligible and (other, b) in eligible
        ]

    def _guideline(self, decided: GuidelineVerdict, state: State, reasons: _Reasons) -> Json:
        guarded = self.space.guarded
        return {
            "id": decided.guideline.id,
            "scope": decided.scope,
            "scopeMissing": guarded(decided.scope_missing),
            "scopeBecause": self._because(decided.scope_proof, reasons),
            "applicability": decided.applicability,
            "recommendations": [self._recommendation(verdict, state, reasons) for verdict in decided.verdicts],
            "ask": [{"finding": name, "values": values} for name, values in decided.ask.items()],
            "gaps": [_gap(gap) for gap in decided.gaps],
        }

    def _recommendation(self, verdict: Verdict, state: State, reasons: _Reasons) -> Json:
        own, guarded, static = verdict.recommendation, self.space.guarded, verdict.recommendation.static
        return {
            "id": own.id,
            "label": static["label"],
            "statement": static["statement"],
            "direction": own.direction,
            "interventions": static["interventions"],
            "verdict": verdict.verdict,
            "preferred": verdict.preferred,
            "preferredMissing": guarded(verdict.preferred_missing) if verdict.preferred_missing else [],
            "decision": own.decision,
            "line": own.line,
            "overriddenBy": verdict.overridden_by,
            "strength": static["strength"],
            "certainty": static["certainty"],
            "grade": static["grade"],
            "transcription": static["transcription"],
            "because": self._because(verdict.proof, reasons),
            "missing": guarded(verdict.missing) if verdict.missing else [],
            "assumed": guarded(verdict.assumed) if verdict.assumed else [],
            "arguments": self._arguments(own, state) if own.arguments else [],
            "disagreements": static["disagreements"],
            "evidence": static["evidence"],
            "cautions": self._caution_list(verdict, state),
            "sources": static["sources"],
        }

    def _because(self, proof: int | None, reasons: _Reasons) -> list[Json]:
        return [] if proof is None else [reasons[field.name] for field in self.space.constrained(proof)]

    def reason(self, name: str, state: State) -> Json:
        """What is known of a finding and where from: one element of ``because``."""
        known = state.known.get(name)
        finding, field = self.model.findings[name], self.space.fields[name]
        assumption = next((a for a in state.assumptions if a.finding == name), None)
        if known is not None and known.number is not None:
            value: Any = known.number
        else:
            value = self._value(name, (state.cube & field.mask) >> field.offset)
        if finding.range is not None and known is None:
            value = None
        origin = "assumed" if assumption is not None else known.origin if known is not None else "derived"
        row: Json = {
            "finding": name,
            "value": value,
            "from": origin,
            "resource": None if known is None else known.source,
        }
        if assumption is not None:
            row["policy"] = assumption.policy
        if known is not None and known.via is not None:
            row["code"] = known.via
        if known is not None and known.inputs:
            row["inputs"] = [
                {"finding": n, "value": self._said(n, one), "resource": one.source} for n, one in known.inputs
            ]
        return row

    def _said(self, name: str, known: Known) -> Any:
        if known.number is not None:
            return known.number
        return self._value(name, known.bits >> self.space.fields[name].offset)

    def _arguments(self, own: Recommendation, state: State) -> list[Json]:
        rows = []
        for argument in own.arguments:
            if self.program.named(argument.when).verdict(state.cube):
                field = self.space.fields[argument.finding]
                value = self._value(argument.finding, (state.cube & field.mask) >> field.offset)
                rows.append({"finding": argument.finding, "value": value, "source": argument.source})
        return rows

    def _caution_list(self, verdict: Verdict, state: State) -> list[Json]:
        if verdict.verdict == NOT_ELIGIBLE:
            return []
        rows = []
        for caution in verdict.recommendation.cautions:
            if caution.policy is not None and all(a.policy != caution.policy for a in state.assumptions):
                continue
            holds = True if caution.when is None else self.program.named(caution.when).verdict(state.cube)
            if holds is not False:
                rows.append(
                    {
                        "text": caution.text,
                        "source": caution.source,
                        "status": caution.status,
                        "applies": "yes" if holds else "undetermined",
                    }
                )
        return rows


class _Reasons(dict[str, Json]):
    """The reasons of one subject, each written once: many verdicts rest on the same finding."""

    def __init__(self, scribe: Scribe, state: State) -> None:
        super().__init__()
        self._scribe, self._state = scribe, state

    def __missing__(self, name: str) -> Json:
        row = self[name] = self._scribe.reason(name, self._state)
        return row


def _gap(gap: Gap) -> Json:
    return {"id": gap.id, "text": gap.text, "reason": gap.reason, "grade": gap.grade, "sources": list(gap.sources)}


def headers(guidelines: Sequence[Guideline]) -> list[Json]:
    """The ``guidelines`` key of the answer."""
    return [{"id": g.id, "iri": g.iri, "label": g.label, "version": g.version, "sha256": g.sha256} for g in guidelines]


def validation(results: Sequence[Result]) -> Json:
    """The ``validation`` key of the answer."""
    return {
        "conforms": not any(result.severity == "Violation" for result in results),
        "results": [{"severity": r.severity, "focus": r.focus, "path": r.path, "message": r.message} for r in results],
    }


def counted(reading: Reading, sha256: str) -> Json:
    """The ``input`` key of the answer."""
    return {
        "sha256": sha256,
        "counts": dict(reading.counts),
        "unmapped": [{"resource": r, "system": s, "code": c} for r, s, c in reading.unmapped],
        "unplaced": [{"resource": r, "finding": f} for r, f in reading.unplaced],
        "unused": [{"resource": r, "why": w} for r, w in reading.unused],
    }
