"""Results in every format, with their types."""

from __future__ import annotations

import builtins
import csv
import io
import json
from typing import Any
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest

from reasoner.errors import QueryError, UsageError
from reasoner.results import QueryResult
from reasoner.table import table

from .stores import guideline, store

XSD = "http://www.w3.org/2001/XMLSchema#"
TYPED = f"""
SELECT ?whole ?number ?truth ?day ?instant ?text ?thing ?mixed ?broken WHERE {{
  VALUES (?whole ?number ?truth ?day ?instant ?text ?thing ?mixed ?broken) {{
    (1 1.5 true "2026-03-01"^^<{XSD}date> "2026-03-01T10:00:00Z"^^<{XSD}dateTime> "a, \\"b\\"\\nc" gr:Lesion 1
     "x"^^<{XSD}integer>)
    (UNDEF 2 UNDEF UNDEF "2026-03-01T12:00:00+02:00"^^<{XSD}dateTime> "ü"@de UNDEF "one" 3)
  }}
}}"""


def typed() -> QueryResult:
    return store().run(TYPED)


def test_rows_are_terms_with_none_where_nothing_is_bound() -> None:
    first, second = typed().rows
    assert typed().variables[0] == "whole"
    assert first[0] == ox.Literal("1", datatype=ox.NamedNode(XSD + "integer"))
    assert second[0] is None


def test_csv() -> None:
    rows = list(csv.reader(io.StringIO(typed().to_csv().decode())))
    assert rows[0] == list(typed().variables)
    assert rows[1][5] == 'a, "b"\nc' and rows[2][0] == "" and rows[2][5] == "ü"


def test_tsv() -> None:
    lines = typed().to_tsv().decode().splitlines()
    assert lines[0].startswith("?whole\t?number")
    assert "<https://w3id.org/guideline-reasoner/Lesion>" in lines[1]


def test_json() -> None:
    parsed = json.loads(typed().to_json())
    assert parsed["head"]["vars"] == list(typed().variables)
    first, second = parsed["results"]["bindings"]
    assert first["thing"] == {"type": "uri", "value": "https://w3id.org/guideline-reasoner/Lesion"}
    assert "whole" not in second and second["text"]["xml:lang"] == "de"


def test_xml() -> None:
    root = ElementTree.fromstring(typed().to_xml())
    assert root.tag == "{http://www.w3.org/2005/sparql-results#}sparql"


def test_ask() -> None:
    result = store().run("ASK { ?r a gr:Recommendation }")
    assert result.boolean is True and result.kind == "boolean"
    assert json.loads(result.to_json())["boolean"] is True
    assert (result.table(), result.to_csv(), result.to_tsv()) == ("yes\n", b"true\n", b"true\n")
    assert b"<boolean>true</boolean>" in result.to_xml()
    assert store().run("ASK { ?r a owl:Nothing }").table() == "no\n"


def test_construct_gives_the_same_turtle_each_time() -> None:
    text = "CONSTRUCT { ?e gr:supports ?r } WHERE { ?e gr:supports ?r }"
    first = store().run(text)
    assert first.kind == "triples" and first.table() == first.to_turtle().decode()
    assert {store().run(text).to_turtle() for _ in range(3)} == {first.to_turtle()}
    lines = first.to_turtle().decode().splitlines()
    assert [line for line in lines if line.startswith("@prefix")] == sorted(lines[:3])
    assert set(ox.parse(first.to_turtle(), format=ox.RdfFormat.TURTLE)) == {
        ox.Quad(t.subject, t.predicate, t.object) for t in first.triples
    }


def test_describe_gives_triples() -> None:
    assert store().run("DESCRIBE gr:Lesion").triples


@pytest.mark.parametrize(
    ("text", "methods"),
    [
        ("SELECT * { ?r a gr:Recommendation }", ["to_turtle"]),
        ("ASK { ?r a gr:Recommendation }", ["to_turtle", "df"]),
        ("DESCRIBE gr:Lesion", ["to_csv", "to_tsv", "to_json", "to_xml", "df"]),
    ],
)
def test_a_format_that_does_not_fit_is_refused(text: str, methods: list[str]) -> None:
    for method in methods:
        with pytest.raises(QueryError):
            getattr(store().run(text), method)()


def test_the_table_fits_the_terminal() -> None:
    for width in (40, 80, 120):
        lines = store().query("sources").table(width).splitlines()
        assert max(map(len, lines)) <= width and lines[-1].endswith("rows)")
    wide = store().query("sources").table(400)
    assert "citation:G23" in wide and "status:" in wide and "https://" not in wide.split("\n", 2)[0]


def test_a_table_without_rows_says_so() -> None:
    assert store().run("SELECT ?a ?b { ?a a owl:Nothing ; ?p ?b }").table() == "a  b\n(no rows)\n"


def test_a_column_gives_way_only_so_far() -> None:
    text = table(["a", "b"], [["x" * 50, "short"], ["", "y"]], 30)
    assert max(map(len, text.splitlines())) <= 30 and text.count("x") == 50


def frame_with(monkeypatch: pytest.MonkeyPatch, hidden: str) -> Any:
    """The typed frame where one of the two libraries is not to be had."""
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == hidden:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr("reasoner.frames.import_module", lambda name: without(name))
    return typed().df()


def test_polars_frame_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    polars = pytest.importorskip("polars")
    frame = frame_with(monkeypatch, "pandas")
    assert isinstance(frame, polars.DataFrame)
    text = polars.String
    wanted = [polars.Int64, polars.Float64, polars.Boolean, polars.Date, polars.Datetime("us", "UTC"), text, text, text]
    assert frame.dtypes == [*wanted, text]
    assert frame["whole"].to_list() == [1, None] and frame["number"].to_list() == [1.5, 2.0]
    assert frame["truth"].to_list() == [True, None] and frame["mixed"].to_list() == ["1", "one"]
    assert frame["instant"][0] == frame["instant"][1]


def test_pandas_frame_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas")
    frame = frame_with(monkeypatch, "polars")
    assert isinstance(frame, pandas.DataFrame)
    kinds = [str(kind) for kind in frame.dtypes]
    assert kinds[:3] == ["Int64", "Float64", "boolean"] and kinds[4] == "datetime64[us, UTC]" and kinds[5] == "string"
    assert frame["whole"].isna().tolist() == [False, True] and frame["thing"].isna().tolist() == [False, True]
    assert frame["instant"][0] == frame["instant"][1]


def test_a_frame_without_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("reasoner.frames.import_module", nothing)
    with pytest.raises(UsageError, match="needs polars or pandas") as error:
        typed().df()
    assert error.value.hint is not None and "pip install" in error.value.hint


def test_an_empty_frame_has_its_columns() -> None:
    pytest.importorskip("polars")
    frame = store().run("SELECT ?a ?b { ?a a owl:Nothing ; ?p ?b }").df()
    assert list(frame.columns) == ["a", "b"] and len(frame) == 0


def test_a_reasoner_answers_queries_itself() -> None:
    document = {"resourceType": "Bundle", "type": "collection", "entry": []}
    result = guideline().query("sources", data=[document])
    assert result.rows == store().query("sources").rows
