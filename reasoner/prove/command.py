"""``guideline prove``: the proofs as text, JSON or HTML, and their witnesses as files."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from reasoner.answer import NOTICE
from reasoner.blocks import ALERT, FINE, LEAD, PLAIN, Item, Page, Section, SubjectPage, capital
from reasoner.edges import DONE, FOUND, complain, uncollected
from reasoner.errors import KnowledgeError, UsageError
from reasoner.guidelines import Guideline
from reasoner.html import document
from reasoner.knowledge import Knowledge, load_knowledge
from reasoner.text import TextWriter
from reasoner.words import counted, listed

from .obligation import SOMEBODY
from .run import FAILED, KNOWN, PROVED, Proof, proofs
from .view import View, by_guideline, tally, write_witnesses

_HOW = (
    "Each was asked of every possible subject that the model axioms allow, of the prime implicants and of an SMT "
    "solver independently; a patient shown was assessed again, from Turtle and from FHIR, and answered as said."
)


def prove(options: argparse.Namespace, folder: Path, target: BinaryIO) -> int:
    """Prove the knowledge of a folder and report; 0 where nothing fails but what is acknowledged, else 3.

    A fault that keeps the knowledge from being loaded is one sentence, and 3 too.
    """
    start = time.perf_counter()
    try:
        with uncollected():
            knowledge = load_knowledge(folder)
            found = proofs(knowledge, options.guideline)
    except KnowledgeError as error:
        complain(error)
        return FOUND
    report = Report(knowledge, found, options.guideline, time.perf_counter() - start)
    if options.witnesses:
        report.files = _written(report, Path(options.witnesses))
    if options.format == "json":
        target.write(orjson.dumps(report.data(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    elif options.format == "html":
        target.write(document([report.page()], "Proofs").encode())
    else:
        colour = bool(getattr(target, "isatty", bool)()) and target is sys.stdout.buffer
        target.write(f"{report.heading()}\n\n".encode())
        target.write(TextWriter(colour=colour).write(report.page()).encode())
    return FOUND if report.alarms else DONE


def _written(report: Report, folder: Path) -> dict[str, list[str]]:
    try:
        return write_witnesses(report.view, report.proofs, folder)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", f"`{folder}`", "name another folder") from error


class Report:
    """The proofs of one run, ready to be shown."""

    def __init__(self, knowledge: Knowledge, found: Sequence[Proof], only: Sequence[str], seconds: float) -> None:
        self.knowledge, self.proofs, self.seconds = knowledge, found, seconds
        self.view = View(knowledge)
        self.guidelines = [g for g in knowledge.guidelines if not only or g.id in only]
        self.alarms = [proof for proof in found if proof.is_alarm]
        self.files: dict[str, list[str]] = {}

    def heading(self) -> str:
        """What is proved: the folder, and each guideline with its version."""
        named = ", ".join(f"{g.id} {g.version}" for g in self.guidelines)
        return f"{self.knowledge.folder.resolve()}: {named}"

    def data(self) -> dict[str, Any]:
        """Everything, as plain data."""
        groups = by_guideline(self.proofs)
        return {
            "about": self.heading(),
            "passed": not self.alarms,
            "seconds": round(self.seconds, 3),
            "guidelines": [
                {
                    "id": g.id,
                    "iri": g.iri,
                    "label": g.label,
                    "version": g.version,
                    "sha256": g.sha256,
                    "counts": tally(groups.get(g.id, [])),
                    "seconds": round(sum(proof.seconds for proof in groups.get(g.id, [])), 3),
                }
                for g in self.guidelines
            ],
            "proofs": [self.view.proof(proof, self.files.get(proof.obligation.id, ())) for proof in self.proofs],
            "notice": NOTICE,
        }

    def page(self) -> Page:
        """The page that text and HTML show."""
        groups = by_guideline(self.proofs)
        pages = tuple(self._guideline(g, groups.get(g.id, [])) for g in self.guidelines)
        return Page(pages, (self._outcome(),), "", NOTICE)

    def _outcome(self) -> Section:
        total, known = len(self.proofs), sum(proof.status == KNOWN for proof in self.proofs)
        if self.alarms:
            verdict = f"{counted(len(self.alarms), 'alarm')} among {counted(total, 'proof')}"
        else:
            verdict = f"no alarm in {counted(total, 'proof')}"
        items = [Item(f"{capital(verdict)}; {known} known and acknowledged. {self.seconds:.1f} s."), Item(_HOW)]
        if self.files:
            items.append(Item("Each witness was written as Turtle and FHIR; index.tsv lists them."))
        return Section("Outcome", tuple(items), ALERT if self.alarms else LEAD)

    def _guideline(self, guideline: Guideline, found: Sequence[Proof]) -> SubjectPage:
        counts = {status: sum(p.status == status for p in found) for status in (PROVED, KNOWN)}
        alarms = [proof for proof in found if proof.is_alarm]
        seconds = sum(proof.seconds for proof in found)
        summary = (
            f"{counted(len(found), 'obligation')}: {counts[PROVED]} proved, {counts[KNOWN]} known, "
            f"{len(alarms)} failed, in {seconds:.1f} s"
        )
        sections = [Section("Summary", (Item(summary),), ALERT if alarms else LEAD)]
        if alarms:
            sections.append(Section("Failures", tuple(self._told(proof) for proof in alarms), ALERT, numbered=True))
        known = [proof for proof in found if proof.status == KNOWN]
        if known:
            sections.append(Section("Known and acknowledged", tuple(self._known(known)), PLAIN))
        sections.append(Section("Obligations by kind", tuple(self._kinds(found)), FINE))
        heading = f"{guideline.label}, version {guideline.version}"
        return SubjectPage(heading, f"{guideline.id}, sha256 {guideline.sha256[:16]}", tuple(sections))

    def _kinds(self, found: Sequence[Proof]) -> list[Item]:
        items = []
        for kind, counts in sorted(tally(found).items()):
            told = ", ".join(f"{number} {status}" for status, number in sorted(counts.items(), reverse=True))
            items.append(Item(f"{self.view.kind(kind)}: {told}", kind))
        return items

    def _told(self, proof: Proof) -> Item:
        """A failure with all that mending it needs."""
        own, view = proof.obligation, self.view
        notes = [Item(f"{view.term(iri)}, {view.place(iri)}") for iri in view.about(proof)]
        notes += [Item(f"{axiom}, {where}") for axiom, where in view.axioms(proof)]
        if because := view.excludes(proof):
            notes.append(Item(because))
        if proof.status not in (FAILED, KNOWN):
            notes.append(Item(f"Status: {proof.status}. {_STATUS[proof.status]}"))
        notes += self._witness(proof)
        notes.append(Item(f"To mend it: {own.fix}."))
        if turtle := view.acknowledgement(proof):
            notes.append(Item(f"To acknowledge it (docs/proofs.md), beside your safety properties: {turtle}"))
        return Item(f"{capital(view.kind(own.kind))}: {own.says}.", own.id, tuple(notes))

    def _witness(self, proof: Proof) -> list[Item]:
        witness = proof.witness
        if witness is None:
            return []
        title = "Nearest patient" if proof.obligation.wants == SOMEBODY else "Patient"
        notes = [Item(f"{title}: {self.view.patient(witness)}.")]
        if witness.replays:
            notes.append(Item(f"Not answered as claimed: {listed(witness.replays, 'and')}."))
        elif witness.claims:
            said = listed([self.view.claim(claim) for claim in witness.claims], "and")
            forms = f"Turtle ({witness.no_fhir})" if witness.no_fhir else "Turtle and FHIR"
            notes.append(Item(f"Replayed from {forms}; the answer says {said}."))
        if files := self.files.get(proof.obligation.id):
            notes.append(Item(f"Files: {listed(files, 'and')}"))
        return notes

    def _known(self, known: Sequence[Proof]) -> list[Item]:
        """What is acknowledged, by acknowledgement."""
        groups: dict[str, list[Proof]] = {}
        for proof in known:
            groups.setdefault(proof.acknowledged[0].iri, []).append(proof)
        items = []
        for iri, members in groups.items():
            own = members[0].acknowledged[0]
            ids = listed([proof.obligation.id.split(":", 1)[1] for proof in members], "and")
            notes = [Item(f"{own.reason} Source: {own.source}. {self.view.place(iri)}"), Item(f"Excuses {ids}.")]
            # One patient stands for all in the page; each has its own in JSON and among the files.
            example = Item(f"{capital(members[0].obligation.says)}.", "", (*self._witness(members[0]),))
            notes.append(example)
            items.append(Item(capital(own.label), own.kind, tuple(notes)))
        return items


_STATUS = {
    "disputed": "The two back ends disagree, so one of them is at fault: report it with this knowledge.",
    "not replayed": "No patient found is answered as claimed: report it with this knowledge.",
}
