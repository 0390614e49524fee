"""One run on Spark, from the files of the inputs to Parquet and a report."""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from reasoner.assess import Reasoner
from reasoner.cohort.frame import PATIENT, SUBJECT
from reasoner.cohort.report import Told, as_json, code_of
from reasoner.cohort.report_page import page
from reasoner.cohort.run import versions
from reasoner.cohort.run.counting import Counts, from_json
from reasoner.cohort.run.delimited import header_of
from reasoner.cohort.run.drive import Ended
from reasoner.cohort.run.judge import Judge, Settings
from reasoner.cohort.run.places import as_lines, quarantined
from reasoner.cohort.run.recognise import LINES, TABLE, Inputs, Source
from reasoner.cohort.run.tables import check_columns
from reasoner.errors import EngineError, UsageError

from . import executor
from .archive import Parcel
from .arrow import schema_of
from .executor import CONTENT, FILE, LINE, SHARE, START, Batches, Job
from .files import CSV, Files, escaped, prefix_of
from .ledger import Ledger, told
from .session import failing

_SHARE = 1 << 30
"""Bytes of FHIR, unpacked, of the patients that are decided together."""
_FIRST = 100
"""Lines in which the names of the columns must be."""
_ENDINGS = (".report.json", ".report.html", ".quarantine.ndjson")


@dataclass(frozen=True)
class Request:
    """What is asked for. Paths are those of the cluster's file system."""

    inputs: tuple[str, ...]
    output: str
    settings: Settings
    knowledge: Path | None = None
    overwrite: bool = False
    shares: int | None = None


def run(spark: Any, request: Request, reasoner: Reasoner) -> Ended:
    """Run in a session. Raises a ReasonerError; Spark writes an output whole or not at all."""
    started = time.monotonic()
    files = Files(spark)
    with failing("the inputs could not be listed"):
        inputs = files.inputs(request.inputs)
        files.check_apart(request.inputs, request.output)
        if files.exists(request.output) and not request.overwrite:
            what = "exists, and no run finished it" if files.is_unfinished(request.output) else "exists already"
            raise UsageError(what, f"`{request.output}`", "give --overwrite to replace it, or write elsewhere")
    whole = _Run(spark, request, reasoner, inputs)
    with failing("Spark could not finish"):
        entries = whole.write()
        report = whole.report(entries, started)
    beside = {".report.json": as_json(report), ".report.html": page(report).encode()}
    if report.broken:
        beside[".quarantine.ndjson"] = as_lines(report.broken)
    with failing("the report could not be written"):
        for ending in _ENDINGS:
            files.write(request.output.rstrip("/") + ending, beside.get(ending))
    return Ended(code_of(report.data), report.data, "new")


