"""From one input to its explanation: every statement is read off the formulas that gave the verdict."""

from __future__ import annotations

import datetime
import difflib
import weakref
from collections.abc import Collection, Mapping, Sequence

from reasoner.answer import Json
from reasoner.assess import Extra, Reasoner
from reasoner.decide import ELIGIBLE, NOT_ELIGIBLE, UNDETERMINED, Compiled, Decider
from reasoner.derive import State
from reasoner.errors import UsageError
from reasoner.inputs import FhirInput, GraphInput
from reasoner.knowledge import Knowledge, shipped
from reasoner.model import SubjectFacts
from reasoner.places import Places
from reasoner.sentences import questions
from reasoner.space import Field

from .axioms import Axioms
from .changes import Change, Changes
from .explanation import Explanation
from .ground import Settler
from .order import Order
from .rows import Rows, in_set
from .sets import sufficient_sets

_TAKEN_OVER = (
    "label", "statement", "direction", "interventions", "verdict", "decision", "line", "strength", "certainty", "grade",
    "transcription", "missing", "assumed", "sources",
)  # fmt: skip
_DEFINITE = {ELIGIBLE: True, NOT_ELIGIBLE: False}
_WORDS = {True: ELIGIBLE, False: NOT_ELIGIBLE, None: UNDETERMINED}


class Explainer:
    """Explains answers; what does not depend on the patient is worked out once."""

    def __init__(self, reasoner: Reasoner) -> None:
        self.reasoner = reasoner
        knowledge = reasoner.knowledge
        folder = knowledge.folder
        roots = (folder / "ontology" if (folder / "ontology").is_dir() else folder, shipped() / "ontology")
        self.rows = Rows(reasoner, Places(knowledge.graph, roots))
        self.axioms = Axioms(reasoner, self.rows)
        self.settler = Settler(reasoner)
        self.changes = Changes(self.settler)
        self.order = Order(self.rows)

    def explain(
        self,
        item: FhirInput | GraphInput,
        on: datetime.date | None = None,
        wanted: Collection[str] = (),
        only: str | None = None,
        extra: Extra | None = None,
    ) -> Json:
        """The explanation of one input: the ``wanted`` recommendations (none: all) of the subjects (``only``: one).

        ``extra`` is what was told since, as for ``Reasoner.answer``.
        """
        given, decided = self.reasoner.answered(item, on, extra)
        answer = given.to_dict()
        classes: dict[str, Json] = {}
        subjects = [
            _Subject(self, facts, state, row, classes).explained(wanted)
            for (facts, state), row in zip(decided, answer["subjects"], strict=True)
            if only is None or only in (row["subject"], row["reference"], *row["sameAs"])
        ]
        answer["subjects"] = subjects
        answer["classes"] = classes
        if only is not None and not subjects:
            answer["note"] = f"The input holds no subject `{only}`."
        return answer


