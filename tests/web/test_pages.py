"""The pages as a server gives them, without a browser."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

import reasoner
from reasoner.errors import EngineError
from reasoner.serve.app import application
from reasoner.serve.service import Service
from reasoner.serve.settings import Settings
from reasoner.web import guideline

ROOT = Path(__file__).parents[2]
OTHER = ROOT / "examples" / "guidelines" / "uspstf-statin-2022"
PAGE = {"accept": "text/html"}


@cache
def app(folder: Path | None) -> Any:
    return application(Service(reasoner.load(folder), Settings(knowledge=folder)))


def asked(method: str, path: str, folder: Path | None = None, **rest: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app(folder))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=PAGE) as client:
            return await client.request(method, path, **rest)

    return asyncio.run(ask())


def test_an_answer_that_cannot_be_is_told_at_its_question_and_the_patient_stays() -> None:
    patient = {"node": "patient-1", "told.0.age": "fifty", "told.0.diabetes": "absent"}
    got = asked("POST", "/assess", OTHER, data=patient)
    assert got.status_code == 422
    assert got.text.count("write a whole number") == 2, "once at the top, once at the question"
    assert 'value="fifty"' in got.text and 'aria-invalid="true"' in got.text
    assert 'name="told.0.diabetes" value="absent"' in got.text, "the right answer is kept"
    mended = asked("POST", "/assess", OTHER, data={**patient, "told.0.age": "50"})
    assert mended.status_code == 200 and 'name="told.0.age" value="50"' in mended.text


@pytest.mark.parametrize("place", ["7.diabetes", "x.diabetes", "0.dragons"])
def test_an_answer_to_what_was_not_asked_is_refused(place: str) -> None:
    got = asked("POST", "/assess", data={"node": "patient-1", f"told.{place}": "absent"})
    assert got.status_code == 400


def test_the_guideline_is_there_before_anything_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    def unproved(_: object) -> EngineError:
        return EngineError("the solver is not installed", None, "install it")

    monkeypatch.setattr(guideline, "proofs_of", unproved)
    first = asked("GET", "/guideline/")
    assert first.status_code == 200 and "proofs.html" in first.text
    proved = asked("GET", "/guideline/proofs.html")
    assert proved.status_code == 501 and "The solver is not installed" in proved.text
    assert asked("GET", "/guideline/nothing.html").status_code == 404


def test_nobody_loads_a_script_that_watches_where_nothing_is_watched() -> None:
    assert asked("GET", "/watch").status_code == 404
    for path in ("/", "/guideline/"):
        assert "watch" not in asked("GET", path).text.partition("</head>")[0]


def test_an_error_page_is_no_page_of_the_navigation() -> None:
    got = asked("GET", "/not-there")
    assert got.status_code == 404 and "<h1>" in got.text and "aria-current" not in got.text
