"""``guideline cohort`` from the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from reasoner.answer import NOTICE

from .conftest import Outcome

EXAMPLES = Path(__file__).parents[2] / "examples" / "cohort"
Guideline = Callable[..., Outcome]


def promises() -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    """What the README of the examples says of the subjects: preferred, and eligible besides."""
    text = (EXAMPLES.parent / "README.md").read_text()
    rows = re.findall(r"^\| cohort/(\S+) \| (\S+) \| (.*?)\| (.*?)\|$", text, re.MULTILINE)
    return {(name, subject): (_listed(one), _listed(other)) for name, subject, one, other in rows}


def _listed(cell: str) -> list[str]:
    return [item.strip() for item in cell.split(",") if item.strip()]


@pytest.mark.parametrize("name", ["export/", "findings.csv"])
def test_the_examples_come_to_what_their_readme_says(guideline: Guideline, tmp_path: Path, name: str) -> None:
    outcome = guideline("cohort", EXAMPLES / name, "--output", tmp_path / "out.parquet")
    assert outcome.code == 0, outcome.err
    table = pl.read_parquet(tmp_path / "out.parquet").filter(pl.col("verdict") == "eligible")
    own = {subject: told for (file, subject), told in promises().items() if file == name}
    assert own
    for subject, (preferred, besides) in own.items():
        rows = table.filter(pl.col("subject") == subject)
        assert sorted(rows.filter(pl.col("preferred") == "true")["recommendation"].to_list()) == preferred
        rest = rows.filter(pl.col("preferred").is_null() | (pl.col("preferred") != "true"))
        assert sorted(rest["recommendation"].to_list()) == besides


def test_the_summary_is_a_few_lines_and_names_no_patient(guideline: Guideline, tmp_path: Path) -> None:
    outcome = guideline("cohort", EXAMPLES / "export", "-o", tmp_path / "out")
    assert NOTICE in outcome.text
    assert "sha256:" in outcome.text
    assert "23 resources read: 23 used" in outcome.text
    assert "3 subjects of 3 patients" in outcome.text
    assert str(tmp_path / "out.report.html") in outcome.text
    assert len(outcome.text.splitlines()) < 10
    assert "p61" not in outcome.text + outcome.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.report.html", "out.report.json"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["part-00000.parquet"]


def test_layouts_days_and_strictness_reach_the_output(guideline: Guideline, tmp_path: Path) -> None:
    assert guideline("cohort", EXAMPLES / "export", "-o", tmp_path / "a", "--layout", "wide").code == 0
    assert pl.read_parquet(tmp_path / "a" / "*.parquet").height == 3
    assert guideline("cohort", EXAMPLES / "export", "-o", tmp_path / "b", "--on", "1990-01-01").code == 0
    report = orjson.loads((tmp_path / "b.report.json").read_bytes())
    assert report["options"]["on"] == "1990-01-01"
    assert guideline("cohort", EXAMPLES / "export", "-o", tmp_path / "c", "--strict", "--validate").code == 0
    assert orjson.loads((tmp_path / "c.report.json").read_bytes())["provenance"]["policy"] == "strict"


def test_a_complete_output_is_left_alone(guideline: Guideline, tmp_path: Path) -> None:
    guideline("cohort", EXAMPLES / "export", "-o", tmp_path / "out")
    again = guideline("cohort", EXAMPLES / "export", "-o", tmp_path / "out")
    assert again.code == 0
    assert "complete already" in again.text
    other = guideline("cohort", EXAMPLES / "findings.csv", "-o", tmp_path / "out")
    assert (other.code, other.out) == (1, b"")
    assert other.err.startswith("error: exists and is of another run, ")
    assert "--overwrite" in other.err
    assert guideline("cohort", EXAMPLES / "findings.csv", "-o", tmp_path / "out", "--overwrite").code == 0


def test_a_broken_line_costs_the_others_nothing(guideline: Guideline, tmp_path: Path) -> None:
    lines = (EXAMPLES / "export" / "Condition.000.ndjson").read_bytes().splitlines()
    (tmp_path / "a.ndjson").write_bytes(b"\n".join([lines[0], b'{"secret', *lines[1:]]))
    outcome = guideline("cohort", tmp_path / "a.ndjson", "-o", tmp_path / "out")
    assert outcome.code == 2
    told: dict[str, Any] = orjson.loads((tmp_path / "out.quarantine.ndjson").read_bytes())
    assert (told["file"], told["line"]) == (str(tmp_path / "a.ndjson"), 2)
    everything = outcome.text + outcome.err + "".join(p.read_text() for p in tmp_path.glob("out.*"))
    assert "secret" not in everything
    assert pl.read_parquet(tmp_path / "out" / "*.parquet").height == 99


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "-o", "OUT"], "no such file"),
        ([EXAMPLES, "-o", "OUT"], "inputs of different kinds"),
        ([EXAMPLES / "findings.csv", "-o", "OUT/a/b"], "no such folder"),
        ([EXAMPLES / "export", "-o", EXAMPLES / "export" / "out"], "would lie in the input"),
        ([EXAMPLES / "findings.csv", EXAMPLES / "findings.csv", "-o", "OUT"], "a file is named twice"),
        ([EXAMPLES / "findings.csv", "-o", "OUT", "--keep", "ward"], "no column `ward`"),
        ([EXAMPLES / "findings.csv", "-o", "OUT", "--workers", "0"], "not a number from 1"),
        ([EXAMPLES / "findings.csv", "-o", "OUT", "--chunk", "nan"], "not a number of MiB"),
        ([EXAMPLES / "findings.csv"], "--output"),
    ],
)
def test_what_cannot_run_is_one_line(guideline: Guideline, tmp_path: Path, arguments: list[object], said: str) -> None:
    own = [Path(str(one).replace("OUT", str(tmp_path / "out"))) if "OUT" in str(one) else one for one in arguments]
    outcome = guideline("cohort", *own)
    assert outcome.code == 1
    assert outcome.out == b""
    assert outcome.err.startswith("error: ")
    assert len(outcome.err.splitlines()) == 1
    assert said in outcome.err
    assert not list(tmp_path.iterdir())


def test_a_column_that_is_no_finding_is_an_error_with_a_way_out(guideline: Guideline, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("subject,ulcr,ulcer\n1,present,present\n")
    outcome = guideline("cohort", tmp_path / "a.csv", "-o", tmp_path / "out")
    assert outcome.code == 1
    assert "`ulcr` is no finding" in outcome.err
    assert "`ulcer`" in outcome.err
    assert guideline("cohort", tmp_path / "a.csv", "-o", tmp_path / "out", "--keep", "ulcr").code == 0