class _Subject:
    """Explains one subject."""

    def __init__(
        self, parent: Explainer, facts: SubjectFacts, state: State, answer: Json, classes: dict[str, Json]
    ) -> None:
        self.parent, self.facts, self.state, self.answer, self.classes = parent, facts, state, answer, classes
        self.space, self.settler = parent.settler.space, parent.settler
        self.ground = self.settler.ground(facts, state)
        self.rows = parent.rows.of(facts, state, self.ground)
        self.assumed = sum(self.space.fields[a.finding].guard for a in state.assumptions)
        self.is_coherent = self.settler.settle(self.ground) != 0
        """Whether what is said can stand together; else nothing can be said about changes of it."""
        self._answered: dict[tuple[str, int], int] = {}

    def explained(self, wanted: Collection[str]) -> Json:
        """The subject with its explanations."""
        asked = questions(self.answer)
        self.places = {question.finding: place for place, question in enumerate(asked)}
        own: list[Json] = []
        for decider in self.parent.reasoner.deciders:
            given = next((g for g in self.answer["guidelines"] if g["id"] == decider.guideline.id), None)
            if given is not None:
                own += self._guideline(decider, given, wanted)
        kept = ("subject", "reference", "sameAs", "kind", "patient", "side")
        return {
            **{key: self.answer[key] for key in kept},
            "findings": self.rows,
            "coherent": self.is_coherent,
            "ask": [{"finding": q.finding, "values": q.settles} for q in asked],
            "explanations": own,
        }

    def _guideline(self, decider: Decider, given: Json, wanted: Collection[str]) -> list[Json]:
        rows = {row["id"]: row for row in given["recommendations"]}
        return [
            self._recommendation(decider, compiled, given, rows)
            for compiled in decider.compiled
            if not wanted or compiled.recommendation.id in wanted
        ]

    def _recommendation(self, decider: Decider, compiled: Compiled, given: Json, rows: Mapping[str, Json]) -> Json:
        own = rows[compiled.recommendation.id]
        sets = self.sets(compiled, own["verdict"])
        about = set(own["missing"]) | {row["finding"] for row in (sets[0] if sets else ())}
        classes = self.parent.axioms.concerning(compiled.recommendation.eligibility, about)
        for iri in classes:
            self.classes.setdefault(iri, self.parent.axioms.written(iri))
        return {
            "guideline": given["id"],
            "scope": given["scope"],
            "applicability": given["applicability"],
            "gaps": given["gaps"],
            "recommendation": own["id"],
            **self.parent.rows.term(compiled.recommendation.iri),
            **{key: own[key] for key in _TAKEN_OVER if key in own},
            "sets": sets,
            "order": self.parent.order.of(decider, compiled, rows, self),
            "changes": self._changes(compiled, own["verdict"]),
            "answers": self._answers(compiled, own),
            "classes": classes,
        }

    def sets(self, compiled: Compiled, verdict: str) -> list[list[Json]]:
        """The minimal sets that suffice for the verdict, none where it is not definite."""
        if verdict not in _DEFINITE:
            return []
        found = sufficient_sets(compiled.formula, self.state.cube, self.assumed, _DEFINITE[verdict])
        return [in_set(self.space.guarded(guards), self.rows) for guards in found]

    # What would change it

    def _changes(self, compiled: Compiled, verdict: str) -> Json | None:
        if verdict not in _DEFINITE or not self.is_coherent:
            return None
        goal, changes = not _DEFINITE[verdict], self.parent.changes
        found = changes.nearest(compiled.formula, goal, self.ground, self.state.cube)
        told: Json = {"to": _WORDS[goal], "sets": [self._change(change) for change in found], "onlyImmutable": []}
        if not found:
            free = changes.nearest(compiled.formula, goal, self.ground, self.state.cube, free=True)
            immutable = {name for c in free for name in self.space.guarded(c.guards & changes.immutable)}
            told["onlyImmutable"] = sorted(immutable)
        return told

    def _change(self, change: Change) -> list[Json]:
        parts = []
        for field, bits in change.parts:
            row = self.rows[field.name]
            parts.append({
                "finding": field.name, "from": row["value"], "origin": row["from"], "to": self._cells(field, bits)
            })  # fmt: skip
        return parts

    def held(self, change: list[Json]) -> list[str]:
        """Grades that a change leaves as they are although they were derived from what it changes."""
        names = {part["finding"] for part in change}
        return [
            name for name, row in self.rows.items()
            if name not in names and any(i["finding"] in names for i in row.get("inputs", ()))
        ]  # fmt: skip

    def _cells(self, field: Field, bits: int) -> list[str]:
        finding = self.settler.model.findings[field.name]
        if finding.values:
            return finding.notations(bits >> field.offset)
        return [self.space.cell_name(field, i) for i in range(field.width) if bits >> (field.offset + i) & 1]

    # What to ask

    def _answers(self, compiled: Compiled, own: Json) -> Json:
        verdict = own["verdict"]
        names = own["missing"] if verdict == UNDETERMINED else own["assumed"]
        asked = [self._question(compiled, name) for name in names]
        fixed = verdict in _DEFINITE and compiled.formula.verdict(self.state.recorded) is not None

        def decisive(row: Json) -> tuple[float, int, str]:
            leads = list(row["leads"].values())
            settled = sum(1 for word in leads if word != UNDETERMINED) / max(1, len(leads))
            return -settled, self.places.get(row["finding"], len(self.places)), row["finding"]

        return {"fixed": fixed, "questions": sorted(asked, key=decisive)}

    def _question(self, compiled: Compiled, name: str) -> Json:
        field = self.space.fields[name]
        possible = self.state.recorded & field.mask
        leads = {}
        for cell in range(field.width):
            bit = 1 << (field.offset + cell)
            if possible & bit and (settled := self._settled(field, bit)):
                leads[self._cells(field, bit)[0]] = _WORDS[compiled.formula.verdict(settled)]
        return {"finding": name, "now": self.rows[name]["value"], "leads": leads}

    def _settled(self, field: Field, bit: int) -> int:
        """What follows once a finding is told; 0 where it cannot be."""
        key = (field.name, bit)
        if key not in self._answered:
            self._answered[key] = self.settler.settle(self.ground.told(field, bit))
        return self._answered[key]


def explained(
    reasoner: Reasoner,
    item: FhirInput | GraphInput,
    recommendation: str | Sequence[str] | None,
    on: datetime.date | None,
) -> Explanation:
    """The explanation of one input as an object; what a reasoner needs for it is worked out at the first call."""
    wanted = [recommendation] if isinstance(recommendation, str) else list(recommendation or ())
    check_wanted(reasoner.knowledge, wanted)
    explainer = _EXPLAINERS.get(reasoner)
    if explainer is None:
        explainer = _EXPLAINERS[reasoner] = Explainer(reasoner)
    return Explanation(explainer.explain(item, on, wanted), reasoner.knowledge)


_EXPLAINERS: weakref.WeakKeyDictionary[Reasoner, Explainer] = weakref.WeakKeyDictionary()


def check_wanted(knowledge: Knowledge, wanted: Collection[str]) -> None:
    """Raise UsageError for a recommendation that there is not."""
    known = sorted(r.id for g in knowledge.guidelines for r in g.recommendations)
    for id_ in wanted:
        if id_ not in known:
            near = difflib.get_close_matches(id_, known, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"choose one of {', '.join(known)}"
            raise UsageError("no such recommendation", f"`{id_}`", hint)
