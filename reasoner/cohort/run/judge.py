"""What was read of some subjects, decided: a frame to write, and counts. Each process has one judge."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reasoner.assess import Reasoner
from reasoner.cohort.coding import Codes
from reasoner.cohort.fhir.assemble import Assembler
from reasoner.cohort.fhir.reduce import Reducer
from reasoner.cohort.fhir.reduced import Broken, Reduced
from reasoner.cohort.fhir.rowpath import RowPath, Subjects, local
from reasoner.cohort.fhir.tally import Tally
from reasoner.cohort.frame import PATIENT, SUBJECT, encode
from reasoner.cohort.kernel import Kernel
from reasoner.cohort.layout import LAYOUTS, arranged
from reasoner.cohort.states import States
from reasoner.derive import State
from reasoner.errors import ReasonerError
from reasoner.inputs import FhirInput, GraphInput, read_file
from reasoner.model import Reading, SubjectFacts
from reasoner.superseded import without_replaced

from .counting import Counts, ResultCounter, of_results, of_tally

_SHOWN = 50


@dataclass(frozen=True)
class Settings:
    """What changes the output."""

    layout: str = LAYOUTS[0]
    on: datetime.date | None = None
    validate: bool = False
    keep: tuple[str, ...] = ()


@dataclass
class Decided:
    """Subjects with their decisions, and what there was to count."""

    frame: pl.DataFrame
    subjects: int = 0
    counts: Counts = field(default_factory=Counter)
    broken: list[Broken] = field(default_factory=list)
    rejected: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    """Of a table: the rows in which a finding has what is no value of the model, by finding."""
    marked: list[Broken] = field(default_factory=list)
    """Where these rows are."""


class Judge:
    """Decides what was read, in the layout that is asked for."""

    def __init__(self, reasoner: Reasoner, settings: Settings, threads: int = 1) -> None:
        self.reasoner, self.settings, self.threads = reasoner, settings, threads
        self.kernel: Kernel = reasoner.kernel()
        self.reducer = Reducer(reasoner, settings.on)
        self.assembler = Assembler(reasoner, settings.on, self.reducer.reader)
        self._count = ResultCounter(self.kernel, reasoner.knowledge.clashes)
        self._shapes: Counter[tuple[str, str | None, str]] = Counter()
        if settings.validate:
            # The shapes look at one patient at a time, so nothing is read by column.
            self.assembler.rows = CheckedRowPath(reasoner, settings.on, self._shapes)
            self.assembler.usual.traits = None

    # What was read ------------------------------------------------------------------------------------------------

    def reduced(self, parts: Sequence[Reduced]) -> Decided:
        """Units of FHIR resources; each must be whole in the parts."""
        found = self.assembler.assemble(parts)
        n = len(found.patients)
        states = self.kernel.states(found.codes, slice(0, n))
        counts = of_tally(found.tally)
        counts.update(of_results(self.kernel.violations(found.codes, n)))
        patients, subjects = found.patients, found.subjects
        if found.states:
            states = States.joined([states, self.kernel.from_states([state for _, _, state in found.states])])
            patients = pl.concat([patients, pl.Series([one for one, _, _ in found.states], dtype=pl.String)])
            subjects = pl.concat([subjects, pl.Series([one for _, one, _ in found.states], dtype=pl.String)])
            counts.update(_of_states(state for _, _, state in found.states))
        counts.update({("shapes", *key): count for key, count in self._shapes.items()})
        self._shapes.clear()
        about = pl.DataFrame([patients.alias(PATIENT), subjects.alias(SUBJECT)])
        return self._decided(states, about, counts, {}, found.tally.broken)

    def table(self, frame: pl.DataFrame) -> Decided:
        """Rows of findings."""
        table = encode(self.kernel, frame, self.settings.keep)
        counts: Counts = Counter({("rows", "read"): table.n})
        for (column, value), count in table.counts.items():
            counts["rejected", column, value if len(value) <= _SHOWN else value[:_SHOWN] + "…"] += count
        counts.update(of_results(self.kernel.violations(table.batch, table.n)))
        about = pl.DataFrame([table.patient, table.subject]).hstack(table.kept)
        decided = self._decided(table.batch, about, counts, table.rejected)
        decided.rejected = table.rejected
        return decided

    def graphs(self, files: Iterable[tuple[str, Path]]) -> Decided:
        """RDF files, each named for what is told of it, read one by one."""
        tally, shapes = Tally(), Counter[tuple[str, str | None, str]]()
        rows: list[tuple[str | None, str, State]] = []
        for name, path in files:
            try:
                for item in read_file(path):
                    if isinstance(item, FhirInput | GraphInput):
                        rows += self._read(item, tally, shapes)
            except ReasonerError as error:
                tally.break_([Broken(name, 1, error.message)])
        counts = of_tally(tally)
        counts.update(_of_states(state for _, _, state in rows))
        counts.update({("shapes", *key): count for key, count in shapes.items()})
        states = self.kernel.from_states([state for _, _, state in rows])
        about = pl.DataFrame(
            [(one, other) for one, other, _ in rows], schema={PATIENT: pl.String, SUBJECT: pl.String}, orient="row"
        )
        return self._decided(states, about, counts, {}, tally.broken)

    def _read(
        self, item: FhirInput | GraphInput, tally: Tally, shapes: Counter[tuple[str, str | None, str]]
    ) -> list[tuple[str | None, str, State]]:
        reading = self.reasoner.read(item, self.settings.on)
        decided = self.reasoner.decided(reading)
        if self.settings.validate:
            shapes.update(_checked(self.reasoner, item, reading, decided))
        tally.add_reading(without_replaced(reading, decided))
        return [
            (None if subject.patient is None else local(subject.patient), subject.reference or subject.iri, state)
            for subject, state in decided
        ]

    # Decisions ----------------------------------------------------------------------------------------------------

    def nothing(self) -> Decided:
        """The empty frame."""
        return self.graphs([])

    def _decided(
        self, source: States | dict[str, Codes], about: pl.DataFrame, counts: Counts,
        rejected: dict[str, NDArray[np.bool_]], broken: Sequence[Broken] = (),
    ) -> Decided:  # fmt: skip
        n = about.height
        results = self.kernel.decide(source, n, True, self.threads, True)
        counts.update(self._count(results))
        return Decided(arranged(self.settings.layout, results, about, rejected), n, counts, list(broken))


class CheckedRowPath(RowPath):
    """Reads units one by one, and holds each to the shapes as well."""

    def __init__(
        self, reasoner: Reasoner, on: datetime.date | None, shapes: Counter[tuple[str, str | None, str]]
    ) -> None:
        super().__init__(reasoner, on)
        self._shapes = shapes

    def add(self, reading: Reading, subjects: Subjects, tally: Tally, names: Mapping[str, str]) -> None:
        decided = [(subject, self.reasoner.state(subject)) for subject in reading.subjects]
        self._shapes.update(_checked(self.reasoner, FhirInput("", [], []), reading, decided))
        super().add(reading, subjects, tally, names)


def _checked(
    reasoner: Reasoner, item: FhirInput | GraphInput, reading: Reading, decided: Sequence[tuple[SubjectFacts, State]]
) -> Counter[tuple[str, str | None, str]]:
    """What the shapes alone find in one input, without saying of whom; all else is counted anyway."""
    native = {*reading.results, *(result for _, state in decided for result in state.results)}
    results = (found.result for found in reasoner.check.found(item, reading, decided))
    return Counter((r.severity, r.path, r.message) for r in results if r not in native)


def _of_states(states: Iterable[State]) -> Counts:
    return of_results(Counter((r.severity, r.path, r.message) for state in states for r in state.results))
