"""Runs over every form of input, held to ``assess``."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import orjson
import polars as pl
import pyarrow as pa
import pytest
import zstandard

from reasoner.cohort.run.counting import _NUMBERS
from reasoner.errors import DataError, UsageError
from reasoner.inputs import GraphInput, read_file

from .cohorts import (
    Patients,
    Row,
    as_bulk,
    as_bundles,
    bundles,
    decided,
    document,
    frame,
    is_plain,
    loaded,
    patients,
    ran,
    rows_of,
    write_bulk,
    written,
    written_wide,
)  # fmt: skip

MANY, SOME, FEW = 10_000, 600, 120


@cache
def expected_bundles(number: int) -> set[Row]:
    return decided(as_bundles(patients(number)))


def test_ten_thousand_bundles_one_a_line_long_and_wide(tmp_path: Path) -> None:
    path = tmp_path / "bundles.ndjson.zst"
    path.write_bytes(zstandard.compress(b"\n".join(bundles(patients(MANY)))))
    expected = expected_bundles(MANY)
    assert len(expected) > MANY * 33
    long = ran([path], tmp_path / "long", chunk=1 << 25)
    wide = ran([path], tmp_path / "wide", "wide", chunk=1 << 25)
    assert written(tmp_path / "long") == expected
    assert written_wide(tmp_path / "wide") == expected
    assert long.report["counts"]["subjects"] == wide.report["counts"]["subjects"] == len(expected) / 33
    assert long.report["missing"] == wide.report["missing"] != []


@pytest.mark.parametrize("packed", [False, True])
def test_a_bulk_export_in_shards(tmp_path: Path, packed: bool) -> None:
    of = plain(SOME)
    folder = write_bulk(tmp_path / "export", of, 4, packed)
    ended = ran([folder], tmp_path / "long.parquet", chunk=1 << 20)
    expected = decided(as_bulk(of))
    assert written(tmp_path / "long.parquet") == expected
    ran([folder], tmp_path / "wide", "wide", chunk=1 << 21)
    assert written_wide(tmp_path / "wide") == expected
    counts = ended.report["counts"]
    assert counts["resources"] == counts["lines"] == sum(len(own) for own in of)
    assert counts["resources"] == sum(counts[name] for name in ("used", "unmapped", "unplaced", "unused"))


def plain(number: int) -> Patients:
    return [own for own in patients(number) if is_plain(own)]


def test_a_folder_of_bundles_however_they_are_laid_out(tmp_path: Path) -> None:
    folder = tmp_path / "patients"
    for number, text in enumerate(bundles(patients(FEW))):
        path = folder / f"{number % 7}" / f"{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(document(text), option=orjson.OPT_INDENT_2) if number % 2 else text)
    ended = ran([folder], tmp_path / "out")
    assert written(tmp_path / "out") == expected_bundles(FEW)
    assert ended.report["counts"]["broken"] == 0


def test_bundles_and_bare_resources_in_one_file(tmp_path: Path) -> None:
    of = plain(FEW)
    texts = bundles(of[: FEW // 4]) + [text.encode() for own in of[FEW // 4 :] for _, text in own]
    random.Random(1).shuffle(texts)
    (tmp_path / "mixed.ndjson").write_bytes(b"\n".join(texts))
    ran([tmp_path / "mixed.ndjson"], tmp_path / "out", chunk=1 << 17)
    items = as_bundles(of[: FEW // 4]) + as_bulk(of[FEW // 4 :])
    assert written(tmp_path / "out") == decided(items)


def turtle(number: int) -> tuple[bytes, dict[str, object]]:
    """A patient graph drawn at random, and its findings."""
    draw, model = random.Random(number), loaded().knowledge.model
    said: dict[str, object] = {}
    nodes: dict[str, list[str]] = {kind: [] for kind in model.kinds}
    for name, finding in model.findings.items():
        if draw.random() < 0.6:
            continue
        if finding.range is None:
            value = draw.choice(finding.values)
            said[name] = value.notation
            nodes[finding.kind].append(f"<{finding.iri}> <{value.iri}>")
        else:
            own = draw.randint(int(finding.range.minimum or 0), int(min(finding.range.maximum or 9, 150)))
            said[name] = own
            nodes[finding.kind].append(f"<{finding.iri}> {own if finding.range.integer else f'{own}.0'}")
    gr = "https://w3id.org/guideline-reasoner/"
    links = {"Lesion": f"<{gr}onFoot> <urn:example:f{number}>", "Foot": f"<{gr}ofPatient> <urn:example:p{number}>"}
    text = ""
    for kind, parts in nodes.items():
        more = [links[kind]] if kind in links else []
        text += f"<urn:example:{kind[0].lower()}{number}> {' ; '.join([f'a <{gr}{kind}>', *more, *parts])} .\n"
    return text.encode(), said


def test_patient_graphs(tmp_path: Path) -> None:
    folder = tmp_path / "graphs"
    folder.mkdir()
    for number in range(FEW):
        (folder / f"{number}.ttl").write_bytes(turtle(number)[0])
    ran([folder], tmp_path / "out")
    items = [item for path in folder.iterdir() for item in read_file(path) if isinstance(item, GraphInput)]
    assert written(tmp_path / "out") == decided(items)


def as_stream(table: pl.DataFrame) -> Callable[[Path], None]:
    """Writes an Arrow stream of several parts."""

    def write(path: Path) -> None:
        arrow = table.to_arrow()
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, arrow.schema) as stream:
            stream.write_table(arrow, max_chunksize=70)

    return write


@pytest.mark.parametrize("form", ["csv", "parquet", "arrow", "arrows"])
def test_tables_of_findings(tmp_path: Path, form: str) -> None:
    names = list(loaded().knowledge.model.findings)
    rows = [turtle(number)[1] for number in range(1000)]
    table = pl.DataFrame(
        [[f"p{i}", f"l{i}", *(None if (value := row.get(name)) is None else str(value) for name in names)]
         for i, row in enumerate(rows)],
        schema=dict.fromkeys(["patient", "subject", *names], pl.String), orient="row",
    )  # fmt: skip
    path = tmp_path / f"findings.{form}"
    {"csv": table.write_csv, "parquet": table.write_parquet, "arrow": table.write_ipc, "arrows": as_stream(table)}[
        form
    ](path)
    ended = ran([path], tmp_path / "out", chunk=128 * 300)
    expected = set()
    for i, row in enumerate(rows):
        for own in rows_of(loaded().assess_findings(row, subject=f"l{i}")):
            expected.add((f"p{i}", *own[1:]))
    assert written(tmp_path / "out") == expected
    assert ended.report["counts"]["tableRows"] == 1000
    assert len(list((tmp_path / "out").iterdir())) > 2


def test_a_stream_without_its_end_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut.arrow"
    as_stream(pl.DataFrame({"ulcer": ["present"] * 1000}))(path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(DataError, match="cannot be read as a table: "):
        ran([path], tmp_path / "out")


def test_rows_without_a_name_are_named_by_their_number_in_the_file(tmp_path: Path) -> None:
    table = pl.DataFrame({"ulcer": ["present"] * 700, "toe-pressure": range(700)})
    table.write_parquet(tmp_path / "a.parquet")
    ran([tmp_path / "a.parquet"], tmp_path / "out.parquet", "wide", chunk=128 * 256)
    assert frame(tmp_path / "out.parquet")["subject"].to_list() == [str(i) for i in range(1, 701)]


def test_values_that_the_model_does_not_have_are_counted_and_marked(tmp_path: Path) -> None:
    table = pl.DataFrame({
        "patient": ["a", "b", "c"], "subject": ["1", "2", "2"], "ulcer": ["present", "Present", "present"],
        "toe-pressure": ["20", "20", "1e9"], "clinic": ["x", "y", "z"],
    })  # fmt: skip
    table.write_csv(tmp_path / "a.csv")
    ended = ran([tmp_path / "a.csv"], tmp_path / "out", "wide", keep=("clinic",))
    assert ended.code == 2
    told = {(own["column"], own["value"]): own["count"] for own in ended.report["rejected"]}
    assert told == {("ulcer", "Present"): 1, ("toe-pressure", "1e9"): 1}
    assert frame(tmp_path / "out")["rejected"].to_list() == [[], ["ulcer"], ["toe-pressure"]]
    assert frame(tmp_path / "out")["clinic"].to_list() == ["x", "y", "z"]
    assert ended.report["counts"]["repeatedSubjects"] == 0
    assert ended.report["counts"]["patients"] == 3


def test_subjects_that_are_named_twice_are_counted(tmp_path: Path) -> None:
    pl.DataFrame({"patient": ["a"] * 3, "subject": ["1", "2", "2"], "ulcer": ["present"] * 3}).write_csv(
        tmp_path / "a.csv"
    )
    counts = ran([tmp_path / "a.csv"], tmp_path / "out").report["counts"]
    assert (counts["repeatedSubjects"], counts["patients"], counts["subjects"]) == (1, 1, 3)


def test_the_shapes_say_what_validate_says(tmp_path: Path) -> None:
    of = plain(60)
    folder = write_bulk(tmp_path / "export", of, 2)
    ended = ran([folder], tmp_path / "out", validate=True)
    assert written(tmp_path / "out") == decided(as_bulk(of))
    told = Counter(
        (found.result.severity, found.result.path, _NUMBERS.sub("different numbers", found.result.message))
        for item in as_bulk(of)
        for found in loaded().validation(item)
    )
    own = Counter[tuple[str, str | None, str]]()
    for row in ended.report["shapes"] + ended.report["invalid"]:
        own[row["severity"], row["path"], row["message"]] += row["count"]
    assert own == told


def test_what_the_shapes_alone_find_is_told_apart(tmp_path: Path) -> None:
    gr = "https://w3id.org/guideline-reasoner/"
    (tmp_path / "a.ttl").write_text(f"<urn:example:l> a <{gr}Lesion> ; <{gr}ulcer> <{gr}ulcer/present> .\n")
    assert ran([tmp_path / "a.ttl"], tmp_path / "without").report["shapes"] is None
    shapes = ran([tmp_path / "a.ttl"], tmp_path / "with", validate=True).report["shapes"]
    assert [(own["severity"], own["count"]) for own in shapes] == [("Warning", 1)]


def test_strict_asks_instead_of_assuming(tmp_path: Path) -> None:
    of = plain(FEW)
    ended = ran([write_bulk(tmp_path / "export", of)], tmp_path / "out", strict=True)
    assert written(tmp_path / "out") == decided(as_bulk(of), strict=True)
    assert ended.report["assumed"] == []
    assert ended.report["provenance"]["policy"] == "strict"


def test_nothing_to_decide_gives_an_empty_table_with_its_columns(tmp_path: Path) -> None:
    (tmp_path / "Patient.ndjson").write_text('{"resourceType":"Patient","id":"a"}\n')
    ended = ran([tmp_path / "Patient.ndjson"], tmp_path / "out")
    assert frame(tmp_path / "out").height == 0
    assert {"patient", "subject", "verdict", "missing"} <= set(frame(tmp_path / "out").columns)
    assert ended.report["counts"]["subjects"] == 0


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow", "arrows"])
def test_a_table_without_rows_gives_the_columns_that_one_with_rows_gives(tmp_path: Path, ending: str) -> None:
    table = pl.DataFrame({"ulcer": ["present"], "ward": ["A"]})
    for name, own in (("some", table), ("none", table.head(0))):
        path = tmp_path / f"{name}.{ending}"
        {"csv": own.write_csv, "parquet": own.write_parquet, "arrow": own.write_ipc,
         "arrows": own.write_ipc_stream}[ending](path)  # fmt: skip
        ran([path], tmp_path / f"of-{name}", keep=("ward",))
    assert frame(tmp_path / "of-none").height == 0
    assert frame(tmp_path / "of-none").schema == frame(tmp_path / "of-some").schema


def test_a_kept_column_of_two_types_is_an_error_before_anything_is_decided(tmp_path: Path) -> None:
    pl.DataFrame({"ulcer": ["present"], "ward": [1]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"ulcer": ["present"], "ward": ["1"]}).write_csv(tmp_path / "b.csv")
    with pytest.raises(UsageError, match="`ward` is String here and Int64 in"):
        ran([tmp_path / "a.parquet", tmp_path / "b.csv"], tmp_path / "out", keep=("ward",))
    assert not list(tmp_path.glob("out*"))


def test_a_damaged_document_in_a_folder_costs_the_others_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "bundles"
    folder.mkdir()
    for number, own in enumerate(bundles(plain(3))):
        (folder / f"{number}.json").write_bytes(own)
    for name, damaged in (("begun", b'{"resourceType":"Bun'), ("empty", b""), ("other", b"\xff\xfe{\x00")):
        (folder / f"{name}.json").write_bytes(damaged)
    ended = ran([folder], tmp_path / "out")
    assert (ended.code, ended.report["counts"]["broken"]) == (2, 3)
    assert written(tmp_path / "out") == decided(as_bundles(plain(3)))
