"""A difference as sections to read: who is affected, which decisions, which axioms, which words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reasoner.answer import NOTICE
from reasoner.blocks import ALERT, FINE, PLAIN, Item, Page, Section, as_notes, capital
from reasoner.owl import short
from reasoner.words import Words, counted

from .cohort import Cohort, Move
from .compare import ADDED, CHANGED, Affected, Difference
from .decisions import Change
from .definitions import Redefined
from .derived import Regraded
from .partly import causes
from .patients import WORDS, Patient, worded
from .sides import Side

STAR = "★"
AXIOMS = "Axioms"
_REFERENCES, _ROWS, _MOVES = 5, 100, 12
_PRIORITY = ("subject", "scope", "verdict", "preferred", "overridden by", "applicability", "missing")


class Reporter:
    """Writes one difference in the words of its sides; what NEW has no word for is in the words of OLD."""

    def __init__(self, difference: Difference, cohort: Cohort | None) -> None:
        self.difference, self.cohort = difference, cohort
        self.words = tuple(Words(side.knowledge) for side in difference.sides)

    def page(self) -> Page:
        """All sections in their order."""
        found = [self._who(), self._decisions(), self._axioms(), self._metadata(), self._compared()]
        return Page((), tuple(s for s in found if s.items), self.summary(), NOTICE)

    def summary(self) -> str:
        """The first thing to read."""
        own = self.difference
        if own.is_empty:
            return "No difference: every answer, decision, axiom and word compared is the same."
        if not own.is_clinical:
            return f"No answer can change. {self._rest()}"
        recommendations = {(a.question.guideline, a.question.recommendation) for a in own.affected}
        told = sum(c.clinical for c in (*own.decisions, *own.metadata))
        differing = (
            f"{counted(len(own.affected), 'answer')} out of {own.compared} differ for some patients"
            f" ({counted(len({r for r in recommendations if r[1]}), 'recommendation')})"
        )
        parts = [
            differing if own.affected else f"in no state of settled findings ({own.compared} answers compared)",
            counted(len(own.regraded), "changed grading"),
            counted(len(own.rules) + len(own.recorded) + bool(own.allowed), "changed rule"),
            f"{counted(told, 'other change')} by which an answer can differ",
        ]
        return f"Answers can change (marked {STAR}): {'; '.join(parts)}. {self._rest()}"

    def _rest(self) -> str:
        quiet = sum(not c.clinical for c in (*self.difference.decisions, *self.difference.metadata))
        return (
            f"{counted(len(self.difference.definitions), 'changed definition')}, {counted(quiet, 'change')} of words."
        )

    # Who is affected

    def _who(self) -> Section:
        items = [*self._cohort(), *(self._affected(one) for one in self.difference.affected)]
        if not self.difference.affected:
            items.append(self._unaffected())
        return Section("Who is affected", tuple(items), ALERT if self.difference.is_clinical else PLAIN)

    def _unaffected(self) -> Item:
        """That no state changes sides, and all that this does not say."""
        own = self.difference
        compared = f"({own.compared} answers compared)"
        if not own.is_clinical:
            return Item(f"No state of any patient gets another answer {compared}.")
        text = (
            f"{STAR} No state of settled findings that both sides allow gets another answer {compared}. "
            "Answers can change all the same, above all where findings are not recorded, since these changed: "
            f"{', '.join(causes(own))}."
        )
        if (one := own.partly) is None:
            return Item(text, "", as_notes("No example; give patients with --cohort."))
        about = one.question
        name = self._name(about.guideline, about.recommendation)
        old, new = worded(about.about, one.old), worded(about.about, one.new)
        example = f"{name}: {old} → {new}, for example: {self._said(one.patient)}, and nothing else recorded."
        return Item(text, "", as_notes(example))

    def _said(self, patient: Patient) -> str:
        words = self.words[1] if patient.new is not None else self.words[0]
        return "; ".join(words.said(name, value) for name, value in patient.findings.items()) or "anybody"

    def _name(self, guideline: str, recommendation: str) -> str:
        if not recommendation:
            words = self.words[1] if guideline in self.words[1].guidelines else self.words[0]
            label = words.guidelines[guideline].label if guideline in words.guidelines else ""
            return f"{guideline} ({label})" if label else guideline
        words = self.words[1] if recommendation in self.words[1].recommendations else self.words[0]
        return f"{recommendation} ({words.recommendation(recommendation)})"

    def _affected(self, one: Affected) -> Item:
        question, moved = one.question, one.shift
        no, yes = WORDS[question.about]
        name = self._name(question.guideline, question.recommendation)
        about = f" ({question.item})" if question.item else ""
        ways = []
        if moved.gained:
            ways.append(f"{no} → {yes} in {share(moved.gained, moved.states)}")
        if moved.lost:
            ways.append(f"{yes} → {no} in {share(moved.lost, moved.states)}")
        for (_, members), side in zip(moved.apart, ("OLD", "NEW"), strict=True):
            if members:
                ways.append(f"{yes} in {counted(members, 'state')} that only {side} allows")
        change = "" if one.change == CHANGED else "new, " if one.change == ADDED else "removed, "
        text = f"{STAR} {name}{about}: {change}{'; '.join(ways) or f'{yes} in no state'}"
        notes = [f"States of: {', '.join(map(self._finding, moved.findings)) or 'no finding'}."]
        notes += [
            self._example(patient, *way)
            for patient, many, way in ((one.gained, moved.gained, (no, yes)), (one.lost, moved.lost, (yes, no)))
            if many and one.has_patients
        ]
        return Item(text, "", as_notes(*notes))

    def _finding(self, name: str) -> str:
        finding = self.difference.common.model.findings.get(name)
        return finding.label if finding else name

    def _example(self, patient: Patient | None, before: str, after: str) -> str:
        if patient is None:
            return f"{capital(before)} → {after}: no example; every record tried is one that the data rules set aside."
        return f"{capital(before)} → {after}, for example: {self._said(patient)}."

    def _cohort(self) -> Iterator[Item]:
        own = self.cohort
        if own is None:
            return
        lost = [f"{file}, line {line} could not be read" for file, line in own.broken]
        lost += [f"{file} could not be read: {why}" for file, why in own.failed]
        told = f"{own.answered} answered, {len(own.broken)} broken, {own.invalid} with invalid data"
        yield Item(
            f"{counted(own.inputs, 'input')} of the cohort: {told}. {counted(own.subjects, 'subject')}: {own.changed} "
            f"with another answer, {own.unchanged} without.",
            "",
            as_notes(*lost[:_ROWS], f"{len(lost) - _ROWS} more" if len(lost) > _ROWS else ""),
        )
        for move, subjects in sorted(own.moves.items(), key=lambda m: (_PRIORITY.index(m[0].about), m[0])):
            yield self._move(move, subjects)

    def _move(self, move: Move, subjects: Sequence[str]) -> Item:
        name = self._name(move.guideline, move.recommendation) if move.guideline else "the subject itself"
        shown = ", ".join(subjects[:_REFERENCES])
        more = f" and {len(subjects) - _REFERENCES} more" if len(subjects) > _REFERENCES else ""
        change = f"{move.about} {move.old} → {move.new}"
        text = f"{STAR} {name}: {change} for {counted(len(subjects), 'subject')} of the cohort"
        return Item(text, "", as_notes(f"{shown}{more}"))

    # Decisions

    def _decisions(self) -> Section:
        own = self.difference
        items = [self._change(change) for change in own.decisions]
        items += [self._regraded(one) for one in own.regraded]
        for rule in own.rules:
            states = ""
            if rule.states is not None:
                total, gained, lost = rule.states
                states = f": newly broken in {share(gained, total)}, no longer in {share(lost, total)}"
            items.append(Item(f"{STAR} data rule {rule.id} {rule.what}{states}", "", as_notes(*rule.details)))
        items += [Item(f"{STAR} {self._finding(name)} {what}") for name, what in own.recorded]
        if own.allowed is not None:
            names = ", ".join(map(self._finding, own.allowed.findings))
            items.append(
                Item(
                    f"{STAR} the model axioms: of {counted(own.allowed.states, 'state')} allowed, "
                    f"{own.allowed.only_old} in OLD only and {own.allowed.only_new} in NEW only",
                    "",
                    as_notes(f"States of: {names}."),
                )
            )
        return Section("Decisions", tuple(items))

    def _regraded(self, one: Regraded) -> Item:
        name = self._finding(one.finding)
        if one.what != CHANGED:
            return Item(f"{STAR} {name}: grading {one.what}")
        if one.changed is None:
            return Item(f"{STAR} {name}: the grading changed; {one.records:,} records are too many to count")
        moves = [f"{a} → {b}: {many:,}" for a, b, many in one.moves[:_MOVES]]
        moves += [f"{len(one.moves) - _MOVES} more kinds of change"] if len(one.moves) > _MOVES else []
        inputs = ", ".join(map(self._finding, one.inputs))
        text = f"{STAR} {name}: another grade in {share(one.changed, one.records, 'record')}"
        return Item(text, "", as_notes(f"Records of: {inputs}; each not recorded, or in one of its ranges.", *moves))

    def _change(self, change: Change) -> Item:
        star = f"{STAR} " if change.clinical else ""
        text = f"{star}{change.about}: {change.what} "
        if not change.old:
            return Item(f"{text}added: {change.new}" if change.new else f"{text}changed")
        return Item(f"{text}removed: {change.old}" if not change.new else f"{text}{change.old} → {change.new}")

    # Axioms and metadata

    def _axioms(self) -> Section:
        return Section(AXIOMS, tuple(self._redefined(one) for one in self.difference.definitions))

    def _redefined(self, one: Redefined) -> Item:
        meaning = {True: "same members", False: "other members", None: "members not compared"}[one.same]
        if not one.old or not one.new:
            return Item(f"{one.name}: {'new' if one.new else 'removed'}", short(one.iri), self._lines(one))
        renamed = f"renamed from {short(one.renamed_from)}, " if one.renamed_from else ""
        return Item(f"{one.name}: {renamed}{meaning}", short(one.iri), self._lines(one))

    def _lines(self, one: Redefined) -> tuple[Item, ...]:
        gone = [f"- {line}" for line in one.old if line not in one.new]
        return as_notes(*gone, *(f"+ {line}" for line in one.new if line not in one.old))

    def _metadata(self) -> Section:
        rows = self.difference.metadata
        items = [self._change(change) for change in rows[:_ROWS]]
        if len(rows) > _ROWS:
            items.append(Item(f"{len(rows) - _ROWS} more, all in --format json"))
        return Section("Metadata", tuple(items))

    def _compared(self) -> Section:
        old, new = self.difference.sides
        return Section("Compared", (self._side("OLD", old), self._side("NEW", new)), FINE)

    def _side(self, word: str, side: Side) -> Item:
        commit = f" {side.commit}" if side.commit else ""
        rows = [f"{g.id} {g.version}, sha256 {g.sha256[:16]}" for g in side.knowledge.guidelines]
        return Item(f"{word}: {side.name} ({side.kind}{commit}; core: {side.core})", "", as_notes(*rows))


def share(part: int, whole: int, noun: str = "state") -> str:
    """``12 of 4,608 states (0.26 %, not of patients)``."""
    percent = f" ({100 * part / whole:.3g} %, not of patients)" if whole and part else ""
    return f"{part:,} of {whole:,} {noun}{'' if whole == 1 else 's'}{percent}"


def witnesses(difference: Difference) -> Iterator[tuple[str, str]]:
    """The made-up patients as Turtle, each once, under a title that names all that changes for it."""
    titles: dict[str, list[str]] = {}
    graphs: dict[str, str] = {}

    def add(about: str, way: str, patient: Patient) -> None:
        key = repr(sorted(patient.findings.items()))
        titles.setdefault(key, []).append(f"{about}: {way}")
        graphs.setdefault(key, patient.turtle)

    for one in difference.affected:
        about = one.question.recommendation or one.question.guideline
        no, yes = WORDS[one.question.about]
        for patient, way in ((one.gained, f"{no} → {yes}"), (one.lost, f"{yes} → {no}")):
            if patient is not None:
                add(about, way, patient)
    if (part := difference.partly) is not None:
        about = part.question.recommendation or part.question.guideline
        add(about, " → ".join(worded(part.question.about, told) for told in (part.old, part.new)), part.patient)
    for key, said in titles.items():
        yield "; ".join(said), graphs[key]
