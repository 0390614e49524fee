"""Patients with two lesions at most, all at once: the rules of grouping, placing and settling over columns.

What these rules come to for so few is written here once more, as arrays; the tests hold it to the row path. Units
that need more than that are left to the row path, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reasoner.assess import Reasoner
from reasoner.cohort.coding import Codes

from .entangled import Entangled
from .lesions import SLOTS
from .lesions import names as lesion_names
from .placed import Placed, Rows, place
from .settled import Settled, settle
from .statements import StatementReader
from .tally import Tally
from .traits import Traits

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass
class Found:
    """What the columns decide."""

    units: Ints
    """Of each subject, its unit."""
    subjects: pl.Series
    codes: dict[str, Codes]
    done: Bools
    """Of each unit, whether it is decided here."""


class Usual:
    """Assembles the units that the columns fit."""

    def __init__(self, reasoner: Reasoner, reader: StatementReader, entangled: Entangled) -> None:
        knowledge = reasoner.knowledge
        self.reader, self.entangled = reader, entangled
        self.codes = {code.name: code for code in entangled.codes}
        located = knowledge.mapping.located
        kinds = {guideline.kind for guideline in knowledge.guidelines}
        self.traits = None
        if located is not None and kinds == {located.kind}:
            self.traits = Traits(knowledge.mapping, located, knowledge.model, reasoner.program.space)

    def assemble(self, frame: pl.DataFrame, repeated: Bools, units: int, tally: Tally) -> Found:
        """Decide what can be; ``repeated`` are rows whose type and id another row of the unit has."""
        traits = self.traits
        if traits is None or not len(frame):
            return self._nothing(units)
        traits.update(self.reader.all)
        rows = Rows.of(frame, traits, units)
        rows.strange[rows.unit[repeated[rows.at]]] = True
        placed = place(rows, traits)
        settled = settle(rows, placed, traits)
        codes = self._codes(rows, placed, settled)
        self._entangled(rows, settled, codes)
        done = ~rows.strange
        _count(rows, placed, settled, traits, tally)
        chosen = np.flatnonzero((rows.lesions.there & done).reshape(-1))
        named = lesion_names(frame, rows.at, rows.unit, rows.lesions, rows.own["order"], chosen)
        return Found(chosen % units, named, {name: own[chosen] for name, own in codes.items()}, done)

    def _nothing(self, units: int) -> Found:
        codes = {name: np.zeros(0, code.dtype) for name, code in self.codes.items()}
        return Found(np.zeros(0, np.int64), pl.Series([], dtype=pl.String), codes, np.zeros(units, np.bool_))

    def _codes(self, rows: Rows, placed: Placed, settled: Settled) -> dict[str, Codes]:
        """What is recorded of each lesion, a column a finding."""
        units = rows.lesions.there.shape[1]
        columns: dict[str, Codes] = {}
        for at, (name, code) in enumerate(self.codes.items()):
            column = columns[name] = np.zeros(SLOTS * units, code.dtype)
            own = settled.finding == at
            said = settled.said[own]
            if code.cuts is None:
                value = settled.mask[own]
            else:
                value = np.log2(np.maximum(said, 1).astype(np.float64)).astype(np.int64) + 1
            clash = settled.clash[own]
            column[settled.lesion[own]] = np.where(clash, code.flag | said, value).astype(code.dtype)
        for unit, finding in zip(*placed.unsettled(), strict=True):
            code = self.entangled.codes[finding]
            both = columns[code.name][unit::units]
            both[both == 0] = code.unsettled
        return columns

    def _entangled(self, rows: Rows, settled: Settled, codes: dict[str, Codes]) -> None:
        """Leave to the row path the units where dates between findings matter."""
        names = list(self.codes)
        for number, group in enumerate(self.entangled.groups):
            lesions = settled.of_several_dates(group)
            lesions = lesions[~rows.strange[lesions % len(rows.strange)]]
            if not len(lesions):
                continue
            table = np.stack([codes[names[i]][lesions].astype(np.uint64) for i in group], axis=1)
            combinations, which = np.unique(table, axis=0, return_inverse=True)
            clash = np.array([self.entangled.in_group(number, tuple(row)) for row in combinations.tolist()])
            rows.strange[lesions[clash[which.reshape(-1)]] % len(rows.strange)] = True


def _count(rows: Rows, placed: Placed, settled: Settled, traits: Traits, tally: Tally) -> None:
    """Count the resources of the units that are decided here."""
    own = ~rows.strange[rows.unit]
    idle = placed.any_placed & settled.idle & (rows.lesions.slot < 0)
    used = placed.used & ~idle
    unplaced = ~placed.used & placed.any_unplaced
    tally.counts["resources"] += int(own.sum())
    tally.counts["used"] += int((own & used).sum())
    tally.counts["unplaced"] += int((own & unplaced).sum())
    tally.counts["unused"] += int((own & ~used & ~unplaced).sum())
    facts = own[placed.row]
    for finding, count in enumerate(np.bincount(placed.finding[facts & placed.unplaced], minlength=len(traits.names))):
        if count:
            tally.unplaced[traits.names[finding]] += int(count)
    told = facts & placed.dropped & ~placed.before[placed.row]
    for finding, count in enumerate(np.bincount(placed.finding[told], minlength=len(traits.names))):
        if count:
            tally.unused[f"every foot is told its own `{traits.names[finding]}`"] += int(count)
    _count_idle(settled, own & idle, traits, tally)


def _count_idle(settled: Settled, idle: Bools, traits: Traits, tally: Tally) -> None:
    """Resources of which nothing is current: say what a later record governs."""
    facts = np.flatnonzero(idle[settled.fact_row])
    of, findings = settled.fact_row[facts], settled.fact_finding[facts]
    several = np.bincount(of, minlength=len(idle)) > 1 if len(of) else np.zeros(len(idle), np.bool_)
    single = findings[~several[of]]
    for finding, count in enumerate(np.bincount(single, minlength=len(traits.names))):
        if count:
            tally.unused[f"a later record of `{traits.names[finding]}` governs"] += int(count)
    many: dict[int, set[str]] = {}
    for row, finding in zip(of[several[of]].tolist(), findings[several[of]].tolist(), strict=True):
        many.setdefault(row, set()).add(traits.names[finding])
    for names in many.values():
        tally.unused[f"a later record of {', '.join(f'`{name}`' for name in sorted(names))} governs"] += 1
