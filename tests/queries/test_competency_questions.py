"""The competency questions: documented, of one form, and with the expected result."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest

from reasoner.catalogue import Query, prefixes
from reasoner.query import QueryStore
from reasoner.sparql import inspect

from .expect import result
from .stores import EXPECTED, PATIENTS, QUERIES, ROOT, competency_questions, guideline, store

LEAST_QUESTIONS = 40
LEAST_OF_PATIENTS = 8
ALL = list(store().queries.values())
QUESTIONS = competency_questions()


def named(query: Query) -> str:
    return query.name


def test_enough_questions_are_collected() -> None:
    assert len(QUESTIONS) >= LEAST_QUESTIONS
    assert sum(query.needs_patients for query in QUESTIONS) >= LEAST_OF_PATIENTS
    assert len(PATIENTS) >= 10
    assert {p.relative_to(QUERIES).with_suffix("").as_posix() for p in QUERIES.rglob("*.rq")} == {q.name for q in ALL}


@pytest.mark.parametrize("query", QUESTIONS, ids=named)
def test_result_is_the_expected_one(query: Query) -> None:
    name, data = result(query)
    path = EXPECTED / name
    assert path.exists(), "run `cd tests && python -m queries.expect`, and read what it writes"
    wanted = path.read_text(encoding="utf-8").splitlines()
    changed = [line for line in difflib.ndiff(wanted, data.decode().splitlines()) if line[:1] in "+-"]
    assert not changed, "\n".join(changed[:20])


def test_no_expected_result_is_left_over() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {result(query)[0] for query in QUESTIONS}


def test_few_results_are_empty() -> None:
    """A question that nothing answers would pass whatever it asked; one is known to have no answer, and says so."""
    empty = {q.name for q in QUESTIONS if store().query(q.name).kind == "rows" and not store().query(q.name).rows}
    assert empty == {"evidence-without-recommendation"}


@pytest.mark.parametrize("query", ALL, ids=named)
def test_query_says_what_it_asks_reads_and_gives(query: Query) -> None:
    assert query.question.endswith("?") and query.question[0].isupper()
    assert query.reads and query.gives
    assert len(query.question) <= 120
    assert all(len(line) <= 180 for line in query.text.splitlines())


@pytest.mark.parametrize("query", ALL, ids=named)
def test_query_names_no_prefix_that_all_know(query: Query) -> None:
    known = prefixes(guideline().knowledge)
    assert "PREFIX" not in query.text
    assert inspect(query.text, query.file, known).form in ("select", "ask", "construct")


@pytest.mark.parametrize("query", [q for q in ALL if q.into is None], ids=named)
def test_order_of_rows_is_fixed(query: Query) -> None:
    """No two different rows are alike in what they are ordered by, so that no store may give them in another order."""
    result = store().query(query.name)
    if result.kind != "rows":
        return
    last = [line for line in query.text.splitlines() if line][-1]
    assert last.startswith("ORDER BY"), "rows come in any order"
    keys = [result.variables.index(name) for name in re.findall(r"\?(\w+)", last) if name in result.variables]
    rows = {tuple(map(str, row)) for row in result.rows}
    assert len({tuple(row[i] for i in keys) for row in rows}) == len(rows)
    assert len(rows) == len(result.rows), "a row is given twice: use DISTINCT"


@pytest.mark.parametrize("query", [q for q in ALL if "/" not in q.name and not q.needs_patients], ids=named)
def test_what_is_asked_of_the_knowledge_needs_no_patient(query: Query) -> None:
    assert _bare().query(query.name).written("text") == store().query(query.name).written("text")


_STORES: list[QueryStore] = []


def _bare() -> QueryStore:
    if not _STORES:
        _STORES.append(QueryStore(guideline()))
    return _STORES[0]


def test_readme_lists_every_question() -> None:
    text = (QUERIES / "README.md").read_text(encoding="utf-8")
    for query in ALL:
        assert f"`{query.name}`" in text, f"{query.name} is not in queries/README.md"
        if "/" not in query.name:
            assert query.question in text


def test_prefixes_are_those_of_the_ontology() -> None:
    known = prefixes(guideline().knowledge)
    declared: dict[str, set[str]] = {}
    for path in (ROOT / "ontology").rglob("*.ttl"):
        for prefix, namespace in re.findall(r"^@prefix ([\w-]*): <([^>]+)>", path.read_text("utf-8"), re.MULTILINE):
            declared.setdefault(prefix, set()).add(namespace)
    assert len(declared.keys() & known.keys()) >= 30
    assert {p: {known[p]} for p in declared if p in known} == {p: n for p, n in declared.items() if p in known}


def test_a_folder_brings_its_own_queries(tmp_path: Path) -> None:
    (tmp_path / "ontology").symlink_to(ROOT / "ontology")
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "mine.rq").write_text("# Question: Mine?\nASK { ?r a gr:Recommendation }\n")
    import reasoner

    own = QueryStore(reasoner.load(tmp_path))
    assert own.query("mine").boolean
    assert own.query("sources").rows
