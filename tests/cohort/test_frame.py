"""Frames in, frames out: every kind of frame and column, and what cannot be read."""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from referee.generate import random_measurements, random_state

import reasoner
from reasoner.cohort import Kernel
from reasoner.cohort.frame import encode

from .rowpath import word

LESIONS = 400
NUMBERS = ("ankle-brachial-index", "toe-pressure", "erythema-extent")


@pytest.fixture(scope="module")
def loaded() -> reasoner.Reasoner:
    return reasoner.load()


@pytest.fixture(scope="module")
def own(loaded: reasoner.Reasoner) -> Kernel:
    return loaded.kernel()


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    random = Random(21)
    return [random.choice((random_state, random_measurements))(random) for _ in range(LESIONS)]


@pytest.fixture(scope="module")
def frame(own: Kernel, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows as texts and numbers."""
    columns: dict[str, Any] = {
        "patient": [f"p{i // 2}" for i in range(LESIONS)],
        "subject": [f"Condition/{i}" for i in range(LESIONS)],
    }
    for name, code in own.codes.items():
        values = [row.get(name) for row in rows]
        texts = ["|".join(v) if isinstance(v, list) else v for v in values]
        columns[name] = texts if code.cuts is None else pl.Series(values, dtype=pl.Float64, strict=False)
    return pl.DataFrame(columns)


def in_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    return frame.to_pandas()


def in_arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow()


def as_polars(answer: Any) -> pl.DataFrame:
    if isinstance(answer, pd.DataFrame):
        return pl.from_pandas(answer)
    return answer.collect() if isinstance(answer, pl.LazyFrame) else pl.DataFrame(answer)


def assert_same_in_wide(row: dict[str, Any], across: dict[str, Any]) -> None:
    """A row of a long frame, and the row of its subject in a wide one."""
    id_, guideline = row["recommendation"], row["guideline"]
    assert row["verdict"] == across[id_]
    for name in ("preferred", "missing", "assumed", "reason", "overriddenBy"):
        found = across.get(f"{name}:{id_}")
        assert row[name] == found if found is None or isinstance(found, str) else list(row[name]) == list(found)
    for name in ("scope", "applicability", "version", "sha256"):
        assert row[name] == across.get(f"{name}:{guideline}")
    for name in ("patient", "subject", "invalid"):
        assert row[name] == across[name]
    assert list(row["rejected"]) == list(across["rejected"])


@pytest.mark.parametrize("convert", [lambda f: f, lambda f: f.lazy(), in_pandas, in_arrow])
def test_every_kind_of_frame_and_both_layouts(
    loaded: reasoner.Reasoner,
    frame: pl.DataFrame,
    rows: list[dict[str, Any]],
    convert: Callable[[pl.DataFrame], Any],
) -> None:
    given = convert(frame)
    long, wide = loaded.assess_frame(given), loaded.assess_frame(given, "wide")
    assert type(long) is type(wide) is type(given)
    told = {(r["subject"], r["recommendation"]): r for r in as_polars(long).iter_rows(named=True)}
    across = {r["subject"]: r for r in as_polars(wide).iter_rows(named=True)}
    assert len(told) == LESIONS * len(loaded.kernel().columns) and len(across) == LESIONS
    headers = {header["id"]: header for header in loaded.assess({"resourceType": "Bundle"}).to_dict()["guidelines"]}
    for i, row in enumerate(rows[:: 1 if isinstance(given, pl.DataFrame) else 10]):
        subject = f"Condition/{i * (1 if isinstance(given, pl.DataFrame) else 10)}"
        for guideline in loaded.assess_findings(row)["guidelines"]:
            for expected in guideline["recommendations"]:
                got = told[subject, expected["id"]]
                assert got["guideline"] == guideline["id"]
                assert got["scope"] == guideline["scope"] and got["applicability"] == guideline["applicability"]
                assert got["verdict"] == expected["verdict"]
                assert got["preferred"] == word(expected["preferred"])
                assert got["overriddenBy"] == expected["overriddenBy"]
                assert list(got["missing"]) == expected["missing"] and list(got["assumed"]) == expected["assumed"]
                assert list(got["reason"]) == [because["finding"] for because in expected["because"]]
                assert got["version"] == headers[guideline["id"]]["version"]
                assert got["sha256"] == headers[guideline["id"]]["sha256"]
                assert_same_in_wide(got, across[subject])
                assert list(got["rejected"]) == []


def test_strict_frames(rows: list[dict[str, Any]], frame: pl.DataFrame) -> None:
    strict = reasoner.load(strict=True)
    answer = strict.assess_frame(frame)
    assert answer["assumed"].list.len().sum() == 0
    told = {(r["subject"], r["recommendation"]): r["verdict"] for r in answer.iter_rows(named=True)}
    for i, row in enumerate(rows[:100]):
        for guideline in strict.assess_findings(row)["guidelines"]:
            for expected in guideline["recommendations"]:
                assert told[f"Condition/{i}", expected["id"]] == expected["verdict"]


def test_types_of_columns_do_not_matter(own: Kernel, frame: pl.DataFrame) -> None:
    expected = encode(own, frame).batch
    frame = frame.with_columns(pl.col(pl.Null).cast(pl.String))
    coded = [name for name, code in own.codes.items() if code.cuts is None]
    cells = [name for name, code in own.codes.items() if code.cuts is not None]
    listed = frame.with_columns(pl.col(name).str.split("|") for name in coded)
    others = {
        "categories": frame.with_columns(pl.col(coded).cast(pl.Categorical)),
        "closed": frame.with_columns(
            pl.col(name).cast(pl.Enum(frame[name].drop_nulls().unique().sort())) for name in coded
        ),
        "lists": listed,
        "spaces": frame.with_columns(
            pl.concat_str(pl.col(name).str.replace_all(r"\|", " | "), pl.lit(" ")).alias(name) for name in coded
        ),
        "short": frame.with_columns(pl.col(cells).cast(pl.Float32)),
        "decimals": frame.with_columns(pl.col(cells).round(3).cast(pl.Decimal(9, 3))),
        "texts": frame.with_columns(pl.col(cells).cast(pl.String).fill_null(" ")),
    }
    for name, other in others.items():
        table = encode(own, other)
        assert not table.counts, name
        for finding, codes in expected.items():
            assert (table.batch[finding] == codes).all(), (name, finding)


def test_closed_lists_may_have_any_values_in_any_order(own: Kernel) -> None:
    random = Random(22)
    for name, code in own.codes.items():
        finding = own.model.findings[name]
        if code.cuts is not None:
            continue
        known = list(finding.notations(finding.full))
        partial = [f"{a}|{b}" for a in known for b in known if a < b]
        for more in ([], ["of no model", ""], [f"none of {i}" for i in range(300)]):
            words = [*known, *partial, *more]
            random.shuffle(words)
            said = [random.choice((*known, *partial, None, *more[:2])) for _ in range(200)]
            masks = [None if w is None else sum(finding.mask(v) for v in w.split("|")) if w else 0 for w in said]
            wrong = Counter((name, w) for w, mask in zip(said, masks, strict=True) if w and not mask)
            for dtype in (pl.Enum(words), pl.Categorical(), pl.String()):
                column = pl.Series(name, said, dtype=pl.String).cast(dtype)
                for own_column in (column, pl.concat([column[:77], column[77:]], rechunk=False).to_frame()[name]):
                    table = encode(own, pl.DataFrame([own_column]))
                    assert table.batch[name].tolist() == [mask or 0 for mask in masks], (name, dtype)
                    assert table.counts == wrong
                    rejected = table.rejected.get(name, np.zeros(200, np.bool_))
                    assert rejected.tolist() == [bool(w and not m) for w, m in zip(said, masks, strict=True)]


def test_rows_beyond_a_block_are_read_alike(own: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    known = [None, "mth-1", "midfoot|heel", "moon", "hallux"]
    numbers = [None, 29.9, 30.0, 301.0, float("nan"), 0.0]
    given = pl.DataFrame(
        {"site": [known[i % 5] for i in range(500)], NUMBERS[1]: [numbers[i % 6] for i in range(500)]}
    ).with_columns(pl.col(NUMBERS[1]).alias("ankle-pressure"))
    whole = encode(own, given)
    assert whole.counts["site", "moon"] == 100 and whole.counts[NUMBERS[1], "301.0"] == 83
    monkeypatch.setattr(reasoner.cohort.frame, "_NEAR", 64)
    parts = encode(own, given)
    assert parts.counts == whole.counts
    for name, codes in whole.batch.items():
        assert (parts.batch[name] == codes).all() and (parts.rejected[name] == whole.rejected[name]).all()


def test_persons_by_columns() -> None:
    """A guideline about persons, with numbers in its criteria, takes the same way."""
    loaded = reasoner.load(Path(__file__).parents[2] / "examples" / "guidelines" / "uspstf-statin-2022")
    own, random = loaded.kernel(), Random(23)
    rows = []
    for _ in range(600):
        row: dict[str, Any] = {}
        for name, code in own.codes.items():
            finding = own.model.findings[name]
            if random.random() < 0.05:
                continue
            if code.cuts is None:
                values = list(finding.notations(finding.full))
                row[name] = values if random.random() < 0.05 else random.choice(values)
            else:
                row[name] = random.choice([cut for cut, _ in code.cuts]) + random.choice((-1, 0, 1))
        rows.append(row)
    columns = {
        name: [("|".join(v) if isinstance(v, list) else v) for v in (row.get(name) for row in rows)]
        for name in own.codes
    }
    answer = loaded.assess_frame(pl.DataFrame(columns))
    told = {(r["subject"], r["recommendation"]): r for r in answer.iter_rows(named=True)}
    seen: Counter[str] = Counter()
    for i, row in enumerate(rows, 1):
        for guideline in loaded.assess_findings(row)["guidelines"]:
            for expected in guideline["recommendations"]:
                got = told[str(i), expected["id"]]
                assert got["verdict"] == expected["verdict"] and list(got["missing"]) == expected["missing"]
                assert got["scope"] == guideline["scope"] and got["preferred"] == word(expected["preferred"])
                seen[expected["verdict"]] += 1
    assert min(seen[verdict] for verdict in ("eligible", "not-eligible", "undetermined")) > 5


def test_thresholds_in_short_floats_and_whole_numbers(own: Kernel) -> None:
    values = [0.39, 0.4, 0.6, 0.8, 0.79, 1.3, 1.31, 0.0, 3.0]
    codes = [own.codes[NUMBERS[0]].number(value) for value in values]
    for dtype in (pl.Float64, pl.Float32, pl.String):
        column = pl.Series(values).cast(pl.Float64)
        column = column.cast(dtype)
        assert encode(own, pl.DataFrame({NUMBERS[0]: column})).batch[NUMBERS[0]].tolist() == codes, dtype
    whole = encode(own, pl.DataFrame({NUMBERS[1]: pl.Series([30, 29, None], dtype=pl.Int16)})).batch[NUMBERS[1]]
    assert whole.tolist() == [own.codes[NUMBERS[1]].number(30), own.codes[NUMBERS[1]].number(29), 0]


def test_what_cannot_be_read_is_listed_and_counted(loaded: reasoner.Reasoner, own: Kernel) -> None:
    given = pl.DataFrame(
        {
            "ulcer": ["present", "maybe", None, "present"],
            "site": ["heel", "heel|moon", "midfoot|heel", ""],
            "toe-pressure": [30.0, 301.0, float("nan"), float("inf")],
            "sirs-criteria": ["1", "1.5", "many", "-1"],
            "neuropathy": [True, None, None, None],
            "local-infection-signs": [None, True, None, None],
        }
    )
    table = encode(own, given)
    assert table.counts == {
        ("ulcer", "maybe"): 1, ("site", "heel|moon"): 1, ("toe-pressure", "301.0"): 1, ("toe-pressure", "NaN"): 1,
        ("toe-pressure", "inf"): 1, ("sirs-criteria", "1.5"): 1, ("sirs-criteria", "many"): 1,
        ("sirs-criteria", "-1"): 1, ("neuropathy", "true"): 1, ("local-infection-signs", "true"): 1,
    }  # fmt: skip
    with pytest.warns(UserWarning, match=r"not used.*rejected.*and 5 more"):
        answer = loaded.assess_frame(given)
    assert answer.height == 4 * len(own.columns)
    first = answer.filter(pl.col("recommendation") == own.columns[0].id)
    assert first["subject"].to_list() == ["1", "2", "3", "4"]
    assert [set(names) for names in first["rejected"].to_list()] == [
        {"neuropathy"},
        {"ulcer", "site", "toe-pressure", "sirs-criteria", "local-infection-signs"},
        {"toe-pressure", "sirs-criteria"},
        {"toe-pressure", "sirs-criteria"},
    ]
    assert first["invalid"].all()
    assert loaded.assess_frame(pl.DataFrame({"ulcer": ["present"]}))["invalid"].to_list() == [False] * len(own.columns)


def test_other_columns_are_kept_when_named_and_refused_otherwise(loaded: reasoner.Reasoner) -> None:
    given = pl.DataFrame({"ulcer": ["present"], "ward": ["A"]})
    with pytest.raises(reasoner.UsageError, match="`ward` is no finding"):
        loaded.assess_frame(given)
    with pytest.raises(reasoner.UsageError, match="write `toe-pressure`"):
        loaded.assess_frame(pl.DataFrame({"toe_pressure": [30]}))
    assert loaded.assess_frame(given, keep=["ward"])["ward"].unique().to_list() == ["A"]
    with pytest.raises(reasoner.UsageError, match="lacks the column `bed`"):
        loaded.assess_frame(given, keep=["ward", "bed"])
    with pytest.raises(reasoner.UsageError, match="write `subject`"):
        loaded.assess_frame(pl.DataFrame({"subjct": ["a"], "ulcer": ["present"]}))
    with pytest.raises(reasoner.UsageError, match="no layout"):
        loaded.assess_frame(given, "tall")
    with pytest.raises(reasoner.UsageError, match="no frame"):
        loaded.assess_frame([{"ulcer": "present"}])


def test_a_finding_that_is_kept_is_read_all_the_same(loaded: reasoner.Reasoner, frame: pl.DataFrame) -> None:
    for layout in ("long", "wide"):
        plain, kept = loaded.assess_frame(frame, layout), loaded.assess_frame(frame, layout, keep=["ulcer", "site"])
        assert kept.drop("ulcer", "site").equals(plain)
        assert kept["ulcer"].head(len(frame)).equals(frame["ulcer"])


def test_a_column_that_cannot_be_kept_is_an_error(loaded: reasoner.Reasoner) -> None:
    given = pl.DataFrame({"patient": ["p"], "ulcer": ["present"], "ward": ["A"]})
    for keep in (["patient"], ["ward", "ward"]):
        with pytest.raises(reasoner.UsageError, match="goes along already"):
            loaded.assess_frame(given, keep=keep)
    for layout in ("long", "wide"):
        for name in loaded.assess_frame(given.drop("ward"), layout).columns[2:]:
            with pytest.raises(reasoner.UsageError, match=f"has a column `{name}` of its own"):
                loaded.assess_frame(given.rename({"ward": name}), layout, keep=[name])


def test_types_and_nulls_of_the_answer(loaded: reasoner.Reasoner) -> None:
    given = pl.DataFrame({"subject": ["a", None], "ulcer": pl.Series(["present", None], dtype=pl.Categorical)})
    long, wide = loaded.assess_frame(given), loaded.assess_frame(given, "wide")
    assert long.columns[:9] == [
        "patient", "subject", "guideline", "recommendation", "scope", "verdict", "preferred", "missing", "assumed",
    ]  # fmt: skip
    assert isinstance(long.schema["verdict"], pl.Enum) and isinstance(long.schema["missing"], pl.List)
    assert long["patient"].null_count() == long.height and long["preferred"].null_count() > 0
    assert long["subject"].unique().sort().to_list() == ["2", "a"]
    assert [c for c in wide.columns if c in {column.id for column in loaded.kernel().columns}] == [
        column.id for column in loaded.kernel().columns
    ]
    for header in loaded.kernel().plan.headers:
        assert wide[f"version:{header.id}"].to_list() == [header.version] * 2
        assert wide[f"sha256:{header.id}"].to_list() == [header.sha256] * 2
    assert loaded.assess_frame(given.head(0)).schema == long.schema
    assert loaded.assess_frame(given.head(0), "wide").schema == wide.schema
    assert loaded.assess_frame(pl.DataFrame({"subject": ["only"]})).height == len(loaded.kernel().columns)


def test_what_a_wide_frame_has_columns_for(loaded: reasoner.Reasoner) -> None:
    """Columns depend on the guidelines alone: what no subject could have anything in is left out."""
    kernel = loaded.kernel()
    wide = loaded.assess_frame(pl.DataFrame({"subject": ["a"]}), "wide")
    ids = [column.id for column in kernel.columns]
    for name in ("missing", "assumed", "reason"):
        assert [c for c in wide.columns if c.startswith(f"{name}:")] == [f"{name}:{id_}" for id_ in ids]
        assert isinstance(wide.schema[f"{name}:{ids[0]}"], pl.List)
    compared = [own.column.id for own in kernel.plan.asked if own.preferred >= 0]
    assert [c for c in wide.columns if c.startswith("preferred:")] == [f"preferred:{id_}" for id_ in compared]
    assert 0 < len(compared) < len(ids)
    under = [own.column.id for own in kernel.plan.asked if own.overriders]
    assert [c for c in wide.columns if c.startswith("overriddenBy:")] == [f"overriddenBy:{id_}" for id_ in under]


@pytest.mark.parametrize("layout", ["long", "wide"])
def test_verdicts_alone_are_the_same_without_what_is_missing(
    loaded: reasoner.Reasoner, frame: pl.DataFrame, layout: str
) -> None:
    whole, alone = loaded.assess_frame(frame, layout), loaded.assess_frame(frame, layout, missing=False)
    left = [name for name in whole.columns if name.split(":")[0] not in ("missing", "assumed", "reason")]
    assert alone.columns == left != whole.columns
    assert alone.equals(whole.select(left))


def test_answers_survive_parquet(loaded: reasoner.Reasoner, frame: pl.DataFrame, tmp_path: Path) -> None:
    for layout in ("long", "wide"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            answer = loaded.assess_frame(frame, layout)
        answer.write_parquet(tmp_path / "out.parquet")
        assert pl.read_parquet(tmp_path / "out.parquet").equals(answer)
        assert json.loads(answer.head(1).write_json())


def test_the_page_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Every block of docs/cohort.md runs, one after another, and says what columns there are."""
    text = (Path(__file__).parents[2] / "docs" / "cohort.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert len(blocks) >= 2 and "iwgdf-1a [" in capsys.readouterr().out
    told = [c for c in names["long"].columns if c != "ward"]
    assert f"`{'`, `'.join(told[2:])}`" in text
