"""Spark on one machine: the same rows and the same report as without it, for every input that it reads."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

pytest.importorskip("pyspark", reason="the extra `spark` is not installed: pip install '.[spark]'")

from referee.generate import random_measurements, random_state

import reasoner
import reasoner.cohort
from reasoner.cohort.distributed.archive import Parcel
from reasoner.cohort.distributed.drive import Request, run
from reasoner.cohort.distributed.java import java_home
from reasoner.cohort.distributed.session import session
from reasoner.cohort.run.judge import Settings
from reasoner.errors import EngineError, UsageError
from reasoner.knowledge import shipped

from .spark_agreement import generated, on_one_machine, plain, rows, told

LESIONS = 500
SMALL = {"spark.sql.files.maxPartitionBytes": "1500000", "spark.sql.files.openCostInBytes": "400000"}
"""Files in several parts, and several files in one, yet few tasks."""


@pytest.fixture(scope="module")
def loaded() -> reasoner.Reasoner:
    return reasoner.load()


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    with session("local[2]", SMALL) as own:
        yield own


@pytest.fixture(scope="module")
def lesions(loaded: reasoner.Reasoner) -> pl.DataFrame:
    random = Random(21)
    drawn = [random.choice((random_state, random_measurements))(random) for _ in range(LESIONS)]
    columns: dict[str, Any] = {
        "patient": [f"p{i // 2}" for i in range(LESIONS)],
        "subject": [f"Condition/{i}" for i in range(LESIONS)],
        "ward": [i % 3 for i in range(LESIONS)],
    }
    for name, code in loaded.kernel().codes.items():
        values = [row.get(name) for row in drawn]
        texts = ["|".join(v) if isinstance(v, list) else v for v in values]
        columns[name] = texts if code.cuts is None else pl.Series(values, dtype=pl.Float64, strict=False)
    return pl.DataFrame(columns)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bulk export: plain, packed in two ways, with a manifest, broken and blank lines, and an odd name."""
    import zstandard

    folder = generated(tmp_path_factory.mktemp("export"), 400, "--odd", "2")
    for kind, ending, pack in (("Condition", ".gz", gzip.compress), ("Patient", ".zst", zstandard.compress)):
        file = next(folder.glob(f"{kind}.*"))
        file.with_name(file.name + ending).write_bytes(pack(file.read_bytes()))
        file.unlink()
    observations = next(folder.glob("Observation.*"))
    lines = observations.read_bytes().split(b"\n")
    lines[3], lines[900] = b'{"resourceType": broken', b"\xff\xfe"
    lines.insert(50, b"  ")
    observations.with_name("Observation [1] 50%.ndjson").write_bytes(b"\n".join(lines).rstrip(b"\n"))
    observations.unlink()
    (folder / "manifest.json").write_text("{}")
    return folder


def agree(
    spark: Any, loaded: reasoner.Reasoner, folder: Path, inputs: tuple[Path, ...], settings: Settings
) -> tuple[dict[str, Any], pl.DataFrame]:
    """Run with and without Spark, and compare all that is written."""
    here, there = folder / "here", folder / "there"
    expected = on_one_machine(loaded, inputs, here, settings)
    ended = run(spark, Request(tuple(map(str, inputs)), str(there), settings), loaded)
    assert told(ended.report) == told(expected.report)
    assert ended.report["inputs"]["absent"] == expected.report["inputs"]["absent"]
    assert ended.code == expected.code
    found = rows(there)
    assert found.equals(rows(here))
    assert json.loads((folder / "there.report.json").read_bytes())["engine"]["runs on"] == "spark"
    assert "<html" in (folder / "there.report.html").read_text()
    broken = [folder / f"{name}.quarantine.ndjson" for name in ("here", "there")]
    assert [file.exists() for file in broken] == [bool(expected.report["counts"]["quarantined"])] * 2
    if broken[0].exists():
        assert broken[1].read_text() == broken[0].read_text()
    return ended.report, found


