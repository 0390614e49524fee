"""The command: lists, runs, and its exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from reasoner.ask import Request, ask
from reasoner.errors import QueryError

from .stores import QUERIES, ROOT, competency_questions, guideline

EXAMPLE = str(ROOT / "examples" / "two-feet.json")
CONTRADICTORY = str(Path(__file__).parent / "patients" / "contradictory.ttl")


def run(query: str | None = None, *data: str, **options: Any) -> tuple[int, str]:
    target = io.BytesIO()
    code = ask(guideline().knowledge, Request(query, data, **options), target)
    return code, target.getvalue().decode()


def test_alone_it_lists_the_queries_with_their_questions() -> None:
    code, text = run()
    assert code == 0
    for query in competency_questions():
        assert query.name in text and query.question in text
    assert "materialise/" not in text and "decide/verdicts" in text
    assert len(json.loads(run(form="json")[1])) >= len(competency_questions())
    with pytest.raises(QueryError):
        run(form="xml")


@pytest.mark.parametrize("name", ["sources", "sources.rq", str(QUERIES / "sources.rq")])
def test_runs_a_query_by_name_or_file(name: str) -> None:
    code, text = run(name)
    assert code == 0 and "citation:G23" in text


@pytest.mark.parametrize("form", ["text", "csv", "tsv", "json", "xml"])
def test_every_format_is_written(form: str) -> None:
    code, text = run("who-is-eligible", EXAMPLE, form=form)
    assert code == 0 and "iwgdf-7c" in text


def test_turtle_is_for_triples() -> None:
    assert "gr:eligibleFor" in run("decide/eligible-triples", EXAMPLE, form="turtle")[1]
    with pytest.raises(QueryError, match="only CONSTRUCT"):
        run("sources", form="turtle")


def test_a_question_about_patients_says_that_it_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run("who-is-eligible")
    assert code == 0 and "(no rows)" in text
    assert "add --data FILE" in capsys.readouterr().err


def test_invalid_patient_data_is_exit_code_2() -> None:
    code, text = run("contradictions", CONTRADICTORY)
    assert code == 2 and "gr:aspect" in text


def test_a_broken_line_is_told_and_the_others_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (ROOT / "examples" / "several-patients.ndjson").read_text().splitlines()
    path = tmp_path / "some.ndjson"
    path.write_text("\n".join([lines[0], "{broken", lines[1]]) + "\n")
    code, text = run("who-is-eligible", str(path))
    assert code == 2 and "some.ndjson#1" in text and "some.ndjson#3" in text
    assert "error:" in capsys.readouterr().err


def test_strict_and_day_reach_the_assessment() -> None:
    assert "(no rows)" in run("assumptions", EXAMPLE, strict=True)[1]
    import datetime

    early = run("findings-known", EXAMPLE, on=datetime.date(1990, 1, 1))[1]
    assert len(early) < len(run("findings-known", EXAMPLE)[1])


def test_a_name_that_nothing_has() -> None:
    with pytest.raises(QueryError, match="did you mean `sources`"):
        run("source")
