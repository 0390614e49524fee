"""One run from its inputs to its output: what is finished stays finished, whatever happens in between."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reasoner.assess import Reasoner
from reasoner.cohort.report import Told, as_json, code_of
from reasoner.cohort.report_page import page
from reasoner.errors import UsageError

from . import tables
from .counting import Counts, from_json
from .fingerprint import Fingerprint, digest, fingerprint
from .judge import Judge, Settings
from .output import Output, repeated
from .places import as_lines, quarantined
from .plan import Plan, plan, share_name
from .pool import Pool
from .progress import Progress
from .recognise import LINES, TABLE, Inputs, recognise
from .tasks import Setup, write_part
from .work import WorkFolder


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    inputs: tuple[Path, ...]
    output: Path
    settings: Settings
    knowledge: str | None = None
    workers: int | None = None
    chunk: int | None = None
    fresh: bool = False
    overwrite: bool = False
    allow_partial: bool = False


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    report: dict[str, Any]
    state: str
    """New, resumed, fresh where an unfinished run was thrown away, or complete where there was nothing to do."""


def run(request: Request, reasoner: Reasoner, progress: Progress | None = None) -> Ended:
    """Run from the beginning or from where an earlier run stopped. Raises a ReasonerError; it can then be resumed."""
    started = time.monotonic()
    output = Output(request.output)
    output.check(request.inputs)
    inputs = recognise(request.inputs)
    if inputs.kind == TABLE:
        for source in inputs.sources:
            names = tables.names_of(source.path)
            tables.check_columns(reasoner.kernel(), names, request.settings.keep, str(source.path))
        tables.check_kept([source.path for source in inputs.sources], request.settings.keep)
    cut = plan(inputs, request.chunk)
    own = fingerprint(request.settings, request.allow_partial, reasoner, inputs, cut)
    if (done := _complete(request, output, own)) is not None:
        WorkFolder(output.work).leave_nothing(own)
        return done
    work = WorkFolder(output.work)
    try:
        state = work.open(own, request.fresh)
        whole = _Run(request, reasoner, inputs, cut, work, progress or Progress())
        whole.work_through()
        told = whole.told(started, state, digest(own))
        report = as_json(told)
        beside = {".report.json": report, ".report.html": page(told).encode()}
        if told.broken:
            beside[".quarantine.ndjson"] = as_lines(told.broken)
        output.finish(work, whole.parts(), beside, told.rows)
        work.remove()
    finally:
        work.close()
    return Ended(code_of(told.data), told.data, state)


def _complete(request: Request, output: Output, own: Fingerprint) -> Ended | None:
    """What there is to say of an output that exists; None where it may be written."""
    if not output.path.exists() or (output.path.is_dir() and not any(output.path.iterdir())):
        return None
    found = output.complete()
    is_same = found is not None and found.get("run") == digest(own)
    if found is not None and is_same and not request.fresh and not request.overwrite:
        return Ended(code_of(found), found, "complete")
    output.check_replaceable()
    if not request.overwrite:
        what = "exists already" if is_same else "exists and is of another run"
        raise UsageError(what, f"`{output.path}`", "give --overwrite to replace it, or write elsewhere")
    return None


class _Run:
    """The steps of one run."""

    def __init__(
        self, request: Request, reasoner: Reasoner, inputs: Inputs, cut: Plan, work: WorkFolder, progress: Progress
    ) -> None:
        self.request, self.reasoner, self.inputs, self.plan, self.work = request, reasoner, inputs, cut, work
        self.progress = progress
        self._known: dict[str, dict[str, Any]] = {}
        self.before = len(work.finished())

    def work_through(self) -> None:
        """Do all that is not finished."""
        setup = Setup(
            self.request.knowledge, self.reasoner.strict, self.request.settings, self.inputs, self.plan,
            self.work.path, self.request.allow_partial,
        )  # fmt: skip
        try:
            with Pool(setup, self.reasoner, self._workers()) as pool:
                self.progress.begin("reading", self.plan.size, "bytes", self._bytes())
                pool.read([t for t in self.plan.tasks if not self._is_read(t.number)], self._tick_bytes)
                steps = [name for name, record in self._records() if "spilled" in record]
                shares = range(self.plan.shares) if steps else range(0)
                todo = [number for number in shares if self.work.recorded(share_name(number)) is None]
                self.progress.begin("deciding", len(shares), "shares", len(shares) - len(todo))
                pool.decide(todo, steps, self._tick_shares)
        finally:
            self.progress.end()
        if not self.parts():
            self._write_nothing()

    def _workers(self) -> int:
        # Little is read sooner than more processes are started.
        small = self.plan.shares == 1 and self.inputs.kind == "fhir"
        asked = self.request.workers or (1 if small else os.cpu_count() or 1)
        return max(1, min(asked, max(len(self.plan.tasks), self.plan.shares)))

    def _write_nothing(self) -> None:
        """An output without rows has its columns all the same."""
        judge = Judge(self.reasoner, self.request.settings)
        if self.inputs.kind == TABLE:
            decided = judge.table(tables.nothing(self.inputs.sources[0].path))
        else:
            decided = judge.nothing()
        write_part(decided.frame, self.work.parts / "empty.parquet")

    # Records ------------------------------------------------------------------------------------------------------

    def _records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """All records so far, each read once, in order."""
        for name in self.work.finished():
            if name not in self._known and (record := self.work.recorded(name)) is not None:
                self._known[name] = record
        for name in sorted(self._known):
            yield name, self._known[name]

    def _is_read(self, task: int) -> bool:
        return any(record["last"] for name, record in self._records() if name.startswith(f"a{task:05d}-"))

    def _bytes(self) -> int:
        return sum(int(record["read"]) for _, record in self._records())

    def _tick_bytes(self) -> None:
        self.progress.at(self._bytes())

    def _tick_shares(self) -> None:
        self.progress.at(sum(1 for name in self.work.finished() if name.startswith("b")))

    def parts(self) -> list[str]:
        """The parts of the output, in order."""
        found = [record["part"] for _, record in self._records() if "part" in record]
        return found or (["empty"] if (self.work.parts / "empty.parquet").exists() else [])

    def told(self, started: float, state: str, run: str) -> Told:
        """All that the report tells."""
        records = [record for _, record in self._records()]
        counts: Counts = Counter()
        for record in records:
            counts.update(from_json(record.get("counts", ())))
        broken = quarantined(self.inputs, records)
        table = self.inputs.kind == TABLE
        counts["broken",] = counts["rows", "lost"] if table else len(broken)
        own = [part for part in self.parts() if part != "empty"]
        counts["patients",], counts["duplicates", "subjects"] = repeated(self.work, own)
        partial = {name: why for record in records for name, why in record.get("partial", {}).items()}
        seen = {kind for record in records for kind in record.get("kinds", ())}
        filled = sum(record.get("filled", 0) for record in records)
        return Told(
            self.reasoner,
            self.request.settings,
            self.inputs,
            counts,
            broken,
            rows=sum(record.get("rows", 0) for record in records),
            run=run,
            state=state,
            lines=filled,
            absent=self._absent(seen),
            partial={str(self.inputs.sources[int(name.split("@")[0])].path): why for name, why in partial.items()},
            cpu=sum(record["cpu"] for record in records),
            wall=time.monotonic() - started,
            before=self.before,
            steps=len(records),
        )

    def _absent(self, seen: set[str]) -> list[str]:
        """Resource types that the mapping reads and a bulk export should hold, of which there was none."""
        bulk = any(s.kind == LINES and s.resource != "Bundle" for s in self.inputs.sources)
        return sorted({"Patient", "Observation", *self.reasoner.knowledge.mapping.resources} - seen) if bulk else []
