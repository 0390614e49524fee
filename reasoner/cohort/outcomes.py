"""What comes of combinations of codes: each derived once, kept as rows of tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reasoner.derive import Deriver
from reasoner.space import Space

from .coding import Code
from .states import Register, States, Words

Rows = NDArray[np.intp]
_FOCUS = "urn:subject"


class Outcomes:
    """The outcomes of one group of findings; rows are only ever added, so readers need no lock."""

    def __init__(self, deriver: Deriver, space: Space, register: Register, codes: Sequence[Code], kind: str) -> None:
        self.deriver, self.space, self.register, self.codes, self.kind = deriver, space, register, codes, kind
        self.names = [code.name for code in codes]
        self._own = set(self.names)
        self._guards = sum(space.fields[name].guard for name in self.names)
        self.words = [w for w, bits in enumerate(register.cube(space.full, self.names)) if bits]
        self._sets = [w for w, bits in enumerate(register.set(self.names)) if bits]
        self._table = States.empty(register, 64)
        self._impossible = np.zeros(64, np.bool_)
        self._results: list[tuple[tuple[str, str | None, str], ...]] = []
        self._odd = np.zeros(64, np.bool_)
        """Which outcomes are doubtful or invalid: few rows have one, so these are written apart."""
        self._any_assumed = self._any_odd = self._any_impossible = False

    def __len__(self) -> int:
        return len(self._results)

    def add(self, values: Sequence[int]) -> int:
        """Derive a combination; the place of its outcome."""
        facts = [fact for code, value in zip(self.codes, values, strict=True) for fact in code.facts(value)]
        pairs = zip(self.codes, values, strict=True)
        unsettled = frozenset(code.name for code, value in pairs if value == code.unsettled)
        state = self.deriver.state(facts, self.kind, _FOCUS, unsettled)
        at = len(self._results)
        if at == len(self._table):
            self._table = States.joined([self._table, States.empty(self.register, at)])
            self._impossible = np.concatenate([self._impossible, np.zeros(at, np.bool_)])
            self._odd = np.concatenate([self._odd, np.zeros(at, np.bool_)])
        table, register, names = self._table, self.register, self.names
        table.cube[:, at] = register.cube(state.cube, names)
        table.recorded[:, at] = register.cube(state.recorded, names)
        table.doubtful[:, at] = register.set(self.space.guarded(state.doubtful & self._guards))
        table.assumed[:, at] = register.set(self._own & {a.finding for a in state.assumptions})
        table.invalid[at] = any(result.severity == "Violation" for result in state.results)
        self._impossible[at] = state.impossible
        self._odd[at] = table.invalid[at] or table.doubtful[:, at].any()
        self._any_odd = self._any_odd or bool(self._odd[at])
        self._any_assumed = self._any_assumed or bool(table.assumed[:, at].any())
        self._any_impossible = self._any_impossible or state.impossible
        self._results.append(tuple((r.severity, r.path, r.message) for r in state.results))
        return at

    def is_plain(self, at: int) -> bool:
        """Whether there is no more to an outcome than its cubes and what is assumed."""
        return not self._odd[at] and not self._impossible[at]

    def cube(self, at: int) -> Words:
        """The words of an outcome."""
        return self._table.cube[:, at]

    def write(self, states: States, slots: Rows, assumptions: bool = True) -> None:
        """Add the group's findings to states."""
        table = self._table
        for w in self.words:
            states.cube[w] |= table.cube[w].take(slots)
            if assumptions:
                states.recorded[w] |= table.recorded[w].take(slots)
        if self._any_assumed and assumptions:
            for w in self._sets:
                states.assumed[w] |= table.assumed[w].take(slots)
        if self._any_odd:
            rows = np.flatnonzero(self._odd.take(slots))
            own = slots[rows]
            for w in self._sets:
                states.doubtful[w][rows] |= table.doubtful[w].take(own)
            states.invalid[rows] |= table.invalid.take(own)

    def is_impossible(self, slots: Rows) -> NDArray[np.bool_]:
        """Where what is recorded cannot all be true although each rule by itself is kept."""
        return self._impossible.take(slots) if self._any_impossible else np.zeros(len(slots), np.bool_)

    def count(self, slots: Rows, counts: Counter[tuple[str, str | None, str]]) -> None:
        """Add the validation results of rows to the counts."""
        for at, rows in enumerate(np.bincount(slots, minlength=len(self)).tolist()):
            if rows:
                for result in self._results[at]:
                    counts[result] += rows
