"""What Spark's Python processes do: prepare once, then decide tables, reduce lines, and decide shares of patients."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from reasoner.cohort.fhir.reduced import Broken, Reduced, is_input
from reasoner.cohort.fhir.statements import kinds_of
from reasoner.cohort.run.blocks import whole_lines
from reasoner.cohort.run.counting import to_json
from reasoner.cohort.run.delimited import Rows, header_of, rows_of
from reasoner.cohort.run.judge import Decided, Judge, Settings
from reasoner.cohort.run.places import ROWS
from reasoner.cohort.run.spill import size_of
from reasoner.cohort.run.tables import marked, named
from reasoner.errors import DataError, EngineError

from .archive import Parcel
from .arrow import given, taken
from .lines import Lines, as_lines

Batches = Iterable[pa.RecordBatch]
SHARE, PART = "share", "part"
REDUCED = f"{SHARE} int, {PART} binary"
"""What is shuffled: the share that some patients are in, and what was reduced of them."""
FILE, START, LINE, CONTENT = "__file", "__start", "__line", "__content"
"""Columns of lines and documents on the way to a task."""
_RAW = 1 << 29
"""Bytes of lines that are reduced before anything is sent on: larger parts shuffle better."""
_SENT = 1 << 24
_SHUFFLED = pa.schema([(SHARE, pa.int32()), (PART, pa.binary())])


@dataclass(frozen=True)
class Job:
    """All that a process needs to know."""

    parcel: Parcel
    settings: Settings
    accumulator: Any
    """Takes the entries of the ledger."""

    def judge(self) -> Judge:
        """The judge of this process."""
        key = (self.parcel, self.settings)
        if key not in _JUDGES:
            _JUDGES[key] = Judge(self.parcel.opened(room()), self.settings)
        return _JUDGES[key]

    def tell(self, step: str, content: dict[str, Any]) -> None:
        """Write an entry of the ledger for this task."""
        from pyspark import TaskContext

        from .ledger import entry

        context = TaskContext.get()
        number = 0 if context is None else context.partitionId()
        self.accumulator.add(entry(f"{step}{number:06d}", content))


_JUDGES: dict[tuple[Parcel, Settings], Judge] = {}
"""Python processes live on from task to task."""


def room() -> Path:
    """A folder on this machine that goes when the application ends."""
    from pyspark import SparkFiles

    return Path(SparkFiles.getRootDirectory())


# Tables -------------------------------------------------------------------------------------------------------------


def tables(
    job: Job, batches: Batches, files: Mapping[str, int], prefixes: Sequence[str], names: Sequence[str] | None
) -> Iterator[pa.RecordBatch]:
    """Decide rows of findings; those without a name get the number of their row in their file, after its prefix.

    Where the names of the columns are given, a batch holds CSV files as they are; otherwise rows and where they are.
    """
    started, judge, ended = time.process_time(), job.judge(), Decided(pl.DataFrame())
    written = 0
    for number, rows, types in _rows(batches, files) if names is None else _files(batches, files, names):
        kept = {name: types.get(name, pa.string()) for name in job.settings.keep}
        decided = judge.table(named(rows, prefixes[number]))
        source = f"{number}@{ROWS if names is None else 0}"
        decided.broken = [Broken(source, place, why) for place, why in rows.broken]
        decided.marked = marked(decided.rejected, rows.places, source)
        decided.counts["rows", "lost"] += rows.lost
        _add(ended, decided)
        written += decided.frame.height
        yield from taken(decided.frame, kept)
    job.tell("decide", _told(ended, written, started))


def _rows(batches: Batches, files: Mapping[str, int]) -> Iterator[tuple[int, Rows, dict[str, pa.DataType]]]:
    """Rows by file, with the types of their columns."""
    for table in given(batches):
        types = {field.name: field.type for field in table.schema}
        places = table[START].to_numpy() + 1
        for number, own in _by_file(table, files):
            frame = cast(pl.DataFrame, pl.from_arrow(table.drop_columns([FILE, START]).filter(pa.array(own))))
            yield number, Rows(frame, places[own], places[own]), types


def _by_file(table: pa.Table, files: Mapping[str, int]) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """The files of rows, and which rows are of each."""
    numbers = np.array([_known(files, file) for file in table[FILE].to_pylist()])
    for number in np.unique(numbers).tolist():
        yield number, numbers == number


def _files(
    batches: Batches, files: Mapping[str, int], names: Sequence[str]
) -> Iterator[tuple[int, Rows, dict[str, pa.DataType]]]:
    """The rows of CSV files."""
    for batch in batches:
        for file, content in zip(batch[FILE].to_pylist(), batch[CONTENT], strict=True):
            data = content.as_py()
            found, at = header_of(data.splitlines(keepends=True), f"`{file}`")
            if found != list(names):
                raise DataError("has other columns than the first file", f"`{file}`", "run once for each")
            for rows in rows_of(whole_lines([data[at:]]), found, data.count(b"\n", 0, at) + 1):
                yield _known(files, file), rows, {}


# FHIR ---------------------------------------------------------------------------------------------------------------


def lines(job: Job, batches: Batches, files: Mapping[str, int], shares: int, share: float) -> Iterator[pa.RecordBatch]:
    """Reduce lines, each with its file and the place in it where the lines of this task begin."""
    judge, made, told = job.judge(), Lines(share), _Told()
    started = time.process_time()
    for batch in batches:
        for file, start, values in _runs(batch):
            name = f"{_known(files, file)}@{start}"
            data = pc.binary_join(pa.ListArray.from_arrays([0, len(values)], values), b"\n")[0].as_py()
            # A line that is empty ends a block just as well.
            made.add(judge.reducer, name, data + b"\n", len(values))
        if made.bytes >= _RAW:
            yield from told.sent(made, shares)
    yield from told.sent(made, shares)
    job.tell("read", told.content(made, started))


def documents(
    job: Job, batches: Batches, files: Mapping[str, int], shares: int, share: float
) -> Iterator[pa.RecordBatch]:
    """Reduce whole files: documents, or lines that are packed in a way that Spark does not unpack."""
    judge, made, told = job.judge(), Lines(share), _Told()
    started = time.process_time()
    for batch in batches:
        for file, content in zip(batch[FILE].to_pylist(), batch[CONTENT], strict=True):
            name, data = f"{_known(files, file)}@0", content.as_py()
            if (found := as_lines(file, data)) is None:
                made.document(judge.reducer, name, data)
                continue
            for block in found:
                made.add(judge.reducer, name, block, block.count(b"\n") + (not block.endswith(b"\n")))
        if made.bytes >= _RAW:
            yield from told.sent(made, shares)
    yield from told.sent(made, shares)
    job.tell("read", told.content(made, started))


def decide(job: Job, batches: Batches) -> Iterator[pa.RecordBatch]:
    """Decide the patients of one share, all of whose parts are here."""
    started, judge = time.process_time(), job.judge()
    parts = [Reduced.read(cast(Any, io.BytesIO(one))) for batch in batches for one in batch[PART].to_pylist()]
    if not parts:
        return
    sent = sum(size_of(part) for part in parts)
    decided = judge.reduced(parts)
    counted, broken = decided.counts["resources", "resources"], len(decided.broken)
    # An input that goes to the row path as it is holds any number of resources.
    unknown = any(is_input(part.units[unit]) for part in parts for unit, _ in part.whole)
    if counted + broken < sent or (counted + broken > sent and not unknown):
        raise EngineError(f"{sent} resources came to {counted}", None, "report it")
    yield from taken(decided.frame, {})
    job.tell("decide", _told(decided, decided.frame.height, started) | {"sent": sent})


class _Told:
    """What a task that reads has to tell."""

    def __init__(self) -> None:
        self.broken: list[tuple[str, int, str]] = []
        self.kinds: set[str] = set()
        self.bare = False
        """Whether there are resources outside of Bundles."""
        self.reduced = 0

    def sent(self, made: Lines, shares: int) -> Iterator[pa.RecordBatch]:
        """What was reduced, cut into shares, in batches."""
        whole = made.taken()
        self.broken += [(one.source, one.line, one.why) for one in whole.broken]
        whole.broken = []
        self.kinds |= kinds_of(whole.keys)
        self.bare = self.bare or not all(map(is_input, whole.units))
        self.reduced += size_of(whole)
        numbers, parts, size = [], [], 0
        for number, part in enumerate(whole.partition(shares) if size_of(whole) else ()):
            if size_of(part):
                buffer = io.BytesIO()
                part.write(cast(Any, buffer))
                numbers.append(number)
                parts.append(buffer.getvalue())
                size += len(parts[-1])
            if size >= _SENT:
                yield _batch(numbers, parts)
                numbers, parts, size = [], [], 0
        if numbers:
            yield _batch(numbers, parts)

    def content(self, made: Lines, started: float) -> dict[str, Any]:
        """The entry of the ledger."""
        return {
            "lines": dict(made.counts), "broken": self.broken, "filled": made.filled, "kinds": sorted(self.kinds),
            "bare": self.bare, "reduced": self.reduced, "counts": to_json(made.signs),
            "cpu": time.process_time() - started,
        }  # fmt: skip


def _runs(batch: pa.RecordBatch) -> Iterator[tuple[str, int, pa.Array]]:
    """The lines of a batch by file and place, in order."""
    files, starts = batch[FILE].dictionary_encode(), batch[START]
    ends = pc.or_(
        pc.not_equal(files.indices[1:], files.indices[:-1]), pc.not_equal(starts[1:], starts[:-1])
    ).to_numpy(zero_copy_only=False).nonzero()[0]  # fmt: skip
    borders = [0, *(ends + 1).tolist(), batch.num_rows]
    for begin, end in pairwise(borders):
        if end > begin:
            yield files.dictionary[files.indices[begin].as_py()].as_py(), starts[begin].as_py(), batch[LINE][begin:end]


def _known(files: Mapping[str, Any], file: str) -> Any:
    """What is known of a file; Spark writes its name as a URI."""
    found = files.get(file, files.get(unquote(file)))
    if found is None:
        raise EngineError("a file was read that is none of the inputs", f"`{file}`", "report it")
    return found


def _batch(numbers: list[int], parts: list[bytes]) -> pa.RecordBatch:
    return pa.record_batch([pa.array(numbers, pa.int32()), pa.array(parts, pa.binary())], schema=_SHUFFLED)


def _add(whole: Decided, one: Decided) -> None:
    whole.subjects += one.subjects
    whole.counts.update(one.counts)
    whole.broken += one.broken
    whole.marked += one.marked


def _told(decided: Decided, rows: int, started: float) -> dict[str, Any]:
    return {
        "counts": to_json(decided.counts), "subjects": decided.subjects, "rows": rows,
        "broken": [(b.source, b.line, b.why) for b in (*decided.broken, *decided.marked)],
        "cpu": time.process_time() - started,
    }  # fmt: skip
