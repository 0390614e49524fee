"""What the page of an answer shows: the sentences of the text answer, with pictures, questions and doors to more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from reasoner import sentences as say
from reasoner.answer import Answer
from reasoner.assess import Reasoner
from reasoner.blocks import Section, capital
from reasoner.criteria import Criterion
from reasoner.derive import State
from reasoner.draw.forest import by_measure, effect, forest
from reasoner.draw.pathway import outline, pathway
from reasoner.draw.steps import Step, marks, steps
from reasoner.model import SubjectFacts
from reasoner.page import page
from reasoner.program import Formula
from reasoner.words import Words, counted

from .form import brief

Json = Mapping[str, Any]
Context = dict[str, Any]
SIGNS = {"eligible": "✓", "undetermined": "?", "conflicting-data": "‼", "not-eligible": "✕"}
"""A verdict is never told by colour alone; what matters first comes first."""
_ASKABLE = ("Eligible", "Also eligible", "Eligible but waiting")
"""Sections whose lines are recommendations, besides those that stand out."""
_FOLDED = ("Claims that other sources contradict",)
"""Sections that are long and change nothing about what to do."""
_DRAWN = 6
"""Pathways drawn at once: the others are a click away."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody answered on the page: the place of the subject, the finding, the value as it was written."""

    place: int
    finding: str
    value: str

    @property
    def name(self) -> str:
        """The name of its field."""
        return f"told.{self.place}.{self.finding}"


