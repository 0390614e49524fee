"""What one process does: reads a task step by step, or decides a share of the patients that were spilled."""

from __future__ import annotations

import gc
import io
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from reasoner.assess import Reasoner, load
from reasoner.cohort.fhir.part import ends_of
from reasoner.cohort.fhir.reduced import Broken, Reduced, is_input
from reasoner.cohort.fhir.statements import kinds_of
from reasoner.cohort.frame import PATIENT, SUBJECT
from reasoner.edges import uncollected
from reasoner.errors import EngineError

from . import delimited, spill, tables, versions
from .blocks import BLOCK, TruncatedError, blocks_of, unpacked, whole_lines
from .counting import Counts, to_json
from .delimited import Rows
from .judge import Decided, Judge, Settings
from .places import ROWS
from .plan import Piece, Plan, Task, share_name
from .recognise import DOCUMENT, LINES, TABLE, Inputs
from .work import WorkFolder, write, writing

_DOCUMENT = "Bundle"
_GROUP = 1 << 17
"""Rows of a group: few enough that whoever asks for one recommendation skips most of them."""


@dataclass(frozen=True)
class Setup:
    """All that a process needs to know."""

    knowledge: str | None
    strict: bool
    settings: Settings
    inputs: Inputs
    plan: Plan
    work: Path
    allow_partial: bool
    threads: int = 1


@dataclass
class _Made:
    """What a step has made so far."""

    parts: list[Reduced] = field(default_factory=list)
    lines: Counter[str] = field(default_factory=Counter)
    """Lines by the piece that they are in, for their numbers in the file."""
    filled: int = 0
    """Lines that are not blank."""
    bytes: int = 0
    signs: Counts = field(default_factory=Counter)
    """What tells the version of FHIR."""


