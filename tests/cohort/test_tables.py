"""Tables in which some rows are none: what goes in comes out or is told, with its line and the reason."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoner.cohort.run import tasks
from reasoner.cohort.run.delimited import Rows, header_of, rows_of
from reasoner.errors import DataError, UsageError

from .cohorts import frame, ran

CELLS = st.one_of(
    st.sampled_from(["", "present", "1.5", "ü"]),
    st.text('a",\n\r ', max_size=6).map(lambda text: '"' + text.replace('"', '""') + '"'),
)
NONSENSE = st.one_of(
    st.lists(CELLS, min_size=1, max_size=6).map(",".join).map(str.encode),
    st.sampled_from([b'a"b,c', b'"open,a', b'"a"b,c', b"\xff,a", b'"', b'",', b"", b"\r", b"\0,a", b'"a""']),
    st.binary(max_size=8),
)


def read(data: bytes, columns: int, cuts: int = 0) -> list[Rows]:
    """The rows of lines that are cut into blocks at random places."""
    draw, blocks = random.Random(cuts), list[bytes]()
    lines = list(io.BytesIO(data))
    while lines:
        number = draw.randint(1, 3) if cuts else len(lines)
        blocks.append(b"".join(lines[:number]))
        del lines[:number]
    return list(rows_of(blocks, [f"c{i}" for i in range(columns)], 2))


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 4).flatmap(lambda n: st.tuples(
    st.just(n), st.lists(st.lists(CELLS, min_size=n, max_size=n).map(",".join), max_size=10))),
    st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(0, 3))  # fmt: skip
def test_what_is_csv_is_read_as_python_reads_it(table: tuple[int, list[str]], end: str, ended: bool, cuts: int) -> None:
    columns, records = table
    text = end.join(records) + (end if ended else "")
    parts = read(text.encode(), columns, cuts)
    expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    assert [[value or "" for value in row] for part in parts for row in part.frame.iter_rows()] == expected
    assert not [one for part in parts for one in part.broken]
    assert [one for part in parts for one in part.numbers.tolist()] == list(range(1, len(expected) + 1))


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 4), st.lists(NONSENSE, max_size=12), st.integers(0, 3))
def test_every_line_is_in_a_row_or_told(columns: int, lines: list[bytes], cuts: int) -> None:
    """Whatever the bytes are: rows and broken lines together are all lines, in order, and each once."""
    data = b"\n".join(lines)
    parts = read(data, columns, cuts)
    rows = {int(place) for part in parts for place in part.places}
    broken = {place for part in parts for place, _ in part.broken}
    assert not rows & broken
    assert len(rows) == sum(part.frame.height for part in parts)
    assert len(broken) == sum(part.lost for part in parts)
    assert all(part.frame.width == columns for part in parts)
    physical = data.split(b"\n")
    begun = sorted(rows | broken)
    for line in range(2, 2 + len(physical)):
        blank = not physical[line - 2].removesuffix(b"\r")
        if line not in begun and not blank:
            # Then it is part of a text that began before it.
            owner = max(one for one in begun if one < line)
            assert owner in rows
            assert b"\n".join(physical[owner - 2 : line - 1]).count(b'"')
    numbers = [one for part in parts for one in part.numbers.tolist()]
    assert len(set(numbers)) == len(numbers)
    assert max(numbers, default=0) <= len(rows) + len(broken)


def test_blocks_may_end_anywhere() -> None:
    draw = random.Random(5)
    cells = ["a", '"b,c"', '"x\ny"', '"q""q"', ""]
    good = [",".join(draw.choices(cells, k=3)) for _ in range(300)]
    mixed = [one if draw.random() < 0.9 else draw.choice(["a,b", 'a"b,c,d', "a,b,c,d"]) for one in good]
    data = "\n".join(mixed).encode()
    whole = read(data, 3)
    for cuts in (1, 2, 3):
        parts = read(data, 3, cuts)
        assert pl.concat([part.frame for part in parts]).equals(pl.concat([part.frame for part in whole]))
        assert [one for part in parts for one in part.broken] == [one for part in whole for one in part.broken]


def test_the_header_is_told_where_it_is_none() -> None:
    for lines, why in (
        ([], "is empty"),
        ([b"\n", b"\r\n"], "is empty"),
        ([b"\xff\xfea\0,\0b\0\n"], "is UTF-16"),
        ([b"gr\xf6\xdfe,a\n"], "is not UTF-8"),
        ([b'a,"b\n'], "broken quotes"),
        ([b"a,b,a\n"], "has the column `a` twice"),
        ([b"PAR1\0\n"], "holds no line of column names"),
    ):
        with pytest.raises(DataError, match=why):
            header_of(lines, "`x`")
    assert header_of([b"\n", b'\xef\xbb\xbfa,"b c"\r\n', b"1,2\n"], "`x`") == (["a", "b c"], 13)


HEAD = b"patient,subject,ulcer,toe-pressure\n"
BROKEN = {
    3: (b"p2,s2,present", "has 3 cells instead of 4"),
    5: (b"p4,s4,present,70,more", "has 5 cells instead of 4"),
    7: (b'p6,"s6,present,50', "its quotes are broken"),
    8: (b"p\xfc,s7,present,50", "is not UTF-8"),
}


def table(path: Path, rows: int) -> Path:
    lines = [b"p%d,s%d,present,%d" % (i, i, i % 90) for i in range(1, rows + 1)]
    for line, (text, _) in BROKEN.items():
        lines[line - 2] = text
    lines[9] = b"p10,s10,Present,4000"
    path.write_bytes(HEAD + b"\r\n".join(lines) + b"\r\n")
    return path


def quarantine(output: Path) -> list[dict[str, Any]]:
    return [
        orjson.loads(line) for line in output.with_name(output.name + ".quarantine.ndjson").read_bytes().splitlines()
    ]


@pytest.mark.parametrize("chunk", [1 << 7, 1 << 20])
@pytest.mark.parametrize("layout", ["long", "wide"])
def test_rows_that_are_none_are_told_and_the_others_decided(tmp_path: Path, layout: str, chunk: int) -> None:
    path = table(tmp_path / "a.csv", 40)
    ended = ran([path], tmp_path / "out", layout, chunk=chunk)
    assert ended.code == 2
    told = quarantine(tmp_path / "out")
    assert {one["line"]: one["reason"] for one in told} == {line: why for line, (_, why) in BROKEN.items()} | {
        11: "decided without `ulcer`, `toe-pressure`: no value of the model"
    }
    assert all(one["file"] == str(path) for one in told)
    counts = ended.report["counts"]
    assert (counts["tableRows"], counts["broken"], counts["subjects"]) == (36, 4, 36)
    subjects = frame(tmp_path / "out")["subject"].unique()
    assert set(subjects) == {f"s{i}" for i in range(1, 41)} - {f"s{line - 1}" for line in BROKEN}
    assert "Rows that could not be read" in (tmp_path / "out.report.html").read_text()


def test_rows_without_a_name_keep_their_number_whatever_is_broken_before_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"ulcer,diabetes\npresent,present\npresent\n\npresent,present\n")
    ran([tmp_path / "a.csv"], tmp_path / "out", "wide")
    assert frame(tmp_path / "out")["subject"].to_list() == ["1", "3"]
    assert [(one["line"], one["reason"]) for one in quarantine(tmp_path / "out")] == [(3, "has 1 cell instead of 2")]


def test_a_table_without_a_single_row_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"ulcer,diabetes\nx\n")
    ended = ran([tmp_path / "a.csv"], tmp_path / "out")
    assert (ended.code, ended.report["counts"]["broken"], frame(tmp_path / "out").height) == (2, 1, 0)


@settings(max_examples=12, deadline=None)
@given(st.lists(NONSENSE, max_size=30), st.sampled_from([64, 1 << 20]))
def test_what_goes_in_comes_out_or_is_told(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], chunk: int
) -> None:
    """Runs over anything: rows and broken lines are as many as the reader finds, and every row is decided."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "a.csv").write_bytes(b"patient,ulcer\n" + b"\n".join(lines))
    ended = ran([folder / "a.csv"], folder / "out", "wide", chunk=chunk)
    parts = list(rows_of([b"\n".join(lines)], ["patient", "ulcer"], 2))
    rows, lost = sum(part.frame.height for part in parts), sum(part.lost for part in parts)
    counts = ended.report["counts"]
    assert (counts["tableRows"], counts["broken"], frame(folder / "out").height) == (rows, lost, rows)
    rejected = sum(own["count"] for own in ended.report["rejected"])
    assert ended.code == (2 if lost or rejected else 0)
    assert counts["quarantined"] == lost + rejected


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_rows_of_a_damaged_page_are_told_and_the_others_decided(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"a.{form}"
    whole = pl.DataFrame({"subject": [f"s{i}" for i in range(20_000)], "toe-pressure": [i % 90 for i in range(20_000)]})
    if form == "parquet":
        whole.write_parquet(path, row_group_size=2000)
    else:
        whole.write_ipc(path, compression="lz4", record_batch_size=2000)
    data = path.read_bytes()
    # Where what is packed begins: pages have no sums of their own, so other damage may go unseen.
    magic = b"\x28\xb5\x2f\xfd" if form == "parquet" else b"\x04\x22\x4d\x18"
    at = data.index(magic, len(data) // 2)
    path.write_bytes(data[:at] + b"\0\0\0\0" + data[at + 4 :])
    ended = ran([path], tmp_path / "out", "wide", chunk=128 * 6000)
    counts = ended.report["counts"]
    assert ended.code == 2
    assert 0 < counts["broken"] < 10_000
    assert counts["tableRows"] + counts["broken"] == 20_000 == frame(tmp_path / "out").height + counts["broken"]
    for one in quarantine(tmp_path / "out"):
        assert set(one) == {"file", "row", "reason"}
        assert f"rows {one['row']:,} to" in one["reason"]
    names = {f"s{i}" for i in range(20_000)}
    assert set(frame(tmp_path / "out")["subject"]) < names


def test_a_table_that_is_damaged_as_a_whole_is_an_error(tmp_path: Path) -> None:
    for name in ("a.parquet", "a.arrow"):
        (tmp_path / name).write_bytes(b"PAR1 nothing of the kind")
        with pytest.raises(DataError, match="cannot be read as a table"):
            ran([tmp_path / name], tmp_path / "out")


def test_of_very_many_wrong_values_the_first_are_listed(tmp_path: Path) -> None:
    pl.DataFrame({"ulcer": ["no value"] * 5000}).write_parquet(tmp_path / "a.parquet")
    ended = ran([tmp_path / "a.parquet"], tmp_path / "out", "wide", chunk=1 << 20)
    told = quarantine(tmp_path / "out")
    assert [one["row"] for one in told] == list(range(1, 1002))
    assert told[-1]["reason"] == "this and 3,999 later rows of this step are decided without some value"
    assert ended.report["rejected"] == [{"column": "ulcer", "value": "no value", "count": 5000}]


def test_cells_between_other_signs_are_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("patient;ulcer\na;present\n")
    with pytest.raises(UsageError, match="has cells with `;` between them; write commas"):
        ran([tmp_path / "a.csv"], tmp_path / "out")
    (tmp_path / "b.csv").write_text("patient\tulcer\na\tpresent\n")
    with pytest.raises(UsageError, match="has cells with tabs between them"):
        ran([tmp_path / "b.csv"], tmp_path / "out")


def test_a_run_over_csv_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real, left = tmp_path / "a.csv", tasks.write_part, [3]
    path.write_bytes(HEAD + b"".join(b"p,%b,present,%d\n" % (b"a,b" if i % 7 == 3 else b"", i) for i in range(60)))
    ran([path], tmp_path / "whole", "wide", chunk=200)

    def stopping(part: pl.DataFrame, place: Path) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        real(part, place)

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "write_part", stopping)
        with pytest.raises(KeyboardInterrupt):
            ran([path], tmp_path / "out", "wide", chunk=200)
    ended = ran([path], tmp_path / "out", "wide", chunk=200)
    assert (ended.state, ended.report["timings"]["stepsOfEarlierRuns"]) == ("resumed", 3)
    assert frame(tmp_path / "out").equals(frame(tmp_path / "whole"))
    assert quarantine(tmp_path / "out") == quarantine(tmp_path / "whole")
