"""From codes to states, by the very code that serves one patient.

Findings that no rule, axiom or grading couples are independent, so the findings fall into groups, and in a group few
combinations occur. Each combination is derived once by ``Deriver``, then looked up.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reasoner.criteria import support
from reasoner.derive import Deriver
from reasoner.errors import UsageError
from reasoner.gradings import Derivations
from reasoner.program import Program

from .coding import Code, Codes
from .outcomes import Outcomes
from .states import MARK, Register, States, Words

Batch = Mapping[str, Codes]
Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]
_DENSE = 1 << 22
"""The largest table of combinations that is kept whole."""
_QUICK = 1 << 18
"""The largest table that holds what is possible, too: where that is all there is, one look-up does."""
_SMALL = 1 << 10
"""Independent findings share a table up to this size: fewer tables are fewer look-ups."""


class Derivation:
    """The derivations of the knowledge over columns; it remembers every combination that it has met."""

    def __init__(
        self, deriver: Deriver, program: Program, codes: Mapping[str, Code], register: Register, kind: str
    ) -> None:
        self.register, self.codes = register, codes
        parts = components(codes, coupled(deriver.derivations, program))
        self.coupled = [tuple(name for name in codes if name in part) for part in parts if len(part) > 1]

        def group(names: Iterable[str], dense: bool = True) -> Group:
            own = [codes[name] for name in names]
            return Group(own, Outcomes(deriver, program.space, register, own, kind), dense)

        self.groups = [group(names) for names in _merged(parts, codes)]
        self.whole = group(codes, dense=False)
        """All findings together: what is impossible in one group sets everything aside."""

    def states(self, batch: Batch, rows: slice, assumptions: bool = True) -> States:
        """The states of some rows of a batch; verdicts alone need not know what was assumed."""
        n = rows.stop - rows.start
        cut = {name: codes[rows] for name, codes in batch.items()}
        if assumptions or any(group.cubes is None for group in self.groups):
            return self._states(cut, n, assumptions)
        states = States.empty(self.register, n)
        rest = np.zeros(n, np.bool_)
        for group in self.groups:
            keys, flagged = group.keys(cut, n)
            group.write(states, keys)
            if len(flagged):
                rest |= flagged
        # Few rows are not known yet, or have more to them than what is possible.
        lowest = states.cube[0].view(np.uint8)[:: states.cube.itemsize]
        others = np.flatnonzero((lowest & np.uint8(MARK)).view(np.bool_) | rest)
        if len(others):
            own = {name: codes[others] for name, codes in cut.items()}
            states.put(others, self._states(own, len(others), assumptions))
        return states

    def _states(self, cut: Batch, n: int, assumptions: bool) -> States:
        """The states of all rows, one outcome after another."""
        states = States.empty(self.register, n)
        impossible = np.zeros(n, np.bool_)
        for group in self.groups:
            slots = group.slots(cut, n)
            group.outcomes.write(states, slots, assumptions)
            impossible |= group.outcomes.is_impossible(slots)
        if impossible.any():
            self._write_whole(states, cut, np.flatnonzero(impossible))
        return states

    def _write_whole(self, states: States, batch: Batch, rows: Rows) -> None:
        some = States.empty(self.register, len(rows))
        cut = {name: codes[rows] for name, codes in batch.items()}
        self.whole.outcomes.write(some, self.whole.slots(cut, len(rows)))
        states.put(rows, some)

    def results(self, batch: Batch, n: int) -> Counter[tuple[str, str | None, str]]:
        """How many rows have a validation result, by severity, finding and text."""
        counts: Counter[tuple[str, str | None, str]] = Counter()
        slots = [group.slots(batch, n) for group in self.groups]
        outside = np.zeros(n, np.bool_)
        for group, own in zip(self.groups, slots, strict=True):
            outside |= group.outcomes.is_impossible(own)
        for group, own in zip(self.groups, slots, strict=True):
            group.outcomes.count(own[~outside], counts)
        if outside.any():
            cut = {name: codes[outside] for name, codes in batch.items()}
            self.whole.outcomes.count(self.whole.slots(cut, int(outside.sum())), counts)
        return counts


class Group:
    """Findings that are looked up together: from their codes to the place of the outcome."""

    def __init__(self, codes: Sequence[Code], outcomes: Outcomes, dense: bool) -> None:
        self.codes, self.outcomes = codes, outcomes
        self.size = prod(code.radix for code in codes)
        self.dense = dense and self.size <= _DENSE
        self._table = np.full(self.size if self.dense else 0, -1, np.int32)
        self.cubes: Words | None = None
        """By key what is possible, marked where there is more to tell or nothing is known yet."""
        if self.dense and self.size <= _QUICK:
            self.cubes = np.full((outcomes.register.words, self.size), MARK, np.uint64)
        self._met: dict[bytes, int] = {}
        self._record = np.dtype([(code.name, code.dtype) for code in codes])
        self._runs = _runs(codes)
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()

    def slots(self, batch: Batch, n: int) -> Rows:
        """The place of each row's outcome."""
        if not self.dense:
            return self._sparse(batch, n)
        keys, flagged = self.keys(batch, n)
        slots = self._table.take(keys)
        if n and slots.min() < 0:
            self._meet(np.unique(keys[slots < 0]))
            slots = self._table.take(keys)
        found: Rows = slots.astype(np.intp)
        if len(flagged):
            rows = np.flatnonzero(flagged)
            found[rows] = self._sparse({name: column[rows] for name, column in batch.items()}, len(rows))
        return found

    def write(self, states: States, keys: Rows) -> None:
        """Add what is possible to states, marked where that is not all."""
        assert self.cubes is not None
        for w in sorted({0, *self.outcomes.words}):
            states.cube[w] |= self.cubes[w].take(keys)

    def keys(self, batch: Batch, n: int) -> tuple[Rows, Flags]:
        """The number of each row's combination, and the rows with a flag, which are taken to have no code there.

        No rows at all where none has one.
        """
        flagged, size = np.zeros(0, np.bool_), 1
        key: NDArray[np.unsignedinteger[Any]] = np.zeros(0, np.uint8)
        for run in self._runs:
            part = np.zeros(n, _smallest(prod(code.radix for code in run)))
            for code in run:
                if len(run) > 1:
                    np.multiply(part, part.dtype.type(code.radix), out=part)
                if n and (column := batch.get(code.name)) is not None:
                    column, own = _unflagged(code, column)
                    flagged = own if not len(flagged) else flagged | own if len(own) else flagged
                    np.add(part, column, out=part, casting="unsafe")
            own_size = prod(code.radix for code in run)
            size *= own_size
            if size == own_size:
                key = part
            else:
                key = key.astype(_smallest(size))
                np.multiply(key, key.dtype.type(own_size), out=key)
                np.add(key, part, out=key)
        return key.astype(np.intp), flagged

    def _meet(self, keys: Rows) -> None:
        with self._lock:
            for key in keys.tolist():
                if self._table[key] < 0:
                    rest, values = key, []
                    for code in reversed(self.codes):
                        rest, value = divmod(rest, code.radix)
                        values.append(value)
                    at = self._table[key] = self.outcomes.add(values[::-1])
                    if self.cubes is not None and self.outcomes.is_plain(at):
                        # The first word last, as readers without the lock take it for settled once it has no mark.
                        self.cubes[1:, key] = self.outcomes.cube(at)[1:]
                        self.cubes[0, key] = self.outcomes.cube(at)[0]

    def _sparse(self, batch: Batch, n: int) -> Rows:
        """The same by a dictionary: slower, and without any limit."""
        records = np.zeros(n, self._record)
        for code in self.codes:
            if (column := batch.get(code.name)) is not None:
                records[code.name] = column
        keys: list[bytes] = records.view(f"V{self._record.itemsize}").tolist()
        with self._lock:
            for at in dict(zip(keys, range(n), strict=True)).items():
                if at[0] not in self._met:
                    self._met[at[0]] = self.outcomes.add([int(value) for value in records[at[1]]])
        return np.fromiter((self._met[key] for key in keys), np.intp, n)


