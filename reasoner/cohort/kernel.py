"""The decisions of ``Decider`` over columns: the same formulas, a bit a subject.

A ``Kernel`` needs numpy and nothing else, holds no open resource and can be pickled: one is made a process.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reasoner.derive import Deriver, State
from reasoner.errors import UsageError

from .bits import SetPlanes, numbers, sets, together, unpacked
from .circuit import Planes
from .coding import coding
from .derivation import Batch, Derivation
from .plan import NONE, Asked, Key, Plan
from .results import CLASH, Column, Results, Sets
from .states import Register, States, Words

if TYPE_CHECKING:
    from reasoner.assess import Reasoner

Arrays = dict[Key, NDArray[Any]]
Rows = NDArray[np.intp]
_BLOCK = 1 << 18
"""Rows that are decided together: their bits stay near the processor."""
_FEW = 1 << 13
"""Rows in doubt that are not worth a thread of their own."""


class Kernel:
    """The compiled guidelines of one kind of subject, over columns."""

    def __init__(self, reasoner: Reasoner, kind: str | None = None) -> None:
        model, derivations, program = reasoner.knowledge.model, reasoner.knowledge.derivations, reasoner.program
        kinds = sorted({decider.guideline.kind for decider in reasoner.deciders})
        self.kind, self.strict, self.model, self.space = kind or kinds[0], reasoner.strict, model, program.space
        if self.kind not in kinds:
            raise UsageError(f"no guideline decides about `{self.kind}`", None, f"use one of {', '.join(kinds)}")
        assumable = {f.notation for f in model.findings.values() if f.policy == "assume"}
        assumable |= {g.finding for g in derivations.gradings if any(step.policy for step in g.steps)}
        deciders = [decider for decider in reasoner.deciders if decider.guideline.kind == self.kind]
        self.plan = Plan(deciders, frozenset(assumable))
        self.register = Register(self.plan.fields)
        self.codes = coding(model, program.space)
        """How each finding is coded, by name."""
        deriver = Deriver(model, program, derivations, reasoner.strict)
        self._derivation = Derivation(deriver, program, self.codes, self.register, self.kind)

    @property
    def columns(self) -> Sequence[Column]:
        """The recommendations, by guideline and id: the order of every list in the results."""
        return [own.column for own in self.plan.asked]

    @property
    def coupled(self) -> list[tuple[str, ...]]:
        """The findings that derivations read together: only between these does it matter what was recorded when."""
        return self._derivation.coupled

    def states(self, batch: Batch, rows: slice) -> States:
        """The states of some rows of a batch: rules, gradings and policies applied.

        A batch maps findings to arrays of codes of one length; a finding without an array is recorded nowhere.
        """
        return self._derivation.states(self._checked(batch, rows.stop), rows)

    def from_states(self, states: Sequence[State]) -> States:
        """States that the row path made, for ``decide``."""
        return States.from_states(self.register, self.space, states)

    def violations(self, batch: Batch, n: int) -> Counter[tuple[str, str | None, str]]:
        """How many rows have a validation result, by severity, finding and text."""
        return self._derivation.results(self._checked(batch, n), n)

    def decide(
        self,
        source: Batch | States,
        n: int,
        missing: bool = True,
        threads: int | None = None,
        reasons: bool = False,
    ) -> Results:
        """Decide the ``n`` subjects of a batch, or of states.

        ``missing`` (with what is assumed) and ``reasons`` are asked for apart, as each takes longer than the verdicts.
        """
        if isinstance(source, States):
            made: Callable[[slice], States] = source.part
        else:
            batch = self._checked(source, n)

            def made(rows: slice) -> States:
                return self._derivation.states(batch, rows, missing or reasons)

        types = self.plan.arrays(missing, reasons)
        arrays = together(types, n)
        invalid = np.empty(n, np.bool_)

        def decide(start: int) -> tuple[Rows, States]:
            rows = slice(start, min(n, start + _BLOCK))
            states = made(rows)
            invalid[rows] = states.invalid
            self._write(states, {key: array[rows] for key, array in arrays.items()}, missing, False)
            doubtful = np.flatnonzero(states.doubtful.any(axis=0))
            return doubtful + start, states.part(doubtful)

        starts = range(0, n, _BLOCK)
        workers = min(len(starts), threads or os.cpu_count() or 1)
        with ThreadPoolExecutor(workers) if workers > 1 else nullcontext() as pool:
            each = pool.map if pool else map
            self._doubts(list(each(decide, starts)), arrays, missing, each, workers)
        return self._results(arrays, invalid)

    def _doubts(
        self, doubts: Sequence[tuple[Rows, States]], arrays: Arrays, missing: bool, each: Callable[..., Any], parts: int
    ) -> None:
        """Decide once more, with all there is to ask, the few subjects whose data are in doubt."""
        if not any(len(rows) for rows, _ in doubts):
            return
        every, states = np.concatenate([rows for rows, _ in doubts]), States.joined([own for _, own in doubts])
        size = min(_BLOCK, max(_FEW, -(-len(every) // max(parts, 1))))
        formulas, sets = self.plan.missing, ("missing", "assumed", "overridden")
        touched = {
            key: array.dtype
            for key, array in arrays.items()
            if key[0] in sets or (key[0] == "verdict" and key[1] in formulas)
        }

        def decide(start: int) -> None:
            rows = every[start : start + size]
            own = together(touched, len(rows))
            self._write(states.part(slice(start, start + size)), own, missing, True)
            for key, array in own.items():
                arrays[key][rows] = array

        list(each(decide, range(0, len(every), size)))

    def _checked(self, batch: Batch, n: int) -> Batch:
        checked = {}
        for name, column in batch.items():
            if (code := self.codes.get(name)) is None:
                raise UsageError(f"`{name}` is no finding", None, "see `guideline terms`")
            if column.dtype != code.dtype:
                raise UsageError(f"`{name}` is coded as {column.dtype}", None, f"use {code.dtype}")
            if len(column) < n:
                raise UsageError(f"`{name}` has {len(column)} rows, not {n}", None, "give columns of one length")
            checked[name] = column
        return checked

    def _write(self, states: States, out: Arrays, missing: bool, doubt: bool) -> None:
        n, plan, reasons = len(states), self.plan, any(key[0] == "reason" for key in out)
        cube = Planes(self.register, _padded(states.cube))
        bits = plan.verdicts.run(cube)
        for key, array in out.items():
            what, k, population = key
            if what == "verdict":
                numbers(bits[2 * k : 2 * k + 2], array)
            elif what == "preferred":
                numbers(_preferred(bits, k, population), array)
        doubtful = SetPlanes(self.register, _padded(states.doubtful)) if doubt else None
        clashes: dict[int, Words] = {}
        if missing or doubtful:
            for k, own in plan.missing.items():
                undetermined = ~(bits[2 * k] | bits[2 * k + 1])
                found = own.all.run(cube) if undetermined.any() else []
                if doubtful and found and (clash := doubtful.meeting(own.findings, found)).any():
                    out["verdict", k, NONE][unpacked(clash, n) != 0] = CLASH
                    found = [plane & ~clash for plane in found]
                    clashes[k] = clash
                if missing:
                    sets(found, out["missing", k, NONE])
        if missing:
            self._assumed(states, out, doubtful)
        if reasons:
            assumed = SetPlanes(self.register, _padded(states.assumed))
            for k, why in plan.reasons.items():
                sets(why.run(cube, assumed), out["reason", k, NONE])
        for place, asked in enumerate(plan.asked):
            if asked.overriders:
                numbers(_overridden(asked, plan.asked, bits, clashes), out["overridden", place, NONE])

    def _assumed(self, states: States, out: Arrays, doubtful: SetPlanes | None) -> None:
        """The assumed findings that would be missing without any assumption."""
        assumed = SetPlanes(self.register, _padded(states.assumed))
        recorded = Planes(self.register, _padded(states.recorded))
        for k, own in self.plan.missing.items():
            places = range(len(own.findings)) if doubtful else own.assumable
            names = [own.findings[place] for place in places]
            found: list[Words] = []
            if any(assumed.any(name) for name in names):
                found = (own.all if doubtful else own.some).run(recorded)
                clash = doubtful.meeting(names, found) if doubtful else np.uint64(0)
                found = [plane & assumed[name] & ~clash for name, plane in zip(names, found, strict=True)]
            sets(found, out["assumed", k, NONE], places if found else ())

    def _results(self, arrays: Arrays, invalid: NDArray[np.bool_]) -> Results:
        plan = self.plan

        def told(what: str, k: int, population: int = NONE) -> NDArray[Any] | None:
            return None if k == NONE else arrays.get((what, k, population))

        def every(what: str) -> list[Sets] | None:
            asked = any(key[0] == what for key in arrays)
            return [arrays[what, own.formula, NONE] for own in plan.asked] if asked else None

        return Results(
            plan.headers,
            self.columns,
            [arrays["verdict", k, NONE] for k in plan.scopes],
            [told("verdict", k) for k in plan.populations],
            [arrays["verdict", own.formula, NONE] for own in plan.asked],
            [told("preferred", own.preferred, own.population) for own in plan.asked],
            [told("overridden", place) for place in range(len(plan.asked))],
            every("missing"),
            every("assumed"),
            every("reason"),
            invalid,
        )


def _padded(words: Words) -> Words:
    """The words with as many rows as fill whole words of a bit a row."""
    n = words.shape[1]
    # Chosen rows may come column by column, and padding keeps that.
    return np.ascontiguousarray(np.pad(words, ((0, 0), (0, -n % 64))) if n % 64 else words)


def _preferred(bits: Sequence[Words], k: int, population: int) -> list[Words]:
    """Null outside the population of the evidence, undetermined where that is; see ``results.PREFERRED``."""
    true, false = ~bits[2 * k + 1], ~bits[2 * k]
    if population != NONE:
        inside, outside = bits[2 * population], bits[2 * population + 1]
        true, false = (true | ~inside) & ~outside, (false | ~inside) & ~outside
    return [true, false]


def _overridden(own: Asked, asked: Sequence[Asked], bits: Sequence[Words], clash: Mapping[int, Words]) -> list[Words]:
    """The code of the first overrider that is eligible, else 1 where one is open; as planes."""
    rest = ~bits[2 * own.formula + 1]
    if own.formula in clash:
        rest &= ~clash[own.formula]
    planes = [np.zeros_like(rest) for _ in range((len(own.overriders) + 1).bit_length())]
    undetermined = np.zeros_like(rest)
    for code, place in enumerate(own.overriders, 2):
        yes, no = bits[2 * asked[place].formula], bits[2 * asked[place].formula + 1]
        for bit, plane in enumerate(planes):
            if code >> bit & 1:
                plane |= yes & rest
        rest &= ~yes
        undetermined |= ~(yes | no)
    planes[0] |= undetermined & rest
    return planes