class Worker:
    """Does tasks; everything that takes time to prepare is prepared once."""

    def __init__(self, setup: Setup, reasoner: Reasoner | None = None) -> None:
        self.setup = setup
        self.work = WorkFolder(setup.work)
        reasoner = reasoner or load(setup.knowledge, setup.strict)
        self.judge = Judge(reasoner, setup.settings, setup.threads)
        self.recorded: Callable[[], None] = lambda: None
        """Called as each step is finished."""
        self._read = 0
        self._share = versions.share_of(setup.inputs.unpacked)

    # Reading ------------------------------------------------------------------------------------------------------

    def read(self, task: Task) -> None:
        """Do the steps of a task that are not finished."""
        finished = 0
        while (record := self.work.recorded(task.step(finished))) is not None:
            finished += 1
            if record["last"]:
                return
        started = time.process_time()
        before, self._read = 0, 0
        for number, (made, told, is_last) in enumerate(_with_last(self._steps(task, finished))):
            if number < finished:
                before = self._read
                continue
            name = task.step(number)
            if isinstance(made, Decided):
                told |= self._part(name, made)
            else:
                told |= self._reduced(name, made)
            took = time.process_time() - started
            started = time.process_time()
            self.work.record(name, told | {"last": is_last, "read": self._read - before, "cpu": took})
            before = self._read
            self.recorded()

    def _steps(self, task: Task, finished: int) -> Iterator[tuple[_Made | Decided, dict[str, Any]]]:
        """What the steps of a task are made of; those that are finished already are empty."""
        if task.kind == TABLE:
            yield from self._table_steps(task, finished)
        elif task.kind == LINES:
            yield from self._line_steps(task, finished)
        elif task.kind == DOCUMENT:
            yield self._documents(task), {}
        else:
            sources = [(piece.name, self.setup.inputs.sources[piece.source]) for piece in task.pieces]
            self._read = sum(source.size for _, source in sources)
            yield self.judge.graphs((name, source.path) for name, source in sources), {}

    def _line_steps(self, task: Task, finished: int) -> Iterator[tuple[_Made, dict[str, Any]]]:
        made, number, told = _Made(), 0, {}
        for piece in task.pieces:
            source = self.setup.inputs.sources[piece.source]
            first = 1
            try:
                for block in self._blocks(piece, min(BLOCK, max(task.size, 1))):
                    if number < finished:
                        lines = ends_of(block)
                    else:
                        part = self.judge.reducer.reduce(block, source.resource, piece.name, first)
                        lines = part.lines
                        made.parts.append(part)
                        made.filled += _filled(block, part)
                        made.signs.update(versions.told(block, self._share))
                    made.lines[piece.name] += lines
                    made.bytes += len(block)
                    first += lines
                    if task.is_stream and made.bytes >= task.size:
                        yield made, {}
                        made, number = _Made(), number + 1
            except TruncatedError as error:
                if not self.setup.allow_partial:
                    raise
                told = {"partial": {piece.name: error.message}}
        yield made, told

    def _blocks(self, piece: Piece, size: int) -> Iterator[bytes]:
        source = self.setup.inputs.sources[piece.source]
        if source.packing is None:
            self._read += piece.end - piece.start
            return blocks_of(source.path, piece.start, piece.end, size)
        return whole_lines(unpacked(source.path, source.packing, self._saw), size)

    def _saw(self, read: int) -> None:
        self._read = read

    def _documents(self, task: Task) -> _Made:
        """FHIR documents, a line each, read together."""
        made, lines = _Made(), []
        for piece in task.pieces:
            data = self.setup.inputs.sources[piece.source].path.read_bytes()
            self._read += len(data)
            # Within JSON a line break is nothing but space.
            lines.append(data.removeprefix(b"\xef\xbb\xbf").replace(b"\n", b" ").replace(b"\r", b" ") or b"-")
        lines = [line if line.strip() else b"-" for line in lines]
        made.parts.append(self.judge.reducer.reduce(b"\n".join(lines), _DOCUMENT, f"{task.pieces[0].source}@files"))
        made.filled = len(lines)
        made.signs = versions.told(b"\n".join(lines), self._share)
        return made

    def _table_steps(self, task: Task, finished: int) -> Iterator[tuple[Decided, dict[str, Any]]]:
        several = len(self.setup.inputs.sources) > 1
        for piece in task.pieces:
            source = self.setup.inputs.sources[piece.source]
            prefix = f"{source.path.stem}:" if several else ""
            if not task.is_stream:
                rows = tables.rows(source.path, piece.start, piece.end)
                if rows.frame.height + rows.lost != piece.end - piece.start:
                    raise EngineError("rows were lost", f"`{source.path}`", "report it")
                self._read += source.size * (piece.end - piece.start) // max(tables.rows_of(source.path), 1)
                yield self._table(rows, f"{piece.source}@{ROWS}", prefix), {}
                continue
            for number, rows in enumerate(delimited.stream(source.path, max(task.size, 1))):
                self._read = rows.read
                yield (Decided(rows.frame) if number < finished else self._table(rows, piece.name, prefix)), {}

    def _table(self, rows: Rows, source: str, prefix: str) -> Decided:
        """Rows decided, with those that are none."""
        decided = self.judge.table(tables.named(rows, prefix))
        decided.broken = [Broken(source, place, why) for place, why in rows.broken]
        decided.marked = tables.marked(decided.rejected, rows.places, source)
        decided.counts["rows", "lost"] += rows.lost
        return decided

    # Deciding -----------------------------------------------------------------------------------------------------

    def _reduced(self, name: str, made: _Made) -> dict[str, Any]:
        """Decide the inputs that stand for themselves, and spill what belongs to patients that may lie elsewhere."""
        whole = Reduced.joined(made.parts) if len(made.parts) != 1 else made.parts[0]
        broken, whole.broken = whole.broken, []
        own = np.array([is_input(unit) for unit in whole.units], np.bool_)
        read = int(own.sum()) if own.all() and len(own) else spill.size_of(whole)
        if (own.all() or not own.any()) and made.filled != read + len(broken):
            raise EngineError(f"{made.filled} lines came to {read} and {len(broken)} broken ones", name, "report it")
        told: dict[str, Any] = {"lines": dict(made.lines), "broken": [(b.source, b.line, b.why) for b in broken]}
        told["filled"], told["kinds"] = made.filled, sorted(kinds_of(whole.keys))
        told["counts"] = to_json(made.signs)
        inputs, bare = _apart(whole, own)
        if bare is not None:
            shares = bare.partition(self.setup.plan.shares)
            write(self.work.spills / name, spill.pack(shares))
            told["spilled"] = [spill.size_of(share) for share in shares]
        if inputs is not None:
            decided = self.judge.reduced([inputs])
            decided.broken = [*broken, *decided.broken]
            decided.counts.update(made.signs)
            told |= self._part(name, decided)
        return told

    def share(self, number: int, steps: list[str]) -> None:
        """Decide the patients of one share, from all steps that spilled any."""
        started = time.process_time()
        parts = [part for step in steps if (part := spill.unpack(self.work.spills / step, number)) is not None]
        spilled = sum(spill.size_of(part) for part in parts)
        decided = self.judge.reduced(parts)
        counted = decided.counts["resources", "resources"]
        name = share_name(number)
        if counted != spilled and not decided.broken:
            raise EngineError(f"{spilled} resources came to {counted}", name, "report it")
        told = self._part(name, decided)
        self.work.record(name, told | {"last": True, "read": 0, "cpu": time.process_time() - started})

    def _part(self, name: str, decided: Decided) -> dict[str, Any]:
        """Write what was decided, and tell what there was."""
        told: dict[str, Any] = {
            "subjects": decided.subjects,
            "rows": decided.frame.height,
            "counts": to_json(_checked(decided.counts, name)),
            "broken": [(b.source, b.line, b.why) for b in decided.broken],
            "marked": [(b.source, b.line, b.why) for b in decided.marked],
        }
        if decided.subjects:
            ids = io.BytesIO()
            np.save(ids, _hashes(decided.frame.select(PATIENT, SUBJECT).head(decided.subjects)))
            write(self.work.parts / f"{name}.ids", ids.getvalue())
            write_part(decided.frame, self.work.parts / f"{name}.parquet")
            told["part"] = name
        return told