def _runs(codes: Sequence[Code]) -> list[list[Code]]:
    """Codes one after another, together as long as a byte holds all their combinations."""
    runs: list[list[Code]] = []
    for code in codes:
        if runs and prod(own.radix for own in runs[-1]) * code.radix <= 1 << 8:
            runs[-1].append(code)
        else:
            runs.append([code])
    return runs


def _unflagged(code: Code, column: Codes) -> tuple[Codes, Flags]:
    """A column with 0 for what is flagged, and the rows where it was; no rows at all where nothing is."""
    flagged = np.zeros(0, np.bool_)
    greatest = int(column.max())
    if greatest >= code.flag:
        flagged = column >= code.flag
        column = np.where(flagged, code.dtype.type(0), column)
        greatest = int(column.max())
    if greatest >= code.radix:
        raise UsageError(f"{greatest} is no code of `{code.name}`", None, "see reasoner.cohort.coding")
    return column, flagged


def _smallest(size: int) -> np.dtype[np.unsignedinteger[Any]]:
    """The smallest type that holds so many numbers."""
    return np.dtype(np.uint8 if size <= 1 << 8 else np.uint16 if size <= 1 << 16 else np.uint32)


def coupled(derivations: Derivations, program: Program) -> Iterator[set[str]]:
    """Sets of findings that some derivation reads or writes together."""
    space = program.space
    axioms = {
        axiom.iri: set(space.names(space.support(program.blake.primes(axiom.tree)))) for axiom in derivations.axioms
    }
    yield from axioms.values()
    for rule in derivations.rules:
        own = {*rule.when_recorded, *rule.contradicts, *axioms.get(rule.breaks_axiom_of or "", ())}
        yield own | (support(rule.violated_by) if rule.violated_by else set())
    graded: dict[str, set[str]] = {}
    for grading in derivations.gradings:
        trees = [tree for d in grading.discordances for tree in (d.when, d.voided_by)]
        names = {grading.finding, *grading.comparison_inputs, *(n for d in grading.discordances for n in d.inputs)}
        for step in grading.steps:
            trees.append(step.unless)
            for scale in step.scales:
                trees += [scale.voided_by, *(band for _, band in scale.bands)]
                names |= set(scale.inputs)
        graded[grading.iri] = names.union(*(support(tree) for tree in trees if tree is not None))
        yield graded[grading.iri]
    for derived in derivations.recorded:
        yield {derived.finding, *derived.when_recorded}.union(*(graded.get(g, ()) for g in derived.usable_gradings))


def components(names: Iterable[str], coupled: Iterable[set[str]]) -> list[set[str]]:
    """The finest partition of the findings that keeps each set together."""
    parts = [{name} for name in names]
    for together in coupled:
        touching = [part for part in parts if part & together]
        parts = [part for part in parts if not part & together] + ([set().union(*touching)] if touching else [])
    return parts


def _merged(parts: Iterable[set[str]], codes: Mapping[str, Code]) -> list[list[str]]:
    """Small parts put together, by and by; in the order of the model, so that every process agrees."""
    order = {name: i for i, name in enumerate(codes)}
    sized = sorted((prod(codes[name].radix for name in part), sorted(part, key=order.__getitem__)) for part in parts)
    merged: list[tuple[int, list[str]]] = []
    for size, names in sized:
        if merged and merged[-1][0] * size <= _SMALL:
            merged[-1] = merged[-1][0] * size, merged[-1][1] + names
        else:
            merged.append((size, names))
    return [names for _, names in merged]
