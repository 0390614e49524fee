"""From reduced resources to the subjects that guidelines decide about, with what is recorded of each as codes."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reasoner.assess import Reasoner
from reasoner.cohort.coding import Codes
from reasoner.derive import State
from reasoner.fhir.statement import type_name

from .fields import Shapes
from .reduced import NO_UNIT, Broken, Reduced, is_input, origin
from .references import NOBODY
from .rowpath import Row, RowPath, Subjects
from .statements import Statement, StatementReader
from .tally import Tally
from .usual import Usual

Numbers = NDArray[np.int64]
Bools = NDArray[np.bool_]
Marks = NDArray[np.uint64]
_ODD_NUMBER = 0x9E3779B97F4A7C15
LABEL = ["unit", "label"]
COLUMNS = ("unit", "statement", "id", "target", "dates")


@dataclass
class Assembled:
    """The subjects of some units."""

    patients: pl.Series
    """Of each subject that codes tell whole: the patient, ``Type/id``."""
    subjects: pl.Series
    """``Type/id``."""
    codes: dict[str, Codes]
    """By finding: what is recorded, as ``coding`` defines it."""
    states: list[tuple[str | None, str | None, State]]
    """Patient, subject and state of those whose dates matter beyond one finding."""
    tally: Tally


class Assembler:
    """Assembles units; it remembers statements and combinations, so keep one in a process."""

    def __init__(
        self, reasoner: Reasoner, on: datetime.date | None = None, reader: StatementReader | None = None
    ) -> None:
        """``reader`` may be that of a reducer in the same process: then no statement is read twice."""
        knowledge = reasoner.knowledge
        self.reader = reader or StatementReader(knowledge.mapping, knowledge.model, on)
        self.rows = RowPath(reasoner, on)
        self.usual = Usual(reasoner, self.reader, self.rows.entangled)
        self.read_kinds = frozenset(Shapes(knowledge.mapping).fields)

    def assemble(self, parts: Sequence[Reduced]) -> Assembled:
        """The subjects of all units of the parts; every unit must be whole in them."""
        if self.reader.is_full:
            self.reader.forget()
        whole = Reduced.joined(parts)
        tally, subjects = Tally(), Subjects()
        numbers = np.array([self.reader.number(key) for key in whole.keys], np.int64)
        rows = whole.rows.with_columns(pl.Series("statement", numbers[whole.rows["statement"].to_numpy()]))
        odd = np.zeros(len(whole.units), np.bool_)
        odd[[unit for unit, _ in whole.whole]] = True
        by_row_path = odd[rows["unit"].to_numpy()]
        self._count(whole, numbers, rows.filter(~pl.Series(by_row_path)), tally)
        self._read_odd(whole, rows.filter(pl.Series(by_row_path)), subjects, tally)
        rest = self._labelled(rows.filter(~pl.Series(by_row_path)))
        repeated = self._check_names(rest, whole.unsaid, numbers, tally)
        found = self.usual.assemble(rest, repeated, len(whole.units), tally)
        others = rest.filter(~pl.Series(found.done)[rest["unit"]])
        for unit, own in self._by_unit(others):
            tally.row_path["a shape that columns do not hold"] += 1
            self.rows.statements(whole.persons[unit] or whole.units[unit], own, subjects, tally)
        persons = pl.Series([p or u for p, u in zip(whole.persons, whole.units, strict=True)], dtype=pl.String)
        names = list(self.rows.codes)
        more = np.array(subjects.codes, np.uint64).reshape(-1, len(names))
        return Assembled(
            pl.concat([persons.gather(found.units), pl.Series(subjects.patients, dtype=pl.String)]),
            pl.concat([found.subjects, pl.Series(subjects.references, dtype=pl.String)]),
            {
                name: np.concatenate([found.codes[name], more[:, i].astype(self.rows.codes[name].dtype)])
                for i, name in enumerate(names)
            },
            subjects.states,
            tally,
        )

    def _check_names(self, rows: pl.DataFrame, unsaid: pl.DataFrame, numbers: Numbers, tally: Tally) -> Bools:
        """Count names that occur twice and references to nothing; tells the rows whose name occurs twice."""
        named = unsaid.filter((pl.col("unit") != NO_UNIT) & (pl.col("id") != ""))
        named = self._labelled(named.with_columns(pl.Series("statement", numbers[named["statement"].to_numpy()])))
        there = pl.concat([rows.select(LABEL), named.select(LABEL)])
        marks = _marks(there["unit"], there["label"])
        repeated = np.zeros(len(there), np.bool_)
        ordered = np.sort(marks)
        if len(alike := ordered[1:][ordered[1:] == ordered[:-1]]):
            # Equal marks only hint at equal names: these few are compared.
            at = np.flatnonzero(_among(marks, alike))
            repeated[at] = there[at].is_duplicated().to_numpy()
            tally.duplicates += int(repeated.sum()) - there.filter(pl.Series(repeated)).n_unique()
        asked = rows.select(pl.col("unit"), pl.col("target")).filter(pl.col("target") != "")
        lost = ~_among(_marks(asked["unit"], asked["target"]), ordered)
        for target in asked["target"].filter(pl.Series(lost)):
            tally.dangling += target.partition("/")[0] in self.read_kinds
        return repeated[: len(rows)]

    def _labelled(self, rows: pl.DataFrame) -> pl.DataFrame:
        """With the ``Type/id`` of each row."""
        kinds = pl.Series([statement.kind + "/" for statement in self.reader.all], dtype=pl.String)
        return rows.with_columns((kinds.gather(rows["statement"]) + rows["id"]).alias("label"))

    def _count(self, whole: Reduced, numbers: Numbers, rows: pl.DataFrame, tally: Tally) -> None:
        """Count what does not depend on other resources."""
        unsaid = np.bincount(numbers[whole.unsaid["statement"].to_numpy()], minlength=len(self.reader.all))
        for i in np.flatnonzero(unsaid):
            statement, count = self.reader.all[i], int(unsaid[i])
            tally.counts["resources"] += count
            tally.counts["unmapped" if statement.unmapped is not None else "unused"] += count
            if statement.unmapped is not None:
                tally.unmapped[statement.unmapped] += count
            _add(statement, count, tally)
        said = np.bincount(rows["statement"].to_numpy(), minlength=len(self.reader.all))
        for i in np.flatnonzero(said):
            _add(self.reader.all[i], int(said[i]), tally)
        for kind, count in whole.others.items():
            tally.counts["resources"] += count
            tally.counts["unused"] += count
            tally.unused[f"the mapping reads no {type_name(kind)}"] += count
        tally.break_(whole.broken)

    def _read_odd(self, whole: Reduced, rows: pl.DataFrame, subjects: Subjects, tally: Tally) -> None:
        """Units with unusual resources."""
        data: dict[int, list[bytes]] = {}
        for unit, one in whole.whole:
            data.setdefault(unit, []).append(one)
        own = dict(self._by_unit(rows))
        for unit in sorted(data, key=whole.units.__getitem__):
            name = whole.units[unit]
            if is_input(name):
                tally.row_path["an input that is unusual"] += 1
                self.rows.input(data[unit][0], subjects, tally, Broken(*origin(name), ""))
            elif name == NOBODY:
                self.rows.nobody(data[unit], tally)
            else:
                tally.row_path["a resource that is unusual"] += 1
                self.rows.patient(name, own.get(unit, ()), data[unit], subjects, tally)

    def _by_unit(self, rows: pl.DataFrame) -> Iterator[tuple[int, list[Row]]]:
        statements = self.reader.all
        columns = (rows.sort("unit", maintain_order=True)[name].to_list() for name in COLUMNS)
        last, own = -1, list[Row]()
        for unit, statement, name, target, dates in zip(*columns, strict=True):
            if unit != last:
                if own:
                    yield last, own
                last, own = unit, []
            own.append(Row(statements[statement], name, dates, target))
        if own:
            yield last, own


def _marks(units: pl.Series, labels: pl.Series) -> Marks:
    """A number for each name of a unit: equal names have equal ones."""
    marks: Marks = labels.hash().to_numpy() + units.to_numpy().astype(np.uint64) * np.uint64(_ODD_NUMBER)
    return marks


def _among(asked: Marks, ordered: Marks) -> Bools:
    """Which of the marks are among others, which are sorted."""
    if not len(ordered):
        return np.zeros(len(asked), np.bool_)
    at = np.minimum(np.searchsorted(ordered, asked), len(ordered) - 1)
    found: Bools = ordered[at] == asked
    return found


def _add(statement: Statement, count: int, tally: Tally) -> None:
    for why in statement.unused:
        tally.unused[why] += count
    for result in statement.results:
        tally.invalid[result] += count