class _Run:
    """The steps of one run."""

    def __init__(self, spark: Any, request: Request, reasoner: Reasoner, inputs: Inputs) -> None:
        self.spark, self.request, self.reasoner, self.inputs = spark, request, reasoner, inputs
        self._ledger = spark.sparkContext.accumulator({}, Ledger())
        parcel = Parcel.of(reasoner, request.knowledge)
        self._job = Job(parcel, request.settings, self._ledger)
        self._empty = Judge(reasoner, request.settings).nothing().frame
        self._started = time.time()

    def write(self) -> dict[str, dict[str, Any]]:
        """Decide and write; what the tasks told, by their names."""
        decided = self._table() if self.inputs.kind == TABLE else self._fhir()
        (
            decided.write.mode("overwrite" if self.request.overwrite else "errorifexists")
            .option("compression", "zstd").option("parquet.compression.codec.zstd.level", "1")
            .parquet(self.request.output)
        )  # fmt: skip
        return told(self._ledger.value)

    # Plans --------------------------------------------------------------------------------------------------------

    def _table(self) -> Any:
        """Rows of findings, decided where they are read."""
        from pyspark.sql import functions as sql

        sources, where = self.inputs.sources, str(self.inputs.sources[0].path)
        files = {str(source.path): number for number, source in enumerate(sources)}
        prefixes = [prefix_of(source.path, len(sources) > 1) for source in sources]
        kept: list[Any] = []
        names: list[str] | None = None
        if PurePosixPath(where).suffix.lower() == CSV:
            # Spark would not say which lines are no rows, so a file is read by one task, as a whole.
            names = self._header(sources[0])
            check_columns(self.reasoner.kernel(), names, self.request.settings.keep, where)
            given = self._binary(sources)
        else:
            paths = [escaped(source.path) for source in sources]
            frame = self.spark.read.option("mergeSchema", "true").parquet(*paths)
            check_columns(self.reasoner.kernel(), frame.columns, self.request.settings.keep, where)
            kept = [field for field in frame.schema.fields if field.name in self.request.settings.keep]
            place = sql.col("_metadata.row_index").alias(START)
            given = frame.select(*map(_column, frame.columns), sql.col("_metadata.file_path").alias(FILE), place)
        about = [pl.Series(name, [], dtype=pl.String) for name in self.request.settings.keep]
        empty = self._empty.select(pl.col(PATIENT, SUBJECT), *about, pl.exclude(PATIENT, SUBJECT))
        job = self._job

        def decide(batches: Batches) -> Iterator[Any]:
            return executor.tables(job, batches, files, prefixes, names)

        return given.mapInArrow(decide, schema_of(empty, kept))

    def _header(self, source: Source) -> list[str]:
        """The columns of a CSV file, from its first lines."""
        lines = (bytes(row[LINE]) + b"\n" for row in self._text([source]).limit(_FIRST).collect())
        return header_of(lines, f"`{source.path}`")[0]

    def _fhir(self) -> Any:
        """Lines and documents, reduced where they are read; the patients of a share come together and are decided."""
        job, shares = self._job, self._shares()
        files = {str(source.path): number for number, source in enumerate(self.inputs.sources)}

        share = versions.share_of(self.inputs.unpacked)

        def lines(batches: Batches) -> Iterator[Any]:
            return executor.lines(job, batches, files, shares, share)

        def documents(batches: Batches) -> Iterator[Any]:
            return executor.documents(job, batches, files, shares, share)

        def decide(batches: Batches) -> Iterator[Any]:
            return executor.decide(job, batches)

        by_line = [source for source in self.inputs.sources if _is_text(source)]
        as_whole = [source for source in self.inputs.sources if not _is_text(source)]
        reduced = []
        if by_line:
            reduced.append(self._text(by_line).mapInArrow(lines, executor.REDUCED))
        if as_whole:
            reduced.append(self._binary(as_whole).mapInArrow(documents, executor.REDUCED))
        whole = reduced[0] if len(reduced) == 1 else reduced[0].union(reduced[1])
        return whole.repartitionById(shares, SHARE).mapInArrow(decide, schema_of(self._empty))

    def _text(self, sources: Sequence[Source]) -> Any:
        from pyspark.sql import functions as sql

        # Bytes, since a line that is no text has to be told as such, with its number.
        return self.spark.read.option("lineSep", "\n").text([escaped(source.path) for source in sources]).select(
            sql.col("value").cast("binary").alias(LINE),
            sql.col("_metadata.file_path").alias(FILE),
            sql.col("_metadata.file_block_start").alias(START),
        )  # fmt: skip

    def _binary(self, sources: Sequence[Source]) -> Any:
        from pyspark.sql import functions as sql

        read = self.spark.read.format("binaryFile").load([escaped(source.path) for source in sources])
        return read.select(sql.col("content").alias(CONTENT), sql.col("_metadata.file_path").alias(FILE))

    def _shares(self) -> int:
        """In how many parts the patients are decided: as many as there are processors, more for more data."""
        size = self.inputs.unpacked
        parallel = int(self.spark.sparkContext.defaultParallelism)
        return self.request.shares or max(parallel, math.ceil(size / _SHARE))

    # What is told -------------------------------------------------------------------------------------------------

    def report(self, entries: dict[str, dict[str, Any]], started: float) -> Told:
        """All that the report tells. Raises EngineError if anything was lost on the way."""
        records = list(entries.values())
        counts: Counts = Counter()
        for record in records:
            counts.update(from_json(record.get("counts", ())))
        rows, subjects = (sum(record.get(name, 0) for record in records) for name in ("rows", "subjects"))
        read, sent = (sum(record.get(name, 0) for record in records) for name in ("reduced", "sent"))
        if read != sent:
            raise EngineError(f"{read} resources were read and {sent} decided", None, "report it")
        broken = [own._replace(file=own.file.removeprefix("file:")) for own in quarantined(self.inputs, records)]
        counts["broken",] = counts["rows", "lost"] if self.inputs.kind == TABLE else len(broken)
        written, counts["patients",], distinct = self._written()
        if written != rows:
            raise EngineError(f"{rows} rows were decided and {written} written", self.request.output, "report it")
        counts["duplicates", "subjects"] = subjects - distinct
        return Told(
            self.reasoner, self.request.settings, self.inputs, counts, broken, rows=rows, run=self._digest(),
            state="new", lines=sum(record.get("filled", 0) for record in records),
            absent=self._absent(records), partial={},
            cpu=sum(record["cpu"] for record in records), wall=time.monotonic() - started, before=0,
            steps=len(records), engine="spark",
        )  # fmt: skip

    def _written(self) -> tuple[int, int, int]:
        """Rows of the output, patients in it, and subjects with their patients; both by 64-bit hashes."""
        from pyspark.sql import functions as sql

        read = self.spark.read.schema(schema_of(self._empty)).parquet(self.request.output)
        rows = read.count()
        if self.request.settings.layout == "long":
            first = self.reasoner.kernel().columns[0]
            read = read.where((sql.col("recommendation") == first.id) & (sql.col("guideline") == first.guideline.id))
        one = sql.when(sql.col(PATIENT).isNotNull(), sql.xxhash64(PATIENT))
        found = read.select(one.alias("one"), sql.xxhash64(PATIENT, SUBJECT).alias("two")).agg(
            sql.count_distinct("one").alias("patients"), sql.count_distinct("two").alias("subjects")
        ).head()  # fmt: skip
        return rows, found["patients"], found["subjects"]

    def _digest(self) -> str:
        own = [str((source.path, source.identity)) for source in self.inputs.sources]
        text = repr((own, self._job.parcel.guidelines, self._job.parcel.strict, self.request.settings))
        return hashlib.sha256(text.encode()).hexdigest()

    def _absent(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Resource types that the mapping reads and a bulk export should hold, of which there was none."""
        seen = {kind for record in records for kind in record.get("kinds", ())}
        is_bulk = any(record.get("bare") for record in records)
        return sorted({"Patient", "Observation", *self.reasoner.knowledge.mapping.resources} - seen) if is_bulk else []


def _is_text(source: Source) -> bool:
    """Whether Spark itself gives the lines of a file: it unpacks gzip, and zstd only where Hadoop was built for it."""
    return source.kind == LINES and source.packing != "zstd"


def _column(name: str) -> Any:
    from pyspark.sql import functions as sql

    return sql.col(f"`{name.replace('`', '``')}`")