class Viewer:
    """Turns answers into what templates show; what does not depend on the patient is worked out once."""

    def __init__(self, reasoner: Reasoner) -> None:
        self.reasoner, self.words = reasoner, Words(reasoner.knowledge)
        self.model = reasoner.knowledge.model
        self._formulas: dict[Criterion, Formula] = {}
        self.recommendations = {
            own.id: (guideline, own) for guideline in reasoner.knowledge.guidelines for own in guideline.recommendations
        }

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """The criteria of each recommendation."""
        return {id_: steps(own.eligibility, self.model, self.words) for id_, (_, own) in self.recommendations.items()}

    def view(self, answer: Answer, decided: Sequence[tuple[SubjectFacts, State]], told: Sequence[Told]) -> Context:
        """All that the template shows of one answer."""
        content = answer.to_dict()
        written = page(content, self.words)
        subjects = [
            self._subject(place, own, state, written.subjects[place].sections, told)
            | {"heading": written.subjects[place].heading, "reference": written.subjects[place].reference}
            for place, (own, (_, state)) in enumerate(zip(content["subjects"], decided, strict=True))
        ]
        return {
            "subjects": subjects,
            "sections": written.sections,
            "note": written.note,
            "violations": [r for r in content["validation"]["results"] if r["severity"] == "Violation"],
            "recommendations": self.recommendations,
            "askable": _ASKABLE,
            "folded": _FOLDED,
        }

    def _subject(
        self, place: int, own: Json, state: State, sections: Sequence[Section], told: Sequence[Told]
    ) -> Context:
        rows = [row for guideline in own["guidelines"] for row in guideline["recommendations"]]
        within = [guideline for guideline in own["guidelines"] if guideline["scope"] != "out-of-scope"]
        scoped = [(guideline, row) for guideline in within for row in guideline["recommendations"]]
        verdicts = [self._verdict(guideline, row) for guideline, row in scoped]
        verdicts.sort(key=lambda own: list(SIGNS).index(own["verdict"]))
        return {
            "place": place,
            "iri": own["subject"],
            "sections": [s for s in sections if not s.numbered and not s.title.startswith("Evidence: ")],
            "questions": [self._question(place, question) for question in say.questions(own)],
            "told": [self._answered(one) for one in told if one.place == place],
            "pathways": [self._pathway(place, row, state) for row in self._drawn(rows)],
            "plots": list(self._plots(place, rows)),
            "verdicts": verdicts,
            "counts": ", ".join(
                f"{number} {self.words.label('verdict', verdict)}"
                for verdict in SIGNS
                if (number := sum(own["verdict"] == verdict for own in verdicts))
            ),
        }

    # What to ask

    def _question(self, place: int, question: say.Question) -> Context:
        text, _, _ = say.ask(question, self.words)
        finding = self.words.findings[question.finding]
        values = [value for value in finding.values if value.notation in question.settles]
        open_ = counted(question.open, "open verdict")
        return {
            "name": f"told.{place}.{question.finding}",
            "text": text,
            "settles": f"Settles up to {question.most} of {open_}." if question.most else "Settles nothing by itself.",
            "choices": list(zip([v.notation for v in values], brief([v.label for v in values]), strict=True)),
            "unit": self.words.unit(question.finding) if finding.range else "",
        }

    def _answered(self, one: Told) -> Context:
        value: Any = one.value
        if self.words.findings[one.finding].range is not None:
            value = float(one.value)
        return {"name": one.name, "value": one.value, "text": capital(self.words.said(one.finding, value))}

    # What was decided

    def _verdict(self, guideline: Json, row: Json) -> Context:
        verdict = str(row["verdict"])
        first = row["preferred"] is True and verdict == "eligible"
        return {
            "id": row["id"],
            "guideline": guideline["id"],
            "action": capital(say.action(row, self.words)),
            "against": row["direction"] == "against",
            "verdict": verdict,
            "sign": SIGNS[verdict],
            "word": self.words.label("verdict", verdict) + (", comes first" if first else ""),
            "why": say.reasons(row["because"], self.words),
            "missing": [self.words.finding(name) for name in row["missing"]],
        }

    def _drawn(self, rows: Sequence[Json]) -> list[Json]:
        """What leads: eligible and first, then eligible, then what is open."""
        eligible = [row for row in rows if row["verdict"] == "eligible"]
        first = [row for row in eligible if row["preferred"] is True or self.words.overrides(row["id"])]
        rest = [row for row in eligible if row not in first]
        asked = [row for row in rows if row["verdict"] == "undetermined"]
        return [*first, *rest, *asked][:_DRAWN]

    def _pathway(self, place: int, row: Json, state: State) -> Context:
        step = self.steps[row["id"]]
        marked = marks(step, lambda tree: self._formula(tree).verdict(state.cube))
        label = str(row["label"])
        title = f"Criteria of {label}"
        ident = f"way-{place}-{row['id']}"
        advised = "advised against" if row["direction"] == "against" else "advised"
        end = f"{capital(self.words.label('verdict', row['verdict']))}: {say.action(row, self.words)} {advised}"
        return {
            "id": row["id"],
            "title": f"{capital(say.action(row, self.words))}: {self.words.label('verdict', row['verdict'])}",
            "sign": SIGNS[row["verdict"]],
            "verdict": row["verdict"],
            "picture": Markup(pathway(step, ident, title, "", end, marked)),
            "outline": Markup(outline(step, lambda _: None, marked)),
        }

    def _formula(self, tree: Criterion) -> Formula:
        found = self._formulas.get(tree)
        if found is None:
            found = self._formulas[tree] = self.reasoner.program.formula(tree)
        return found

    # What stands behind it

    def _plots(self, place: int, rows: Sequence[Json]) -> Iterator[Context]:
        """The evidence of what is eligible, one plot and one table a measure: ratios of different kinds never mix."""
        estimates: dict[str, Json] = {}
        bears: dict[str, list[str]] = {}
        for row in rows:
            if row["verdict"] == "eligible":
                for own in row["evidence"]:
                    estimates.setdefault(own["id"], own)
                    bears.setdefault(own["id"], []).append(row["id"])
        for number, (measure, found) in enumerate(by_measure(list(estimates.values())).items()):
            title = f"Evidence: {self.words.label('measure', measure)}"
            drawn = forest(found, self.words, f"plot-{place}-{number}", title)
            yield {
                "title": title,
                "about": self.words.definition("measure", measure),
                "picture": Markup(drawn) if drawn else None,
                "rows": [self._estimate(own, bears[own["id"]]) for own in found],
            }

    def _estimate(self, own: Json, bears: Sequence[str]) -> Context:
        words = self.words
        arms = words.interventions(own["intervention"] or "")
        against = words.interventions(own["comparator"] or "")
        compared = f"{arms} against {against}" if against else arms
        return {
            "id": own["id"],
            "outcome": f"{words.label('outcome', own['outcome'])} ({words.label('role', own['role'])})",
            "arms": compared,
            "effect": effect(own),
            # What is compared has a column of its own.
            "standing": say.estimate_standing(own, words).partition("; ")[2],
            "bears": list(bears),
        }


def told_of(reasoner: Reasoner, subjects: Sequence[Json], told: Sequence[Told]) -> dict[str, dict[str, Any]]:
    """What was told, by subject: what is told of a person holds for all that belongs to that person."""
    model, found = reasoner.knowledge.model, dict[str, dict[str, Any]]()
    for one in told:
        finding, subject = model.findings[one.finding], subjects[one.place]
        value: Any = one.value
        if finding.range is not None:
            value = int(float(one.value)) if finding.range.integer else float(one.value)
        of_person = model.kinds[finding.kind].parent is None and subject["patient"]
        for other in subjects:
            if other["subject"] == subject["subject"] or (of_person and other["patient"] == subject["patient"]):
                found.setdefault(other["subject"], {})[one.finding] = value
    return found