def write_part(frame: pl.DataFrame, path: Path) -> None:
    """One file of the output."""
    with writing(path) as part:
        frame.write_parquet(part, compression="zstd", compression_level=1, row_group_size=_GROUP)


def _hashes(ids: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Of each patient, 0 for none, and of each subject with its patient."""
    patients = pl.when(pl.col(PATIENT).is_null()).then(0).otherwise(pl.col(PATIENT).hash(1)).cast(pl.UInt64)
    return ids.select(patients.alias("one"), pl.struct(PATIENT, SUBJECT).hash(1).alias("two")).to_numpy().T


def _checked(counts: Counts, name: str) -> Counts:
    """Counts that add up, or an error: nothing may be lost."""
    told = sum(counts["resources", kind] for kind in ("used", "unmapped", "unplaced", "unused"))
    if told != counts["resources", "resources"]:
        raise EngineError(f"{counts['resources', 'resources']} resources are {told} by use", name, "report it")
    return counts


def _filled(block: bytes, reduced: Reduced) -> int:
    """How many lines are not blank; they are taken apart only where some seem to be."""
    if reduced.lines == spill.size_of(reduced) + len(reduced.broken):
        return reduced.lines
    return sum(1 for line in block.split(b"\n") if line.strip())


def _apart(whole: Reduced, own: np.ndarray[Any, np.dtype[np.bool_]]) -> tuple[Reduced | None, Reduced | None]:
    """Inputs that stand for themselves, and resources of patients; None for what is not there."""
    if not spill.size_of(whole):
        return None, None
    if own.all() and len(own):
        return whole, None
    if not own.any():
        return None, whole
    made = []
    for is_own, units in ((True, np.flatnonzero(own)), (False, np.flatnonzero(~own))):
        rows, unsaid = (
            frame.filter(pl.Series(np.append(own, False)[np.minimum(frame["unit"].to_numpy(), len(own))] == is_own))
            for frame in (whole.rows, whole.unsaid)
        )
        items = [(unit, data) for unit, data in whole.whole if own[unit] == is_own]
        made.append(whole.only(rows, unsaid, items, units))
    made[1].others = whole.others
    return made[0], made[1]


def _with_last(steps: Iterable[tuple[Any, dict[str, Any]]]) -> Iterator[tuple[Any, dict[str, Any], bool]]:
    """Tells of each step whether it is the last one."""
    held: tuple[Any, dict[str, Any]] | None = None
    for step in steps:
        if held is not None:
            yield *held, False
        held = step
    if held is not None:
        yield *held, True


# A process ----------------------------------------------------------------------------------------------------------

_WORKER: list[Worker] = []
SELDOM = 100_000, 20, 20
"""How seldom to look for garbage: steps make many objects that stay, and hardly any garbage that needs looking for."""


def start(setup: Setup) -> None:
    """Prepare a process for tasks, and let it end with the one that started it."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:

        def end() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=end, daemon=True).start()
    with uncollected():
        _WORKER[:] = [Worker(setup)]
    gc.set_threshold(*SELDOM)


def read(task: Task) -> None:
    """Do a task in a prepared process."""
    _WORKER[0].read(task)


def share(number: int, steps: list[str]) -> None:
    """Decide a share in a prepared process."""
    _WORKER[0].share(number, steps)
