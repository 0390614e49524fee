"""Units that columns do not fit: read one by one with the code that reads one patient."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from reasoner.assess import Reasoner
from reasoner.cohort.coding import Code, coding
from reasoner.derive import State
from reasoner.errors import DataError
from reasoner.fhir.bundle import resources_of
from reasoner.fhir.read import COUNTS, subjects_of
from reasoner.fhir.said import Said, Sheet
from reasoner.inputs import FhirInput
from reasoner.model import Fact, Reading, SubjectFacts
from reasoner.settle import Known, settle
from reasoner.superseded import without_replaced

from .entangled import Entangled
from .fields import OBSERVATION, PATIENT, Shapes
from .moments import Moments
from .reduced import Broken
from .statements import Statement
from .tally import Tally

_URN = "urn:guideline-reasoner:"
_NOBODIES = ({"resourceType": PATIENT, "id": "nobody-1"}, {"resourceType": PATIENT, "id": "nobody-2"})


@dataclass
class Subjects:
    """Subjects as they come: those that codes tell whole, and those whose dates matter with their states."""

    patients: list[str | None] = field(default_factory=list)
    references: list[str | None] = field(default_factory=list)
    codes: list[list[int]] = field(default_factory=list)
    states: list[tuple[str | None, str | None, State]] = field(default_factory=list)
    """Patient, subject, state."""


class Row(NamedTuple):
    """A resource of a unit that is read from its statement."""

    statement: Statement
    name: str
    dates: bytes
    target: str


class RowPath:
    """Reads units one by one."""

    def __init__(self, reasoner: Reasoner, on: datetime.date | None) -> None:
        self.reasoner, self.on = reasoner, on
        self.mapping, self.model = reasoner.knowledge.mapping, reasoner.knowledge.model
        self.space = reasoner.program.space
        self.kinds = frozenset(guideline.kind for guideline in reasoner.knowledge.guidelines)
        self.codes = coding(self.model, self.space)
        self.entangled = Entangled(reasoner, self.codes)
        self._fields = Shapes(self.mapping).fields
        self._moments = {kind: Moments(fields.dates) for kind, fields in self._fields.items()}

    # From statements ----------------------------------------------------------------------------------------------

    def statements(self, patient: str, rows: Iterable[Row], subjects: Subjects, tally: Tally) -> None:
        """Read a patient whose resources name themselves and each other in the usual ways."""
        iri = _URN + patient
        labelled = [(f"{row.statement.kind}/{row.name}", row) for row in rows]
        labelled.sort(key=itemgetter(0))
        saids = [self._said(i, label, row, iri) for i, (label, row) in enumerate(labelled)]
        sheet = Sheet()
        found = subjects_of(iri, saids, self.mapping, self.model, self.kinds, sheet, set())
        counts = dict.fromkeys(COUNTS, 0) | {"resources": len(saids)}
        for said in saids:
            counts["used" if said.used else "unplaced" if said.unplaced else "unused"] += 1
        reading = Reading(
            tuple(found), len(saids), counts["used"], (), tuple(sheet.unplaced), tuple(sheet.unused),
            tuple(sheet.results), counts,
        )  # fmt: skip
        self.add(reading, subjects, tally, {})

    def _said(self, index: int, label: str, row: Row, patient: str) -> Said:
        """What the resource says: its statement, with its own name, date and reference."""
        said, kind = row.statement.said, row.statement.kind
        assert said is not None
        when = None if kind == PATIENT else self._moments[kind].when(row.dates)
        target = (_URN + row.target,) if row.target else ()
        focus, reasons = (target, ()) if kind == OBSERVATION else ((), target)
        facts = [Fact(f.finding, f.mask, f.number, when, label, f.via, f.lasting) for f in said.facts]
        return Said(
            index, label, patient if kind == PATIENT else _URN + label, label, patient, facts, said.side,
            said.body_place, said.code_place, said.unread, said.sited, focus, reasons, said.every_side, said.order,
            said.establishing, said.effect, said.codes, said.yields_to, when, said.via, said.used,
        )  # fmt: skip

    # From resources -----------------------------------------------------------------------------------------------

    def input(self, data: bytes, subjects: Subjects, tally: Tally, broken: Broken) -> None:
        """Read an input of its own, as it was written."""
        try:
            resources, urls = resources_of(orjson.loads(data))
        except (orjson.JSONDecodeError, DataError) as error:
            tally.break_([replace(broken, why=str(error))])
            return
        self._read(resources, urls, subjects, tally)

    def patient(self, unit: str, rows: Iterable[Row], whole: Sequence[bytes], subjects: Subjects, tally: Tally) -> None:
        """Read a patient of whom some resources are unusual: they as they were written, the others written again."""
        resources = [self._resource(unit, row) for row in rows]
        resources += [orjson.loads(data) for data in whole]
        self._read(resources, [None] * len(resources), subjects, tally)

    def _resource(self, unit: str, row: Row) -> dict[str, Any]:
        """A resource written again: all that the reader looks at."""
        statement = row.statement
        resource: dict[str, Any] = orjson.loads(statement.key)
        fields = self._fields[statement.kind]
        resource |= {"id": row.name} | self._moments[statement.kind].elements_of(row.dates)
        if statement.kind != PATIENT:
            resource["subject"] = {"reference": unit}
        if row.target:
            resource[fields.targets[0]] = [{"reference": row.target}]
        return resource

    def nobody(self, whole: Sequence[bytes], tally: Tally) -> None:
        """Read resources that name no patient: beside two patients nothing that they say is of one of them."""
        resources: list[dict[str, Any]] = [_without_subject(orjson.loads(data)) for data in whole]
        own = Tally()
        self._read([*resources, *_NOBODIES], [None] * (len(resources) + 2), Subjects(), own)
        own.counts["resources"] -= 2
        own.counts["used"] -= 2
        tally += own

    def _read(self, resources: list[dict[str, Any]], urls: list[str | None], subjects: Subjects, tally: Tally) -> None:
        reading = self.reasoner.read(FhirInput("", resources, urls), self.on)
        names = {
            url: f"{PATIENT}/{resource['id']}"
            for resource, url in zip(resources, urls, strict=True)
            if url is not None and resource.get("resourceType") == PATIENT and isinstance(resource.get("id"), str)
        }
        self.add(reading, subjects, tally, names)

    # Both ---------------------------------------------------------------------------------------------------------

    def add(self, reading: Reading, subjects: Subjects, tally: Tally, names: Mapping[str, str]) -> None:
        """Add the subjects of a reading; ``names`` has the ``Type/id`` of patients by IRI."""
        decided: list[tuple[SubjectFacts, State]] = []
        for subject in reading.subjects:
            known, replaced = settle(subject.facts, self.model, self.space)
            decided.append((subject, State(known, replaced=replaced)))
            patient = None if subject.patient is None else names.get(subject.patient) or local(subject.patient)
            codes = self._codes(known, subject.unsettled)
            if self.entangled.by_known(known) and self.entangled.by_codes(codes):
                subjects.states.append((patient, subject.reference or subject.iri, self.reasoner.state(subject)))
            else:
                subjects.patients.append(patient)
                subjects.references.append(subject.reference or subject.iri)
                subjects.codes.append(codes)
        tally.add_reading(without_replaced(reading, decided))

    def _codes(self, known: Mapping[str, Known], unsettled: frozenset[str]) -> list[int]:
        found = dict.fromkeys(self.codes, 0)
        found.update((name, self.codes[name].unsettled) for name in unsettled)
        found.update((name, self._code(self.codes[name], one)) for name, one in known.items())
        return list(found.values())

    def _code(self, code: Code, known: Known) -> int:
        field_ = self.space.fields[code.name]
        if not known.contradiction:
            bits = known.bits >> field_.offset
            return bits if code.cuts is None else bits.bit_length()
        said = 0
        for value in known.contradiction:
            said |= self.model.findings[code.name].mask(value) if isinstance(value, str) else (
                field_.cell(value) >> field_.offset
            )  # fmt: skip
        return code.flag | said


def local(iri: str) -> str:
    """``Type/id`` of an IRI, or the IRI where it has none."""
    if iri.startswith(_URN):
        return iri.removeprefix(_URN)
    parts = iri.rsplit("/", 2)
    return "/".join(parts[-2:]) if len(parts) == 3 and parts[1] == PATIENT else iri


def _without_subject(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in ("subject", "patient")}
