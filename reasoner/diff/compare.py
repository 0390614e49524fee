"""Two sides compared: everything that differs, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reasoner.criteria import Criterion

from . import decisions
from .common import Common, Ground, grounds, unify
from .decisions import Change
from .definitions import Definitions, Redefined, files, mappings
from .derived import Allowed, Regraded, Ruled, allowed, recorded, regraded, ruled
from .match import Pairs, pair
from .partly import Partly, shown, unsettled
from .patients import Finder, Patient
from .questions import ARGUMENT, CAUTION, ELIGIBLE, FIRST, GAP, POPULATION, SCOPE, SUSPENDED, Question, questions
from .shifts import NEVER, Shift, alike, shift
from .sides import Side

CHANGED, ADDED, REMOVED = "changed", "added", "removed"
_WITHOUT_PATIENT = (ARGUMENT, CAUTION, GAP)
_ORDER = (SCOPE, ELIGIBLE, POPULATION, FIRST, SUSPENDED, GAP, CAUTION, ARGUMENT)
_OF_THE_WHOLE = (ELIGIBLE, SCOPE, POPULATION)


@dataclass(frozen=True, slots=True)
class Affected:
    """One question whose answer changes: ``change`` is changed, added or removed, as the thing asked about is."""

    question: Question
    change: str
    shift: Shift
    gained: Patient | None
    lost: Patient | None
    has_patients: bool
    """Whether a patient is looked for at all; if so, None means that none was found whom both programs agree on."""


@dataclass(frozen=True)
class Difference:
    """All of it. ``cohort`` is filled in by those who have one."""

    sides: tuple[Side, Side]
    common: Common
    pairs: Pairs
    affected: tuple[Affected, ...]
    compared: int
    """Questions that were asked of both sides."""
    decisions: tuple[Change, ...]
    regraded: tuple[Regraded, ...]
    rules: tuple[Ruled, ...]
    recorded: tuple[tuple[str, str], ...]
    allowed: Allowed | None
    definitions: tuple[Redefined, ...]
    metadata: tuple[Change, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)
    partly: Partly | None = None
    """A patient with gaps in the record who gets another answer, where no state tells of one."""

    @property
    def is_clinical(self) -> bool:
        """Whether anything changed by which an answer can change."""
        told = any(change.clinical for change in (*self.decisions, *self.metadata))
        return bool(told or self.affected or self.regraded or self.rules or self.recorded or self.allowed)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all differs."""
        return not (self.is_clinical or self.decisions or self.definitions or self.metadata)


def compare(old: Side, new: Side) -> Difference:
    """Compare two sides; raises KnowledgeError where one of them cannot be used."""
    sides = (old, new)
    common = unify(old.knowledge.model, new.knowledge.model)
    both = grounds(common, old.knowledge, new.knowledge)
    pairs = pair(old.knowledge, new.knowledge, both)
    asked = _asked(sides, both, pairs)
    finder = Finder(sides, both)
    affected = [found for one in asked if (found := _affected(one, pairs, both, finder)) is not None]
    ids = {a.iri: b.iri for _, a, b in pairs.recommendations if a and b and a.iri != b.iri}
    definitions = Definitions(sides, both, ids)
    told = [
        *decisions.recommendations(pairs),
        *decisions.clashes(old.knowledge, new.knowledge, pairs),
        *decisions.findings(common, old.knowledge, new.knowledge),
    ]
    said = [
        *mappings(old.knowledge, new.knowledge),
        *definitions.metadata({own.about for own in told}),
        *files(old.knowledge, new.knowledge),
    ]
    difference = Difference(
        sides=sides,
        common=common,
        pairs=pairs,
        affected=tuple(sorted(affected, key=lambda one: _ORDER.index(one.question.about))),
        compared=len(asked),
        decisions=tuple(decisions.clinical(told)),
        regraded=tuple(regraded(sides, both)),
        rules=tuple(ruled(sides, both, definitions.renamed)),
        recorded=tuple(recorded(sides, both)),
        allowed=allowed(both),
        definitions=tuple(definitions.changed()),
        metadata=tuple(decisions.clinical(said)),
        renamed=definitions.renamed,
    )
    if affected or not difference.is_clinical:
        return difference
    open_ = ((pairs.asked(question), before or NEVER, after or NEVER) for question, before, after in asked)
    return replace(difference, partly=next(shown(open_, finder, unsettled(difference)), None))


Pending = tuple[Question, Criterion | None, Criterion | None]


def _asked(sides: tuple[Side, Side], both: tuple[Ground, Ground], pairs: Pairs) -> list[Pending]:
    """Every question of either side with its class on each."""
    found: tuple[dict[Question, Criterion], dict[Question, Criterion]] = ({}, {})
    for i, matched in enumerate((pairs.matched, None)):
        for guideline in sides[i].knowledge.guidelines:
            found[i].update(questions(guideline, both[i].names, matched))
    return [(question, found[0].get(question), found[1].get(question)) for question in sorted({*found[0], *found[1]})]


def _affected(pending: Pending, pairs: Pairs, both: tuple[Ground, Ground], finder: Finder) -> Affected | None:
    question, before, after = pending
    is_same = before is not None and after is not None and alike(before, after)
    if is_same and both[0].exists == both[1].exists and set(both[0].possible) == set(both[1].possible):
        return None
    asked = pairs.asked(question)
    lone = None in asked.guidelines or (question.recommendation != "" and None in asked.ids)
    if lone and question.about not in _OF_THE_WHOLE:
        # Its order, cautions and arguments come and go with it.
        return None
    moved = shift(*both, before or NEVER, after or NEVER)
    change = CHANGED if not lone else ADDED if before is None else REMOVED
    if not moved.is_changed and not lone:
        return None
    patients: list[Patient | None] = [None, None]
    has_patients = question.about not in _WITHOUT_PATIENT
    for i, (gained, many) in enumerate(((True, moved.gained), (False, moved.lost))):
        if many and has_patients:
            patients[i] = finder.find(asked, before or NEVER, after or NEVER, gained)
    return Affected(question, change, moved, patients[0], patients[1], has_patients)