@pytest.mark.parametrize("layout", ["long", "wide"])
def test_a_frame_is_decided_as_in_polars(
    spark: Any, loaded: reasoner.Reasoner, lesions: pl.DataFrame, layout: str
) -> None:
    doubtful = lesions.with_columns(
        pl.when(pl.col("subject") == "Condition/7").then(pl.lit("nonsense")).otherwise("site").alias("site"),
        pl.when(pl.col("subject") == "Condition/9").then(-5.0).otherwise("toe-pressure").alias("toe-pressure"),
    )
    given = spark.createDataFrame(doubtful.to_pandas()).repartition(3)
    answer = reasoner.cohort.spark(given, layout=layout, keep=["ward"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = plain(loaded.assess_frame(doubtful, layout, keep=["ward"]))
    found = plain(pl.DataFrame(answer.toArrow()))
    assert found.equals(expected)
    assert found.filter(pl.col("subject") == "Condition/7")["rejected"].to_list()[0] == ["site"]


def test_a_folder_of_knowledge_goes_to_the_executors(spark: Any, tmp_path: Path, lesions: pl.DataFrame) -> None:
    folder = tmp_path / "own"
    for name in ("ontology", "shapes"):
        shutil.copytree(shipped() / name, folder / name)
    citations = folder / "ontology" / "diabetic-foot" / "citations.ttl"
    citations.write_text(citations.read_text() + "# another hash\n")
    given = spark.createDataFrame(lesions.head(40).to_pandas())
    answer = reasoner.cohort.spark(given, knowledge=folder, strict=True, layout="wide", keep=["ward"])
    shutil.rmtree(folder / "shapes")
    own = reasoner.load(folder, strict=True)
    assert plain(pl.DataFrame(answer.toArrow())).equals(
        plain(own.assess_frame(lesions.head(40), "wide", keep=["ward"]))
    )


def test_an_executor_with_other_knowledge_does_not_decide(loaded: reasoner.Reasoner, tmp_path: Path) -> None:
    parcel = Parcel.of(loaded, None)
    assert parcel.opened(tmp_path).knowledge.guidelines == loaded.knowledge.guidelines
    first = (*parcel.guidelines[0][:2], "0" * 64)
    with pytest.raises(EngineError, match=f"another {first[0]} than the driver"):
        replace(parcel, guidelines=(first, *parcel.guidelines[1:])).opened(tmp_path)


def test_columns_are_checked_before_anything_runs(spark: Any, lesions: pl.DataFrame) -> None:
    given = spark.createDataFrame(lesions.head(1).to_pandas())
    with pytest.raises(UsageError, match="`ward` is no finding"):
        reasoner.cohort.spark(given)
    with pytest.raises(UsageError, match="lacks the column `subject`"):
        reasoner.cohort.spark(given.drop("subject", "ward"))
    with pytest.raises(UsageError, match="no layout"):
        reasoner.cohort.spark(given, layout="tall")


@pytest.mark.parametrize("layout", ["long", "wide"])
def test_a_bulk_export_is_decided_as_on_one_machine(
    spark: Any, loaded: reasoner.Reasoner, export: Path, tmp_path: Path, layout: str
) -> None:
    report, found = agree(spark, loaded, tmp_path, (export,), Settings(layout))
    assert report["counts"]["broken"] == 2
    assert report["counts"]["patients"] > 350
    assert set(found.columns) >= {"patient", "subject"}


def test_bundles_by_line_and_as_documents(spark: Any, loaded: reasoner.Reasoner, tmp_path: Path) -> None:
    lines = generated(tmp_path / "lines", 120, "--layout", "bundles")
    bundles = next(lines.iterdir()).read_bytes().splitlines()
    documents = tmp_path / "documents"
    documents.mkdir()
    for number, bundle in enumerate(bundles[:30]):
        text = json.dumps(json.loads(bundle), indent=1) if number % 2 else bundle.decode()
        (documents / f"{number:02d}.json").write_text(text)
    (documents / "30.json").write_text('{"resourceType": "Bundle",\n "entry": [')
    report, _ = agree(spark, loaded, tmp_path, (lines, documents), Settings("wide"))
    assert report["counts"]["broken"] == 1


def test_rows_without_a_name_get_the_number_in_their_file(
    spark: Any, loaded: reasoner.Reasoner, lesions: pl.DataFrame, tmp_path: Path
) -> None:
    unnamed = lesions.drop("subject")
    tables = tmp_path / "tables"
    tables.mkdir()
    unnamed.head(300).write_parquet(tables / "one.parquet", row_group_size=50)
    unnamed.tail(200).drop("aspect").write_parquet(tables / "two.parquet")
    report, found = agree(spark, loaded, tmp_path, (tables,), Settings("wide", keep=("ward",)))
    assert report["counts"]["subjects"] == LESIONS
    assert {"one:1", "one:300", "two:1", "two:200"} <= set(found["subject"])


def test_texts_of_a_table_may_hold_commas_quotes_and_line_ends(
    spark: Any, loaded: reasoner.Reasoner, lesions: pl.DataFrame, tmp_path: Path
) -> None:
    odd, own = pl.col("ward") == 0, pl.col("ward") == 1
    named = lesions.with_columns(
        pl.when(odd).then(pl.lit('a "b",\nc')).when(own).then("subject").alias("subject"),
        pl.when(odd).then(pl.lit("p")).otherwise("patient").alias("patient"),
    )
    named.write_csv(tmp_path / "lesions.csv")
    report, found = agree(spark, loaded, tmp_path, (tmp_path / "lesions.csv",), Settings("wide", keep=("ward",)))
    assert report["counts"]["repeatedSubjects"] == LESIONS // 3
    assert 'a "b",\nc' in set(found["subject"])


def test_rows_that_are_none_and_values_that_are_none_are_told_alike(
    spark: Any, loaded: reasoner.Reasoner, lesions: pl.DataFrame, tmp_path: Path
) -> None:
    tables, own = tmp_path / "tables", lesions.drop("subject").head(200)
    tables.mkdir()
    for name in ("one.csv", "two.csv"):
        lines = own.write_csv().encode().split(b"\n")
        lines[4], lines[7], lines[9] = b"a,b", b'"' + lines[7], b"\xff" + lines[9]
        lines[20] = lines[20].replace(b"present", b"Present", 1)
        (tables / name).write_bytes(b"\r\n".join(lines))
    report, found = agree(spark, loaded, tmp_path, (tables,), Settings("wide", keep=("ward",)))
    assert (report["counts"]["broken"], report["counts"]["tableRows"]) == (6, 394)
    assert report["counts"]["quarantined"] == 6 + sum(one["count"] for one in report["rejected"])
    assert {"one:1", "two:200"} <= set(found["subject"])
    doubtful = lesions.with_columns(pl.when(pl.col("ward") == 2).then(pl.lit("x")).otherwise("site").alias("site"))
    (tmp_path / "columns").mkdir()
    doubtful.write_parquet(tmp_path / "columns" / "a.parquet", row_group_size=70)
    folder = tmp_path / "more"
    folder.mkdir()
    report, _ = agree(spark, loaded, folder, (tmp_path / "columns",), Settings("wide", keep=("ward",)))
    assert report["counts"]["quarantined"] == report["rejected"][0]["count"] == LESIONS // 3


def test_an_output_that_spark_did_not_finish_is_told(spark: Any, loaded: reasoner.Reasoner, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(b'{"resourceType":"Patient","id":"a"}\n')
    (tmp_path / "out" / "_temporary").mkdir(parents=True)
    request = Request((str(tmp_path / "a.ndjson"),), str(tmp_path / "out"), Settings())
    with pytest.raises(UsageError, match=r"exists, and no run finished it.*--overwrite"):
        run(spark, request, loaded)
    run(spark, replace(request, overwrite=True), loaded)
    with pytest.raises(UsageError, match="exists already"):
        run(spark, request, loaded)


def test_what_cannot_be_read_is_one_sentence_and_no_output(
    spark: Any, loaded: reasoner.Reasoner, tmp_path: Path
) -> None:
    whole = gzip.compress(b'{"resourceType":"Patient","id":"a"}\n' * 100_000)
    (tmp_path / "cut.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    output = tmp_path / "out"
    with pytest.raises(EngineError, match=r"^Spark could not finish: [^\n]*$"):
        run(spark, Request((str(tmp_path / "cut.ndjson.gz"),), str(output), Settings()), loaded)
    assert not (output / "_SUCCESS").exists()
    assert not list(output.glob("*.parquet"))
    (tmp_path / "notes.txt").write_text("none")
    refused = [
        (("nowhere",), "other", "no such file"),
        ((str(tmp_path / "notes.txt"),), "other", "cannot be read on Spark"),
        ((str(tmp_path),), str(tmp_path), "in its place"),
        ((str(tmp_path),), str(tmp_path / "other"), "would lie in the input"),
        ((str(tmp_path / "cut.ndjson.gz"),), str(tmp_path), "in its place"),
        ((str(tmp_path / "cut.ndjson.gz"),), str(tmp_path / "notes.txt"), "exists already"),
    ]
    for inputs, target, message in refused:
        with pytest.raises(UsageError, match=message):
            run(spark, Request(inputs, target, Settings(), overwrite="exists" not in message), loaded)
    assert (tmp_path / "cut.ndjson.gz").exists()


def test_an_input_without_a_line_has_an_output_without_a_row(
    spark: Any, loaded: reasoner.Reasoner, tmp_path: Path
) -> None:
    (tmp_path / "empty.ndjson").write_bytes(b"")
    run(spark, Request((str(tmp_path / "empty.ndjson"),), str(tmp_path / "out"), Settings()), loaded)
    assert rows(tmp_path / "out").height == 0
    assert "verdict" in rows(tmp_path / "out").columns


# Java ---------------------------------------------------------------------------------------------------------------


def java(folder: Path, version: str, modules: str) -> Path:
    """What looks like a Java, and repeats its arguments."""
    (folder / "bin").mkdir(parents=True)
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    program = folder / "bin" / "java"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    return folder


def test_java_home_is_used_where_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = java(tmp_path / "new", "17.0.9", "java.base jdk.incubator.vector")
    monkeypatch.setenv("JAVA_HOME", str(new))
    assert java_home() == new
    monkeypatch.setenv("JAVA_HOME", str(java(tmp_path / "old", "11.0.2", "java.base")))
    assert java_home() != tmp_path / "old"


def test_a_java_without_the_module_is_not_asked_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = java(tmp_path / "it's small", "25.0.2", "java.base")
    monkeypatch.setenv("JAVA_HOME", str(small))
    home = java_home()
    assert home != small
    said = os.popen(f'"{home}/bin/java" -Xmx1g --add-modules=jdk.incubator.vector "a b" c').read()
    assert said.splitlines() == ["-Xmx1g", "a b", "c"]
